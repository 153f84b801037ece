//! Where records go.

use super::invalid;
use crate::faults;
use api_ec2::CreateFlowLogsRequest;
use aws_schema::Fault;
use state_store::typed::Scope;

/// The only destination so far; the others come with their services.
pub(super) const LOG_GROUP: &str = "cloud-watch-logs";

/// The ARN of a log group.
pub(super) fn arn(scope: &Scope, log_group: &str) -> String {
    format!("arn:aws:logs:{}:{}:log-group:{log_group}", scope.region, scope.account)
}

/// Names a log group may have (CloudWatch Logs, CreateLogGroup).
fn is_name(name: &str) -> bool {
    (1..=512).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-/.#".contains(&b))
}

/// The log group's name from `LogGroupName` or `LogDestination`.
///
/// # Errors
/// `UnsupportedOperation` for destinations this cloud does not have; `InvalidParameter` for a missing, bad or foreign
/// log group, and for options that belong to another kind of destination.
pub(super) fn log_group(scope: &Scope, input: &CreateFlowLogsRequest) -> Result<String, Fault> {
    let kind = input.log_destination_type.as_ref().map_or(LOG_GROUP, |kind| kind.as_str());
    if kind != LOG_GROUP && input.log_group_name.is_some() {
        return Err(invalid("LogDestination type must be cloud-watch-logs if LogGroupName is provided."));
    }
    if kind != LOG_GROUP {
        return Err(faults::unsupported(format!(
            "The log destination type {kind} is not available in this cloud."
        )));
    }
    if input.destination_options.is_some() {
        return Err(invalid("DestinationOptions can only be provided if LogDestinationType is s3."));
    }
    let name = match (&input.log_group_name, &input.log_destination) {
        (Some(_), Some(_)) => {
            return Err(invalid("Please only provide LogGroupName or only provide LogDestination."));
        }
        (None, None) => {
            return Err(invalid("LogDestination can't be empty if LogGroupName is not provided."));
        }
        (Some(name), None) => name.as_str(),
        (None, Some(arn_text)) => {
            let name =
                arn_text.strip_prefix(&arn(scope, "")).map(|name| name.strip_suffix(":*").unwrap_or(name));
            name.ok_or_else(|| {
                let shown: String = arn_text.chars().take(200).collect();
                invalid(format!("LogDestination: {shown} is not a log group of this account and Region."))
            })?
        }
    };
    if !is_name(name) {
        let shown: String = name.chars().take(200).collect();
        return Err(invalid(format!("Invalid LogGroupName: {shown}")));
    }
    Ok(name.to_owned())
}

/// The role that delivers.
///
/// # Errors
/// `InvalidParameter` without one, and for text that is no role's ARN.
pub(super) fn role(arn: Option<&str>) -> Result<String, Fault> {
    let arn = arn.filter(|arn| !arn.is_empty()).ok_or_else(|| {
        invalid("DeliverLogsPermissionArn can't be empty if LogDestinationType is cloud-watch-logs.")
    })?;
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, role]
            if account.len() == 12 && role.strip_prefix("role/").is_some_and(|name| !name.is_empty()) =>
        {
            Ok(arn.to_owned())
        }
        _ => {
            let shown: String = arn.chars().take(200).collect();
            Err(invalid(format!("Invalid DeliverLogsPermissionArn: {shown}")))
        }
    }
}
