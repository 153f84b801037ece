//! TestState.

mod mock;
mod show;

use crate::service::StatesCall;
use crate::task::{Attempt, Outcome};
use crate::{definition, faults, role};
use api_stepfunctions::{TestStateInput, TestStateOutput};
use aws_schema::Fault;
use contracts::{Reply, hex_id, new_uuid};
use execution_engine::Dispatch;
use state_machine::history::Failure;
use state_machine::interpret::{Pattern, Start, TaskAnswer, TaskRequest, Work};
use state_machine::test_state::{
    Configuration, Mock, Progressed, TestState, TestStateError, TestStateOutcome, TestStateRequest,
};
use std::sync::Arc;
use std::time::Duration;

/// A test lasts five minutes at most (API reference, `TestState`).
const LIMIT: Duration = Duration::from_secs(300);

fn text(text: Option<&String>) -> Option<Arc<str>> {
    text.map(|text| text.as_str().into())
}

fn count(number: Option<i32>) -> Option<u32> {
    number.and_then(|number| u32::try_from(number).ok())
}

fn request(call: &StatesCall, input: &TestStateInput) -> TestStateRequest {
    let configuration = input.state_configuration.clone().unwrap_or_default();
    TestStateRequest {
        definition: input.definition().into(),
        state_name: text(input.state_name.as_ref()),
        role_arn: text(input.role_arn.as_ref()),
        input: text(input.input.as_ref()),
        context: text(input.context.as_ref()),
        variables: text(input.variables.as_ref()),
        mock: input.mock.as_ref().map(|mock| Mock {
            result: text(mock.result.as_ref()),
            error_output: mock.error_output.as_ref().map(|output| Failure {
                error: text(output.error.as_ref()),
                cause: text(output.cause.as_ref()),
            }),
        }),
        configuration: Configuration {
            retrier_retry_count: count(configuration.retrier_retry_count),
            map_iteration_failure_count: count(configuration.map_iteration_failure_count),
            error_caused_by_state: text(configuration.error_caused_by_state.as_ref()),
            map_item_reader_data: text(configuration.map_item_reader_data.as_ref()),
        },
        region: call.caller.region().into(),
        account: call.caller.account().into(),
        now: call.now(),
    }
}

fn refused(error: TestStateError) -> Fault {
    match error {
        TestStateError::Validation(message) => faults::validation(message),
        TestStateError::Definition(message) => Fault::sender("InvalidDefinition", message),
        TestStateError::Input(message) => Fault::sender("InvalidExecutionInput", message),
    }
}

fn draw() -> u64 {
    u64::from_str_radix(&hex_id(16), 16).unwrap_or_default()
}

/// TestState: runs one state, with its task for real unless it is mocked, and leaves no trace.
///
/// Errors: `InvalidArn`, `InvalidDefinition`, `InvalidExecutionInput`, `ValidationException`.
pub(crate) async fn test_state(call: StatesCall, input: TestStateInput) -> Reply<TestStateOutput> {
    if let Some(arn) = &input.role_arn {
        role::check(&call.platform, call.caller.account(), arn)?;
    }
    let request = request(&call, &input);
    if input.state_name.is_some() {
        definition::check(input.definition(), false)?;
    }
    let begun = TestState::begin(&request, &mut draw).map_err(refused)?;
    if let Some(result) = request.mock.as_ref().and_then(|mock| mock.result.as_ref()) {
        let mode = input.mock.as_ref().and_then(|mock| mock.field_validation_mode.as_ref());
        mock::check(&call, input.definition(), input.state_name.as_deref(), result, mode)?;
    }
    let outcome = match begun {
        Progressed::Done(outcome) => *outcome,
        Progressed::Task(task, test) => run(&call, &request, *task, *test).await?,
    };
    Ok(show::outcome(outcome, input.inspection_level.as_ref()))
}

/// Has the state's task done and brings its answer.
async fn run(
    call: &StatesCall,
    request: &TestStateRequest,
    task: TaskRequest,
    test: TestState,
) -> Result<TestStateOutcome, Fault> {
    let answer = match &task.work {
        Work::Service { service, action, pattern: Pattern::RequestResponse } => {
            let (target, service) = ((service.clone(), action.clone()), call.service());
            let Some(integration) = service.integration(&target.0) else {
                return Err(faults::validation(format!("This cloud has no service '{}' yet.", target.0)));
            };
            let dispatch = Dispatch {
                execution: start(call, request),
                task,
                key: new_uuid().into(),
                again: false,
                taken: false,
                submitted: false,
            };
            let attempt = Attempt { service, scope: call.scope().clone(), target, dispatch };
            match tokio::time::timeout(LIMIT, integration.run(attempt)).await {
                Ok(Outcome::Answer(answer)) => answer,
                Ok(Outcome::AnswerThen(answer, then)) => {
                    then.await;
                    answer
                }
                Ok(Outcome::Later) | Err(_) => {
                    TaskAnswer::Failed(Failure::new("States.Timeout", "The test took too long."))
                }
            }
        }
        Work::Service { .. } => {
            return Err(faults::validation(
                "TestState supports service integrations other than Request Response only with a mock.",
            ));
        }
        Work::Activity(_) => return Err(faults::validation("TestState does not support activities.")),
        Work::Function(arn) => TaskAnswer::Failed(crate::task::no_function(arn)),
    };
    Ok(test.answer(answer, call.now(), &mut draw))
}

/// Who the task is told to act for.
fn start(call: &StatesCall, request: &TestStateRequest) -> Start {
    let name: Arc<str> = new_uuid().into();
    Start {
        arn: crate::arn::of(call.scope(), &format!("execution:test:{name}")).into(),
        name,
        role_arn: request.role_arn.clone().unwrap_or_default(),
        at: request.now,
        machine_arn: crate::arn::machine(call.scope(), "test").into(),
        machine_name: "test".into(),
        alias_arn: None,
        version_arn: None,
        input: request.input.clone().unwrap_or_else(|| "{}".into()),
        map_run: None,
        processor: None,
        express: true,
    }
}
