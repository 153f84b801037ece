//! GetParametersByPath.

use super::filter::{Place, is_below, parse, path_prefix};
use super::read::{Selected, is_live, shown};
use crate::service::{SsmCall, page_size};
use api_ssm::{GetParametersByPathRequest, GetParametersByPathResult};
use aws_schema::Fault;
use contracts::Reply;
use records::ssm::Parameter;
use std::sync::Arc;

/// Parameters of one page, AWS's limit.
const PAGE: usize = 10;

/// GetParametersByPath: the parameters below a path, by name; a `Label` filter picks the labelled versions.
///
/// Errors: `ValidationException` for the path, those of filters, `InvalidNextToken`.
pub(crate) async fn get_by_path(
    call: SsmCall,
    input: GetParametersByPathRequest,
) -> Reply<GetParametersByPathResult> {
    let prefix = path_prefix(input.path())?;
    let filters = parse(Place::ByPath, input.parameter_filters.as_deref().unwrap_or_default())?;
    let recursive = input.recursive.unwrap_or(false);
    let now = call.now();
    let mut found = Vec::new();
    for parameter in call.platform.store.list_prefix::<Parameter>(call.scope(), &prefix) {
        let wanted = is_live(&parameter, now)
            && is_below(&parameter.id, &prefix, recursive)
            && filters.iter().all(|f| f.passes(&parameter));
        if !wanted {
            continue;
        }
        let labels = filters.iter().find(|f| f.is_label()).map(|f| &f.values);
        let label = labels.map(|wanted| wanted.iter().find(|l| parameter.labels.contains_key(*l)));
        match label {
            None => found.push((parameter, None)),
            Some(Some(label)) => found.push((parameter, Some(label.clone()))),
            Some(None) => {}
        }
    }
    let purpose = format!("by-path/{prefix}/{recursive}/{filters:?}");
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, PAGE));
    let page = call.page(&purpose, call.scope(), found, token, limit, |(p, _)| p.id.clone())?;
    let decrypt = input.with_decryption.unwrap_or(false);
    let mut parameters = Vec::new();
    for (parameter, label) in page.items {
        if let Some(selected) = select(&call, parameter, label) {
            parameters.push(shown(&call, &selected, decrypt)?);
        }
    }
    Ok::<_, Fault>(GetParametersByPathResult { parameters: Some(parameters), next_token: page.next })
}

/// The version to show: the labelled one, or the newest. `None` when it went while the page was made.
fn select(call: &SsmCall, parameter: Arc<Parameter>, label: Option<String>) -> Option<Selected> {
    let number = label.as_ref().and_then(|l| parameter.labels.get(l)).copied();
    let version = call.version(call.scope(), &parameter, number.unwrap_or(parameter.current.version))?;
    Some(Selected { parameter, version, selector: label.map(|l| format!(":{l}")) })
}
