//! Addresses that the router itself answers for, and addresses that nobody may have.

use crate::index::Index;
use crate::packet::{Header, Protocol, Service};
use crate::topology::NetworkInterface;
use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What a destination is to the router.
pub(crate) enum Special {
    /// One of its services.
    Service(Service),
    /// A service's address, but not what the service speaks.
    NotSpoken(Service),
    /// An address that no packet in a VPC reaches: broadcast, multicast, loopback, reserved.
    Nowhere(&'static str),
    /// Nothing special.
    Ordinary,
}

/// The link-local range that AWS keeps for its services and never routes (VPC "Subnet route tables").
const RESERVED_V4: (Ipv4Addr, u8) = (Ipv4Addr::new(169, 254, 168, 0), 22);

/// Sorts a packet that an interface sends.
pub(crate) fn classify(index: &Index<'_>, sender: &NetworkInterface, header: Header) -> Special {
    let (number, ports) = (header.protocol.number(), header.protocol.ports().unwrap_or_default());
    if is_dhcp(number, ports, header.destination) {
        return Special::Service(Service::Dhcp);
    }
    if let Protocol::Icmpv6 { kind: 133..=136, .. } = header.protocol
        && is_on_link(header.destination)
    {
        return Special::Service(Service::NeighbourDiscovery);
    }
    if let Some(service) = service_at(index, &sender.vpc, header.destination) {
        let spoken = match service {
            Service::Metadata => number == 6 && ports.1 == 80,
            Service::Dns => ports.1 == 53 && dns_support(index, sender),
            Service::Time => number == 17 && ports.1 == 123,
            // The renewal of a lease goes to the router's own address.
            Service::Router if number == 17 && ports == (68, 67) => {
                return Special::Service(Service::Dhcp);
            }
            Service::Router => matches!(header.protocol, Protocol::Icmp { kind: 8, .. }),
            Service::Dhcp | Service::NeighbourDiscovery => true,
        };
        return if spoken { Special::Service(service) } else { Special::NotSpoken(service) };
    }
    match nowhere(index, sender, header.destination) {
        Some(why) => Special::Nowhere(why),
        None => Special::Ordinary,
    }
}

fn is_dhcp(number: u8, ports: (u16, u16), destination: IpAddr) -> bool {
    number == 17
        && match destination {
            IpAddr::V4(a) => ports == (68, 67) && a == Ipv4Addr::BROADCAST,
            IpAddr::V6(a) => ports == (546, 547) && a == Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2),
        }
}

fn is_on_link(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        // fe80::/10 and ff02::/16.
        IpAddr::V6(a) => a.segments()[0] & 0xffc0 == 0xfe80 || a.segments()[0] == 0xff02,
    }
}

fn dns_support(index: &Index<'_>, sender: &NetworkInterface) -> bool {
    index.vpc(&sender.vpc).is_some_and(|v| v.dns_support)
}

/// The service that an address belongs to.
fn service_at(index: &Index<'_>, vpc: &str, address: IpAddr) -> Option<Service> {
    match address {
        IpAddr::V4(v4) => match v4.octets() {
            [169, 254, 169, 254] => Some(Service::Metadata),
            [169, 254, 169, 253] => Some(Service::Dns),
            [169, 254, 169, 123] => Some(Service::Time),
            _ if plus_two(index, vpc) == Some(v4) => Some(Service::Dns),
            _ if routers(index, vpc).any(|r| r == v4) => Some(Service::Router),
            _ => None,
        },
        IpAddr::V6(v6) => match v6.segments() {
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254] => Some(Service::Metadata),
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x253] => Some(Service::Dns),
            [0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x123] => Some(Service::Time),
            _ => None,
        },
    }
}

/// The resolver's address: the base of the primary IPv4 block plus two, wherever the other blocks are.
fn plus_two(index: &Index<'_>, vpc: &str) -> Option<Ipv4Addr> {
    index.vpc(vpc)?.cidrs.iter().find_map(|c| match c {
        IpNet::V4(net) => offset(net.network(), 2),
        IpNet::V6(_) => None,
    })
}

/// The router's addresses, the base plus one of every subnet of the VPC.
fn routers<'i>(index: &'i Index<'_>, vpc: &str) -> impl Iterator<Item = Ipv4Addr> + 'i {
    index.subnets_of(vpc).iter().flat_map(|s| &s.cidrs).filter_map(|c| match c {
        IpNet::V4(net) => offset(net.network(), 1),
        IpNet::V6(_) => None,
    })
}

/// The addresses of a service in a VPC, of both families.
pub(crate) fn addresses(index: &Index<'_>, vpc: &str, service: Service) -> Vec<IpAddr> {
    let amazon = |last| IpAddr::V6(Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, last));
    let link_local = |last| IpAddr::V4(Ipv4Addr::new(169, 254, 169, last));
    match service {
        Service::Metadata => vec![link_local(254), amazon(0x254)],
        Service::Dns => {
            let plus_two = plus_two(index, vpc).map(IpAddr::V4);
            plus_two.into_iter().chain([link_local(253), amazon(0x253)]).collect()
        }
        Service::Time => vec![link_local(123), amazon(0x123)],
        Service::Dhcp => {
            vec![Ipv4Addr::BROADCAST.into(), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2).into()]
        }
        // All routers of the link.
        Service::NeighbourDiscovery => vec![Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 2).into()],
        Service::Router => routers(index, vpc).map(IpAddr::V4).collect(),
    }
}

fn offset(base: Ipv4Addr, by: u32) -> Option<Ipv4Addr> {
    u32::from(base).checked_add(by).map(Ipv4Addr::from)
}

/// Why no packet gets to an address, if none does. AWS has neither broadcast nor multicast in a VPC.
fn nowhere(index: &Index<'_>, sender: &NetworkInterface, address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(v4) => {
            let reserved =
                u32::from(v4) >> (32 - RESERVED_V4.1) == u32::from(RESERVED_V4.0) >> (32 - RESERVED_V4.1);
            if v4.is_multicast() {
                Some("multicast goes nowhere in a VPC")
            } else if v4.is_broadcast() || is_subnet_broadcast(index, sender, v4) {
                Some("broadcast goes nowhere in a VPC")
            } else if v4.is_loopback() || v4.octets()[0] == 0 || v4.octets()[0] >= 240 {
                Some("the destination is no unicast address")
            } else if reserved {
                Some("169.254.168.0/22 is never routed")
            } else {
                None
            }
        }
        IpAddr::V6(v6) => {
            let first = v6.segments();
            if v6.is_multicast() {
                Some("multicast goes nowhere in a VPC")
            } else if v6.is_loopback() || v6.is_unspecified() {
                Some("the destination is no unicast address")
            } else if first[0] & 0xffc0 == 0xfe80 {
                Some("link-local addresses are not routed")
            } else if first[0] == 0xfd00 && first[1] == 0xec2 {
                Some("fd00:ec2::/32 is never routed")
            } else {
                None
            }
        }
    }
}

/// The first and the last address of the sender's own subnet.
fn is_subnet_broadcast(index: &Index<'_>, sender: &NetworkInterface, address: Ipv4Addr) -> bool {
    index.subnet(&sender.subnet).into_iter().flat_map(|s| &s.cidrs).any(|c| match c {
        IpNet::V4(net) => net.prefix_len() < 31 && (net.broadcast() == address || net.network() == address),
        IpNet::V6(_) => false,
    })
}
