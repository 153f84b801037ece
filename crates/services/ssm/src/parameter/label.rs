//! LabelParameterVersion and UnlabelParameterVersion.

use super::name::{ParameterRef, is_name_part};
use super::read::is_live;
use crate::faults;
use crate::service::SsmCall;
use api_ssm::{
    LabelParameterVersionRequest, LabelParameterVersionResult, UnlabelParameterVersionRequest,
    UnlabelParameterVersionResult,
};
use aws_schema::Fault;
use contracts::Reply;
use records::ssm::Parameter;
use state_store::typed::Tx;
use std::sync::Arc;

/// Most labels of one version.
const MOST: usize = 10;

/// The user guide's rule for labels: letters, digits, `.-_`, not beginning with a digit, `aws` or `ssm`.
fn is_label(label: &str) -> bool {
    let lower = label.to_ascii_lowercase();
    let reserved = lower.starts_with("aws") || lower.starts_with("ssm");
    is_name_part(label) && !reserved && !label.starts_with(|c: char| c.is_ascii_digit())
}

/// The parameter and the version to work on (the newest if none is named).
fn find(
    call: &SsmCall,
    tx: &mut Tx<'_>,
    name: &str,
    version: Option<i64>,
) -> Result<(Arc<Parameter>, i64), Fault> {
    let not_found = || faults::parameter_not_found(name);
    let wanted =
        ParameterRef::parse(&call.caller, name).filter(|w| w.selector.is_none()).ok_or_else(not_found)?;
    let parameter = tx.get::<Parameter>(call.scope(), &wanted.id);
    let parameter = parameter.filter(|p| is_live(p, call.now())).ok_or_else(not_found)?;
    let version = version.unwrap_or(parameter.current.version);
    if version < parameter.oldest || version > parameter.current.version {
        return Err(faults::parameter_version_not_found(name, &version.to_string()));
    }
    Ok((parameter, version))
}

/// LabelParameterVersion: labels that break the rules are named in `InvalidLabels` and not attached; a label on another
/// version moves.
///
/// Errors: `ParameterNotFound`, `ParameterVersionNotFound`, `ParameterVersionLabelLimitExceeded`.
pub(crate) async fn label(
    call: SsmCall,
    input: LabelParameterVersionRequest,
) -> Reply<LabelParameterVersionResult> {
    let done = call.platform.transact(|tx| {
        let (parameter, version) = find(&call, tx, input.name(), input.parameter_version)?;
        let mut parameter = (*parameter).clone();
        let (valid, invalid): (Vec<_>, Vec<_>) = input.labels().iter().cloned().partition(|l| is_label(l));
        for label in valid {
            parameter.labels.insert(label, version);
        }
        if parameter.labels.values().filter(|v| **v == version).count() > MOST {
            return Err(faults::too_many_labels());
        }
        tx.put(call.scope(), parameter);
        Ok((version, invalid))
    });
    let (version, invalid) = done.await?.value;
    Ok(LabelParameterVersionResult { invalid_labels: Some(invalid), parameter_version: Some(version) })
}

/// UnlabelParameterVersion: labels the version does not carry are named in `InvalidLabels`.
pub(crate) async fn unlabel(
    call: SsmCall,
    input: UnlabelParameterVersionRequest,
) -> Reply<UnlabelParameterVersionResult> {
    let done = call.platform.transact(|tx| {
        let (parameter, version) = find(&call, tx, input.name(), input.parameter_version)?;
        let mut parameter = (*parameter).clone();
        let (removed, invalid): (Vec<_>, Vec<_>) =
            input.labels().iter().cloned().partition(|l| parameter.labels.get(l) == Some(&version));
        for label in &removed {
            parameter.labels.remove(label);
        }
        if !removed.is_empty() {
            tx.put(call.scope(), parameter);
        }
        Ok((removed, invalid))
    });
    let (removed, invalid) = done.await?.value;
    Ok(UnlabelParameterVersionResult { removed_labels: Some(removed), invalid_labels: Some(invalid) })
}
