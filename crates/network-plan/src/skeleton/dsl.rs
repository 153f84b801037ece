//! Short words for writing rules.

use crate::{
    ALLOWED, Chain, ChainKind, ChainRule, CtKey, DropRecord, EDGE_INDEX, Expr, FLOW_FLAGS, FibKey, Gate,
    Hook, LOG_BYTES, LOG_GROUP, ListEntry, MetaKey, PayloadBase, SetId, Verdict,
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

    /// The register behind an address that begins at the first one.
    pub(super) const fn after_address(self) -> u8 {
        match self {
            Self::V4 => 1,
            Self::V6 => 4,
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

/// Where an ENI's own addresses are found; the key is `interface . address`.
pub(super) const OWN_ADDRESSES: [(Family, SetId); 3] =
    [(Family::V4, SetId::EniAddress4), (Family::V6, SetId::EniAddress6), (Family::V6, SetId::EniPrefix6)];

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

impl Piece for Vec<Expr> {
    fn expressions(self) -> Vec<Expr> {
        self
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

/// Loopback has index 1 in every namespace.
const LOOPBACK: u32 = 1;
/// `RTN_LOCAL`: an address of the router's own.
pub(super) const LOCAL: u32 = 2;
/// Bits of `ct state` (kernel: `NF_CT_STATE_BIT`).
const ESTABLISHED: u32 = 0b010;
const RELATED: u32 = 0b100;

/// Matches packets of the router to itself.
pub(super) fn from_loopback() -> [Expr; 2] {
    [Expr::Meta(MetaKey::Iif, 0), Expr::Equal(0, LOOPBACK.to_ne_bytes().to_vec())]
}

/// Matches packets to an address of the router.
pub(super) fn to_router() -> [Expr; 2] {
    [Expr::Fib(FibKey::AddressType, 0), Expr::Equal(0, LOCAL.to_ne_bytes().to_vec())]
}

fn state(bits: u32) -> [Expr; 3] {
    [
        Expr::Ct(CtKey::State, 0),
        Expr::Bits { register: 0, mask: bits.to_ne_bytes().to_vec(), flip: vec![0; 4] },
        Expr::NotEqual(0, vec![0; 4]),
    ]
}

/// Matches packets of known connections and errors about them.
pub(super) fn known() -> [Expr; 3] {
    state(ESTABLISHED | RELATED)
}

/// Matches packets of known connections.
pub(super) fn established() -> [Expr; 3] {
    state(ESTABLISHED)
}

/// Matches errors about known connections.
pub(super) fn related() -> [Expr; 3] {
    state(RELATED)
}

/// Matches packets of known connections that are not errors about them; one expression less than [`established`].
pub(super) fn is_established() -> [Expr; 2] {
    [Expr::Ct(CtKey::State, 0), Expr::Equal(0, ESTABLISHED.to_ne_bytes().to_vec())]
}

/// Matches packets of connections that carry no flag: the ordinary ones.
pub(super) fn unflagged() -> [Expr; 3] {
    [
        Expr::Ct(CtKey::Mark, 0),
        Expr::Bits { register: 0, mask: FLOW_FLAGS.to_ne_bytes().to_vec(), flip: vec![0; 4] },
        Expr::Equal(0, vec![0; 4]),
    ]
}

/// Matches packets whose connection carries a bit.
pub(super) fn marked(bit: u32) -> [Expr; 3] {
    [
        Expr::Ct(CtKey::Mark, 0),
        Expr::Bits { register: 0, mask: bit.to_ne_bytes().to_vec(), flip: vec![0; 4] },
        Expr::NotEqual(0, vec![0; 4]),
    ]
}

/// Gives the connection a bit.
pub(super) fn mark_connection(bit: u32) -> [Expr; 3] {
    // `old & !bit ^ bit` is `old | bit`.
    [
        Expr::Ct(CtKey::Mark, 0),
        Expr::Bits { register: 0, mask: (!bit).to_ne_bytes().to_vec(), flip: bit.to_ne_bytes().to_vec() },
        Expr::SetCtMark(0),
    ]
}

/// Takes a bit from the connection.
pub(super) fn unmark(bit: u32) -> [Expr; 3] {
    [
        Expr::Ct(CtKey::Mark, 0),
        Expr::Bits { register: 0, mask: (!bit).to_ne_bytes().to_vec(), flip: vec![0; 4] },
        Expr::SetCtMark(0),
    ]
}

/// Takes all bits from the connection.
pub(super) fn unmark_connection() -> [Expr; 2] {
    [Expr::Constant(0, vec![0; 4]), Expr::SetCtMark(0)]
}

/// Matches packets that go the way of the first one (0), or answer (1).
pub(super) fn direction(number: u8) -> [Expr; 2] {
    [Expr::Ct(CtKey::Direction, 0), Expr::Equal(0, vec![number])]
}

/// Loads what the first packet was sent to, as the key of a forwarded port.
pub(super) const fn original_service() -> [Expr; 3] {
    [
        Expr::Ct(CtKey::OriginalDestination, 0),
        Expr::Meta(MetaKey::L4Proto, 1),
        Expr::Ct(CtKey::OriginalPort, 2),
    ]
}

/// Puts the subnet of the ENI on one side into the priority; does not match at the edge and at peers.
///
/// A map's result goes to a later rule by the priority, never straight into a further key: some versions of the
/// `nft` program cannot list that.
pub(super) const fn subnet(side: MetaKey) -> [Expr; 3] {
    [
        Expr::Meta(side, 0),
        Expr::Map { set: SetId::EniSubnet, key: 0, to: 0 },
        Expr::SetMeta(MetaKey::Priority, 0),
    ]
}

/// Reports a drop.
pub(crate) fn log(record: DropRecord) -> Expr {
    Expr::Log { group: LOG_GROUP, bytes: LOG_BYTES, prefix: record.prefix() }
}

/// The last words of an ACL's or NSG's entry that denies: report, then count.
pub(crate) fn denied(gate: Gate, number: u32, entry: Option<u16>) -> [Expr; 2] {
    let list = Some(ListEntry { number, entry });
    [log(DropRecord { gate, list }), goto(counter_chain(gate))]
}

/// The chain that counts and drops what a gate has refused.
pub(super) fn counter_chain(gate: Gate) -> String {
    gate.name().replace('-', "_")
}

/// The end of a gate: counted under the ENI, or at least under the chain. ACLs
/// and NSGs report by themselves, since they know the entry.
pub(super) fn drops() -> Vec<Chain> {
    let chain = |gate: Gate| {
        let side = if gate.is_inbound() { MetaKey::Oif } else { MetaKey::Iif };
        let report = match gate {
            Gate::AclIn | Gate::AclOut | Gate::NsgIn | Gate::NsgOut => None,
            _ => Some(rule![log(DropRecord { gate, list: None })]),
        };
        let count =
            [rule![Expr::Meta(side, 0), Expr::In(SetId::Dropped(gate), 0), DROP], rule![Expr::Counter, DROP]];
        inner(counter_chain(gate), report.into_iter().chain(count).collect())
    };
    Gate::ALL.into_iter().map(chain).collect()
}

/// To the end of a gate.
pub(super) fn refuse(gate: Gate) -> Expr {
    goto(counter_chain(gate))
}
