//! The status record: five numbers that PID 1 keeps up to date on the host, read by any keeper.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::protocol::{ExitCause, Progress};

/// Five little-endian numbers of eight bytes.
const LENGTH: usize = 40;

/// Writer's side of the record.
#[derive(Debug)]
pub(crate) struct StatusFile {
    file: File,
}

/// Position of each number.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Field {
    /// Boots so far.
    Boots = 0,
    /// When user-data started.
    Started = 8,
    /// When boot was finished.
    Finished = 16,
    /// Failed steps.
    Failed = 24,
    /// Why PID 1 is about to end: 1 power off, 2 reboot.
    Reason = 32,
}

impl StatusFile {
    pub(crate) fn new(file: File) -> Self {
        Self { file }
    }

    /// Sets one number. Errors are ignored: the record informs, nothing depends on it.
    pub(crate) fn set(&self, field: Field, value: u64) {
        let _ = self.file.write_all_at(&value.to_le_bytes(), field as u64);
    }

    /// A second handle for the boot worker.
    pub(crate) fn try_clone(&self) -> io::Result<Self> {
        Ok(Self { file: self.file.try_clone()? })
    }
}

/// What the record says; zeros when it does not exist yet.
pub(crate) fn read(path: &Path) -> (Progress, Option<ExitCause>) {
    let mut bytes = [0; LENGTH];
    if let Ok(file) = File::open(path) {
        // A short file leaves zeros, which is what an unset number means.
        let _ = file.read_at(&mut bytes, 0);
    }
    let number = |field: Field| {
        let at = field as usize;
        bytes[at..at + 8].iter().rev().fold(0u64, |sum, &byte| sum << 8 | u64::from(byte))
    };
    let small = |field: Field| u32::try_from(number(field)).unwrap_or(u32::MAX);
    let progress = Progress {
        boots: small(Field::Boots),
        user_data_started_ns: number(Field::Started),
        boot_finished_ns: number(Field::Finished),
        failed_steps: small(Field::Failed),
    };
    let cause = match number(Field::Reason) {
        1 => Some(ExitCause::PowerOff),
        2 => Some(ExitCause::Reboot),
        _ => None,
    };
    (progress, cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_is_read() {
        let path = std::env::temp_dir().join(format!("allod-status-{}", std::process::id()));
        assert_eq!(read(&path), (Progress::default(), None));
        let status = StatusFile::new(File::create(&path).unwrap());
        status.set(Field::Boots, 3);
        status.set(Field::Finished, 5_000_000_000);
        let expected = Progress { boots: 3, boot_finished_ns: 5_000_000_000, ..Progress::default() };
        assert_eq!(read(&path), (expected, None));
        status.set(Field::Reason, 2);
        status.set(Field::Failed, u64::MAX);
        let (progress, cause) = read(&path);
        assert_eq!((progress.failed_steps, cause), (u32::MAX, Some(ExitCause::Reboot)));
        std::fs::remove_file(path).unwrap();
    }
}
