//! Appends frames.

use super::{FRAME_HEAD, Log, Position, put_length};
use std::io::{ErrorKind, Result};
use std::sync::Arc;

/// The end of a log, where one thread writes.
///
/// A segment has its room on the disk from its beginning, and is left while a [`RESERVE`] of it is free: so a full disk is
/// noticed when a segment is begun, before anything is run, and hardly ever in the middle of a commit.
pub(crate) struct LogWriter {
    log: Arc<Log>,
    segment: u32,
    offset: u64,
    sequence: u64,
    /// How large segments shall be.
    segment_bytes: u64,
    /// Bytes for which the present segment has room.
    room: u64,
    /// Length of the frame that could not be written last; the next segment must have room for it.
    failed: u64,
    /// Something of a frame that failed may stand at the end.
    dirty: bool,
    /// Records of the frame that is being put together, with room for its head.
    frame: Vec<u8>,
}

/// Part of a segment that is free when a frame is begun: of 64 MiB more than a batch of turns takes.
const RESERVE: u64 = 12;
/// Where there is no room for a whole segment, one of these parts of it will do.
const SMALLER: [u64; 3] = [1, 4, 16];

impl LogWriter {
    /// Goes on at a known end (segment 0: nothing is there yet).
    pub(crate) fn new(log: Arc<Log>, end: Position, sequence: u64, segment_bytes: u64) -> LogWriter {
        LogWriter {
            log,
            segment: end.segment(),
            offset: end.offset(),
            sequence,
            segment_bytes,
            room: segment_bytes,
            failed: 0,
            dirty: false,
            frame: vec![0; FRAME_HEAD],
        }
    }

    /// Makes sure that there is a segment with room. Before the first record of a frame only: places of records are
    /// known while it is put together, so a frame that is longer than the room grows its segment.
    pub(crate) fn prepare(&mut self) -> Result<()> {
        debug_assert!(self.is_empty(), "a frame does not move");
        if self.segment != 0 && self.offset.saturating_add(self.room / RESERVE) < self.room {
            return Ok(());
        }
        if self.segment != 0 && self.dirty {
            // A frame that was not acknowledged, but is there as a whole, must not be found before the one that takes its
            // number.
            self.log.disk.write(self.segment, self.offset, &[0; FRAME_HEAD])?;
            self.log.disk.sync(self.segment)?;
            self.dirty = false;
        }
        self.room = self.create()?;
        self.segment += 1;
        self.offset = 0;
        Ok(())
    }

    /// Makes the next segment, smaller where there is no room for a whole one; tells its size.
    fn create(&self) -> Result<u64> {
        let least = self.failed.saturating_add(self.failed / RESERVE);
        let mut outcome = Err(ErrorKind::StorageFull.into());
        for part in SMALLER {
            let bytes = (self.segment_bytes / part).max(least);
            outcome = self.log.disk.create(self.segment + 1, bytes).map(|()| bytes);
            match &outcome {
                Err(error) if is_full(error.kind()) && bytes > least => {}
                _ => break,
            }
        }
        outcome
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

    /// Writes the frame and makes it durable. After an error nothing of it counts, and the next frame takes its number, in
    /// a segment of its own.
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
        let length = self.frame.len() as u64;
        if done.is_ok() {
            self.offset += length;
            self.sequence += 1;
            (self.failed, self.dirty) = (0, false);
        } else {
            // Its room was not what it seemed to be.
            (self.failed, self.dirty, self.room) = (self.failed.max(length), true, 0);
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

fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
