//! From records to answers: finding a version, opening its value.

use super::name::ParameterRef;
use crate::faults;
use crate::service::{Ssm, SsmCall};
use api_ssm::ParameterInlinePolicy;
use aws_schema::{Fault, Timestamp};
use records::Millis;
use records::ssm::{Parameter, ParameterVersion, StoredValue};
use state_store::typed::Scope;
use std::sync::Arc;

/// Whether a parameter exists for callers: an expired one is gone, even before it is swept away.
pub(crate) fn is_live(parameter: &Parameter, now: Millis) -> bool {
    parameter.expires.is_none_or(|at| at > now)
}

/// Id of the record of one version.
pub(crate) fn version_id(id: &str, version: i64) -> String {
    format!("{id}:{version:010}")
}

/// What a value is sealed for.
pub(crate) fn seal_context(scope: &Scope, id: &str) -> String {
    format!("ssm/parameter/{scope}/{id}")
}

/// A parameter and the version of it that was asked for.
pub(crate) struct Selected {
    /// The parameter.
    pub(crate) parameter: Arc<Parameter>,
    /// The version asked for.
    pub(crate) version: ParameterVersion,
    /// `:3` or `:label`, as the answer repeats it.
    pub(crate) selector: Option<String>,
}

impl Ssm {
    /// A live parameter.
    pub(crate) fn parameter(&self, scope: &Scope, id: &str) -> Option<Arc<Parameter>> {
        self.platform.store.get::<Parameter>(scope, id).filter(|p| is_live(p, self.now()))
    }

    /// A kept version of it.
    pub(crate) fn version(
        &self,
        scope: &Scope,
        parameter: &Parameter,
        version: i64,
    ) -> Option<ParameterVersion> {
        if version == parameter.current.version {
            return Some(parameter.current.clone());
        }
        if version < parameter.oldest {
            return None;
        }
        let id = version_id(&parameter.id, version);
        self.platform.store.get::<ParameterVersion>(scope, &id).map(|v| (*v).clone())
    }

    /// The value as an answer shows it: without decryption a SecureString is an opaque text.
    pub(crate) fn shown_value(
        &self,
        scope: &Scope,
        id: &str,
        value: &StoredValue,
        decrypt: bool,
    ) -> Result<String, Fault> {
        match value {
            StoredValue::Secret(sealed) if !decrypt => Ok(sealed.clone()),
            StoredValue::Text(text) | StoredValue::Secret(text) => {
                use base64::Engine as _;
                let sealed = base64::engine::general_purpose::STANDARD.decode(text).unwrap_or_default();
                let plain = self.platform.sealer.open(&seal_context(scope, id), &sealed);
                let plain = plain.map_err(|error| faults::sealed(&error))?;
                String::from_utf8(plain).map_err(|_| faults::sealed(&contracts::SealError::Open))
            }
        }
    }
}

/// Finds what a reference points at.
pub(crate) fn find_selected(service: &Ssm, scope: &Scope, wanted: &ParameterRef) -> Result<Selected, Fault> {
    let parameter =
        service.parameter(scope, &wanted.id).ok_or_else(|| faults::parameter_not_found(&wanted.name))?;
    let Some(selector) = &wanted.selector else {
        let version = parameter.current.clone();
        return Ok(Selected { parameter, version, selector: None });
    };
    let number = if selector.bytes().all(|b| b.is_ascii_digit()) {
        selector.parse().map_err(|_| faults::parameter_version_not_found(&wanted.name, selector))?
    } else {
        let label = parameter.labels.get(selector);
        *label.ok_or_else(|| faults::parameter_label_not_found(&wanted.name, selector))?
    };
    let version = service.version(scope, &parameter, number);
    let version = version.ok_or_else(|| faults::parameter_version_not_found(&wanted.name, selector))?;
    Ok(Selected { parameter, version, selector: Some(format!(":{selector}")) })
}

/// `Parameter` of an answer.
pub(crate) fn shown(call: &SsmCall, selected: &Selected, decrypt: bool) -> Result<api_ssm::Parameter, Fault> {
    let Selected { parameter, version, selector } = selected;
    Ok(api_ssm::Parameter {
        name: Some(parameter.name.clone()),
        type_: Some(version.kind.clone().into()),
        value: Some(call.shown_value(call.scope(), &parameter.id, &version.value, decrypt)?),
        version: Some(version.version),
        selector: selector.clone(),
        last_modified_date: Some(Timestamp::from_millis(version.modified)),
        arn: Some(arn(call, parameter)),
        data_type: Some(version.data_type.clone()),
        ..Default::default()
    })
}

/// `arn:aws:ssm:<region>:<account>:parameter/<name without leading slash>`.
pub(crate) fn arn(call: &SsmCall, parameter: &Parameter) -> String {
    call.caller.arn("ssm", &format!("parameter/{}", parameter.id))
}

/// `Policies` of an answer.
pub(crate) fn policies(version: &ParameterVersion) -> Vec<ParameterInlinePolicy> {
    let shown = version.policies.iter().map(|text| ParameterInlinePolicy {
        policy_text: Some(text.clone()),
        policy_type: super::policy::type_of(text),
        policy_status: Some("Pending".to_owned()),
    });
    shown.collect()
}
