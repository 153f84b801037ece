//! Counters, kept as plain atomics and printed in Prometheus's text form.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use contracts::seams::NetworkView;

use crate::catalogue::Catalogue;

/// What is counted per operation.
#[derive(Debug, Default)]
pub(crate) struct OperationCounters {
    succeeded: AtomicU64,
    /// Answered 4xx.
    sender_faults: AtomicU64,
    /// Answered 5xx.
    receiver_faults: AtomicU64,
    nanoseconds: AtomicU64,
}

impl OperationCounters {
    /// Counts one answer.
    pub(crate) fn answered(&self, status: u16, took: Duration) {
        let counter = match status {
            0..400 => &self.succeeded,
            400..500 => &self.sender_faults,
            _ => &self.receiver_faults,
        };
        counter.fetch_add(1, Ordering::Relaxed);
        let nanoseconds = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.nanoseconds.fetch_add(nanoseconds, Ordering::Relaxed);
    }

    fn read(&self) -> [u64; 4] {
        [&self.succeeded, &self.sender_faults, &self.receiver_faults, &self.nanoseconds]
            .map(|counter| counter.load(Ordering::Relaxed))
    }
}

/// What is counted beside operations.
#[derive(Debug, Default)]
pub(crate) struct GatewayCounters {
    /// Connections open now.
    pub(crate) open_connections: AtomicU64,
    /// Connections turned away because there were too many.
    pub(crate) refused_connections: AtomicU64,
    /// Requests the gateway refused itself: host, origin, size, pace, number.
    pub(crate) refused_requests: AtomicU64,
    /// Requests for no known service or operation, or without a valid signature.
    pub(crate) unidentified_requests: AtomicU64,
    /// Handlers that panicked.
    pub(crate) panics: AtomicU64,
    /// Audit entries that could not be kept; the sink counts.
    pub(crate) audit_lost: Arc<AtomicU64>,
}

impl GatewayCounters {
    pub(crate) fn add(counter: &AtomicU64) {
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

/// All counters as Prometheus text; operations that were never called are left out.
pub(crate) fn text(
    counters: &GatewayCounters,
    catalogue: &Catalogue,
    network: Option<&dyn NetworkView>,
) -> String {
    let mut out = String::new();
    for (name, kind, counter) in [
        ("allod_connections_open", "gauge", &counters.open_connections),
        ("allod_connections_refused_total", "counter", &counters.refused_connections),
        ("allod_requests_refused_total", "counter", &counters.refused_requests),
        ("allod_requests_unidentified_total", "counter", &counters.unidentified_requests),
        ("allod_handler_panics_total", "counter", &counters.panics),
        ("allod_audit_lost_total", "counter", &counters.audit_lost),
    ] {
        // Writing to a String cannot fail.
        let _ = writeln!(out, "# TYPE {name} {kind}\n{name} {}", counter.load(Ordering::Relaxed));
    }
    for (name, value) in network.map(NetworkView::counters).unwrap_or_default() {
        let _ = writeln!(out, "# TYPE {name} counter\n{name} {value}");
    }
    let mut seconds = String::from("# TYPE allod_request_seconds_total counter\n");
    out.push_str("# TYPE allod_requests_total counter\n");
    for service in catalogue.services() {
        for (operation, entry) in service.entries() {
            let [succeeded, sender, receiver, nanoseconds] = entry.counters.read();
            let labels = format!("service=\"{}\",operation=\"{}\"", service.spec().id, operation.name);
            for (outcome, count) in
                [("ok", succeeded), ("sender_fault", sender), ("receiver_fault", receiver)]
            {
                if count > 0 {
                    let _ = writeln!(out, "allod_requests_total{{{labels},outcome=\"{outcome}\"}} {count}");
                }
            }
            if nanoseconds > 0 {
                let (whole, part) = (nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
                let _ = writeln!(seconds, "allod_request_seconds_total{{{labels}}} {whole}.{part:09}");
            }
        }
    }
    out + &seconds
}
