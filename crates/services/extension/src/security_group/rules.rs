//! PutNetworkSecurityGroupRule and DeleteNetworkSecurityGroupRule.

use super::{parse, show};
use crate::kind::Kind;
use crate::{Extension, faults, limits};
use api_allod::{
    DeleteNetworkSecurityGroupRuleRequest, DeleteNetworkSecurityGroupRuleResult,
    PutNetworkSecurityGroupRuleRequest, PutNetworkSecurityGroupRuleResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::NetworkSecurityGroup;

/// PutNetworkSecurityGroupRule: adds a rule or replaces the one of the same name, in one step.
///
/// # Errors
/// `InvalidNetworkSecurityGroupID.NotFound`, `NetworkSecurityGroupRulePriorityInUse`,
/// `NetworkSecurityGroupRuleLimitExceeded`, `InvalidParameterValue`, `InvalidParameterCombination`.
pub(crate) async fn put_network_security_group_rule(
    call: Call<Extension>,
    input: PutNetworkSecurityGroupRuleRequest,
) -> Reply<PutNetworkSecurityGroupRuleResult> {
    let rule = parse::rule(&input)?;
    let (scope, id) = (call.scope(), input.network_security_group_id());
    let changed = call.platform.transact(|tx| {
        let group = Kind::SECURITY_GROUP.find::<NetworkSecurityGroup>(tx, scope, id)?;
        let mut group = NetworkSecurityGroup::clone(&group);
        group.rules.retain(|other| other.name != rule.name);
        let place = |r: &records::NsgRule| (r.outbound, r.priority);
        if let Some(other) = group.rules.iter().find(|other| place(other) == place(&rule)) {
            let message = format!("The rule '{}' of '{id}' has priority {}.", other.name, rule.priority);
            return Err(Fault::sender("NetworkSecurityGroupRulePriorityInUse", message));
        }
        if group.rules.len() >= limits::RULES_PER_GROUP {
            let code = "NetworkSecurityGroupRuleLimitExceeded";
            return Err(faults::limit_exceeded(code, &format!("rules of {id}"), limits::RULES_PER_GROUP));
        }
        group.rules.push(rule.clone());
        group.rules.sort_by_key(place);
        tx.put(scope, group.clone());
        Ok(group)
    });
    let done = changed.await?;
    call.settled(scope, &done.value.vpc_id, done.revision).await?;
    Ok(PutNetworkSecurityGroupRuleResult { network_security_group: Some(show::shown(&done.value)) })
}

/// DeleteNetworkSecurityGroupRule. Default rules cannot be deleted: they are no rules of the group.
///
/// # Errors
/// `InvalidNetworkSecurityGroupID.NotFound`, `InvalidNetworkSecurityGroupRule.NotFound`.
pub(crate) async fn delete_network_security_group_rule(
    call: Call<Extension>,
    input: DeleteNetworkSecurityGroupRuleRequest,
) -> Reply<DeleteNetworkSecurityGroupRuleResult> {
    let (scope, id, name) = (call.scope(), input.network_security_group_id(), input.name());
    let changed = call.platform.transact(|tx| {
        let group = Kind::SECURITY_GROUP.find::<NetworkSecurityGroup>(tx, scope, id)?;
        let mut group = NetworkSecurityGroup::clone(&group);
        let before = group.rules.len();
        group.rules.retain(|rule| rule.name != name);
        if group.rules.len() == before {
            let message = format!("The network security group '{id}' has no rule '{name}'");
            return Err(Fault::sender("InvalidNetworkSecurityGroupRule.NotFound", message));
        }
        tx.put(scope, group.clone());
        Ok(group)
    });
    let done = changed.await?;
    call.settled(scope, &done.value.vpc_id, done.revision).await?;
    Ok(DeleteNetworkSecurityGroupRuleResult { network_security_group: Some(show::shown(&done.value)) })
}
