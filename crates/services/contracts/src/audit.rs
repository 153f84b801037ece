//! The audit log as everybody sees it who lets calls in: the gateway those from outside, services those they make on
//! somebody's behalf.

use crate::call::Caller;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

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
    /// Where the request came from.
    pub source: Source,
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

/// Where a request came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A connection; its peer's address, where that is known.
    Peer(Option<IpAddr>),
    /// A service of the cloud that acts for a caller, such as `states.amazonaws.com`.
    Service(&'static str),
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

/// What is gathered about one call on its way, for its entry.
#[derive(Default)]
pub struct Trail {
    /// Set once the caller is known.
    pub caller: Option<Arc<Caller>>,
    /// Set when the claim of a signature did not hold.
    pub claimed: Option<Claimed>,
    /// The caller had no right to this.
    pub denied: bool,
    /// The input, when it is wanted.
    pub input: String,
}

/// What is known of a call without looking into it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// Id of the request.
    pub request_id: &'a str,
    /// Where it came from.
    pub source: Source,
    /// `User-Agent`.
    pub user_agent: &'a str,
    /// Name the service signs with.
    pub service: &'static str,
    /// Name of the operation.
    pub operation: &'static str,
    /// What that name says.
    pub effect: Effect,
}

/// How a call ended.
pub struct Answered {
    /// When, in milliseconds since 1970.
    pub time: i64,
    /// HTTP status.
    pub status: u16,
    /// Code and message of the fault, if it was one.
    pub fault: Option<(String, String)>,
    /// How long it took.
    pub took: Duration,
}

impl Trail {
    /// Gives the entry of an answered call to the log, if that wants it: every call that is to be recorded, and any
    /// whose caller was turned away. `event_id` makes the entry's UUID.
    pub fn end(
        self,
        sink: &dyn AuditSink,
        asked: Asked<'_>,
        answered: Answered,
        event_id: impl FnOnce() -> String,
    ) {
        if !asked.effect.is_wanted(sink) && !self.denied && self.claimed.is_none() {
            return;
        }
        let who = match (self.caller, self.claimed) {
            (Some(caller), _) => Who::Known(caller),
            (None, claimed) => Who::Claimed(claimed.unwrap_or_default()),
        };
        sink.record(AuditEntry {
            time: answered.time,
            event_id: event_id(),
            request_id: asked.request_id.to_owned(),
            who,
            source: asked.source,
            user_agent: shortened(asked.user_agent).to_owned(),
            service: asked.service,
            operation: asked.operation,
            read_only: asked.effect.read_only,
            input: self.input,
            status: answered.status,
            fault: answered.fault,
            took: answered.took,
        });
    }
}

fn shortened(user_agent: &str) -> &str {
    let mut end = user_agent.len().min(USER_AGENT);
    while !user_agent.is_char_boundary(end) {
        end -= 1;
    }
    &user_agent[..end]
}

/// What the name of an operation says about its effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effect {
    /// It changes nothing.
    pub read_only: bool,
    /// It is kept in the audit log.
    pub recorded: bool,
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
    pub fn of(operation: &str) -> Self {
        let begins = |words: &[&str]| words.iter().any(|word| operation.starts_with(word));
        let issues = begins(&ISSUES);
        let read_only = issues || begins(&READS);
        Self { read_only, recorded: issues || !read_only }
    }

    /// Whether a call of this effect is kept however it ends; others are when the caller is turned away.
    pub fn is_wanted(self, sink: &dyn AuditSink) -> bool {
        self.recorded || sink.wants_reads()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_an_operation_tells_its_effect() {
        let effects = [
            ("DescribeVpcs", true, false),
            ("GetCallerIdentity", true, false),
            ("ListUsers", true, false),
            ("CreateVpc", false, true),
            ("PutParameter", false, true),
            ("SendCommand", false, true),
            ("AssumeRole", true, true),
            ("GetSessionToken", true, true),
        ];
        for (operation, read_only, recorded) in effects {
            assert_eq!(Effect::of(operation), Effect { read_only, recorded }, "{operation}");
        }
    }

    #[test]
    fn a_long_user_agent_is_cut_between_letters() {
        assert_eq!(shortened("short"), "short");
        let long = format!("x{}", "é".repeat(USER_AGENT));
        let kept = shortened(&long);
        assert!(kept.len() == USER_AGENT - 1 && long.starts_with(kept));
    }
}
