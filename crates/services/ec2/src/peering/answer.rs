//! AcceptVpcPeeringConnection and RejectVpcPeeringConnection.

use super::{faults as peering_faults, show, status, vpcs};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    AcceptVpcPeeringConnectionRequest, AcceptVpcPeeringConnectionResult, RejectVpcPeeringConnectionRequest,
    RejectVpcPeeringConnectionResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Millis, Vpc, VpcPeering};
use state_store::typed::{Scope, Tx};

/// What an answer does to a request.
struct Verb {
    /// In `User x cannot accept …`.
    infinitive: &'static str,
    /// In `must be accepted in …`.
    participle: &'static str,
    /// Where it leads.
    to: &'static str,
}

/// The request that waits for the caller's answer.
///
/// # Errors
/// `InvalidVpcPeeringConnectionID.NotFound`, `OperationNotPermitted` on the wrong side, `InvalidStateTransition`.
fn waiting(tx: &mut Tx<'_>, scope: &Scope, id: &str, now: Millis, verb: &Verb) -> Result<VpcPeering, Fault> {
    let kind = ResourceKind::VpcPeering;
    let peering = lookup::find_mut::<VpcPeering>(tx, scope, kind, id)?;
    if !status::is_visible(&peering, scope, now) {
        return Err(kind.not_found(id));
    }
    if peering.accepter.scope() != *scope {
        return Err(peering_faults::wrong_side(&peering, scope, verb.infinitive, verb.participle));
    }
    match status::at(&peering, now).0 {
        status::PENDING => Ok(peering),
        other => Err(peering_faults::transition(id, other, verb.to)),
    }
}

/// The connection after its acceptance: `active` with the blocks of both sides, or `failed` when the VPCs have changed
/// since the request so that they cannot be joined.
fn joined(tx: &mut Tx<'_>, mut peering: VpcPeering, now: Millis) -> Result<VpcPeering, Fault> {
    let ends = [&peering.requester, &peering.accepter].map(|side| tx.get::<Vpc>(&side.scope(), &side.vpc_id));
    peering.changed = now;
    match ends {
        [Some(requester), Some(accepter)] if !vpcs::overlap(&requester, &accepter) => {
            vpcs::check_quota(tx, &peering.requester)?;
            vpcs::check_quota(tx, &peering.accepter)?;
            peering.requester = vpcs::side(&peering.requester.scope(), &requester);
            peering.accepter = vpcs::side(&peering.accepter.scope(), &accepter);
            status::ACTIVE.clone_into(&mut peering.status);
            "Active".clone_into(&mut peering.status_message);
        }
        _ => {
            status::FAILED.clone_into(&mut peering.status);
            "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range"
                .clone_into(&mut peering.status_message);
        }
    }
    Ok(peering)
}

/// AcceptVpcPeeringConnection: packets may pass when this has answered, where routes and groups let them.
///
/// # Errors
/// `OperationNotPermitted` for anybody but the accepter in its region, `InvalidStateTransition` for a request that does
/// not wait (any more), `VpcPeeringConnectionsPerVpcLimitExceeded`.
pub(super) async fn accept_vpc_peering_connection(
    call: Call<Ec2>,
    input: AcceptVpcPeeringConnectionRequest,
) -> Reply<AcceptVpcPeeringConnectionResult> {
    let id = faults::required(input.vpc_peering_connection_id, "vpcPeeringConnectionId")?;
    let verb = Verb { infinitive: "accept", participle: "accepted", to: status::ACTIVE };
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let peering = waiting(tx, scope, &id, now, &verb)?;
        let peering = joined(tx, peering, now)?;
        peering.put(tx);
        Ok(peering)
    });
    let done = changed.await?;
    let peering = done.value;
    super::settle(&call, &peering, done.revision).await?;
    // AWS answers before it is done; the next Describe shows `active`.
    let seen =
        if peering.is_active() { (status::PROVISIONING, "Provisioning") } else { status::at(&peering, now) };
    let shown = show::peering(call.store(), scope, &peering, seen);
    Ok(AcceptVpcPeeringConnectionResult { vpc_peering_connection: Some(shown) })
}

/// RejectVpcPeeringConnection.
///
/// # Errors
/// As AcceptVpcPeeringConnection.
pub(super) async fn reject_vpc_peering_connection(
    call: Call<Ec2>,
    input: RejectVpcPeeringConnectionRequest,
) -> Reply<RejectVpcPeeringConnectionResult> {
    let id = faults::required(input.vpc_peering_connection_id, "vpcPeeringConnectionId")?;
    let verb = Verb { infinitive: "reject", participle: "rejected", to: status::REJECTED };
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let mut peering = waiting(tx, scope, &id, now, &verb)?;
        status::REJECTED.clone_into(&mut peering.status);
        peering.status_message = format!("Rejected by {}", scope.account);
        peering.changed = now;
        peering.put(tx);
        Ok(())
    });
    changed.await?;
    Ok(RejectVpcPeeringConnectionResult { return_: Some(true) })
}
