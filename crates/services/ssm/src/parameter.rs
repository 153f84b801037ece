//! Parameter Store.

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
