//! Network Insights: paths, and analyses of whether packets get through and what decides (AWS: "Reachability Analyzer").
//!
//! An analysis reads the records ([`topology`]), turns the path into questions ([`question`]), asks the explainer, which
//! searches every packet that the path leaves open together with its answer ([`analyse`]), and keeps what it said
//! ([`answer`]), to be shown in the words of the API ([`show`]). No packet is sent.

mod analyse;
mod answer;
mod create_path;
mod delete;
mod describe_analyses;
mod describe_paths;
mod end;
mod faults;
mod filter;
mod question;
mod show;
mod start;
mod topology;
mod work;

use crate::Ec2;
use api_ec2::ops;
use contracts::ServiceTable;
use std::sync::Arc;

pub(crate) use work::Analyses;

/// Adds the operations on paths and analyses.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Ec2>) {
    network_operations!(table, service, {
        CreateNetworkInsightsPath => create_path::create_network_insights_path,
        DeleteNetworkInsightsPath => delete::delete_network_insights_path,
        DescribeNetworkInsightsPaths => describe_paths::describe_network_insights_paths,
        StartNetworkInsightsAnalysis => start::start_network_insights_analysis,
        DeleteNetworkInsightsAnalysis => delete::delete_network_insights_analysis,
        DescribeNetworkInsightsAnalyses => describe_analyses::describe_network_insights_analyses,
    });
}
