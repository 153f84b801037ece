//! Filters: `[?(@.price < 10 && @.kind == 'a')]`.

use super::step::Step;
use super::{Path, Roots, compare, walk};
use crate::Value;
use std::collections::BTreeSet;
use std::sync::Arc;

/// A condition on one item.
#[derive(Clone, Debug)]
pub(super) enum Filter {
    All(Vec<Filter>),
    Any(Vec<Filter>),
    Not(Box<Filter>),
    /// The path leads somewhere.
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

/// One side of a comparison.
#[derive(Clone, Debug)]
pub(super) enum Operand {
    /// `@` and steps.
    Item(Box<[Step]>),
    /// `$…`
    Path(Path),
    Literal(Value),
    /// `/…/` with the flag `i`.
    Pattern(Arc<Pattern>),
}

/// A regular expression.
#[derive(Debug)]
pub(super) struct Pattern {
    pub(super) regex: fancy_regex::Regex,
    /// What a match costs in visits besides its text.
    pub(super) cost: usize,
    /// Bytes of text that cost as much as a visit.
    pub(super) speed: usize,
}

/// Steps a pattern with look-arounds or back references may take for one text.
pub(super) const MOST_STEPS: usize = 20_000;
/// Bytes a pattern may take when it is compiled.
pub(super) const LARGEST_PATTERN: usize = 256 << 10;

impl Pattern {
    /// `text`: as it is written.
    pub(super) fn new(regex: fancy_regex::Regex, text: &str) -> Pattern {
        let backs =
            text.as_bytes().windows(2).any(|pair| pair[0] == b'\\' && (b'1'..=b'9').contains(&pair[1]));
        let is_hard =
            backs || ["(?=", "(?!", "(?<", "(?>", "++", "*+", "?+"].iter().any(|sign| text.contains(sign));
        // Counted repetitions make automata of a thousand states, which may be walked through for every byte.
        let speed = if text.contains('{') { 1 } else { 16 };
        Pattern { regex, cost: if is_hard { 200 } else { 1 }, speed }
    }
}

/// Operators between two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Matches,
    In,
    NotIn,
    Contains,
    All,
    Size,
    Empty,
    SubsetOf,
    AnyOf,
    NoneOf,
}

impl Filter {
    pub(super) fn variables(&self, found: &mut BTreeSet<Arc<str>>) {
        match self {
            Filter::All(parts) | Filter::Any(parts) => parts.iter().for_each(|part| part.variables(found)),
            Filter::Not(part) => part.variables(found),
            Filter::Exists(operand) => operand.variables(found),
            Filter::Compare(left, _, right) => {
                left.variables(found);
                right.variables(found);
            }
        }
    }

    /// Whether it holds for an item. `work` is the budget of the whole read; see [`walk::Work`].
    pub(super) fn accepts(
        &self,
        item: &Value,
        roots: &Roots<'_>,
        work: &mut walk::Work<'_>,
    ) -> Result<bool, String> {
        Ok(match self {
            Filter::All(parts) => {
                for part in parts {
                    if !part.accepts(item, roots, work)? {
                        return Ok(false);
                    }
                }
                true
            }
            Filter::Any(parts) => {
                for part in parts {
                    if part.accepts(item, roots, work)? {
                        return Ok(true);
                    }
                }
                false
            }
            Filter::Not(part) => !part.accepts(item, roots, work)?,
            Filter::Exists(operand) => operand.value(item, roots, work)?.is_some(),
            Filter::Compare(left, operator, right) => {
                let left = left.value(item, roots, work)?;
                if let Operand::Pattern(pattern) = right {
                    return compare::matches(left.as_ref(), pattern, work);
                }
                let right = right.value(item, roots, work)?;
                compare::charge(left.as_ref(), *operator, right.as_ref(), work)?;
                compare::holds(left.as_ref(), *operator, right.as_ref())
            }
        })
    }
}

impl Operand {
    fn variables(&self, found: &mut BTreeSet<Arc<str>>) {
        match self {
            Operand::Item(steps) => steps.iter().for_each(|step| step.variables(found)),
            Operand::Path(path) => path.variables(found),
            Operand::Literal(_) | Operand::Pattern(_) => (),
        }
    }

    /// `None` where a path leads nowhere.
    fn value(
        &self,
        item: &Value,
        roots: &Roots<'_>,
        work: &mut walk::Work<'_>,
    ) -> Result<Option<Value>, String> {
        work.spend(1)?;
        match self {
            Operand::Literal(value) => Ok(Some(value.clone())),
            Operand::Pattern(_) => Ok(None),
            Operand::Item(steps) => walk::find(steps, item, roots, work),
            Operand::Path(path) => match path.start(roots) {
                Some(start) => walk::find(&path.steps, &start, roots, work),
                None => Ok(None),
            },
        }
    }
}
