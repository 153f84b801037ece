//! State machines.

mod create;
mod delete;
mod describe;
mod list;
mod lookup;
mod update;

pub(crate) use create::create;
pub(crate) use delete::{delete, finish};
pub(crate) use describe::{describe, shown_definition};
pub(crate) use list::list;
pub(crate) use lookup::{current, live};
pub(crate) use update::update;
