//! Segments as preallocated files.

use super::Disk;
use parking_lot::RwLock;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Files `00000001.log`, … in a folder.
pub(crate) struct Files {
    folder: PathBuf,
    open: RwLock<BTreeMap<u32, Arc<File>>>,
}

impl Files {
    /// The segments in a folder, which is made if it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Files> {
        std::fs::create_dir_all(folder)?;
        let mut open = BTreeMap::new();
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
            if let (Some(number), Some("log")) = (number, path.extension().and_then(|e| e.to_str())) {
                let file = OpenOptions::new().read(true).write(true).open(&path)?;
                open.insert(number, Arc::new(file));
            }
        }
        Ok(Files { folder: folder.to_owned(), open: RwLock::new(open) })
    }

    fn path(&self, segment: u32) -> PathBuf {
        self.folder.join(format!("{segment:08}.log"))
    }

    fn file(&self, segment: u32) -> Result<Arc<File>> {
        self.open.read().get(&segment).cloned().ok_or_else(|| Error::from(ErrorKind::NotFound))
    }

    fn sync_folder(&self) -> Result<()> {
        File::open(&self.folder)?.sync_all()
    }
}

impl Disk for Files {
    fn list(&self) -> Result<Vec<u32>> {
        Ok(self.open.read().keys().copied().collect())
    }

    fn create(&self, segment: u32, bytes: u64) -> Result<()> {
        let path = self.path(segment);
        let made = || {
            let file = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
            // With its blocks taken now, a full disk is noticed here and not in the middle of a commit.
            rustix::fs::fallocate(&file, rustix::fs::FallocateFlags::empty(), 0, bytes)?;
            file.sync_all()?;
            self.sync_folder()?;
            Ok(file)
        };
        match made() {
            Ok(file) => {
                self.open.write().insert(segment, Arc::new(file));
                Ok(())
            }
            Err(error) => {
                // Half a segment would stand in the way of the next attempt.
                std::fs::remove_file(&path).ok();
                Err(error)
            }
        }
    }

    fn write(&self, segment: u32, offset: u64, bytes: &[u8]) -> Result<()> {
        self.file(segment)?.write_all_at(bytes, offset)
    }

    fn sync(&self, segment: u32) -> Result<()> {
        self.file(segment)?.sync_data()
    }

    fn read(&self, segment: u32, offset: u64, into: &mut [u8]) -> Result<usize> {
        let file = self.file(segment)?;
        let mut done = 0;
        while done < into.len() {
            match file.read_at(&mut into[done..], offset + done as u64) {
                Ok(0) => break,
                Ok(count) => done += count,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done)
    }

    fn remove(&self, segment: u32) -> Result<()> {
        self.open.write().remove(&segment);
        std::fs::remove_file(self.path(segment))
    }
}
