//! Ended executions on their way into the archive: how many there are, and what they hold in memory.

use crate::shard::Keep;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Counted up by the shards, down by the archivist.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    count: AtomicUsize,
    bytes: AtomicUsize,
}

impl Backlog {
    /// One more is on its way.
    pub(crate) fn add(&self, keep: &Keep) {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(keep.weight, Ordering::Relaxed);
    }

    /// So many arrived, which held so many bytes.
    pub(crate) fn subtract(&self, count: usize, bytes: usize) {
        self.count.fetch_sub(count, Ordering::Relaxed);
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Whether there are `times` as many as there may be, or more.
    pub(crate) fn exceeds(&self, most: (usize, usize), times: usize) -> bool {
        self.count.load(Ordering::Relaxed) >= most.0.saturating_mul(times)
            || self.bytes.load(Ordering::Relaxed) >= most.1.saturating_mul(times)
    }
}
