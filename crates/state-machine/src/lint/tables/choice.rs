//! Choice states and their rules.
//!
//! statelint tells rules from nested rules: only the outer ones name the next state.

use crate::lint::field::{Type, may, must, must_not, one_of};
use crate::lint::role::Role;
use crate::lint::table::Table;

/// The comparisons of JSONPath rules.
pub(super) const OPERATORS: &[&str] = &[
    "StringEquals",
    "StringLessThan",
    "StringGreaterThan",
    "StringLessThanEquals",
    "StringGreaterThanEquals",
    "NumericEquals",
    "NumericLessThan",
    "NumericGreaterThan",
    "NumericLessThanEquals",
    "NumericGreaterThanEquals",
    "BooleanEquals",
    "TimestampEquals",
    "TimestampLessThan",
    "TimestampGreaterThan",
    "TimestampLessThanEquals",
    "TimestampGreaterThanEquals",
    "StringEqualsPath",
    "StringLessThanPath",
    "StringGreaterThanPath",
    "StringLessThanEqualsPath",
    "StringGreaterThanEqualsPath",
    "NumericEqualsPath",
    "NumericLessThanPath",
    "NumericGreaterThanPath",
    "NumericLessThanEqualsPath",
    "NumericGreaterThanEqualsPath",
    "BooleanEqualsPath",
    "TimestampEqualsPath",
    "TimestampLessThanPath",
    "TimestampGreaterThanPath",
    "TimestampLessThanEqualsPath",
    "TimestampGreaterThanEqualsPath",
    "IsNull",
    "IsPresent",
    "IsNumeric",
    "IsString",
    "IsBoolean",
    "IsTimestamp",
    "StringMatches",
];

const LOGIC: &[&str] = &["Variable", "And", "Or", "Not"];

pub(super) static CHOICE: Table = Table::of(&[
    must("Choices", Type::Object).nonempty_list().each(Role::ChoiceRule).both(),
    must_not("Next").both(),
    must_not("End").both(),
    may("Default", Type::String).both(),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);

pub(super) static RULE: Table = Table::of(&[
    may("And", Type::Object).nonempty_list().each(Role::NestedRule).jsonpath().both(),
    may("Or", Type::Object).nonempty_list().each(Role::NestedRule).jsonpath().both(),
    may("Not", Type::Object).is(Role::NestedRule).jsonpath().both(),
    must("Next", Type::String).both(),
    may("Variable", Type::Any).jsonpath().both(),
    may("Comment", Type::String).both(),
    must("Condition", Type::Boolean).jsonata().today(),
    one_of(LOGIC).only_today().in_jsonpath(),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);

pub(super) static NESTED_RULE: Table = Table::of(&[
    may("And", Type::Object).nonempty_list().each(Role::NestedRule).jsonpath().both(),
    may("Or", Type::Object).nonempty_list().each(Role::NestedRule).jsonpath().both(),
    may("Not", Type::Object).is(Role::NestedRule).jsonpath().both(),
    must_not("Next").both(),
    may("Variable", Type::Any).jsonpath().both(),
    may("Comment", Type::String).both(),
    one_of(LOGIC).only_today().in_jsonpath(),
]);

/// The comparisons, between what stands before and after them in a table.
macro_rules! comparisons {
    ($($before:expr),*) => {
        &[
            $($before,)*
            may("StringEquals", Type::String).jsonpath().both(),
            may("StringLessThan", Type::String).jsonpath().both(),
            may("StringGreaterThan", Type::String).jsonpath().both(),
            may("StringLessThanEquals", Type::String).jsonpath().both(),
            may("StringGreaterThanEquals", Type::String).jsonpath().both(),
            may("NumericEquals", Type::Numeric).jsonpath().both(),
            may("NumericLessThan", Type::Numeric).jsonpath().both(),
            may("NumericGreaterThan", Type::Numeric).jsonpath().both(),
            may("NumericLessThanEquals", Type::Numeric).jsonpath().both(),
            may("NumericGreaterThanEquals", Type::Numeric).jsonpath().both(),
            may("BooleanEquals", Type::Boolean).jsonpath().both(),
            may("TimestampEquals", Type::Timestamp).jsonpath().both(),
            may("TimestampLessThan", Type::Timestamp).jsonpath().both(),
            may("TimestampGreaterThan", Type::Timestamp).jsonpath().both(),
            may("TimestampLessThanEquals", Type::Timestamp).jsonpath().both(),
            may("TimestampGreaterThanEquals", Type::Timestamp).jsonpath().both(),
            may("IsNull", Type::Boolean).jsonpath().both(),
            may("IsPresent", Type::Boolean).jsonpath().both(),
            may("IsNumeric", Type::Boolean).jsonpath().both(),
            may("IsString", Type::Boolean).jsonpath().both(),
            may("IsBoolean", Type::Boolean).jsonpath().both(),
            may("IsTimestamp", Type::Boolean).jsonpath().both(),
            may("StringMatches", Type::String).jsonpath().both(),
            may("StringEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("StringLessThanPath", Type::ReferencePath).jsonpath().both(),
            may("StringGreaterThanPath", Type::ReferencePath).jsonpath().both(),
            may("StringLessThanEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("StringGreaterThanEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("NumericEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("NumericLessThanPath", Type::ReferencePath).jsonpath().both(),
            may("NumericGreaterThanPath", Type::ReferencePath).jsonpath().both(),
            may("NumericLessThanEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("NumericGreaterThanEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("BooleanEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("TimestampEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("TimestampLessThanPath", Type::ReferencePath).jsonpath().both(),
            may("TimestampGreaterThanPath", Type::ReferencePath).jsonpath().both(),
            may("TimestampLessThanEqualsPath", Type::ReferencePath).jsonpath().both(),
            may("TimestampGreaterThanEqualsPath", Type::ReferencePath).jsonpath().both(),
            must_not("And").both(),
            must_not("Or").both(),
            must_not("Not").both(),
        ]
    };
}

pub(super) static COMPARISON: Table = Table::of(comparisons!(one_of(OPERATORS)));

// That a nested comparison has to compare something is a rule of ours: statelint does not look.
pub(super) static NESTED_COMPARISON: Table = Table::of(comparisons!(one_of(OPERATORS).only_today()));
