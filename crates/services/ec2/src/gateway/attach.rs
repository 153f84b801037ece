//! AttachInternetGateway and DetachInternetGateway.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{AttachInternetGatewayRequest, DetachInternetGatewayRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{InternetGateway, NetworkInterface, PortForwarding, RouteTable, Vpc};

/// AttachInternetGateway: one gateway for one VPC.
///
/// # Errors
/// `Resource.AlreadyAssociated` for an attached gateway, `InvalidParameterValue` for a VPC that has one, `NotFound` faults.
pub(super) async fn attach_internet_gateway(
    call: Call<Ec2>,
    input: AttachInternetGatewayRequest,
) -> Reply<Unit> {
    let id = faults::required(input.internet_gateway_id, "internetGatewayId")?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut gateway = lookup::find_mut::<InternetGateway>(tx, scope, ResourceKind::InternetGateway, &id)?;
        lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        if let Some(other) = &gateway.vpc_id {
            return Err(Fault::sender(
                "Resource.AlreadyAssociated",
                format!("resource {id} is already attached to network {other}"),
            ));
        }
        if !tx.by_index::<InternetGateway>(scope, "vpc", &vpc_id).is_empty() {
            return Err(faults::invalid_parameter_value(format!(
                "Network {vpc_id} already has an internet gateway attached"
            )));
        }
        gateway.vpc_id = Some(vpc_id.clone());
        tx.put(scope, gateway);
        Ok(())
    });
    let revision = changed.await?.revision;
    call.settled(scope, &vpc_id, revision).await?;
    Ok(Unit)
}

/// DetachInternetGateway: refused while an interface of the VPC has a public address or the gateway a
/// route table.
///
/// # Errors
/// `Gateway.NotAttached`, `DependencyViolation`, `NotFound` faults.
pub(super) async fn detach_internet_gateway(
    call: Call<Ec2>,
    input: DetachInternetGatewayRequest,
) -> Reply<Unit> {
    let id = faults::required(input.internet_gateway_id, "internetGatewayId")?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut gateway = lookup::find_mut::<InternetGateway>(tx, scope, ResourceKind::InternetGateway, &id)?;
        lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        if gateway.vpc_id.as_deref() != Some(vpc_id.as_str()) {
            return Err(Fault::sender(
                "Gateway.NotAttached",
                format!("resource {id} is not attached to network {vpc_id}"),
            ));
        }
        let interfaces = tx.by_index::<NetworkInterface>(scope, "vpc", &vpc_id);
        if interfaces.iter().flat_map(|i| &i.private_addresses).any(|a| a.public.is_some()) {
            return Err(faults::dependency_violation(format!(
                "Network {vpc_id} has some mapped public address(es). \
                 Please unmap those public address(es) before detaching the gateway."
            )));
        }
        if !tx.by_index::<RouteTable>(scope, "gateway", &id).is_empty() {
            return Err(faults::dependency_violation(format!(
                "The internetGateway '{id}' has a route table associated and cannot be detached."
            )));
        }
        if !tx.by_index::<PortForwarding>(scope, "gateway", &id).is_empty() {
            return Err(faults::dependency_violation(format!(
                "The internetGateway '{id}' has port forwardings and cannot be detached."
            )));
        }
        gateway.vpc_id = None;
        tx.put(scope, gateway);
        Ok(())
    });
    let revision = changed.await?.revision;
    call.settled(scope, &vpc_id, revision).await?;
    Ok(Unit)
}
