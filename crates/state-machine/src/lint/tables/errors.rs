//! Retry and Catch.

use crate::lint::field::{Type, may, must};
use crate::lint::table::Table;

pub(super) static RETRIER: Table = Table::of(&[
    must("ErrorEquals", Type::String).nonempty_list().both(),
    may("IntervalSeconds", Type::Integer).positive().both(),
    may("MaxAttempts", Type::Integer).nonnegative().below(99_999_999).both(),
    // statelint refuses a whole number here; nobody else does.
    may("BackoffRate", Type::Float).at_least(1.0).statelint(),
    may("BackoffRate", Type::Numeric).at_least(1.0).today(),
    may("MaxDelaySeconds", Type::Integer).positive().both(),
    may("JitterStrategy", Type::String).either(&["FULL", "NONE"]).both(),
    may("Comment", Type::String).today(),
]);

pub(super) static CATCHER: Table = Table::of(&[
    must("ErrorEquals", Type::String).nonempty_list().both(),
    must("Next", Type::String).both(),
    may("ResultPath", Type::ReferencePath).nullable().jsonpath().both(),
    may("Comment", Type::String).both(),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);
