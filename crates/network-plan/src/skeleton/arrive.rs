//! The receiver's side: what is judged once the way is known.
//!
//! In AWS's order: gateway or destination check, the ACL of the subnet entered, its NSGs, the receiver's groups.

use super::dsl::*;
use crate::{
    Chain, Expr, Gate, Hook, MASQUERADED, METADATA_V4, METADATA_V6, MetaKey, SetId, TIME_V4, UNTRACKED_IN,
    UNTRACKED_OUT,
};
use MetaKey::{Iif, L4Proto, Mark, NfProto, Oif};

const FILTER: i32 = 0;

pub(super) fn chains() -> Vec<Chain> {
    vec![
        forward(),
        leave(),
        arrive(),
        enter(),
        acl_of_subnet_entered(),
        admit(),
        from_egress_only(),
        to_egress_only(),
        inner("accepted", vec![rule![ACCEPT]]),
        input(),
    ]
}

fn forward() -> Chain {
    filter(
        "forward",
        Hook::Forward,
        FILTER,
        vec![
            rule![edge(Oif), jump("leave")],
            rule![not_edge(Oif), jump("arrive")],
            // Without a mark it stays inside its subnet (see `depart`).
            rule![Expr::Meta(Mark, 0), Expr::NotEqual(0, vec![0; 4]), jump("enter")],
            rule![known(), unmarked(), goto("accepted")],
            rule![related(), goto("accepted")],
            rule![established(), direction(0), marked(UNTRACKED_IN), set_mark(0), jump("ingress")],
            rule![established(), direction(1), marked(UNTRACKED_OUT), set_mark(0), jump("ingress")],
            rule![established(), goto("accepted")],
            rule![jump("admit")],
            rule![goto("accepted")],
        ],
    )
}

/// The first packet of a connection: NSGs and groups of the receiver.
fn admit() -> Chain {
    let table_of = |side| {
        [
            Expr::Meta(side, 0),
            Expr::Map { set: SetId::TableMark, key: 0, to: 0 },
            Expr::SetMeta(MetaKey::Priority, 0),
        ]
    };
    let v6 = Family::V6;
    inner(
        "admit",
        vec![
            rule![edge(Iif), v6.matches(), table_of(Oif), jump("from_egress_only")],
            // Through an egress-only gateway, a NAT gateway or to an endpoint everything is tracked.
            rule![edge(Oif), v6.matches(), table_of(Iif), jump("to_egress_only")],
            rule![Expr::Meta(Oif, 0), Expr::In(SetId::AlwaysTracked, 0), unmark_connection()],
            rule![
                edge(Iif),
                Family::V4.matches(),
                original_service(),
                Expr::Map { set: SetId::ForwardAs, key: 0, to: 0 },
                mark_connection(MASQUERADED)
            ],
            rule![Expr::Meta(Oif, 0), Expr::In(SetId::Unguarded, 0), RETURN],
            rule![Expr::Meta(Oif, 0), Expr::Dispatch { set: SetId::NsgSubnetIn, key: 0 }],
            rule![Expr::Meta(Oif, 0), Expr::Dispatch { set: SetId::NsgEniIn, key: 0 }],
            // The mark has done its duty (the route is chosen); the gate uses it for "group in question" and
            // "allowed", so it must not inherit one.
            rule![set_mark(0), jump("ingress")],
            rule![
                Expr::Meta(Oif, 0),
                Expr::Meta(NfProto, 1),
                Expr::Meta(L4Proto, 2),
                transport(2, 2, 3),
                Expr::In(SetId::UntrackedIn, 0),
                mark_connection(UNTRACKED_IN)
            ],
        ],
    )
}

/// Nothing begins where only the egress-only gateway leads back. The priority holds the receiver's route table.
fn from_egress_only() -> Chain {
    let question = [Expr::Meta(MetaKey::Priority, 0), Family::V6.source(1), Expr::In(SetId::EgressOnly6, 0)];
    inner("from_egress_only", vec![rule![question, refuse(Gate::EgressOnly)]])
}

/// What leaves through it is tracked. The priority holds the sender's route table.
fn to_egress_only() -> Chain {
    let question =
        [Expr::Meta(MetaKey::Priority, 0), Family::V6.destination(1), Expr::In(SetId::EgressOnly6, 0)];
    inner("to_egress_only", vec![rule![question, unmark_connection()]])
}

/// Towards the internet: IPv4 only with a public address of one's own. This is
/// asked for every packet, so that flows die with the address.
fn leave() -> Chain {
    inner(
        "leave",
        vec![
            rule![Family::V6.matches(), RETURN],
            rule![Family::V4.source(0), Expr::Map { set: SetId::PrivateToPublic, key: 0, to: 0 }, RETURN],
            // Answers from a forwarded port, as long as it is forwarded.
            rule![direction(1), original_service(), Expr::Map { set: SetId::Forward, key: 0, to: 0 }, RETURN],
            rule![refuse(Gate::NoPublicAddress)],
        ],
    )
}

/// Towards an ENI: the destination half of the source/destination check. Towards
/// a peer: only from an ENI, for peering does not pass anything on.
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
    rules.extend([
        rule![Expr::Meta(Oif, 0), Expr::In(SetId::EniUnchecked, 0), RETURN],
        rule![subnet(Iif), Expr::Meta(Oif, 0), Expr::In(SetId::PeerLink, 0), RETURN],
        rule![
            Family::V6.matches(),
            Expr::Meta(Oif, 0),
            Family::V6.destination(1),
            Expr::In(SetId::EniPrefix6, 0),
            RETURN
        ],
        rule![refuse(Gate::Misdelivered)],
    ]);
    inner("arrive", rules)
}

/// Into a subnet, from another one or from outside the VPC: its ACL.
fn enter() -> Chain {
    inner(
        "enter",
        vec![
            rule![Expr::Meta(Iif, 0), Expr::Meta(Oif, 1), Expr::In(SetId::InnerGateway, 0), RETURN],
            rule![subnet(Oif), goto("acl_of_subnet_entered")],
        ],
    )
}

fn acl_of_subnet_entered() -> Chain {
    let acl = Expr::Dispatch { set: SetId::AclIn, key: 0 };
    inner("acl_of_subnet_entered", vec![rule![Expr::Meta(MetaKey::Priority, 0), acl]])
}

/// What the router itself offers. Neither groups nor ACLs filter these services
/// (VPC guide, "Security group rules": IMDS, DNS, DHCP, time).
fn input() -> Chain {
    let to =
        |address: std::net::Ipv4Addr| [Family::V4.destination(0), Expr::Equal(0, address.octets().to_vec())];
    let mut rules = vec![
        rule![from_loopback(), ACCEPT],
        rule![known(), ACCEPT],
        rule![edge(Iif), refuse(Gate::NotAService)],
        rule![Expr::Meta(Iif, 0), Expr::In(SetId::PeerLink, 0), refuse(Gate::NotAService)],
        rule![Family::V4.matches(), to(METADATA_V4), protocol(TCP), port(80), ACCEPT],
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
        rule![Family::V4.matches(), to(TIME_V4), protocol(UDP), port(123), ACCEPT],
        rule![Family::V4.matches(), protocol(ICMP), icmp_type(8), ACCEPT],
    ];
    for kind in [128, 133, 135, 136] {
        rules.push(rule![Family::V6.matches(), protocol(ICMPV6), icmp_type(kind), ACCEPT]);
    }
    rules.push(rule![refuse(Gate::NotAService)]);
    filter("input", Hook::Input, FILTER, rules)
}
