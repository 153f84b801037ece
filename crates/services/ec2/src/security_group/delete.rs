//! DeleteSecurityGroup.

use super::find::named;
use super::peered;
use crate::{Ec2, faults, tags};
use api_ec2::{DeleteSecurityGroupRequest, DeleteSecurityGroupResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{NetworkInterface, SecurityGroup};

/// DeleteSecurityGroup: refused for the default group, and while an interface or a rule of another group of its
/// VPC uses it.
///
/// # Errors
/// `CannotDelete`, `DependencyViolation`, `InvalidGroup.NotFound`.
pub(super) async fn delete_security_group(
    call: Call<Ec2>,
    input: DeleteSecurityGroupRequest,
) -> Reply<DeleteSecurityGroupResult> {
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let group = named(tx, scope, input.group_id.as_deref(), input.group_name.as_deref())?;
        if group.name == "default" {
            return Err(Fault::sender(
                "CannotDelete",
                format!(
                    "the specified group: \"{}\" name: \"default\" cannot be deleted by a user",
                    group.id
                ),
            ));
        }
        // Rules of peered VPCs do not hold it: they become stale.
        let references = tx.by_index::<SecurityGroup>(scope, "referenced-group", &group.id);
        let used = !tx.by_index::<NetworkInterface>(scope, "group", &group.id).is_empty()
            || references.iter().any(|other| other.vpc_id == group.vpc_id);
        if used {
            return Err(faults::dependency_violation(format!(
                "resource {} has a dependent object",
                group.id
            )));
        }
        peered::forget_all(tx, scope, &group);
        tags::delete(tx, scope, &group.id);
        tx.delete::<SecurityGroup>(scope, &group.id);
        Ok(group)
    });
    let done = deleted.await?;
    call.settled(scope, &done.value.vpc_id, done.revision).await?;
    Ok(DeleteSecurityGroupResult { return_: Some(true), group_id: Some(done.value.id) })
}
