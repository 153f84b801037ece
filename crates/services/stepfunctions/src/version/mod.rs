//! Published versions of state machines.

use crate::arn::Resource;
use crate::machine::{current, live};
use crate::service::StatesCall;
use crate::{arn, faults, limits};
use api_stepfunctions::{
    DeleteStateMachineVersionInput, DeleteStateMachineVersionOutput, ListStateMachineVersionsInput,
    ListStateMachineVersionsOutput, PublishStateMachineVersionInput, PublishStateMachineVersionOutput,
    StateMachineVersionListItem,
};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use records::Millis;
use records::stepfunctions::{MachineAlias, MachineVersion, StateMachine};
use state_store::typed::{Scope, Tx};

/// Publishes the machine's current revision and gives the number; one that is published already keeps its number.
/// Changes `machine`, which the caller writes.
pub(crate) fn put(
    tx: &mut Tx<'_>,
    scope: &Scope,
    machine: &mut StateMachine,
    now: Millis,
    description: Option<String>,
) -> Result<u64, Fault> {
    let versions = tx.list_prefix::<MachineVersion>(scope, &format!("{}/", machine.id));
    if let Some(known) = versions.iter().find(|version| version.revision == machine.revision) {
        return Ok(known.number);
    }
    if versions.len() >= limits::VERSIONS {
        return Err(faults::quota("The maximum number of versions of this state machine has been reached."));
    }
    let number = machine.next_version;
    machine.next_version += 1;
    let id = MachineVersion::id_of(&machine.id, number);
    tx.put(
        scope,
        MachineVersion { id, number, revision: machine.revision.clone(), created: now, description },
    );
    Ok(number)
}

/// The name in an ARN that must be a machine's, unqualified.
pub(crate) fn machine_name<'a>(call: &StatesCall, machine_arn: &'a str) -> Result<&'a str, Fault> {
    match arn::parse(&call.caller, machine_arn)? {
        Resource::Machine { name, qualifier: None } => Ok(name),
        Resource::Machine { .. } => {
            Err(faults::invalid_arn(format_args!("Qualified ARN not valid in this context: {machine_arn}")))
        }
        other => Err(other.unexpected()),
    }
}

/// PublishStateMachineVersion. Idempotent for a revision.
///
/// Errors: `InvalidArn`, `StateMachineDoesNotExist`, `StateMachineDeleting`, `ConflictException` when `revisionId` is not
/// the current one, `ServiceQuotaExceededException`.
pub(crate) async fn publish(
    call: StatesCall,
    input: PublishStateMachineVersionInput,
) -> Reply<PublishStateMachineVersionOutput> {
    let scope = call.scope();
    let machine_arn = input.state_machine_arn();
    let name = machine_name(&call, machine_arn)?;
    let now = call.now();
    let run = |tx: &mut Tx<'_>| {
        let mut machine = (*live(tx, scope, name, machine_arn)?).clone();
        if let Some(wanted) = &input.revision_id {
            let found = current(tx, scope, &machine)?.shown_id().unwrap_or_else(|| "INITIAL".to_owned());
            if found != *wanted {
                return Err(faults::conflict(format!(
                    "Failed to publish the State Machine version for revision {wanted}. The current State Machine revision is {found}."
                )));
            }
        }
        let before = machine.next_version;
        let number = put(tx, scope, &mut machine, now, input.description.clone())?;
        if machine.next_version != before {
            tx.put(scope, machine);
        }
        let created =
            tx.get::<MachineVersion>(scope, &MachineVersion::id_of(name, number)).map_or(now, |v| v.created);
        Ok((number, created))
    };
    let (number, created) = call.platform.transact(run).await?.value;
    Ok(PublishStateMachineVersionOutput {
        creation_date: Some(Timestamp::from_millis(created)),
        state_machine_version_arn: Some(arn::qualified(scope, name, number)),
    })
}

/// ListStateMachineVersions, newest first.
///
/// Errors: `InvalidArn`, `InvalidToken`.
pub(crate) async fn list(
    call: StatesCall,
    input: ListStateMachineVersionsInput,
) -> Reply<ListStateMachineVersionsOutput> {
    let scope = call.scope();
    let name = machine_name(&call, input.state_machine_arn())?;
    let mut versions = call.platform.store.list_prefix::<MachineVersion>(scope, &format!("{name}/"));
    versions.reverse();
    // Pages go by a rising key, the list by a falling number.
    let key = |version: &std::sync::Arc<MachineVersion>| format!("{:020}", u64::MAX - version.number);
    let page = call.page(
        &format!("versions/{name}"),
        scope,
        versions,
        input.next_token.as_deref(),
        input.max_results,
        key,
    )?;
    let items = page.items.iter().map(|version| StateMachineVersionListItem {
        state_machine_version_arn: Some(arn::qualified(scope, name, version.number)),
        creation_date: Some(Timestamp::from_millis(version.created)),
    });
    Ok(ListStateMachineVersionsOutput {
        state_machine_versions: Some(items.collect()),
        next_token: page.next,
    })
}

/// DeleteStateMachineVersion. What does not exist is deleted already.
///
/// Errors: `InvalidArn`, `ConflictException` while an alias leads to it, `ValidationException` for another ARN.
pub(crate) async fn delete(
    call: StatesCall,
    input: DeleteStateMachineVersionInput,
) -> Reply<DeleteStateMachineVersionOutput> {
    let scope = call.scope();
    let (name, number) = match arn::parse(&call.caller, input.state_machine_version_arn())? {
        Resource::Machine { name, qualifier: Some(number) } => (name, number),
        Resource::Machine { .. } => {
            return Err(faults::validation("The ARN does not name a state machine version."));
        }
        other => return Err(other.unexpected()),
    };
    let number: u64 =
        number.parse().map_err(|_| faults::validation("The ARN does not name a state machine version."))?;
    let run = |tx: &mut Tx<'_>| {
        let aliases = tx.list_prefix::<MachineAlias>(scope, &format!("{name}/"));
        let leading = aliases.iter().filter(|alias| alias.routes.iter().any(|route| route.version == number));
        let leading: Vec<&str> = leading.map(|alias| alias.name()).collect();
        if !leading.is_empty() {
            return Err(faults::conflict(format!(
                "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
                leading.join(", ")
            )));
        }
        tx.delete::<MachineVersion>(scope, &MachineVersion::id_of(name, number));
        Ok(())
    };
    call.platform.transact(run).await?;
    Ok(DeleteStateMachineVersionOutput {})
}
