//! Commands and invocations as answers show them.

use super::invocation::fresh_steps;
use super::live::{LiveCommand, Progress};
use super::outcome::Tally;
use crate::service::Ssm;
use api_ssm::{CloudWatchOutputConfig, NotificationConfig, Target};
use aws_schema::Timestamp;
use records::ssm::{Command, Invocation, InvocationStatus};
use state_store::typed::Scope;
use std::sync::Arc;

/// `Status` and `StatusDetails` of a command.
pub(crate) fn status_of(command: &Command, live: Option<&LiveCommand>) -> (String, String) {
    if let Some(outcome) = &command.outcome {
        return outcome.clone();
    }
    let started = live.is_some_and(|live| live.states().iter().any(|s| *s != InvocationStatus::Pending));
    let status = if command.cancel_all {
        "Cancelling"
    } else if started {
        "InProgress"
    } else {
        "Pending"
    };
    (status.to_owned(), status.to_owned())
}

/// `Command` of an answer.
pub(crate) fn command(command: &Command, live: Option<&LiveCommand>) -> api_ssm::Command {
    let (status, details) = status_of(command, live);
    let mut tally = Tally::default();
    if let Some(live) = live {
        live.states().into_iter().for_each(|state| tally.add(state));
    }
    let count = |n: usize| Some(i32::try_from(n).unwrap_or(i32::MAX));
    let over = command.outcome.is_some();
    let targets =
        command.targets.iter().map(|t| Target { key: Some(t.key.clone()), values: Some(t.values.clone()) });
    api_ssm::Command {
        command_id: Some(command.id.clone()),
        document_name: Some(command.document_name.clone()),
        document_version: Some(command.document_version.clone()),
        comment: Some(command.comment.clone()),
        expires_after: Some(Timestamp::from_millis(command.expires_after)),
        parameters: Some(command.parameters.clone()),
        instance_ids: Some(command.instance_ids.clone()),
        targets: Some(targets.collect()),
        requested_date_time: Some(Timestamp::from_millis(command.requested)),
        status: Some(status.into()),
        status_details: Some(details),
        output_s3_bucket_name: Some(String::new()),
        output_s3_key_prefix: Some(String::new()),
        max_concurrency: Some(command.max_concurrency.clone()),
        max_errors: Some(command.max_errors.clone()),
        target_count: count(command.resolved.len()),
        completed_count: count(if over { command.resolved.len() } else { tally.ended() }),
        error_count: if over { Some(command.error_count) } else { count(tally.errors) },
        delivery_timed_out_count: if over {
            Some(command.delivery_timed_out_count)
        } else {
            count(tally.delivery_timed_out)
        },
        service_role: Some(String::new()),
        notification_config: Some(no_notification()),
        cloud_watch_output_config: Some(no_cloud_watch()),
        timeout_seconds: Some(command.timeout_seconds),
        ..Default::default()
    }
}

/// The empty configuration AWS shows where none was given.
pub(crate) fn no_notification() -> NotificationConfig {
    NotificationConfig {
        notification_arn: Some(String::new()),
        notification_events: Some(Vec::new()),
        notification_type: Some("".into()),
    }
}

/// The empty configuration AWS shows where none was given.
pub(crate) fn no_cloud_watch() -> CloudWatchOutputConfig {
    CloudWatchOutputConfig {
        cloud_watch_log_group_name: Some(String::new()),
        cloud_watch_output_enabled: Some(false),
    }
}

impl Ssm {
    /// A command as it is now, with its progress while it runs. A command read earlier may have ended meanwhile; then its
    /// record is read anew, so that no answer falls back behind an earlier one.
    pub(crate) fn current(
        &self,
        scope: &Scope,
        command: Arc<Command>,
    ) -> (Arc<Command>, Option<Arc<LiveCommand>>) {
        let live = self.live.get(scope, &command.id);
        if live.is_some() || command.outcome.is_some() {
            return (command, live);
        }
        (self.platform.store.get::<Command>(scope, &command.id).unwrap_or(command), None)
    }

    /// How far a command came on one of its instances: from the record of its end, else from memory. Memory is looked at
    /// first, because an end moves from there into the record.
    pub(crate) fn progress(&self, scope: &Scope, command: &Command, instance_id: &str) -> Progress {
        let live = self.live.get(scope, &command.id).and_then(|live| live.progress(instance_id));
        let id = format!("{}/{instance_id}", command.id);
        match (self.platform.store.get::<Invocation>(scope, &id), live) {
            (Some(stored), _) => Progress { status: stored.status, steps: stored.steps.clone() },
            (None, Some(live)) => live,
            (None, None) => {
                Progress { status: InvocationStatus::Pending, steps: fresh_steps(&command.steps) }
            }
        }
    }
}
