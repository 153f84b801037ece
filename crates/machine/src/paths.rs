//! Where things stand under the data directory.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use crate::error::{MachineError, Result};

/// Names of the files of one machine.
#[derive(Debug, Clone)]
pub(crate) struct MachineDir(PathBuf);

impl MachineDir {
    pub(crate) fn new(data_dir: &Path, id: &str) -> Self {
        Self(data_dir.join("machines").join(id))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Writable halves of the overlays.
    pub(crate) fn root(&self) -> PathBuf {
        self.0.join("root")
    }

    pub(crate) fn boot_file(&self) -> PathBuf {
        self.0.join("boot.json")
    }

    pub(crate) fn console_file(&self) -> PathBuf {
        self.0.join("console.ring")
    }

    pub(crate) fn status_file(&self) -> PathBuf {
        self.0.join("status")
    }

    /// The disk limit, kept so that it holds after a restart of the control plane.
    pub(crate) fn disk_limit_file(&self) -> PathBuf {
        self.0.join("disk-limit-mib")
    }
}

/// Makes a directory that only its owner may enter; an existing one is fine.
pub(crate) fn private_dir(path: &Path) -> Result<()> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| MachineError::file(path, error))
}

/// Makes one writable half of an overlay. Its mode is what `/` has inside, where everyone must pass; on the host
/// the directory above it keeps everyone out.
pub(crate) fn layer_dir(path: &Path) -> Result<()> {
    match DirBuilder::new().mode(0o755).create(path) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
            Err(MachineError::file(path, error))
        }
        _ => Ok(()),
    }
}

/// Instance ids become directory and cgroup names, so nothing but letters, digits and dashes may pass.
pub(crate) fn check_id(id: &str) -> Result<()> {
    let good = !id.is_empty()
        && id.len() <= 64
        && id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if good {
        Ok(())
    } else {
        Err(MachineError::invalid("machine id", format!("{id:?} is not [a-z0-9-]{{1,64}}")))
    }
}

/// Replaces a file so that readers see the old or the new content, never a part.
pub(crate) fn replace(path: &Path, content: &[u8]) -> Result<()> {
    let fresh = path.with_extension("new");
    fs::write(&fresh, content).map_err(|error| MachineError::file(&fresh, error))?;
    fs::rename(&fresh, path).map_err(|error| MachineError::file(path, error))
}
