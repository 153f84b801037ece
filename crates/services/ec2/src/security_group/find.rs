//! Finding groups by id, or by name inside of a VPC.

use crate::resource_kind::ResourceKind;
use crate::vpc::default_vpc_of;
use crate::{faults, limits};
use aws_schema::Fault;
use records::SecurityGroup;
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// The group with this name in a VPC.
pub(super) fn by_name(
    tx: &mut Tx<'_>,
    scope: &Scope,
    vpc_id: &str,
    name: &str,
) -> Option<Arc<SecurityGroup>> {
    tx.by_index::<SecurityGroup>(scope, "name", &format!("{vpc_id}/{name}")).into_iter().next()
}

/// Id of a VPC's default group.
///
/// # Errors
/// `InvalidGroup.NotFound`, which a VPC made by this service never answers.
pub(crate) fn default_group(tx: &mut Tx<'_>, scope: &Scope, vpc_id: &str) -> Result<String, Fault> {
    by_name(tx, scope, vpc_id, "default")
        .map(|group| group.id.clone())
        .ok_or_else(|| ResourceKind::SecurityGroup.not_found("default"))
}

/// The groups of an interface in `vpc_id`, from ids and names, without repetition and in the given order; without any,
/// the VPC's default group.
///
/// # Errors
/// `InvalidGroup.NotFound`, `InvalidParameter` for a group of another VPC,
/// `SecurityGroupsPerInterfaceLimitExceeded`.
pub(crate) fn resolve_groups(
    tx: &mut Tx<'_>,
    scope: &Scope,
    vpc_id: &str,
    ids: &[String],
    names: &[String],
) -> Result<Vec<String>, Fault> {
    let mut found: Vec<String> = Vec::new();
    for id in ids {
        ResourceKind::SecurityGroup.check(id)?;
        let group =
            tx.get::<SecurityGroup>(scope, id).ok_or_else(|| ResourceKind::SecurityGroup.not_found(id))?;
        if group.vpc_id != vpc_id {
            return Err(other_network(id, vpc_id));
        }
        found.push(group.id.clone());
    }
    for name in names {
        let group = by_name(tx, scope, vpc_id, name).ok_or_else(|| {
            let message = format!("The security group '{name}' does not exist in VPC '{vpc_id}'");
            Fault::sender("InvalidGroup.NotFound", message)
        })?;
        found.push(group.id.clone());
    }
    if found.is_empty() {
        found.push(default_group(tx, scope, vpc_id)?);
    }
    let mut seen = std::collections::HashSet::new();
    found.retain(|id| seen.insert(id.clone()));
    if found.len() > limits::GROUPS_PER_INTERFACE {
        return Err(Fault::sender(
            "SecurityGroupsPerInterfaceLimitExceeded",
            "The maximum number of security groups per interface has been reached.",
        ));
    }
    Ok(found)
}

/// The fault for a group of another VPC.
fn other_network(group: &str, vpc_id: &str) -> Fault {
    Fault::sender(
        "InvalidParameter",
        format!("Security group {group} and the network interface belong to different networks ({vpc_id})."),
    )
}

/// The group an operation speaks of: by id, or by name in the default VPC.
///
/// # Errors
/// `MissingParameter`, `InvalidParameterCombination`, `InvalidGroupId.Malformed`, `InvalidGroup.NotFound`.
pub(super) fn named(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: Option<&str>,
    name: Option<&str>,
) -> Result<SecurityGroup, Fault> {
    let kind = ResourceKind::SecurityGroup;
    let group = match (id, name) {
        (None, None) => return Err(faults::missing_parameter("groupName or groupId")),
        (Some(_), Some(_)) => {
            return Err(faults::invalid_combination("The parameter groupName may not be used with groupId"));
        }
        (Some(id), None) => {
            kind.check(id)?;
            tx.get::<SecurityGroup>(scope, id).ok_or_else(|| kind.not_found(id))?
        }
        (None, Some(name)) => {
            let vpc = default_vpc_of(tx, scope);
            let found = vpc.as_ref().and_then(|vpc| by_name(tx, scope, &vpc.id, name));
            found.ok_or_else(|| match vpc {
                Some(vpc) => Fault::sender(
                    "InvalidGroup.NotFound",
                    format!("The security group '{name}' does not exist in default VPC '{}'", vpc.id),
                ),
                None => no_default_vpc(),
            })?
        }
    };
    Ok(SecurityGroup::clone(&group))
}

/// `VPCIdNotSpecified`.
pub(crate) fn no_default_vpc() -> Fault {
    Fault::sender("VPCIdNotSpecified", "No default VPC for this user")
}
