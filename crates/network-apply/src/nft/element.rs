//! Adding and deleting set elements.

use network_plan::{ChainId, Element, SetId, SetKind};

use super::expression::jump;
use super::{Batch, CREATE, DATA_VALUE, Family, LIST_ELEMENT, header, kind, message};
use crate::netlink::Messages;

pub(super) const LIST_TABLE: u16 = 1;
pub(super) const LIST_SET: u16 = 2;
pub(super) const LIST_ELEMENTS: u16 = 3;
pub(super) const KEY: u16 = 1;
pub(super) const DATA: u16 = 2;
pub(super) const KEY_END: u16 = 10;

/// How many elements go into one message: the list attribute's length field has
/// 16 bits, and an element takes at most 120 bytes.
const PER_MESSAGE: usize = 500;

/// Adds elements; those that are there already stay as they are.
pub(crate) fn add_elements(batch: &mut Batch, table: &str, set: SetId, elements: &[Element]) {
    write(batch, table, set, elements, message::NEWSETELEM, CREATE);
}

/// Deletes elements; refused if one of them is missing.
pub(crate) fn delete_elements(batch: &mut Batch, table: &str, set: SetId, elements: &[Element]) {
    write(batch, table, set, elements, message::DELSETELEM, 0);
}

fn write(batch: &mut Batch, table: &str, set: SetId, elements: &[Element], message: u16, flags: u16) {
    for chunk in elements.chunks(PER_MESSAGE) {
        batch
            .messages
            .begin(kind(message), flags, &header(Family::of(set)))
            .text(LIST_TABLE, table)
            .text(LIST_SET, set.name())
            .nest(LIST_ELEMENTS, |list| {
                for element in chunk {
                    list.nest(LIST_ELEMENT, |one| write_one(one, set, element));
                }
            });
        let verb = if message == message::NEWSETELEM { "add to" } else { "delete from" };
        batch.step(|| format!("{verb} set {} ({} elements)", set.name(), chunk.len()));
    }
}

fn write_one(out: &mut Messages, set: SetId, element: &Element) {
    out.nest(KEY, |key| {
        key.put(DATA_VALUE, element.key.as_bytes());
    });
    if let Some(end) = &element.end {
        out.nest(KEY_END, |key| {
            key.put(DATA_VALUE, end.as_bytes());
        });
    }
    if let Some(datum) = &element.datum {
        out.nest(DATA, |data| match set.kind() {
            SetKind::Chains(list) => {
                let number = datum.read_native(0).unwrap_or_default();
                jump(data, &ChainId { list, number }.name());
            }
            _ => {
                data.put(DATA_VALUE, datum.as_bytes());
            }
        });
    }
}
