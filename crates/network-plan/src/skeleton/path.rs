//! The way of a packet around the two security-group gates.

use super::dsl::*;
use crate::{
    Chain, CtKey, Expr, Gate, Hook, METADATA_V4, METADATA_V6, MetaKey, NatKind, PayloadBase, SetId, TIME_V4,
};
use MetaKey::{Iif, Mark, Oif};

/// Loopback has index 1 in every namespace.
const LOOPBACK: u32 = 1;
/// Priorities as the kernel's `enum nf_ip_hook_priorities` orders them: before
/// connection tracking (-200), destination NAT, filter, source NAT.
const RAW: i32 = -300;
const DNAT: i32 = -100;
const FILTER: i32 = 0;
const SNAT: i32 = 100;
/// `ct state established,related` (kernel: `NF_CT_STATE_BIT`).
const KNOWN: u32 = 0b110;

pub(super) fn chains() -> Vec<Chain> {
    let mut chains = vec![source(), from_edge()];
    for family in Family::BOTH {
        chains.push(source_of(family));
        chains.push(classify(family));
    }
    chains.extend([
        dropped("spoofed", Gate::Spoofed, Iif),
        forward(),
        leave(),
        dropped("no_public", Gate::NoPublicAddress, Iif),
        arrive(),
        dropped("misdelivered", Gate::Misdelivered, Oif),
        inner("accepted", vec![rule![ACCEPT]]),
        input(),
        dropped("not_a_service", Gate::NotAService, Iif),
        translate_arriving(),
        translate_leaving(),
    ]);
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

/// Anti-spoofing, before connection tracking learns of the packet.
fn source() -> Chain {
    let link_source = Expr::Payload { base: PayloadBase::Link, offset: 6, len: 6, to: 1 };
    filter(
        "source",
        Hook::Prerouting,
        RAW,
        vec![
            rule![from_loopback(), ACCEPT],
            rule![edge(Iif), goto("from_edge")],
            rule![Expr::Meta(Iif, 0), link_source, Expr::NotIn(SetId::EniMac, 0), goto("spoofed")],
            rule![Family::V4.matches(), goto("source4")],
            rule![Family::V6.matches(), goto("source6")],
        ],
    )
}

/// The outside may neither use the VPC's own addresses nor link-local ones.
fn from_edge() -> Chain {
    let mut rules = vec![rule![
        Family::V4.matches(),
        network(16, 2, 0),
        Expr::Equal(0, vec![169, 254]),
        Expr::Counter,
        DROP
    ]];
    for family in Family::BOTH {
        rules.push(rule![
            family.matches(),
            Expr::Meta(Iif, 0),
            family.source(1),
            Expr::In(family.pick(SetId::BadSource4, SetId::BadSource6), 0),
            Expr::Counter,
            DROP
        ]);
    }
    rules.push(rule![ACCEPT]);
    inner("from_edge", rules)
}

fn source_of(family: Family) -> Chain {
    let classify = format!("classify{}", family.digit());
    let addresses = family.pick(SetId::EniAddress4, SetId::EniAddress6);
    let unchecked = rule![Expr::Meta(Iif, 0), Expr::In(SetId::EniUnchecked, 0), goto(classify.clone())];
    let mut rules = vec![rule![Expr::Meta(Iif, 0), family.source(1), Expr::In(addresses, 0), goto(classify)]];
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
                rules.push(rule![protocol(ICMPV6), icmp_type(kind), goto("spoofed")]);
            }
            rules.push(unchecked);
            // Multicast reports go nowhere, and are no attempt to spoof.
            rules.push(rule![network(24, 1, 0), Expr::Equal(0, vec![0xff]), DROP]);
        }
    }
    rules.push(rule![goto("spoofed")]);
    inner(format!("source{}", family.digit()), rules)
}

/// Chooses the route table. An ENI without one falls off the end: dropped.
fn classify(family: Family) -> Chain {
    inner(
        format!("classify{}", family.digit()),
        vec![
            rule![
                Expr::Meta(Iif, 0),
                family.destination(1),
                Expr::In(family.pick(SetId::OnLink4, SetId::OnLink6), 0),
                ACCEPT
            ],
            rule![
                Expr::Meta(Iif, 0),
                Expr::Map { set: SetId::TableMark, key: 0, to: 0 },
                Expr::SetMeta(Mark, 0),
                ACCEPT
            ],
        ],
    )
}

fn forward() -> Chain {
    filter(
        "forward",
        Hook::Forward,
        FILTER,
        vec![
            rule![edge(Oif), jump("leave")],
            rule![not_edge(Oif), jump("arrive")],
            rule![known_connection(), goto("accepted")],
            // The mark has done its duty (the route is chosen); the gates use it
            // for "group in question" and "allowed", so neither may inherit one.
            rule![set_mark(0)],
            rule![not_edge(Iif), jump("egress")],
            rule![set_mark(0)],
            rule![not_edge(Oif), jump("ingress")],
            rule![goto("accepted")],
        ],
    )
}

/// Towards the internet: IPv4 only with a public address of one's own. This is
/// asked for every packet, so that flows die with the address.
fn leave() -> Chain {
    inner(
        "leave",
        vec![
            rule![Family::V6.matches(), RETURN],
            rule![Family::V4.source(0), Expr::Map { set: SetId::PrivateToPublic, key: 0, to: 0 }, RETURN],
            rule![goto("no_public")],
        ],
    )
}

/// Towards an ENI: the destination half of the source/destination check.
fn arrive() -> Chain {
    let mut rules = Vec::new();
    for family in Family::BOTH {
        rules.push(rule![
            family.matches(),
            Expr::Meta(Oif, 0),
            family.destination(1),
            Expr::In(family.pick(SetId::EniAddress4, SetId::EniAddress6), 0),
            RETURN
        ]);
    }
    rules.push(rule![Expr::Meta(Oif, 0), Expr::In(SetId::EniUnchecked, 0), RETURN]);
    rules.push(rule![goto("misdelivered")]);
    inner("arrive", rules)
}

/// What the router itself offers. Security groups do not filter these services
/// (VPC guide, "Security group rules": IMDS, DNS, DHCP, time).
fn input() -> Chain {
    let mut rules = vec![
        rule![from_loopback(), ACCEPT],
        rule![known_connection(), ACCEPT],
        rule![edge(Iif), Expr::Counter, DROP],
        rule![
            Family::V4.matches(),
            Family::V4.destination(0),
            Expr::Equal(0, METADATA_V4.octets().to_vec()),
            protocol(TCP),
            port(80),
            ACCEPT
        ],
        rule![
            Family::V6.matches(),
            Family::V6.destination(0),
            Expr::Equal(0, METADATA_V6.octets().to_vec()),
            protocol(TCP),
            port(80),
            ACCEPT
        ],
        rule![protocol(UDP), port(53), ACCEPT],
        rule![protocol(TCP), port(53), ACCEPT],
        rule![protocol(UDP), port(67), ACCEPT],
        rule![
            Family::V4.matches(),
            Family::V4.destination(0),
            Expr::Equal(0, TIME_V4.octets().to_vec()),
            protocol(UDP),
            port(123),
            ACCEPT
        ],
        rule![Family::V4.matches(), protocol(ICMP), icmp_type(8), ACCEPT],
    ];
    for kind in [128, 133, 135, 136] {
        rules.push(rule![Family::V6.matches(), protocol(ICMPV6), icmp_type(kind), ACCEPT]);
    }
    rules.push(rule![goto("not_a_service")]);
    filter("input", Hook::Input, FILTER, rules)
}

fn translate_arriving() -> Chain {
    nat(
        "dnat",
        Hook::Prerouting,
        DNAT,
        vec![rule![
            edge(Iif),
            Family::V4.matches(),
            Family::V4.destination(0),
            Expr::Map { set: SetId::PublicToPrivate, key: 0, to: 0 },
            Expr::Nat(NatKind::Destination, 0)
        ]],
    )
}

fn translate_leaving() -> Chain {
    nat(
        "snat",
        Hook::Postrouting,
        SNAT,
        vec![rule![
            edge(Oif),
            Family::V4.matches(),
            Family::V4.source(0),
            Expr::Map { set: SetId::PrivateToPublic, key: 0, to: 0 },
            Expr::Nat(NatKind::Source, 0)
        ]],
    )
}

fn from_loopback() -> [Expr; 2] {
    [Expr::Meta(Iif, 0), Expr::Equal(0, LOOPBACK.to_ne_bytes().to_vec())]
}

fn known_connection() -> [Expr; 3] {
    [
        Expr::Ct(CtKey::State, 0),
        Expr::Bits { register: 0, mask: KNOWN.to_ne_bytes().to_vec(), flip: vec![0; 4] },
        Expr::NotEqual(0, vec![0; 4]),
    ]
}
