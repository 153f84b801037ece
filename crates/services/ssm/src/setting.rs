//! Service settings: GetServiceSetting, UpdateServiceSetting, ResetServiceSetting. Only settings that change something
//! here exist.

use crate::faults;
use crate::service::SsmCall;
use api_ssm::{
    GetServiceSettingRequest, GetServiceSettingResult, ResetServiceSettingRequest, ResetServiceSettingResult,
    UpdateServiceSettingRequest, UpdateServiceSettingResult,
};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use records::ssm::ServiceSetting;
use state_store::typed::{Scope, Tx};

/// Tier of parameters whose PutParameter names none.
pub(crate) const DEFAULT_PARAMETER_TIER: &str = "/ssm/parameter-store/default-parameter-tier";

/// Settings, their allowed values, the default first.
const SETTINGS: &[(&str, &[&str])] =
    &[(DEFAULT_PARAMETER_TIER, &["Standard", "Advanced", "Intelligent-Tiering"])];

/// The value of a setting, as it is or by default.
pub(crate) fn value(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> String {
    match tx.get::<ServiceSetting>(scope, id) {
        Some(setting) => setting.value.clone(),
        None => {
            SETTINGS.iter().find(|(known, _)| *known == id).map_or("", |(_, values)| values[0]).to_owned()
        }
    }
}

/// A setting may be named by its id or its ARN, whose last part is the id.
fn known(call: &SsmCall, id: &str) -> Result<&'static (&'static str, &'static [&'static str]), Fault> {
    let prefix = call.caller.arn("ssm", "servicesetting");
    let id = id.strip_prefix(&prefix).unwrap_or(id);
    SETTINGS.iter().find(|(known, _)| *known == id).ok_or_else(|| faults::setting_not_found(id))
}

/// `ServiceSetting` of an answer.
fn shown(
    call: &SsmCall,
    id: &str,
    default: &str,
    record: Option<&ServiceSetting>,
) -> api_ssm::ServiceSetting {
    let status = if record.is_some() { "Customized" } else { "Default" };
    api_ssm::ServiceSetting {
        setting_id: Some(id.to_owned()),
        setting_value: Some(record.map_or(default, |r| r.value.as_str()).to_owned()),
        last_modified_date: Some(Timestamp::from_millis(record.map_or(0, |r| r.modified))),
        last_modified_user: Some(record.map_or("System", |r| r.modified_by.as_str()).to_owned()),
        arn: Some(call.caller.arn("ssm", &format!("servicesetting{id}"))),
        status: Some(status.to_owned()),
    }
}

/// GetServiceSetting.
pub(crate) async fn get(call: SsmCall, input: GetServiceSettingRequest) -> Reply<GetServiceSettingResult> {
    let (id, values) = known(&call, input.setting_id())?;
    let record = call.platform.store.get::<ServiceSetting>(call.scope(), id);
    Ok(GetServiceSettingResult { service_setting: Some(shown(&call, id, values[0], record.as_deref())) })
}

/// UpdateServiceSetting.
///
/// Errors: `ServiceSettingNotFound`, `ValidationException` for a value the setting does not have.
pub(crate) async fn update(
    call: SsmCall,
    input: UpdateServiceSettingRequest,
) -> Reply<UpdateServiceSettingResult> {
    let (id, values) = known(&call, input.setting_id())?;
    if !values.contains(&input.setting_value()) {
        let allowed = values.join(", ");
        return Err(faults::validation(format!(
            "Setting value '{}' is not one of: {allowed}",
            input.setting_value()
        )));
    }
    let record = ServiceSetting {
        id: (*id).to_owned(),
        value: input.setting_value().to_owned(),
        modified: call.now(),
        modified_by: call.caller.principal.arn.clone(),
    };
    call.platform
        .transact(|tx| {
            tx.put(call.scope(), record.clone());
            Ok(())
        })
        .await?;
    Ok(UpdateServiceSettingResult {})
}

/// ResetServiceSetting.
pub(crate) async fn reset(
    call: SsmCall,
    input: ResetServiceSettingRequest,
) -> Reply<ResetServiceSettingResult> {
    let (id, values) = known(&call, input.setting_id())?;
    call.platform
        .transact(|tx| {
            tx.delete::<ServiceSetting>(call.scope(), id);
            Ok(())
        })
        .await?;
    Ok(ResetServiceSettingResult { service_setting: Some(shown(&call, id, values[0], None)) })
}
