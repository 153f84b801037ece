//! Long histories in parts, so that a page of one does not read the whole.

use super::{Change, keys};
use crate::Unreadable;
use std::io::{Read as _, Write as _};

/// A part is closed when it holds this many bytes of records.
const PART: usize = 64 << 10;
/// Records that end with a short history stay in the row of the execution.
const SHORT: usize = 8 << 10;
/// Less is not worth packing.
const WORTH: usize = 4 << 10;

/// Records of a history, cut into parts.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// First events of the parts kept earlier.
    earlier: Vec<u64>,
    /// First event and records of every full part.
    full: Vec<(u64, Vec<u8>)>,
    /// The part that is being filled.
    first: u64,
    open: Vec<u8>,
}

impl Parts {
    /// Goes on behind parts that are kept already.
    pub(crate) fn after(earlier: Vec<u64>) -> Parts {
        Parts { earlier, ..Parts::default() }
    }

    /// Adds a record whose first event is `first`.
    pub(crate) fn push(&mut self, first: u64, record: &[u8]) {
        if self.open.is_empty() {
            self.first = first;
        }
        crate::log::put_length(&mut self.open, record.len());
        self.open.extend_from_slice(record);
        if self.open.len() >= PART {
            self.full.push((self.first, std::mem::take(&mut self.open)));
        }
    }

    /// Bytes held.
    pub(crate) fn size(&self) -> usize {
        self.open.len() + self.full.iter().map(|(_, records)| records.len()).sum::<usize>()
    }

    /// Ends it: first events of all parts, and what is short enough for the execution's row. Without `rest` everything
    /// goes into parts.
    pub(crate) fn finish(&mut self, rest: bool) -> (Vec<u64>, Vec<u8>) {
        let short = rest && self.open.len() <= SHORT;
        if !self.open.is_empty() && !short {
            self.full.push((self.first, std::mem::take(&mut self.open)));
        }
        let firsts = self.full.iter().map(|(first, _)| *first);
        let firsts = self.earlier.iter().copied().chain(firsts).collect();
        (firsts, std::mem::take(&mut self.open))
    }

    /// The rows of the full parts.
    pub(super) fn long(&self, arn: &str, changes: &mut Vec<Change>) {
        for (place, (_, records)) in self.full.iter().enumerate() {
            changes.push((keys::part(arn, self.earlier.len() + place), Some(pack(records))));
        }
    }
}

/// 1 and the packed bytes, or 0 and the bytes.
fn pack(bytes: &[u8]) -> Vec<u8> {
    let packed = || -> std::io::Result<Vec<u8>> {
        let to = vec![1];
        let mut encoder = flate2::write::DeflateEncoder::new(to, flate2::Compression::fast());
        encoder.write_all(bytes)?;
        encoder.finish()
    };
    match packed() {
        Ok(packed) if bytes.len() >= WORTH && packed.len() < bytes.len() => packed,
        _ => [&[0], bytes].concat(),
    }
}

/// The bytes that were packed.
pub(super) fn unpack(bytes: &[u8]) -> Result<Vec<u8>, Unreadable> {
    match bytes.split_first() {
        Some((0, plain)) => Ok(plain.to_vec()),
        Some((1, packed)) => {
            let mut plain = Vec::new();
            let mut decoder = flate2::read::DeflateDecoder::new(packed);
            decoder.read_to_end(&mut plain).map_err(|error| Unreadable(error.to_string()))?;
            Ok(plain)
        }
        _ => Err(Unreadable("a part of a history is damaged".to_owned())),
    }
}

/// The records in a part.
pub(crate) fn records(mut bytes: &[u8]) -> impl Iterator<Item = Result<&[u8], Unreadable>> {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let Some((length, head)) = crate::log::length(bytes).filter(|(l, head)| bytes.len() >= l + head)
        else {
            bytes = &[];
            return Some(Err(Unreadable("a part of a history is damaged".to_owned())));
        };
        let record = &bytes[head..head + length];
        bytes = &bytes[head + length..];
        Some(Ok(record))
    })
}
