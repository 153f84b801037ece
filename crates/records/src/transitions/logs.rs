//! Flow logs end with what they watch.

use crate::{FlowLog, Tags};
use state_store::typed::{Scope, Tx};

/// Deletes the flow logs of a VPC, subnet or interface that goes away in this transaction, with their tags.
pub fn forget_flow_logs(tx: &mut Tx<'_>, scope: &Scope, resource_id: &str) {
    for log in tx.by_index::<FlowLog>(scope, "resource", resource_id) {
        tx.delete::<Tags>(scope, &log.id);
        tx.delete::<FlowLog>(scope, &log.id);
    }
}
