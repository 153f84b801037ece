//! Parameter Store.
//!
//! A parameter is one record with its newest version inside, so that reading it is one look-up; older versions are
//! records of their own and move there when a newer one comes. Labels lie in the parameter and point at versions.
//! A SecureString is sealed before it reaches a transaction, for its own name only: copied to another parameter it cannot
//! be opened. An expired parameter counts as absent from the millisecond on and is swept away later.

mod delete;
mod describe;
mod filter;
mod get;
mod history;
mod label;
mod name;
mod path;
mod policy;
mod put;
mod read;
#[cfg(test)]
mod tests;

pub(crate) use delete::{delete, delete_many, purge_expired};
pub(crate) use describe::describe;
pub(crate) use get::{get, get_many};
pub(crate) use history::history;
pub(crate) use label::{label, unlabel};
pub(crate) use name::ParameterRef;
pub(crate) use path::get_by_path;
pub(crate) use put::put;
pub(crate) use read::{find_selected, is_live};
