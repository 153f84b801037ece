//! DeleteNetworkSecurityGroup.

use crate::kind::Kind;
use crate::{Extension, faults};
use api_allod::{DeleteNetworkSecurityGroupRequest, DeleteNetworkSecurityGroupResult};
use contracts::{Call, Reply};
use records::NetworkSecurityGroup;

/// DeleteNetworkSecurityGroup: refused while it guards something.
///
/// # Errors
/// `DependencyViolation`, `InvalidNetworkSecurityGroupID.NotFound`.
pub(crate) async fn delete_network_security_group(
    call: Call<Extension>,
    input: DeleteNetworkSecurityGroupRequest,
) -> Reply<DeleteNetworkSecurityGroupResult> {
    let (scope, id) = (call.scope(), input.network_security_group_id());
    let deleted = call.platform.transact(|tx| {
        let group = Kind::SECURITY_GROUP.find::<NetworkSecurityGroup>(tx, scope, id)?;
        if let Some(place) = group.subnet_ids.first().or(group.network_interface_ids.first()) {
            return Err(faults::dependency_violation(format!(
                "The network security group '{id}' guards {place} and cannot be deleted."
            )));
        }
        tx.delete::<NetworkSecurityGroup>(scope, id);
        Ok(group.vpc_id.clone())
    });
    let done = deleted.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(DeleteNetworkSecurityGroupResult::default())
}
