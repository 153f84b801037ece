//! Short words for writing rules.

use crate::{
    ALLOWED, Chain, ChainKind, ChainRule, EDGE_INDEX, Expr, Gate, Hook, MetaKey, PayloadBase, SetId, Verdict,
};

pub(super) const TCP: u8 = 6;
pub(super) const UDP: u8 = 17;
pub(super) const ICMP: u8 = 1;
pub(super) const ICMPV6: u8 = 58;

/// The address family a chain deals with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Family {
    V4,
    V6,
}

impl Family {
    pub(super) const BOTH: [Self; 2] = [Self::V4, Self::V6];

    /// The suffix in chain names.
    pub(super) const fn digit(self) -> char {
        match self {
            Self::V4 => '4',
            Self::V6 => '6',
        }
    }

    /// The value of `meta nfproto` (kernel: NFPROTO_IPV4, NFPROTO_IPV6).
    const fn number(self) -> u8 {
        match self {
            Self::V4 => 2,
            Self::V6 => 10,
        }
    }

    /// One of two values by family.
    pub(super) const fn pick(self, v4: SetId, v6: SetId) -> SetId {
        match self {
            Self::V4 => v4,
            Self::V6 => v6,
        }
    }

    /// Loads the source address.
    pub(super) const fn source(self, to: u8) -> Expr {
        match self {
            Self::V4 => network(12, 4, to),
            Self::V6 => network(8, 16, to),
        }
    }

    /// Loads the destination address.
    pub(super) const fn destination(self, to: u8) -> Expr {
        match self {
            Self::V4 => network(16, 4, to),
            Self::V6 => network(24, 16, to),
        }
    }

    /// Matches packets of this family.
    pub(super) fn matches(self) -> [Expr; 2] {
        [Expr::Meta(MetaKey::NfProto, 0), Expr::Equal(0, vec![self.number()])]
    }
}

pub(super) const fn network(offset: u32, len: u32, to: u8) -> Expr {
    Expr::Payload { base: PayloadBase::Network, offset, len, to }
}

pub(super) const fn transport(offset: u32, len: u32, to: u8) -> Expr {
    Expr::Payload { base: PayloadBase::Transport, offset, len, to }
}

/// Matches a transport protocol.
pub(super) fn protocol(number: u8) -> [Expr; 2] {
    [Expr::Meta(MetaKey::L4Proto, 0), Expr::Equal(0, vec![number])]
}

/// Matches a destination port; the protocol must have been matched before.
pub(super) fn port(number: u16) -> [Expr; 2] {
    [transport(2, 2, 0), Expr::Equal(0, number.to_be_bytes().to_vec())]
}

/// Matches an ICMP or ICMPv6 type; the protocol must have been matched before.
pub(super) fn icmp_type(kind: u8) -> [Expr; 2] {
    [transport(0, 1, 0), Expr::Equal(0, vec![kind])]
}

/// Matches packets from (`Iif`) or to (`Oif`) the edge.
pub(super) fn edge(side: MetaKey) -> [Expr; 2] {
    [Expr::Meta(side, 0), Expr::Equal(0, EDGE_INDEX.to_ne_bytes().to_vec())]
}

/// Matches packets that are not.
pub(super) fn not_edge(side: MetaKey) -> [Expr; 2] {
    [Expr::Meta(side, 0), Expr::NotEqual(0, EDGE_INDEX.to_ne_bytes().to_vec())]
}

/// Sets the mark to a constant.
pub(super) fn set_mark(value: u32) -> [Expr; 2] {
    [Expr::Constant(0, value.to_ne_bytes().to_vec()), Expr::SetMeta(MetaKey::Mark, 0)]
}

/// Matches if the group's chain found an admitting rule.
pub(super) fn is_allowed() -> [Expr; 2] {
    [Expr::Meta(MetaKey::Mark, 0), Expr::Equal(0, ALLOWED.to_ne_bytes().to_vec())]
}

pub(super) fn goto(chain: impl Into<String>) -> Expr {
    Expr::Verdict(Verdict::Goto(chain.into()))
}

pub(super) fn jump(chain: impl Into<String>) -> Expr {
    Expr::Verdict(Verdict::Jump(chain.into()))
}

pub(super) const ACCEPT: Expr = Expr::Verdict(Verdict::Accept);
pub(super) const DROP: Expr = Expr::Verdict(Verdict::Drop);
pub(super) const RETURN: Expr = Expr::Verdict(Verdict::Return);

/// A rule from pieces: single expressions or arrays of them.
macro_rules! rule {
    ($($piece:expr),+ $(,)?) => {{
        let mut body = Vec::new();
        $(body.extend(crate::skeleton::dsl::Piece::expressions($piece));)+
        crate::ChainRule { body }
    }};
}
pub(super) use rule;

/// What [`rule!`] accepts.
pub(super) trait Piece {
    fn expressions(self) -> Vec<Expr>;
}

impl Piece for Expr {
    fn expressions(self) -> Vec<Expr> {
        vec![self]
    }
}

impl<const N: usize> Piece for [Expr; N] {
    fn expressions(self) -> Vec<Expr> {
        self.into()
    }
}

pub(super) fn inner(name: impl Into<String>, rules: Vec<ChainRule>) -> Chain {
    Chain { name: name.into(), kind: ChainKind::Inner, rules }
}

pub(super) fn filter(name: &str, hook: Hook, priority: i32, rules: Vec<ChainRule>) -> Chain {
    Chain { name: name.into(), kind: ChainKind::FilterElseDrop { hook, priority }, rules }
}

pub(super) fn nat(name: &str, hook: Hook, priority: i32, rules: Vec<ChainRule>) -> Chain {
    Chain { name: name.into(), kind: ChainKind::Nat { hook, priority }, rules }
}

/// The end of a gate: counted under the ENI, or at least under the chain. Flow
/// logs will report the packet from here.
pub(super) fn dropped(name: impl Into<String>, gate: Gate, side: MetaKey) -> Chain {
    inner(
        name,
        vec![rule![Expr::Meta(side, 0), Expr::In(SetId::Dropped(gate), 0), DROP], rule![Expr::Counter, DROP]],
    )
}
