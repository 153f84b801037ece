//! DescribeStateMachineForExecution.

use super::find;
use crate::machine::shown_definition;
use crate::service::StatesCall;
use crate::{arn, configuration, definition, faults};
use api_stepfunctions::{DescribeStateMachineForExecutionInput, DescribeStateMachineForExecutionOutput};
use aws_schema::Timestamp;
use contracts::Reply;
use records::stepfunctions::Revision;

/// DescribeStateMachineForExecution: what the execution runs, which the machine may have left behind since.
///
/// Errors: `InvalidArn`, `ExecutionDoesNotExist`, `StateMachineDoesNotExist` where the revision is not kept any more.
pub(crate) async fn describe_machine(
    call: StatesCall,
    input: DescribeStateMachineForExecutionInput,
) -> Reply<DescribeStateMachineForExecutionOutput> {
    let execution = find(&call, input.execution_arn()).await?;
    let start = &execution.start;
    let scope = call.scope();
    // A child of a map run runs a part of its parent's revision and is named `machine/label`.
    let label = start.machine_name.split_once('/').map(|(_, label)| label.to_owned());
    let revision = call.platform.store.get::<Revision>(scope, &execution.revision);
    let revision = revision.ok_or_else(|| faults::no_machine(&start.machine_arn))?;
    Ok(DescribeStateMachineForExecutionOutput {
        state_machine_arn: Some(arn::machine(scope, &start.machine_name)),
        name: Some(start.machine_name.to_string()),
        definition: Some(shown_definition(&revision, input.included_data.as_ref())),
        role_arn: Some(revision.role_arn.clone()),
        update_date: Some(Timestamp::from_millis(revision.created)),
        logging_configuration: Some(configuration::show_logging(&revision.logging)),
        tracing_configuration: Some(configuration::show_tracing(revision.tracing)),
        map_run_arn: start.map_run.as_ref().map(ToString::to_string),
        label,
        revision_id: revision.shown_id(),
        encryption_configuration: configuration::show_encryption(revision.encryption.as_ref()),
        variable_references: definition::variable_references(&revision.definition.0),
    })
}
