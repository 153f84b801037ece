//! The plan: every kernel object that a VPC should have on this host.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::{ChainId, EniKind, Key, RuleChain, SetId};

/// The wanted state of one VPC on this host, as a value. Two plans for equal
/// inputs are equal, whatever the order of the input's lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpcPlan {
    /// The VPC's id.
    pub id: String,
    /// The VPC's number on this host.
    pub number: u32,
    /// The elements of every set, sorted by key; sets without elements are absent.
    pub elements: BTreeMap<SetId, Vec<Element>>,
    /// Routes of the router. Those through an ENI exist while it is attached.
    pub routes: BTreeSet<Route>,
    /// "Mark → table" rules, for both families.
    pub table_rules: BTreeSet<TableRule>,
    /// Addresses of the router itself.
    pub addresses: BTreeSet<IpAddr>,
    /// What the edge must send to this VPC: public addresses and IPv6 blocks.
    pub edge_routes: BTreeSet<IpNet>,
    /// The chains of network ACLs and NSGs; the only chains that come and go.
    pub chains: BTreeMap<ChainId, RuleChain>,
    /// The links to peered VPCs, by the number of the peering connection. Both routers have such a link: index
    /// [`crate::peering_index`], name [`crate::peering_link_name`], one veth. The network makes it as soon as both
    /// routers exist and removes it as soon as one plan no longer has it; routes through it wait for it.
    pub peerings: BTreeMap<u32, PeerLink>,
    /// The NAT gateways by id. Each is a namespace that forwards IPv4, with its ENI as `eth0` (all of
    /// [`NatPlan::addresses`] on it, a default route to the subnet's gateway) and the table of
    /// [`crate::nat_skeleton`]. The table holds no state: replacing it as a whole cuts no connection.
    pub nat_gateways: BTreeMap<String, NatPlan>,
    /// The ENIs by number; their links are made when a machine appears. NAT gateways' and endpoints' ENIs are among
    /// them: their namespaces are the network's own.
    pub links: BTreeMap<u32, LinkPlan>,
}

/// An element of a set or map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Element {
    /// The key, or the lower end of every field's range.
    pub key: Key,
    /// The upper ends (inclusive) in a set of intervals.
    pub end: Option<Key>,
    /// The datum in a map.
    pub datum: Option<Key>,
}

/// A route of the router namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// The kernel's table.
    pub table: u32,
    /// The destination.
    pub destination: IpNet,
    /// The lower one wins among equal destinations.
    pub metric: u32,
    /// What happens.
    pub kind: RouteKind,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteKind {
    /// Hand the packet to a neighbour.
    Via(NextHop),
    /// Leave this table; the next rule decides.
    Throw,
    /// Drop without an answer (`unreachable` would answer, AWS does not).
    Blackhole,
}

/// A neighbour of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextHop {
    /// The ENI with this number.
    Eni(u32),
    /// The edge namespace.
    Edge,
    /// The router behind the peering connection with this number.
    Peer(u32),
}

/// "Packets with mark `table` look into kernel table `table`."
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableRule {
    /// Mark, table and priority at once.
    pub table: u32,
}

/// What an ENI needs inside its machine's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkPlan {
    /// The ENI's id.
    pub eni_id: String,
    /// The ENI's number.
    pub number: u32,
    /// The hardware address the machine sees.
    pub mac: [u8; 6],
    /// The primary private address; the others are the guest's own business, as
    /// on AWS.
    pub address_v4: Option<Ipv4Addr>,
    /// The subnet's prefix length.
    pub prefix_v4: u8,
    /// The subnet's gateway.
    pub gateway_v4: Ipv4Addr,
    /// IPv6 addresses.
    pub addresses_v6: Vec<Ipv6Addr>,
    /// What hangs on it.
    pub kind: EniKind,
}

/// A link to a peered VPC's router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerLink {
    /// The peering connection's id.
    pub id: String,
    /// Its number.
    pub number: u32,
    /// This VPC asked for the peering; its side makes the veth.
    pub requester: bool,
    /// The other VPC's id.
    pub remote_vpc: String,
}

/// A NAT gateway's namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatPlan {
    /// The gateway's id.
    pub id: String,
    /// The number of its ENI.
    pub eni: u32,
    /// The ENI's private addresses, the primary one first. Connections through an address that goes must be forgotten.
    pub addresses: Vec<Ipv4Addr>,
    /// The elements of [`SetId::NAT`], sorted by key.
    pub elements: BTreeMap<SetId, Vec<Element>>,
}

impl VpcPlan {
    /// The ENI with this id.
    pub fn link(&self, eni_id: &str) -> Option<&LinkPlan> {
        self.links.values().find(|link| link.eni_id == eni_id)
    }

    /// Routes that lead through the ENI with this number.
    pub fn routes_through(&self, eni: u32) -> impl Iterator<Item = &Route> + '_ {
        self.routes_to(NextHop::Eni(eni))
    }

    /// Routes that lead to a neighbour.
    pub fn routes_to(&self, hop: NextHop) -> impl Iterator<Item = &Route> + '_ {
        let via = RouteKind::Via(hop);
        self.routes.iter().filter(move |route| route.kind == via)
    }
}

impl Element {
    /// An element of a plain set.
    pub const fn of(key: Key) -> Self {
        Self { key, end: None, datum: None }
    }

    /// An element of a map.
    pub const fn pair(key: Key, datum: Key) -> Self {
        Self { key, end: None, datum: Some(datum) }
    }

    /// An element of a set of intervals.
    pub const fn range(key: Key, end: Key) -> Self {
        Self { key, end: Some(end), datum: None }
    }
}
