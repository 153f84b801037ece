//! StartExecution.

use super::target::Target;
use crate::service::{States, StatesCall};
use crate::{arn, faults, limits, names};
use api_stepfunctions::{StartExecutionInput, StartExecutionOutput};
use aws_schema::{Fault, Timestamp};
use contracts::{Reply, new_uuid};
use execution_engine::{Kind, NewExecution, StartRefusal};
use records::Millis;
use state_machine::interpret::Start;
use state_store::typed::Scope;
use std::sync::Arc;

/// An execution that was started.
pub(crate) struct Begun {
    /// Its ARN.
    pub(crate) arn: Arc<str>,
    /// Its start.
    pub(crate) at: Millis,
}

/// Input of an execution: JSON, `{}` where none is sent (API reference, `StartExecution`, `input`).
pub(super) fn check_input(input: Option<&str>) -> Result<Arc<str>, Fault> {
    let input = input.unwrap_or("{}");
    if input.is_empty() {
        return Err(faults::invalid_input("Invalid execution input."));
    }
    limits::within_payload(input).map_err(|why| faults::invalid_input(&why))?;
    state_machine::text::parse_value(input).map_err(|error| faults::invalid_input(&error.message))?;
    Ok(input.into())
}

/// What the engine is told of a new execution.
pub(super) fn new_execution(
    scope: &Scope,
    target: &Target,
    name: &str,
    input: Arc<str>,
    trace_header: Option<&str>,
) -> NewExecution {
    let machine = &target.machine.id;
    let execution_arn = match target.kind() {
        Kind::Standard => arn::of(scope, &format!("execution:{machine}:{name}")),
        Kind::Express => arn::of(scope, &format!("express:{machine}:{name}:{}", new_uuid())),
    };
    NewExecution {
        revision: target.engine_revision(),
        start: Start {
            arn: execution_arn.into(),
            name: name.into(),
            role_arn: target.revision.role_arn.as_str().into(),
            at: 0,
            machine_arn: arn::machine(scope, machine).into(),
            machine_name: machine.as_str().into(),
            alias_arn: target.alias_arn.clone(),
            version_arn: target.version_arn.clone(),
            input,
            map_run: None,
            express: target.machine.express,
            processor: None,
        },
        trace_header: trace_header.map(Into::into),
    }
}

/// Starts an execution, for StartExecution and for tasks that start one.
pub(crate) async fn begin(
    service: &States,
    scope: &Scope,
    machine_arn: &str,
    name: Option<&str>,
    input: Option<&str>,
    trace_header: Option<&str>,
) -> Result<Begun, Fault> {
    name.map_or(Ok(()), names::check)?;
    let target = Target::find(service, scope, machine_arn)?;
    let input = check_input(input)?;
    let name = name.map_or_else(new_uuid, str::to_owned);
    let new = new_execution(scope, &target, &name, input, trace_header);
    let execution_arn = new.start.arn.clone();
    match service.engine()?.start(new).await {
        // The same name and input while it runs: the first answer again.
        Ok(at) | Err(StartRefusal::Same(at)) => Ok(Begun { arn: execution_arn, at }),
        Err(refusal) => Err(faults::start_refused(&refusal, &execution_arn)),
    }
}

/// StartExecution.
///
/// Errors: `InvalidArn`, `InvalidName`, `InvalidExecutionInput`, `StateMachineDoesNotExist`, `StateMachineDeleting`,
/// `ExecutionAlreadyExists`, `ExecutionLimitExceeded`, `ThrottlingException` under overload.
pub(crate) async fn start(call: StatesCall, input: StartExecutionInput) -> Reply<StartExecutionOutput> {
    let begun = begin(
        &call,
        call.scope(),
        input.state_machine_arn(),
        input.name.as_deref(),
        input.input.as_deref(),
        input.trace_header.as_deref(),
    )
    .await?;
    Ok(StartExecutionOutput {
        execution_arn: Some(begun.arn.to_string()),
        start_date: Some(Timestamp::from_millis(begun.at)),
    })
}
