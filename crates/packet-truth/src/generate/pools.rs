//! Addresses, protocols and ports that rules are made of: few, so that rules overlap.

use super::Maker;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reachability::topology::{PortRange, Selector};
use std::net::{Ipv4Addr, Ipv6Addr};

/// Blocks outside every VPC and outside the cloud's public pool.
const OUTSIDE_V4: [&str; 6] =
    ["8.8.8.0/24", "8.8.0.0/16", "203.0.113.0/25", "203.0.113.128/28", "52.94.0.0/15", "192.0.2.7/32"];
const OUTSIDE_V6: [&str; 4] = ["2a00:1450::/32", "2a00:1450:4001::/48", "2606:4700::/44", "2a00:1450::7/128"];
/// Ports that rules begin or end at.
const PORTS: [u16; 10] = [0, 22, 53, 80, 443, 1023, 1024, 8080, 32_768, 65_535];
/// Protocols by number: IP in IP, GRE, ESP, OSPF, L2TP.
const OTHERS: [u8; 5] = [4, 47, 50, 89, 115];
/// Types of ICMP messages that open something, and one that does not.
const ICMP_TYPES: [u8; 4] = [8, 13, 0, 17];

/// The IPv4 block of a VPC.
pub(super) fn vpc_v4(number: usize) -> Ipv4Net {
    let second = u8::try_from(number * 16).unwrap_or_default();
    Ipv4Net::new(Ipv4Addr::new(10, second, 0, 0), 16).unwrap_or_default()
}

/// The IPv6 block that stands for the one that a VPC is given.
pub(super) fn vpc_v6(number: usize) -> Ipv6Net {
    let third = u16::try_from(number + 1).unwrap_or_default();
    Ipv6Net::new(Ipv6Addr::new(0x2001, 0xdb8, third, 0, 0, 0, 0, 0), 56).unwrap_or_default()
}

impl Maker<'_> {
    /// A random block of a family: everything, a part of a VPC, a single address, something outside.
    pub(super) fn block(&mut self, v6: bool) -> IpNet {
        let list: &[&str] = if v6 { &OUTSIDE_V6 } else { &OUTSIDE_V4 };
        let everything: IpNet =
            if v6 { IpNet::V6(Ipv6Net::default()) } else { IpNet::V4(Ipv4Net::default()) };
        match self.random.below(10) {
            0..=2 => everything,
            3 | 4 => {
                let text = self.random.pick(list).copied().unwrap_or_default();
                text.parse().unwrap_or(everything)
            }
            5 | 6 => self.own_block(v6).unwrap_or(everything),
            _ => {
                let addresses: Vec<_> =
                    self.topology.network_interfaces.iter().flat_map(|i| i.addresses.clone()).collect();
                let mut of_family: Vec<_> = addresses.into_iter().filter(|a| a.is_ipv6() == v6).collect();
                of_family.dedup();
                let Some(address) = self.random.pick(&of_family).copied() else { return everything };
                let top: u8 = if v6 { 128 } else { 32 };
                let shorter = u8::try_from(self.random.below(5)).unwrap_or_default();
                IpNet::new(address, top - shorter).map_or(everything, |net| net.trunc())
            }
        }
    }

    fn own_block(&mut self, v6: bool) -> Option<IpNet> {
        let vpcs = self.topology.vpcs.iter().flat_map(|v| v.cidrs.clone());
        let subnets = self.topology.subnets.iter().flat_map(|s| s.cidrs.clone());
        let all: Vec<IpNet> = vpcs.chain(subnets).filter(|c| matches!(c, IpNet::V6(_)) == v6).collect();
        self.random.pick(&all).copied()
    }

    /// A random range of ports.
    pub(super) fn ports(&mut self) -> PortRange {
        if self.random.percent(20) {
            return PortRange::ALL;
        }
        let one = self.random.pick(&PORTS).copied().unwrap_or(80);
        let other =
            if self.random.percent(40) { one } else { self.random.pick(&PORTS).copied().unwrap_or(80) };
        PortRange { from: one.min(other), to: one.max(other) }
    }

    /// Random protocols and ports.
    pub(super) fn selector(&mut self, v6: bool) -> Selector {
        match self.random.below(20) {
            0..=4 => Selector::ALL,
            5..=10 => {
                let ports = self.ports();
                Selector::tcp(ports.from, ports.to)
            }
            11..=14 => {
                let ports = self.ports();
                Selector::udp(ports.from, ports.to)
            }
            15..=17 => {
                let kind = if v6 { Some(128) } else { self.random.pick(&ICMP_TYPES).copied() };
                let kind = kind.filter(|_| self.random.percent(70));
                let code = kind.and(if self.random.percent(50) { Some(0) } else { None });
                Selector::icmp(v6, kind, code)
            }
            _ => Selector::number(self.random.pick(&OTHERS).copied().unwrap_or(47)),
        }
    }
}
