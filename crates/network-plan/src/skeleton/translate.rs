//! Address translation: at the internet gateway, and in NAT gateways.

use super::dsl::*;
use crate::{Chain, Expr, FibKey, Hook, MetaKey, NAT_SLOTS, NatKind, Outpost, SetId};
use MetaKey::{Iif, L4Proto, Oif};

/// Behind connection tracking (-200), before the translation.
const RETURNED: i32 = -150;
const DNAT: i32 = -100;
const FILTER: i32 = 0;
const SNAT: i32 = 100;
/// The SYN flag in the TCP header's fourteenth byte.
const TCP_SYN: u8 = 2;

pub(super) fn chains() -> Vec<Chain> {
    vec![arriving(), leaving()]
}

/// Public to private: forwarded ports first, for they say more.
fn arriving() -> Chain {
    nat(
        "dnat",
        Hook::Prerouting,
        DNAT,
        vec![
            forwarded_port(edge(Iif), SetId::Forward),
            rule![
                edge(Iif),
                Family::V4.matches(),
                Family::V4.destination(0),
                Expr::Map { set: SetId::PublicToPrivate, key: 0, to: 0 },
                Expr::Nat(NatKind::Destination, 0)
            ],
        ],
    )
}

/// Private to public at the edge; and the gateway's address for those who come through a masquerading port.
fn leaving() -> Chain {
    nat(
        "snat",
        Hook::Postrouting,
        SNAT,
        vec![
            rule![
                edge(Oif),
                Family::V4.matches(),
                Family::V4.source(0),
                Expr::Map { set: SetId::PrivateToPublic, key: 0, to: 0 },
                Expr::Nat(NatKind::Source, 0)
            ],
            masqueraded([edge(Iif).to_vec(), not_edge(Oif).to_vec()].concat(), SetId::ForwardAs),
        ],
    )
}

fn forwarded_port(from: impl Piece, set: SetId) -> crate::ChainRule {
    rule![
        from,
        Family::V4.matches(),
        Family::V4.destination(0),
        Expr::Meta(L4Proto, 1),
        transport(2, 2, 2),
        Expr::Map { set, key: 0, to: 0 },
        Expr::NatPort { kind: NatKind::Destination, address: 0, port: 1 }
    ]
}

fn masqueraded(to: impl Piece, set: SetId) -> crate::ChainRule {
    rule![
        to,
        Family::V4.matches(),
        original_service(),
        Expr::Map { set, key: 0, to: 0 },
        Expr::Nat(NatKind::Source, 0)
    ]
}

/// The chains of a NAT gateway's table (see [`crate::VpcPlan::nat_gateways`]).
///
/// What comes from inside the VPC is translated to one of the gateway's addresses; the kernel keeps the source port
/// where it is free and finds another one otherwise. Answers pass; whatever else comes in is dropped unless a port
/// is forwarded. Nothing is for the gateway itself. What is refused is reported, as in a router.
pub(super) fn nat_gateway() -> Vec<Chain> {
    let inside = [Expr::Meta(MetaKey::NfProto, 0), Family::V4.source(1), Expr::In(SetId::NatInside, 0)];
    let without_syn = [
        transport(13, 1, 0),
        Expr::Bits { register: 0, mask: vec![TCP_SYN], flip: vec![0] },
        Expr::Equal(0, vec![0]),
    ];
    let [report, ..] = Outpost::NatRefused.refuse();
    let slot = [
        // Source and destination address, then both ports: connections are spread, not machines.
        network(12, 8, 0),
        transport(0, 4, 2),
        Expr::Hash { from: 0, len: 12, modulus: NAT_SLOTS, to: 0 },
        Expr::Map { set: SetId::NatSlot, key: 0, to: 0 },
    ];
    vec![
        // The kernel would drop a packet from one of its own addresses without a word when it looks for a route.
        filter(
            "returned",
            Hook::Prerouting,
            RETURNED,
            vec![
                rule![known(), ACCEPT],
                rule![
                    Expr::Fib(FibKey::SourceType, 0),
                    Expr::Equal(0, LOCAL.to_ne_bytes().to_vec()),
                    Outpost::NatCircle.refuse()
                ],
                rule![ACCEPT],
            ],
        ),
        nat("dnat", Hook::Prerouting, DNAT, vec![forwarded_port([], SetId::NatForward)]),
        filter(
            "forward",
            Hook::Forward,
            FILTER,
            vec![
                rule![known(), ACCEPT],
                rule![
                    Family::V4.matches(),
                    original_service(),
                    Expr::Map { set: SetId::NatForward, key: 0, to: 0 },
                    ACCEPT
                ],
                // The middle of a connection that it does not know (VPC guide, "NAT gateway basics": idle connections).
                rule![
                    Family::V4.matches(),
                    inside.clone(),
                    protocol(TCP),
                    without_syn,
                    report,
                    Expr::ResetTcp
                ],
                rule![Family::V4.matches(), inside.clone(), protocol(TCP), ACCEPT],
                rule![Family::V4.matches(), inside.clone(), protocol(UDP), ACCEPT],
                rule![Family::V4.matches(), inside.clone(), protocol(ICMP), ACCEPT],
                rule![Outpost::NatRefused.refuse()],
            ],
        ),
        filter(
            "input",
            Hook::Input,
            FILTER,
            vec![
                rule![from_loopback(), ACCEPT],
                rule![related(), ACCEPT],
                rule![Outpost::NatRefused.refuse()],
            ],
        ),
        nat(
            "snat",
            Hook::Postrouting,
            SNAT,
            vec![
                masqueraded([], SetId::NatForwardAs),
                // A forwarded connection without masquerading keeps its sender.
                rule![
                    Family::V4.matches(),
                    original_service(),
                    Expr::Map { set: SetId::NatForward, key: 0, to: 0 },
                    ACCEPT
                ],
                rule![Family::V4.matches(), inside, slot, Expr::Nat(NatKind::Source, 0)],
            ],
        ),
    ]
}
