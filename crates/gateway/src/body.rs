//! Reading a request body: bounded in size, in time, and in sum over all requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::{Instant, timeout_at};

use crate::config::Limits;
use crate::refusal::Refusal;

/// Reads a whole body of at most `largest` bytes.
///
/// It may take the grace period plus one second for every `body_rate` bytes that have come, which
/// bounds both the slowest rate and the whole time.
pub(crate) async fn read(
    mut body: Incoming,
    largest: usize,
    limits: &Limits,
    budget: &Arc<BodyBudget>,
) -> Result<(Bytes, BodyShare), Refusal> {
    let mut share = BodyShare { budget: Arc::clone(budget), bytes: 0 };
    // Told beforehand, refused beforehand: a client that waits for "100 Continue" sends nothing.
    if body.size_hint().lower() > largest as u64 {
        return Err(Refusal::BodyTooLarge(largest));
    }
    let start = Instant::now();
    let mut first = Bytes::new();
    let mut rest = BytesMut::new();
    while !body.is_end_stream() {
        let deadline = start + limits.body_grace + allowance(share.bytes, limits.body_rate);
        let frame = match timeout_at(deadline, body.frame()).await {
            Err(_) => return Err(Refusal::BodyTooSlow),
            Ok(None) => break,
            Ok(Some(Err(_))) => return Err(Refusal::BodyBroken),
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(data) = frame.into_data() else { continue };
        if share.bytes + data.len() > largest {
            return Err(Refusal::BodyTooLarge(largest));
        }
        share.grow(data.len())?;
        // Most bodies are one frame and are not copied at all.
        if first.is_empty() && rest.is_empty() {
            first = data;
        } else {
            if rest.is_empty() {
                rest.extend_from_slice(&first);
                first = Bytes::new();
            }
            rest.extend_from_slice(&data);
        }
    }
    let whole = if rest.is_empty() { first } else { rest.freeze() };
    Ok((whole, share))
}

/// The time that so many bytes have earned.
fn allowance(bytes: usize, rate: u64) -> Duration {
    Duration::from_secs(bytes as u64 / rate.max(1))
}

/// Bytes of bodies held by all requests together.
#[derive(Debug)]
pub(crate) struct BodyBudget {
    used: AtomicUsize,
    limit: usize,
}

impl BodyBudget {
    pub(crate) fn new(limit: usize) -> Self {
        Self { used: AtomicUsize::new(0), limit }
    }
}

/// What one body takes of the budget; given back when dropped.
#[derive(Debug)]
pub(crate) struct BodyShare {
    budget: Arc<BodyBudget>,
    bytes: usize,
}

impl BodyShare {
    fn grow(&mut self, by: usize) -> Result<(), Refusal> {
        let before = self.budget.used.fetch_add(by, Ordering::Relaxed);
        self.bytes += by;
        // The share is dropped with the refusal, which gives the bytes back.
        if before + by > self.budget.limit { Err(Refusal::Busy) } else { Ok(()) }
    }
}

impl Drop for BodyShare {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_come_back() {
        let budget = Arc::new(BodyBudget::new(100));
        let mut one = BodyShare { budget: Arc::clone(&budget), bytes: 0 };
        one.grow(60).unwrap();
        let mut two = BodyShare { budget: Arc::clone(&budget), bytes: 0 };
        assert_eq!(two.grow(60), Err(Refusal::Busy));
        drop(two);
        let mut three = BodyShare { budget: Arc::clone(&budget), bytes: 0 };
        three.grow(40).unwrap();
        drop((one, three));
        assert_eq!(budget.used.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn every_second_must_be_earned() {
        assert_eq!(allowance(0, 1_000), Duration::ZERO);
        assert_eq!(allowance(10_000, 1_000), Duration::from_secs(10));
        assert_eq!(allowance(5, 0), Duration::from_secs(5));
    }
}
