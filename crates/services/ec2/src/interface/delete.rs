//! DeleteNetworkInterface.

use super::release_in_tx;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::DeleteNetworkInterfaceRequest;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::NetworkInterface;

/// DeleteNetworkInterface: refused while attached.
///
/// # Errors
/// `InvalidParameterValue` while in use, `OperationNotPermitted` for interfaces of services,
/// `InvalidNetworkInterfaceID.NotFound`.
pub(super) async fn delete_network_interface(
    call: Call<Ec2>,
    input: DeleteNetworkInterfaceRequest,
) -> Reply<Unit> {
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let found = lookup::find::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        if found.attachment.is_some() {
            return Err(faults::invalid_parameter_value(format!(
                "Network interface '{id}' is currently in use."
            )));
        }
        if found.requester_managed {
            return Err(faults::not_permitted(format!(
                "You do not have permission to delete the network interface '{id}'."
            )));
        }
        release_in_tx(tx, scope, &found);
        Ok(found.vpc_id.clone())
    });
    let done = deleted.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}
