//! What port forwardings and network security groups lose when the thing they stand on goes away.

use crate::{NetworkSecurityGroup, PortForwarding};
use state_store::typed::{Scope, Tx};

/// No network security group guards this subnet or interface any more; for whoever deletes it.
pub fn forget_guarded(tx: &mut Tx<'_>, scope: &Scope, id: &str) {
    for group in tx.by_index::<NetworkSecurityGroup>(scope, "attached", id) {
        let mut group = NetworkSecurityGroup::clone(&group);
        group.subnet_ids.retain(|other| other != id);
        group.network_interface_ids.retain(|other| other != id);
        tx.put(scope, group);
    }
}

/// Drops the forwarded ports of a gateway, of which there are at most [`PortForwarding::MOST`].
pub fn forget_port_forwardings(tx: &mut Tx<'_>, scope: &Scope, gateway_id: &str) {
    for forwarding in tx.by_index::<PortForwarding>(scope, "gateway", gateway_id) {
        tx.delete::<PortForwarding>(scope, &forwarding.id);
    }
}

/// A port forwarding that uses an elastic address, by `eipalloc-…`. While there is one, the address can be neither
/// released nor associated.
pub fn forwarding_of_address(tx: &mut Tx<'_>, scope: &Scope, allocation_id: &str) -> Option<String> {
    let found = tx.by_index::<PortForwarding>(scope, "allocation", allocation_id);
    found.first().map(|forwarding| forwarding.id.clone())
}
