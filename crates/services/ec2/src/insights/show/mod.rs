//! Paths and analyses as the API shows them.

mod component;
mod explanation;
mod rules;

use super::answer::Answer;
use super::{end, filter};
use crate::tags;
use api_ec2::{NetworkInsightsAnalysis, NetworkInsightsPath};
use aws_schema::Timestamp;
use component::Words;
use records::{InsightsAnalysis, InsightsPath};
use state_store::typed::{Scope, Store};

/// A path.
pub(super) fn path(store: &Store, scope: &Scope, path: &InsightsPath) -> NetworkInsightsPath {
    NetworkInsightsPath {
        network_insights_path_id: Some(path.id.clone()),
        network_insights_path_arn: Some(end::arn(scope, &path.id)),
        created_date: Some(Timestamp::from_millis(path.created)),
        source: Some(path.source.clone()),
        source_arn: Some(end::arn(scope, &path.source)),
        destination: path.destination.clone(),
        destination_arn: path.destination.as_ref().map(|id| end::arn(scope, id)),
        source_ip: path.source_ip.clone(),
        destination_ip: path.destination_ip.clone(),
        protocol: Some(path.protocol.clone()),
        destination_port: path.destination_port.map(i32::from),
        filter_at_source: path.filter_at_source.as_ref().map(filter::show),
        filter_at_destination: path.filter_at_destination.as_ref().map(filter::show),
        tags: Some(tags::to_api(&tags::of(store, scope, &path.id))),
    }
}

/// An analysis, with its answer once there is one.
pub(super) fn analysis(store: &Store, scope: &Scope, analysis: &InsightsAnalysis) -> NetworkInsightsAnalysis {
    let given = |arns: &[String]| (!arns.is_empty()).then(|| arns.to_vec());
    let mut shown = NetworkInsightsAnalysis {
        network_insights_analysis_id: Some(analysis.id.clone()),
        network_insights_analysis_arn: Some(end::arn(scope, &analysis.id)),
        network_insights_path_id: Some(analysis.path_id.clone()),
        filter_in_arns: given(&analysis.filter_in),
        filter_out_arns: given(&analysis.filter_out),
        start_date: Some(Timestamp::from_millis(analysis.started)),
        status: Some(analysis.status.clone().into()),
        status_message: analysis.status_message.clone(),
        network_path_found: analysis.found,
        tags: Some(tags::to_api(&tags::of(store, scope, &analysis.id))),
        ..NetworkInsightsAnalysis::default()
    };
    // An analysis at work, or a failed one, has no answer.
    if let Ok(answer) = serde_json::from_str::<Answer>(&analysis.answer) {
        let words = Words { store, scope, answer: &answer };
        let there = component::path(
            &words,
            &answer.forward,
            answer.from_instance.as_ref(),
            answer.to_instance.as_ref(),
        );
        let back =
            component::path(&words, &answer.back, answer.to_instance.as_ref(), answer.from_instance.as_ref());
        shown.forward_path_components = Some(there).filter(|list| !list.is_empty());
        shown.return_path_components = Some(back).filter(|list| !list.is_empty());
        shown.explanations = (!answer.found).then(|| explanation::all(&words));
        shown.warning_message.clone_from(&answer.warning);
    }
    shown
}
