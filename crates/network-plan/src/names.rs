//! Names, numbers and addresses that plans and the kernel share.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::Ipv4Net;

/// The name of the nf_tables table in a VPC's router namespace.
pub const TABLE: &str = "allod";
/// The name of the interface that leads from a router towards the edge.
pub const EDGE_LINK: &str = "edge";
/// The interface index of [`EDGE_LINK`]; chosen by us so that rules may name it
/// before it exists.
pub const EDGE_INDEX: u32 = 0xfff;
/// ENI `n` has the router-side interface index `ENI_INDEX_BASE + n`.
pub const ENI_INDEX_BASE: u32 = 0x1000;
/// The largest ENI number; keeps indexes far below the kernel's 2^31.
pub const MAX_ENI_NUMBER: u32 = 0x00ff_ffff;
/// The link to peering connection `n` has the index `PEER_INDEX_BASE + n` in both routers.
pub const PEER_INDEX_BASE: u32 = 0x0200_0000;
/// The largest number of a peering connection.
pub const MAX_PEERING_NUMBER: u32 = 0x00ff_ffff;
/// The largest number of a network security group: it shares a field with a priority and two switches.
pub const MAX_NSG_NUMBER: u32 = 0x3fff;
/// The largest VPC number; it becomes part of an interface index too.
pub const MAX_VPC_NUMBER: u32 = 0x00ff_ffff;
/// The largest number of a security group: the mark [`ALLOWED`] must stay free.
pub const MAX_GROUP_NUMBER: u32 = 0x7fff_ffff;
/// The largest number of a route table.
pub const MAX_TABLE_NUMBER: u32 = 0xffff;
/// Route table `n` is kernel table, rule priority and mark `TABLE_BASE + n`;
/// the values below belong to the kernel's own tables.
pub const TABLE_BASE: u32 = 1000;
/// The most groups an ENI may have (AWS: 5 by default, 16 at most).
pub const MAX_GROUPS_PER_ENI: usize = 16;
/// The sizes of IPv4 blocks that group rules for one port are looked up by, exactly: one question of a hash table each.
/// Blocks of other sizes, and ranges of ports, are intervals, which take the kernel ten times as long to learn.
pub const EXACT_PREFIXES_V4: [u8; 4] = [32, 24, 16, 0];
/// The same for IPv6.
pub const EXACT_PREFIXES_V6: [u8; 3] = [128, 64, 0];
/// The mark by which a group's chain reports "one of my rules admits this".
pub const ALLOWED: u32 = u32::MAX;
/// The mark of packets that came from the edge or a peer: no rule asks for it, so they see the main table only.
pub const OUTSIDE: u32 = 1;
/// The kernel table (and mark) that leads to the edge whatever the destination: for answers from forwarded ports
/// whose sender was masqueraded. The machine believes to answer its own gateway, so no route table is asked.
pub const EDGE_TABLE: u32 = 999;
/// The netlink log group that drops are reported to, in every router namespace (see [`crate::DropRecord`]).
pub const LOG_GROUP: u16 = 4100;
/// How much of a dropped packet is reported: headers, and room for IPv6 extensions.
pub const LOG_BYTES: u32 = 128;
/// A NAT gateway spreads its connections over so many slots; its addresses take turns in them.
pub const NAT_SLOTS: u32 = 64;
/// Bits of a connection's mark: not tracked where it began.
pub const UNTRACKED_OUT: u32 = 1;
/// Not tracked where it leads.
pub const UNTRACKED_IN: u32 = 2;
/// Its sender was masqueraded by a forwarded port: answers go to the edge.
pub const MASQUERADED: u32 = 4;
/// It came in through a forwarded port of the internet gateway: it ends when that is taken back.
pub const BY_PORT: u32 = 16;
/// Its packet is on its way past an appliance: rules that name groups do not hold. Never outlasts a gate.
pub const FORWARDED: u32 = 8;
/// All of these bits. A connection without any of them is an ordinary one; the bits above are the memory of its verdicts
/// (see `skeleton/memory.rs`).
pub const FLOW_FLAGS: u32 = 0x1f;
/// The kernel's main table: the addresses of the ENIs live there.
pub const MAIN_TABLE: u32 = 254;

/// The metadata service (EC2 user guide, "Use IMDS").
pub const METADATA_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// The metadata service over IPv6.
pub const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);
/// The resolver under its link-local name (VPC guide, "Amazon DNS server").
pub const RESOLVER_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 253);
/// The resolver over IPv6.
pub const RESOLVER_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253);
/// The time service.
pub const TIME_V4: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 123);
/// Every machine's IPv6 gateway.
pub const GATEWAY_V6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

/// The router-side interface name of an ENI, at most 9 bytes.
pub fn eni_link_name(number: u32) -> String {
    format!("e{number}")
}

/// The router-side interface index of an ENI.
pub const fn eni_index(number: u32) -> u32 {
    ENI_INDEX_BASE + number
}

/// The ENI number of a router-side interface index, if it is one of ours.
pub const fn eni_number(index: u32) -> Option<u32> {
    if index >= ENI_INDEX_BASE && index <= ENI_INDEX_BASE + MAX_ENI_NUMBER {
        Some(index - ENI_INDEX_BASE)
    } else {
        None
    }
}

/// The interface name of a peering connection's link in both routers, at most 9 bytes.
pub fn peering_link_name(number: u32) -> String {
    format!("p{number}")
}

/// The interface index of a peering connection's link in both routers.
pub const fn peering_index(number: u32) -> u32 {
    PEER_INDEX_BASE + number
}

/// The number of the peering connection that an interface index belongs to.
pub const fn peering_number(index: u32) -> Option<u32> {
    if index >= PEER_INDEX_BASE && index <= PEER_INDEX_BASE + MAX_PEERING_NUMBER {
        Some(index - PEER_INDEX_BASE)
    } else {
        None
    }
}

/// The route table whose packets carry this mark.
pub const fn table_number(mark: u32) -> Option<u32> {
    if mark >= TABLE_BASE && mark <= TABLE_BASE + MAX_TABLE_NUMBER { Some(mark - TABLE_BASE) } else { None }
}

/// The router's address in a subnet: base + 1.
pub fn subnet_gateway(subnet: Ipv4Net) -> Ipv4Addr {
    offset(subnet, 1)
}

/// The resolver's address in a subnet, and in the VPC by its primary block: base + 2.
pub fn subnet_resolver(subnet: Ipv4Net) -> Ipv4Addr {
    offset(subnet, 2)
}

/// The addresses every router answers on whatever the subnets are.
pub const SERVICE_ADDRESSES: [IpAddr; 5] = [
    IpAddr::V4(METADATA_V4),
    IpAddr::V4(RESOLVER_V4),
    IpAddr::V4(TIME_V4),
    IpAddr::V6(METADATA_V6),
    IpAddr::V6(RESOLVER_V6),
];

fn offset(subnet: Ipv4Net, by: u32) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(subnet.network()).wrapping_add(by))
}
