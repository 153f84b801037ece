//! ModifyVpcPeeringConnectionOptions.

use super::status;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    ModifyVpcPeeringConnectionOptionsRequest, ModifyVpcPeeringConnectionOptionsResult,
    PeeringConnectionOptions, PeeringConnectionOptionsRequest,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{PeeringSide, VpcPeering};
use state_store::typed::Scope;

/// Options for networks AWS has given up (EC2-Classic), and those this cloud does not have, are refused.
fn check(options: Option<&PeeringConnectionOptionsRequest>) -> Result<(), Fault> {
    let Some(options) = options else { return Ok(()) };
    let classic = options.allow_egress_from_local_classic_link_to_remote_vpc == Some(true)
        || options.allow_egress_from_local_vpc_to_remote_classic_link == Some(true);
    if classic {
        return Err(faults::unsupported_parameter("AllowEgressFromLocalClassicLinkToRemoteVpc"));
    }
    if options.allow_multipath_resilience == Some(true) || options.multipath_resilience_mode.is_some() {
        return Err(faults::unsupported_parameter("AllowMultipathResilience"));
    }
    Ok(())
}

/// Changes one side's options, which only its owner may do.
fn change(
    side: &mut PeeringSide,
    id: &str,
    caller: &Scope,
    options: Option<&PeeringConnectionOptionsRequest>,
    role: &str,
) -> Result<(), Fault> {
    let Some(options) = options else { return Ok(()) };
    if side.scope() != *caller {
        return Err(faults::not_permitted(format!(
            "User {} cannot modify {role} options of peering {id} in region {}",
            caller.account, caller.region
        )));
    }
    side.allow_remote_dns = options.allow_dns_resolution_from_remote_vpc.unwrap_or(side.allow_remote_dns);
    Ok(())
}

/// The options of a side that was given some.
fn shown(side: &PeeringSide, given: bool) -> Option<PeeringConnectionOptions> {
    given.then(|| PeeringConnectionOptions {
        allow_dns_resolution_from_remote_vpc: Some(side.allow_remote_dns),
        allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
        allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
        ..PeeringConnectionOptions::default()
    })
}

/// ModifyVpcPeeringConnectionOptions: whether public names of the own machines resolve to private addresses when asked
/// from the other VPC.
///
/// # Errors
/// `OperationNotPermitted` while the connection is not active and for the other side's options, `MissingParameter`,
/// `InvalidVpcPeeringConnectionID.NotFound`.
pub(super) async fn modify_vpc_peering_connection_options(
    call: Call<Ec2>,
    input: ModifyVpcPeeringConnectionOptionsRequest,
) -> Reply<ModifyVpcPeeringConnectionOptionsResult> {
    let kind = ResourceKind::VpcPeering;
    let id = faults::required(input.vpc_peering_connection_id, "vpcPeeringConnectionId")?;
    let requester = input.requester_peering_connection_options;
    let accepter = input.accepter_peering_connection_options;
    check(requester.as_ref())?;
    check(accepter.as_ref())?;
    if requester.is_none() && accepter.is_none() {
        return Err(faults::missing_parameter(
            "RequesterPeeringConnectionOptions or AccepterPeeringConnectionOptions",
        ));
    }
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let mut peering = lookup::find_mut::<VpcPeering>(tx, scope, kind, &id)?;
        if !status::is_visible(&peering, scope, now) {
            return Err(kind.not_found(&id));
        }
        if !peering.is_active() {
            return Err(faults::not_permitted(format!(
                "Peering {id} is not active. Peering options can be added only to active peerings."
            )));
        }
        change(&mut peering.requester, &id, scope, requester.as_ref(), "requester")?;
        change(&mut peering.accepter, &id, scope, accepter.as_ref(), "accepter")?;
        peering.put(tx);
        Ok(peering)
    });
    let done = changed.await?;
    super::settle(&call, &done.value, done.revision).await?;
    Ok(ModifyVpcPeeringConnectionOptionsResult {
        requester_peering_connection_options: shown(&done.value.requester, requester.is_some()),
        accepter_peering_connection_options: shown(&done.value.accepter, accepter.is_some()),
    })
}
