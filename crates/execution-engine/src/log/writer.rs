//! Writes frames.

use super::{FRAME_HEAD, Log, Position, put_length};
use std::io::Result;
use std::sync::Arc;

/// The end of a log, where one thread writes.
pub(crate) struct LogWriter {
    log: Arc<Log>,
    segment: u32,
    offset: u64,
    sequence: u64,
    /// A new segment is begun when this much is in the present one.
    segment_bytes: u64,
    /// Records of the frame that is being put together, with room for its head.
    frame: Vec<u8>,
}

impl LogWriter {
    /// Goes on at a known end (segment 0: nothing is there yet).
    pub(crate) fn new(log: Arc<Log>, end: Position, sequence: u64, segment_bytes: u64) -> LogWriter {
        let (segment, offset) = (end.segment(), end.offset());
        LogWriter { log, segment, offset, sequence, segment_bytes, frame: vec![0; FRAME_HEAD] }
    }

    /// Makes sure that there is a segment with room. Before the first record of a frame only: places of records are
    /// known while it is put together, so a frame that is longer than the room grows its segment.
    pub(crate) fn prepare(&mut self) -> Result<()> {
        debug_assert!(self.is_empty(), "a frame does not move");
        if self.segment != 0 && self.offset < self.segment_bytes {
            return Ok(());
        }
        self.log.disk.create(self.segment + 1, self.segment_bytes)?;
        self.segment += 1;
        self.offset = 0;
        Ok(())
    }

    /// Puts a record into the frame; tells its place.
    pub(crate) fn push(&mut self, record: &[u8]) -> Position {
        let place = Position::new(self.segment, self.offset + self.frame.len() as u64);
        put_length(&mut self.frame, record.len());
        self.frame.extend_from_slice(record);
        place
    }

    /// Bytes of the frame so far.
    pub(crate) fn len(&self) -> usize {
        self.frame.len() - FRAME_HEAD
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the log ends, without the frame.
    pub(crate) fn end(&self) -> Position {
        Position::new(self.segment, self.offset)
    }

    /// Writes the frame and makes it durable. After an error nothing of it counts, and the next frame takes its
    /// place and number.
    pub(crate) fn commit(&mut self) -> Result<()> {
        if self.is_empty() {
            return Ok(());
        }
        let length = u32::try_from(self.frame.len() - 8).unwrap_or(u32::MAX);
        self.frame[..4].copy_from_slice(&length.to_le_bytes());
        self.frame[8..16].copy_from_slice(&(self.sequence + 1).to_le_bytes());
        let mut crc = flate2::Crc::new();
        crc.update(&self.frame[8..]);
        self.frame[4..8].copy_from_slice(&crc.sum().to_le_bytes());
        let disk = &self.log.disk;
        let done = disk.write(self.segment, self.offset, &self.frame).and_then(|()| disk.sync(self.segment));
        if done.is_ok() {
            self.offset += self.frame.len() as u64;
            self.sequence += 1;
        }
        self.discard();
        done
    }

    /// Drops the frame.
    pub(crate) fn discard(&mut self) {
        self.frame.truncate(FRAME_HEAD);
        // One huge frame shall not hold its memory for ever.
        self.frame.shrink_to(8 << 20);
    }
}
