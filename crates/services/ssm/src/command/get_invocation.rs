//! GetCommandInvocation.

use super::{output, show};
use crate::faults;
use crate::service::SsmCall;
use api_ssm::{GetCommandInvocationRequest, GetCommandInvocationResult};
use contracts::Reply;
use records::Millis;
use records::ssm::Command;
use time::OffsetDateTime;
use time::macros::format_description;

/// GetCommandInvocation: one step on one instance with up to 24,000 characters of its output. A document with several
/// steps needs the step's name.
///
/// Errors: `InvocationDoesNotExist`, `InvalidPluginName`.
pub(crate) async fn get_invocation(
    call: SsmCall,
    input: GetCommandInvocationRequest,
) -> Reply<GetCommandInvocationResult> {
    let command = call.platform.store.get::<Command>(call.scope(), input.command_id());
    let command = command.ok_or_else(faults::invocation_does_not_exist)?;
    if !command.resolved.iter().any(|i| i == input.instance_id()) {
        return Err(faults::invocation_does_not_exist());
    }
    let progress = call.progress(call.scope(), &command, input.instance_id());
    let index = match input.plugin_name.as_deref().filter(|name| !name.is_empty()) {
        Some(name) => command.steps.iter().position(|s| s.name == name),
        None if command.steps.len() == 1 => Some(0),
        None => None,
    };
    let index = index.ok_or_else(faults::invalid_plugin_name)?;
    let step = progress.steps.get(index).ok_or_else(faults::invalid_plugin_name)?;
    // With one step the invocation's state says more than the step's: Delayed, Cancelling, DeliveryTimedOut …
    let status = if command.steps.len() == 1 { progress.status } else { step.status };
    let (stdout, stderr) = if step.ended.is_some() && status.is_terminal() {
        let folder = call.step_folder(call.scope(), &command, input.instance_id(), index);
        let output = output::read(folder, step).await;
        (output.stdout_shown(), output.stderr_shown())
    } else {
        Default::default()
    };
    Ok(GetCommandInvocationResult {
        command_id: Some(command.id.clone()),
        instance_id: Some(input.instance_id().to_owned()),
        comment: Some(command.comment.clone()),
        document_name: Some(command.document_name.clone()),
        document_version: Some(command.document_version.clone()),
        plugin_name: Some(step.name.clone()),
        response_code: Some(step.code),
        execution_start_date_time: Some(step.started.map_or_else(String::new, iso)),
        execution_elapsed_time: Some(elapsed(step.started, step.ended)),
        execution_end_date_time: Some(step.ended.map_or_else(String::new, iso)),
        status: Some(status.status().into()),
        status_details: Some(status.details().to_owned()),
        standard_output_content: Some(stdout),
        standard_output_url: Some(String::new()),
        standard_error_content: Some(stderr),
        standard_error_url: Some(String::new()),
        cloud_watch_output_config: Some(show::no_cloud_watch()),
    })
}

/// `2026-11-20T10:00:00.123Z`.
fn iso(at: Millis) -> String {
    let form = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000).ok();
    at.and_then(|at| at.format(&form).ok()).unwrap_or_default()
}

/// `PT0.065S`.
fn elapsed(started: Option<Millis>, ended: Option<Millis>) -> String {
    let (Some(started), Some(ended)) = (started, ended) else { return String::new() };
    let millis = (ended - started).max(0);
    let (seconds, rest) = (millis / 1000, millis % 1000);
    if rest == 0 { format!("PT{seconds}S") } else { format!("PT{seconds}.{rest:03}S").replace("00S", "S") }
}
