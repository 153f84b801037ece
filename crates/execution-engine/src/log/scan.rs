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
    /// Hands every record of every whole frame to `each`, in order.
    ///
    /// Frames are numbered without gaps. What is behind the last whole frame was never acknowledged and will be written
    /// over; if a later segment goes on with another number than the next one, acknowledged frames are damaged.
    pub(crate) fn scan(
        &self,
        mut each: impl FnMut(Position, &[u8]) -> Result<(), EngineError>,
    ) -> Result<End, EngineError> {
        let mut end = End { position: Position::NONE, sequence: 0 };
        let mut bytes = Vec::new();
        let mut first = true;
        for segment in self.disk.list()? {
            let torn = |at: usize| EngineError::Damaged(format!("segment {segment} at {at}"));
            self.whole(segment, &mut bytes)?;
            let mut at = 0;
            while let Some((frame, sequence)) = frame(&bytes[at..]) {
                if sequence != end.sequence + 1 && !first {
                    if at == 0 {
                        return Err(torn(at));
                    }
                    break;
                }
                first = false;
                let mut inner = FRAME_HEAD;
                while inner < frame.len() {
                    let (length, head) = length(&frame[inner..]).ok_or_else(|| torn(at + inner))?;
                    let record = frame.get(inner + head..inner + head + length);
                    each(
                        Position::new(segment, (at + inner) as u64),
                        record.ok_or_else(|| torn(at + inner))?,
                    )?;
                    inner += head + length;
                }
                end.sequence = sequence;
                at += frame.len();
            }
            end.position = Position::new(segment, at as u64);
        }
        Ok(end)
    }

    fn whole(&self, segment: u32, bytes: &mut Vec<u8>) -> Result<(), EngineError> {
        bytes.clear();
        let mut step = 64 << 10;
        loop {
            let have = bytes.len();
            bytes.resize(have + step, 0);
            let count = self.disk.read(segment, have as u64, &mut bytes[have..])?;
            bytes.truncate(have + count);
            if count < step {
                return Ok(());
            }
            step = (step * 2).min(16 << 20);
        }
    }
}

/// The frame at the beginning of these bytes, if it is whole, and its number.
fn frame(bytes: &[u8]) -> Option<(&[u8], u64)> {
    let word = |at: usize| bytes.get(at..at + 4)?.try_into().ok().map(u32::from_le_bytes);
    let (length, crc) = (usize::try_from(word(0)?).ok()?, word(4)?);
    if length < 8 {
        return None;
    }
    let frame = bytes.get(..length.checked_add(8)?)?;
    let sequence = u64::from_le_bytes(frame.get(8..16)?.try_into().ok()?);
    let mut sum = flate2::Crc::new();
    sum.update(&frame[8..]);
    (sum.sum() == crc).then_some((frame, sequence))
}
