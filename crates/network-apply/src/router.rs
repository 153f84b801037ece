//! One VPC's router namespace.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};

use network_plan::{
    EDGE_INDEX, EDGE_LINK, NextHop, Route, RouteKind, SetId, Step, VpcPlan, diff, eni_index, peering_index,
};

use crate::appliance::{self, Appliance};
use crate::edge::{Edge, FAR_END_V4, FAR_END_V6, LOOPBACK, far_end};
use crate::guard::Guard;
use crate::netlink::Socket;
use crate::nft::{self, Memory};
use crate::route::{
    self, Action, Changes, OUR_GROUP, PathRoute, Peer, Veth, add_permanent_neighbour, add_veth, put_route,
    set_up,
};
use crate::{ApplyError, filter, mend, netns, readback, sysctl};

/// The VPC with number `n` has index `VPC_INDEX_BASE + n` in the edge.
const VPC_INDEX_BASE: u32 = 0x1000;
/// The edge's end of every VPC's link, and the router's.
const EDGE_SIDE_MAC: [u8; 6] = [0x0a, 0xa1, 0, 0, 1, 1];
const ROUTER_SIDE_MAC: [u8; 6] = [0x0a, 0xa1, 0, 0, 1, 2];

/// A router, open for changes.
pub(crate) struct Router {
    pub(crate) namespace: OwnedFd,
    pub(crate) route: Socket,
    pub(crate) filter: Socket,
    /// What is known to be in the kernel; `None` until applied or read back.
    pub(crate) applied: Option<VpcPlan>,
    /// Where the namespace is pinned.
    pub(crate) path: PathBuf,
    /// NAT gateways and endpoints, by ENI.
    pub(crate) appliances: BTreeMap<String, Appliance>,
    /// Peering links that are there, by number; `None` until looked for.
    pub(crate) joined: Option<BTreeSet<u32>>,
    pub(crate) guard: Guard,
    /// This process has known the kernel's state before.
    pub(crate) known: bool,
    /// What the last plan had to repair; see [`crate::Network::repairs`].
    pub(crate) repairs: usize,
    /// The memory of flows, as far as [`Self::applied`] is known too.
    pub(crate) memory: Memory,
}

impl Router {
    /// Finds the router pinned at `path`.
    pub(crate) fn find(path: &Path) -> Result<Option<Self>, ApplyError> {
        let Some(namespace) = netns::open(path)? else { return Ok(None) };
        let mut router = Self::enter(namespace, path)?;
        router.appliances = appliance::find_all(path)?;
        Ok(Some(router))
    }

    /// Makes a router and pins it at `path`.
    pub(crate) fn create(path: &Path) -> Result<Self, ApplyError> {
        let (namespace, prepared) = netns::create(sysctl::prepare_router)?;
        prepared?;
        let mut router = Self::enter(namespace, path)?;
        let mut changes = Changes::new();
        changes.add("raise the router's loopback", &[], |out| set_up(out, LOOPBACK));
        changes.commit(&mut router.route)?;
        netns::pin(&router.namespace, path)?;
        // No flow has ever been here.
        router.memory.generation = Some(0);
        Ok(router)
    }

    fn enter(namespace: OwnedFd, path: &Path) -> Result<Self, ApplyError> {
        let sockets = netns::inside(namespace.as_fd(), || {
            Socket::route().and_then(|route| Ok((route, Socket::netfilter()?, Guard::open()?)))
        })?;
        let (route, filter, guard) = sockets.map_err(ApplyError::io("opening netlink sockets"))?;
        let (path, appliances) = (path.to_owned(), BTreeMap::new());
        let (applied, joined, known, repairs, memory) = (None, None, false, 0, Memory::default());
        Ok(Self {
            namespace,
            route,
            filter,
            applied,
            path,
            appliances,
            joined,
            guard,
            known,
            repairs,
            memory,
        })
    }

    /// Forgets what is known of the kernel's state.
    pub(crate) fn distrust(&mut self) {
        self.applied = None;
        self.joined = None;
        self.distrust_appliances();
    }

    /// Makes the plan true. See [`crate::Network::apply`].
    pub(crate) fn apply(
        &mut self,
        plan: &VpcPlan,
        edge: &mut Edge,
        most: Option<u32>,
        remember: bool,
    ) -> Result<(), ApplyError> {
        self.connect(plan.number, edge)?;
        let known = self.applied.take();
        let from_memory = known.is_some();
        let base = match known {
            Some(base) => base,
            None => readback::observe(self, plan, edge)?,
        };
        let steps = diff(&base, plan);
        self.repairs = if self.known && !from_memory { mend::count(&steps, &base, plan) } else { 0 };
        let pause = self.pause_for(&steps, from_memory, remember)?;
        // First of all, being the likeliest to be refused: then nothing has changed.
        let applied = filter::apply_steps(&mut self.filter, &steps, plan, !from_memory, most, pause);
        if let Err((step, refusal)) = applied {
            if refusal.errno == libc::ENFILE {
                return Err(ApplyError::SetFull(step));
            }
            if !from_memory {
                return Err(ApplyError::refused(step, refusal));
            }
            // Somebody may have changed our table behind our back: look again,
            // once. If the refusal was earned it comes again.
            tracing::warn!(vpc = plan.id, step, ?refusal, "batch refused; reading the kernel");
            return self.apply(plan, edge, most, remember);
        }
        self.route_steps(&steps, plan.number, edge)?;
        self.forget(&steps, plan);
        if !from_memory {
            self.raise_links(plan)?;
        }
        if let Some(generation) = pause.filter(|_| remember) {
            self.remember_after(generation);
        }
        self.known = true;
        self.applied = Some(plan.clone());
        Ok(())
    }

    /// Lets the flows of addresses die that an ENI has lost.
    fn forget(&mut self, steps: &[Step], plan: &VpcPlan) {
        let lost: Vec<IpAddr> = steps.iter().flat_map(lost_addresses).collect();
        if let Err(refusal) = nft::forget_flows(&mut self.filter, &lost) {
            // Kernels before 5.8 cannot select flows by address. The groups hold
            // for every new connection none the less.
            tracing::warn!(vpc = plan.id, ?refusal, "old flows could not be removed");
        }
    }

    /// Routes, rules, addresses and links.
    fn route_steps(&mut self, steps: &[Step], number: u32, edge: &mut Edge) -> Result<(), ApplyError> {
        let mut changes = Changes::new();
        for step in steps {
            match step {
                Step::AddAddress(address) => {
                    changes.add(format!("address {address}"), &[libc::EEXIST], |out| {
                        route::add_address(out, LOOPBACK, *address, full_prefix(*address));
                    });
                }
                Step::DeleteAddress(address) => {
                    let fine = &[libc::EADDRNOTAVAIL];
                    changes.add(format!("address {address} off"), fine, |out| {
                        route::delete_address(out, LOOPBACK, *address, full_prefix(*address));
                    });
                }
                Step::AddRoute(route) => add_route(&mut changes, route),
                Step::ReplaceRoute(old, new) => {
                    // In place, without a gap; then the old one, which is there
                    // still if the new one has to wait for its link.
                    add_route(&mut changes, new);
                    delete_route(&mut changes, old);
                }
                Step::DeleteRoute(route) => delete_route(&mut changes, route),
                Step::AddTableRule(rule) => {
                    let name = format!("rule for table {}", rule.table);
                    changes.add(name, &[libc::EEXIST], |out| route::add_rule(out, rule.table));
                }
                Step::DeleteTableRule(rule) => {
                    let name = format!("rule for table {} off", rule.table);
                    changes.add(name, &[libc::ENOENT], |out| route::delete_rule(out, rule.table));
                }
                Step::DeleteLink(eni) => {
                    changes.add(format!("link of interface {eni} off"), &[libc::ENODEV], |out| {
                        route::delete_link(out, eni_index(*eni));
                    });
                }
                Step::AddEdgeRoute(block) => edge.add_route(*block, vpc_index(number))?,
                Step::DeleteEdgeRoute(block) => edge.delete_route(*block, vpc_index(number))?,
                Step::PutChain(..)
                | Step::DeleteChain(_)
                | Step::AddElements(..)
                | Step::DeleteElements(..) => {}
            }
        }
        changes.commit(&mut self.route)?;
        for step in steps {
            if let Step::AddAddress(address) = step {
                route::wait_until_local(&mut self.route, *address)
                    .map_err(|refusal| ApplyError::refused("waiting for an address", refusal))?;
            }
        }
        Ok(())
    }

    /// Makes sure of the link between router and edge.
    fn connect(&mut self, number: u32, edge: &mut Edge) -> Result<(), ApplyError> {
        if self.applied.is_some() {
            return Ok(());
        }
        let read = |refusal| ApplyError::refused("reading links", refusal);
        let there = route::link(&mut self.route, EDGE_LINK).map_err(read)?.is_some();
        let index = vpc_index(number);
        let name = format!("v{number}");
        let here = Veth { name: &name, index, mac: EDGE_SIDE_MAC, mtu: edge.mtu };
        let end = Veth { name: EDGE_LINK, index: EDGE_INDEX, mac: ROUTER_SIDE_MAC, mtu: edge.mtu };
        let peer = Peer { end, namespace: self.namespace.as_fd(), group: OUR_GROUP };
        let mut changes = Changes::new();
        if !there {
            // A link of that name belongs to a router that was lost.
            changes.add(format!("old link {name} off"), &[libc::ENODEV], |out| {
                route::delete_link(out, index);
            });
            changes.add(format!("link {name} between edge and router"), &[], |out| {
                add_veth(out, &here, &peer);
            });
        }
        // Repeated for a link that is there: whoever made it may have died before
        // it was finished.
        changes.add("raise the edge's end", &[], |out| set_up(out, index));
        changes.add("neighbour of the edge", &[], |out| {
            add_permanent_neighbour(out, index, FAR_END_V4.into(), ROUTER_SIDE_MAC);
            add_permanent_neighbour(out, index, FAR_END_V6.into(), ROUTER_SIDE_MAC);
        });
        changes.commit(&mut edge.route)?;
        let mut changes = Changes::new();
        changes.add("raise the router's end", &[], |out| set_up(out, EDGE_INDEX));
        changes.add("neighbour of the router", &[], |out| {
            add_permanent_neighbour(out, EDGE_INDEX, FAR_END_V4.into(), EDGE_SIDE_MAC);
            add_permanent_neighbour(out, EDGE_INDEX, FAR_END_V6.into(), EDGE_SIDE_MAC);
        });
        changes.commit(&mut self.route)?;
        route::wait_until_running(&mut edge.route, &name)
            .map_err(|refusal| ApplyError::refused("waiting for a link", refusal))
    }

    /// The index of this router's link in the edge, as the kernel has it.
    pub(crate) fn edge_index(&mut self) -> Result<Option<u32>, ApplyError> {
        let link = route::link(&mut self.route, EDGE_LINK)
            .map_err(|refusal| ApplyError::refused("reading links", refusal))?;
        Ok(link.map(|link| link.other_end))
    }

    /// Removes all links, so that nothing outside the namespace refers to it;
    /// the namespace itself goes when its last user does.
    pub(crate) fn dissolve(mut self) -> Result<(), ApplyError> {
        let mut changes = Changes::new();
        changes.add("remove the links of a VPC", &[libc::ENODEV], route::delete_our_links);
        changes.commit(&mut self.route)
    }
}

/// The interface index of a VPC's link in the edge.
pub(crate) const fn vpc_index(number: u32) -> u32 {
    VPC_INDEX_BASE + number
}

/// The addresses that a step takes from an ENI. (A step that takes the link-local
/// one concerns nobody's flows.)
fn lost_addresses(step: &Step) -> Vec<IpAddr> {
    let Step::DeleteElements(set @ (SetId::EniAddress4 | SetId::EniAddress6), elements) = step else {
        return Vec::new();
    };
    let v4 = *set == SetId::EniAddress4;
    // Behind the interface index stands the address.
    let address = |bytes: &[u8]| -> Option<IpAddr> {
        if v4 {
            Some(<[u8; 4]>::try_from(bytes).ok()?.into())
        } else {
            Some(<[u8; 16]>::try_from(bytes).ok()?.into())
        }
    };
    elements.iter().filter_map(|element| address(element.key.as_bytes().get(4..)?)).collect()
}

pub(crate) fn full_prefix(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// A plan's route as the kernel wants it.
pub(crate) fn path_route(route: &Route) -> PathRoute {
    let gateway = Some(far_end(route.destination));
    let action = match route.kind {
        RouteKind::Via(NextHop::Eni(number)) => Action::Via { index: eni_index(number), gateway },
        RouteKind::Via(NextHop::Edge) => Action::Via { index: EDGE_INDEX, gateway },
        RouteKind::Via(NextHop::Peer(number)) => Action::Via { index: peering_index(number), gateway },
        RouteKind::Throw => Action::Throw,
        RouteKind::Blackhole => Action::Blackhole,
    };
    let Route { table, destination, metric, .. } = *route;
    PathRoute { table, destination, metric, action }
}

fn add_route(changes: &mut Changes, route: &Route) {
    // Without its link the route waits: whoever makes the link adds it.
    let fine: &[i32] = match route.kind {
        RouteKind::Via(NextHop::Eni(_) | NextHop::Peer(_)) => &[libc::ENODEV, libc::ENETDOWN],
        _ => &[],
    };
    let name = format!("route {} in table {}", route.destination, route.table);
    changes.add(name, fine, |out| put_route(out, &path_route(route), true));
}

fn delete_route(changes: &mut Changes, route: &Route) {
    let name = format!("route {} in table {} off", route.destination, route.table);
    changes.add(name, &[libc::ESRCH, libc::ENODEV], |out| {
        route::delete_route(out, &path_route(route));
    });
}
