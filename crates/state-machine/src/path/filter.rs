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
    Pattern(Arc<fancy_regex::Regex>),
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
        work: &mut walk::Work,
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
                    return Ok(compare::matches(left.as_ref(), pattern));
                }
                let right = right.value(item, roots, work)?;
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
    fn value(&self, item: &Value, roots: &Roots<'_>, work: &mut walk::Work) -> Result<Option<Value>, String> {
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
