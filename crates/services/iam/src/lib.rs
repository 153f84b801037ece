//! Meaning of the IAM operations, and the key ring and authoriser that the gateway stands on.
#![forbid(unsafe_code)]

mod keys;
mod rights;

pub use keys::{Keys, ensure_root_key};
pub use rights::Rights;

use contracts::{Platform, ServiceTable};

/// The built operations of IAM.
pub fn table(_platform: Platform) -> ServiceTable {
    ServiceTable::new(&api_iam::SERVICE)
}
