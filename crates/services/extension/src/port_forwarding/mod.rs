//! Ports of gateways that lead inside (NET-30).

pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod describe;
mod gateway;
mod show;
