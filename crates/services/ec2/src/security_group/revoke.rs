//! RevokeSecurityGroupIngress and RevokeSecurityGroupEgress.

use super::find::named;
use super::permission::{self, Purpose, Shorthand, same};
use super::{peered, show};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{
    IpPermission, RevokeSecurityGroupEgressRequest, RevokeSecurityGroupEgressResult,
    RevokeSecurityGroupIngressRequest, RevokeSecurityGroupIngressResult, RevokedSecurityGroupRule,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Rule, SecurityGroup, Vpc};
use state_store::typed::{Scope, Tx};

/// What both directions have in common.
struct Request {
    egress: bool,
    group_id: Option<String>,
    group_name: Option<String>,
    rule_ids: Vec<String>,
    permissions: Option<Vec<IpPermission>>,
    shorthand: Shorthand,
}

/// What went, and what was asked for but not there.
struct Revoked {
    rules: Vec<RevokedSecurityGroupRule>,
    unknown: Vec<IpPermission>,
}

/// RevokeSecurityGroupIngress.
pub(super) async fn revoke_ingress(
    call: Call<Ec2>,
    input: RevokeSecurityGroupIngressRequest,
) -> Reply<RevokeSecurityGroupIngressResult> {
    let request = Request {
        egress: false,
        group_id: input.group_id,
        group_name: input.group_name,
        rule_ids: input.security_group_rule_ids.unwrap_or_default(),
        permissions: input.ip_permissions,
        shorthand: Shorthand {
            protocol: input.ip_protocol,
            from: input.from_port,
            to: input.to_port,
            cidr: input.cidr_ip,
            group_name: input.source_security_group_name,
            group_owner: input.source_security_group_owner_id,
        },
    };
    let revoked = revoke(&call, request).await?;
    Ok(RevokeSecurityGroupIngressResult {
        return_: Some(true),
        unknown_ip_permissions: Some(revoked.unknown),
        revoked_security_group_rules: Some(revoked.rules),
    })
}

/// RevokeSecurityGroupEgress.
pub(super) async fn revoke_egress(
    call: Call<Ec2>,
    input: RevokeSecurityGroupEgressRequest,
) -> Reply<RevokeSecurityGroupEgressResult> {
    let request = Request {
        egress: true,
        group_id: input.group_id,
        group_name: None,
        rule_ids: input.security_group_rule_ids.unwrap_or_default(),
        permissions: input.ip_permissions,
        shorthand: Shorthand {
            protocol: input.ip_protocol,
            from: input.from_port,
            to: input.to_port,
            cidr: input.cidr_ip,
            group_name: input.source_security_group_name,
            group_owner: input.source_security_group_owner_id,
        },
    };
    let revoked = revoke(&call, request).await?;
    Ok(RevokeSecurityGroupEgressResult {
        return_: Some(true),
        unknown_ip_permissions: Some(revoked.unknown),
        revoked_security_group_rules: Some(revoked.rules),
    })
}

/// The rules named by id, all of which must belong to the group and direction.
fn by_id(group: &SecurityGroup, egress: bool, ids: &[String]) -> Result<Vec<Rule>, Fault> {
    let kind = ResourceKind::SecurityGroupRule;
    kind.check_all(ids)?;
    ids.iter()
        .map(|id| {
            let found = group.rules.iter().find(|rule| rule.id == *id && rule.egress == egress);
            found.cloned().ok_or_else(|| kind.not_found(id))
        })
        .collect()
}

/// The rules named by their contents, and the ones that do not exist. Outside of the default VPC a rule that does not
/// exist is a fault (AWS: RevokeSecurityGroupIngress).
fn by_content(
    tx: &mut Tx<'_>,
    scope: &Scope,
    group: &SecurityGroup,
    egress: bool,
    permissions: &[IpPermission],
) -> Result<(Vec<Rule>, Vec<Rule>), Fault> {
    let wanted = permission::rules(tx, scope, group, egress, permissions, Purpose::Find)?;
    let (mut found, mut unknown) = (Vec::new(), Vec::new());
    for rule in wanted {
        match group.rules.iter().find(|have| same(have, &rule)) {
            Some(have) => found.push(have.clone()),
            None => unknown.push(rule),
        }
    }
    let in_default_vpc = tx.get::<Vpc>(scope, &group.vpc_id).is_some_and(|vpc| vpc.is_default);
    if !unknown.is_empty() && !in_default_vpc {
        return Err(Fault::sender(
            "InvalidPermission.NotFound",
            "The specified rule does not exist in this security group.",
        ));
    }
    Ok((found, unknown))
}

/// Removes rules by id or by content, with their tags, and answers once nothing new passes by them. Connections that
/// were already let in live on, as in AWS.
///
/// # Errors
/// `InvalidPermission.NotFound`, `InvalidSecurityGroupRuleId.NotFound`, `InvalidGroup.NotFound`.
async fn revoke(call: &Call<Ec2>, request: Request) -> Result<Revoked, Fault> {
    let by_ids = !request.rule_ids.is_empty();
    let permissions = match permission::given(request.permissions, request.shorthand) {
        Ok(_) if by_ids => {
            return Err(faults::invalid_combination(
                "The parameter securityGroupRuleIds may not be used with ipPermissions",
            ));
        }
        Ok(permissions) => permissions,
        Err(_) if by_ids => Vec::new(),
        Err(fault) => return Err(fault),
    };
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut group = named(tx, scope, request.group_id.as_deref(), request.group_name.as_deref())?;
        let (gone, unknown) = if by_ids {
            (by_id(&group, request.egress, &request.rule_ids)?, Vec::new())
        } else {
            by_content(tx, scope, &group, request.egress, &permissions)?
        };
        group.rules.retain(|rule| !gone.iter().any(|g| g.id == rule.id));
        for rule in &gone {
            peered::forget(tx, scope, &rule.id);
        }
        if !gone.is_empty() {
            tx.put(scope, group.clone());
        }
        Ok((group, gone, unknown))
    });
    let done = changed.await?;
    let (group, gone, unknown) = done.value;
    call.settled(scope, &group.vpc_id, done.revision).await?;
    Ok(Revoked {
        rules: gone.iter().map(|rule| show::revoked(&group, rule)).collect(),
        unknown: show::permissions(call.store(), scope, &group.vpc_id, unknown.iter()),
    })
}
