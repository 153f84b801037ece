//! Interfaces that are plugged into and out of machines (EC2 User Guide, "Attach a network interface").

use crate::{Instance, NetworkInterface};
use state_store::typed::{Scope, Tx};

/// `attaching` → `attached`: the machine has the interface. Tells whether that was the step to take.
pub fn mark_attached(tx: &mut Tx<'_>, scope: &Scope, interface: &str) -> bool {
    let Some(found) = tx.get::<NetworkInterface>(scope, interface) else { return false };
    let mut interface = (*found).clone();
    match &mut interface.attachment {
        Some(attachment) if attachment.status == "attaching" => "attached".clone_into(&mut attachment.status),
        _ => return false,
    }
    tx.put(scope, interface);
    true
}

/// `detaching` → not attached: the machine no longer has it, and the interface is free. Tells whether that was the
/// step to take.
pub fn mark_detached(tx: &mut Tx<'_>, scope: &Scope, interface: &str) -> bool {
    let Some(found) = tx.get::<NetworkInterface>(scope, interface) else { return false };
    let Some(attachment) = found.attachment.as_ref().filter(|a| a.status == "detaching") else {
        return false;
    };
    if let Some(instance) = tx.get::<Instance>(scope, &attachment.instance_id) {
        let mut instance = (*instance).clone();
        instance.network_interfaces.retain(|id| id != interface);
        tx.put(scope, instance);
    }
    tx.put(scope, NetworkInterface { attachment: None, ..(*found).clone() });
    true
}

/// A machine that does not run has no interface on its way: those that came are attached from its next start, those
/// that went are gone.
pub(super) fn come_to_rest(tx: &mut Tx<'_>, scope: &Scope, interfaces: &[String]) {
    for interface in interfaces {
        if !mark_detached(tx, scope, interface) {
            mark_attached(tx, scope, interface);
        }
    }
}
