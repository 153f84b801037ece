//! The steps of an instance's life that the host agent takes, as pure changes of records.
//!
//! Each function runs inside the agent's transaction and answers the changed instance, or `None` when the instance is
//! gone or meanwhile in a state from which the step does not lead: then nothing was written. States are those of the
//! EC2 User Guide, "Amazon EC2 instance state changes".

mod addresses;
mod attachments;
mod endpoint;
mod extension;
mod logs;
mod nat;
mod propagation;
mod sweep;
mod sweep_nat;
#[cfg(test)]
mod tests;

pub use addresses::{release_auto_addresses, release_interface};
pub use attachments::{mark_attached, mark_detached};
pub use endpoint::{mark_endpoint_available, mark_endpoint_deleted};
pub use extension::{forget_guarded, forget_port_forwardings, forwarding_of_address};
pub use logs::forget_flow_logs;
pub use nat::{mark_nat_available, mark_nat_deleted, mark_nat_failed};
pub use propagation::{propagate, propagate_gateway};
pub use sweep::{KEEP_TERMINATED, forget, sweep_terminated};
pub use sweep_nat::sweep_nat_gateways;

use crate::{Instance, InstanceState, Millis, NetworkInterface, StateReason, Tags};
use state_store::typed::{Scope, Tx};

/// Code of a stop or termination by the API.
pub const USER_INITIATED: &str = "Client.UserInitiatedShutdown";
/// Code of a shutdown from inside the machine.
pub const INSTANCE_INITIATED: &str = "Client.InstanceInitiatedShutdown";
/// Code of a launch or start the host could not carry out.
pub const SERVER_ERROR: &str = "Server.InternalError";

impl StateReason {
    /// A reason in EC2's form, in which the message repeats the code.
    pub fn new(code: &str, words: &str) -> StateReason {
        StateReason { code: code.to_owned(), message: format!("{code}: {words}") }
    }
}

fn change(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &str,
    step: impl FnOnce(&mut Instance) -> bool,
) -> Option<Instance> {
    let mut instance = (*tx.get::<Instance>(scope, id)?).clone();
    if !step(&mut instance) {
        return None;
    }
    tx.put(scope, instance.clone());
    Some(instance)
}

/// `pending` → `running`, on `host`.
pub fn mark_running(tx: &mut Tx<'_>, scope: &Scope, id: &str, host: &str) -> Option<Instance> {
    change(tx, scope, id, |instance| {
        if instance.state != InstanceState::Pending {
            return false;
        }
        instance.state = InstanceState::Running;
        instance.state_reason = None;
        instance.host = Some(host.to_owned());
        true
    })
}

/// User-data has come to its end: the status checks may pass.
pub fn mark_booted(tx: &mut Tx<'_>, scope: &Scope, id: &str, now: Millis) -> Option<Instance> {
    change(tx, scope, id, |instance| {
        let up = instance.state == InstanceState::Running;
        if up {
            instance.booted_at = Some(now);
        }
        up
    })
}

/// The reboot asked for by RebootInstances is done.
pub fn mark_rebooted(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Option<Instance> {
    change(tx, scope, id, |instance| std::mem::take(&mut instance.reboot_requested))
}

/// `stopping` → `stopped`. Public addresses that were not elastic go back to the pool; private ones stay.
pub fn mark_stopped(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Option<Instance> {
    let stopped = change(tx, scope, id, |instance| {
        let stopping = instance.state == InstanceState::Stopping;
        if stopping {
            rest(instance);
        }
        stopping
    })?;
    release_auto_addresses(tx, scope, &stopped.network_interfaces);
    attachments::come_to_rest(tx, scope, &stopped.network_interfaces);
    Some(stopped)
}

/// The machine's first process ended without the API having asked for it. What follows is the instance's shutdown
/// behaviour: `stopped` at once, or `shutting-down`, in which case the agent destroys it and calls [`terminate`].
pub fn mark_exited(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Option<Instance> {
    let changed = change(tx, scope, id, |instance| {
        if !matches!(instance.state, InstanceState::Running | InstanceState::Pending) {
            return false;
        }
        if instance.shutdown_behavior == "terminate" {
            instance.state = InstanceState::ShuttingDown;
            instance.generation += 1;
        } else {
            rest(instance);
        }
        instance.transition_reason.clear();
        instance.state_reason = Some(StateReason::new(INSTANCE_INITIATED, "Instance initiated shutdown"));
        true
    })?;
    if changed.state == InstanceState::Stopped {
        release_auto_addresses(tx, scope, &changed.network_interfaces);
        attachments::come_to_rest(tx, scope, &changed.network_interfaces);
    }
    Some(changed)
}

/// The host could not start the machine. A first launch ends `terminated`; a start of a stopped machine, and a running
/// one that the host lost and cannot bring back, end `stopped` with their disk. The reason says why (EC2 User Guide,
/// "Troubleshoot instance launch issues").
pub fn mark_failed(tx: &mut Tx<'_>, scope: &Scope, id: &str, why: &str, now: Millis) -> Option<Instance> {
    let failed = tx
        .get::<Instance>(scope, id)
        .filter(|i| matches!(i.state, InstanceState::Pending | InstanceState::Running))?;
    let reason = Some(StateReason::new(SERVER_ERROR, why));
    // Generation 1 is the launch; every start of an existing machine has raised it.
    if failed.state == InstanceState::Pending && failed.generation <= 1 {
        let mut failed = terminate(tx, scope, id, now)?;
        failed.state_reason = reason;
        failed.transition_reason = format!("Server.InternalError: {why}");
        tx.put(scope, failed.clone());
        return Some(failed);
    }
    release_auto_addresses(tx, scope, &failed.network_interfaces);
    attachments::come_to_rest(tx, scope, &failed.network_interfaces);
    change(tx, scope, id, |instance| {
        rest(instance);
        instance.state_reason = reason;
        true
    })
}

/// Any state → `terminated`: interfaces and volumes that go with the instance are deleted with their tags, other
/// interfaces are detached, public addresses return to the pool, elastic ones are disassociated from what is deleted.
pub fn terminate(tx: &mut Tx<'_>, scope: &Scope, id: &str, now: Millis) -> Option<Instance> {
    let before = tx.get::<Instance>(scope, id).filter(|i| i.state != InstanceState::Terminated)?;
    for interface in &before.network_interfaces {
        let Some(found) = tx.get::<NetworkInterface>(scope, interface) else { continue };
        let goes =
            found.attachment.as_ref().is_some_and(|a| a.delete_on_termination && a.status != "detaching");
        if goes {
            release_interface(tx, scope, &found);
        } else {
            release_auto_addresses(tx, scope, std::slice::from_ref(interface));
            if let Some(kept) = tx.get::<NetworkInterface>(scope, interface) {
                tx.put(scope, NetworkInterface { attachment: None, ..(*kept).clone() });
            }
        }
    }
    for device in before.block_devices.iter().filter(|d| d.delete_on_termination) {
        tx.delete::<Tags>(scope, &device.volume_id);
    }
    change(tx, scope, id, |instance| {
        rest(instance);
        instance.state = InstanceState::Terminated;
        instance.terminated_at = Some(now);
        instance.network_interfaces.clear();
        instance.block_devices.clear();
        instance.iam_association_id = None;
        instance.iam_instance_profile = None;
        true
    })
}

/// What holds for every machine that does not run.
fn rest(instance: &mut Instance) {
    instance.state = InstanceState::Stopped;
    instance.host = None;
    instance.booted_at = None;
    instance.reboot_requested = false;
    instance.force = false;
}
