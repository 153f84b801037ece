//! SendTaskSuccess, SendTaskFailure, SendTaskHeartbeat.

use crate::service::StatesCall;
use crate::{faults, limits};
use api_stepfunctions::{
    SendTaskFailureInput, SendTaskFailureOutput, SendTaskHeartbeatInput, SendTaskHeartbeatOutput,
    SendTaskSuccessInput, SendTaskSuccessOutput,
};
use aws_schema::Fault;
use contracts::Reply;
use state_machine::history::Failure;
use state_machine::interpret::TaskAnswer;

async fn send(call: &StatesCall, token: &str, answer: TaskAnswer) -> Result<(), Fault> {
    let scope = call.scope();
    let scope = format!("{}:{}", scope.region, scope.account);
    call.engine()?
        .answer_from(&scope, token, answer)
        .await
        .map_err(|refusal| faults::answer_refused(&refusal))
}

/// SendTaskSuccess.
///
/// Errors: `InvalidToken`, `InvalidOutput` for what is no JSON or too long, `TaskTimedOut` for a task that does not wait any more.
pub(crate) async fn success(call: StatesCall, input: SendTaskSuccessInput) -> Reply<SendTaskSuccessOutput> {
    let output = input.output();
    let sound = limits::within_payload(output)
        .and_then(|()| state_machine::text::parse_value(output).map(drop).map_err(|error| error.message));
    if let Err(why) = sound {
        // The real service looks at the token first. That the worker lives is all the task learns of this.
        send(&call, input.task_token(), TaskAnswer::Heartbeat).await?;
        return Err(faults::invalid_output(&why));
    }
    send(&call, input.task_token(), TaskAnswer::Succeeded(output.into())).await?;
    Ok(SendTaskSuccessOutput {})
}

/// SendTaskFailure.
///
/// Errors: `InvalidToken`, `TaskTimedOut`.
pub(crate) async fn failure(call: StatesCall, input: SendTaskFailureInput) -> Reply<SendTaskFailureOutput> {
    let failure = Failure {
        error: input.error.as_deref().map(Into::into),
        cause: input.cause.as_deref().map(Into::into),
    };
    send(&call, input.task_token(), TaskAnswer::Failed(failure)).await?;
    Ok(SendTaskFailureOutput {})
}

/// SendTaskHeartbeat.
///
/// Errors: `InvalidToken`, `TaskTimedOut`.
pub(crate) async fn heartbeat(
    call: StatesCall,
    input: SendTaskHeartbeatInput,
) -> Reply<SendTaskHeartbeatOutput> {
    send(&call, input.task_token(), TaskAnswer::Heartbeat).await?;
    Ok(SendTaskHeartbeatOutput {})
}
