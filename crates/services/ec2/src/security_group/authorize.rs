//! AuthorizeSecurityGroupIngress and AuthorizeSecurityGroupEgress.

use super::find::named;
use super::permission::{self, Purpose, Shorthand, same};
use super::{peered, quota, show};
use crate::Ec2;
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use api_ec2::{
    AuthorizeSecurityGroupEgressRequest, AuthorizeSecurityGroupEgressResult,
    AuthorizeSecurityGroupIngressRequest, AuthorizeSecurityGroupIngressResult, IpPermission,
    SecurityGroupRule, TagSpecification,
};
use aws_schema::Fault;
use contracts::{Call, Reply};

/// What both directions have in common.
struct Request {
    egress: bool,
    group_id: Option<String>,
    group_name: Option<String>,
    permissions: Option<Vec<IpPermission>>,
    shorthand: Shorthand,
    tag_specifications: Option<Vec<TagSpecification>>,
}

/// AuthorizeSecurityGroupIngress.
pub(super) async fn authorize_ingress(
    call: Call<Ec2>,
    input: AuthorizeSecurityGroupIngressRequest,
) -> Reply<AuthorizeSecurityGroupIngressResult> {
    let request = Request {
        egress: false,
        group_id: input.group_id,
        group_name: input.group_name,
        permissions: input.ip_permissions,
        shorthand: Shorthand {
            protocol: input.ip_protocol,
            from: input.from_port,
            to: input.to_port,
            cidr: input.cidr_ip,
            group_name: input.source_security_group_name,
            group_owner: input.source_security_group_owner_id,
        },
        tag_specifications: input.tag_specifications,
    };
    let rules = authorize(&call, request).await?;
    Ok(AuthorizeSecurityGroupIngressResult { return_: Some(true), security_group_rules: Some(rules) })
}

/// AuthorizeSecurityGroupEgress.
pub(super) async fn authorize_egress(
    call: Call<Ec2>,
    input: AuthorizeSecurityGroupEgressRequest,
) -> Reply<AuthorizeSecurityGroupEgressResult> {
    let request = Request {
        egress: true,
        group_id: input.group_id,
        group_name: None,
        permissions: input.ip_permissions,
        shorthand: Shorthand {
            protocol: input.ip_protocol,
            from: input.from_port,
            to: input.to_port,
            cidr: input.cidr_ip,
            group_name: input.source_security_group_name,
            group_owner: input.source_security_group_owner_id,
        },
        tag_specifications: input.tag_specifications,
    };
    let rules = authorize(&call, request).await?;
    Ok(AuthorizeSecurityGroupEgressResult { return_: Some(true), security_group_rules: Some(rules) })
}

/// Adds all rules or none, and answers once they are enforced.
///
/// # Errors
/// `InvalidPermission.Duplicate`, `RulesPerSecurityGroupLimitExceeded`, faults of [`permission::rules`]; `InternalError` when
/// the kernel refused the rules.
async fn authorize(call: &Call<Ec2>, request: Request) -> Result<Vec<SecurityGroupRule>, Fault> {
    let kind = ResourceKind::SecurityGroupRule;
    let permissions = permission::given(request.permissions, request.shorthand)?;
    let rule_tags = TagSpecifications::parse(request.tag_specifications, &[kind])?.of(kind);
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut group = named(tx, scope, request.group_id.as_deref(), request.group_name.as_deref())?;
        let rules = permission::rules(tx, scope, &group, request.egress, &permissions, Purpose::Make)?;
        for rule in &rules {
            if group.rules.iter().any(|have| same(have, rule)) {
                let message = format!("the specified rule \"{}\" already exists", show::words(rule));
                return Err(Fault::sender("InvalidPermission.Duplicate", message));
            }
            tags::put(tx, scope, kind, &rule.id, &rule_tags);
            peered::remember(tx, scope, &group.vpc_id, rule);
        }
        group.rules.extend(rules.iter().cloned());
        quota::check(tx, scope, &group)?;
        tx.put(scope, group.clone());
        Ok((group, rules))
    });
    let done = changed.await?;
    let (group, rules) = done.value;
    call.settled(scope, &group.vpc_id, done.revision).await?;
    Ok(rules.iter().map(|rule| show::rule(call.store(), scope, &group, rule)).collect())
}
