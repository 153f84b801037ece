//! A few dozen lines of nf_tables: runs the skeleton over a packet, with the sets
//! of a plan. It knows nothing of security groups.

use std::collections::BTreeMap;

use crate::{Chain, ChainKind, Element, Expr, Hook, MetaKey, PayloadBase, SetId, Verdict, VpcPlan, skeleton};

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
    /// The connection's state bits.
    pub(super) state: u32,
}

/// Where a packet ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Accepted,
    /// Dropped, with the set whose counter moved last.
    Dropped(Option<SetId>),
}

pub(super) struct Machine<'a> {
    plan: &'a VpcPlan,
    chains: BTreeMap<&'a str, &'a Chain>,
}

/// What an expression does.
enum Effect<'e> {
    Next,
    NoMatch,
    Decide(&'e Verdict),
}

fn when(holds: bool) -> Effect<'static> {
    if holds { Effect::Next } else { Effect::NoMatch }
}

/// What the end of a chain means to its caller.
enum Flow {
    Back,
    Final(bool),
}

impl<'a> Machine<'a> {
    pub(super) fn new(plan: &'a VpcPlan) -> Self {
        let chains = skeleton().iter().map(|chain| (chain.name.as_str(), chain)).collect();
        Self { plan, chains }
    }

    /// Runs the filter chain of a hook.
    pub(super) fn run(&self, hook: Hook, packet: &mut Packet) -> Fate {
        let chain = skeleton()
            .iter()
            .find(|chain| matches!(chain.kind, ChainKind::FilterElseDrop { hook: at, .. } if at == hook));
        let mut last = None;
        match self.chain(&chain.unwrap().name, packet, &mut last, 0) {
            Flow::Final(true) => Fate::Accepted,
            Flow::Final(false) | Flow::Back => Fate::Dropped(last),
        }
    }

    fn chain(&self, name: &str, p: &mut Packet, last: &mut Option<SetId>, depth: u32) -> Flow {
        // The kernel's limit (NFT_JUMP_STACK_SIZE) counts jumps only.
        assert!(depth < 16, "jumps too deep");
        let mut chain = self.chains[name];
        'chain: loop {
            'rule: for rule in &chain.rules {
                let mut registers = [0_u8; 64];
                for expr in &rule.body {
                    match self.expression(expr, p, &mut registers, last) {
                        Effect::NoMatch => continue 'rule,
                        Effect::Next => {}
                        Effect::Decide(Verdict::Accept) => return Flow::Final(true),
                        Effect::Decide(Verdict::Drop) => return Flow::Final(false),
                        Effect::Decide(Verdict::Return) => return Flow::Back,
                        Effect::Decide(Verdict::Goto(next)) => {
                            chain = self.chains[next.as_str()];
                            continue 'chain;
                        }
                        Effect::Decide(Verdict::Jump(next)) => {
                            if let Flow::Final(verdict) = self.chain(next, p, last, depth + 1) {
                                return Flow::Final(verdict);
                            }
                        }
                    }
                }
            }
            return Flow::Back;
        }
    }

    fn expression<'e>(
        &self,
        expr: &'e Expr,
        p: &mut Packet,
        r: &mut [u8; 64],
        last: &mut Option<SetId>,
    ) -> Effect<'e> {
        match expr {
            Expr::Meta(key, to) => match key {
                MetaKey::Priority => store(r, *to, &p.priority.to_ne_bytes()),
                MetaKey::Mark => store(r, *to, &p.mark.to_ne_bytes()),
                MetaKey::Iif => store(r, *to, &p.iif.to_ne_bytes()),
                MetaKey::Oif => store(r, *to, &p.oif.to_ne_bytes()),
                MetaKey::NfProto => {
                    store(r, *to, &[if p.network[0] >> 4 == 4 { 2 } else { 10 }, 0, 0, 0]);
                }
                MetaKey::L4Proto => store(r, *to, &[p.l4proto, 0, 0, 0]),
            },
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
                let mut bytes = found.to_vec();
                bytes.resize(len.next_multiple_of(4), 0);
                store(r, *to, &bytes);
            }
            Expr::Equal(at, bytes) => return when(load(r, *at, bytes.len()) == bytes),
            Expr::NotEqual(at, bytes) => {
                return when(load(r, *at, bytes.len()) != bytes);
            }
            Expr::Constant(to, bytes) => {
                let mut bytes = bytes.clone();
                bytes.resize(bytes.len().next_multiple_of(4), 0);
                store(r, *to, &bytes);
            }
            Expr::Bits { register, mask, flip } => {
                let old = load(r, *register, mask.len()).to_vec();
                let new: Vec<u8> = old.iter().zip(mask).zip(flip).map(|((o, m), f)| o & m ^ f).collect();
                store(r, *register, &new);
            }
            Expr::In(set, from) => {
                if self.find(*set, r, *from).is_none() {
                    return Effect::NoMatch;
                }
                *last = Some(*set);
            }
            Expr::NotIn(set, from) => return when(self.find(*set, r, *from).is_none()),
            Expr::Map { set, key, to } => {
                let Some(element) = self.find(*set, r, *key) else { return Effect::NoMatch };
                store(r, *to, element.datum.unwrap().as_bytes());
            }
            Expr::Ct(_, to) => store(r, *to, &p.state.to_ne_bytes()),
            Expr::Counter => *last = None,
            Expr::Nat(..) | Expr::Masquerade | Expr::Log { .. } | Expr::Limit { .. } => {}
            Expr::Verdict(verdict) => return Effect::Decide(verdict),
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

fn store(registers: &mut [u8; 64], to: u8, bytes: &[u8]) {
    let at = usize::from(to) * 4;
    registers[at..at + bytes.len()].copy_from_slice(bytes);
}

fn load(registers: &[u8; 64], from: u8, len: usize) -> &[u8] {
    let at = usize::from(from) * 4;
    &registers[at..at + len]
}
