//! ModifySecurityGroupRules.

use super::permission::{self, same};
use super::{peered, protocol, quota, show};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    ModifySecurityGroupRulesRequest, ModifySecurityGroupRulesResult, SecurityGroupRuleRequest,
    UserIdGroupPair,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{Peer, Rule, SecurityGroup};
use state_store::typed::{Scope, Tx};

/// The one peer a request names.
fn peer(
    tx: &mut Tx<'_>,
    scope: &Scope,
    group: &SecurityGroup,
    old: &Peer,
    wanted: &SecurityGroupRuleRequest,
) -> Result<Peer, Fault> {
    match (&wanted.cidr_ipv4, &wanted.cidr_ipv6, &wanted.prefix_list_id, &wanted.referenced_group_id) {
        (Some(text), None, None, None) => permission::cidr_v4(Some(text)),
        (None, Some(text), None, None) => permission::cidr_v6(Some(text)),
        (None, None, Some(id), None) => permission::prefix_list(tx, scope, id),
        (None, None, None, Some(id)) => {
            // The request has no member for the account: it is the old rule's.
            let user_id = match old {
                Peer::Group { account, .. } => Some(account.clone()),
                _ => None,
            };
            let pair = UserIdGroupPair { group_id: Some(id.clone()), user_id, ..UserIdGroupPair::default() };
            permission::group(tx, scope, group, &pair)
        }
        _ => Err(faults::invalid_combination(
            "Exactly one of CidrIpv4, CidrIpv6, PrefixListId and ReferencedGroupId must be specified.",
        )),
    }
}

/// A rule keeps the kind of its peer (AWS: a CIDR rule cannot become a group rule).
fn same_kind(a: &Peer, b: &Peer) -> bool {
    matches!(
        (a, b),
        (Peer::Cidr(IpNet::V4(_)), Peer::Cidr(IpNet::V4(_)))
            | (Peer::Cidr(IpNet::V6(_)), Peer::Cidr(IpNet::V6(_)))
            | (Peer::Group { .. }, Peer::Group { .. })
            | (Peer::PrefixList(_), Peer::PrefixList(_))
    )
}

/// The rule as it is going to be, under its old id and in its old direction.
fn changed_rule(
    tx: &mut Tx<'_>,
    scope: &Scope,
    group: &SecurityGroup,
    old: &Rule,
    wanted: &SecurityGroupRuleRequest,
) -> Result<Rule, Fault> {
    let number = protocol::parse(wanted.ip_protocol.as_deref())?;
    let (from, to) = protocol::range(number, wanted.from_port, wanted.to_port)?;
    let peer = peer(tx, scope, group, &old.peer, wanted)?;
    if !same_kind(&old.peer, &peer) {
        return Err(faults::invalid_parameter_value(format!(
            "You may not modify the source or destination type of the security group rule '{}'.",
            old.id
        )));
    }
    let description = permission::description(wanted.description.clone())?;
    Ok(Rule { id: old.id.clone(), egress: old.egress, protocol: number, from, to, peer, description })
}

/// ModifySecurityGroupRules: replaces the contents of rules under their ids, all or none.
///
/// # Errors
/// `InvalidSecurityGroupRuleId.NotFound`, `InvalidPermission.Duplicate`, `RulesPerSecurityGroupLimitExceeded`,
/// `InvalidParameterValue` for another kind of peer.
pub(super) async fn modify_security_group_rules(
    call: Call<Ec2>,
    input: ModifySecurityGroupRulesRequest,
) -> Reply<ModifySecurityGroupRulesResult> {
    let id = faults::required(input.group_id, "groupId")?;
    let updates =
        faults::required(input.security_group_rules.filter(|r| !r.is_empty()), "securityGroupRules")?;
    let scope = call.scope();
    let kind = ResourceKind::SecurityGroupRule;
    let changed = call.platform.transact(|tx| {
        let mut group = lookup::find_mut::<SecurityGroup>(tx, scope, ResourceKind::SecurityGroup, &id)?;
        for update in &updates {
            let rule_id = faults::required(update.security_group_rule_id.as_deref(), "securityGroupRuleId")?;
            kind.check(rule_id)?;
            let at = group.rules.iter().position(|rule| rule.id == rule_id);
            let at = at.ok_or_else(|| kind.not_found(rule_id))?;
            let Some(wanted) = &update.security_group_rule else {
                return Err(faults::missing_parameter("securityGroupRule"));
            };
            let old = group.rules[at].clone();
            group.rules[at] = changed_rule(tx, scope, &group, &old, wanted)?;
            peered::remember(tx, scope, &group.vpc_id, &group.rules[at]);
        }
        for (at, rule) in group.rules.iter().enumerate() {
            if group.rules[..at].iter().any(|other| same(other, rule)) {
                let message = format!("the specified rule \"{}\" already exists", show::words(rule));
                return Err(Fault::sender("InvalidPermission.Duplicate", message));
            }
        }
        quota::check(tx, scope, &group)?;
        let vpc_id = group.vpc_id.clone();
        tx.put(scope, group);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(ModifySecurityGroupRulesResult { return_: Some(true) })
}
