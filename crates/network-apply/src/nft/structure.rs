//! Tables, sets, chains and rules.

use network_plan::{
    Chain, ChainKind, ChainRule, Field, Hook, SetId, SetKind, arp_skeleton, skeleton, skeleton_fingerprint,
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

const RULE_TABLE: u16 = 1;
const RULE_CHAIN: u16 = 2;
const RULE_EXPRESSIONS: u16 = 4;

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
const DESC_CONCAT: u16 = 2;
const FIELD_LEN: u16 = 1;
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
/// which they may refer to one another; tables of that name go first.
pub(crate) fn replace_tables(batch: &mut Batch, table: &str) {
    let tables = [(Family::Inet, skeleton()), (Family::Arp, arp_skeleton())];
    for (family, chains) in tables {
        // Creating a table that exists is no error, deleting one that does not is.
        add_table(batch, family, table, 0);
        delete_table(batch, family, table);
        add_table(batch, family, table, skeleton_fingerprint());
        for (set, id) in SetId::ALL.into_iter().zip(1..) {
            if Family::of(set) == family {
                add_set(batch, table, set, id);
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

/// Creates a set or map. `id` is a number unique in the transaction.
pub(crate) fn add_set(batch: &mut Batch, table: &str, set: SetId, id: u32) {
    let fields = set.fields();
    let mut flags = if fields.len() > 1 { CONCAT } else { 0 };
    let data = match set.kind() {
        SetKind::Hash => None,
        SetKind::Intervals => {
            flags |= INTERVAL;
            None
        }
        SetKind::Map(data) => {
            flags |= MAP;
            Some(data)
        }
    };
    // The type numbers mean something to the `nft` program only; they make its
    // listing readable. Six bits per field.
    let key_type = fields.iter().fold(0, |all, field| all << 6 | type_number(*field));
    let message = batch
        .messages
        .begin(kind(message::NEWSET), CREATE, &header(Family::of(set)))
        .text(SET_TABLE, table)
        .text(SET_NAME, set.name())
        .net32(SET_FLAGS, flags)
        .net32(SET_KEY_TYPE, key_type)
        .net32(SET_KEY_LEN, u32::try_from(set.key_len()).unwrap_or(u32::MAX))
        .net32(SET_ID, id);
    if let Some(data) = data {
        message.net32(SET_DATA_TYPE, type_number(data)).net32(SET_DATA_LEN, len32(data));
    }
    if fields.len() > 1 {
        message.nest(SET_DESC, |desc| {
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
    batch
        .messages
        .begin(kind(message::NEWRULE), CREATE | APPEND, &header(family))
        .text(RULE_TABLE, table)
        .text(RULE_CHAIN, chain)
        .nest(RULE_EXPRESSIONS, |list| {
            for one in &rule.body {
                list.nest(LIST_ELEMENT, |item| expression(item, one));
            }
        });
    batch.step(|| format!("add a rule to chain {chain}"));
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
