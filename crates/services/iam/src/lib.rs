//! Meaning of the IAM operations, and the key ring and authoriser that the gateway stands on.
//!
//! IAM is global: everything lives in the scope (account, `global`), whatever region signed the request.
#![forbid(unsafe_code)]

mod access_key;
mod account;
mod attached;
mod boundary;
mod details;
mod entity;
mod faults;
mod group;
mod house;
mod inline;
mod instance_profile;
mod keys;
mod managed;
mod names;
mod operations;
mod paging;
mod rights;
mod role;
mod root;
mod show;
mod tags;
mod trust;
mod user;

#[cfg(test)]
mod tests;

pub use house::keep_house;
pub use keys::Keys;
pub use rights::Rights;
pub use root::{ensure_root_key, restore_root_keys, root_keys};

use contracts::{Platform, ServiceTable};
use std::sync::Arc;

/// The IAM service.
pub struct Iam {
    pub(crate) platform: Platform,
}

/// The built operations of IAM.
pub fn table(platform: Platform) -> ServiceTable {
    let service = Arc::new(Iam { platform });
    let mut table = ServiceTable::new(&api_iam::SERVICE);
    operations::add(&mut table, &service);
    table
}
