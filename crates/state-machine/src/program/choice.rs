//! Rules of Choice states (Amazon States Language, "Choice State").

use crate::path::Path;
use crate::template::Template;
use crate::value::Value;
use std::cmp::Ordering;
use std::sync::Arc;

/// A rule.
#[derive(Debug)]
pub enum Rule {
    /// `And`.
    And(Box<[Rule]>),
    /// `Or`.
    Or(Box<[Rule]>),
    /// `Not`.
    Not(Box<Rule>),
    /// `Variable` and a comparison.
    Test(Path, Test),
    /// `Condition`: a JSONata expression, or a truth value as written.
    Condition(Template),
}

/// A comparison.
#[derive(Debug)]
pub enum Test {
    /// `StringEquals` … `TimestampGreaterThanEqualsPath`: the kind of value, the orders that make it true, the other side.
    Compare(Family, &'static [Ordering], Operand),
    /// `StringMatches`.
    Matches(Arc<str>),
    /// `IsNull`, `IsString`, …, and whether it shall be so.
    Is(Kind, bool),
}

/// The other side of a comparison.
#[derive(Debug)]
pub enum Operand {
    /// As written.
    Fixed(Value),
    /// By a path.
    Found(Path),
}

/// What kind of values are compared; others are never equal nor less nor greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Texts by their UTF-16 order, as Java compares.
    String,
    /// Numbers.
    Numeric,
    /// Truth values; only for equality.
    Boolean,
    /// Texts that are timestamps, by the time they mean.
    Timestamp,
}

/// Kinds that `Is…` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names of the language")]
pub enum Kind {
    Null,
    Present,
    Numeric,
    String,
    Boolean,
    Timestamp,
}

const EQUAL: &[Ordering] = &[Ordering::Equal];
const LESS: &[Ordering] = &[Ordering::Less];
const GREATER: &[Ordering] = &[Ordering::Greater];
const LESS_EQUAL: &[Ordering] = &[Ordering::Less, Ordering::Equal];
const GREATER_EQUAL: &[Ordering] = &[Ordering::Greater, Ordering::Equal];

/// Takes the name of a comparison apart: kind, orders, and whether the other side is a path.
pub(super) fn comparison(name: &str) -> Option<(Family, &'static [Ordering], bool)> {
    let (name, path) = name.strip_suffix("Path").map_or((name, false), |name| (name, true));
    let families = [
        ("String", Family::String),
        ("Numeric", Family::Numeric),
        ("Boolean", Family::Boolean),
        ("Timestamp", Family::Timestamp),
    ];
    let (rest, family) =
        families.iter().find_map(|(prefix, family)| Some((name.strip_prefix(prefix)?, *family)))?;
    let orders = match rest {
        "Equals" => EQUAL,
        "LessThan" => LESS,
        "GreaterThan" => GREATER,
        "LessThanEquals" => LESS_EQUAL,
        "GreaterThanEquals" => GREATER_EQUAL,
        _ => return None,
    };
    (family != Family::Boolean || rest == "Equals").then_some((family, orders, path))
}

/// The kind an `Is…` asks for.
pub(super) fn kind(name: &str) -> Option<Kind> {
    Some(match name {
        "IsNull" => Kind::Null,
        "IsPresent" => Kind::Present,
        "IsNumeric" => Kind::Numeric,
        "IsString" => Kind::String,
        "IsBoolean" => Kind::Boolean,
        "IsTimestamp" => Kind::Timestamp,
        _ => return None,
    })
}
