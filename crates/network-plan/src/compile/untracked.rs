//! Which flows are not tracked.
//!
//! "If a security group rule permits TCP or UDP flows for all traffic and there is a corresponding rule in the other
//! direction that permits all response traffic for any port, then that flow is not tracked" (EC2 user guide,
//! "Untracked connections"). Such a flow lives by its rules: it is cut as soon as one of them goes.

use ipnet::IpNet;

use super::block::merged_ports;
use super::index::Placed;
use super::{Draft, Index};
use crate::{Element, EniKind, Key, Peer, Ports, Protocol, Rule, SecurityGroup, SetId, eni_index};

/// `NFPROTO_IPV4` and `NFPROTO_IPV6`.
const FAMILIES: [u8; 2] = [2, 10];
const TCP: u8 = 6;
const UDP: u8 = 17;
const ALL: (u16, u16) = (0, u16::MAX);

pub(super) fn compile(placed: &Placed<'_>, index: &Index<'_>, draft: &mut Draft) {
    // Flows to endpoints are tracked whatever the rules say.
    if placed.eni.kind == EniKind::Endpoint {
        return;
    }
    let groups: Vec<&SecurityGroup> =
        placed.eni.groups.iter().filter_map(|id| index.groups.get(id.as_str()).copied()).collect();
    for family in FAMILIES {
        for protocol in [TCP, UDP] {
            let ingress = open(groups.iter().flat_map(|group| &group.ingress), family, protocol);
            let egress = open(groups.iter().flat_map(|group| &group.egress), family, protocol);
            let start = Key::new().native(eni_index(placed.eni.number)).byte(family).byte(protocol);
            let mut put = |set, ports: &[(u16, u16)]| {
                for (low, high) in ports {
                    draft.element(set, Element::range(start.short(*low), start.short(*high)));
                }
            };
            if ingress == [ALL] {
                put(SetId::UntrackedOut, &egress);
            }
            if egress == [ALL] {
                put(SetId::UntrackedIn, &ingress);
            }
        }
    }
}

/// The ports that rules open to everybody.
fn open<'a>(rules: impl Iterator<Item = &'a Rule>, family: u8, protocol: u8) -> Vec<(u16, u16)> {
    let ports = rules.filter_map(|rule| {
        let Peer::Cidr(net) = &rule.peer else { return None };
        let same_family = matches!(net, IpNet::V4(_)) == (family == FAMILIES[0]);
        if net.prefix_len() > 0 || !same_family {
            return None;
        }
        match rule.protocol {
            Protocol::All => Some(ALL),
            Protocol::Tcp(Ports { from, to }) if protocol == TCP => Some((from, to)),
            Protocol::Udp(Ports { from, to }) if protocol == UDP => Some((from, to)),
            Protocol::Number(number) if number == protocol => Some(ALL),
            _ => None,
        }
    });
    merged_ports(ports)
}
