//! A disk that loses what was not synced, tears the rest, and refuses when told to.

use crate::archive::{Change, Row, Rows};
use crate::disk::Disk;
use crate::{Unreadable, shard};
use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::io::{Error, ErrorKind, Result};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};

/// Operations until the disk refuses; negative: it does not.
pub(super) type Fuse = Arc<AtomicI64>;

/// Burns a step of the fuse; false once it is burnt.
fn works(fuse: &Fuse) -> bool {
    let left = fuse.load(Ordering::Relaxed);
    if left > 0 {
        fuse.store(left - 1, Ordering::Relaxed);
    }
    left != 0
}

fn refused() -> Error {
    Error::from(ErrorKind::StorageFull)
}

/// Segments of one shard.
pub(super) struct FakeDisk {
    state: Mutex<State>,
    fuse: Fuse,
    /// Nothing can be read just now.
    pub(super) is_blind: AtomicBool,
}

#[derive(Default)]
struct State {
    /// What would be there after a crash.
    synced: BTreeMap<u32, Vec<u8>>,
    /// What is read.
    written: BTreeMap<u32, Vec<u8>>,
    /// Writes since the last sync.
    open: Vec<(u32, usize, Vec<u8>)>,
}

/// What a real disk writes at once.
const SECTOR: usize = 512;

impl FakeDisk {
    pub(super) fn new(fuse: &Fuse) -> FakeDisk {
        FakeDisk { state: Mutex::default(), fuse: fuse.clone(), is_blind: AtomicBool::default() }
    }

    /// The power goes: of every write that was not synced, some sectors are there, and one may be torn. True if there was
    /// such a write.
    pub(super) fn crash(&self, mut random: impl FnMut() -> u64) -> bool {
        let mut state = self.state.lock();
        let state = &mut *state;
        let torn = !state.open.is_empty();
        for (segment, offset, bytes) in state.open.drain(..) {
            let Some(held) = state.synced.get_mut(&segment) else { continue };
            let mut at = 0;
            while at < bytes.len() {
                let end = bytes.len().min((offset + at) / SECTOR * SECTOR + SECTOR - offset);
                let keep = match random() % 8 {
                    0..4 => end - at,
                    4 => usize::try_from(random()).unwrap_or(0) % (end - at + 1),
                    _ => 0,
                };
                put(held, offset + at, &bytes[at..at + keep]);
                at = end;
            }
        }
        state.written = state.synced.clone();
        torn
    }
}

fn put(held: &mut Vec<u8>, offset: usize, bytes: &[u8]) {
    if held.len() < offset + bytes.len() {
        held.resize(offset + bytes.len(), 0);
    }
    held[offset..offset + bytes.len()].copy_from_slice(bytes);
}

impl Disk for FakeDisk {
    fn list(&self) -> Result<Vec<u32>> {
        Ok(self.state.lock().written.keys().copied().collect())
    }

    fn create(&self, segment: u32, _bytes: u64) -> Result<()> {
        if !works(&self.fuse) {
            return Err(refused());
        }
        let mut state = self.state.lock();
        state.synced.insert(segment, Vec::new());
        state.written.insert(segment, Vec::new());
        Ok(())
    }

    fn write(&self, segment: u32, offset: u64, bytes: &[u8]) -> Result<()> {
        let mut state = self.state.lock();
        let offset = usize::try_from(offset).map_err(|_| refused())?;
        let works = works(&self.fuse);
        // A write that fails may have been done in part.
        let done = if works { bytes.len() } else { bytes.len() / 2 };
        if let Some(held) = state.written.get_mut(&segment) {
            put(held, offset, &bytes[..done]);
        }
        state.open.push((segment, offset, bytes[..done].to_vec()));
        if works { Ok(()) } else { Err(refused()) }
    }

    fn sync(&self, segment: u32) -> Result<()> {
        if !works(&self.fuse) {
            return Err(refused());
        }
        let mut state = self.state.lock();
        let state = &mut *state;
        let open = std::mem::take(&mut state.open);
        for (other, offset, bytes) in open {
            if other == segment {
                if let Some(held) = state.synced.get_mut(&segment) {
                    put(held, offset, &bytes);
                }
            } else {
                state.open.push((other, offset, bytes));
            }
        }
        Ok(())
    }

    fn read(&self, segment: u32, offset: u64, into: &mut [u8]) -> Result<usize> {
        if self.is_blind.load(Ordering::Relaxed) {
            return Err(Error::other("input/output error"));
        }
        let state = self.state.lock();
        let held = state.written.get(&segment).ok_or_else(|| Error::from(ErrorKind::NotFound))?;
        let rest = usize::try_from(offset).ok().and_then(|offset| held.get(offset..)).unwrap_or_default();
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn remove(&self, segment: u32) -> Result<()> {
        let mut state = self.state.lock();
        state.synced.remove(&segment);
        state.written.remove(&segment);
        Ok(())
    }
}

/// The archive's rows: a write is done as a whole or not; one that fails may have been done.
pub(super) struct FakeRows {
    rows: Mutex<BTreeMap<Vec<u8>, Vec<u8>>>,
    fuse: Fuse,
}

impl FakeRows {
    pub(super) fn new(fuse: &Fuse) -> FakeRows {
        FakeRows { rows: Mutex::default(), fuse: fuse.clone() }
    }
}

impl Rows for FakeRows {
    fn get(&self, key: &[u8]) -> std::result::Result<Option<Vec<u8>>, Unreadable> {
        Ok(self.rows.lock().get(key).cloned())
    }

    fn write(&self, changes: Vec<Change>) -> std::result::Result<(), Unreadable> {
        let works = works(&self.fuse);
        let done = works || changes.len().is_multiple_of(2);
        let mut rows = self.rows.lock();
        for (key, value) in changes.into_iter().filter(|_| done) {
            match value {
                Some(value) => drop(rows.insert(key, value)),
                None => drop(rows.remove(&key)),
            }
        }
        if works { Ok(()) } else { Err(Unreadable("the disk is full".to_owned())) }
    }

    fn scan(
        &self,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> std::result::Result<Vec<Row>, Unreadable> {
        let rows = self.rows.lock();
        let from = after.unwrap_or(prefix).to_vec();
        let found = rows.range(from..).filter(|(key, _)| after.is_none_or(|after| key.as_slice() > after));
        let found = found.take_while(|(key, _)| key.starts_with(prefix)).take(limit);
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }
}

/// Limits so small that everything happens often.
pub(super) fn limits() -> shard::Limits {
    shard::Limits {
        open: 1_000,
        segment: 3_000,
        segments: 2,
        hot: shard::Load { count: 3, bytes: 40_000 },
        express: 60_000,
        turns: 3,
        budget: 6,
        batch: (1_500, 5),
        backlog: (20, 1 << 20),
    }
}
