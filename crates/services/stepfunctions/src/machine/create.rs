//! CreateStateMachine.

use super::current;
use crate::service::StatesCall;
use crate::{arn, configuration, definition, faults, limits, names, role, tags, version};
use api_stepfunctions::{CreateStateMachineInput, CreateStateMachineOutput, StateMachineType};
use aws_schema::{Fault, Timestamp};
use contracts::{Reply, new_uuid};
use records::stepfunctions::{Packed, Revision, StateMachine};
use state_store::typed::Tx;

/// CreateStateMachine. Idempotent by name, definition, type, configurations, `publish` and `versionDescription`; role and
/// tags of a repeated request do not matter (API reference).
///
/// Errors: `InvalidName`, `InvalidArn`, `InvalidDefinition`, `InvalidLoggingConfiguration`,
/// `InvalidEncryptionConfiguration`, `ValidationException`, `StateMachineAlreadyExists`, `StateMachineDeleting`,
/// `StateMachineLimitExceeded`, `TooManyTags`.
pub(crate) async fn create(
    call: StatesCall,
    input: CreateStateMachineInput,
) -> Reply<CreateStateMachineOutput> {
    let scope = call.scope().clone();
    let name = input.name();
    names::check(name)?;
    let arn = arn::machine(&scope, name);
    let publish = input.publish.unwrap_or(false);
    if input.version_description.is_some() && !publish {
        return Err(faults::validation("Version description can only be set when publish is true"));
    }
    role::check(&call.platform, call.caller.account(), input.role_arn())?;
    let express = input.type_.as_ref() == Some(&StateMachineType::EXPRESS);
    let logging = configuration::logging(input.logging_configuration.as_ref())?;
    let encryption = configuration::encryption(input.encryption_configuration.as_ref())?;
    let tags = tags::tag_map(input.tags.as_deref().unwrap_or_default(), &arn)?;
    definition::check(input.definition(), express)?;
    let now = call.now();
    let revision = Revision {
        id: format!("{name}/{}", new_uuid()),
        created: now,
        initial: true,
        definition: Packed::from(input.definition()),
        role_arn: input.role_arn().to_owned(),
        logging,
        tracing: input.tracing_configuration.as_ref().and_then(|t| t.enabled).unwrap_or(false),
        encryption,
    };
    let published = publish.then(|| input.version_description.clone().unwrap_or_default());
    let machine = StateMachine {
        id: name.to_owned(),
        express,
        created: now,
        revision: revision.id.clone(),
        next_version: 1,
        tags,
        deleting: false,
        published_at_creation: published,
    };
    let run = |tx: &mut Tx<'_>| {
        if let Some(found) = tx.get::<StateMachine>(&scope, name) {
            if found.deleting {
                return Err(faults::machine_deleting(&arn));
            }
            let known = current(tx, &scope, &found)?;
            return if is_same(&found, &known, &machine, &revision) {
                Ok((found.created, publish.then_some(1)))
            } else {
                Err(faults::machine_exists(&arn))
            };
        }
        if tx.count::<StateMachine>(&scope) >= limits::MACHINES {
            return Err(faults::too_many_machines());
        }
        tx.put(&scope, revision.clone());
        let mut machine = machine.clone();
        let number = if publish {
            Some(version::put(tx, &scope, &mut machine, now, input.version_description.clone())?)
        } else {
            None
        };
        tx.put(&scope, machine);
        Ok::<_, Fault>((now, number))
    };
    let (created, number) = call.platform.transact(run).await?.value;
    Ok(CreateStateMachineOutput {
        state_machine_version_arn: number.map(|number| arn::qualified(&scope, name, number)),
        state_machine_arn: Some(arn),
        creation_date: Some(Timestamp::from_millis(created)),
    })
}

/// Whether a second request asks for what the first one made.
fn is_same(found: &StateMachine, known: &Revision, machine: &StateMachine, revision: &Revision) -> bool {
    found.express == machine.express
        && found.published_at_creation == machine.published_at_creation
        && known.definition == revision.definition
        && known.logging == revision.logging
        && known.tracing == revision.tracing
        && known.encryption == revision.encryption
}
