//! UpdateStateMachine.

use super::{current, live};
use crate::arn::Resource;
use crate::service::StatesCall;
use crate::{arn, configuration, definition, faults, limits, role, version};
use api_stepfunctions::{UpdateStateMachineInput, UpdateStateMachineOutput};
use aws_schema::Timestamp;
use contracts::{Reply, new_uuid};
use records::stepfunctions::{MachineVersion, Packed, Revision, StateMachine};
use state_store::typed::{Scope, Tx};

/// UpdateStateMachine: makes a new revision where something differs; running executions keep theirs.
///
/// Errors: `InvalidArn`, `InvalidDefinition`, `InvalidLoggingConfiguration`, `InvalidEncryptionConfiguration`,
/// `MissingRequiredParameter`, `ValidationException`, `StateMachineDoesNotExist`, `StateMachineDeleting`,
/// `ServiceQuotaExceededException`.
pub(crate) async fn update(
    call: StatesCall,
    input: UpdateStateMachineInput,
) -> Reply<UpdateStateMachineOutput> {
    let scope = call.scope().clone();
    let machine_arn = input.state_machine_arn();
    let name = match arn::parse(&call.caller, machine_arn)? {
        Resource::Machine { name, qualifier: None } => name,
        Resource::Machine { .. } => {
            return Err(faults::validation(
                "State machine versions and aliases cannot be updated with this operation.",
            ));
        }
        other => return Err(other.unexpected()),
    };
    let publish = input.publish.unwrap_or(false);
    if input.version_description.is_some() && !publish {
        return Err(faults::validation("Version description can only be set when publish is true"));
    }
    let changes_nothing = input.definition.is_none()
        && input.role_arn.is_none()
        && input.logging_configuration.is_none()
        && input.tracing_configuration.is_none()
        && input.encryption_configuration.is_none();
    if changes_nothing && !publish {
        return Err(faults::missing(
            "Either the definition, the role ARN, the LoggingConfiguration, the TracingConfiguration or the \
             EncryptionConfiguration must be specified",
        ));
    }
    if let Some(arn) = &input.role_arn {
        role::check(&call.platform, call.caller.account(), arn)?;
    }
    let logging = input.logging_configuration.as_ref();
    let logging = logging.map(|asked| configuration::logging(Some(asked))).transpose()?;
    let encryption = configuration::encryption(input.encryption_configuration.as_ref())?;
    // A definition is held against the type, which cannot change, so it can be checked before the transaction.
    if let Some(text) = &input.definition {
        let known = call.platform.store.get::<StateMachine>(&scope, name);
        let machine = known.ok_or_else(|| faults::no_machine(machine_arn))?;
        definition::check(text, machine.express)?;
    }
    let now = call.now();
    let id = format!("{name}/{}", new_uuid());
    let run = |tx: &mut Tx<'_>| {
        let found = live(tx, &scope, name, machine_arn)?;
        let known = current(tx, &scope, &found)?;
        let mut next = (*known).clone();
        if let Some(text) = &input.definition {
            next.definition = Packed::from(text.as_str());
        }
        if let Some(arn) = &input.role_arn {
            next.role_arn.clone_from(arn);
        }
        if let Some(logging) = &logging {
            next.logging = logging.clone();
        }
        if let Some(tracing) = &input.tracing_configuration {
            next.tracing = tracing.enabled.unwrap_or(false);
        }
        if encryption.is_some() {
            next.encryption.clone_from(&encryption);
        }
        let mut machine = (*found).clone();
        if next != *known {
            next.id.clone_from(&id);
            next.created = now;
            next.initial = false;
            machine.revision.clone_from(&next.id);
            tx.put(&scope, next.clone());
            forget_old(tx, &scope, &machine);
        }
        let number = if publish {
            Some(version::put(tx, &scope, &mut machine, now, input.version_description.clone())?)
        } else {
            None
        };
        if machine != *found {
            tx.put(&scope, machine);
        }
        Ok((next.shown_id(), number))
    };
    let (revision_id, number) = call.platform.transact(run).await?.value;
    Ok(UpdateStateMachineOutput {
        update_date: Some(Timestamp::from_millis(now)),
        revision_id,
        state_machine_version_arn: number.map(|number| arn::qualified(&scope, name, number)),
    })
}

/// Removes the oldest revisions that are neither current nor published, where there are too many.
fn forget_old(tx: &mut Tx<'_>, scope: &Scope, machine: &StateMachine) {
    let prefix = format!("{}/", machine.id);
    let revisions = tx.list_prefix::<Revision>(scope, &prefix);
    if revisions.len() <= limits::OLD_REVISIONS {
        return;
    }
    let versions = tx.list_prefix::<MachineVersion>(scope, &prefix);
    let published = |id: &str| versions.iter().any(|version| version.revision == id);
    let mut old: Vec<_> =
        revisions.iter().filter(|one| one.id != machine.revision && !published(&one.id)).collect();
    old.sort_by_key(|one| one.created);
    // Some at a time: a transaction has a limit, and every update comes by here.
    for one in old.iter().take(old.len().saturating_sub(limits::OLD_REVISIONS)).take(16) {
        tx.delete::<Revision>(scope, &one.id);
    }
}
