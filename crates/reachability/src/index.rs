//! A topology prepared for questions: everything by id, and who owns which address.

use crate::judgement::{Judgement, Step};
use crate::packet::Packet;
use crate::topology::{
    EgressOnlyInternetGateway, GatewayEndpoint, Id, InternetGateway, NatGateway, NetworkAcl,
    NetworkInterface, Nsg, Peering, RouteTable, SecurityGroup, Subnet, Topology, Vpc,
};
use crate::walk;
use ipnet::IpNet;
use std::collections::HashMap;
use std::net::IpAddr;

/// A topology prepared for judging many packets: building it costs time in proportion to the topology, judging does
/// not.
pub struct Index<'a> {
    pub(crate) topology: &'a Topology,
    vpcs: HashMap<&'a str, &'a Vpc>,
    subnets: HashMap<&'a str, &'a Subnet>,
    tables: HashMap<&'a str, &'a RouteTable>,
    acls: HashMap<&'a str, &'a NetworkAcl>,
    groups: HashMap<&'a str, &'a SecurityGroup>,
    nsgs: HashMap<&'a str, &'a Nsg>,
    interfaces: HashMap<&'a str, &'a NetworkInterface>,
    nats: HashMap<&'a str, &'a NatGateway>,
    igws: HashMap<&'a str, &'a InternetGateway>,
    eigws: HashMap<&'a str, &'a EgressOnlyInternetGateway>,
    peerings: HashMap<&'a str, &'a Peering>,
    endpoints: HashMap<&'a str, &'a GatewayEndpoint>,
    /// Private addresses, by VPC: two VPCs may use the same ones.
    owners: HashMap<(&'a str, IpAddr), Owner<'a>>,
    prefixes: HashMap<&'a str, Vec<(IpNet, &'a NetworkInterface)>>,
    /// Public IPv4 addresses, with the private address behind each.
    public: HashMap<IpAddr, (Owner<'a>, IpAddr)>,
    /// The reverse: (VPC, private address) → public address.
    mapped: HashMap<(&'a str, IpAddr), IpAddr>,
    peers: HashMap<&'a str, Vec<&'a str>>,
    gateway_of: HashMap<&'a str, &'a InternetGateway>,
    subnets_of: HashMap<&'a str, Vec<&'a Subnet>>,
}

/// Who answers for an address.
#[derive(Clone, Copy)]
pub(crate) enum Owner<'a> {
    /// A network interface.
    Interface(&'a NetworkInterface),
    /// A NAT gateway.
    Nat(&'a NatGateway),
}

impl<'a> Owner<'a> {
    pub(crate) fn vpc(self) -> &'a Id {
        match self {
            Self::Interface(i) => &i.vpc,
            Self::Nat(n) => &n.vpc,
        }
    }
}

/// A map over the ids of a list.
fn by_id<'a, T>(items: &'a [T], id: impl Fn(&'a T) -> &'a Id) -> HashMap<&'a str, &'a T> {
    items.iter().map(|item| (&**id(item), item)).collect()
}

impl<'a> Index<'a> {
    /// Prepares a topology.
    pub fn new(topology: &'a Topology) -> Self {
        let t = topology;
        let mut index = Self {
            topology,
            vpcs: by_id(&t.vpcs, |x| &x.id),
            subnets: by_id(&t.subnets, |x| &x.id),
            tables: by_id(&t.route_tables, |x| &x.id),
            acls: by_id(&t.network_acls, |x| &x.id),
            groups: by_id(&t.security_groups, |x| &x.id),
            nsgs: by_id(&t.nsgs, |x| &x.id),
            interfaces: by_id(&t.network_interfaces, |x| &x.id),
            nats: by_id(&t.nat_gateways, |x| &x.id),
            igws: by_id(&t.internet_gateways, |x| &x.id),
            eigws: by_id(&t.egress_only_gateways, |x| &x.id),
            peerings: by_id(&t.peerings, |x| &x.id),
            endpoints: by_id(&t.gateway_endpoints, |x| &x.id),
            owners: HashMap::new(),
            prefixes: HashMap::new(),
            public: HashMap::new(),
            mapped: HashMap::new(),
            peers: HashMap::new(),
            gateway_of: HashMap::new(),
            subnets_of: HashMap::new(),
        };
        index.learn_addresses();
        index.learn_connections();
        index
    }

    fn learn_addresses(&mut self) {
        for interface in &self.topology.network_interfaces {
            let owner = Owner::Interface(interface);
            for &address in &interface.addresses {
                self.owners.insert((&interface.vpc, address), owner);
            }
            for &prefix in &interface.prefixes {
                self.prefixes.entry(&interface.vpc).or_default().push((prefix, interface));
            }
            for mapping in &interface.public {
                self.public.insert(mapping.public, (owner, mapping.private));
                self.mapped.insert((&interface.vpc, mapping.private), mapping.public);
            }
        }
        // After the interfaces: a NAT gateway's own interface is listed among them and must not win.
        for nat in &self.topology.nat_gateways {
            for address in &nat.addresses {
                self.owners.insert((&nat.vpc, address.private), Owner::Nat(nat));
                if let Some(public) = address.public {
                    self.public.insert(public, (Owner::Nat(nat), address.private));
                    self.mapped.insert((&nat.vpc, address.private), public);
                }
            }
        }
    }

    fn learn_connections(&mut self) {
        for peering in self.topology.peerings.iter().filter(|p| p.active) {
            self.peers.entry(&peering.requester_vpc).or_default().push(&peering.accepter_vpc);
            self.peers.entry(&peering.accepter_vpc).or_default().push(&peering.requester_vpc);
        }
        for gateway in &self.topology.internet_gateways {
            if let Some(vpc) = &gateway.vpc {
                self.gateway_of.insert(vpc, gateway);
            }
        }
        for subnet in &self.topology.subnets {
            self.subnets_of.entry(&subnet.vpc).or_default().push(subnet);
        }
    }

    /// Whether an address is one of an interface's own; false for an interface that does not exist.
    pub fn owns(&self, interface: &str, address: IpAddr) -> bool {
        self.interface(interface).is_some_and(|i| i.owns(address))
    }

    /// Judges one packet.
    pub fn judge(&self, packet: &Packet) -> Judgement {
        walk::judge(self, packet)
    }

    /// Every component that a packet would meet if no filter refused it, in order.
    pub fn trail(&self, packet: &Packet) -> Vec<Step> {
        walk::trail(self, packet)
    }

    pub(crate) fn vpc(&self, id: &str) -> Option<&'a Vpc> {
        self.vpcs.get(id).copied()
    }

    pub(crate) fn subnet(&self, id: &str) -> Option<&'a Subnet> {
        self.subnets.get(id).copied()
    }

    pub(crate) fn subnets_of(&self, vpc: &str) -> &[&'a Subnet] {
        self.subnets_of.get(vpc).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn table(&self, id: &str) -> Option<&'a RouteTable> {
        self.tables.get(id).copied()
    }

    pub(crate) fn acl(&self, id: &str) -> Option<&'a NetworkAcl> {
        self.acls.get(id).copied()
    }

    pub(crate) fn group(&self, id: &str) -> Option<&'a SecurityGroup> {
        self.groups.get(id).copied()
    }

    pub(crate) fn nsg(&self, id: &str) -> Option<&'a Nsg> {
        self.nsgs.get(id).copied()
    }

    pub(crate) fn interface(&self, id: &str) -> Option<&'a NetworkInterface> {
        self.interfaces.get(id).copied()
    }

    pub(crate) fn nat(&self, id: &str) -> Option<&'a NatGateway> {
        self.nats.get(id).copied()
    }

    pub(crate) fn igw(&self, id: &str) -> Option<&'a InternetGateway> {
        self.igws.get(id).copied()
    }

    pub(crate) fn eigw(&self, id: &str) -> Option<&'a EgressOnlyInternetGateway> {
        self.eigws.get(id).copied()
    }

    pub(crate) fn peering(&self, id: &str) -> Option<&'a Peering> {
        self.peerings.get(id).copied()
    }

    pub(crate) fn endpoint(&self, id: &str) -> Option<&'a GatewayEndpoint> {
        self.endpoints.get(id).copied()
    }

    /// The internet gateway attached to a VPC.
    pub(crate) fn gateway_of(&self, vpc: &str) -> Option<&'a InternetGateway> {
        self.gateway_of.get(vpc).copied()
    }

    /// Who owns a private (or IPv6) address in a VPC.
    pub(crate) fn owner(&self, vpc: &str, address: IpAddr) -> Option<Owner<'a>> {
        if let Some(owner) = self.owners.get(&(vpc, address)) {
            return Some(*owner);
        }
        let prefixes = self.prefixes.get(vpc)?;
        prefixes.iter().find(|(p, _)| p.contains(&address)).map(|(_, i)| Owner::Interface(i))
    }

    /// Who owns a public address, and which private address stands behind it.
    pub(crate) fn public(&self, address: IpAddr) -> Option<(Owner<'a>, IpAddr)> {
        self.public.get(&address).copied()
    }

    /// The public address mapped on a private one.
    pub(crate) fn public_of(&self, vpc: &str, private: IpAddr) -> Option<IpAddr> {
        self.mapped.get(&(vpc, private)).copied()
    }

    /// The VPC whose IPv6 blocks hold an address: those are global, so there is one at most.
    pub(crate) fn vpc_of_v6(&self, address: IpAddr) -> Option<&'a Vpc> {
        if address.is_ipv4() {
            return None;
        }
        self.topology.vpcs.iter().find(|v| v.cidrs.iter().any(|c| c.contains(&address)))
    }

    /// Whether two VPCs are joined by an active peering connection.
    pub(crate) fn peered(&self, one: &str, other: &str) -> bool {
        self.peers(one).contains(&other)
    }

    /// The VPCs actively peered with one.
    pub(crate) fn peers(&self, vpc: &str) -> &[&'a str] {
        self.peers.get(vpc).map_or(&[], Vec::as_slice)
    }

    /// Whether a VPC's blocks hold an address.
    pub(crate) fn in_vpc(&self, vpc: &str, address: IpAddr) -> bool {
        self.vpc(vpc).is_some_and(|v| v.cidrs.iter().any(|c| c.contains(&address)))
    }

    /// The route table that counts for a subnet: its own, or the VPC's main one.
    pub(crate) fn table_of(&self, subnet: &Subnet) -> Option<&'a RouteTable> {
        match &subnet.route_table {
            Some(id) => self.table(id),
            None => self.vpc(&subnet.vpc).and_then(|v| self.table(&v.main_route_table)),
        }
    }
}
