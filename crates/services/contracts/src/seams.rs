//! Named seams: what one part of the cloud offers another without either importing the other.

use crate::call::{Caller, Principal};
use crate::table::BoxFuture;
use aws_schema::Fault;
use records::Millis;
use state_store::typed::Scope;
use std::path::PathBuf;

/// Waits for the data plane. Offered by the host agent.
pub trait NetworkGate: Send + Sync {
    /// Returns when the kernel enforces the records of this VPC as of `revision`; an error when the kernel refused them.
    fn settled(&self, scope: Scope, vpc_id: String, revision: u64) -> BoxFuture<'static, Result<(), String>>;
}

/// What can be seen of a machine from outside. Offered by the host agent.
pub trait MachineView: Send + Sync {
    /// The last 64 KiB its console printed, with the time of the last output.
    fn console(&self, instance_id: &str) -> Option<(Vec<u8>, Millis)>;
    /// Whether its processes run and its agent answers.
    fn reachable(&self, instance_id: &str) -> bool;
}

/// One command for one machine.
#[derive(Clone, Debug)]
pub struct CommandRequest {
    /// Unique: `<command id>.<instance id>` or with a step's name; asking twice with one id runs it once.
    pub id: String,
    /// The machine.
    pub instance_id: String,
    /// Shell script, run by `/bin/sh` from a file (`sh` stands in for a missing `#!` line).
    pub script: String,
    /// Working directory; the default is the agent's, `/usr/bin`.
    pub working_directory: Option<String>,
    /// Further environment.
    pub environment: Vec<(String, String)>,
    /// Kills the whole process tree after this long.
    pub timeout_millis: Millis,
    /// Folder (made if absent) for the files `stdout` and `stderr`.
    pub output: PathBuf,
    /// Most bytes kept of each.
    pub max_output: u64,
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommandEnd {
    /// By itself, with this exit status (128 + n after signal n).
    Exited(i32),
    /// Its time ran out; the tree was killed.
    TimedOut,
    /// Cancelled; the tree was killed.
    Cancelled,
    /// It could not be delivered: the machine is not running (yet).
    Unreachable(String),
    /// The machine went away while it ran.
    Lost(String),
}

/// Runs commands in machines. Offered by the host agent; agent frames will come in behind the same seam.
pub trait CommandHost: Send + Sync {
    /// Whether a command could be delivered now.
    fn deliverable(&self, instance_id: &str) -> bool;
    /// Starts it and resolves at its end. With an id that was already started (also before a restart of the control
    /// plane) it only waits for that run's end.
    fn run(&self, request: CommandRequest) -> BoxFuture<'static, CommandEnd>;
    /// Kills the process tree of a running command; its `run` resolves to `Cancelled`.
    fn cancel(&self, id: &str);
    /// The command's end is stored: the host need not remember it any more. Only after this may the id be used again.
    fn forget(&self, _id: &str) {}
}

/// An access key the cloud issued.
#[derive(Clone, Debug)]
pub struct KnownKey {
    /// Account it belongs to.
    pub account: String,
    /// Who it stands for.
    pub principal: Principal,
    /// Secret to verify signatures with.
    pub secret: String,
    /// Session token that must come along (temporary keys).
    pub session_token: Option<String>,
    /// End of a temporary key.
    pub expires: Option<Millis>,
    /// `Inactive` keys verify but are refused.
    pub active: bool,
}

/// Finds issued keys. Offered by the IAM service.
pub trait KeyRing: Send + Sync {
    /// The key with this id.
    fn key(&self, access_key_id: &str) -> Option<KnownKey>;
    /// Notes its use (last used date, service and region); cheap, may be lossy.
    fn used(&self, access_key_id: &str, service: &str, region: &str);
}

/// Decides whether a caller may do something. Offered by the IAM service; policies come with a later issue.
pub trait Authorizer: Send + Sync {
    /// `action` is `service:Operation`. The fault is the service's access-denied error.
    fn authorize(&self, caller: &Caller, action: &str) -> Result<(), Fault>;
}

/// Keys of a role's session.
#[derive(Clone, Debug)]
pub struct SessionCredentials {
    /// `ASIA…`.
    pub access_key_id: String,
    /// Secret.
    pub secret_access_key: String,
    /// Token.
    pub session_token: String,
    /// End.
    pub expiration: Millis,
}

/// Issues role sessions to the cloud's own parts, such as the metadata service. Offered by STS.
pub trait RoleSessions: Send + Sync {
    /// A session of the role inside an instance profile. `Ok(None)` when profile or role is gone.
    fn instance_role(
        &self,
        account: String,
        profile_arn: String,
        instance_id: String,
    ) -> BoxFuture<'static, Result<Option<(String, SessionCredentials)>, String>>;
}

/// Serves the services that interface endpoints lead to. Offered by the binary, which has the gateway.
pub trait EndpointServices: Send + Sync {
    /// Serves one interface of the endpoint `vpce-…` of an account and region until the future is dropped. What is
    /// served, and to whom, is read from the endpoint's record. The listener stands inside the VPC, on port 80 of the
    /// interface's address; it does not block. Peers are machines of the VPC (or what is routed to it), known by their
    /// private addresses.
    fn serve(
        &self,
        scope: Scope,
        endpoint_id: String,
        listener: std::net::TcpListener,
    ) -> BoxFuture<'static, ()>;
}

/// One line for a log stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// When it happened.
    pub time: Millis,
    /// One line, without its end.
    pub text: String,
}

/// Takes log lines of services, such as flow logs. CloudWatch Logs will stand behind it.
pub trait LogSink: Send + Sync {
    /// Appends lines to a stream, in this order. May block for as long as a disk does: not for an executor's threads.
    ///
    /// # Errors
    /// When the lines could not be kept; none of them, or a first part, may be there then.
    fn append(&self, scope: &Scope, group: &str, stream: &str, lines: &[LogLine]) -> std::io::Result<()>;
}

/// What can be seen of the data plane. Offered by the host agent.
pub trait NetworkView: Send + Sync {
    /// The last packets that were dropped in a VPC, oldest first, as the JSON document of `GET /_allod/network/drops`:
    /// only those after number `after`, at most `limit`. Asking begins the watch: what was dropped before the first
    /// question is not there.
    fn drops(
        &self,
        vpc_id: String,
        after: u64,
        limit: usize,
    ) -> BoxFuture<'static, Result<serde_json::Value, String>>;
    /// Names and values of counters for the metrics page, all of them ever-growing.
    fn counters(&self) -> Vec<(&'static str, u64)>;
}
