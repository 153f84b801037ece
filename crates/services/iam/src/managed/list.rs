//! ListPolicies, and the policies of GetAccountAuthorizationDetails.

use super::{CATALOGUE, Managed, versions};
use crate::paging::Asked;
use crate::{Iam, names};
use api_iam::*;
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::{Scope, Store};

/// All policies of one kind, ordered by name.
fn all(store: &Store, scope: &Scope, aws: bool, own: bool) -> Vec<Managed> {
    let mut found: Vec<Managed> = Vec::new();
    if own {
        found.extend(store.list::<iam::Policy>(scope).into_iter().map(Managed::Own));
    }
    if aws {
        found.extend(CATALOGUE.iter().map(Managed::Aws));
    }
    found.sort_by_key(key);
    found
}

/// Own ones first; names are unique on each side.
fn key(policy: &Managed) -> String {
    match policy {
        Managed::Own(policy) => format!("0{}", policy.id),
        Managed::Aws(policy) => format!("1{}", policy.name),
    }
}

/// ListPolicies.
pub(crate) async fn list_policies(
    call: Call<Iam>,
    input: ListPoliciesRequest,
) -> Reply<ListPoliciesResponse> {
    let (store, scope) = (&call.platform.store, call.caller.global());
    let which = input.scope.unwrap_or(PolicyScopeType::ALL);
    let prefix = names::check_prefix(input.path_prefix.as_deref())?;
    let usage = input.policy_usage_filter;
    let only_attached = input.only_attached == Some(true);
    let list = format!("{}\0{prefix}\0{:?}\0{only_attached}", which.as_str(), usage);
    let mut found = all(store, &scope, which != PolicyScopeType::LOCAL, which != PolicyScopeType::AWS);
    found.retain(|policy| policy.path().starts_with(&prefix));
    let mut shown: Vec<(String, Policy)> =
        found.iter().map(|policy| (key(policy), policy.show(store, &scope, false))).collect();
    shown.retain(|(_, policy)| {
        let attached = policy.attachment_count.unwrap_or_default() > 0;
        let boundary = policy.permissions_boundary_usage_count.unwrap_or_default() > 0;
        match &usage {
            _ if !only_attached && usage.is_none() => true,
            None => attached,
            Some(usage) if *usage == PolicyUsageType::PERMISSIONS_BOUNDARY => boundary,
            Some(_) => attached,
        }
    });
    let asked = Asked {
        operation: "ListPolicies",
        list,
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page(&call.caller, asked, shown, |(key, _)| key.clone())?;
    Ok(ListPoliciesResponse {
        policies: Some(page.items.into_iter().map(|(_, policy)| policy).collect()),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// Policies with all their versions; of AWS's only those in use, as AWS does.
pub(crate) fn details(store: &Store, scope: &Scope, aws: bool, own: bool) -> Vec<ManagedPolicyDetail> {
    let found = all(store, scope, aws, own);
    let detailed = found.iter().filter_map(|policy| {
        let shown = policy.show(store, scope, true);
        let used = shown.attachment_count.unwrap_or_default()
            + shown.permissions_boundary_usage_count.unwrap_or_default();
        if matches!(policy, Managed::Aws(_)) && used == 0 {
            return None;
        }
        Some(ManagedPolicyDetail {
            policy_name: shown.policy_name,
            policy_id: shown.policy_id,
            arn: shown.arn,
            path: shown.path,
            default_version_id: shown.default_version_id,
            attachment_count: shown.attachment_count,
            permissions_boundary_usage_count: shown.permissions_boundary_usage_count,
            is_attachable: shown.is_attachable,
            description: shown.description,
            create_date: shown.create_date,
            update_date: shown.update_date,
            policy_version_list: Some(versions::all(policy, true)),
        })
    });
    detailed.collect()
}
