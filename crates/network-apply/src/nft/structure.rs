//! Tables, sets, chains and rules.

use network_plan::{
    Chain, ChainId, ChainKind, ChainRule, Field, Hook, NatPlan, RuleChain, SetId, SetKind, arp_skeleton,
    nat_skeleton, skeleton, skeleton_fingerprint,
};

use super::expression::{counter, expression};
use super::{APPEND, Batch, CREATE, Family, LIST_ELEMENT, header, kind, message};

const TABLE_NAME: u16 = 1;
const TABLE_USERDATA: u16 = 6;

const CHAIN_TABLE: u16 = 1;
const CHAIN_NAME: u16 = 3;
const CHAIN_HOOK: u16 = 4;
const CHAIN_POLICY: u16 = 5;
const CHAIN_TYPE: u16 = 7;
const HOOK_NUMBER: u16 = 1;
const HOOK_PRIORITY: u16 = 2;

pub(super) const RULE_TABLE: u16 = 1;
pub(super) const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;
pub(super) const RULE_USERDATA: u16 = 7;

const SET_TABLE: u16 = 1;
const SET_NAME: u16 = 2;
const SET_FLAGS: u16 = 3;
const SET_KEY_TYPE: u16 = 4;
const SET_KEY_LEN: u16 = 5;
const SET_DATA_TYPE: u16 = 6;
const SET_DATA_LEN: u16 = 7;
const SET_DESC: u16 = 9;
const SET_ID: u16 = 10;
const SET_EXPRESSION: u16 = 17;
const DESC_SIZE: u16 = 1;
const DESC_CONCAT: u16 = 2;
const FIELD_LEN: u16 = 1;
/// `NFT_DATA_VERDICT`: the data type of a map of chains.
const VERDICTS: u32 = 0xffff_ff00;
/// `NFT_SET_INTERVAL`, `NFT_SET_MAP`, `NFT_SET_CONCAT`.
const INTERVAL: u32 = 0x4;
const MAP: u32 = 0x8;
const CONCAT: u32 = 0x80;

/// Creates a table; `fingerprint` is kept with it.
pub(crate) fn add_table(batch: &mut Batch, family: Family, table: &str, fingerprint: u64) {
    batch
        .messages
        .begin(kind(message::NEWTABLE), CREATE, &header(family))
        .text(TABLE_NAME, table)
        .put(TABLE_USERDATA, &fingerprint.to_be_bytes());
    batch.step(|| format!("create table {table}"));
}

/// Deletes a table with everything in it; refused if there is none.
pub(crate) fn delete_table(batch: &mut Batch, family: Family, table: &str) {
    batch.messages.begin(kind(message::DELTABLE), 0, &header(family)).text(TABLE_NAME, table);
    batch.step(|| format!("delete table {table}"));
}

/// Creates a router's two tables with sets, chains and rules, in the order in
/// which they may refer to one another; tables of that name go first. `most` is how
/// many elements the kernel shall take into one set.
pub(crate) fn replace_tables(batch: &mut Batch, table: &str, most: Option<u32>) {
    let tables = [(Family::Inet, skeleton()), (Family::Arp, arp_skeleton())];
    for (family, chains) in tables {
        // Creating a table that exists is no error, deleting one that does not is. While the transaction is being read
        // others see this one.
        add_table(batch, family, table, skeleton_fingerprint());
        delete_table(batch, family, table);
        add_table(batch, family, table, skeleton_fingerprint());
        for (set, id) in SetId::ALL.into_iter().zip(1..) {
            if Family::of(set) == family {
                add_set(batch, table, set, id, most);
            }
        }
        for chain in chains {
            add_chain(batch, family, table, chain);
        }
        for chain in chains {
            for rule in &chain.rules {
                add_rule(batch, family, table, &chain.name, rule);
            }
        }
    }
}

/// Creates a set or map. `id` is a number unique in the transaction; a set that has `most` elements refuses further ones
/// with `ENFILE`.
pub(crate) fn add_set(batch: &mut Batch, table: &str, set: SetId, id: u32, most: Option<u32>) {
    let fields = set.fields();
    let mut flags = if fields.len() > 1 { CONCAT } else { 0 };
    if set.kind().has_ranges() {
        flags |= INTERVAL;
    }
    if set.kind().has_data() {
        flags |= MAP;
    }
    // The type numbers mean something to the `nft` program only; they make its
    // listing readable. Six bits per field.
    let type_of = |fields: &[Field]| fields.iter().fold(0, |all, field| all << 6 | type_number(*field));
    let message = batch
        .messages
        .begin(kind(message::NEWSET), CREATE, &header(Family::of(set)))
        .text(SET_TABLE, table)
        .text(SET_NAME, set.name())
        .net32(SET_FLAGS, flags)
        .net32(SET_KEY_TYPE, type_of(fields))
        .net32(SET_KEY_LEN, u32::try_from(set.key_len()).unwrap_or(u32::MAX))
        .net32(SET_ID, id);
    match set.kind() {
        SetKind::Hash | SetKind::Intervals => {}
        // Nothing is padded behind the last field; in between, fields start at multiples of four.
        SetKind::Map(data) | SetKind::IntervalMap(data) => {
            let len: usize = match data {
                [one] => one.width(),
                many => many.iter().map(|field| field.padded()).sum(),
            };
            let len = u32::try_from(len).unwrap_or(u32::MAX);
            message.net32(SET_DATA_TYPE, type_of(data)).net32(SET_DATA_LEN, len);
        }
        SetKind::Chains(_) => {
            message.net32(SET_DATA_TYPE, VERDICTS);
        }
    }
    if fields.len() > 1 || most.is_some() {
        message.nest(SET_DESC, |desc| {
            if let Some(most) = most {
                desc.net32(DESC_SIZE, most);
            }
            if fields.len() < 2 {
                return;
            }
            desc.nest(DESC_CONCAT, |concat| {
                for field in fields {
                    concat.nest(LIST_ELEMENT, |one| {
                        one.net32(FIELD_LEN, len32(*field));
                    });
                }
            });
        });
    }
    if set.counted() {
        message.nest(SET_EXPRESSION, counter);
    }
    batch.step(|| format!("create set {}", set.name()));
}

/// Creates an empty chain.
pub(crate) fn add_chain(batch: &mut Batch, family: Family, table: &str, chain: &Chain) {
    let message = batch
        .messages
        .begin(kind(message::NEWCHAIN), CREATE, &header(family))
        .text(CHAIN_TABLE, table)
        .text(CHAIN_NAME, &chain.name);
    let base = match chain.kind {
        ChainKind::Inner => None,
        ChainKind::FilterElseDrop { hook, priority } => Some((hook, priority, "filter", 0)),
        ChainKind::FilterElsePass { hook, priority } => Some((hook, priority, "filter", 1)),
        ChainKind::Nat { hook, priority } => Some((hook, priority, "nat", 1)),
    };
    if let Some((hook, priority, type_name, policy)) = base {
        message
            .nest(CHAIN_HOOK, |inside| {
                inside.net32(HOOK_NUMBER, hook_number(family, hook));
                inside.put(HOOK_PRIORITY, &priority.to_be_bytes());
            })
            .net32(CHAIN_POLICY, policy)
            .text(CHAIN_TYPE, type_name);
    }
    batch.step(|| format!("create chain {}", chain.name));
}

/// Appends a rule to a chain.
pub(crate) fn add_rule(batch: &mut Batch, family: Family, table: &str, chain: &str, rule: &ChainRule) {
    add_noted_rule(batch, family, table, chain, rule, &[]);
}

/// Appends a rule with a note that is read back with it.
pub(super) fn add_noted_rule(
    batch: &mut Batch,
    family: Family,
    table: &str,
    chain: &str,
    rule: &ChainRule,
    note: &[u8],
) {
    let message = batch
        .messages
        .begin(kind(message::NEWRULE), CREATE | APPEND, &header(family))
        .text(RULE_TABLE, table)
        .text(RULE_CHAIN, chain)
        .nest(RULE_EXPRESSIONS, |list| {
            for one in &rule.body {
                list.nest(LIST_ELEMENT, |item| expression(item, one));
            }
        });
    if !note.is_empty() {
        message.put(RULE_USERDATA, note);
    }
    batch.step(|| format!("add a rule to chain {chain}"));
}

/// Makes an ACL's or NSG's chain, or puts these rules in the place of those it has. Every rule carries the chain's
/// fingerprint and the number of rules, so that a later process sees what is missing.
pub(crate) fn put_chain(batch: &mut Batch, table: &str, id: ChainId, chain: &RuleChain) {
    let name = id.name();
    let empty = Chain { name: name.clone(), kind: ChainKind::Inner, rules: Vec::new() };
    add_chain(batch, Family::Inet, table, &empty);
    batch
        .messages
        .begin(kind(message::DELRULE), 0, &header(Family::Inet))
        .text(RULE_TABLE, table)
        .text(RULE_CHAIN, &name);
    batch.step(|| format!("empty chain {name}"));
    let note = chain_note(chain.fingerprint, chain.rules.len());
    for rule in &chain.rules {
        add_noted_rule(batch, Family::Inet, table, &name, rule, &note);
    }
}

/// What every rule of an ACL's or NSG's chain carries.
pub(super) fn chain_note(fingerprint: u64, rules: usize) -> [u8; 12] {
    let mut note = [0; 12];
    note[..8].copy_from_slice(&fingerprint.to_be_bytes());
    note[8..].copy_from_slice(&u32::try_from(rules).unwrap_or(u32::MAX).to_be_bytes());
    note
}

/// Removes an ACL's or NSG's chain with its rules; refused while an element leads there.
pub(crate) fn delete_chain(batch: &mut Batch, table: &str, id: ChainId) {
    let name = id.name();
    batch
        .messages
        .begin(kind(message::DELCHAIN), 0, &header(Family::Inet))
        .text(CHAIN_TABLE, table)
        .text(CHAIN_NAME, &name);
    batch.step(|| format!("delete chain {name}"));
}

/// Creates a NAT gateway's table as its plan wants it; a table of that name goes first. Connections live in the
/// kernel's connection table and do not notice.
pub(crate) fn replace_nat_table(batch: &mut Batch, table: &str, plan: &NatPlan) {
    let family = Family::Inet;
    add_table(batch, family, table, skeleton_fingerprint());
    delete_table(batch, family, table);
    add_table(batch, family, table, skeleton_fingerprint());
    for (set, id) in SetId::NAT.into_iter().zip(1..) {
        add_set(batch, table, set, id, None);
    }
    for chain in nat_skeleton() {
        add_chain(batch, family, table, chain);
        for rule in &chain.rules {
            add_rule(batch, family, table, &chain.name, rule);
        }
    }
    for (set, elements) in &plan.elements {
        super::add_elements(batch, table, *set, elements);
    }
}

/// `enum nf_inet_hooks`; ARP counts by itself (`NF_ARP_IN`, `NF_ARP_OUT`).
const fn hook_number(family: Family, hook: Hook) -> u32 {
    match (family, hook) {
        (Family::Arp, Hook::Output) => 1,
        (Family::Arp, _) | (_, Hook::Prerouting) => 0,
        (_, Hook::Input) => 1,
        (_, Hook::Forward) => 2,
        (_, Hook::Output) => 3,
        (_, Hook::Postrouting) => 4,
    }
}

/// The `nft` program's type numbers (its `enum datatypes`).
const fn type_number(field: Field) -> u32 {
    match field {
        Field::Number | Field::Mark => 19,
        Field::Interface => 20,
        Field::Ipv4 => 7,
        Field::Ipv6 => 8,
        Field::Mac => 9,
        Field::Protocol => 12,
        Field::Port => 13,
    }
}

fn len32(field: Field) -> u32 {
    u32::try_from(field.width()).unwrap_or(u32::MAX)
}
