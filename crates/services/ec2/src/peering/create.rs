//! CreateVpcPeeringConnection.

use super::{faults as peering_faults, show, status, vpcs};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::{Ec2, faults, limits, places};
use api_ec2::{CreateVpcPeeringConnectionRequest, CreateVpcPeeringConnectionResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Millis, Vpc, VpcPeering};
use state_store::typed::{Scope, Tx};

/// AWS's words for whatever was wrong with the other side; it says no more, so that accounts cannot be searched.
const INCORRECT: &str = "Failed due to incorrect VPC-ID, Account ID, or overlapping CIDR range";

/// Where the other VPC is said to be.
fn peer_scope(own: &Scope, account: Option<&str>, region: Option<&str>) -> Result<Scope, Fault> {
    let account = account.unwrap_or(&own.account);
    if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(faults::invalid_value("peerOwnerId", account, "Expected an account ID of 12 digits."));
    }
    let region = region.unwrap_or(&own.region);
    if places::catalogue::region(region).is_none() {
        return Err(faults::invalid_value("peerRegion", region, "Unknown Region."));
    }
    Ok(Scope::new(account, region))
}

/// Forgets what nobody sees any more, so that records do not pile up.
fn sweep(tx: &mut Tx<'_>, scope: &Scope, now: Millis) {
    for old in tx.list::<VpcPeering>(scope).iter().filter(|p| status::is_forgotten(p, now)) {
        old.delete(tx);
        for side in [&old.requester, &old.accepter] {
            tags::delete(tx, &side.scope(), &old.id);
        }
    }
}

/// How many requests of a VPC wait for an answer, and how many connections the scopes hold.
fn check_quotas(tx: &mut Tx<'_>, own: (&Scope, &str), peer: &Scope, now: Millis) -> Result<(), Fault> {
    let (scope, vpc_id) = own;
    let open = vpcs::open_of(tx, scope, vpc_id, now);
    if open.iter().filter(|p| !p.is_active() && p.requester.vpc_id == vpc_id).count()
        >= limits::PENDING_PEERINGS
    {
        return Err(peering_faults::too_many_pending(vpc_id));
    }
    if open.iter().filter(|p| p.is_active()).count() >= limits::PEERINGS_PER_VPC {
        return Err(peering_faults::too_many(vpc_id));
    }
    if [scope, peer].iter().any(|scope| tx.count::<VpcPeering>(scope) >= limits::PEERINGS) {
        return Err(peering_faults::too_many(vpc_id));
    }
    Ok(())
}

/// CreateVpcPeeringConnection: asks the other VPC's owner. A request that can never be accepted becomes `failed`.
///
/// # Errors
/// `InvalidVpcID.NotFound` for VPCs of the caller, `VpcPeeringConnectionAlreadyExists`,
/// `OutstandingVpcPeeringConnectionLimitExceeded`, `VpcPeeringConnectionsPerVpcLimitExceeded`, `InvalidParameterValue`.
pub(super) async fn create_vpc_peering_connection(
    call: Call<Ec2>,
    input: CreateVpcPeeringConnectionRequest,
) -> Reply<CreateVpcPeeringConnectionResult> {
    let kind = ResourceKind::VpcPeering;
    if input.requester_peering_connection_options.is_some() {
        return Err(faults::unsupported_parameter("RequesterPeeringConnectionOptions"));
    }
    let (scope, now) = (call.scope(), call.now());
    let peer = peer_scope(scope, input.peer_owner_id.as_deref(), input.peer_region.as_deref())?;
    let peer_vpc_id = faults::required(input.peer_vpc_id, "peerVpcId")?;
    ResourceKind::Vpc.check(&peer_vpc_id)?;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let made = call.platform.transact(|tx| {
        let own = vpcs::own(tx, scope, input.vpc_id.as_deref(), "vpcId")?;
        let theirs = tx.get::<Vpc>(&peer, &peer_vpc_id);
        if theirs.is_none() && peer == *scope {
            return Err(ResourceKind::Vpc.not_found(&peer_vpc_id));
        }
        sweep(tx, scope, now);
        let open = vpcs::open_of(tx, scope, &own.id, now);
        if let Some(known) = open.iter().find(|p| p.other(&own.id).vpc_id == peer_vpc_id) {
            return Err(peering_faults::already_exists(&known.id));
        }
        check_quotas(tx, (scope, &own.id), &peer, now)?;
        let possible = theirs.is_some_and(|theirs| theirs.id != own.id && !vpcs::overlap(&own, &theirs));
        let (code, message) = if possible {
            (status::PENDING, format!("Pending Acceptance by {}", peer.account))
        } else {
            (status::FAILED, INCORRECT.to_owned())
        };
        let peering = VpcPeering {
            id: kind.new_id(),
            requester: vpcs::side(scope, &own),
            accepter: vpcs::unknown_side(&peer, &peer_vpc_id),
            status: code.to_owned(),
            status_message: message,
            expires: now + status::ANSWER_TIME,
            changed: now,
        };
        tags::put(tx, scope, kind, &peering.id, &specified.of(kind));
        if possible {
            peering.put(tx);
        } else {
            // The other account is none of this request's business.
            tx.put(scope, peering.clone());
        }
        Ok(peering)
    });
    let peering = made.await?.value;
    let asking = format!("Initiating Request to {}", peering.accepter.account);
    let shown = show::peering(call.store(), scope, &peering, (status::INITIATING, &asking));
    Ok(CreateVpcPeeringConnectionResult { vpc_peering_connection: Some(shown) })
}
