//! Giving addresses and interfaces back.

use crate::address::{PublicAddressClaim, pool_scope};
use crate::{Address, NetworkInterface, Tags};
use state_store::typed::{Scope, Tx};

/// Returns the automatically assigned public addresses of these interfaces to the pool; elastic ones stay.
pub fn release_auto_addresses(tx: &mut Tx<'_>, scope: &Scope, interfaces: &[String]) {
    for id in interfaces {
        let Some(found) = tx.get::<NetworkInterface>(scope, id) else { continue };
        let mut interface = (*found).clone();
        let mut changed = false;
        for address in interface.private_addresses.iter_mut().filter(|a| a.allocation_id.is_none()) {
            if let Some(public) = address.public.take() {
                tx.delete::<PublicAddressClaim>(&pool_scope(), &public.to_string());
                address.association_id = None;
                changed = true;
            }
        }
        if changed {
            tx.put(scope, interface);
        }
    }
}

/// Deletes an interface with its tags and flow logs. Its automatic public addresses return to the pool; elastic addresses stay
/// allocated and lose their association.
pub fn release_interface(tx: &mut Tx<'_>, scope: &Scope, interface: &NetworkInterface) {
    for address in &interface.private_addresses {
        match (&address.allocation_id, address.public) {
            (Some(allocation), _) => {
                if let Some(elastic) = tx.get::<Address>(scope, allocation) {
                    let freed = Address {
                        network_interface_id: None,
                        private_ip: None,
                        association_id: None,
                        ..(*elastic).clone()
                    };
                    tx.put(scope, freed);
                }
            }
            (None, Some(public)) => {
                tx.delete::<PublicAddressClaim>(&pool_scope(), &public.to_string());
            }
            (None, None) => {}
        }
    }
    super::forget_flow_logs(tx, scope, &interface.id);
    super::forget_guarded(tx, scope, &interface.id);
    tx.delete::<Tags>(scope, &interface.id);
    tx.delete::<NetworkInterface>(scope, &interface.id);
}
