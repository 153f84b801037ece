//! DeleteNetworkAcl.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::DeleteNetworkAclRequest;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::NetworkAcl;

/// DeleteNetworkAcl: refused for the default one and while it guards a subnet.
///
/// # Errors
/// `InvalidParameterValue` for the default ACL, `DependencyViolation`, `InvalidNetworkAclID.NotFound`.
pub(super) async fn delete_network_acl(call: Call<Ec2>, input: DeleteNetworkAclRequest) -> Reply<Unit> {
    let id = faults::required(input.network_acl_id, "networkAclId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let acl = lookup::find::<NetworkAcl>(tx, scope, ResourceKind::NetworkAcl, &id)?;
        if acl.is_default {
            return Err(faults::invalid_parameter_value(format!("cannot delete default network ACL {id}")));
        }
        if !acl.associations.is_empty() {
            return Err(faults::dependency_violation(format!(
                "The networkAcl '{id}' has dependencies and cannot be deleted."
            )));
        }
        tags::delete(tx, scope, &id);
        tx.delete::<NetworkAcl>(scope, &id);
        Ok(acl.vpc_id.clone())
    });
    let done = deleted.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}
