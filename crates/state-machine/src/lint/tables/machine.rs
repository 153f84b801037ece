//! Machines and the smaller machines inside Parallel states.

use crate::lint::field::{Type, may, must};
use crate::lint::role::Role;
use crate::lint::table::Table;

pub(super) const LANGUAGES: &[&str] = &["JSONPath", "JSONata"];

pub(super) static STATE_MACHINE: Table = Table::of(&[
    must("States", Type::Object).each(Role::State).both(),
    must("StartAt", Type::String).both(),
    may("Comment", Type::String).both(),
    may("Version", Type::String).both(),
    may("TimeoutSeconds", Type::Integer).positive().below(99_999_999).both(),
    may("QueryLanguage", Type::String).either(LANGUAGES).today(),
]);

pub(super) static BRANCH: Table = Table::of(&[
    must("States", Type::Object).each(Role::State).both(),
    must("StartAt", Type::String).both(),
    may("Comment", Type::String).both(),
]);
