//! An engine that answers a request with the result of the execution it started.

use super::process::Process;
use super::{CONNECTIONS, PATIENCE, ROUNDS, Running};
use crate::load;
use crate::statistics::Times;
use crate::stop::Deadline;
use anyhow::ensure;
use std::net::SocketAddr;
use std::time::Duration;
use tempfile::TempDir;

/// Such an engine. Its processes end in their order, then its folder goes.
pub(super) struct Answering {
    /// Where requests go.
    pub(super) address: SocketAddr,
    /// Starts one execution.
    pub(super) request: Vec<u8>,
    /// All of it.
    pub(super) processes: Vec<Process>,
    /// Its data.
    pub(super) _folder: TempDir,
}

impl Running for Answering {
    fn rate(&mut self, length: Duration) -> anyhow::Result<f64> {
        let count = load::replay(self.address, &self.request, CONNECTIONS, length)?;
        Ok(f64::from(count.requests) / count.seconds)
    }

    fn times(&mut self) -> anyhow::Result<Times> {
        Ok(Times::new(load::times(self.address, &self.request, ROUNDS, PATIENCE)?))
    }

    fn cpu(&self) -> f64 {
        super::process::cpu_seconds(&self.processes)
    }
}

/// A POST with a body of JSON.
pub(super) fn post(address: SocketAddr, path: &str, body: &str) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\naccept: application/json\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Sends a request until it is answered with a status of success; tells the body. Fails when a process ends before.
pub(super) fn until_answered(
    address: SocketAddr,
    request: &[u8],
    deadline: &Deadline,
    processes: &mut [Process],
) -> anyhow::Result<Vec<u8>> {
    let mut last = "nothing listens".to_owned();
    loop {
        match load::once(address, request) {
            Ok((200..=299, body)) => return Ok(body),
            Ok((status, body)) => last = format!("{status} {}", String::from_utf8_lossy(&body)),
            Err(_) => {}
        }
        for process in processes.iter_mut() {
            process.lives()?;
        }
        if let Err(error) = deadline.pause(Duration::from_millis(20)) {
            ensure!(!crate::stop::asked(), error);
            return Err(error.context(last));
        }
    }
}
