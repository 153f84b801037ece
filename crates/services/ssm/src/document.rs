//! Documents: what commands are made of.

mod builtin;
mod content;
mod create;
mod delete;
mod find;
mod get;
mod interpolate;
mod list;
mod parameters;
mod permission;
mod plan;
mod show;
#[cfg(test)]
mod tests;
mod update;

pub(crate) use create::create;
pub(crate) use delete::delete;
pub(crate) use find::{Wanted, find};
pub(crate) use get::{describe, get};
pub(crate) use list::{list, list_versions};
pub(crate) use permission::{describe_permission, modify_permission};
pub(crate) use plan::plan;
pub(crate) use show::{sha1, sha256};
pub(crate) use update::{set_default_version, update};
