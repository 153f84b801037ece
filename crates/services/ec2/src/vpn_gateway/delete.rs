//! DeleteVpnGateway.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::DeleteVpnGatewayRequest;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::{LearnedRoute, VpnGateway};

/// DeleteVpnGateway: refused while attached. What it has learned goes with it.
///
/// # Errors
/// `IncorrectState` while attached, `InvalidVpnGatewayID.NotFound`.
pub(super) async fn delete_vpn_gateway(call: Call<Ec2>, input: DeleteVpnGatewayRequest) -> Reply<Unit> {
    let id = faults::required(input.vpn_gateway_id, "vpnGatewayId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let gateway = lookup::find::<VpnGateway>(tx, scope, ResourceKind::VpnGateway, &id)?;
        if let Some(vpc_id) = &gateway.vpc_id {
            let message = format!("The vpnGateway '{id}' is attached to '{vpc_id}' and cannot be deleted.");
            return Err(faults::incorrect_state(message));
        }
        // At most LearnedRoute::MOST, which leaves room in one transaction.
        for route in tx.by_index::<LearnedRoute>(scope, "gateway", &id) {
            tx.delete::<LearnedRoute>(scope, &route.id);
        }
        tags::delete(tx, scope, &id);
        tx.delete::<VpnGateway>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(Unit)
}
