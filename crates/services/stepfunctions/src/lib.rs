//! Meaning of the stepfunctions operations.
#![forbid(unsafe_code)]

use contracts::{Platform, ServiceTable};

/// The built operations.
pub fn table(_platform: Platform) -> ServiceTable {
    ServiceTable::new(&api_stepfunctions::SERVICE)
}
