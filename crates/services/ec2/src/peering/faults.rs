//! Faults of peering connections.

use crate::faults::not_permitted;
use aws_schema::Fault;
use records::VpcPeering;
use state_store::typed::Scope;

/// `InvalidStateTransition`: the connection's state does not lead there.
pub(super) fn transition(id: &str, from: &str, to: &str) -> Fault {
    let message = format!("Invalid state transition for {id}, attempted to transition from {from} to {to}");
    Fault::sender("InvalidStateTransition", message)
}

/// `OperationNotPermitted`: only the accepter's account, in the accepter's region, may answer a request.
pub(super) fn wrong_side(peering: &VpcPeering, caller: &Scope, verb: &str, participle: &str) -> Fault {
    if *caller.account != *peering.accepter.account {
        return not_permitted(format!("User {} cannot {verb} peering {}", caller.account, peering.id));
    }
    not_permitted(format!(
        "Incorrect region ({}) specified for this request. VPC peering connection {} must be {participle} in region {}",
        caller.region, peering.id, peering.accepter.region
    ))
}

/// `VpcPeeringConnectionAlreadyExists`.
pub(super) fn already_exists(id: &str) -> Fault {
    let message = format!("A VPC peering connection between the VPCs already exists: {id}");
    Fault::sender("VpcPeeringConnectionAlreadyExists", message)
}

/// `VpcPeeringConnectionsPerVpcLimitExceeded`.
pub(super) fn too_many(vpc_id: &str) -> Fault {
    let message = format!("The maximum number of VPC peering connections has been reached for {vpc_id}.");
    Fault::sender("VpcPeeringConnectionsPerVpcLimitExceeded", message)
}

/// `OutstandingVpcPeeringConnectionLimitExceeded`.
pub(super) fn too_many_pending(vpc_id: &str) -> Fault {
    let message =
        format!("The maximum number of outstanding VPC peering requests has been reached for {vpc_id}.");
    Fault::sender("OutstandingVpcPeeringConnectionLimitExceeded", message)
}
