//! The chains that remember known flows: emptied while something changes, filled again with the next generation.

use network_plan::{
    Chain, ChainRule, Expr, MEMORY_CHAINS, Verdict, memory_chains, memory_note, noted_generation,
};

use super::structure::{RULE_CHAIN, RULE_TABLE, RULE_USERDATA, add_noted_rule, chain_note};
use super::{Batch, Family, header, kind, message};
use crate::netlink::{Messages, Refusal, Socket, attributes};

/// Bytes of `struct nfgenmsg` before the attributes.
const NFGEN: usize = 4;

/// What a router's memory chains say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// The last generation there was; `None` where nothing tells.
    pub(crate) generation: Option<u32>,
    /// Whether flows are remembered under it.
    pub(crate) on: bool,
}

/// Lets the chains remember flows under a generation, or (`on` false) none; the generation stays written there, so that
/// nobody uses it again for another state.
pub(crate) fn put_memory(batch: &mut Batch, table: &str, generation: u32, on: bool) {
    for chain in contents(generation, on) {
        batch
            .messages
            .begin(kind(message::DELRULE), 0, &header(Family::Inet))
            .text(RULE_TABLE, table)
            .text(RULE_CHAIN, &chain.name);
        batch.step(|| format!("empty chain {}", chain.name));
        let note = chain_note(memory_note(generation), chain.rules.len());
        for rule in &chain.rules {
            add_noted_rule(batch, Family::Inet, table, &chain.name, rule, &note);
        }
    }
}

/// What the chains hold. Without memory only the first one has a rule, which does nothing but carry the note.
fn contents(generation: u32, on: bool) -> [Chain; 3] {
    let mut chains = memory_chains(on.then_some(generation));
    if !on {
        chains[0].rules.push(ChainRule { body: vec![Expr::Verdict(Verdict::Return)] });
    }
    chains
}

/// Reads the chains. They are on only if every rule is there.
pub(crate) fn memory(socket: &mut Socket, table: &str) -> Result<Memory, Refusal> {
    let mut request = Messages::new();
    request.begin(kind(message::GETRULE), 0, &header(Family::Inet)).text(RULE_TABLE, table);
    let mut notes: [Vec<Vec<u8>>; 3] = Default::default();
    for reply in socket.dump(&mut request)? {
        let all = || attributes(reply.body.get(NFGEN..).unwrap_or_default());
        let chain = all().find(|attribute| attribute.kind == RULE_CHAIN).map(|name| name.text());
        let place = chain.and_then(|name| MEMORY_CHAINS.iter().position(|other| *other == name));
        if let Some(place) = place {
            let note = all().find(|attribute| attribute.kind == RULE_USERDATA);
            notes[place].push(note.map(|note| note.value.to_vec()).unwrap_or_default());
        }
    }
    let told = |note: &Vec<u8>| noted_generation(u64::from_be_bytes(note.get(..8)?.try_into().ok()?));
    let Some(generation) = notes.iter().flatten().filter_map(told).max() else {
        return Ok(Memory::default());
    };
    let on = contents(generation, true).iter().zip(&notes).all(|(chain, notes)| {
        let note = chain_note(memory_note(generation), chain.rules.len());
        notes.len() == chain.rules.len() && notes.iter().all(|other| other[..] == note)
    });
    Ok(Memory { generation: Some(generation), on })
}
