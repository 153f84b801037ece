//! What all states have, and the states that are not Choice and Map.

use super::machine::LANGUAGES;
use crate::lint::field::{Type, may, must, must_not, one_of, only_one_of};
use crate::lint::role::Role;
use crate::lint::table::Table;

const TYPES: &[&str] = &["Pass", "Succeed", "Fail", "Task", "Choice", "Wait", "Parallel", "Map"];
const ENDLESS: &[Role] = &[Role::TerminalState, Role::ChoiceState];

pub(super) static STATE: Table = Table::of(&[
    must("Type", Type::String).either(TYPES).both(),
    may("Comment", Type::String).both(),
    must("Next", Type::String).unless(ENDLESS).both(),
    may("InputPath", Type::Any).jsonpath().both(),
    may("OutputPath", Type::Any).jsonpath().both(),
    may("QueryLanguage", Type::String).either(LANGUAGES).today(),
]);

pub(super) static TERMINAL: Table = Table::of(&[must_not("Next").both()]);

pub(super) static PASS: Table = Table::of(&[
    may("End", Type::Boolean).both(),
    may("Parameters", Type::Any).data().jsonpath().both(),
    may("ResultPath", Type::ReferencePath).nullable().jsonpath().both(),
    may("Result", Type::Any).data().jsonpath().both(),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);

pub(super) static SUCCEED: Table = Table::of(&[may("Output", Type::Any).data().jsonata().today()]);

pub(super) static FAIL: Table = Table::of(&[
    must_not("InputPath").both(),
    must_not("OutputPath").both(),
    may("Cause", Type::String).both(),
    may("CausePath", Type::Any).jsonpath().both(),
    only_one_of(&["Cause", "CausePath"]),
    may("Error", Type::String).both(),
    may("ErrorPath", Type::Any).jsonpath().both(),
    only_one_of(&["Error", "ErrorPath"]),
]);

pub(super) static TASK: Table = Table::of(&[
    may("End", Type::Boolean).both(),
    may("Parameters", Type::Any).data().jsonpath().both(),
    may("ResultPath", Type::ReferencePath).nullable().jsonpath().both(),
    may("ResultSelector", Type::Any).data().jsonpath().both(),
    may("Retry", Type::Object).list().each(Role::Retrier).both(),
    must("Resource", Type::Uri).both(),
    may("TimeoutSeconds", Type::Integer).positive().below(99_999_999).or_expression().both(),
    may("HeartbeatSeconds", Type::Integer).positive().below(99_999_999).or_expression().both(),
    may("TimeoutSecondsPath", Type::ReferencePath).jsonpath().both(),
    may("HeartbeatSecondsPath", Type::ReferencePath).jsonpath().both(),
    only_one_of(&["TimeoutSeconds", "TimeoutSecondsPath"]),
    only_one_of(&["HeartbeatSeconds", "HeartbeatSecondsPath"]),
    may("Credentials", Type::Object).data().both(),
    may("Catch", Type::Object).list().each(Role::Catcher).both(),
    may("Arguments", Type::Any).data().jsonata().today(),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);

pub(super) static WAIT: Table = Table::of(&[
    may("End", Type::Boolean).both(),
    // The real service lets a Wait state wait no time at all.
    may("Seconds", Type::Integer).positive().statelint(),
    may("Seconds", Type::Integer).nonnegative().at_most(99_999_999).or_expression().today(),
    may("SecondsPath", Type::ReferencePath).jsonpath().both(),
    may("Timestamp", Type::Timestamp).or_expression().both(),
    may("TimestampPath", Type::ReferencePath).jsonpath().both(),
    only_one_of(&["Seconds", "SecondsPath", "Timestamp", "TimestampPath"]),
    one_of(&["Seconds", "SecondsPath", "Timestamp", "TimestampPath"]),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);

pub(super) static PARALLEL: Table = Table::of(&[
    may("End", Type::Boolean).both(),
    may("Parameters", Type::Any).data().jsonpath().both(),
    may("ResultPath", Type::ReferencePath).nullable().jsonpath().both(),
    may("ResultSelector", Type::Any).data().jsonpath().both(),
    may("Retry", Type::Object).list().each(Role::Retrier).both(),
    may("Catch", Type::Object).list().each(Role::Catcher).both(),
    must("Branches", Type::Object).list().each(Role::Branch).both(),
    may("Arguments", Type::Any).data().jsonata().today(),
    may("Output", Type::Any).data().jsonata().today(),
    may("Assign", Type::Object).data().or_expression().today(),
]);
