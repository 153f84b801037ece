//! Tables of rules, and the few lines of one that matter for an object: a table has up to fifty lines, an object half a
//! dozen members.

use super::field::{Line, Need, Rule};
use crate::text::{Node, mark};

/// The rules of a role.
pub(super) struct Table {
    lines: &'static [Line],
    /// For each place of a [`mark`]'s bit: which lines are of fields with such names, one bit a line.
    by_mark: [u64; 64],
    /// The lines that say something of an object without the field, too.
    always: u64,
}

impl Table {
    pub(super) const fn of(lines: &'static [Line]) -> Table {
        assert!(lines.len() <= 64, "one bit a line");
        let (mut by_mark, mut always) = ([0; 64], 0);
        let mut at = 0;
        while at < lines.len() {
            match &lines[at].rule {
                Rule::Field(field) => {
                    by_mark[mark(field.name).trailing_zeros() as usize] |= 1 << at;
                    if matches!(field.need, Need::Must) {
                        always |= 1 << at;
                    }
                }
                Rule::OneOf(_) | Rule::OnlyOneOf(_) => always |= 1 << at,
            }
            at += 1;
        }
        Table { lines, by_mark, always }
    }

    /// The lines of fields whose names may be this one.
    pub(super) fn of_name(&self, name: &str) -> impl Iterator<Item = &'static Line> + use<> {
        self.picked(self.with_mark(name))
    }

    /// The lines that may say something of an object.
    pub(super) fn of_object(&self, node: &Node) -> impl Iterator<Item = &'static Line> + use<> {
        let there = node.members().iter().fold(0, |there, (key, _)| there | self.with_mark(&key.name));
        self.picked(self.always | there)
    }

    fn with_mark(&self, name: &str) -> u64 {
        self.by_mark[mark(name).trailing_zeros() as usize % 64]
    }

    /// Lines in their order, one bit each.
    fn picked(&self, mut bits: u64) -> impl Iterator<Item = &'static Line> + use<> {
        let lines = self.lines;
        std::iter::from_fn(move || {
            let line = lines.get(bits.trailing_zeros() as usize);
            bits &= bits.wrapping_sub(1);
            line
        })
    }
}
