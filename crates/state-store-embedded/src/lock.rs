//! One process per directory.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::Duration;

use state_store::StoreError;

/// How often, and how long apart, a held lock is tried again before it counts as another process's.
const ATTEMPTS: u32 = 30;
const PAUSE: Duration = Duration::from_millis(10);

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
        // A child that was just forked holds a copy of a closed lock until it calls exec, and a killed process holds its
        // own for an instant: neither is another user.
        let mut patience = ATTEMPTS;
        let mut locked = file.try_lock();
        while matches!(locked, Err(TryLockError::WouldBlock)) && patience > 0 {
            std::thread::sleep(PAUSE);
            patience -= 1;
            locked = file.try_lock();
        }
        match locked {
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
