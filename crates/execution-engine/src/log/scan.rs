//! Reads a whole log at the start.

use super::{FRAME_HEAD, Log, Position, length};
use crate::EngineError;

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct End {
    /// Behind the last whole frame.
    pub(crate) position: Position,
    /// Sequence number of the last whole frame.
    pub(crate) sequence: u64,
}

impl Log {
    /// Hands every record of every whole frame to `each`, in order. What is behind the last whole frame of the last
    /// segment was never acknowledged and will be written over; the same anywhere else is damage.
    pub(crate) fn scan(
        &self,
        mut each: impl FnMut(Position, &[u8]) -> Result<(), EngineError>,
    ) -> Result<End, EngineError> {
        let segments = self.disk.list()?;
        let mut end = End { position: Position::NONE, sequence: 0 };
        let mut bytes = Vec::new();
        for (place, &segment) in segments.iter().enumerate() {
            self.whole(segment, &mut bytes)?;
            let mut at = 0;
            while let Some((frame, sequence)) = frame(&bytes[at..], end.sequence) {
                let mut inner = FRAME_HEAD;
                while inner < frame.len() {
                    let torn = || EngineError::Damaged(format!("segment {segment} at {}", at + inner));
                    let (length, head) = length(&frame[inner..]).ok_or_else(torn)?;
                    let record = frame.get(inner + head..inner + head + length).ok_or_else(torn)?;
                    each(Position::new(segment, (at + inner) as u64), record)?;
                    inner += head + length;
                }
                end.sequence = sequence;
                at += frame.len();
            }
            end.position = Position::new(segment, at as u64);
            let last = place + 1 == segments.len();
            if !last && bytes[at..].iter().take(FRAME_HEAD).any(|byte| *byte != 0) {
                return Err(EngineError::Damaged(format!("segment {segment} at {at}: no whole frame")));
            }
        }
        Ok(end)
    }

    fn whole(&self, segment: u32, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        const STEP: usize = 4 << 20;
        bytes.clear();
        loop {
            let have = bytes.len();
            bytes.resize(have + STEP, 0);
            let count = self.disk.read(segment, have as u64, &mut bytes[have..])?;
            bytes.truncate(have + count);
            if count < STEP {
                return Ok(());
            }
        }
    }
}

/// The frame at the beginning of these bytes, if it is whole and newer than `after`.
fn frame(bytes: &[u8], after: u64) -> Option<(&[u8], u64)> {
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (length, crc) = (usize::try_from(word(0)?).ok()?, word(4)?);
    if length < 8 {
        return None;
    }
    let frame = bytes.get(..length.checked_add(8)?)?;
    let sequence = u64::from_le_bytes(frame.get(8..16)?.try_into().ok()?);
    let mut sum = flate2::Crc::new();
    sum.update(&frame[8..]);
    (sum.sum() == crc && sequence > after).then_some((frame, sequence))
}
