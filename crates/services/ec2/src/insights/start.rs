//! StartNetworkInsightsAnalysis.

use super::faults::too_many_analyses;
use super::{show, work};
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{StartNetworkInsightsAnalysisRequest, StartNetworkInsightsAnalysisResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{InsightsAnalysis, InsightsPath};

/// Most ARNs of one list.
const MAX_ARNS: usize = 100;

fn arns(name: &str, given: Option<Vec<String>>) -> Result<Vec<String>, Fault> {
    let given = given.unwrap_or_default();
    if given.len() > MAX_ARNS {
        return Err(faults::invalid_value(
            name,
            &given.len().to_string(),
            "No more than 100 ARNs may be given.",
        ));
    }
    match given.iter().find(|arn| !arn.starts_with("arn:")) {
        Some(other) => Err(faults::invalid_value(name, other, "It is not an ARN.")),
        None => Ok(given),
    }
}

/// StartNetworkInsightsAnalysis: answers at once with an analysis that is `running`.
///
/// # Errors
/// `InvalidNetworkInsightsPathId.NotFound`, `NetworkInsightsAnalysis.LimitExceeded`, `InvalidParameterValue`,
/// `UnsupportedOperation` for additional accounts, `IdempotentParameterMismatch`.
pub(super) async fn start_network_insights_analysis(
    call: Call<Ec2>,
    input: StartNetworkInsightsAnalysisRequest,
) -> Reply<StartNetworkInsightsAnalysisResult> {
    let kind = ResourceKind::InsightsAnalysis;
    let once = Idempotent::of("StartNetworkInsightsAnalysis", input.client_token.as_deref(), &input)?;
    let (scope, now) = (call.scope(), call.now());
    // There are no organizations here; VPCs that are peered are read without being named.
    if input.additional_accounts.is_some_and(|accounts| !accounts.is_empty()) {
        return Err(faults::unsupported_parameter("AdditionalAccount"));
    }
    let analysis = InsightsAnalysis {
        id: kind.new_id(),
        path_id: faults::required(input.network_insights_path_id, "NetworkInsightsPathId")?,
        status: work::RUNNING.to_owned(),
        status_message: None,
        filter_in: arns("filterInArn", input.filter_in_arns)?,
        filter_out: arns("filterOutArn", input.filter_out_arns)?,
        found: None,
        answer: String::new(),
        started: now,
    };
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    work::resume(&call.service(), scope);
    let begun = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<InsightsAnalysis>(tx, scope, kind, &id);
        }
        lookup::find::<InsightsPath>(tx, scope, ResourceKind::InsightsPath, &analysis.path_id)?;
        let known = tx.list::<InsightsAnalysis>(scope);
        if known.len() >= limits::INSIGHTS_ANALYSES {
            return Err(too_many_analyses(limits::INSIGHTS_ANALYSES, false));
        }
        if known.iter().filter(|other| other.status == work::RUNNING).count() >= limits::RUNNING_ANALYSES {
            return Err(too_many_analyses(limits::RUNNING_ANALYSES, true));
        }
        tags::put(tx, scope, kind, &analysis.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &analysis.id, now);
        tx.put(scope, analysis.clone());
        Ok(analysis.clone())
    });
    let begun = begun.await?.value;
    if begun.status == work::RUNNING {
        work::begin(call.service(), scope, &begun.id);
    }
    let shown = show::analysis(call.store(), scope, &begun);
    Ok(StartNetworkInsightsAnalysisResult { network_insights_analysis: Some(shown) })
}
