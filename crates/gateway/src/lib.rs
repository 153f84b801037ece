//! Listener, service and operation detection, the request chain.
//!
//! One request, one chain, readable in [`chain`]:
//!
//! accept → limits → host and origin guard → identify service → protocol → operation →
//! verify signature → decode → authorise → handle → encode → audit and metrics.
//!
//! Each step is a function in the module of its name. The gateway knows services only as
//! [`contracts::ServiceTable`]s and keys only through [`contracts::seams::KeyRing`].
#![forbid(unsafe_code)]

mod answer;
mod audit;
mod authenticate;
mod body;
mod builtin;
mod catalogue;
mod chain;
mod config;
mod content;
mod gateway;
mod guard;
mod head;
mod identify;
mod listener;
mod metrics;
mod pace;
mod refusal;
mod request_id;

pub use audit::{AuditEntry, AuditLog, AuditLogError, AuditPlace, AuditSink, Claimed, Who};
pub use builtin::ControlHooks;
pub use config::{GatewayConfig, Limits, Mode};
pub use gateway::{Gateway, GatewayError, GatewayParts};
pub use listener::listen;
