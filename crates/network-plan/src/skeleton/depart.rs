//! The sender's side: what is judged before a packet is routed.
//!
//! In AWS's order: the sender's groups, its NSGs, the ACL of the subnet it leaves, the route table. It runs behind
//! connection tracking and destination translation, so it sees the addresses that count. A packet dropped here
//! confirms no connection.

use super::dsl::*;
use super::memory;
use crate::{
    BY_PORT, Chain, EDGE_INDEX, EDGE_TABLE, Expr, FORWARDED, FibKey, Gate, Hook, MASQUERADED, MetaKey, SetId,
    UNTRACKED_IN, UNTRACKED_OUT,
};
use MetaKey::{Iif, L4Proto, Mark, NfProto, Priority};

/// Just behind destination translation, which stands at -100.
const BEHIND_DNAT: i32 = -90;

pub(super) fn chains() -> Vec<Chain> {
    vec![
        depart(),
        departs(),
        known_flow(),
        begin(),
        begins_untracked(),
        send_own(),
        send(),
        next_hop(),
        group_addressed4(),
        group_addressed6(),
        border(),
        from_subnet(),
        by_table(),
        leave_subnet(),
        acl_of_subnet_left(),
        inside(),
        nowhere(),
        answer_of_forwarded(),
        through_port(),
    ]
}

fn depart() -> Chain {
    filter(
        "depart",
        Hook::Prerouting,
        BEHIND_DNAT,
        vec![
            rule![jump(memory::RECALL)],
            rule![from_loopback(), ACCEPT],
            rule![is_established(), unflagged(), memory::is_ordinary(), goto("known_flow")],
            rule![known(), unflagged(), goto("departs")],
            rule![related(), goto("departs")],
            // What is not tracked is judged anew, packet by packet.
            rule![established(), direction(0), marked(UNTRACKED_OUT), jump("send_own")],
            rule![established(), direction(1), marked(UNTRACKED_IN), jump("send_own")],
            rule![established(), direction(1), marked(MASQUERADED), goto("answer_of_forwarded")],
            rule![established(), direction(0), marked(BY_PORT), goto("through_port")],
            rule![established(), goto("departs")],
            rule![goto("begin")],
        ],
    )
}

/// Across the border, if there is a way.
fn departs() -> Chain {
    inner("departs", vec![rule![jump("border")], rule![ACCEPT]])
}

/// The same for a flow that may be remembered.
fn known_flow() -> Chain {
    inner(
        "known_flow",
        vec![
            rule![jump("border")],
            rule![jump(memory::REMEMBER_SENT)],
            rule![memory::to_be_remembered(), ACCEPT],
        ],
    )
}

/// The first packet of a connection, or one that belongs to none.
fn begin() -> Chain {
    inner(
        "begin",
        vec![
            rule![
                Family::V4.matches(),
                network(16, 1, 0),
                Expr::InRange(0, vec![224], vec![255]),
                goto("group_addressed4")
            ],
            rule![
                Family::V6.matches(),
                network(24, 1, 0),
                Expr::Equal(0, vec![0xff]),
                goto("group_addressed6")
            ],
            // Link-local addresses are the router's, or nobody's beyond the link.
            rule![
                Family::V6.matches(),
                network(24, 2, 0),
                Expr::Bits { register: 0, mask: vec![0xff, 0xc0], flip: vec![0; 2] },
                Expr::Equal(0, vec![0xfe, 0x80]),
                ACCEPT
            ],
            // `input` judges what is for the router; no group, NSG or ACL does.
            rule![to_router(), ACCEPT],
            rule![Expr::Meta(Iif, 0), Expr::In(SetId::Unguarded, 0), goto("departs")],
            rule![jump("send")],
            rule![
                Expr::Meta(Iif, 0),
                Expr::Meta(NfProto, 1),
                Expr::Meta(L4Proto, 2),
                transport(2, 2, 3),
                Expr::In(SetId::UntrackedOut, 0),
                jump("begins_untracked")
            ],
            rule![Expr::Meta(Iif, 0), Expr::Dispatch { set: SetId::NsgEniOut, key: 0 }],
            rule![Expr::Meta(Iif, 0), Expr::Dispatch { set: SetId::NsgSubnetOut, key: 0 }],
            rule![goto("departs")],
        ],
    )
}

/// What is not tracked is so at its two ends; an appliance on the way remembers it (all of them share one connection).
fn begins_untracked() -> Chain {
    let own = OWN_ADDRESSES.map(|(family, set)| {
        let sent = [Expr::Meta(Iif, 0), family.source(1), Expr::In(set, 0)];
        rule![family.matches(), sent, mark_connection(UNTRACKED_OUT), RETURN]
    });
    inner("begins_untracked", own.into())
}

fn send_own() -> Chain {
    let own = OWN_ADDRESSES.map(|(family, set)| {
        rule![family.matches(), Expr::Meta(Iif, 0), family.source(1), Expr::In(set, 0), goto("send")]
    });
    inner("send_own", own.into())
}

/// The sender's groups. Whether an appliance is the next hop is asked only where a route leads to one.
fn send() -> Chain {
    inner(
        "send",
        vec![
            rule![Expr::Meta(Iif, 0), Expr::In(SetId::Steered, 0), jump("next_hop")],
            // The gates use the mark for "group in question" and "allowed".
            rule![set_mark(0), jump("egress")],
            rule![marked(FORWARDED), unmark(FORWARDED)],
        ],
    )
}

/// Straight to the destination, to a peer, or by way of an appliance?
fn next_hop() -> Chain {
    let mut rules = vec![rule![subnet(Iif)]];
    for family in Family::BOTH {
        rules.push(rule![
            family.matches(),
            Expr::Meta(Priority, 0),
            family.destination(1),
            Expr::In(family.pick(SetId::OnLink4, SetId::OnLink6), 0),
            RETURN
        ]);
    }
    rules.push(rule![by_mark()]);
    rules.extend(OWN_ADDRESSES.map(|(family, set)| {
        let hop = Expr::Fib(FibKey::Interface, 0);
        rule![family.matches(), hop, family.destination(1), Expr::In(set, 0), RETURN]
    }));
    // Nowhere, or to a gateway.
    for index in [0, EDGE_INDEX] {
        let same = Expr::Equal(0, index.to_ne_bytes().to_vec());
        rules.push(rule![Expr::Fib(FibKey::Interface, 0), same, RETURN]);
    }
    rules.push(rule![Expr::Fib(FibKey::Interface, 0), Expr::In(SetId::PeerLink, 0), RETURN]);
    rules.push(rule![mark_connection(FORWARDED)]);
    inner("next_hop", rules)
}

/// Nothing is sent to groups of machines, but for the question for an address.
fn group_addressed4() -> Chain {
    inner(
        "group_addressed4",
        vec![
            rule![Family::V4.destination(0), Expr::Equal(0, vec![255; 4]), protocol(UDP), port(67), ACCEPT],
            rule![refuse(Gate::Multicast)],
        ],
    )
}

/// The same for IPv6, where the router itself is asked by multicast.
fn group_addressed6() -> Chain {
    let asked = [133, 135, 136].map(|kind| rule![protocol(ICMPV6), icmp_type(kind), ACCEPT]);
    inner("group_addressed6", asked.into_iter().chain([rule![refuse(Gate::Multicast)]]).collect())
}

/// From a subnet, or from outside? Comes back if the packet may go.
fn border() -> Chain {
    inner(
        "border",
        vec![
            rule![subnet(Iif), goto("from_subnet")],
            rule![by_mark(), goto("by_table")],
            rule![Expr::Counter, DROP],
        ],
    )
}

pub(super) fn by_mark() -> [Expr; 3] {
    [Expr::Meta(Iif, 0), Expr::Map { set: SetId::TableMark, key: 0, to: 0 }, Expr::SetMeta(Mark, 0)]
}

/// To a neighbour, or by the subnet's route table? The priority holds the subnet.
fn from_subnet() -> Chain {
    let mut rules = Vec::new();
    for family in Family::BOTH {
        rules.push(rule![
            family.matches(),
            Expr::Meta(Priority, 0),
            family.destination(1),
            Expr::In(family.pick(SetId::OnLink4, SetId::OnLink6), 0),
            set_mark(0),
            goto("inside")
        ]);
    }
    rules.push(rule![by_mark(), goto("by_table")]);
    rules.push(rule![Expr::Counter, DROP]);
    inner("from_subnet", rules)
}

/// By the mark just set; out of the subnet, or to a gateway inside it.
fn by_table() -> Chain {
    inner(
        "by_table",
        vec![
            rule![
                Expr::Fib(FibKey::Interface, 0),
                Expr::SetMeta(Priority, 0),
                Expr::Equal(0, vec![0; 4]),
                goto("nowhere")
            ],
            rule![Expr::Meta(Iif, 0), Expr::Meta(Priority, 1), Expr::In(SetId::InnerGateway, 0), RETURN],
            rule![goto("leave_subnet")],
        ],
    )
}

/// The ACL of the subnet left; what comes from outside leaves none.
fn leave_subnet() -> Chain {
    inner("leave_subnet", vec![rule![subnet(Iif), goto("acl_of_subnet_left")]])
}

fn acl_of_subnet_left() -> Chain {
    let acl = Expr::Dispatch { set: SetId::AclOut, key: 0 };
    inner("acl_of_subnet_left", vec![rule![Expr::Meta(Priority, 0), acl]])
}

/// To a neighbour in the own subnet: no ACL, no table.
fn inside() -> Chain {
    inner(
        "inside",
        vec![
            rule![Expr::Fib(FibKey::Interface, 0), Expr::NotEqual(0, vec![0; 4]), RETURN],
            rule![to_router(), RETURN],
            rule![refuse(Gate::NoRoute)],
        ],
    )
}

/// No interface to leave by: for the router, or for nobody.
fn nowhere() -> Chain {
    inner(
        "nowhere",
        vec![rule![to_router(), RETURN], rule![jump("leave_subnet")], rule![refuse(Gate::NoRoute)]],
    )
}

/// The machine believes to answer its own gateway; behind it, the edge is the only way, as long as the port is
/// forwarded.
fn answer_of_forwarded() -> Chain {
    let still =
        [original_service().to_vec(), vec![Expr::Map { set: SetId::ForwardAs, key: 0, to: 0 }]].concat();
    inner(
        "answer_of_forwarded",
        vec![
            rule![jump("leave_subnet")],
            rule![still, set_mark(EDGE_TABLE), ACCEPT],
            rule![refuse(Gate::NoPublicAddress)],
        ],
    )
}

/// More of a connection through a forwarded port, as long as that is forwarded. (Its address may still lead here for the
/// sake of another port.)
fn through_port() -> Chain {
    let still =
        [original_service().to_vec(), vec![Expr::Map { set: SetId::Forward, key: 0, to: 0 }]].concat();
    inner("through_port", vec![rule![still, goto("departs")], rule![refuse(Gate::NoPublicAddress)]])
}
