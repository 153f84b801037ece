//! The limits of one shape against one value.

use crate::shape::{Kind, Shape};

/// What of a value the limits speak of.
pub(super) enum Measure<'v> {
    /// A value without limits.
    None,
    Integer(i64),
    Float(f64),
    Text(&'v str),
    Bytes(usize),
    /// Items or entries.
    Count(usize),
}

impl Measure<'_> {
    pub(super) fn shown(&self) -> String {
        match self {
            Measure::None | Measure::Count(_) => String::new(),
            Measure::Integer(value) => value.to_string(),
            Measure::Float(value) => value.to_string(),
            Measure::Text(text) => (*text).to_owned(),
            Measure::Bytes(count) => format!("{count} bytes"),
        }
    }
}

fn at_most(shape: &Shape, max: i64) -> String {
    let what = if is_number(shape.kind) { "value" } else { "length" };
    format!("Member must have {what} less than or equal to {max}")
}

fn at_least(shape: &Shape, min: i64) -> String {
    let what = if is_number(shape.kind) { "value" } else { "length" };
    format!("Member must have {what} greater than or equal to {min}")
}

fn one_of(shape: &Shape) -> String {
    format!("Member must satisfy enum value set: [{}]", shape.values.join(", "))
}

fn is_number(kind: Kind) -> bool {
    matches!(kind, Kind::Integer | Kind::Long | Kind::Float | Kind::Double)
}

/// The limits of `shape` that a value of this measure breaks; none allocates when all hold.
#[allow(clippy::cast_precision_loss)] // limits are small
pub(super) fn broken(shape: &Shape, measure: &Measure<'_>) -> Vec<String> {
    let limits = &shape.limits;
    if limits.min.is_none() && limits.max.is_none() && shape.values.is_empty() {
        return Vec::new();
    }
    let length = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let (over, under) = match *measure {
        Measure::None => (false, false),
        Measure::Float(value) => (
            limits.max.is_some_and(|max| value > max as f64),
            limits.min.is_some_and(|min| value < min as f64),
        ),
        Measure::Integer(size) => {
            (limits.max.is_some_and(|max| size > max), limits.min.is_some_and(|min| size < min))
        }
        Measure::Bytes(count) | Measure::Count(count) => (
            limits.max.is_some_and(|max| length(count) > max),
            limits.min.is_some_and(|min| length(count) < min),
        ),
        Measure::Text(text) => {
            // Bytes are never fewer than characters: most texts need no counting.
            let count = || length(text.chars().count());
            let over = limits.max.is_some_and(|max| length(text.len()) > max && count() > max);
            (over, limits.min.is_some_and(|min| count() < min))
        }
    };
    let mut broken = Vec::new();
    broken.extend(limits.max.filter(|_| over).map(|max| at_most(shape, max)));
    broken.extend(limits.min.filter(|_| under).map(|min| at_least(shape, min)));
    if let Measure::Text(text) = measure
        && !shape.values.is_empty()
        && !shape.values.contains(text)
    {
        broken.push(one_of(shape));
    }
    broken
}

/// All limits of a shape, as AWS lists them when an item of a list breaks one.
pub(super) fn rules(shape: &Shape) -> Vec<String> {
    let mut rules = Vec::new();
    rules.extend(shape.limits.max.map(|max| at_most(shape, max)));
    rules.extend(shape.limits.min.map(|min| at_least(shape, min)));
    rules.extend(
        shape
            .limits
            .pattern
            .map(|pattern| format!("Member must satisfy regular expression pattern: {pattern}")),
    );
    if !shape.values.is_empty() {
        rules.push(one_of(shape));
    }
    rules
}
