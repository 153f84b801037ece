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
}

/// A route table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteTable {
    /// The record's id, `rtb-…`.
    pub id: String,
    /// Unique among the route tables of the VPC, at most [`crate::MAX_TABLE_NUMBER`].
    pub number: u32,
    /// The routes; at most one per destination.
    pub routes: Vec<Route>,
}

/// One route: the longest matching destination decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The destination block; host bits are ignored.
    pub destination: IpNet,
    /// Where packets go.
    pub target: RouteTarget,
}

/// Where a route leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RouteTarget {
    /// Delivery inside the VPC.
    Local,
    /// The VPC's internet gateway; a blackhole while none is attached.
    InternetGateway,
    /// The ENI with this id (an appliance); a blackhole while it is absent.
    Eni(String),
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
    /// The record's id, `sgr-…`; counters are reported under it.
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
    /// All addresses it may send from: private IPv4 first, then IPv6.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let v4 = self.private_v4.iter().copied().map(IpAddr::V4);
        v4.chain(self.v6.iter().copied().map(IpAddr::V6))
    }
}
