//! nf_tables over netlink: the skeleton as table, sets, chains and rules, and
//! element deltas. Constants from `linux/netfilter/nf_tables.h`.

mod batch;
mod element;
mod expression;
mod flows;
mod memory;
mod read;
mod structure;
mod whole;

pub(crate) use batch::{Batch, Family};
pub(crate) use element::{add_elements, delete_elements};
#[cfg(test)]
pub(crate) use expression::expression as write_expression;
pub(crate) use flows::forget_flows;
pub(crate) use memory::{Memory, memory, put_memory};
pub(crate) use read::{CountedElement, chains, counted, elements, tables_are_ours};
pub(crate) use structure::{
    add_chain, add_rule, add_set, add_table, delete_chain, delete_table, put_chain, replace_nat_table,
    replace_tables,
};

pub(crate) use whole::count_rules;

/// `NFT_MSG_*`.
mod message {
    pub(super) const NEWTABLE: u16 = 0;
    pub(super) const GETTABLE: u16 = 1;
    pub(super) const DELTABLE: u16 = 2;
    pub(super) const NEWCHAIN: u16 = 3;
    pub(super) const DELCHAIN: u16 = 5;
    pub(super) const NEWRULE: u16 = 6;
    pub(super) const GETRULE: u16 = 7;
    pub(super) const DELRULE: u16 = 8;
    pub(super) const NEWSET: u16 = 9;
    pub(super) const NEWSETELEM: u16 = 12;
    pub(super) const GETSETELEM: u16 = 13;
    pub(super) const DELSETELEM: u16 = 14;
}

/// `NFNL_SUBSYS_NFTABLES`.
const SUBSYSTEM: u16 = 10;
/// `NLM_F_CREATE`.
const CREATE: u16 = 0x400;
/// `NLM_F_APPEND`.
const APPEND: u16 = 0x800;
/// `NFTA_LIST_ELEM`.
const LIST_ELEMENT: u16 = 1;
/// `NFTA_DATA_VALUE`.
const DATA_VALUE: u16 = 1;

/// `struct nfgenmsg`: family, version, resource id.
fn header(family: Family) -> [u8; 4] {
    [family.number(), 0, 0, 0]
}

const fn kind(message: u16) -> u16 {
    SUBSYSTEM << 8 | message
}
