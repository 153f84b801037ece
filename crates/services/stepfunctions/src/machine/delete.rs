//! DeleteStateMachine.

use crate::arn::Resource;
use crate::service::{States, StatesCall};
use crate::task::Order;
use crate::{arn, faults};
use api_stepfunctions::{DeleteStateMachineInput, DeleteStateMachineOutput};
use aws_schema::Fault;
use contracts::Reply;
use execution_engine::{Execution, ListFilter, ListOf, Status};
use records::stepfunctions::{MachineAlias, MachineVersion, Revision, StateMachine};
use state_machine::history::Failure;
use state_store::typed::{Record, Scope, Tx};
use std::time::Duration;

/// Writes of one transaction; the store takes 128.
const AT_ONCE: usize = 100;
/// Between two looks at executions that are to stop.
const PAUSE: Duration = Duration::from_millis(50);
/// How often, and after which time again, the request itself tries to forget executions that ended: the last of them may
/// still be on their way into the archive.
const TRIES: usize = 10;
const MOMENT: Duration = Duration::from_millis(10);

/// DeleteStateMachine: versions, aliases and executions go with it; those that run stop first. What does not exist is
/// deleted already.
///
/// Errors: `InvalidArn`, `ValidationException` for a version or alias.
pub(crate) async fn delete(
    call: StatesCall,
    input: DeleteStateMachineInput,
) -> Reply<DeleteStateMachineOutput> {
    let name = match arn::parse(&call.caller, input.state_machine_arn())? {
        Resource::Machine { name, qualifier: None } => name,
        Resource::Machine { .. } => {
            return Err(faults::validation(
                "State machine versions and aliases cannot be deleted with this operation.",
            ));
        }
        other => return Err(other.unexpected()),
    };
    let scope = call.scope();
    // Deleted once more while it is DELETING, it is left to the first: a second one that is still at it could take away a
    // machine made under this name since.
    let mark = |tx: &mut Tx<'_>| {
        let mut first = false;
        tx.update::<StateMachine>(scope, name, |machine| {
            first = !std::mem::replace(&mut machine.deleting, true);
        });
        Ok(first)
    };
    // It is DELETING until its executions have stopped, and until all that ended are forgotten.
    if call.platform.transact(mark).await?.value && !at_once(&call, scope, name).await.unwrap_or(false) {
        call.order(Order::Delete(scope.clone(), name.into()));
    }
    Ok(DeleteStateMachineOutput {})
}

/// Removes a machine that nothing runs of; false: something does, or is not to be forgotten yet.
async fn at_once(service: &States, scope: &Scope, name: &str) -> Result<bool, Fault> {
    for _ in 0..TRIES {
        if !running(service, scope, name).await?.is_empty() {
            return Ok(false);
        }
        if forget(service, scope, name).await? {
            remove(service, scope, name).await?;
            return Ok(true);
        }
        tokio::time::sleep(MOMENT).await;
    }
    Ok(false)
}

/// Some of the executions of a machine that run.
async fn running(service: &States, scope: &Scope, name: &str) -> Result<Vec<Execution>, Fault> {
    let filter = ListFilter {
        of: ListOf::Machine(arn::machine(scope, name).into()),
        status: Some(Status::Running),
        version_arn: None,
        alias_arn: None,
        redriven: None,
    };
    let mut after = None;
    loop {
        let page = service.engine()?.list(filter.clone(), after, AT_ONCE).await;
        let page = page.map_err(|error| faults::unreadable(&error))?;
        if !page.executions.is_empty() || page.next.is_none() {
            return Ok(page.executions);
        }
        // A page may be empty before the end.
        after = page.next;
    }
}

/// Forgets its closed executions, whose names are then free for another machine of this name; true when all are gone.
async fn forget(service: &States, scope: &Scope, name: &str) -> Result<bool, Fault> {
    let gone = service.engine()?.forget_machine(&arn::machine(scope, name)).await;
    gone.map_err(|error| faults::unreadable(&error))
}

/// Removes the records. In steps: a machine may have a thousand versions. After a crash the machine is still marked.
async fn remove(service: &States, scope: &Scope, name: &str) -> Result<(), Fault> {
    while service.platform.transact(|tx| Ok(clear(tx, scope, name))).await?.value {}
    Ok(())
}

/// Stops the executions of a machine that is being deleted, and then removes it.
pub(crate) async fn finish(service: &States, scope: &Scope, name: &str) {
    loop {
        let done = match running(service, scope, name).await {
            Ok(found) if found.is_empty() => match forget(service, scope, name).await {
                Ok(true) => remove(service, scope, name).await.is_ok(),
                _ => false,
            },
            Ok(found) => {
                for execution in found {
                    if let Ok(engine) = service.engine() {
                        // One that ended meanwhile is as good as stopped.
                        let _ = engine.stop(&execution.start.arn, Failure::default()).await;
                    }
                }
                false
            }
            Err(_) => false,
        };
        if done {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Removes some of what belongs to a machine, at last itself; tells whether something may be left.
fn clear(tx: &mut Tx<'_>, scope: &Scope, name: &str) -> bool {
    let mut room = AT_ONCE;
    room -= some::<MachineAlias>(tx, scope, name, room);
    room -= some::<MachineVersion>(tx, scope, name, room);
    room -= some::<Revision>(tx, scope, name, room);
    if room > 0 {
        tx.delete::<StateMachine>(scope, name);
    }
    room == 0
}

fn some<R: Record>(tx: &mut Tx<'_>, scope: &Scope, name: &str, room: usize) -> usize {
    let found = tx.list_prefix::<R>(scope, &format!("{name}/"));
    let gone = found.iter().take(room).filter(|record| tx.delete::<R>(scope, record.id()));
    gone.count()
}
