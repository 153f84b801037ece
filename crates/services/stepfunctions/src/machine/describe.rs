//! DescribeStateMachine.

use crate::arn::Resource;
use crate::service::StatesCall;
use crate::{arn, configuration, definition, faults};
use api_stepfunctions::{
    DescribeStateMachineInput, DescribeStateMachineOutput, IncludedData, StateMachineStatus, StateMachineType,
};
use aws_schema::Timestamp;
use contracts::Reply;
use records::stepfunctions::{MachineVersion, Revision, StateMachine};

/// What a describe operation shows of a definition: `{}` where only metadata is asked for.
pub(crate) fn shown_definition(revision: &Revision, included: Option<&IncludedData>) -> String {
    let metadata = included == Some(&IncludedData::METADATA_ONLY);
    if metadata { "{}".to_owned() } else { revision.definition.0.to_string() }
}

/// DescribeStateMachine, of a machine or a version.
///
/// Errors: `InvalidArn`, `StateMachineDoesNotExist`.
pub(crate) async fn describe(
    call: StatesCall,
    input: DescribeStateMachineInput,
) -> Reply<DescribeStateMachineOutput> {
    let (scope, store) = (call.scope(), &call.platform.store);
    let machine_arn = input.state_machine_arn();
    let missing = || faults::no_machine(machine_arn);
    let (name, qualifier) = match arn::parse(&call.caller, machine_arn)? {
        Resource::Machine { name, qualifier } => (name, qualifier),
        other => return Err(other.unexpected()),
    };
    let machine = store.get::<StateMachine>(scope, name).ok_or_else(missing)?;
    let version = match qualifier {
        None => None,
        Some(qualifier) => {
            // Aliases have an operation of their own.
            let number: u64 = qualifier.parse().map_err(|_| missing())?;
            let id = MachineVersion::id_of(name, number);
            Some(store.get::<MachineVersion>(scope, &id).ok_or_else(missing)?)
        }
    };
    let revision = version.as_ref().map_or(&machine.revision, |version| &version.revision);
    let revision = store.get::<Revision>(scope, revision).ok_or_else(missing)?;
    let status = if machine.deleting { StateMachineStatus::DELETING } else { StateMachineStatus::ACTIVE };
    let created = version.as_ref().map_or(machine.created, |version| version.created);
    Ok(DescribeStateMachineOutput {
        state_machine_arn: Some(machine_arn.to_owned()),
        name: Some(name.to_owned()),
        status: Some(status),
        definition: Some(shown_definition(&revision, input.included_data.as_ref())),
        role_arn: Some(revision.role_arn.clone()),
        type_: Some(if machine.express { StateMachineType::EXPRESS } else { StateMachineType::STANDARD }),
        creation_date: Some(Timestamp::from_millis(created)),
        logging_configuration: Some(configuration::show_logging(&revision.logging)),
        tracing_configuration: Some(configuration::show_tracing(revision.tracing)),
        label: None,
        revision_id: revision.shown_id(),
        description: version.and_then(|version| version.description.clone()),
        encryption_configuration: configuration::show_encryption(revision.encryption.as_ref()),
        variable_references: definition::variable_references(&revision.definition.0),
    })
}
