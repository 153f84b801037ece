//! Giving an ENI to a machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsFd, BorrowedFd};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use network_plan::{EniKind, GATEWAY_V6, LinkPlan, MAIN_TABLE, eni_index, eni_link_name};

use crate::edge::{FAR_END_V4, FAR_END_V6, LOOPBACK};
use crate::netlink::Socket;
use crate::readback::alias;
use crate::route::{
    self, Action, Changes, PathRoute, Peer, Veth, add_address, add_permanent_neighbour, add_source_rule,
    add_veth, answer_at_once, put_route, set_alias, set_up,
};
use crate::router::{Router, path_route};
use crate::{ApplyError, netns};

/// The router's hardware address on every ENI's link.
const GATEWAY_MAC: [u8; 6] = [0x0a, 0xa1, 0, 0, 2, 1];

/// Where an ENI goes.
#[derive(Clone, Copy, Debug)]
pub struct Attachment<'a> {
    /// The ENI's id.
    pub eni: &'a str,
    /// The machine's network namespace. The caller must have CAP_SYS_ADMIN and
    /// CAP_NET_ADMIN in the user namespace that owns it.
    pub machine: BorrowedFd<'a>,
    /// The interface's name inside, at most 15 bytes: `eth0`, `eth1` …
    pub interface: &'a str,
    /// The metric of the default route; lower wins when a machine has several
    /// ENIs.
    pub metric: u32,
    /// For a machine's second and later interfaces: the kernel table that answers from this interface's addresses
    /// look into, so that they leave through the interface they belong to. (Amazon Linux's `ec2-net-utils` does the
    /// same inside the guest.)
    pub answers: Option<u32>,
}

impl Router {
    /// See [`crate::Network::attach`].
    pub(crate) fn attach(&mut self, to: &Attachment<'_>, mtu: u32) -> Result<(), ApplyError> {
        let unknown = || ApplyError::UnknownEni(to.eni.to_owned());
        let plan = self.applied.as_ref().ok_or_else(unknown)?;
        let link = plan.link(to.eni).ok_or_else(unknown)?.clone();
        let routes: Vec<PathRoute> = plan.routes_through(link.number).map(path_route).collect();
        if to.interface.is_empty() || to.interface.len() > 15 || to.interface.contains(['/', ' ']) {
            return Err(ApplyError::InvalidName(to.interface.chars().take(80).collect()));
        }
        let already = self.already_attached(to, &link)?;
        let name = eni_link_name(link.number);
        let index = eni_index(link.number);
        let mut changes = Changes::new();
        let here = Veth { name: &name, index, mac: GATEWAY_MAC, mtu };
        let end = Veth { name: to.interface, index: 0, mac: link.mac, mtu };
        let peer = Peer { end, namespace: to.machine, group: 0 };
        if !already {
            changes.add(format!("link of {}", to.eni), &[], |out| add_veth(out, &here, &peer));
        }
        // Everything else is repeated for a link that is there: the process that
        // made it may have died before it was finished.
        // If the link was refused, what follows is refused for want of it; the
        // first refusal is the one reported.
        changes.add(format!("raise the link of {}", to.eni), &[], |out| {
            set_alias(out, index, &alias(&link));
            set_up(out, index);
        });
        changes.add(format!("gateway of {}", to.eni), &[libc::EEXIST], |out| {
            add_address(out, index, GATEWAY_V6.into(), 64);
        });
        changes.add(format!("neighbour {}", to.eni), &[], |out| {
            add_permanent_neighbour(out, index, FAR_END_V4.into(), link.mac);
            add_permanent_neighbour(out, index, FAR_END_V6.into(), link.mac);
        });
        changes.add(format!("proxy ARP for {}", to.eni), &[], |out| answer_at_once(out, index));
        for route in &routes {
            changes.add(format!("route {} to {}", route.destination, to.eni), &[], |out| {
                put_route(out, route, true);
            });
        }
        let done = changes.commit(&mut self.route).and_then(|()| configure(to, &link));
        let done = done.and_then(|()| {
            route::wait_until_running(&mut self.route, &name)
                .map_err(|refusal| ApplyError::refused("waiting for a link", refusal))
        });
        if done.is_err() && !already {
            // Half a link is worse than none: the next attempt starts afresh.
            self.unlink(link.number)?;
        }
        done
    }

    /// Whether the ENI's link leads into this very namespace. A link into another
    /// one is refused, for two machines must never share an ENI.
    fn already_attached(&mut self, to: &Attachment<'_>, link: &LinkPlan) -> Result<bool, ApplyError> {
        let index = eni_index(link.number);
        let read = |refusal| ApplyError::refused("reading links", refusal);
        let name = eni_link_name(link.number);
        let Some(found) = route::link(&mut self.route, &name).map_err(read)? else {
            return Ok(false);
        };
        let socket = netns::inside(to.machine, Socket::route)?;
        let mut socket = socket.map_err(ApplyError::io("opening a netlink socket"))?;
        let inner = route::link(&mut socket, to.interface).map_err(read)?;
        let same = inner.is_some_and(|inner| {
            inner.other_end == index && inner.mac == link.mac && found.other_end == inner.index
        });
        if same { Ok(true) } else { Err(ApplyError::AlreadyAttached(to.eni.to_owned())) }
    }

    /// See [`crate::Network::detach`].
    pub(crate) fn unlink(&mut self, number: u32) -> Result<(), ApplyError> {
        let mut changes = Changes::new();
        changes.add(format!("link of interface {number} off"), &[libc::ENODEV], |out| {
            route::delete_link(out, eni_index(number));
        });
        changes.commit(&mut self.route)
    }
}

/// The inside of the machine: loopback, addresses, default routes.
fn configure(to: &Attachment<'_>, link: &LinkPlan) -> Result<(), ApplyError> {
    let socket = netns::inside(to.machine.as_fd(), Socket::route)?;
    let mut socket = socket.map_err(ApplyError::io("opening a netlink socket"))?;
    let found = route::link(&mut socket, to.interface)
        .map_err(|refusal| ApplyError::refused("reading the machine's links", refusal))?;
    let index = found.ok_or_else(|| ApplyError::UnknownEni(to.eni.to_owned()))?.index;
    let there: &[i32] = &[libc::EEXIST];
    let mut changes = Changes::new();
    changes.add("raise the machine's loopback", &[], |out| set_up(out, LOOPBACK));
    changes.add("raise the machine's interface", &[], |out| set_up(out, index));
    changes.commit(&mut socket)?;
    // IPv6 takes part in nothing before the link runs.
    route::wait_until_running(&mut socket, to.interface)
        .map_err(|refusal| ApplyError::refused("waiting for a link", refusal))?;
    let mut changes = Changes::new();
    if let Some(address) = link.address_v4 {
        // A NAT gateway asks no neighbour itself, not even of its own subnet: the router knows who is there, and reports
        // what is for nobody.
        let forwards = link.kind == EniKind::NatGateway;
        let prefix = if forwards { 32 } else { link.prefix_v4 };
        changes.add("the machine's address", there, |out| {
            add_address(out, index, address.into(), prefix);
        });
        let everywhere = default_route(to, index, link.gateway_v4.into());
        changes.add("the machine's default route", there, |out| {
            put_route(out, &everywhere, false);
        });
        answer_through(&mut changes, to, &everywhere, address.into());
    }
    for address in &link.addresses_v6 {
        // A single address, as DHCPv6 hands out on AWS: neighbours in the subnet
        // are reached through the router.
        changes.add("the machine's IPv6 address", there, |out| {
            add_address(out, index, IpAddr::V6(*address), 128);
        });
    }
    if !link.addresses_v6.is_empty() {
        // The kernel puts IPv6 addresses to use in deferred work; with a fixed
        // neighbour the first packet does not depend on the router's having done
        // so.
        changes.add("the machine's IPv6 gateway", &[], |out| {
            add_permanent_neighbour(out, index, GATEWAY_V6.into(), GATEWAY_MAC);
        });
        let everywhere = default_route(to, index, GATEWAY_V6.into());
        changes.add("the machine's IPv6 default route", there, |out| {
            put_route(out, &everywhere, false);
        });
        for address in &link.addresses_v6 {
            answer_through(&mut changes, to, &everywhere, IpAddr::V6(*address));
        }
    }
    changes.commit(&mut socket)?;
    for address in &link.addresses_v6 {
        route::wait_until_local(&mut socket, IpAddr::V6(*address))
            .map_err(|refusal| ApplyError::refused("waiting for an address", refusal))?;
    }
    Ok(())
}

/// Lets packets from an address of a further interface leave through it.
fn answer_through(changes: &mut Changes, to: &Attachment<'_>, everywhere: &PathRoute, address: IpAddr) {
    let Some(table) = to.answers else { return };
    let own = PathRoute { table, ..*everywhere };
    changes.add("the machine's route for answers", &[], |out| put_route(out, &own, true));
    changes.add("the machine's rule for answers", &[libc::EEXIST], |out| {
        add_source_rule(out, address, table);
    });
}

fn default_route(to: &Attachment<'_>, index: u32, gateway: IpAddr) -> PathRoute {
    let destination = match gateway {
        IpAddr::V4(_) => IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)),
        IpAddr::V6(_) => IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)),
    };
    let action = Action::Via { index, gateway: Some(gateway) };
    PathRoute { table: MAIN_TABLE, destination, metric: to.metric, action }
}
