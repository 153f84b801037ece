//! What is checked of a definition before it is taken.

use crate::faults;
use aws_schema::Fault;
use state_machine::lint::{self, MachineKind};
use state_machine::{references, text};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Checks a definition for a machine of this type: everything for which the real service refuses it, in its words.
pub(crate) fn check(definition: &str, express: bool) -> Result<(), Fault> {
    let kind = if express { MachineKind::Express } else { MachineKind::Standard };
    match lint::reasons(&lint::validate(definition, kind)) {
        Some(reasons) => Err(faults::invalid_definition(reasons)),
        None => Ok(()),
    }
}

/// The variables that states refer to, by state name; nothing where there are none.
pub(crate) fn variable_references(definition: &str) -> Option<BTreeMap<String, Vec<String>>> {
    let node = text::read(definition).ok()?;
    let found = references::variable_references(&node);
    let show = |names: BTreeSet<_>| names.iter().map(|name: &Arc<str>| name.to_string()).collect();
    let shown: BTreeMap<_, _> =
        found.into_iter().map(|(state, names)| (state.to_string(), show(names))).collect();
    (!shown.is_empty()).then_some(shown)
}
