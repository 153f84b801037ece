//! DeleteNatGateway.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{DeleteNatGatewayRequest, DeleteNatGatewayResult};
use contracts::{Call, Reply};
use records::{NatGateway, NatGatewayState};

/// DeleteNatGateway. Routes to it are blackholes when the call answers; the host takes the gateway away and its elastic
/// addresses are free when it is `deleted`. One that failed has nothing to take away.
///
/// # Errors
/// `NatGatewayNotFound`, also for one that is deleted or being deleted.
pub(super) async fn delete_nat_gateway(
    call: Call<Ec2>,
    input: DeleteNatGatewayRequest,
) -> Reply<DeleteNatGatewayResult> {
    let id = faults::required(input.nat_gateway_id, "natGatewayId")?;
    let kind = ResourceKind::NatGateway;
    let (scope, now) = (call.scope(), call.now());
    let deleted = call.platform.transact(|tx| {
        let mut gateway = lookup::find_mut::<NatGateway>(tx, scope, kind, &id)?;
        match gateway.state {
            NatGatewayState::Pending | NatGatewayState::Available => {
                gateway.state = NatGatewayState::Deleting;
            }
            NatGatewayState::Failed => {
                gateway.state = NatGatewayState::Deleted;
                gateway.deleted = Some(now);
            }
            NatGatewayState::Deleting | NatGatewayState::Deleted => return Err(kind.not_found(&id)),
        }
        records::transitions::forget_port_forwardings(tx, scope, &id);
        let vpc_id = gateway.vpc_id.clone();
        tx.put(scope, gateway);
        Ok(vpc_id)
    });
    let done = deleted.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(DeleteNatGatewayResult { nat_gateway_id: Some(id) })
}
