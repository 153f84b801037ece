//! Segments in memory, for ephemeral clouds.

use super::Disk;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};

/// Nothing of it outlives the process.
#[derive(Default)]
pub(crate) struct Memory {
    segments: RwLock<BTreeMap<u32, Vec<u8>>>,
}

impl Disk for Memory {
    fn list(&self) -> Result<Vec<u32>> {
        Ok(self.segments.read().keys().copied().collect())
    }

    fn create(&self, segment: u32, _bytes: u64) -> Result<()> {
        self.segments.write().insert(segment, Vec::new());
        Ok(())
    }

    fn write(&self, segment: u32, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut segments = self.segments.write();
        let held = segments.get_mut(&segment).ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        let offset = usize::try_from(offset).map_err(|_| Error::from(ErrorKind::FileTooLarge))?;
        if held.len() < offset + bytes.len() {
            held.resize(offset + bytes.len(), 0);
        }
        held[offset..offset + bytes.len()].copy_from_slice(bytes);
        Ok(())
    }

    fn sync(&self, _segment: u32) -> Result<()> {
        Ok(())
    }

    fn read(&self, segment: u32, offset: u64, into: &mut [u8]) -> Result<usize> {
        let segments = self.segments.read();
        let held = segments.get(&segment).ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        let rest = usize::try_from(offset).ok().and_then(|offset| held.get(offset..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn remove(&self, segment: u32) -> Result<()> {
        self.segments.write().remove(&segment);
        Ok(())
    }
}
