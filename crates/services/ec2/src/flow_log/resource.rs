//! What a flow log may watch.

use super::invalid;
use crate::faults;
use crate::resource_kind::ResourceKind;
use aws_schema::Fault;
use records::{NetworkInterface, Subnet, Vpc};
use state_store::typed::{Scope, Tx};

/// The kind a `ResourceType` names.
///
/// # Errors
/// `UnsupportedOperation` for gateways this cloud does not have.
pub(super) fn kind(resource_type: &str) -> Result<ResourceKind, Fault> {
    match resource_type {
        "VPC" => Ok(ResourceKind::Vpc),
        "Subnet" => Ok(ResourceKind::Subnet),
        "NetworkInterface" => Ok(ResourceKind::NetworkInterface),
        other => {
            Err(faults::unsupported(format!("The resource type {other} is not available in this cloud.")))
        }
    }
}

/// Checks that every id has the form of the kind, each once.
///
/// # Errors
/// `Malformed` faults of the kind, `InvalidParameter` for repeated ids.
pub(super) fn check(kind: ResourceKind, ids: &[String]) -> Result<(), Fault> {
    kind.check_all(ids)?;
    let mut seen = std::collections::HashSet::new();
    match ids.iter().find(|id| !seen.insert(*id)) {
        Some(twice) => Err(invalid(format!("The resource ID {twice} is given twice."))),
        None => Ok(()),
    }
}

/// The VPC a resource lies in.
///
/// # Errors
/// The kind's `NotFound`.
pub(super) fn vpc_of(tx: &mut Tx<'_>, scope: &Scope, kind: ResourceKind, id: &str) -> Result<String, Fault> {
    let vpc_id = match kind {
        ResourceKind::Vpc => tx.get::<Vpc>(scope, id).map(|vpc| vpc.id.clone()),
        ResourceKind::Subnet => tx.get::<Subnet>(scope, id).map(|subnet| subnet.vpc_id.clone()),
        _ => tx.get::<NetworkInterface>(scope, id).map(|interface| interface.vpc_id.clone()),
    };
    vpc_id.ok_or_else(|| kind.not_found(id))
}

/// The VPC of a watched resource, from the form of its id.
pub(super) fn vpc_of_any(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Option<String> {
    let kind = ResourceKind::of_id(id)?;
    vpc_of(tx, scope, kind, id).ok()
}
