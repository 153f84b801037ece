//! DeleteStateMachine.

use crate::arn::Resource;
use crate::service::StatesCall;
use crate::{arn, faults};
use api_stepfunctions::{DeleteStateMachineInput, DeleteStateMachineOutput};
use contracts::Reply;
use records::stepfunctions::{MachineAlias, MachineVersion, Revision, StateMachine};
use state_store::typed::{Record, Scope, Tx};

/// Writes of one transaction; the store takes 128.
const AT_ONCE: usize = 100;

/// DeleteStateMachine: versions and aliases go with it. What does not exist is deleted already.
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
    let mark =
        |tx: &mut Tx<'_>| Ok(tx.update::<StateMachine>(scope, name, |machine| machine.deleting = true));
    if call.platform.transact(mark).await?.value {
        // In steps: a machine may have a thousand versions. After a crash the machine is still marked, and deleting it
        // again goes on.
        while call.platform.transact(|tx| Ok(clear(tx, scope, name))).await?.value {}
    }
    Ok(DeleteStateMachineOutput {})
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
