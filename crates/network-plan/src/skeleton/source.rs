//! Who are you? Anti-spoofing, before connection tracking learns of a packet.

use super::dsl::*;
use super::memory;
use crate::{Chain, Expr, Gate, Hook, MetaKey, PayloadBase, SetId};
use MetaKey::Iif;

/// Before connection tracking, which stands at -200 (kernel: `enum nf_ip_hook_priorities`).
const RAW: i32 = -300;
const FILTER: i32 = 0;

pub(super) fn chains() -> Vec<Chain> {
    let mut chains = vec![source(), from_edge(), stranger(), from_peer()];
    chains.extend(Family::BOTH.map(source_of));
    chains
}

/// ARP messages to the router: only from ENIs, about themselves. The fields
/// are those of RFC 826; the sender's IPv4 address stands at byte 14.
pub(super) fn arp_chains() -> Vec<Chain> {
    vec![filter(
        "input",
        Hook::Input,
        FILTER,
        vec![
            rule![Expr::Meta(Iif, 0), network(14, 4, 1), Expr::In(SetId::ArpSender, 0), ACCEPT],
            // An appliance asks on behalf of those it forwards for. So slowly, old
            // entries are cleared away before the table is full.
            rule![
                Expr::Meta(Iif, 0),
                Expr::In(SetId::ArpUnchecked, 0),
                Expr::Limit { per_second: 50, burst: 100 },
                ACCEPT
            ],
            rule![Expr::Counter, DROP],
        ],
    )]
}

const fn hardware_source(to: u8) -> Expr {
    Expr::Payload { base: PayloadBase::Link, offset: 6, len: 6, to }
}

fn source() -> Chain {
    // Nearly every packet: the right address on the right card.
    let mut rules = Vec::new();
    for family in Family::BOTH {
        rules.push(rule![
            family.matches(),
            Expr::Meta(Iif, 0),
            hardware_source(1),
            family.source(3),
            Expr::In(family.pick(SetId::EniSource4, SetId::EniSource6), 0),
            ACCEPT
        ]);
    }
    rules.extend([rule![from_loopback(), ACCEPT], rule![edge(Iif), goto("from_edge")]]);
    rules.push(rule![
        Expr::Meta(Iif, 0),
        hardware_source(1),
        Expr::NotIn(SetId::EniMac, 0),
        goto("stranger")
    ]);
    for family in Family::BOTH {
        rules.push(rule![family.matches(), goto(format!("source{}", family.digit()))]);
    }
    filter("source", Hook::Prerouting, RAW, rules)
}

/// Not from an ENI's card: from a peer, or a lie.
fn stranger() -> Chain {
    inner(
        "stranger",
        vec![
            rule![Expr::Meta(Iif, 0), Expr::In(SetId::PeerLink, 0), goto("from_peer")],
            rule![refuse(Gate::Spoofed)],
        ],
    )
}

/// A peer sends from its own blocks only; what passed through it from elsewhere does not. Two peers may use the same
/// addresses, so nothing is remembered of their packets.
fn from_peer() -> Chain {
    let mut rules = Vec::new();
    for family in Family::BOTH {
        rules.push(rule![
            family.matches(),
            Expr::Meta(Iif, 0),
            family.source(1),
            Expr::In(family.pick(SetId::PeerSource4, SetId::PeerSource6), 0),
            memory::is_foreign(),
            ACCEPT
        ]);
    }
    rules.push(rule![refuse(Gate::Spoofed)]);
    inner("from_peer", rules)
}

/// The outside may neither use the VPC's own addresses nor link-local ones.
fn from_edge() -> Chain {
    let mut rules = vec![rule![
        Family::V4.matches(),
        network(16, 2, 0),
        Expr::Equal(0, vec![169, 254]),
        refuse(Gate::Spoofed)
    ]];
    for family in Family::BOTH {
        rules.push(rule![
            family.matches(),
            Expr::Meta(Iif, 0),
            family.source(1),
            Expr::In(family.pick(SetId::BadSource4, SetId::BadSource6), 0),
            refuse(Gate::Spoofed)
        ]);
    }
    rules.push(rule![ACCEPT]);
    inner("from_edge", rules)
}

/// The right card, but not one of the ENI's single addresses.
fn source_of(family: Family) -> Chain {
    let unchecked = rule![Expr::Meta(Iif, 0), Expr::In(SetId::EniUnchecked, 0), memory::is_foreign(), ACCEPT];
    let mut rules = Vec::new();
    match family {
        Family::V4 => {
            rules.push(unchecked);
            // A machine that asks DHCP for its address does not have one yet.
            rules.push(rule![family.source(0), Expr::Equal(0, vec![0; 4]), protocol(UDP), port(67), ACCEPT]);
        }
        Family::V6 => {
            // The question for duplicates comes from no address at all. Whatever
            // else neighbour discovery says of foreign addresses would fill a
            // table that the whole host shares (see `arp_skeleton`), so it is
            // dropped even without the source check.
            rules.push(rule![
                protocol(ICMPV6),
                icmp_type(135),
                family.source(0),
                Expr::Equal(0, vec![0; 16]),
                ACCEPT
            ]);
            for kind in [133, 134, 135, 136] {
                rules.push(rule![protocol(ICMPV6), icmp_type(kind), refuse(Gate::Spoofed)]);
            }
            rules.push(unchecked);
            rules.push(rule![
                Expr::Meta(Iif, 0),
                family.source(1),
                Expr::In(SetId::EniPrefix6, 0),
                memory::is_foreign(),
                ACCEPT
            ]);
            // Multicast reports from no address go nowhere, and are no attempt to spoof.
            rules.push(rule![network(24, 1, 0), Expr::Equal(0, vec![0xff]), refuse(Gate::Multicast)]);
        }
    }
    rules.push(rule![refuse(Gate::Spoofed)]);
    inner(format!("source{}", family.digit()), rules)
}
