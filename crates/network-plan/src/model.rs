//! The facts of one VPC as the host agent hands them over.
//!
//! Every `number` is a small integer that the caller keeps unique and stable
//! among the objects of its kind on one host: kernel names, interface indexes
//! and marks derive from it, so that a restarted agent finds its objects again.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// One VPC with everything inside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpcInput {
    /// The record's id, `vpc-…`.
    pub id: String,
    /// Unique among the VPCs of the host.
    pub number: u32,
    /// IPv4 blocks, the primary one first.
    pub cidrs_v4: Vec<Ipv4Net>,
    /// IPv6 blocks.
    pub cidrs_v6: Vec<Ipv6Net>,
    /// Subnets; their blocks do not overlap.
    pub subnets: Vec<Subnet>,
    /// Route tables, the main one among them.
    pub route_tables: Vec<RouteTable>,
    /// Network interfaces of this VPC.
    pub enis: Vec<Eni>,
    /// Security groups of this VPC.
    pub groups: Vec<SecurityGroup>,
    /// The attached internet gateway, if there is one.
    pub internet_gateway: Option<String>,
    /// The route table that decides for packets entering through the internet gateway (an edge association);
    /// without one they are delivered.
    pub gateway_table: Option<String>,
    /// Network ACLs of this VPC.
    pub acls: Vec<NetworkAcl>,
    /// NAT gateways; their interfaces stand among [`Self::enis`].
    pub nat_gateways: Vec<NatGateway>,
    /// Active peering connections.
    pub peerings: Vec<Peering>,
    /// Ports of the internet gateway that lead inside. Those of NAT gateways stand there.
    pub port_forwards: Vec<PortForward>,
    /// Network security groups of this VPC.
    pub nsgs: Vec<Nsg>,
}

/// A subnet. Its addresses +1 (gateway) and +2 (resolver) belong to the router.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subnet {
    /// The record's id, `subnet-…`.
    pub id: String,
    /// The IPv4 block.
    pub cidr_v4: Ipv4Net,
    /// The IPv6 block (/64), if it has one.
    pub cidr_v6: Option<Ipv6Net>,
    /// The table that decides for packets leaving this subnet; the caller has
    /// already put the main table where no association exists.
    pub route_table_id: String,
    /// The network ACL at its border; without one nothing is judged there.
    pub acl_id: Option<String>,
    /// The network security group at its border, if it has one.
    pub nsg_id: Option<String>,
}

/// A route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// The record's id, `rtb-…`.
    pub id: String,
    /// Unique among the route tables of the VPC, at most [`crate::MAX_TABLE_NUMBER`].
    pub number: u32,
    /// The routes; at most one per destination and origin.
    pub routes: Vec<Route>,
}

/// One route: the longest matching destination decides, then the origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The destination block; host bits are ignored.
    pub destination: IpNet,
    /// Where packets go.
    pub target: RouteTarget,
    /// Among equal destinations the greatest origin wins.
    pub origin: RouteOrigin,
}

/// How a route came to be, in ascending precedence (NET-11).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RouteOrigin {
    /// With the table.
    System,
    /// Learned from a gateway or an appliance.
    Propagated,
    /// Put there by a user.
    #[default]
    Static,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    /// Delivery inside the VPC.
    Local,
    /// The VPC's internet gateway; a blackhole while none is attached.
    InternetGateway,
    /// An egress-only internet gateway: IPv6 out, only answers in.
    EgressOnlyGateway,
    /// The ENI with this id: an appliance, a NAT gateway, an endpoint; a blackhole while it is absent.
    Eni(String),
    /// The peering connection with this id; a blackhole while it is not active.
    Peering(String),
    /// Nowhere: packets vanish without an answer.
    Blackhole,
}

/// A network interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Eni {
    /// The record's id, `eni-…`.
    pub id: String,
    /// Unique among the ENIs of the host, at most [`crate::MAX_ENI_NUMBER`].
    pub number: u32,
    /// The subnet it lies in.
    pub subnet_id: String,
    /// Its hardware address.
    pub mac: [u8; 6],
    /// Private IPv4 addresses, the primary one first.
    pub private_v4: Vec<Ipv4Addr>,
    /// IPv6 addresses.
    pub v6: Vec<Ipv6Addr>,
    /// Public or elastic addresses and the private ones they stand for.
    pub public_v4: Vec<PublicAddress>,
    /// Whether foreign source and destination addresses are dropped.
    pub source_dest_check: bool,
    /// Ids of its security groups.
    pub groups: Vec<String>,
    /// What hangs on it.
    pub kind: EniKind,
    /// The network security group on it, if it has one.
    pub nsg_id: Option<String>,
    /// Delegated prefixes: addresses of its own like the single ones.
    pub prefixes: Vec<IpNet>,
}

/// What hangs on an ENI.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EniKind {
    /// A machine.
    #[default]
    Machine,
    /// A NAT gateway: no security group judges its packets; the network itself makes its namespace.
    NatGateway,
    /// An interface endpoint: the network itself makes its namespace and listens there.
    Endpoint,
}

/// A 1:1 translation at the internet gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PublicAddress {
    /// The address inside the VPC.
    pub private: Ipv4Addr,
    /// The address that the outside sees.
    pub public: Ipv4Addr,
}

/// A security group: allow-only and stateful.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityGroup {
    /// The record's id, `sg-…`.
    pub id: String,
    /// Unique among the groups of the VPC, at most [`crate::MAX_GROUP_NUMBER`].
    pub number: u32,
    /// What may come in.
    pub ingress: Vec<Rule>,
    /// What may go out.
    pub egress: Vec<Rule>,
}

/// One rule of a security group, for exactly one peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The record's id, `sgr-…`.
    pub id: String,
    /// Which packets.
    pub protocol: Protocol,
    /// Whom they come from (ingress) or go to (egress).
    pub peer: Peer,
}

/// The protocol part of a rule, as `IpProtocol`, `FromPort` and `ToPort` say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protocol {
    /// `-1`: everything.
    All,
    /// TCP with destination ports.
    Tcp(Ports),
    /// UDP with destination ports.
    Udp(Ports),
    /// ICMP for IPv4; `None` stands for `-1`. A code without a type is ignored.
    Icmp {
        /// The message type.
        kind: Option<u8>,
        /// The message code.
        code: Option<u8>,
    },
    /// ICMPv6; `None` stands for `-1`. A code without a type is ignored.
    Icmpv6 {
        /// The message type.
        kind: Option<u8>,
        /// The message code.
        code: Option<u8>,
    },
    /// Any other protocol by its number, ports ignored as AWS does.
    Number(u8),
}

/// An inclusive range of ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ports {
    /// The lowest.
    pub from: u16,
    /// The highest; not below `from`.
    pub to: u16,
}

/// A network ACL: stateless, judged at the border of its subnets, never inside one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkAcl {
    /// The record's id, `acl-…`.
    pub id: String,
    /// Unique among the ACLs of the VPC.
    pub number: u32,
    /// Entries for packets entering, in ascending order of their number.
    pub ingress: Vec<AclEntry>,
    /// Entries for packets leaving.
    pub egress: Vec<AclEntry>,
}

/// An entry of a network ACL; what no entry matches is dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AclEntry {
    /// 1–32766.
    pub number: u16,
    /// Which packets; `Number(1)` does not occur, ICMP has its own form.
    pub protocol: Protocol,
    /// Whom they come from (ingress) or go to (egress).
    pub cidr: IpNet,
    /// Allow, otherwise deny.
    pub allow: bool,
}

/// A NAT gateway: a namespace of its own behind an ENI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NatGateway {
    /// The record's id, `nat-…`.
    pub id: String,
    /// Its ENI, kind [`EniKind::NatGateway`]; connections are spread over the ENI's private addresses.
    pub eni_id: String,
    /// Ports of its primary private address that lead inside.
    pub port_forwards: Vec<PortForward>,
}

/// A port that leads to an address inside (NET-30).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PortForward {
    /// 6 or 17.
    pub protocol: u8,
    /// The address packets are sent to: the public one at an internet gateway, the private one at a NAT gateway.
    pub address: Ipv4Addr,
    /// The port packets are sent to.
    pub port: u16,
    /// Where they are delivered.
    pub to: Ipv4Addr,
    /// At which port.
    pub to_port: u16,
    /// The inside sees the gateway's address as the sender (at an internet gateway: the gateway address of the
    /// receiver's subnet).
    pub masquerade: bool,
}

/// An active peering connection with another VPC of this host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peering {
    /// The record's id, `pcx-…`.
    pub id: String,
    /// Unique among the peering connections of the host.
    pub number: u32,
    /// This VPC asked; it makes the link.
    pub requester: bool,
    /// The other VPC.
    pub remote_vpc: String,
    /// The other VPC's blocks of both families: what may come from there.
    pub remote_blocks: Vec<IpNet>,
    /// Groups of the other VPC that rules of this one name, with their members' private addresses.
    pub remote_groups: Vec<RemoteGroup>,
}

/// A group of a peered VPC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoteGroup {
    /// The record's id, `sg-…`.
    pub id: String,
    /// Unique among the groups of *this* VPC and those it names.
    pub number: u32,
    /// Private addresses of its members, both families.
    pub members: Vec<IpAddr>,
}

/// A network security group (NET-22): stateful, the first match by priority decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nsg {
    /// The record's id, `nsg-…`.
    pub id: String,
    /// Unique among the NSGs of the VPC.
    pub number: u32,
    /// For packets arriving, in ascending priority, the implied default rules included.
    pub inbound: Vec<NsgRule>,
    /// For packets leaving, likewise.
    pub outbound: Vec<NsgRule>,
}

/// A rule of an NSG. An empty list matches everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NsgRule {
    /// 100–4096 and, for the implied ones, 65000–65500.
    pub priority: u16,
    /// Allow, otherwise deny.
    pub allow: bool,
    /// IP protocol number.
    pub protocol: Option<u8>,
    /// Source blocks.
    pub sources: Vec<IpNet>,
    /// Source ports.
    pub source_ports: Vec<Ports>,
    /// Destination blocks.
    pub destinations: Vec<IpNet>,
    /// Destination ports.
    pub destination_ports: Vec<Ports>,
}

/// The other side of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// An address block; host bits are ignored.
    Cidr(IpNet),
    /// The members of a group, by their private addresses. An id that is not in
    /// the VPC is a stale reference and stands for nobody.
    Group(String),
}

impl Eni {
    /// Its single addresses: private IPv4 first, then IPv6. Prefixes do not count.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let v4 = self.private_v4.iter().copied().map(IpAddr::V4);
        v4.chain(self.v6.iter().copied().map(IpAddr::V6))
    }

    /// Its single addresses and those of its IPv4 prefixes, which are short (/28 on AWS). IPv6 prefixes do not count.
    pub fn all_addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let short = self.prefixes.iter().filter_map(|prefix| match prefix {
            IpNet::V4(v4) => Some(v4.trunc()),
            IpNet::V6(_) => None,
        });
        let expanded = short.flat_map(|v4| {
            let first = u32::from(v4.network());
            (first..=first | u32::from(v4.hostmask())).map(|raw| IpAddr::V4(Ipv4Addr::from(raw)))
        });
        self.addresses().chain(expanded)
    }

    /// Its delegated IPv6 prefixes.
    pub fn prefixes_v6(&self) -> impl Iterator<Item = Ipv6Net> + '_ {
        self.prefixes.iter().filter_map(|prefix| match prefix {
            IpNet::V4(_) => None,
            IpNet::V6(v6) => Some(v6.trunc()),
        })
    }
}
