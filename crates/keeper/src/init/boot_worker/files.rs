//! Writing files inside the machine.

use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown};
use std::path::Path;

use crate::boot::FileSpec;
use crate::init::accounts::{Account, find_group};

/// Replaces a file, creating its directories.
pub(super) fn write_all(path: &str, content: &[u8], mode: u32) -> io::Result<()> {
    write(path, content, mode, false)
}

/// Carries out a `write_files` entry. An owner that does not exist is an error, after the file is written.
pub(super) fn write_file(spec: &FileSpec) -> io::Result<()> {
    write(&spec.path, &spec.content, spec.mode, spec.append)?;
    let unknown = |what: &str, name: &str| io::Error::other(format!("{}: no {what} {name}", spec.path));
    let user = match &spec.user {
        Some(name) => Some(Account::find(name).ok_or_else(|| unknown("user", name))?.uid),
        None => None,
    };
    let group = match &spec.group {
        Some(name) => Some(find_group(name).ok_or_else(|| unknown("group", name))?),
        None => None,
    };
    chown(&spec.path, user, group)
}

fn write(path: &str, content: &[u8], mode: u32, append: bool) -> io::Result<()> {
    let path = Path::new(path);
    if let Some(parent) = path.parent()
        && !parent.is_dir()
    {
        DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .append(append)
        .truncate(!append)
        .mode(mode & 0o777)
        .open(path)?;
    file.write_all(content)?;
    // A second call only where it matters: an existing file, or bits the mask or open(2) took away.
    if file.metadata()?.permissions().mode() & 0o7777 != mode {
        fs::set_permissions(path, Permissions::from_mode(mode))?;
    }
    Ok(())
}
