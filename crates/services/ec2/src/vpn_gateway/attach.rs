//! AttachVpnGateway and DetachVpnGateway.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{AttachVpnGatewayRequest, AttachVpnGatewayResult, DetachVpnGatewayRequest, VpcAttachment};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::transitions::propagate_gateway;
use records::{RouteTable, Vpc, VpnGateway};

/// AttachVpnGateway: one gateway for one VPC. The same attachment again is no error.
///
/// # Errors
/// `VpnGatewayAttachmentLimitExceeded` when gateway or VPC has another attachment, `NotFound` faults.
pub(super) async fn attach_vpn_gateway(
    call: Call<Ec2>,
    input: AttachVpnGatewayRequest,
) -> Reply<AttachVpnGatewayResult> {
    let id = faults::required(input.vpn_gateway_id, "vpnGatewayId")?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut gateway = lookup::find_mut::<VpnGateway>(tx, scope, ResourceKind::VpnGateway, &id)?;
        lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        if gateway.vpc_id.as_deref() == Some(vpc_id.as_str()) {
            return Ok(());
        }
        let others = tx.by_index::<VpnGateway>(scope, "vpc", &vpc_id);
        let taken = gateway.vpc_id.as_ref().map(|other| (&id, other));
        let taken = taken.or_else(|| others.first().map(|other| (&other.id, &vpc_id)));
        if let Some((gateway, vpc)) = taken {
            return Err(Fault::sender(
                "VpnGatewayAttachmentLimitExceeded",
                format!("The vpnGateway '{gateway}' is already attached to '{vpc}'."),
            ));
        }
        gateway.vpc_id = Some(vpc_id.clone());
        tx.put(scope, gateway);
        Ok(())
    });
    let revision = changed.await?.revision;
    call.settled(scope, &vpc_id, revision).await?;
    let attachment = VpcAttachment { state: Some("attaching".into()), vpc_id: Some(vpc_id) };
    Ok(AttachVpnGatewayResult { vpc_attachment: Some(attachment) })
}

/// DetachVpnGateway: the tables of the VPC propagate it no more; static routes to it become blackholes.
///
/// # Errors
/// `InvalidVpnGatewayAttachment.NotFound`, `NotFound` faults.
pub(super) async fn detach_vpn_gateway(call: Call<Ec2>, input: DetachVpnGatewayRequest) -> Reply<Unit> {
    let id = faults::required(input.vpn_gateway_id, "vpnGatewayId")?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut gateway = lookup::find_mut::<VpnGateway>(tx, scope, ResourceKind::VpnGateway, &id)?;
        lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        if gateway.vpc_id.as_deref() != Some(vpc_id.as_str()) {
            return Err(Fault::sender(
                "InvalidVpnGatewayAttachment.NotFound",
                format!("The attachment with vpn gateway ID '{id}' and vpc ID '{vpc_id}' does not exist"),
            ));
        }
        gateway.vpc_id = None;
        tx.put(scope, gateway);
        propagate_gateway(tx, scope, &id);
        for table in tx.by_index::<RouteTable>(scope, "propagating", &id) {
            let mut table = RouteTable::clone(&table);
            table.propagating.retain(|other| *other != id);
            tx.put(scope, table);
        }
        Ok(())
    });
    let revision = changed.await?.revision;
    call.settled(scope, &vpc_id, revision).await?;
    Ok(Unit)
}
