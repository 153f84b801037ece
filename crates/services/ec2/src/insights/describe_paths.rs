//! DescribeNetworkInsightsPaths.

use super::{filter, show};
use crate::filters::{Filters, one};
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeNetworkInsightsPathsRequest, DescribeNetworkInsightsPathsResult};
use contracts::{Call, Reply};
use records::InsightsPath;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "destination",
    "filter-at-destination.destination-address",
    "filter-at-destination.destination-port-range",
    "filter-at-destination.source-address",
    "filter-at-destination.source-port-range",
    "filter-at-source.destination-address",
    "filter-at-source.destination-port-range",
    "filter-at-source.source-address",
    "filter-at-source.source-port-range",
    "protocol",
    "source",
];

fn values(path: &InsightsPath, name: &str) -> Vec<String> {
    if let Some(name) = name.strip_prefix("filter-at-source.") {
        return filter::values(path.filter_at_source.as_ref(), name);
    }
    if let Some(name) = name.strip_prefix("filter-at-destination.") {
        return filter::values(path.filter_at_destination.as_ref(), name);
    }
    match name {
        "destination" => path.destination.iter().cloned().collect(),
        "protocol" => one(&path.protocol),
        "source" => one(&path.source),
        _ => Vec::new(),
    }
}

/// DescribeNetworkInsightsPaths.
///
/// # Errors
/// `InvalidNetworkInsightsPathId.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter,
/// `InvalidNextToken`.
pub(super) async fn describe_network_insights_paths(
    call: Call<Ec2>,
    input: DescribeNetworkInsightsPathsRequest,
) -> Reply<DescribeNetworkInsightsPathsResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.network_insights_path_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeNetworkInsightsPaths",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(1..=100)?;
    let mut found = lookup::select::<InsightsPath>(store, scope, ResourceKind::InsightsPath, &ids)?;
    found.retain(|path| {
        filters.is_empty() || filters.matches(&tags::of(store, scope, &path.id), |name| values(path, name))
    });
    let page = paging.page(&call, found, |path| path.id.clone())?;
    let shown = page.items.iter().map(|path| show::path(store, scope, path)).collect();
    Ok(DescribeNetworkInsightsPathsResult { network_insights_paths: Some(shown), next_token: page.next })
}
