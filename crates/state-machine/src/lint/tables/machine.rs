//! Machines and the smaller machines inside Parallel states.

use crate::lint::field::{Line, Type, may, must};
use crate::lint::role::Role;

pub(super) const LANGUAGES: &[&str] = &["JSONPath", "JSONata"];

pub(super) const STATE_MACHINE: &[Line] = &[
    must("States", Type::Object).each(Role::State).both(),
    must("StartAt", Type::String).both(),
    may("Comment", Type::String).both(),
    may("Version", Type::String).both(),
    may("TimeoutSeconds", Type::Integer).positive().below(99_999_999).both(),
    may("QueryLanguage", Type::String).either(LANGUAGES).today(),
];

pub(super) const BRANCH: &[Line] = &[
    must("States", Type::Object).each(Role::State).both(),
    must("StartAt", Type::String).both(),
    may("Comment", Type::String).both(),
];
