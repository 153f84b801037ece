//! The log of a shard: frames in segments. A frame is what one commit writes; it is there as a whole or not at all.
//!
//! A frame is its length (u32), the CRC-32 of all behind it (u32), its number (u64; the next one for every frame, across
//! segments), and records: each its length (LEB128) and its bytes. Records are named by the place of their length.

mod scan;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use writer::LogWriter;

use crate::disk::Disk;
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;

/// Bytes before the records of a frame.
pub(crate) const FRAME_HEAD: usize = 16;

/// Place of a record: segment and offset. 0 is no place, since segments count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub(crate) struct Position(pub(crate) u64);

impl Position {
    /// No record.
    pub(crate) const NONE: Position = Position(0);

    pub(crate) fn new(segment: u32, offset: u64) -> Position {
        Position(u64::from(segment) << 32 | offset)
    }

    pub(crate) fn segment(self) -> u32 {
        u32::try_from(self.0 >> 32).unwrap_or(u32::MAX)
    }

    pub(crate) fn offset(self) -> u64 {
        self.0 & 0xffff_ffff
    }

    pub(crate) fn is_none(self) -> bool {
        self.0 == 0
    }
}

/// Reads records. Shared by the shard and by whoever reads histories.
pub(crate) struct Log {
    pub(crate) disk: Arc<dyn Disk>,
}

/// Records up to this size are read at once.
const AT_ONCE: usize = 1024;

impl Log {
    /// The bytes of one record.
    pub(crate) fn read(&self, at: Position) -> Result<Vec<u8>> {
        let mut first = [0_u8; AT_ONCE];
        let count = self.disk.read(at.segment(), at.offset(), &mut first)?;
        let (length, head) = length(&first[..count]).ok_or_else(|| Error::from(ErrorKind::InvalidData))?;
        if let Some(whole) = first[..count].get(head..head + length) {
            return Ok(whole.to_vec());
        }
        let mut bytes = vec![0; length];
        let have = count - head;
        bytes[..have].copy_from_slice(&first[head..count]);
        let more = self.disk.read(at.segment(), at.offset() + count as u64, &mut bytes[have..])?;
        if more == length - have { Ok(bytes) } else { Err(Error::from(ErrorKind::UnexpectedEof)) }
    }
}

/// Length of a record and of that length itself.
pub(crate) fn length(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut length = 0_usize;
    for (place, byte) in bytes.iter().enumerate().take(5) {
        length |= usize::from(byte & 0x7f) << (7 * place);
        if *byte < 0x80 {
            return Some((length, place + 1));
        }
    }
    None
}

/// Writes the length of a record before it.
pub(crate) fn put_length(to: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        #[expect(clippy::cast_possible_truncation, reason = "seven bits at a time")]
        to.push(length as u8 | 0x80);
        length >>= 7;
    }
    #[expect(clippy::cast_possible_truncation, reason = "below 128")]
    to.push(length as u8);
}
