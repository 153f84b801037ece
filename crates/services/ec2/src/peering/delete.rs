//! DeleteVpcPeeringConnection.

use super::{faults as peering_faults, status};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{DeleteVpcPeeringConnectionRequest, DeleteVpcPeeringConnectionResult};
use contracts::{Call, Reply};
use records::VpcPeering;

/// DeleteVpcPeeringConnection: an active one by either side, a request by who made it. Routes through it stay in their
/// tables as blackholes.
///
/// # Errors
/// `InvalidStateTransition` for what has ended, `OperationNotPermitted` for a request of somebody else,
/// `InvalidVpcPeeringConnectionID.NotFound`.
pub(super) async fn delete_vpc_peering_connection(
    call: Call<Ec2>,
    input: DeleteVpcPeeringConnectionRequest,
) -> Reply<DeleteVpcPeeringConnectionResult> {
    let kind = ResourceKind::VpcPeering;
    let id = faults::required(input.vpc_peering_connection_id, "vpcPeeringConnectionId")?;
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let mut peering = lookup::find_mut::<VpcPeering>(tx, scope, kind, &id)?;
        if !status::is_visible(&peering, scope, now) {
            return Err(kind.not_found(&id));
        }
        match status::at(&peering, now).0 {
            status::ACTIVE => {}
            status::PENDING if *scope.account == *peering.requester.account => {}
            status::PENDING => {
                return Err(faults::not_permitted(format!(
                    "User {} cannot delete peering {id}",
                    scope.account
                )));
            }
            other => return Err(peering_faults::transition(&id, other, "deleting")),
        }
        status::DELETED.clone_into(&mut peering.status);
        peering.status_message = status::deleted_by(&scope.account);
        peering.changed = now;
        peering.put(tx);
        Ok(peering)
    });
    let done = changed.await?;
    super::settle(&call, &done.value, done.revision).await?;
    Ok(DeleteVpcPeeringConnectionResult { return_: Some(true) })
}
