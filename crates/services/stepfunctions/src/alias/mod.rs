//! Aliases of state machines: a name for one or two versions, with weights.

mod routes;

use crate::arn::Resource;
use crate::service::StatesCall;
use crate::version::machine_name;
use crate::{arn, faults, limits, machine, names};
use api_stepfunctions::{
    CreateStateMachineAliasInput, CreateStateMachineAliasOutput, DeleteStateMachineAliasInput,
    DeleteStateMachineAliasOutput, DescribeStateMachineAliasInput, DescribeStateMachineAliasOutput,
    ListStateMachineAliasesInput, ListStateMachineAliasesOutput, StateMachineAliasListItem,
    UpdateStateMachineAliasInput, UpdateStateMachineAliasOutput,
};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use records::stepfunctions::MachineAlias;
use state_store::typed::Tx;

/// Record id of the alias an ARN names.
fn alias_id(call: &StatesCall, alias_arn: &str) -> Result<String, Fault> {
    match arn::parse(&call.caller, alias_arn)? {
        Resource::Machine { name, qualifier: Some(alias) } => Ok(format!("{name}/{alias}")),
        Resource::Machine { .. } => {
            Err(faults::invalid_arn(format_args!("Unqualified ARN not valid in this context: {alias_arn}")))
        }
        other => Err(other.unexpected()),
    }
}

/// ARN of an alias.
fn alias_arn(call: &StatesCall, alias: &MachineAlias) -> String {
    arn::of(call.scope(), &format!("stateMachine:{}", alias.id.replacen('/', ":", 1)))
}

/// CreateStateMachineAlias. Idempotent for a name with the same routes and description.
///
/// Errors: `InvalidArn`, `InvalidName`, `ValidationException`, `ResourceNotFound` for a version, `ConflictException`,
/// `StateMachineDeleting`, `ServiceQuotaExceededException`.
pub(crate) async fn create(
    call: StatesCall,
    input: CreateStateMachineAliasInput,
) -> Reply<CreateStateMachineAliasOutput> {
    let scope = call.scope();
    names::check_alias(input.name())?;
    let (machine, routes) = routes::read(&call, input.routing_configuration())?;
    let now = call.now();
    let id = format!("{machine}/{}", input.name());
    let alias =
        MachineAlias { id, description: input.description.clone(), routes, created: now, updated: now };
    let run = |tx: &mut Tx<'_>| {
        // Versions first: of a machine that is not there they are what is missed (`StateMachineDoesNotExist` is no error
        // of this operation).
        routes::exist(tx, scope, &machine, &alias.routes)?;
        machine::live(tx, scope, &machine, &arn::machine(scope, &machine))?;
        if let Some(found) = tx.get::<MachineAlias>(scope, &alias.id) {
            if found.routes == alias.routes && found.description == alias.description {
                return Ok(found.created);
            }
            return Err(faults::conflict(
                "Failed to create alias because an alias with the same name and a different routing configuration already exists.",
            ));
        }
        if tx.list_prefix::<MachineAlias>(scope, &format!("{machine}/")).len() >= limits::ALIASES {
            return Err(faults::quota(
                "The maximum number of aliases of this state machine has been reached.",
            ));
        }
        tx.put(scope, alias.clone());
        Ok(now)
    };
    let created = call.platform.transact(run).await?.value;
    Ok(CreateStateMachineAliasOutput {
        state_machine_alias_arn: Some(alias_arn(&call, &alias)),
        creation_date: Some(Timestamp::from_millis(created)),
    })
}

/// UpdateStateMachineAlias.
///
/// Errors: `InvalidArn`, `ValidationException`, `ResourceNotFound`.
pub(crate) async fn update(
    call: StatesCall,
    input: UpdateStateMachineAliasInput,
) -> Reply<UpdateStateMachineAliasOutput> {
    let scope = call.scope();
    let id = alias_id(&call, input.state_machine_alias_arn())?;
    let routes =
        input.routing_configuration.as_deref().map(|asked| routes::read(&call, asked)).transpose()?;
    if routes.is_none() && input.description.is_none() {
        return Err(faults::validation(
            "Either the description or the routing configuration must be specified.",
        ));
    }
    let own = id.split('/').next().unwrap_or_default();
    if routes.as_ref().is_some_and(|(machine, _)| machine != own) {
        return Err(faults::validation(
            "Routing configuration must contain versions of the alias's own state machine.",
        ));
    }
    let now = call.now();
    let run = |tx: &mut Tx<'_>| {
        let mut alias = (*tx.get::<MachineAlias>(scope, &id).ok_or_else(faults::no_resource)?).clone();
        machine::live(tx, scope, own, &arn::machine(scope, own))?;
        if let Some((_, routes)) = &routes {
            routes::exist(tx, scope, own, routes)?;
            alias.routes.clone_from(routes);
        }
        if input.description.is_some() {
            alias.description.clone_from(&input.description);
        }
        alias.updated = now;
        tx.put(scope, alias);
        Ok(())
    };
    call.platform.transact(run).await?;
    Ok(UpdateStateMachineAliasOutput { update_date: Some(Timestamp::from_millis(now)) })
}

/// DescribeStateMachineAlias.
///
/// Errors: `InvalidArn`, `ResourceNotFound`.
pub(crate) async fn describe(
    call: StatesCall,
    input: DescribeStateMachineAliasInput,
) -> Reply<DescribeStateMachineAliasOutput> {
    let scope = call.scope();
    let id = alias_id(&call, input.state_machine_alias_arn())?;
    let alias = call.platform.store.get::<MachineAlias>(scope, &id).ok_or_else(faults::no_resource)?;
    Ok(DescribeStateMachineAliasOutput {
        state_machine_alias_arn: Some(alias_arn(&call, &alias)),
        name: Some(alias.name().to_owned()),
        description: alias.description.clone(),
        routing_configuration: Some(routes::show(&call, &alias)),
        creation_date: Some(Timestamp::from_millis(alias.created)),
        update_date: Some(Timestamp::from_millis(alias.updated)),
    })
}

/// DeleteStateMachineAlias. What does not exist is deleted already.
pub(crate) async fn delete(
    call: StatesCall,
    input: DeleteStateMachineAliasInput,
) -> Reply<DeleteStateMachineAliasOutput> {
    let id = alias_id(&call, input.state_machine_alias_arn())?;
    let scope = call.scope();
    call.platform
        .transact(|tx| {
            tx.delete::<MachineAlias>(scope, &id);
            Ok(())
        })
        .await?;
    Ok(DeleteStateMachineAliasOutput {})
}

/// ListStateMachineAliases, by name; only those that lead to a version, where the ARN names one. The API reference says
/// newest first, which the real service did not do when it was recorded.
///
/// Errors: `InvalidArn`, `InvalidToken`, `StateMachineDoesNotExist`.
pub(crate) async fn list(
    call: StatesCall,
    input: ListStateMachineAliasesInput,
) -> Reply<ListStateMachineAliasesOutput> {
    let scope = call.scope();
    let asked = input.state_machine_arn();
    let (name, version) = match arn::parse(&call.caller, asked)? {
        Resource::Machine { name, qualifier: Some(number) } => {
            (name, Some(number.parse::<u64>().map_err(|_| faults::no_resource())?))
        }
        _ => (machine_name(&call, asked)?, None),
    };
    if call.platform.store.get::<records::stepfunctions::StateMachine>(scope, name).is_none() {
        return Err(faults::no_machine(asked));
    }
    let mut aliases = call.platform.store.list_prefix::<MachineAlias>(scope, &format!("{name}/"));
    if let Some(version) = version {
        aliases.retain(|alias| alias.routes.iter().any(|route| route.version == version));
    }
    let purpose = format!("aliases/{asked}");
    let page =
        call.page(&purpose, scope, aliases, input.next_token.as_deref(), input.max_results, |alias| {
            alias.id.clone()
        })?;
    let items = page.items.iter().map(|alias| StateMachineAliasListItem {
        state_machine_alias_arn: Some(alias_arn(&call, alias)),
        creation_date: Some(Timestamp::from_millis(alias.created)),
    });
    Ok(ListStateMachineAliasesOutput { state_machine_aliases: Some(items.collect()), next_token: page.next })
}
