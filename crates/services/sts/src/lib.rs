//! Meaning of the STS operations, and role sessions for the cloud's own parts.
#![forbid(unsafe_code)]

mod identity;
mod roles;

pub use roles::Roles;

use api_sts::ops;
use contracts::{Platform, ServiceTable};
use std::sync::Arc;

/// The STS service.
pub struct Sts {
    pub(crate) platform: Platform,
}

/// The built operations of STS.
pub fn table(platform: Platform) -> ServiceTable {
    let service = Arc::new(Sts { platform });
    let mut table = ServiceTable::new(&api_sts::SERVICE);
    contracts::operations!(table, service, {
        GetCallerIdentity => identity::get_caller_identity,
    });
    table
}
