//! A peering connection as the API shows it.

use crate::tags;
use api_ec2::{
    CidrBlock, Ipv6CidrBlock, VpcPeeringConnection, VpcPeeringConnectionOptionsDescription,
    VpcPeeringConnectionStateReason, VpcPeeringConnectionVpcInfo,
};
use aws_schema::Timestamp;
use ipnet::{Ipv4Net, Ipv6Net};
use records::{PeeringSide, Vpc, VpcPeering};
use state_store::typed::{Scope, Store};

/// The blocks of a side: those of its VPC as it is now while the connection is active, otherwise the remembered ones.
pub(super) fn blocks(
    store: &Store,
    peering: &VpcPeering,
    side: &PeeringSide,
) -> (Vec<Ipv4Net>, Vec<Ipv6Net>) {
    let vpc = peering.is_active().then(|| store.get::<Vpc>(&side.scope(), &side.vpc_id)).flatten();
    match vpc {
        Some(vpc) => (vpc.ipv4_blocks().collect(), vpc.ipv6_blocks().collect()),
        None => (side.cidrs.clone(), side.ipv6_cidrs.clone()),
    }
}

fn side(store: &Store, peering: &VpcPeering, side: &PeeringSide) -> VpcPeeringConnectionVpcInfo {
    let (v4, v6) = blocks(store, peering, side);
    let known = !v4.is_empty();
    let v4_block = |block: &Ipv4Net| CidrBlock { cidr_block: Some(block.to_string()) };
    let v6_block = |block: &Ipv6Net| Ipv6CidrBlock { ipv6_cidr_block: Some(block.to_string()) };
    VpcPeeringConnectionVpcInfo {
        owner_id: Some(side.account.clone()),
        vpc_id: Some(side.vpc_id.clone()),
        region: Some(side.region.clone()),
        cidr_block: v4.first().map(ToString::to_string),
        cidr_block_set: known.then(|| v4.iter().map(v4_block).collect()),
        ipv6_cidr_block_set: (!v6.is_empty()).then(|| v6.iter().map(v6_block).collect()),
        // Nothing of the accepter is shown before it has accepted.
        peering_options: known.then(|| VpcPeeringConnectionOptionsDescription {
            allow_dns_resolution_from_remote_vpc: Some(side.allow_remote_dns),
            allow_egress_from_local_classic_link_to_remote_vpc: Some(false),
            allow_egress_from_local_vpc_to_remote_classic_link: Some(false),
            ..VpcPeeringConnectionOptionsDescription::default()
        }),
    }
}

/// The connection with the tags the viewer gave it, in the status `(code, message)`.
pub(super) fn peering(
    store: &Store,
    viewer: &Scope,
    peering: &VpcPeering,
    (code, message): (&str, &str),
) -> VpcPeeringConnection {
    let waits = matches!(code, super::status::PENDING | super::status::INITIATING | super::status::EXPIRED);
    VpcPeeringConnection {
        vpc_peering_connection_id: Some(peering.id.clone()),
        requester_vpc_info: Some(side(store, peering, &peering.requester)),
        accepter_vpc_info: Some(side(store, peering, &peering.accepter)),
        status: Some(VpcPeeringConnectionStateReason {
            code: Some(code.to_owned().into()),
            message: Some(message.to_owned()),
        }),
        expiration_time: waits.then(|| Timestamp::from_millis(peering.expires)),
        tags: Some(tags::to_api(&tags::of(store, viewer, &peering.id))),
        ..VpcPeeringConnection::default()
    }
}
