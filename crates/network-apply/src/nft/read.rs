//! Reading our own sets back: to adopt a running router, and for counters.

use std::collections::BTreeMap;

use network_plan::{ChainId, Element, Key, RuleChain, SetId, SetKind, skeleton_fingerprint};

use super::element::{DATA, KEY, KEY_END, LIST_ELEMENTS, LIST_SET, LIST_TABLE};
use super::expression::{DATA_VERDICT, VERDICT_CHAIN};
use super::structure::{RULE_CHAIN, RULE_TABLE, RULE_USERDATA, chain_note};
use super::whole::skeleton_is_whole;
use super::{DATA_VALUE, Family, LIST_ELEMENT, header, kind, message};
use crate::Counts;
use crate::netlink::{Messages, Refusal, Socket, attributes, nested};

/// Bytes of `struct nfgenmsg` before the attributes.
const NFGEN: usize = 4;
const TABLE_NAME: u16 = 1;
const TABLE_USERDATA: u16 = 6;
const ELEMENT_EXPRESSION: u16 = 7;
const EXPRESSION_DATA: u16 = 2;
const COUNTER_BYTES: u16 = 1;
const COUNTER_PACKETS: u16 = 2;

/// The key of an element and what its counter says.
pub(crate) struct CountedElement {
    pub(crate) key: Key,
    pub(crate) counts: Counts,
}

/// Whether both tables of this name are there, made by this very version, and have all their rules.
pub(crate) fn tables_are_ours(socket: &mut Socket, table: &str) -> Result<bool, Refusal> {
    let mut ours = 0;
    for family in [Family::Inet, Family::Arp] {
        let mut request = Messages::new();
        request.begin(kind(message::GETTABLE), 0, &header(family));
        for reply in socket.dump(&mut request)? {
            let body = reply.body.get(NFGEN..).unwrap_or_default();
            let all = || attributes(body);
            let named = all().any(|a| a.kind == TABLE_NAME && a.text() == table);
            let data = all().find(|a| a.kind == TABLE_USERDATA).and_then(|a| a.net64());
            if named && data == Some(skeleton_fingerprint()) {
                ours += 1;
            }
        }
    }
    Ok(ours == 2 && skeleton_is_whole(socket, table)?)
}

/// How often a set is read again that changes its shape meanwhile.
const ATTEMPTS: usize = 20;

/// The elements of a set, sorted as in a plan.
///
/// A large hash set that grew or shrank is moved to a table of another size later on; a reader that meets the move sees
/// elements twice, and others not at all. Such a reading is thrown away.
pub(crate) fn elements(socket: &mut Socket, table: &str, set: SetId) -> Result<Vec<Element>, Refusal> {
    let mut found = read_once(socket, table, set)?;
    for _ in 1..ATTEMPTS {
        let before = found.len();
        found.dedup();
        if found.len() == before {
            break;
        }
        found = read_once(socket, table, set)?;
    }
    found.dedup();
    Ok(found)
}

fn read_once(socket: &mut Socket, table: &str, set: SetId) -> Result<Vec<Element>, Refusal> {
    let mut found = Vec::new();
    dump(socket, table, set, |raw| {
        let key = key_at(raw, &[KEY, DATA_VALUE])?;
        let end = key_at(raw, &[KEY_END, DATA_VALUE]);
        let datum = match set.kind() {
            SetKind::Chains(_) => chain_at(raw),
            _ => key_at(raw, &[DATA, DATA_VALUE]),
        };
        found.push(Element { key, end, datum });
        Some(())
    })?;
    found.sort_unstable();
    Ok(found)
}

/// The counters of a set's elements.
pub(crate) fn counted(socket: &mut Socket, table: &str, set: SetId) -> Result<Vec<CountedElement>, Refusal> {
    let mut found = Vec::new();
    dump(socket, table, set, |raw| {
        let key = key_at(raw, &[KEY, DATA_VALUE])?;
        let mut counts = Counts::default();
        let data = nested(raw, &[ELEMENT_EXPRESSION, EXPRESSION_DATA]).unwrap_or_default();
        for attribute in attributes(data) {
            match attribute.kind {
                COUNTER_BYTES => counts.bytes = attribute.net64()?,
                COUNTER_PACKETS => counts.packets = attribute.net64()?,
                _ => {}
            }
        }
        found.push(CountedElement { key, counts });
        Some(())
    })?;
    Ok(found)
}

/// The number of the chain that an element leads to.
fn chain_at(raw: &[u8]) -> Option<Key> {
    let verdict = nested(raw, &[DATA, DATA_VERDICT])?;
    let chain = attributes(verdict).find(|attribute| attribute.kind == VERDICT_CHAIN)?;
    Some(Key::new().native(ChainId::by_name(&chain.text())?.number))
}

/// The chains of ACLs and NSGs. One that lost a rule, or got one from somebody else, has a fingerprint that no plan
/// has.
pub(crate) fn chains(socket: &mut Socket, table: &str) -> Result<BTreeMap<ChainId, RuleChain>, Refusal> {
    let mut request = Messages::new();
    request.begin(kind(message::GETRULE), 0, &header(Family::Inet)).text(RULE_TABLE, table);
    let mut notes: BTreeMap<ChainId, Vec<Vec<u8>>> = BTreeMap::new();
    for reply in socket.dump(&mut request)? {
        let body = reply.body.get(NFGEN..).unwrap_or_default();
        let chain = attributes(body).find(|attribute| attribute.kind == RULE_CHAIN);
        if let Some(id) = chain.and_then(|name| ChainId::by_name(&name.text())) {
            let note = attributes(body).find(|attribute| attribute.kind == RULE_USERDATA);
            notes.entry(id).or_default().push(note.map(|note| note.value.to_vec()).unwrap_or_default());
        }
    }
    let judge = |notes: Vec<Vec<u8>>| {
        let first = notes.first().and_then(|note| note.get(..8)?.try_into().ok());
        let fingerprint = first.map(u64::from_be_bytes).filter(|fingerprint| {
            let whole = chain_note(*fingerprint, notes.len());
            notes.iter().all(|note| *note == whole)
        });
        RuleChain { fingerprint: fingerprint.unwrap_or(0), rules: Vec::new() }
    };
    Ok(notes.into_iter().map(|(id, notes)| (id, judge(notes))).collect())
}

fn key_at(raw: &[u8], path: &[u16]) -> Option<Key> {
    nested(raw, path).and_then(Key::from_bytes)
}

fn dump(
    socket: &mut Socket,
    table: &str,
    set: SetId,
    mut each: impl FnMut(&[u8]) -> Option<()>,
) -> Result<(), Refusal> {
    let mut request = Messages::new();
    request
        .begin(kind(message::GETSETELEM), 0, &header(Family::of(set)))
        .text(LIST_TABLE, table)
        .text(LIST_SET, set.name());
    for reply in socket.dump(&mut request)? {
        let body = reply.body.get(NFGEN..).unwrap_or_default();
        for attribute in attributes(nested(body, &[LIST_ELEMENTS]).unwrap_or_default()) {
            if attribute.kind == LIST_ELEMENT {
                // An element without a key would be none of ours.
                let _ours = each(attribute.value);
            }
        }
    }
    Ok(())
}
