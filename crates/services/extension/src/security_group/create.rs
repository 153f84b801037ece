//! CreateNetworkSecurityGroup.

use super::show;
use crate::kind::Kind;
use crate::{Extension, faults, limits};
use api_allod::{CreateNetworkSecurityGroupRequest, CreateNetworkSecurityGroupResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{NetworkSecurityGroup, Vpc};

/// Refuses names that could not be typed back: letters, digits and `.`, `_`, `-`, the first a letter or digit (Azure,
/// "Naming rules", Microsoft.Network). The model limits the length.
///
/// # Errors
/// `InvalidParameterValue`.
pub(super) fn check_name(name: &str) -> Result<(), Fault> {
    let first = name.starts_with(|c: char| c.is_ascii_alphanumeric());
    let rest = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'));
    if first && rest {
        return Ok(());
    }
    Err(faults::invalid_value("Name", name, "Expected letters, digits, periods, underscores and hyphens."))
}

/// CreateNetworkSecurityGroup: guards nothing yet.
///
/// # Errors
/// `InvalidVpcID.NotFound`, `InvalidNetworkSecurityGroup.Duplicate`, `NetworkSecurityGroupLimitExceeded`.
pub(crate) async fn create_network_security_group(
    call: Call<Extension>,
    input: CreateNetworkSecurityGroupRequest,
) -> Reply<CreateNetworkSecurityGroupResult> {
    let (scope, vpc_id, name) = (call.scope(), input.vpc_id(), input.name());
    check_name(name)?;
    let id = Kind::SECURITY_GROUP.new_id();
    let made = call.platform.transact(|tx| {
        Kind::VPC.find::<Vpc>(tx, scope, vpc_id)?;
        let others = tx.by_index::<NetworkSecurityGroup>(scope, "vpc", vpc_id);
        if others.iter().any(|other| other.name == name) {
            let message = format!("The network security group '{name}' already exists for VPC '{vpc_id}'");
            return Err(Fault::sender("InvalidNetworkSecurityGroup.Duplicate", message));
        }
        if others.len() >= limits::GROUPS_PER_VPC {
            let of = format!("network security groups of {vpc_id}");
            let code = "NetworkSecurityGroupLimitExceeded";
            return Err(faults::limit_exceeded(code, &of, limits::GROUPS_PER_VPC));
        }
        let group = NetworkSecurityGroup {
            id: id.clone(),
            vpc_id: vpc_id.to_owned(),
            name: name.to_owned(),
            rules: Vec::new(),
            subnet_ids: Vec::new(),
            network_interface_ids: Vec::new(),
        };
        tx.put(scope, group.clone());
        Ok(group)
    });
    let done = made.await?;
    call.settled(scope, vpc_id, done.revision).await?;
    Ok(CreateNetworkSecurityGroupResult { network_security_group: Some(show::shown(&done.value)) })
}
