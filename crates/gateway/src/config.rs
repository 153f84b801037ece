//! Settings of the gateway: who may call, and how much of everything.

use std::collections::HashMap;
use std::time::Duration;

/// Whether signatures are proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Loopback only: signatures are parsed, any is accepted, the key id only names an account.
    Open,
    /// Signatures are verified against issued keys, and rights are enforced.
    Enforced,
}

/// Settings of a gateway.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Open or enforced. Open is refused on a listener that is not loopback.
    pub mode: Mode,
    /// Account (12 digits) of callers whose key names none.
    pub default_account: String,
    /// Region of callers whose request names none (unsigned operations).
    pub default_region: String,
    /// Further names this endpoint is called by, without port; `*.name` stands for all below it.
    pub host_names: Vec<String>,
    /// How much of everything.
    pub limits: Limits,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        Self {
            mode: Mode::Open,
            default_account: "000000000000".to_owned(),
            default_region: "us-east-1".to_owned(),
            host_names: Vec::new(),
            limits: Limits::default(),
        }
    }
}

/// Limits that keep one client, slow or hostile, from holding the rest.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Connections at once; further ones are told 503 and closed.
    pub connections: usize,
    /// Requests being worked on at once. A handler runs to its end even if its client hangs up, so
    /// this is a limit of its own.
    pub requests: usize,
    /// Bytes of all request bodies held at once.
    pub bodies: usize,
    /// Bytes of one request body.
    pub body: usize,
    /// Bytes of one request body by signing name, where it differs.
    pub body_by_service: HashMap<String, usize>,
    /// Bytes of request line and headers together (at least 8 KiB).
    pub head: usize,
    /// Number of headers.
    pub headers: usize,
    /// Time for the request line and headers to arrive; also how long a connection may idle.
    pub head_time: Duration,
    /// Time a body may take whatever its size …
    pub body_grace: Duration,
    /// … and the bytes per second it must then come in with.
    pub body_rate: u64,
    /// Time a client may take for an answer that does not go out at once …
    pub answer_grace: Duration,
    /// … and the bytes per second it must then take.
    pub answer_rate: u64,
    /// Time that open requests are given when the server stops.
    pub farewell: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 12_000,
            requests: 16_000,
            bodies: 512 << 20,
            body: 16 << 20,
            body_by_service: HashMap::new(),
            head: 64 << 10,
            headers: 100,
            head_time: Duration::from_secs(10),
            body_grace: Duration::from_secs(10),
            body_rate: 16 << 10,
            answer_grace: Duration::from_secs(30),
            answer_rate: 16 << 10,
            farewell: Duration::from_secs(5),
        }
    }
}
