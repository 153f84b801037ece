//! CreateSecurityGroup.

use super::find::{by_name, no_default_vpc};
use super::permission::is_plain_text;
use super::show;
use crate::cidr::{anywhere_v4, anywhere_v6};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::vpc::{all_traffic, default_vpc_of};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateSecurityGroupRequest, CreateSecurityGroupResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Peer, SecurityGroup, Vpc};

/// Names AWS accepts. `sg-…` is refused because operations that take ids or names could not tell which is meant.
fn check_name(name: &str) -> Result<(), Fault> {
    if name.eq_ignore_ascii_case("default") {
        return Err(Fault::sender(
            "InvalidGroup.Reserved",
            "The name 'default' is reserved, and cannot be used to create a new security group.",
        ));
    }
    if name.to_ascii_lowercase().starts_with("sg-") {
        return Err(faults::invalid_parameter_value(
            "Invalid value for parameter groupName: group names may not be in the format sg-*.",
        ));
    }
    if name.is_empty() || !is_plain_text(name) {
        let shown: String = name.chars().take(100).collect();
        return Err(faults::invalid_parameter_value(format!(
            "Value ({shown}) for parameter GroupName is invalid. Character sets beyond ASCII are not supported."
        )));
    }
    Ok(())
}

/// Descriptions AWS accepts.
fn check_description(description: &str) -> Result<(), Fault> {
    if description.is_empty() || !is_plain_text(description) {
        let shown: String = description.chars().take(300).collect();
        return Err(faults::invalid_parameter_value(format!(
            "Value ({shown}) for parameter GroupDescription is invalid. Valid descriptions are strings less than 256 \
             characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
        )));
    }
    Ok(())
}

/// CreateSecurityGroup: nothing may come in, everything may go out.
///
/// # Errors
/// `InvalidGroup.Duplicate` in the same VPC, `InvalidGroup.Reserved`, `InvalidParameterValue` for characters AWS refuses,
/// `VPCIdNotSpecified` without VPC id where there is no default VPC, `SecurityGroupLimitExceeded`.
pub(super) async fn create_security_group(
    call: Call<Ec2>,
    input: CreateSecurityGroupRequest,
) -> Reply<CreateSecurityGroupResult> {
    let name = faults::required(input.group_name, "groupName")?;
    let description = faults::required(input.description, "GroupDescription")?;
    check_name(&name)?;
    check_description(&description)?;
    let specified = TagSpecifications::parse(input.tag_specifications, &[ResourceKind::SecurityGroup])?;
    let group_tags = specified.of(ResourceKind::SecurityGroup);
    let scope = call.scope();
    let made = call.platform.transact(|tx| {
        let vpc = match &input.vpc_id {
            Some(id) => lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, id)?,
            None => default_vpc_of(tx, scope).ok_or_else(no_default_vpc)?,
        };
        if by_name(tx, scope, &vpc.id, &name).is_some() {
            let message = format!("The security group '{name}' already exists for VPC '{}'", vpc.id);
            return Err(Fault::sender("InvalidGroup.Duplicate", message));
        }
        if tx.count::<SecurityGroup>(scope) >= limits::SECURITY_GROUPS {
            let message = "The maximum number of security groups has been reached.";
            return Err(Fault::sender("SecurityGroupLimitExceeded", message));
        }
        let mut rules = vec![all_traffic(true, Peer::Cidr(anywhere_v4()))];
        if !vpc.ipv6_associations.is_empty() {
            rules.push(all_traffic(true, Peer::Cidr(anywhere_v6())));
        }
        let id = ResourceKind::SecurityGroup.new_id();
        tags::put(tx, scope, ResourceKind::SecurityGroup, &id, &group_tags);
        let (name, description) = (name.clone(), description.clone());
        tx.put(scope, SecurityGroup { id: id.clone(), vpc_id: vpc.id.clone(), name, description, rules });
        Ok(id)
    });
    let id = made.await?.value;
    Ok(CreateSecurityGroupResult {
        security_group_arn: Some(show::arn(scope, &id)),
        group_id: Some(id),
        tags: Some(tags::to_api(&group_tags)),
    })
}
