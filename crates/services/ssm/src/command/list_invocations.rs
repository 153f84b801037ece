//! ListCommandInvocations.

use super::filter::{newest_first, parse};
use super::live::Progress;
use super::{output, show};
use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{
    CommandInvocation, CommandPlugin, ListCommandInvocationsRequest, ListCommandInvocationsResult,
};
use aws_schema::Timestamp;
use contracts::Reply;
use records::Instance;
use records::ssm::Command;
use std::sync::Arc;

/// A line of the list before it is shown.
struct Line {
    key: String,
    command: Arc<Command>,
    instance_id: String,
    progress: Progress,
}

/// ListCommandInvocations, newest command first; with `Details` each step and the beginning of its output.
///
/// Errors: `InvalidCommandId`, `InvalidFilterKey`, `InvalidNextToken`.
pub(crate) async fn list_invocations(
    call: SsmCall,
    input: ListCommandInvocationsRequest,
) -> Reply<ListCommandInvocationsResult> {
    let filters = parse(input.filters.as_deref())?;
    let store = &call.platform.store;
    let commands = match input.command_id.as_deref() {
        Some(id) => vec![store.get::<Command>(call.scope(), id).ok_or_else(faults::invalid_command_id)?],
        None => store.list::<Command>(call.scope()),
    };
    let mut lines = Vec::new();
    for command in commands {
        let base = newest_first(&command);
        for (position, instance) in command.resolved.iter().enumerate() {
            if input.instance_id.as_ref().is_some_and(|wanted| wanted != instance) {
                continue;
            }
            let progress = call.progress(call.scope(), &command, instance);
            let status = progress.status;
            if filters
                .iter()
                .all(|f| f.passes(&command, status.status(), status.details(), status.is_terminal()))
            {
                let key = format!("{base}/{position:06}");
                lines.push(Line { key, command: command.clone(), instance_id: instance.clone(), progress });
            }
        }
    }
    lines.sort_by(|a, b| a.key.cmp(&b.key));
    let purpose = format!("invocations/{:?}/{:?}/{filters:?}", input.command_id, input.instance_id);
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 50));
    let page = call.page(&purpose, call.scope(), lines, token, limit, |line| line.key.clone())?;
    let details = input.details.unwrap_or(false);
    let mut shown = Vec::with_capacity(page.items.len());
    for line in &page.items {
        shown.push(invocation(&call, line, details).await);
    }
    Ok(ListCommandInvocationsResult { command_invocations: Some(shown), next_token: page.next })
}

/// `CommandInvocation` of an answer.
async fn invocation(call: &SsmCall, line: &Line, details: bool) -> CommandInvocation {
    let (command, status) = (&line.command, line.progress.status);
    let host =
        call.platform.store.get::<Instance>(call.scope(), &line.instance_id).map(|i| i.hostname.clone());
    let plugins = if details { plugins(call, line).await } else { Vec::new() };
    CommandInvocation {
        command_id: Some(command.id.clone()),
        instance_id: Some(line.instance_id.clone()),
        instance_name: Some(host.unwrap_or_default()),
        comment: Some(command.comment.clone()),
        document_name: Some(command.document_name.clone()),
        document_version: Some(command.document_version.clone()),
        requested_date_time: Some(Timestamp::from_millis(command.requested)),
        status: Some(status.status().into()),
        status_details: Some(status.details().to_owned()),
        standard_output_url: Some(String::new()),
        standard_error_url: Some(String::new()),
        command_plugins: Some(plugins),
        service_role: Some(String::new()),
        notification_config: Some(show::no_notification()),
        cloud_watch_output_config: Some(show::no_cloud_watch()),
        ..Default::default()
    }
}

/// Its steps. Output is shown once a step has ended, as AWS does it.
async fn plugins(call: &SsmCall, line: &Line) -> Vec<CommandPlugin> {
    let mut plugins = Vec::with_capacity(line.progress.steps.len());
    for (index, step) in line.progress.steps.iter().enumerate() {
        let text = if step.ended.is_some() {
            let folder = call.step_folder(call.scope(), &line.command, &line.instance_id, index);
            output::read(folder, step).await.both_shown()
        } else {
            String::new()
        };
        plugins.push(CommandPlugin {
            name: Some(step.name.clone()),
            status: Some(step.status.status().into()),
            status_details: Some(step.status.details().to_owned()),
            response_code: Some(step.code),
            response_start_date_time: step.started.map(Timestamp::from_millis),
            response_finish_date_time: step.ended.map(Timestamp::from_millis),
            output: Some(text),
            standard_output_url: Some(String::new()),
            standard_error_url: Some(String::new()),
            output_s3_region: Some(call.caller.region().to_owned()),
            output_s3_bucket_name: Some(String::new()),
            output_s3_key_prefix: Some(String::new()),
        });
    }
    plugins
}
