//! What a power cut can do to the journal, and the way back.
//!
//! The journal file is preallocated and batches are appended. When the power fails during a write, pages of
//! the last batch may be missing while later ones are there: the engine then finds a batch with a wrong
//! checksum and refuses to open, although nobody was ever promised that batch. A batch whose *end* is missing
//! it drops by itself. So the last byte of the data is taken away, which turns the one into the other, and
//! only if the damage was in the last batch does the engine then open. Damage further back stays an error.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::LogError;

/// Takes the end off the newest journal and calls `open`. If that does not help, the journal is put back as it
/// was. A copy of the journal is kept beside it, because a human may want to look at it.
///
/// # Errors
/// What `open` says when it still refuses, and what the disk has against it.
pub fn drop_torn_tail<T>(
    directory: &Path,
    reason: &str,
    open: impl FnOnce() -> Result<T, LogError>,
) -> Result<T, LogError> {
    let failed =
        |error: io::Error| LogError(format!("the log is damaged ({reason}) and cannot be mended: {error}"));
    let path = newest_journal(directory).map_err(failed)?;
    let copy = path.with_extension("damaged");
    let Some(last) = last_used_byte(&path).map_err(failed)? else {
        return Err(LogError(format!("the log is damaged: {reason}")));
    };
    copy_used(&path, &copy, last + 1).map_err(failed)?;
    erase_from(&path, last).map_err(failed)?;
    match open() {
        Ok(opened) => {
            tracing::warn!(
                journal = %path.display(), copy = %copy.display(), reason,
                "the last batch of the journal was torn and has been dropped; it was never acknowledged \
                 unless the disk broke its promise"
            );
            Ok(opened)
        }
        Err(error) => {
            // The engine may have shortened the file while trying.
            fs::rename(&copy, &path).map_err(failed)?;
            Err(error)
        }
    }
}

/// The journal with the highest number: the one that was written last.
fn newest_journal(directory: &Path) -> io::Result<PathBuf> {
    let mut newest: Option<(u64, PathBuf)> = None;
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let number = name.strip_suffix(".jnl").and_then(|number| number.parse().ok());
        if let Some(number) = number
            && newest.as_ref().is_none_or(|(highest, _)| number > *highest)
        {
            newest = Some((number, path));
        }
    }
    newest.map(|(_, path)| path).ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no journal"))
}

/// Position of the last byte that is not zero: what follows is preallocated space.
fn last_used_byte(path: &Path) -> io::Result<Option<u64>> {
    const BLOCK: u64 = 1024 * 1024;
    let mut file = File::open(path)?;
    let mut end = file.metadata()?.len();
    while end > 0 {
        let start = end.saturating_sub(BLOCK);
        let mut block = Vec::new();
        file.seek(SeekFrom::Start(start))?;
        (&mut file).take(end - start).read_to_end(&mut block)?;
        // Comparing whole blocks first: a preallocated journal is almost nothing but zeros.
        if block != vec![0; block.len()]
            && let Some(last) = block.iter().rposition(|byte| *byte != 0)
        {
            return Ok(Some(start + last as u64));
        }
        end = start;
    }
    Ok(None)
}

/// Copies the used part; the preallocated rest becomes a hole of the same length.
fn copy_used(from: &Path, to: &Path, used: u64) -> io::Result<()> {
    let mut source = File::open(from)?;
    let length = source.metadata()?.len();
    let mut target = File::create(to)?;
    io::copy(&mut (&mut source).take(used), &mut target)?;
    target.set_len(length)?;
    target.sync_all()
}

fn erase_from(path: &Path, position: u64) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).open(path)?;
    file.seek(SeekFrom::Start(position))?;
    file.write_all(&[0])?;
    file.sync_all()
}
