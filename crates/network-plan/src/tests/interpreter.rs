//! A few dozen lines of nf_tables: runs chains over a packet, with the sets of a plan. It knows nothing of groups,
//! ACLs or routes beyond what the expressions say.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::{
    Chain, ChainId, ChainKind, ChainRule, CtKey, DropRecord, Element, Expr, FibKey, MetaKey, NatKind,
    PayloadBase, SetId, SetKind, Verdict, VpcPlan, memory_chains, skeleton,
};

/// A packet at a hook.
#[derive(Clone, Debug, Default)]
pub(super) struct Packet {
    pub(super) iif: u32,
    pub(super) oif: u32,
    pub(super) link: Vec<u8>,
    pub(super) network: Vec<u8>,
    pub(super) transport: Vec<u8>,
    pub(super) l4proto: u8,
    pub(super) mark: u32,
    pub(super) priority: u32,
    pub(super) connection: Connection,
}

/// What connection tracking knows of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Connection {
    /// `ct state` bits; 8 is "new".
    pub(super) state: u32,
    pub(super) mark: u32,
    pub(super) answer: bool,
    pub(super) original_destination: Option<IpAddr>,
    pub(super) original_port: u16,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted,
    /// Dropped: what the log said, and the set whose counter moved last.
    Dropped(Option<DropRecord>, Option<SetId>),
}

pub(super) struct Machine<'a> {
    pub(super) plan: &'a VpcPlan,
    chains: BTreeMap<String, Cow<'a, [ChainRule]>>,
}

/// What an expression does.
enum Effect {
    Next,
    NoMatch,
    Decide(Verdict),
}

fn when(holds: bool) -> Effect {
    if holds { Effect::Next } else { Effect::NoMatch }
}

/// What the end of a chain means to its caller.
enum Flow {
    Back,
    Final(bool),
}

/// What is seen from outside.
#[derive(Default)]
struct Traces {
    record: Option<DropRecord>,
    counted: Option<SetId>,
    translation: Option<(NatKind, Vec<u8>, Option<Vec<u8>>)>,
}

impl<'a> Machine<'a> {
    pub(super) fn new(plan: &'a VpcPlan) -> Self {
        let fixed = skeleton().iter().map(|chain| (chain.name.clone(), Cow::Borrowed(&chain.rules[..])));
        let own = plan.chains.iter().map(|(id, chain)| (id.name(), Cow::Borrowed(&chain.rules[..])));
        Self { plan, chains: fixed.chain(own).collect() }
    }

    /// One that remembers flows.
    pub(super) fn remembering(plan: &'a VpcPlan, generation: u32) -> Self {
        let mut machine = Self::new(plan);
        for chain in memory_chains(Some(generation)) {
            machine.chains.insert(chain.name, Cow::Owned(chain.rules));
        }
        machine
    }

    /// Runs a filter chain that stands at a hook.
    pub(super) fn filter(&self, name: &str, packet: &mut Packet) -> Fate {
        assert!(matches!(base(name).kind, ChainKind::FilterElseDrop { .. }));
        let mut traces = Traces::default();
        match self.chain(name, packet, &mut traces, 0) {
            Flow::Final(true) => Fate::Accepted,
            Flow::Final(false) | Flow::Back => Fate::Dropped(traces.record, traces.counted),
        }
    }

    /// Runs a chain of address translation, for the first packet of a connection.
    pub(super) fn translate(&self, name: &str, packet: &mut Packet) {
        assert!(matches!(base(name).kind, ChainKind::Nat { .. }));
        let mut traces = Traces::default();
        self.chain(name, packet, &mut traces, 0);
        if let Some((kind, address, port)) = traces.translation {
            let at = if kind == NatKind::Source { 12 } else { 16 };
            packet.network[at..at + 4].copy_from_slice(&address);
            if let Some(port) = port {
                packet.transport[2..4].copy_from_slice(&port);
            }
        }
    }

    fn chain(&self, name: &str, p: &mut Packet, traces: &mut Traces, depth: u32) -> Flow {
        // The kernel's limit (NFT_JUMP_STACK_SIZE) counts jumps only.
        assert!(depth < 16, "jumps too deep");
        let mut rules = &self.chains[name][..];
        'chain: loop {
            'rule: for rule in rules {
                let mut registers = [0_u8; 64];
                for expr in &rule.body {
                    match self.expression(expr, p, &mut registers, traces) {
                        Effect::NoMatch => continue 'rule,
                        Effect::Next => {}
                        Effect::Decide(Verdict::Accept) => return Flow::Final(true),
                        Effect::Decide(Verdict::Drop) => return Flow::Final(false),
                        Effect::Decide(Verdict::Return) => return Flow::Back,
                        Effect::Decide(Verdict::Goto(next)) => {
                            rules = &self.chains[next.as_str()][..];
                            continue 'chain;
                        }
                        Effect::Decide(Verdict::Jump(next)) => {
                            if let Flow::Final(verdict) = self.chain(&next, p, traces, depth + 1) {
                                return Flow::Final(verdict);
                            }
                        }
                    }
                }
            }
            return Flow::Back;
        }
    }

    fn expression(&self, expr: &Expr, p: &mut Packet, r: &mut [u8; 64], traces: &mut Traces) -> Effect {
        match expr {
            Expr::Meta(key, to) => meta(*key, p, r, *to),
            Expr::SetMeta(key, from) => {
                let value = u32::from_ne_bytes(load(r, *from, 4).try_into().unwrap());
                match key {
                    MetaKey::Mark => p.mark = value,
                    MetaKey::Priority => p.priority = value,
                    _ => panic!("read-only"),
                }
            }
            Expr::Payload { base, offset, len, to } => {
                let header = match base {
                    PayloadBase::Link => &p.link,
                    PayloadBase::Network => &p.network,
                    PayloadBase::Transport => &p.transport,
                };
                let (offset, len) = (*offset as usize, *len as usize);
                let Some(found) = header.get(offset..offset + len) else { return Effect::NoMatch };
                store(r, *to, found);
            }
            Expr::Equal(at, bytes) => return when(load(r, *at, bytes.len()) == bytes),
            Expr::NotEqual(at, bytes) => return when(load(r, *at, bytes.len()) != bytes),
            Expr::InRange(at, low, high) => {
                let value = load(r, *at, low.len());
                return when(value >= &low[..] && value <= &high[..]);
            }
            Expr::Constant(to, bytes) => store(r, *to, bytes),
            Expr::Bits { register, mask, flip } => {
                let old = load(r, *register, mask.len()).to_vec();
                let new: Vec<u8> = old.iter().zip(mask).zip(flip).map(|((o, m), f)| o & m ^ f).collect();
                store(r, *register, &new);
            }
            Expr::Mask { from, to, mask } => {
                let masked: Vec<u8> = load(r, *from, 4).iter().zip(mask).map(|(o, m)| o & m).collect();
                store(r, *to, &masked);
            }
            Expr::In(set, from) => {
                if self.find(*set, r, *from).is_none() {
                    return Effect::NoMatch;
                }
                traces.counted = Some(*set);
            }
            Expr::NotIn(set, from) => return when(self.find(*set, r, *from).is_none()),
            Expr::Map { set, key, to } => {
                let Some(element) = self.find(*set, r, *key) else { return Effect::NoMatch };
                store(r, *to, element.datum.unwrap().as_bytes());
            }
            Expr::Dispatch { set, key } => {
                let Some(element) = self.find(*set, r, *key) else { return Effect::NoMatch };
                let SetKind::Chains(list) = set.kind() else { panic!("{set:?} has no chains") };
                let number = element.datum.unwrap().read_native(0).unwrap();
                return Effect::Decide(Verdict::Jump(ChainId { list, number }.name()));
            }
            Expr::Fib(FibKey::Interface, to) => {
                let to_where = super::routing::interface(self.plan, p.mark, p.destination());
                store(r, *to, &to_where.to_ne_bytes());
            }
            // Nobody sends under an address of the router.
            Expr::Fib(FibKey::SourceType, to) => store(r, *to, &1_u32.to_ne_bytes()),
            Expr::Fib(FibKey::AddressType, to) => {
                let kind: u32 = if super::routing::is_local(self.plan, p.destination()) { 2 } else { 1 };
                store(r, *to, &kind.to_ne_bytes());
            }
            Expr::Ct(key, to) => return connection(*key, &p.connection, r, *to),
            Expr::SetCtMark(from) => {
                p.connection.mark = u32::from_ne_bytes(load(r, *from, 4).try_into().unwrap());
            }
            Expr::Nat(kind, at) => {
                traces.translation = Some((*kind, load(r, *at, 4).to_vec(), None));
                return Effect::Decide(Verdict::Accept);
            }
            Expr::NatPort { kind, address, port } => {
                let port = load(r, *port, 2).to_vec();
                traces.translation = Some((*kind, load(r, *address, 4).to_vec(), Some(port)));
                return Effect::Decide(Verdict::Accept);
            }
            Expr::Log { prefix, .. } => {
                assert!(prefix.len() < 64);
                traces.record = Some(DropRecord::parse(prefix).unwrap());
            }
            Expr::Counter => traces.counted = None,
            Expr::Masquerade | Expr::Limit { .. } | Expr::Hash { .. } | Expr::ResetTcp => {}
            Expr::Verdict(verdict) => return Effect::Decide(verdict.clone()),
        }
        Effect::Next
    }

    /// The only element that the key falls into; two would be refused by the
    /// kernel, so they are an error here.
    fn find(&self, set: SetId, r: &[u8; 64], from: u8) -> Option<Element> {
        let key = load(r, from, set.key_len());
        let elements = self.plan.elements.get(&set)?;
        let mut matching = elements.iter().filter(|element| {
            let end = element.end.unwrap_or(element.key);
            let mut at = 0;
            set.fields().iter().all(|field| {
                let span = at..at + field.padded();
                at = span.end;
                let (low, high) = (&element.key.as_bytes()[span.clone()], &end.as_bytes()[span.clone()]);
                low <= &key[span.clone()] && &key[span] <= high
            })
        });
        let found = matching.next().copied();
        assert!(matching.next().is_none(), "overlapping elements in {set:?}");
        found
    }
}

impl Packet {
    pub(super) fn is_v4(&self) -> bool {
        self.network[0] >> 4 == 4
    }

    fn address(&self, v4: usize, v6: usize) -> IpAddr {
        if self.is_v4() {
            <[u8; 4]>::try_from(&self.network[v4..v4 + 4]).unwrap().into()
        } else {
            <[u8; 16]>::try_from(&self.network[v6..v6 + 16]).unwrap().into()
        }
    }

    pub(super) fn destination(&self) -> IpAddr {
        self.address(16, 24)
    }
}

fn base(name: &str) -> &'static Chain {
    skeleton().iter().find(|chain| chain.name == name).unwrap()
}

fn meta(key: MetaKey, p: &Packet, r: &mut [u8; 64], to: u8) {
    match key {
        MetaKey::Priority => store(r, to, &p.priority.to_ne_bytes()),
        MetaKey::Mark => store(r, to, &p.mark.to_ne_bytes()),
        MetaKey::Iif => store(r, to, &p.iif.to_ne_bytes()),
        MetaKey::Oif => store(r, to, &p.oif.to_ne_bytes()),
        MetaKey::NfProto => store(r, to, &[if p.is_v4() { 2 } else { 10 }]),
        MetaKey::L4Proto => store(r, to, &[p.l4proto]),
    }
}

fn connection(key: CtKey, connection: &Connection, r: &mut [u8; 64], to: u8) -> Effect {
    match key {
        CtKey::State => store(r, to, &connection.state.to_ne_bytes()),
        CtKey::Mark => store(r, to, &connection.mark.to_ne_bytes()),
        CtKey::Direction => store(r, to, &[u8::from(connection.answer)]),
        CtKey::OriginalDestination => match connection.original_destination {
            Some(IpAddr::V4(v4)) => store(r, to, &v4.octets()),
            _ => return Effect::NoMatch,
        },
        CtKey::OriginalPort => store(r, to, &connection.original_port.to_be_bytes()),
    }
    Effect::Next
}

/// Registers are written in steps of four bytes.
fn store(registers: &mut [u8; 64], to: u8, bytes: &[u8]) {
    let at = usize::from(to) * 4;
    registers[at..at + bytes.len().next_multiple_of(4)].fill(0);
    registers[at..at + bytes.len()].copy_from_slice(bytes);
}

fn load(registers: &[u8; 64], from: u8, len: usize) -> &[u8] {
    let at = usize::from(from) * 4;
    &registers[at..at + len]
}
