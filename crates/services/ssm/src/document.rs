//! Documents: what commands are made of.
//!
//! Content is checked when it comes in, kept as it was sent, and read again when used: one parser decides what a document
//! means (`content`). `plan` puts a command's parameters into it. What `plan` returns goes into the command's record, so
//! a document changed or deleted later does not change a command that was sent.

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
