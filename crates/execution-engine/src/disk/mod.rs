//! Where a shard's log lies: numbered segments of bytes. Behind a trait, so that the simulator can lose and tear writes.

mod files;
mod memory;

pub(crate) use files::Files;
pub(crate) use memory::Memory;

use std::io::Result;

/// Segments of one shard. A segment is written from its beginning to its end by one thread; others read.
pub(crate) trait Disk: Send + Sync {
    /// Numbers of the segments there, in order.
    fn list(&self) -> Result<Vec<u32>>;
    /// Makes an empty segment that reads as zeros for (at least) `bytes`. When it returns, the segment stays.
    fn create(&self, segment: u32, bytes: u64) -> Result<()>;
    /// Writes; may be lost until [`Disk::sync`].
    fn write(&self, segment: u32, offset: u64, bytes: &[u8]) -> Result<()>;
    /// Makes everything written to the segment durable.
    fn sync(&self, segment: u32) -> Result<()>;
    /// Reads up to the length of `into`; the number of bytes read is smaller at the end of the segment only.
    fn read(&self, segment: u32, offset: u64, into: &mut [u8]) -> Result<usize>;
    /// Removes a segment.
    fn remove(&self, segment: u32) -> Result<()>;
}
