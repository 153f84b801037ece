//! DescribeNetworkInsightsAnalyses.

use super::{show, work};
use crate::filters::{Filters, one};
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeNetworkInsightsAnalysesRequest, DescribeNetworkInsightsAnalysesResult};
use contracts::{Call, Reply};
use records::{InsightsAnalysis, InsightsPath};

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &["path-found", "status"];

/// DescribeNetworkInsightsAnalyses.
///
/// # Errors
/// `InvalidNetworkInsightsAnalysisId.NotFound` with every unknown id, `InvalidNetworkInsightsPathId.NotFound`,
/// `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn describe_network_insights_analyses(
    call: Call<Ec2>,
    input: DescribeNetworkInsightsAnalysesRequest,
) -> Reply<DescribeNetworkInsightsAnalysesResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.network_insights_analysis_ids.unwrap_or_default();
    let (after, before) = (input.analysis_start_time, input.analysis_end_time);
    let path_id = input.network_insights_path_id;
    let paging = Paging {
        operation: "DescribeNetworkInsightsAnalyses",
        scope,
        filters: format!("{}\0{path_id:?}\0{after:?}\0{before:?}", filters.purpose()),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(1..=100)?;
    if let Some(id) = &path_id {
        ResourceKind::InsightsPath.check(id)?;
        if store.get::<InsightsPath>(scope, id).is_none() {
            return Err(ResourceKind::InsightsPath.not_found(id));
        }
    }
    work::resume(&call.service(), scope);
    let mut found = lookup::select::<InsightsAnalysis>(store, scope, ResourceKind::InsightsAnalysis, &ids)?;
    found.retain(|analysis| {
        let values = |name: &str| match name {
            "path-found" => analysis.found.iter().map(ToString::to_string).collect(),
            "status" => one(&analysis.status),
            _ => Vec::new(),
        };
        path_id.as_ref().is_none_or(|id| *id == analysis.path_id)
            && after.is_none_or(|time| time.millis() <= analysis.started)
            && before.is_none_or(|time| analysis.started <= time.millis())
            && (filters.is_empty() || filters.matches(&tags::of(store, scope, &analysis.id), values))
    });
    let page = paging.page(&call, found, |analysis| analysis.id.clone())?;
    let shown = page.items.iter().map(|analysis| show::analysis(store, scope, analysis)).collect();
    Ok(DescribeNetworkInsightsAnalysesResult {
        network_insights_analyses: Some(shown),
        next_token: page.next,
    })
}
