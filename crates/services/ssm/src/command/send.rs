//! SendCommand.

use super::{rate, show, targets};
use crate::document::{Wanted, find, plan};
use crate::document::{sha1, sha256};
use crate::faults;
use crate::service::SsmCall;
use api_ssm::{SendCommandRequest, SendCommandResult};
use aws_schema::Fault;
use contracts::{Reply, new_uuid};
use records::ssm::{Command, Targeting};
use state_store::typed::Tx;
use std::sync::Arc;

/// Commands that may run at once; beyond it callers are told to slow down.
const MOST_RUNNING: usize = 5_000;
/// Delivery timeout in seconds where none is given.
const DELIVERY_TIMEOUT: i32 = 3600;

/// SendCommand: resolves document, parameters and targets, writes the command, wakes the engine and answers.
///
/// The targets are those of this moment; machines launched later are not asked. One durable write stands between request
/// and answer.
///
/// Errors: `InvalidDocument`, `InvalidDocumentVersion`, `InvalidParameters`, `InvalidInstanceId`, `DuplicateInstanceId`,
/// `UnsupportedPlatformType`, `InvalidOutputFolder`, `InvalidRole`, `InvalidNotificationConfig`, `ThrottlingException`,
/// `ValidationException` for limits and targets.
pub(crate) async fn send(call: SsmCall, input: SendCommandRequest) -> Reply<SendCommandResult> {
    refuse_what_is_not_here(&input)?;
    let max_concurrency = input.max_concurrency.clone().unwrap_or_else(|| "50".to_owned());
    let max_errors = input.max_errors.clone().unwrap_or_else(|| "0".to_owned());
    check_rate("maxConcurrency", &max_concurrency, 1, "^([1-9][0-9]*|[1-9][0-9]%|[1-9]%|100%)$")?;
    check_rate("maxErrors", &max_errors, 0, "^([1-9][0-9]*|[0]|[1-9][0-9]%|[0-9]%|100%)$")?;
    let wanted = Wanted {
        name: input.document_name(),
        version: input.document_version.as_deref(),
        version_name: None,
    };
    let found = find(&call, &wanted)?;
    check_hash(&input, found.content().0)?;
    let content = found.parsed()?;
    if !content.platforms().contains(&"Linux") {
        return Err(faults::unsupported_platform());
    }
    let parameters = input.parameters.clone().unwrap_or_default();
    let steps = plan(&call, &content, &parameters)?;
    let resolved = targets::resolve(&call, &input)?;
    if call.live.len() >= MOST_RUNNING {
        return Err(faults::throttled("Rate exceeded"));
    }
    let now = call.now();
    let timeout_seconds = input.timeout_seconds.unwrap_or(DELIVERY_TIMEOUT);
    let execution: i64 = steps.iter().map(|step| step.timeout_millis).sum();
    let targeting = input.targets.as_deref().unwrap_or_default().iter().map(|target| Targeting {
        key: target.key.clone().unwrap_or_default(),
        values: target.values.clone().unwrap_or_default(),
    });
    let command = Command {
        id: new_uuid(),
        document_name: input.document_name().to_owned(),
        document_version: input.document_version.clone().unwrap_or_default(),
        comment: input.comment.clone().unwrap_or_default(),
        parameters,
        instance_ids: input.instance_ids.clone().unwrap_or_default(),
        targets: targeting.collect(),
        resolved,
        steps,
        requested: now,
        timeout_seconds,
        expires_after: now + i64::from(timeout_seconds) * 1000 + execution,
        max_concurrency,
        max_errors,
        cancelled: Vec::new(),
        cancel_all: false,
        stopped_at: None,
        outcome: None,
        ended: None,
        error_count: 0,
        delivery_timed_out_count: 0,
    };
    let run = |tx: &mut Tx<'_>| {
        tx.put(call.scope(), command.clone());
        Ok(())
    };
    call.platform.transact(run).await?;
    let shown = show::command(&command, None);
    call.live.adopt(call.scope().clone(), Arc::new(command), false);
    Ok(SendCommandResult { command: Some(shown) })
}

/// Checks one of the two limits; the message is the one of a broken model pattern.
fn check_rate(member: &str, value: &str, smallest: u64, pattern: &str) -> Result<(), Fault> {
    if rate::is_valid(value, smallest) {
        return Ok(());
    }
    Err(faults::validation(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: {pattern}"
    )))
}

/// The services behind these members do not exist here, so a command that relies on them would silently do less.
fn refuse_what_is_not_here(input: &SendCommandRequest) -> Result<(), Fault> {
    let given = |text: &Option<String>| text.as_deref().is_some_and(|t| !t.is_empty());
    if given(&input.output_s3_bucket_name) {
        return Err(faults::invalid_output_location());
    }
    if input.notification_config.as_ref().is_some_and(|n| given(&n.notification_arn)) {
        return Err(faults::invalid_notification_config());
    }
    if given(&input.service_role_arn) {
        return Err(faults::invalid_role());
    }
    if input.cloud_watch_output_config.as_ref().is_some_and(|c| c.cloud_watch_output_enabled == Some(true)) {
        return Err(faults::validation(
            "CloudWatchOutputConfig: this cloud has no CloudWatch Logs yet; leave it out.",
        ));
    }
    if input.alarm_configuration.is_some() {
        return Err(faults::validation(
            "AlarmConfiguration: this cloud has no CloudWatch alarms yet; leave it out.",
        ));
    }
    Ok(())
}

/// A caller may say which content he means by its hash; another content must not run in its place.
fn check_hash(input: &SendCommandRequest, content: &str) -> Result<(), Fault> {
    let Some(hash) = input.document_hash.as_deref().filter(|h| !h.is_empty()) else { return Ok(()) };
    let right = match input.document_hash_type.as_ref().map_or("Sha256", |t| t.as_str()) {
        "Sha1" => sha1(content),
        _ => sha256(content),
    };
    if hash.eq_ignore_ascii_case(&right) { Ok(()) } else { Err(faults::document_hash_mismatch()) }
}
