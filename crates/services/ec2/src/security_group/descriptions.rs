//! UpdateSecurityGroupRuleDescriptionsIngress and -Egress.

use super::find::named;
use super::permission::{self, Purpose, same};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{
    IpPermission, SecurityGroupRuleDescription, UpdateSecurityGroupRuleDescriptionsEgressRequest,
    UpdateSecurityGroupRuleDescriptionsEgressResult, UpdateSecurityGroupRuleDescriptionsIngressRequest,
    UpdateSecurityGroupRuleDescriptionsIngressResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};

/// What both directions have in common.
struct Request {
    egress: bool,
    group_id: Option<String>,
    group_name: Option<String>,
    permissions: Vec<IpPermission>,
    by_id: Vec<SecurityGroupRuleDescription>,
}

/// UpdateSecurityGroupRuleDescriptionsIngress.
pub(super) async fn update_ingress(
    call: Call<Ec2>,
    input: UpdateSecurityGroupRuleDescriptionsIngressRequest,
) -> Reply<UpdateSecurityGroupRuleDescriptionsIngressResult> {
    let request = Request {
        egress: false,
        group_id: input.group_id,
        group_name: input.group_name,
        permissions: input.ip_permissions.unwrap_or_default(),
        by_id: input.security_group_rule_descriptions.unwrap_or_default(),
    };
    update(&call, request).await?;
    Ok(UpdateSecurityGroupRuleDescriptionsIngressResult { return_: Some(true) })
}

/// UpdateSecurityGroupRuleDescriptionsEgress.
pub(super) async fn update_egress(
    call: Call<Ec2>,
    input: UpdateSecurityGroupRuleDescriptionsEgressRequest,
) -> Reply<UpdateSecurityGroupRuleDescriptionsEgressResult> {
    let request = Request {
        egress: true,
        group_id: input.group_id,
        group_name: input.group_name,
        permissions: input.ip_permissions.unwrap_or_default(),
        by_id: input.security_group_rule_descriptions.unwrap_or_default(),
    };
    update(&call, request).await?;
    Ok(UpdateSecurityGroupRuleDescriptionsEgressResult { return_: Some(true) })
}

/// Overwrites descriptions; an empty or absent one removes it.
async fn update(call: &Call<Ec2>, request: Request) -> Result<(), Fault> {
    match (request.permissions.is_empty(), request.by_id.is_empty()) {
        (true, true) => return Err(faults::missing_parameter("ipPermissions")),
        (false, false) => {
            return Err(faults::invalid_combination(
                "The parameter ipPermissions may not be used with securityGroupRuleDescriptions",
            ));
        }
        _ => {}
    }
    let scope = call.scope();
    let kind = ResourceKind::SecurityGroupRule;
    let changed = call.platform.transact(|tx| {
        let mut group = named(tx, scope, request.group_id.as_deref(), request.group_name.as_deref())?;
        for wanted in
            permission::rules(tx, scope, &group, request.egress, &request.permissions, Purpose::Find)?
        {
            let rule = group.rules.iter_mut().find(|have| same(have, &wanted)).ok_or_else(|| {
                Fault::sender(
                    "InvalidPermission.NotFound",
                    "The specified rule does not exist in this security group.",
                )
            })?;
            rule.description = wanted.description;
        }
        for wanted in &request.by_id {
            let id = faults::required(wanted.security_group_rule_id.as_deref(), "securityGroupRuleId")?;
            kind.check(id)?;
            let rule = group.rules.iter_mut().find(|have| have.id == id && have.egress == request.egress);
            rule.ok_or_else(|| kind.not_found(id))?.description =
                permission::description(wanted.description.clone())?;
        }
        tx.put(scope, group);
        Ok(())
    });
    changed.await.map(drop)
}
