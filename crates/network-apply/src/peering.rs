//! Links between routers of peered VPCs: one veth, made when both routers want it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::fd::AsFd;

use network_plan::{NextHop, PeerLink, VpcPlan, peering_index, peering_link_name, peering_number};

use crate::ApplyError;
use crate::edge::{FAR_END_V4, FAR_END_V6};
use crate::route::{
    self, Changes, OUR_GROUP, Peer, Veth, add_permanent_neighbour, add_veth, put_route, set_up,
};
use crate::router::{Router, path_route};

/// Hardware addresses of the end in the router that asked for the peering, and of the other one.
const REQUESTER_MAC: [u8; 6] = [0x0a, 0xa1, 0, 0, 3, 1];
const ACCEPTER_MAC: [u8; 6] = [0x0a, 0xa1, 0, 0, 3, 2];

/// Makes the links of a VPC whose plan was just applied equal to the plan: those with a router that wants them too are
/// made, those it no longer wants go.
pub(crate) fn join(vpcs: &mut BTreeMap<String, Router>, plan: &VpcPlan, mtu: u32) -> Result<(), ApplyError> {
    let Some(mut router) = vpcs.remove(&plan.id) else { return Ok(()) };
    let joined = join_one(&mut router, vpcs, plan, mtu);
    vpcs.insert(plan.id.clone(), router);
    joined
}

fn join_one(
    router: &mut Router,
    others: &mut BTreeMap<String, Router>,
    plan: &VpcPlan,
    mtu: u32,
) -> Result<(), ApplyError> {
    let mut known = match router.joined.take() {
        Some(known) => known,
        None => links(router)?,
    };
    let gone: Vec<u32> = known.iter().copied().filter(|number| !plan.peerings.contains_key(number)).collect();
    for number in gone {
        part(router, others, number)?;
        known.remove(&number);
    }
    for link in plan.peerings.values().filter(|link| !known.contains(&link.number)) {
        let Some(other) = others.get_mut(&link.remote_vpc) else { continue };
        let wants = other.applied.as_ref().is_some_and(|plan| plan.peerings.contains_key(&link.number));
        // Otherwise its own plan is still to come, and makes the link then.
        if wants {
            connect(router, other, plan, link, mtu)?;
        }
    }
    // What is there has been looked at, once; the rest follows from the plans.
    router.joined = Some(links_wanted(&known, plan, others));
    Ok(())
}

/// The numbers of the links that are there now.
fn links_wanted(known: &BTreeSet<u32>, plan: &VpcPlan, others: &BTreeMap<String, Router>) -> BTreeSet<u32> {
    let made = plan.peerings.values().filter(|link| {
        let other = others.get(&link.remote_vpc).and_then(|other| other.applied.as_ref());
        other.is_some_and(|plan| plan.peerings.contains_key(&link.number))
    });
    known.iter().copied().chain(made.map(|link| link.number)).collect()
}

/// The peering links in a router.
fn links(router: &mut Router) -> Result<BTreeSet<u32>, ApplyError> {
    let found =
        route::links(&mut router.route).map_err(|refusal| ApplyError::refused("reading links", refusal))?;
    // A link that is down was left half-made by a process that died, and is finished like a new one.
    Ok(found.iter().filter(|link| link.running).filter_map(|link| peering_number(link.index)).collect())
}

fn part(router: &mut Router, others: &mut BTreeMap<String, Router>, number: u32) -> Result<(), ApplyError> {
    let mut changes = Changes::new();
    changes.add(format!("link of peering {number} off"), &[libc::ENODEV], |out| {
        route::delete_link(out, peering_index(number));
    });
    changes.commit(&mut router.route)?;
    for other in others.values_mut() {
        if let Some(joined) = &mut other.joined {
            joined.remove(&number);
        }
    }
    Ok(())
}

/// Makes sure of a link, with what belongs to it on both sides.
fn connect(
    router: &mut Router,
    other: &mut Router,
    plan: &VpcPlan,
    link: &PeerLink,
    mtu: u32,
) -> Result<(), ApplyError> {
    let theirs = other.applied.take();
    let (near, far) = if link.requester { (&mut *router, &mut *other) } else { (&mut *other, &mut *router) };
    let made = make(near, far, link.number, mtu);
    let finished = made.and_then(|()| finish(router, link.number, link.requester, plan)).and_then(|()| {
        theirs.as_ref().map_or(Ok(()), |theirs| finish(other, link.number, !link.requester, theirs))
    });
    other.applied = theirs;
    finished?;
    for side in [&mut *router, &mut *other] {
        route::wait_until_running(&mut side.route, &peering_link_name(link.number))
            .map_err(|refusal| ApplyError::refused("waiting for a link", refusal))?;
    }
    if let Some(joined) = &mut other.joined {
        joined.insert(link.number);
    }
    Ok(())
}

/// The veth itself, if it is not there. The requester's router makes it.
fn make(near: &mut Router, far: &mut Router, number: u32, mtu: u32) -> Result<(), ApplyError> {
    let read = |refusal| ApplyError::refused("reading links", refusal);
    let (name, index) = (peering_link_name(number), peering_index(number));
    let here = route::link(&mut near.route, &name).map_err(read)?;
    let there = route::link(&mut far.route, &name).map_err(read)?;
    if here.is_some() && there.is_some() {
        return Ok(());
    }
    let mut changes = Changes::new();
    // An end without its other one belongs to a router that was lost.
    changes.add(format!("old link {name} off"), &[libc::ENODEV], |out| route::delete_link(out, index));
    changes.commit(&mut far.route)?;
    let mut changes = Changes::new();
    changes.add(format!("old link {name} off"), &[libc::ENODEV], |out| route::delete_link(out, index));
    let end = |mac| Veth { name: &name, index, mac, mtu };
    let peer = Peer { end: end(ACCEPTER_MAC), namespace: far.namespace.as_fd(), group: OUR_GROUP };
    changes.add(format!("link {name} between peers"), &[], |out| add_veth(out, &end(REQUESTER_MAC), &peer));
    changes.commit(&mut near.route)
}

/// One side's end: up, the other end as neighbour, the routes that waited for it.
fn finish(router: &mut Router, number: u32, requester: bool, plan: &VpcPlan) -> Result<(), ApplyError> {
    let index = peering_index(number);
    let far_mac = if requester { ACCEPTER_MAC } else { REQUESTER_MAC };
    let mut changes = Changes::new();
    changes.add(format!("raise the link of peering {number}"), &[], |out| set_up(out, index));
    changes.add(format!("neighbour behind peering {number}"), &[], |out| {
        add_permanent_neighbour(out, index, FAR_END_V4.into(), far_mac);
        add_permanent_neighbour(out, index, FAR_END_V6.into(), far_mac);
    });
    for route in plan.routes_to(NextHop::Peer(number)) {
        let path = path_route(route);
        changes.add(format!("route {} to a peer", route.destination), &[], |out| put_route(out, &path, true));
    }
    changes.commit(&mut router.route)
}

/// Forgets the links of a router that goes away.
pub(crate) fn forget(vpcs: &mut BTreeMap<String, Router>, gone: &Router) {
    let Some(plan) = &gone.applied else {
        // Whose links they were is unknown: every router looks again.
        for router in vpcs.values_mut() {
            router.joined = None;
        }
        return;
    };
    for number in plan.peerings.keys() {
        for router in vpcs.values_mut() {
            if let Some(joined) = &mut router.joined {
                joined.remove(number);
            }
        }
    }
}
