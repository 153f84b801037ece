//! DescribeSecurityGroupRules.

use super::show;
use crate::Ec2;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use crate::tags;
use api_ec2::{DescribeSecurityGroupRulesRequest, DescribeSecurityGroupRulesResult};
use contracts::{Call, Reply};
use records::{Rule, SecurityGroup};
use std::sync::Arc;

/// DescribeSecurityGroupRules: every rule as a thing of its own.
///
/// # Errors
/// `InvalidSecurityGroupRuleId.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_security_group_rules(
    call: Call<Ec2>,
    input: DescribeSecurityGroupRulesRequest,
) -> Reply<DescribeSecurityGroupRulesResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, &["group-id", "security-group-rule-id"])?;
    let ids = input.security_group_rule_ids.unwrap_or_default();
    let kind = ResourceKind::SecurityGroupRule;
    kind.check_all(&ids)?;
    let paging = Paging {
        operation: "DescribeSecurityGroupRules",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("securityGroupRuleIds"),
    };
    paging.check(USUAL)?;
    let mut found: Vec<(Arc<SecurityGroup>, Rule)> = Vec::new();
    for group in store.list::<SecurityGroup>(scope) {
        for rule in group.rules.iter().filter(|rule| ids.is_empty() || ids.contains(&rule.id)) {
            found.push((Arc::clone(&group), rule.clone()));
        }
    }
    let is_unknown = |id: &&String| !found.iter().any(|(_, rule)| rule.id == **id);
    let unknown: Vec<String> = ids.iter().filter(is_unknown).cloned().collect();
    if !unknown.is_empty() {
        return Err(kind.not_found_all(&unknown));
    }
    found.retain(|(group, rule)| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &rule.id), |name| match name {
                "group-id" => one(&group.id),
                "security-group-rule-id" => one(&rule.id),
                _ => Vec::new(),
            })
    });
    found.sort_by(|(_, a), (_, b)| a.id.cmp(&b.id));
    let page = paging.page(&call, found, |(_, rule)| rule.id.clone())?;
    let rules = page.items.iter().map(|(group, rule)| show::rule(store, scope, group, rule)).collect();
    Ok(DescribeSecurityGroupRulesResult { security_group_rules: Some(rules), next_token: page.next })
}
