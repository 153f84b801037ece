//! One process per directory.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use state_store::StoreError;

/// Holds a directory for this process until dropped. The kernel releases it when the process dies,
/// however it dies, so that no stale lock is ever left behind.
#[derive(Debug)]
pub struct DirectoryLock {
    _file: File,
}

impl DirectoryLock {
    /// Creates the directory if need be and takes it.
    ///
    /// # Errors
    /// [`StoreError::Open`] with the process that holds it, or with what the file system says.
    pub fn take(directory: &Path) -> Result<Self, StoreError> {
        let failed = |reason: String| StoreError::Open { directory: directory.display().to_string(), reason };
        // Records hold secrets; what is there already keeps the rights its owner gave it.
        let created = DirBuilder::new().recursive(true).mode(0o700).create(directory);
        created.map_err(|error| failed(format!("cannot create it: {error}")))?;
        let path = directory.join("lock");
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(|error| failed(format!("cannot open {}: {error}", path.display())))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // The number is a courtesy; without it the message is still true.
                let _ = file.read_to_string(&mut holder);
                let holder = if holder.trim().is_empty() { "unknown" } else { holder.trim() };
                return Err(failed(format!(
                    "another process (pid {holder}) is using it: stop that one, or choose another --data-dir"
                )));
            }
            Err(TryLockError::Error(error)) => return Err(failed(format!("cannot lock it: {error}"))),
        }
        // Failing to leave our number (say, on a full disk) does not weaken the lock.
        let _ = file
            .set_len(0)
            .and_then(|()| file.rewind())
            .and_then(|()| write!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}
