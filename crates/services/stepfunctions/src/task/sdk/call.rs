//! One call of one attempt: who makes it, what its answer looks like, and what becomes of it over a crash.

use super::names;
use super::once::{Known, Once};
use super::write;
use crate::role;
use crate::task::integration::{Attempt, Outcome};
use aws_schema::{Fault, OperationSpec, ServiceSpec, WriteMembers};
use contracts::{Caller, Prepared, Principal, PrincipalKind, Reply, new_uuid};
use execution_engine::Dispatch;
use records::stepfunctions::CallAnswer;
use state_machine::history::Failure;
use state_machine::interpret::{Pattern, TaskAnswer, Work};
use state_store::typed::Scope;
use std::sync::Arc;

/// Whoever acts for an execution: a session of its role (developer guide, "How Step Functions works with IAM").
pub(super) fn caller(scope: &Scope, dispatch: &Dispatch, request_id: &str, enforced: bool) -> Caller {
    let role_arn = role::of_task(dispatch);
    let role = role_arn.rsplit('/').next().unwrap_or_default().to_owned();
    let scope = role::scope_of_task(dispatch, scope);
    let account = scope.account.clone();
    let session = dispatch.key.chars().filter(|c| c.is_ascii_alphanumeric()).take(32).collect::<String>();
    Caller {
        scope,
        principal: Principal {
            arn: format!("arn:aws:sts::{account}:assumed-role/{role}/{session}"),
            user_id: format!("AROA:{session}"),
            kind: PrincipalKind::AssumedRole { role, role_id: String::new(), session },
        },
        access_key_id: String::new(),
        source_ip: None,
        request_id: request_id.to_owned(),
        user_agent: "states.amazonaws.com".to_owned(),
        host: "states.amazonaws.com".to_owned(),
        enforced,
    }
}

/// How answers are shown to the task.
pub(super) struct Form {
    /// What stands before the dot in the names of errors.
    prefix: String,
    /// Id of the request.
    pub(super) request_id: String,
    /// The task waits for its token after the call (`.waitForTaskToken`).
    callback: bool,
}

impl Form {
    /// For an attempt that calls this service.
    pub(super) fn of(spec: &ServiceSpec, dispatch: &Dispatch) -> Form {
        let callback = matches!(&dispatch.task.work, Work::Service { pattern: Pattern::Callback, .. });
        Form { prefix: names::error_prefix(spec), request_id: new_uuid(), callback }
    }

    fn answer(&self, reply: Reply<Box<dyn WriteMembers + Send>>) -> TaskAnswer {
        match reply {
            Ok(output) => self.output(write::value(&*output).to_string().into()),
            Err(fault) => self.refused(&fault),
        }
    }

    fn output(&self, output: Arc<str>) -> TaskAnswer {
        if self.callback { TaskAnswer::Submitted(output) } else { TaskAnswer::Succeeded(output) }
    }

    /// What was answered before a restart.
    fn restored(&self, kept: CallAnswer) -> TaskAnswer {
        match kept {
            CallAnswer::Output(output) => self.output(output.into()),
            CallAnswer::Fault { error, cause } => TaskAnswer::Failed(Failure::new(error, cause)),
        }
    }

    /// A fault of the service, in the words of the SDK for Java.
    pub(super) fn refused(&self, fault: &Fault) -> TaskAnswer {
        let Form { prefix, request_id, .. } = self;
        let error = format!("{prefix}.{}", names::exception(&fault.code));
        let cause = format!(
            "{} (Service: {prefix}, Status Code: {}, Request ID: {request_id}) (SDK Attempt Count: 1)",
            fault.message, fault.status
        );
        TaskAnswer::Failed(Failure::new(error, cause))
    }
}

/// A call that can be made.
pub(super) struct SdkCall {
    pub(super) operation: &'static OperationSpec,
    pub(super) form: Form,
    pub(super) caller: Arc<Caller>,
    /// Or what the task is answered without a call.
    pub(super) prepared: Result<Prepared, TaskAnswer>,
}

impl SdkCall {
    /// Makes the call, or finds out what became of it before a restart. What is kept of it goes when the engine has the
    /// answer.
    pub(super) async fn make(self, work: &Attempt) -> Outcome {
        let SdkCall { operation, form, caller, prepared } = self;
        let dispatch = &work.dispatch;
        if form.callback && dispatch.submitted {
            // The call was answered before a restart; now whoever has the token answers.
            return Outcome::Later;
        }
        let mut once = Once::of(&work.service.platform, &work.scope, dispatch, operation.name);
        let failed = |cause: String| TaskAnswer::Failed(Failure::new("States.TaskFailed", cause));
        let answer = match (once.known(), prepared) {
            (Known::Answer(kept), _) => form.restored(kept),
            (Known::Effect, Ok(prepared)) if once.is_known_by_token() => {
                form.answer(prepared.run(caller).await)
            }
            (Known::Effect, _) => failed(once.lost()),
            (Known::Nothing, Err(answer)) => answer,
            (Known::Nothing, Ok(prepared)) => match once.run(prepared.run(caller)).await {
                Ok(reply) => form.answer(reply),
                Err(error) => failed(format!("{} was not called: {error}.", operation.name)),
            },
        };
        once.keep(&answer).await;
        Outcome::AnswerThen(answer, Box::pin(async move { once.forget().await }))
    }
}
