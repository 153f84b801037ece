//! The steps of an interface endpoint's life that the host agent takes (VPC guide, "VPC endpoint states").

use super::release_interface;
use crate::{NetworkInterface, Tags, VpcEndpoint};
use state_store::typed::{Scope, Tx};

/// `pending` → `available`: its interfaces answer. Tells whether that was the step to take.
pub fn mark_endpoint_available(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> bool {
    let Some(found) = tx.get::<VpcEndpoint>(scope, id).filter(|e| e.state == "pending") else { return false };
    tx.put(scope, VpcEndpoint { state: "available".to_owned(), ..(*found).clone() });
    true
}

/// `deleting` → gone, with its interfaces and tags: nothing of it is on the host any more. Tells whether that was the
/// step to take.
pub fn mark_endpoint_deleted(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> bool {
    let Some(found) = tx.get::<VpcEndpoint>(scope, id).filter(|e| e.state == "deleting") else {
        return false;
    };
    for interface in &found.network_interface_ids {
        if let Some(interface) = tx.get::<NetworkInterface>(scope, interface) {
            release_interface(tx, scope, &interface);
        }
    }
    tx.delete::<Tags>(scope, id);
    tx.delete::<VpcEndpoint>(scope, id);
    true
}
