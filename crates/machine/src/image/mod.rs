//! The built-in image: the host's own `/usr`, read-only, under a fresh identity. Nothing is downloaded.
//!
//! The root is a small directory made here: generated accounts and settings, and from the host's `/etc` only
//! what [`copied`] lists (loader cache, certificate authorities, alternatives …), never a secret. `/usr` itself
//! is the lower layer of an overlay, so a machine may write there without the host noticing. When the host is
//! upgraded, its machines see the new files after their next start; the image's version changes with it.

mod copied;
mod generated;

use std::fs::{self, DirBuilder, Permissions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _, chown, symlink};
use std::path::{Component, Path, PathBuf};

use keeper::protocol::{Mode, Overlay};
use sha2::{Digest as _, Sha256};

use crate::error::{MachineError, Result};
use crate::spec::Image;

/// Links at the root of a host whose programs all live in `/usr` (the file hierarchy of all current
/// distributions); those the host has are repeated.
const MERGED: [&str; 6] = ["bin", "sbin", "lib", "lib32", "lib64", "libx32"];
/// Package databases whose change means that `/usr` changed.
const DATABASES: [&str; 4] = [
    "/var/lib/dpkg/status",
    "/var/lib/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/lib/apk/db/installed",
];

/// Builds the host image under `images` unless the present version is already there.
pub(crate) fn prepare(images: &Path, mode: Mode) -> Result<Image> {
    let fresh = images.join(format!("host.new-{}", std::process::id()));
    remove(&fresh)?;
    let outcome = build(&fresh, mode).and_then(|version| {
        let place = images.join(format!("host-{version}"));
        if !place.exists() {
            fs::rename(&fresh, &place).map_err(|error| MachineError::file(&place, error))?;
        }
        Ok(image(&place, version))
    });
    remove(&fresh)?;
    outcome
}

fn image(place: &Path, version: String) -> Image {
    let root = Overlay { target: "/".into(), lower: vec![place.join("root")], name: "root".into() };
    let usr = Overlay {
        target: "/usr".into(),
        lower: vec![place.join("usr"), PathBuf::from("/usr")],
        name: "usr".into(),
    };
    Image { version, overlays: vec![root, usr] }
}

fn build(place: &Path, mode: Mode) -> Result<String> {
    let mut builder = Builder { root: place.to_owned(), hash: Sha256::new(), chown: mode == Mode::Full };
    builder.directory(Path::new(""), 0o755, 0)?;
    builder.directory(Path::new("root"), 0o755, 0)?;
    for (path, mode, owner) in generated::DIRECTORIES {
        builder.directory(&Path::new("root").join(path), *mode, *owner)?;
    }
    for name in MERGED {
        builder.merged_link(name)?;
    }
    for (path, target) in generated::LINKS {
        builder.link(&Path::new("root").join(path), Path::new(target))?;
    }
    for name in copied::FILES {
        builder.copy(Path::new("/etc").join(name).as_path(), 0)?;
    }
    // After the copies: a generated file wins over one of the host.
    for (path, mode, content) in generated::FILES {
        builder.file(&Path::new("root").join(path), *mode, content.as_bytes())?;
    }
    builder.power_commands()?;
    for path in DATABASES {
        if let Ok(data) = fs::metadata(path) {
            use std::os::unix::fs::MetadataExt as _;
            builder.hash.update(format!("{path} {} {}.{}\n", data.size(), data.mtime(), data.mtime_nsec()));
        }
    }
    let digest = builder.hash.finalize();
    let short = digest.iter().take(6).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
    Ok(format!("{short:012x}"))
}

/// Writes the image and hashes what it writes.
struct Builder {
    root: PathBuf,
    hash: Sha256,
    chown: bool,
}

impl Builder {
    fn note(&mut self, kind: &str, path: &Path, content: &[u8]) {
        self.hash.update(format!("{kind} {} {}\n", path.display(), content.len()));
        self.hash.update(content);
    }

    fn directory(&mut self, path: &Path, mode: u32, owner: u32) -> Result<()> {
        let full = self.root.join(path);
        let fail = |error| MachineError::file(&full, error);
        DirBuilder::new().recursive(true).mode(mode).create(&full).map_err(fail)?;
        fs::set_permissions(&full, Permissions::from_mode(mode)).map_err(fail)?;
        if self.chown && owner != 0 {
            chown(&full, Some(owner), Some(owner)).map_err(fail)?;
        }
        self.note("directory", path, format!("{mode:o} {owner}").as_bytes());
        Ok(())
    }

    fn file(&mut self, path: &Path, mode: u32, content: &[u8]) -> Result<()> {
        let full = self.root.join(path);
        let fail = |error| MachineError::file(&full, error);
        remove(&full)?;
        let mut file =
            fs::OpenOptions::new().write(true).create_new(true).mode(mode).open(&full).map_err(fail)?;
        file.write_all(content).map_err(fail)?;
        file.set_permissions(Permissions::from_mode(mode)).map_err(fail)?;
        self.note("file", path, content);
        Ok(())
    }

    fn link(&mut self, path: &Path, target: &Path) -> Result<()> {
        let full = self.root.join(path);
        remove(&full)?;
        symlink(target, &full).map_err(|error| MachineError::file(&full, error))?;
        self.note("link", path, target.as_os_str().as_encoded_bytes());
        Ok(())
    }

    /// `/bin` and its like must be links into `/usr`, or the machine would be without programs.
    fn merged_link(&mut self, name: &str) -> Result<()> {
        let host = Path::new("/").join(name);
        let Ok(data) = fs::symlink_metadata(&host) else { return Ok(()) };
        if !data.is_symlink() {
            return Err(MachineError::Unsupported(format!(
                "the host image needs a host whose /{name} is a link into /usr"
            )));
        }
        let target = fs::read_link(&host).map_err(|error| MachineError::file(&host, error))?;
        self.link(&Path::new("root").join(name), &target)
    }

    /// Copies a file, a link or a directory of `/etc`, if it is there and every user of the host may read it.
    fn copy(&mut self, host: &Path, depth: usize) -> Result<()> {
        let Ok(data) = fs::symlink_metadata(host) else { return Ok(()) };
        let relative: PathBuf = host.components().filter(|part| *part != Component::RootDir).collect();
        let path = Path::new("root").join(relative);
        let public = data.permissions().mode() & 0o004 != 0;
        if data.is_symlink() {
            let target = fs::read_link(host).map_err(|error| MachineError::file(host, error))?;
            self.parent(&path)?;
            return self.link(&path, &target);
        }
        if data.is_dir() && public && depth < copied::MAX_DEPTH {
            let mut entries: Vec<PathBuf> = fs::read_dir(host)
                .map_err(|error| MachineError::file(host, error))?
                .flatten()
                .map(|entry| entry.path())
                .collect();
            // The order of a directory is not stable and the version is a hash of what comes in which order.
            entries.sort();
            self.parent(&path.join("x"))?;
            return entries
                .iter()
                .take(copied::MAX_ENTRIES)
                .try_for_each(|entry| self.copy(entry, depth + 1));
        }
        if data.is_file() && public && data.len() <= copied::MAX_BYTES {
            let content = fs::read(host).map_err(|error| MachineError::file(host, error))?;
            self.parent(&path)?;
            return self.file(&path, data.permissions().mode() & 0o755, &content);
        }
        Ok(())
    }

    fn parent(&self, path: &Path) -> Result<()> {
        let Some(parent) = path.parent() else { return Ok(()) };
        let full = self.root.join(parent);
        DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(&full)
            .map_err(|error| MachineError::file(&full, error))
    }

    /// `shutdown`, `reboot` and their like, which on most hosts talk to a system manager that is not here.
    fn power_commands(&mut self) -> Result<()> {
        let merged = fs::symlink_metadata("/usr/sbin").is_ok_and(|data| data.is_symlink());
        let directory = Path::new("usr").join(if merged { "bin" } else { "sbin" });
        self.directory(Path::new("usr"), 0o755, 0)?;
        self.directory(&directory, 0o755, 0)?;
        self.file(&directory.join("shutdown"), 0o755, generated::SHUTDOWN.as_bytes())?;
        for name in ["reboot", "poweroff", "halt"] {
            self.link(&directory.join(name), Path::new("shutdown"))?;
        }
        Ok(())
    }
}

/// Removes a file, a link or a tree; an absent one is fine.
fn remove(path: &Path) -> Result<()> {
    let outcome = match fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(data) if data.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    outcome.map_err(|error| MachineError::file(path, error))
}

#[cfg(test)]
mod tests;
