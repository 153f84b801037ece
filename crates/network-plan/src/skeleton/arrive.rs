//! The receiver's side: what is judged once the way is known.
//!
//! In AWS's order: gateway or destination check, the ACL of the subnet entered, its NSGs, the receiver's groups.

use super::dsl::*;
use super::memory;
use crate::{
    BY_PORT, Chain, CtKey, Expr, FORWARDED, Gate, Hook, MASQUERADED, MetaKey, SetId, UNTRACKED_IN,
    UNTRACKED_OUT,
};
use MetaKey::{Iif, L4Proto, Mark, NfProto, Oif};

const FILTER: i32 = 0;

pub(super) fn chains() -> Vec<Chain> {
    vec![
        forward(),
        cross(),
        known_flow_arrives(),
        leave(),
        past_appliance(),
        arrive(),
        enter(),
        acl_of_subnet_entered(),
        admit(),
        ends_untracked(),
        receive_own(),
        receive(),
        passed_on(),
        from_egress_only(),
        to_egress_only(),
        inner("accepted", vec![rule![ACCEPT]]),
        input(),
        services(),
    ]
}

fn forward() -> Chain {
    filter(
        "forward",
        Hook::Forward,
        FILTER,
        vec![
            rule![memory::was_recalled(), goto("accepted")],
            rule![memory::is_to_be_remembered(), goto("known_flow_arrives")],
            rule![jump("cross")],
            rule![known(), unflagged(), goto("accepted")],
            rule![related(), goto("accepted")],
            rule![established(), direction(0), marked(UNTRACKED_IN), jump("receive_own")],
            rule![established(), direction(1), marked(UNTRACKED_OUT), jump("receive_own")],
            rule![established(), goto("accepted")],
            rule![jump("admit")],
            rule![goto("accepted")],
        ],
    )
}

/// What every packet meets on its way out or in; comes back if it may pass.
fn cross() -> Chain {
    inner(
        "cross",
        vec![
            rule![edge(Oif), goto("leave")],
            rule![jump("arrive")],
            // Without a mark it stays inside its subnet (see `depart`).
            rule![Expr::Meta(Mark, 0), Expr::NotEqual(0, vec![0; 4]), jump("enter")],
        ],
    )
}

/// A flow that may be remembered.
fn known_flow_arrives() -> Chain {
    inner(
        "known_flow_arrives",
        vec![rule![jump("cross")], rule![jump(memory::REMEMBER_RECEIVED)], rule![goto("accepted")]],
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
                Expr::Map { set: SetId::Forward, key: 0, to: 0 },
                mark_connection(BY_PORT)
            ],
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
            rule![jump("receive")],
            rule![
                Expr::Meta(Oif, 0),
                Expr::Meta(NfProto, 1),
                Expr::Meta(L4Proto, 2),
                transport(2, 2, 3),
                Expr::In(SetId::UntrackedIn, 0),
                jump("ends_untracked")
            ],
        ],
    )
}

/// The other end of what is not tracked (see `begins_untracked`).
fn ends_untracked() -> Chain {
    let own = OWN_ADDRESSES.map(|(family, set)| {
        let received = [Expr::Meta(Oif, 0), family.destination(1), Expr::In(set, 0)];
        rule![family.matches(), received, mark_connection(UNTRACKED_IN), RETURN]
    });
    inner("ends_untracked", own.into())
}

fn receive_own() -> Chain {
    let own = OWN_ADDRESSES.map(|(family, set)| {
        rule![family.matches(), Expr::Meta(Oif, 0), family.destination(1), Expr::In(set, 0), goto("receive")]
    });
    inner("receive_own", own.into())
}

/// The receiver's groups. Only who is not checked can pass on what others sent.
fn receive() -> Chain {
    inner(
        "receive",
        vec![
            rule![Expr::Meta(Iif, 0), Expr::In(SetId::EniUnchecked, 0), jump("passed_on")],
            // The mark has done its duty (the route is chosen); the gate uses it for "group in question" and
            // "allowed", so it must not inherit one.
            rule![set_mark(0), jump("ingress")],
            rule![marked(FORWARDED), unmark(FORWARDED)],
        ],
    )
}

fn passed_on() -> Chain {
    let own = OWN_ADDRESSES.map(|(family, set)| {
        rule![family.matches(), Expr::Meta(Iif, 0), family.source(1), Expr::In(set, 0), RETURN]
    });
    inner("passed_on", own.into_iter().chain([rule![mark_connection(FORWARDED)]]).collect())
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

/// Towards the internet: IPv4 only with a public address of one's own, IPv6 only from the VPC's blocks (those that
/// nobody may claim from outside): without the source check a machine could claim any address. This is asked for
/// every packet, so that flows die with the address.
fn leave() -> Chain {
    let public_source = || [Family::V4.source(0), Expr::Map { set: SetId::PrivateToPublic, key: 0, to: 0 }];
    inner(
        "leave",
        vec![
            rule![from_behind_appliance(Family::V4), jump("past_appliance")],
            rule![from_behind_appliance(Family::V6), jump("past_appliance")],
            rule![
                Family::V6.matches(),
                Expr::Meta(Oif, 0),
                Family::V6.source(1),
                Expr::In(SetId::BadSource6, 0),
                RETURN
            ],
            rule![Family::V6.matches(), refuse(Gate::NoPublicAddress)],
            rule![direction(0), public_source(), RETURN],
            // An answer leaves as what was asked for; if that was a private address, the question came past the
            // gateway's translation (by an appliance), and the answer must go the same way.
            rule![
                Expr::Ct(CtKey::OriginalDestination, 0),
                Expr::Map { set: SetId::PublicToPrivate, key: 0, to: 0 },
                public_source(),
                RETURN
            ],
            // Answers from a forwarded port, as long as it is forwarded.
            rule![direction(1), original_service(), Expr::Map { set: SetId::Forward, key: 0, to: 0 }, RETURN],
            rule![refuse(Gate::NoPublicAddress)],
        ],
    )
}

/// Matches what a subnet behind an appliance of the gateway sends past that appliance.
fn from_behind_appliance(family: Family) -> Vec<Expr> {
    let bad = family.pick(SetId::BadSource4, SetId::BadSource6);
    let sender = vec![Expr::Meta(Iif, 0), family.source(1), Expr::In(bad, 0)];
    [family.matches().to_vec(), sender].concat()
}

/// The gateway takes it neither; but answers from a forwarded port came in past the appliance as well, and an egress-only
/// gateway has no table.
fn past_appliance() -> Chain {
    let forwarded = Expr::Map { set: SetId::Forward, key: 0, to: 0 };
    inner(
        "past_appliance",
        vec![
            rule![Family::V4.matches(), direction(1), original_service(), forwarded, RETURN],
            rule![
                Family::V6.matches(),
                Expr::Meta(Mark, 0),
                Family::V6.destination(1),
                Expr::In(SetId::EgressOnly6, 0),
                RETURN
            ],
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
    let mut rules = vec![
        rule![from_loopback(), ACCEPT],
        rule![known(), ACCEPT],
        rule![edge(Iif), refuse(Gate::NotAService)],
        rule![Expr::Meta(Iif, 0), Expr::In(SetId::PeerLink, 0), refuse(Gate::NotAService)],
        rule![protocol(UDP), port(67), ACCEPT],
    ];
    // Neighbour discovery knows the addresses of the link only.
    for kind in [133, 135, 136] {
        rules.push(rule![Family::V6.matches(), protocol(ICMPV6), icmp_type(kind), ACCEPT]);
    }
    // Services know a machine by its address, so not even an appliance may use another one here.
    rules.extend(OWN_ADDRESSES.map(|(family, set)| {
        rule![family.matches(), Expr::Meta(Iif, 0), family.source(1), Expr::In(set, 0), goto("services")]
    }));
    rules.push(rule![refuse(Gate::Spoofed)]);
    filter("input", Hook::Input, FILTER, rules)
}

/// The router's own services, for machines under their own addresses.
fn services() -> Chain {
    let mut rules = Vec::new();
    for family in Family::BOTH {
        let (set, after) = (family.pick(SetId::Service4, SetId::Service6), family.after_address());
        for (number, offset) in [(TCP, 2), (UDP, 2), (ICMP, 0), (ICMPV6, 0)] {
            rules.push(rule![
                family.matches(),
                protocol(number),
                family.destination(0),
                Expr::Meta(L4Proto, after),
                transport(offset, 2, after + 1),
                Expr::In(set, 0),
                ACCEPT
            ]);
        }
    }
    rules.push(rule![refuse(Gate::NotAService)]);
    inner("services", rules)
}
