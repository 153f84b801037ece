//! Machines found inside a transaction.

use crate::faults;
use aws_schema::Fault;
use records::stepfunctions::{Revision, StateMachine};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// The machine of this name that is not being deleted; `arn` is for the fault.
pub(crate) fn live(
    tx: &mut Tx<'_>,
    scope: &Scope,
    name: &str,
    arn: &str,
) -> Result<Arc<StateMachine>, Fault> {
    let machine = tx.get::<StateMachine>(scope, name).ok_or_else(|| faults::no_machine(arn))?;
    if machine.deleting { Err(faults::machine_deleting(arn)) } else { Ok(machine) }
}

/// The revision a machine is at.
pub(crate) fn current(
    tx: &mut Tx<'_>,
    scope: &Scope,
    machine: &StateMachine,
) -> Result<Arc<Revision>, Fault> {
    tx.get::<Revision>(scope, &machine.revision).ok_or_else(|| {
        Fault::internal(format!("The revision {} of the state machine is lost.", machine.revision))
    })
}
