//! Who asked for what, and how it ended: one entry per call that changes something, per issue of credentials, and per
//! caller that was turned away. What only reads costs nothing here.

mod event;
mod log;
#[cfg(test)]
mod tests;

use contracts::audit::{Answered, Asked, Effect, Source, Trail};
use http::header;

use crate::gateway::Gateway;
use crate::head::Head;
use crate::request_id;

pub use contracts::audit::{AuditEntry, AuditSink, Claimed, Who};
pub use log::{AuditLog, AuditLogError, AuditPlace};

/// Whether a call of this effect is kept however it ends.
pub(crate) fn wants(gateway: &Gateway, effect: Effect) -> bool {
    gateway.audit.as_ref().is_some_and(|sink| effect.is_wanted(&**sink))
}

/// Makes the entry of an answered request, if it is wanted.
pub(crate) fn record(
    gateway: &Gateway,
    head: &Head,
    (service, operation, effect): (&'static str, &'static str, Effect),
    trail: Trail,
    answered: Answered,
) {
    let Some(sink) = &gateway.audit else { return };
    let asked = Asked {
        request_id: &head.request_id,
        source: Source::Peer(head.peer),
        user_agent: head.header(header::USER_AGENT).unwrap_or_default(),
        service,
        operation,
        effect,
    };
    trail.end(&**sink, asked, answered, request_id::next);
}
