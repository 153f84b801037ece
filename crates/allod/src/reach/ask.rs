//! The path and its analysis, which are taken away again.

use super::ends::Ends;
use crate::arguments::Reach;
use anyhow::{Context as _, bail, ensure};
use api_ec2::{
    CreateNetworkInsightsPathRequest, DeleteNetworkInsightsAnalysisRequest, DeleteNetworkInsightsPathRequest,
    DescribeNetworkInsightsAnalysesRequest, NetworkInsightsAnalysis, PathRequestFilter,
    RequestFilterPortRange, StartNetworkInsightsAnalysisRequest, ops,
};
use aws_client::Client;
use std::time::Duration;

/// Between two looks at an analysis.
const PAUSE: Duration = Duration::from_millis(10);
/// How often is looked: an analysis that takes minutes is given up.
const LOOKS: usize = 12_000;

/// The finished analysis between two ends.
pub(super) fn ask(
    client: &mut Client,
    options: &Reach,
    ends: &Ends,
) -> anyhow::Result<NetworkInsightsAnalysis> {
    let input = CreateNetworkInsightsPathRequest {
        source: Some(ends.source.clone()),
        destination: ends.destination.clone(),
        protocol: Some(options.protocol.clone()),
        client_token: Some(contracts::new_uuid()),
        filter_at_source: filter(options, ends),
        ..CreateNetworkInsightsPathRequest::default()
    };
    let made = client.call::<ops::CreateNetworkInsightsPath>(&api_ec2::SERVICE, &input)?;
    let path = made.network_insights_path.and_then(|path| path.network_insights_path_id);
    let path = path.context("the answer names no path")?;
    let analysis = analyse(client, &path);
    let input = DeleteNetworkInsightsPathRequest {
        network_insights_path_id: Some(path),
        ..DeleteNetworkInsightsPathRequest::default()
    };
    let deleted = client.call::<ops::DeleteNetworkInsightsPath>(&api_ec2::SERVICE, &input);
    let analysis = analysis?;
    deleted.context("the path could not be taken away")?;
    Ok(analysis)
}

/// What the packets are; `None` when nothing is said of them.
fn filter(options: &Reach, ends: &Ends) -> Option<PathRequestFilter> {
    let port = |port: Option<u16>| {
        port.map(i32::from).map(|port| RequestFilterPortRange { from_port: Some(port), to_port: Some(port) })
    };
    let filter = PathRequestFilter {
        source_address: ends.source_address.map(|address| address.to_string()),
        source_port_range: port(options.source_port),
        destination_address: ends.destination_address.map(|address| address.to_string()),
        destination_port_range: port(options.port),
    };
    (filter != PathRequestFilter::default()).then_some(filter)
}

fn analyse(client: &mut Client, path: &str) -> anyhow::Result<NetworkInsightsAnalysis> {
    let input = StartNetworkInsightsAnalysisRequest {
        network_insights_path_id: Some(path.to_owned()),
        client_token: Some(contracts::new_uuid()),
        ..StartNetworkInsightsAnalysisRequest::default()
    };
    let begun = client.call::<ops::StartNetworkInsightsAnalysis>(&api_ec2::SERVICE, &input)?;
    let id = begun.network_insights_analysis.and_then(|analysis| analysis.network_insights_analysis_id);
    let id = id.context("the answer names no analysis")?;
    let finished = wait(client, &id);
    let input = DeleteNetworkInsightsAnalysisRequest {
        network_insights_analysis_id: Some(id),
        ..DeleteNetworkInsightsAnalysisRequest::default()
    };
    let deleted = client.call::<ops::DeleteNetworkInsightsAnalysis>(&api_ec2::SERVICE, &input);
    let finished = finished?;
    deleted.context("the analysis could not be taken away")?;
    let status = finished.status.as_ref().map(|status| status.as_str()).unwrap_or_default();
    let message = finished.status_message.as_deref().unwrap_or_default();
    ensure!(status == "succeeded", "the analysis {status}: {message}");
    Ok(finished)
}

fn wait(client: &mut Client, id: &str) -> anyhow::Result<NetworkInsightsAnalysis> {
    let input = DescribeNetworkInsightsAnalysesRequest {
        network_insights_analysis_ids: Some(vec![id.to_owned()]),
        ..DescribeNetworkInsightsAnalysesRequest::default()
    };
    for _ in 0..LOOKS {
        let seen = client.call::<ops::DescribeNetworkInsightsAnalyses>(&api_ec2::SERVICE, &input)?;
        let analysis = seen.network_insights_analyses.into_iter().flatten().next();
        let analysis = analysis.context("the analysis is gone")?;
        if analysis.status.as_ref().is_none_or(|status| status.as_str() != "running") {
            return Ok(analysis);
        }
        std::thread::sleep(PAUSE);
    }
    bail!("the analysis does not end")
}
