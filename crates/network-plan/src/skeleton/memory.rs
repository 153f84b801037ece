//! What is remembered of known flows, so that their packets need not be judged one by one.
//!
//! Behind the first packets of a tracked flow nothing asks for groups or NSGs any more; what every packet still meets
//! depends on its addresses, protocol, ports (or ICMP type) and interface only: the ACLs, the route table, the checks of
//! source and destination. For the packets of one flow and direction the verdict is the same as long as none of that
//! changes. So the connection's mark remembers who has passed, and when:
//!
//! ```text
//! bit 0–4     flags of connections that are never remembered (names.rs)
//! bit 5, 6    a packet of the first direction, of the other one, has passed the sender's side
//! bit 7, 8    … the receiver's side
//! bit 9, 10   it stays inside its subnet; it goes by the route table
//! bit 11–31   the generation: the plan's state in which all of this was found
//! ```
//!
//! Whoever applies a plan empties these chains in the same transaction as the first change, and fills them again with the
//! next generation behind the last one, routes included. A mark of another generation says nothing. A bit is set only
//! under the generation of the rules that set it, so neither a packet on its way during a change nor a lost update can
//! leave a verdict of the old state to the new one.
//!
//! Only packets with their interface's own source address, or from the edge, are remembered and recalled
//! ([`super::source`] marks the others): a flow past an appliance comes by twice, from different interfaces.

use super::depart::by_mark;
use super::dsl::*;
use crate::{Chain, ChainRule, CtKey, Expr, MetaKey};

/// Recalls a flow: nothing is left to judge, now and behind routing.
pub(super) const RECALL: &str = "recall";
/// Remembers that a packet has passed the sender's side.
pub(super) const REMEMBER_SENT: &str = "remember_sent";
/// Remembers that it has passed the receiver's side too.
pub(super) const REMEMBER_RECEIVED: &str = "remember_received";
/// These chains: the only ones beside those of ACLs and NSGs whose rules change.
pub const MEMORY_CHAINS: [&str; 3] = [RECALL, REMEMBER_SENT, REMEMBER_RECEIVED];
/// The greatest generation.
pub const LAST_GENERATION: u32 = u32::MAX >> GENERATION_SHIFT;

const SENT: [u32; 2] = [0x20, 0x40];
const RECEIVED: [u32; 2] = [0x80, 0x100];
const INSIDE: u32 = 0x200;
const ROUTED: u32 = 0x400;
const GENERATION_SHIFT: u32 = 11;
/// Where the generation stands in a mark.
const GENERATION: u32 = u32::MAX << GENERATION_SHIFT;

/// The priority of a packet that came to the sender's side with a source address that is not its interface's own.
pub(super) const FOREIGN: u32 = 1;
/// The priority with which a recalled packet is routed. No subnet and no interface has these numbers.
const RECALLED: u32 = u32::MAX;
/// The priority of a packet that shall be remembered behind routing.
const REMEMBERED: u32 = u32::MAX - 1;

/// The chains with their rules for a generation; without one they are empty, which is always right.
pub fn memory_chains(generation: Option<u32>) -> [Chain; 3] {
    let rules = match generation {
        None => [Vec::new(), Vec::new(), Vec::new()],
        Some(generation) => {
            let generation = generation << GENERATION_SHIFT;
            [recall(generation), remember_sent(generation), remember_received(generation)]
        }
    };
    let mut rules = rules.into_iter();
    MEMORY_CHAINS.map(|name| inner(name, rules.next().unwrap_or_default()))
}

/// What is kept in the kernel with every rule of these chains: which generation it belongs to.
pub const fn memory_note(generation: u32) -> u64 {
    super::RULE_NOTE | generation as u64
}

/// The generation that a note tells.
pub fn noted_generation(note: u64) -> Option<u32> {
    u32::try_from(note ^ super::RULE_NOTE).ok()
}

fn recall(generation: u32) -> Vec<ChainRule> {
    let passed = SENT[0] | SENT[1] | RECEIVED[0] | RECEIVED[1] | generation;
    let is = |mark: u32| connection_mark_is(mark);
    vec![
        rule![is(passed | ROUTED), is_established(), is_ordinary(), by_mark(), is_recalled(), ACCEPT],
        rule![is(passed | INSIDE), is_established(), is_ordinary(), is_recalled(), ACCEPT],
    ]
}

/// Where the packet goes follows from its mark: without one it stays inside.
fn remember_sent(generation: u32) -> Vec<ChainRule> {
    let mask = GENERATION.to_ne_bytes().to_vec();
    let of_another = [
        Expr::Ct(CtKey::Mark, 0),
        Expr::Bits { register: 0, mask, flip: vec![0; 4] },
        Expr::NotEqual(0, generation.to_ne_bytes().to_vec()),
    ];
    let forget = [Expr::Constant(0, generation.to_ne_bytes().to_vec()), Expr::SetCtMark(0)];
    let mut rules = vec![rule![of_another, forget]];
    for (number, bit) in (0..).zip(SENT) {
        let inside = [Expr::Meta(MetaKey::Mark, 0), Expr::Equal(0, vec![0; 4])];
        rules.push(rule![direction(number), inside, remember(generation, bit | INSIDE), RETURN]);
        rules.push(rule![direction(number), remember(generation, bit | ROUTED), RETURN]);
    }
    rules
}

/// If a change came between, the packet was let go under another state: the next one will do.
fn remember_received(generation: u32) -> Vec<ChainRule> {
    let rules = (0..).zip(RECEIVED);
    rules.map(|(number, bit)| rule![direction(number), remember(generation, bit), RETURN]).collect()
}

/// Gives a connection of this generation some bits. What is compared is what is written: if a processor of another
/// generation writes the mark meanwhile, its bits are lost or ours, but never mixed.
fn remember(generation: u32, bits: u32) -> [Expr; 5] {
    [
        Expr::Ct(CtKey::Mark, 0),
        Expr::Mask { from: 0, to: 1, mask: GENERATION.to_ne_bytes() },
        Expr::Equal(1, generation.to_ne_bytes().to_vec()),
        Expr::Bits { register: 0, mask: (!bits).to_ne_bytes().to_vec(), flip: bits.to_ne_bytes().to_vec() },
        Expr::SetCtMark(0),
    ]
}

fn connection_mark_is(mark: u32) -> [Expr; 2] {
    [Expr::Ct(CtKey::Mark, 0), Expr::Equal(0, mark.to_ne_bytes().to_vec())]
}

/// Matches packets whose source address is their interface's own, on the sender's side as long as nothing else has used
/// the priority.
pub(super) fn is_ordinary() -> [Expr; 2] {
    priority_is(0)
}

/// Tells that the packet is not such a one.
pub(super) fn is_foreign() -> [Expr; 2] {
    set_priority(FOREIGN)
}

fn is_recalled() -> [Expr; 2] {
    set_priority(RECALLED)
}

/// Tells the receiver's side that the flow is to be remembered.
pub(super) fn to_be_remembered() -> [Expr; 2] {
    set_priority(REMEMBERED)
}

/// Matches, on the receiver's side, packets that the sender's side has recalled.
pub(super) fn was_recalled() -> [Expr; 2] {
    priority_is(RECALLED)
}

/// Matches, on the receiver's side, packets to remember.
pub(super) fn is_to_be_remembered() -> [Expr; 2] {
    priority_is(REMEMBERED)
}

fn priority_is(value: u32) -> [Expr; 2] {
    [Expr::Meta(MetaKey::Priority, 0), Expr::Equal(0, value.to_ne_bytes().to_vec())]
}

fn set_priority(value: u32) -> [Expr; 2] {
    [Expr::Constant(0, value.to_ne_bytes().to_vec()), Expr::SetMeta(MetaKey::Priority, 0)]
}
