//! What is checked of a definition before it is taken.

use crate::faults;
use aws_schema::Fault;

/// Bytes of a definition (developer guide, "Service quotas": 1 MB).
const SIZE: usize = 1 << 20;

/// Checks a definition for a machine of this type.
pub(crate) fn check(definition: &str, _express: bool) -> Result<(), Fault> {
    if definition.len() > SIZE {
        return Err(faults::invalid_definition(format_args!(
            "DEFINITION_TOO_LARGE: The definition has {} bytes, more than {SIZE}",
            definition.len()
        )));
    }
    state_machine::text::read(definition)
        .map_err(|error| faults::invalid_definition(format_args!("INVALID_JSON_DESCRIPTION: {error}")))?;
    Ok(())
}
