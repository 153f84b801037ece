//! Bytes of a snapshot: integers of variable length, texts with their length before them.

use super::BadSnapshot;
use std::sync::Arc;

/// Writes at the end of a buffer.
pub(super) struct Writer<'a>(pub(super) &'a mut Vec<u8>);

impl Writer<'_> {
    pub(super) fn byte(&mut self, value: u8) {
        self.0.push(value);
    }

    /// Seven bits a byte, the lowest first.
    pub(super) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value.to_le_bytes()[0] | 0x80);
            value >>= 7;
        }
        self.0.push(value.to_le_bytes()[0]);
    }

    /// Small ones of either sign stay short.
    pub(super) fn signed(&mut self, value: i64) {
        self.number(((value << 1) ^ (value >> 63)).cast_unsigned());
    }

    pub(super) fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn maybe<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        self.byte(u8::from(value.is_some()));
        if let Some(value) = value {
            write(self, value);
        }
    }
}

/// Reads from the front of a buffer. Nothing in it is believed: lengths are held against what is left.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn byte(&mut self) -> Result<u8, BadSnapshot> {
        let (first, rest) = self.0.split_first().ok_or(BadSnapshot)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn number(&mut self) -> Result<u64, BadSnapshot> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(BadSnapshot)
    }

    pub(super) fn small(&mut self) -> Result<u32, BadSnapshot> {
        u32::try_from(self.number()?).map_err(|_| BadSnapshot)
    }

    /// A count of things that take at least one byte each.
    pub(super) fn count(&mut self) -> Result<usize, BadSnapshot> {
        let count = usize::try_from(self.number()?).map_err(|_| BadSnapshot)?;
        if count > self.0.len() { Err(BadSnapshot) } else { Ok(count) }
    }

    pub(super) fn signed(&mut self) -> Result<i64, BadSnapshot> {
        let value = self.number()?;
        Ok((value >> 1).cast_signed() ^ -(value & 1).cast_signed())
    }

    pub(super) fn text(&mut self) -> Result<Arc<str>, BadSnapshot> {
        let length = self.count()?;
        let (text, rest): (&'a [u8], _) = self.0.split_at(length);
        self.0 = rest;
        std::str::from_utf8(text).map(Arc::from).map_err(|_| BadSnapshot)
    }

    pub(super) fn maybe<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, BadSnapshot>,
    ) -> Result<Option<T>, BadSnapshot> {
        match self.byte()? {
            0 => Ok(None),
            1 => read(self).map(Some),
            _ => Err(BadSnapshot),
        }
    }
}
