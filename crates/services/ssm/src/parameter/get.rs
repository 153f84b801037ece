//! GetParameter and GetParameters.

use super::name::ParameterRef;
use super::read::{find_selected, shown};
use crate::faults;
use crate::service::SsmCall;
use api_ssm::{GetParameterRequest, GetParameterResult, GetParametersRequest, GetParametersResult};
use aws_schema::Fault;
use contracts::Reply;
use std::collections::BTreeSet;

/// One parameter by whatever reference.
fn find(call: &SsmCall, name: &str, decrypt: bool) -> Result<api_ssm::Parameter, Fault> {
    let wanted = ParameterRef::parse(&call.caller, name).ok_or_else(|| faults::parameter_not_found(name))?;
    shown(call, &find_selected(call, call.scope(), &wanted)?, decrypt)
}

/// GetParameter.
///
/// Errors: `ParameterNotFound`, `ParameterVersionNotFound`.
pub(crate) async fn get(call: SsmCall, input: GetParameterRequest) -> Reply<GetParameterResult> {
    let parameter = find(&call, input.name(), input.with_decryption.unwrap_or(false))?;
    Ok(GetParameterResult { parameter: Some(parameter) })
}

/// GetParameters: what cannot be found is named in `InvalidParameters`, each once.
pub(crate) async fn get_many(call: SsmCall, input: GetParametersRequest) -> Reply<GetParametersResult> {
    let decrypt = input.with_decryption.unwrap_or(false);
    let (mut found, mut invalid, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    for name in input.names() {
        if !seen.insert(name) {
            continue;
        }
        match find(&call, name, decrypt) {
            Ok(parameter) => found.push(parameter),
            Err(fault) if fault.status >= 500 => return Err(fault),
            Err(_) => invalid.push(name.clone()),
        }
    }
    Ok(GetParametersResult { parameters: Some(found), invalid_parameters: Some(invalid) })
}
