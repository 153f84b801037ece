//! DescribeParameters.

use super::filter::{Place, parse, parse_old};
use super::read::{arn, is_live, policies};
use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{DescribeParametersRequest, DescribeParametersResult, ParameterMetadata};
use aws_schema::Timestamp;
use contracts::Reply;
use records::ssm::Parameter;

/// DescribeParameters: everything but the values. Parameters shared by other accounts (`Shared`) do not exist here.
///
/// Errors: those of filters, `InvalidNextToken`, `ValidationException` where old and new filters are mixed.
pub(crate) async fn describe(
    call: SsmCall,
    input: DescribeParametersRequest,
) -> Reply<DescribeParametersResult> {
    let old = input.filters.as_deref().unwrap_or_default();
    let new = input.parameter_filters.as_deref().unwrap_or_default();
    if !old.is_empty() && !new.is_empty() {
        return Err(faults::validation(
            "You can use either Filters or ParameterFilters in a single request.",
        ));
    }
    let filters = if old.is_empty() { parse(Place::Describe, new)? } else { parse_old(old)? };
    let now = call.now();
    let shared = input.shared.unwrap_or(false);
    let all = if shared { Vec::new() } else { call.platform.store.list::<Parameter>(call.scope()) };
    let found: Vec<_> =
        all.into_iter().filter(|p| is_live(p, now) && filters.iter().all(|f| f.passes(p))).collect();
    let purpose = format!("parameters/{shared}/{filters:?}");
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 50));
    let page = call.page(&purpose, call.scope(), found, token, limit, |p| p.id.clone())?;
    let parameters = page.items.iter().map(|p| entry(&call, p)).collect();
    Ok(DescribeParametersResult { parameters: Some(parameters), next_token: page.next })
}

/// `ParameterMetadata` of an answer.
fn entry(call: &SsmCall, parameter: &Parameter) -> ParameterMetadata {
    let current = &parameter.current;
    ParameterMetadata {
        name: Some(parameter.name.clone()),
        arn: Some(arn(call, parameter)),
        type_: Some(current.kind.clone().into()),
        key_id: current.key_id.clone(),
        last_modified_date: Some(Timestamp::from_millis(current.modified)),
        last_modified_user: Some(current.modified_by.clone()),
        description: current.description.clone(),
        allowed_pattern: current.allowed_pattern.clone(),
        version: Some(current.version),
        tier: Some(current.tier.clone().into()),
        policies: Some(policies(current)),
        data_type: Some(current.data_type.clone()),
    }
}
