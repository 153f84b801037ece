//! GetParameterHistory.

use super::name::ParameterRef;
use super::read::policies;
use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{GetParameterHistoryRequest, GetParameterHistoryResult, ParameterHistory};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use records::ssm::{Parameter, ParameterVersion};

/// GetParameterHistory: every kept version, oldest first.
///
/// Errors: `ParameterNotFound`, `InvalidNextToken`.
pub(crate) async fn history(
    call: SsmCall,
    input: GetParameterHistoryRequest,
) -> Reply<GetParameterHistoryResult> {
    let not_found = || faults::parameter_not_found(input.name());
    let wanted = ParameterRef::parse(&call.caller, input.name()).filter(|w| w.selector.is_none());
    let wanted = wanted.ok_or_else(not_found)?;
    let parameter = call.parameter(call.scope(), &wanted.id).ok_or_else(not_found)?;
    let numbers: Vec<i64> = (parameter.oldest..=parameter.current.version).collect();
    let purpose = format!("history/{}", parameter.id);
    let limit = page_size(input.max_results, 50);
    let page = call
        .page(&purpose, call.scope(), numbers, input.next_token.as_deref(), limit, |n| format!("{n:010}"))?;
    let decrypt = input.with_decryption.unwrap_or(false);
    let versions = page.items.into_iter().filter_map(|n| call.version(call.scope(), &parameter, n));
    let shown: Result<Vec<_>, Fault> = versions.map(|v| entry(&call, &parameter, &v, decrypt)).collect();
    Ok(GetParameterHistoryResult { parameters: Some(shown?), next_token: page.next })
}

/// `ParameterHistory` of an answer.
fn entry(
    call: &SsmCall,
    parameter: &Parameter,
    version: &ParameterVersion,
    decrypt: bool,
) -> Result<ParameterHistory, Fault> {
    let labels = parameter.labels.iter().filter(|(_, v)| **v == version.version).map(|(l, _)| l.clone());
    Ok(ParameterHistory {
        name: Some(parameter.name.clone()),
        type_: Some(version.kind.clone().into()),
        key_id: version.key_id.clone(),
        last_modified_date: Some(Timestamp::from_millis(version.modified)),
        last_modified_user: Some(version.modified_by.clone()),
        description: version.description.clone(),
        value: Some(call.shown_value(call.scope(), &parameter.id, &version.value, decrypt)?),
        allowed_pattern: version.allowed_pattern.clone(),
        version: Some(version.version),
        labels: Some(labels.collect()),
        tier: Some(version.tier.clone().into()),
        policies: Some(policies(version)),
        data_type: Some(version.data_type.clone()),
    })
}
