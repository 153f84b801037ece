//! CancelCommand.

use crate::faults;
use crate::service::SsmCall;
use api_ssm::{CancelCommandRequest, CancelCommandResult};
use contracts::Reply;
use records::ssm::Command;
use state_store::typed::Tx;
use std::collections::BTreeSet;

/// CancelCommand: what has not started never will; what runs is killed, its whole process tree. A command that ended
/// already stays as it is.
///
/// Errors: `InvalidCommandId`, `InvalidInstanceId` (not part of the command), `DuplicateInstanceId`.
pub(crate) async fn cancel(call: SsmCall, input: CancelCommandRequest) -> Reply<CancelCommandResult> {
    let id = input.command_id();
    let instances = input.instance_ids.clone().unwrap_or_default();
    let mut seen = BTreeSet::new();
    if let Some(twice) = instances.iter().find(|id| !seen.insert(*id)) {
        return Err(faults::duplicate_instance(twice));
    }
    let run = |tx: &mut Tx<'_>| {
        let command = tx.get::<Command>(call.scope(), id).ok_or_else(faults::invalid_command_id)?;
        let foreign: Vec<String> =
            instances.iter().filter(|i| !command.resolved.contains(i)).cloned().collect();
        if !foreign.is_empty() {
            return Err(faults::invalid_instances(&foreign, call.caller.account()));
        }
        if command.outcome.is_some() {
            return Ok(());
        }
        let mut command = (*command).clone();
        command.cancel_all |= instances.is_empty();
        let new = instances.iter().filter(|i| !command.cancelled.contains(i)).cloned().collect::<Vec<_>>();
        command.cancelled.extend(new);
        tx.put(call.scope(), command);
        Ok(())
    };
    call.platform.transact(run).await?;
    if let Some(live) = call.live.get(call.scope(), id) {
        live.cancel(&instances);
    }
    Ok(CancelCommandResult {})
}
