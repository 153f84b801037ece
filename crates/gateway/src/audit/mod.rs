//! Who asked for what, and how it ended: one entry per call that changes something, per issue of credentials, and per
//! caller that was turned away. What only reads costs nothing here.

mod event;
mod log;
#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use contracts::Caller;
use http::header;

use crate::catalogue::{OperationEntry, Service};
use crate::gateway::Gateway;
use crate::head::Head;
use crate::request_id;

pub use log::{AuditLog, AuditLogError, AuditPlace};

/// Bytes of a user agent that are kept, as CloudTrail keeps them.
const USER_AGENT: usize = 1_024;

/// What happened: who asked for what, and the answer.
#[derive(Clone, Debug)]
pub struct AuditEntry {
    /// When it was answered, in milliseconds since 1970.
    pub time: i64,
    /// A UUID of this entry.
    pub event_id: String,
    /// The id the request is known by in its answer and in the log.
    pub request_id: String,
    /// Who asked.
    pub who: Who,
    /// Peer address.
    pub source_ip: Option<IpAddr>,
    /// `User-Agent`, at most 1,024 bytes of it.
    pub user_agent: String,
    /// Name the service signs with, such as `ec2`.
    pub service: &'static str,
    /// Name of the operation.
    pub operation: &'static str,
    /// It changes nothing in the cloud.
    pub read_only: bool,
    /// Its input as a JSON object, secrets hidden; empty for calls that only read, and where it was not understood.
    pub input: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Code and message of the fault, if it was one.
    pub fault: Option<(String, String)>,
    /// From the arrival of the head to the answer.
    pub took: Duration,
}

impl AuditEntry {
    /// `service:Operation`, the name policies use.
    pub fn action(&self) -> String {
        format!("{}:{}", self.service, self.operation)
    }
}

/// Who asked, as far as it is known.
#[derive(Clone, Debug)]
pub enum Who {
    /// A caller that was let in.
    Known(Arc<Caller>),
    /// Somebody whose signature did not hold, with what the signature claimed.
    Claimed(Claimed),
}

/// What an unproven request says about itself.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    /// Id of the key it names; empty when it is not signed.
    pub access_key_id: String,
    /// Region it names.
    pub region: String,
    /// Account that callers without a name of their own belong to.
    pub account: String,
}

/// Takes audit entries. Must be quick and must not wait; it is called in the request's own task.
pub trait AuditSink: Send + Sync {
    /// Whether calls that only read are wanted, too. Asked per request, before anything is made for its entry.
    fn wants_reads(&self) -> bool {
        false
    }
    /// Keeps one entry.
    fn record(&self, entry: AuditEntry);
    /// Counter of entries that could not be kept.
    fn lost(&self) -> Arc<AtomicU64>;
}

/// What the chain gathers about one request on its way, for its entry.
#[derive(Default)]
pub(crate) struct Trail {
    /// Set once the caller is known.
    pub(crate) caller: Option<Arc<Caller>>,
    /// Set when the claim of a signature did not hold.
    pub(crate) claimed: Option<Claimed>,
    /// The caller had no right to this.
    pub(crate) denied: bool,
    /// The input, when it is wanted.
    pub(crate) input: String,
}

/// Whether a call of this operation is kept however it ends; others are when the caller is turned away.
pub(crate) fn wants(gateway: &Gateway, entry: &OperationEntry) -> bool {
    gateway.audit.as_ref().is_some_and(|sink| entry.effect.recorded || sink.wants_reads())
}

/// Makes the entry of an answered request, if it is wanted.
pub(crate) fn record(
    gateway: &Gateway,
    head: &Head,
    service: &Service,
    operation: &'static str,
    entry: &OperationEntry,
    trail: Trail,
    answer: (u16, Option<(String, String)>, Duration),
) {
    let Some(sink) = &gateway.audit else { return };
    if !wants(gateway, entry) && !trail.denied && trail.claimed.is_none() {
        return;
    }
    let who = match (trail.caller, trail.claimed) {
        (Some(caller), _) => Who::Known(caller),
        (None, claimed) => Who::Claimed(claimed.unwrap_or_default()),
    };
    let user_agent = head.header(header::USER_AGENT).unwrap_or_default();
    let (status, fault, took) = answer;
    sink.record(AuditEntry {
        time: gateway.clock.now(),
        event_id: request_id::next(),
        request_id: head.request_id.clone(),
        who,
        source_ip: head.peer,
        // A header that is text is ASCII, so every byte is a boundary.
        user_agent: user_agent.get(..USER_AGENT).unwrap_or(user_agent).to_owned(),
        service: service.spec().signing_name,
        operation,
        read_only: entry.effect.read_only,
        input: trail.input,
        status,
        fault,
        took,
    });
}

/// What the name of an operation says about its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effect {
    /// It changes nothing.
    pub(crate) read_only: bool,
    /// It is kept in the audit log.
    pub(crate) recorded: bool,
}

/// First words of operations that only read; AWS names its operations by these rules.
const READS: [&str; 16] = [
    "BatchGet", "Check", "Decode", "Describe", "Get", "Head", "List", "Lookup", "Preview", "Query", "Scan",
    "Search", "Select", "Simulate", "Validate", "Verify",
];
/// First words of operations that hand out credentials. CloudTrail counts them as reading; they are kept all the same.
const ISSUES: [&str; 5] =
    ["AssumeRo", "GetDelegatedAccessToken", "GetFederationToken", "GetSessionToken", "GetWebIdentityToken"];

impl Effect {
    /// The effect of an operation of this name.
    pub(crate) fn of(operation: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| operation.starts_with(word));
        let issues = begins(&ISSUES);
        let read_only = issues || begins(&READS);
        Self { read_only, recorded: issues || !read_only }
    }
}
