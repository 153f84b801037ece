//! Measuring and removing trees that a hostile machine may have made.
//!
//! A machine can nest directories deeper than any path, stack or descriptor table of ours; so nothing here
//! recurses, builds long paths or follows links.

use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, openat, renameat, statat, unlinkat};
use rustix::io::Errno;

/// Directories open at a time while measuring; a deeper tree counts as using everything.
const MAX_DEPTH: usize = 200;

/// Bytes a tree takes on disk; `u64::MAX` when it is nested too deeply to be measured. What vanishes meanwhile
/// is skipped; an absent tree takes nothing.
pub(crate) fn disk_usage(root: &Path) -> io::Result<u64> {
    let mut total = 0u64;
    let mut open = match directory(CWD, root) {
        Ok(first) => vec![Dir::new(first)?],
        Err(Errno::NOENT) => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    while let Some(current) = open.last_mut() {
        let Some(entry) = current.read() else {
            open.pop();
            continue;
        };
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let Ok(data) = statat(current.fd()?, name, AtFlags::SYMLINK_NOFOLLOW) else { continue };
        // Counted in units of 512 bytes whatever the block size (stat(2)).
        total = total.saturating_add(u64::try_from(data.st_blocks).unwrap_or(0) * 512);
        if FileType::from_raw_mode(data.st_mode) == FileType::Directory {
            let Ok(child) = directory(current.fd()?, name) else { continue };
            if open.len() >= MAX_DEPTH {
                return Ok(u64::MAX);
            }
            open.push(Dir::new(child)?);
        }
    }
    Ok(total)
}

/// Removes a tree; an absent one is fine. Directories inside directories are first moved to the top, so the
/// depth never matters.
pub(crate) fn remove(root: &Path) -> io::Result<()> {
    let top = match directory(CWD, root) {
        Ok(top) => top,
        Err(Errno::NOENT) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let mut moved = 0u64;
    loop {
        let mut empty = true;
        for (name, is_directory) in entries(&top)? {
            empty = false;
            if is_directory {
                flatten(&top, &name, &mut moved)?;
                unlinkat(&top, name.as_c_str(), AtFlags::REMOVEDIR)?;
            } else {
                unlinkat(&top, name.as_c_str(), AtFlags::empty())?;
            }
        }
        if empty {
            break;
        }
    }
    match rustix::fs::unlinkat(CWD, root, AtFlags::REMOVEDIR) {
        Err(error) if error != Errno::NOENT => Err(error.into()),
        _ => Ok(()),
    }
}

/// Empties one directory: files go, directories move to the top under fresh names.
fn flatten(top: &OwnedFd, name: &CString, moved: &mut u64) -> io::Result<()> {
    let inner = match directory(top, name.as_c_str()) {
        // One that its owner may not enter; only without root. Its mode is ours to change.
        Err(Errno::ACCESS) => {
            rustix::fs::chmodat(top, name.as_c_str(), Mode::RWXU, AtFlags::empty())?;
            directory(top, name.as_c_str())?
        }
        other => other?,
    };
    for (name, is_directory) in entries(&inner)? {
        if !is_directory {
            unlinkat(&inner, name.as_c_str(), AtFlags::empty())?;
            continue;
        }
        loop {
            *moved += 1;
            let fresh = format!(".removing-{moved}");
            if statat(top, &fresh, AtFlags::SYMLINK_NOFOLLOW).is_err() {
                // Moving a directory changes its "..", which takes write permission on itself; overlay's own
                // work directory has none.
                if renameat(&inner, name.as_c_str(), top, &fresh) == Err(Errno::ACCESS) {
                    rustix::fs::chmodat(&inner, name.as_c_str(), Mode::RWXU, AtFlags::empty())?;
                    renameat(&inner, name.as_c_str(), top, &fresh)?;
                }
                break;
            }
        }
    }
    Ok(())
}

/// Names in a directory, and whether each is a directory. Read whole, since the directory is about to change.
fn entries(directory: &OwnedFd) -> io::Result<Vec<(CString, bool)>> {
    let mut found = Vec::new();
    for entry in Dir::read_from(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        if matches!(name.to_bytes(), b"." | b"..") {
            continue;
        }
        let kind = match entry.file_type() {
            FileType::Unknown => {
                FileType::from_raw_mode(statat(directory, name, AtFlags::SYMLINK_NOFOLLOW)?.st_mode)
            }
            known => known,
        };
        found.push((name.to_owned(), kind == FileType::Directory));
    }
    Ok(found)
}

fn directory<P: rustix::path::Arg>(at: impl std::os::fd::AsFd, path: P) -> Result<OwnedFd, Errno> {
    openat(at, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::*;

    fn place(name: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("allod-tree-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        path
    }

    fn nest(root: &Path, depth: usize) {
        let mut here = directory(CWD, root).unwrap();
        for _ in 0..depth {
            rustix::fs::mkdirat(&here, "deep", Mode::RWXU).unwrap();
            here = directory(&here, "deep").unwrap();
        }
    }

    #[test]
    fn a_tree_deeper_than_any_path_is_removed() {
        let root = place("deep");
        nest(&root, 3_000);
        fs::write(root.join("deep/file"), "x").unwrap();
        assert_eq!(disk_usage(&root).unwrap(), u64::MAX);
        remove(&root).unwrap();
        assert!(!root.exists());
        remove(&root).unwrap();
        assert_eq!(disk_usage(&root).unwrap(), 0);
    }

    #[test]
    fn links_are_removed_and_not_followed() {
        let (root, other) = (place("links"), place("other"));
        fs::write(other.join("kept"), vec![1; 100_000]).unwrap();
        std::os::unix::fs::symlink(&other, root.join("link")).unwrap();
        fs::write(root.join(".removing-1"), "in the way").unwrap();
        fs::create_dir_all(root.join("a/b")).unwrap();
        assert!(disk_usage(&root).unwrap() < 50_000);
        assert!(disk_usage(&other).unwrap() >= 100_000);
        remove(&root).unwrap();
        assert!(other.join("kept").exists());
        remove(&other).unwrap();
    }
}
