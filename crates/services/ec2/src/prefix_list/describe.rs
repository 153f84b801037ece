//! What can be seen of prefix lists: themselves, their entries by version, and what names them.

use super::show;
use crate::filters::{Filters, one};
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::{
    DescribeManagedPrefixListsRequest, DescribeManagedPrefixListsResult,
    GetManagedPrefixListAssociationsRequest, GetManagedPrefixListAssociationsResult,
    GetManagedPrefixListEntriesRequest, GetManagedPrefixListEntriesResult, PrefixListAssociation,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{PrefixList, RouteTable, SecurityGroup};
use std::sync::Arc;

/// DescribeManagedPrefixLists.
///
/// # Errors
/// `InvalidPrefixListID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter.
pub(super) async fn describe_managed_prefix_lists(
    call: Call<Ec2>,
    input: DescribeManagedPrefixListsRequest,
) -> Reply<DescribeManagedPrefixListsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, &["owner-id", "prefix-list-id", "prefix-list-name"])?;
    let ids = input.prefix_list_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeManagedPrefixLists",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(1..=100)?;
    let mut found = lookup::select::<PrefixList>(store, scope, ResourceKind::PrefixList, &ids)?;
    found.retain(|list| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &list.id), |name| match name {
                "owner-id" => one(&*scope.account),
                "prefix-list-id" => one(&list.id),
                "prefix-list-name" => one(&list.name),
                _ => Vec::new(),
            })
    });
    let page = paging.page(&call, found, |list| list.id.clone())?;
    let lists = page.items.iter().map(|list| show::list(store, scope, list, &list.state)).collect();
    Ok(DescribeManagedPrefixListsResult { prefix_lists: Some(lists), next_token: page.next })
}

/// The list with this id.
fn one_list(call: &Call<Ec2>, id: &str) -> Result<Arc<PrefixList>, Fault> {
    let kind = ResourceKind::PrefixList;
    kind.check(id)?;
    call.store().get::<PrefixList>(call.scope(), id).ok_or_else(|| kind.not_found(id))
}

/// GetManagedPrefixListEntries: of the newest or an older version.
///
/// # Errors
/// `InvalidPrefixListID.NotFound`; `InvalidParameterValue` for a version that is not kept.
pub(super) async fn get_managed_prefix_list_entries(
    call: Call<Ec2>,
    input: GetManagedPrefixListEntriesRequest,
) -> Reply<GetManagedPrefixListEntriesResult> {
    let id = faults::required(input.prefix_list_id, "prefixListId")?;
    let list = one_list(&call, &id)?;
    let version = input.target_version.unwrap_or(list.version);
    let paging = Paging {
        operation: "GetManagedPrefixListEntries",
        scope: call.scope(),
        filters: format!("{id} {version}"),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(1..=100)?;
    let entries = list.history.iter().find(|(known, _)| *known == version).map(|(_, entries)| entries);
    let entries = entries.ok_or_else(|| {
        faults::invalid_value("targetVersion", &version.to_string(), "The list has no such version.")
    })?;
    // Numbered, because the order of blocks is not the order of their texts.
    let numbered: Vec<_> = entries.iter().cloned().enumerate().collect();
    let page = paging.page(&call, numbered, |(at, _)| format!("{at:06}"))?;
    let shown = page.items.into_iter().map(|(_, entry)| api_ec2::PrefixListEntry {
        cidr: Some(entry.cidr.to_string()),
        description: entry.description,
    });
    Ok(GetManagedPrefixListEntriesResult { entries: Some(shown.collect()), next_token: page.next })
}

/// GetManagedPrefixListAssociations: the groups and route tables that name the list.
///
/// # Errors
/// `InvalidPrefixListID.NotFound`.
pub(super) async fn get_managed_prefix_list_associations(
    call: Call<Ec2>,
    input: GetManagedPrefixListAssociationsRequest,
) -> Reply<GetManagedPrefixListAssociationsResult> {
    let id = faults::required(input.prefix_list_id, "prefixListId")?;
    one_list(&call, &id)?;
    let (scope, store) = (call.scope(), call.store());
    let paging = Paging {
        operation: "GetManagedPrefixListAssociations",
        scope,
        filters: id.clone(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(5..=255)?;
    let groups = store.by_index::<SecurityGroup>(scope, "prefix-list", &id);
    let tables = store.by_index::<RouteTable>(scope, "prefix-list", &id);
    let mut users: Vec<String> =
        groups.iter().map(|g| g.id.clone()).chain(tables.iter().map(|t| t.id.clone())).collect();
    users.sort_unstable();
    let page = paging.page(&call, users, Clone::clone)?;
    let shown = page.items.into_iter().map(|id| PrefixListAssociation {
        resource_id: Some(id),
        resource_owner: Some(scope.account.to_string()),
    });
    Ok(GetManagedPrefixListAssociationsResult {
        prefix_list_associations: Some(shown.collect()),
        next_token: page.next,
    })
}
