//! One call of one attempt: what its answer looks like, and what becomes of it over a crash.

use super::names;
use super::once::{Known, Once};
use super::write;
use crate::task::inside::Watch;
use crate::task::integration::{Attempt, Outcome};
use aws_schema::{Fault, OperationSpec, ServiceSpec, WriteMembers};
use contracts::{Caller, Prepared, Reply, new_uuid};
use execution_engine::Dispatch;
use records::stepfunctions::CallAnswer;
use state_machine::history::Failure;
use state_machine::interpret::{Pattern, TaskAnswer, Work};
use std::sync::Arc;

/// What a handler answers.
type Output = Box<dyn WriteMembers + Send>;

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

    fn answer(&self, reply: Reply<Output>) -> TaskAnswer {
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
    pub(super) prepared: Result<(Prepared, Watch), TaskAnswer>,
}

/// Runs the handler.
async fn run((prepared, watch): (Prepared, Watch), caller: Arc<Caller>) -> Reply<Output> {
    let reply = prepared.run(caller).await;
    watch.end(reply.as_ref().err());
    reply
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
                form.answer(run(prepared, caller).await)
            }
            (Known::Effect, _) => failed(once.lost()),
            (Known::Nothing, Err(answer)) => answer,
            (Known::Nothing, Ok(prepared)) => match once.run(run(prepared, caller)).await {
                Ok(reply) => form.answer(reply),
                Err(error) => failed(format!("{} was not called: {error}.", operation.name)),
            },
        };
        once.keep(&answer).await;
        Outcome::AnswerThen(answer, Box::pin(async move { once.forget().await }))
    }
}
