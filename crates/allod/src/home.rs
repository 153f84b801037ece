//! The data directory: where things lie in it, and its secret.

use anyhow::Context as _;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// A data directory, or a temporary one that goes away with the cloud.
pub(crate) struct Home {
    path: PathBuf,
    /// Removed at the end.
    pub(crate) ephemeral: bool,
    secret: [u8; 32],
}

impl Home {
    /// Opens or makes the directory of a lasting cloud.
    pub(crate) fn open(path: PathBuf) -> anyhow::Result<Home> {
        make_folder(&path, PASSABLE)?;
        let secret = secret(&path.join("secret.key"))?;
        Ok(Home { path, ephemeral: false, secret })
    }

    /// A directory below the system's temporary one, with a key that is never written.
    pub(crate) fn ephemeral() -> anyhow::Result<Home> {
        let path = std::env::temp_dir().join(format!("allod-{}", contracts::hex_id(12)));
        make_folder(&path, PASSABLE)?;
        let mut secret = [0u8; 32];
        getrandom::fill(&mut secret).context("the kernel gives no random numbers")?;
        Ok(Home { path, ephemeral: true, secret })
    }

    /// The default of a lasting cloud.
    pub(crate) fn default_path() -> anyhow::Result<PathBuf> {
        if rustix::process::geteuid().is_root() {
            return Ok(PathBuf::from("/var/lib/allod"));
        }
        let base = std::env::var_os("XDG_DATA_HOME").map(PathBuf::from);
        let base =
            base.or_else(|| std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".local/share")));
        Ok(base
            .context("neither XDG_DATA_HOME nor HOME is set; name a folder with --data-dir")?
            .join("allod"))
    }

    /// The folder itself.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// A place inside it.
    pub(crate) fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The keeper's socket in a data directory that need not be open.
    pub(crate) fn keeper_socket(path: &Path) -> PathBuf {
        path.join("run/keeper.sock")
    }

    /// A key for one purpose, derived from the directory's secret.
    pub(crate) fn key(&self, purpose: &str) -> [u8; 32] {
        let mut key = [0u8; 32];
        // HMAC takes keys of every length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.secret) {
            mac.update(purpose.as_bytes());
            key.copy_from_slice(&mac.finalize().into_bytes());
        }
        key
    }

    /// A short name of this cloud on its host, the same after every restart.
    pub(crate) fn cloud_name(&self) -> String {
        let [a, b, c, ..] = self.key("name");
        format!("{a:02x}{b:02x}{c:02x}")
    }

    /// Removes an ephemeral directory.
    pub(crate) fn remove(&self) {
        if self.ephemeral
            && let Err(error) = fs::remove_dir_all(&self.path)
        {
            tracing::warn!(path = %self.path.display(), %error, "the temporary folder stays");
        }
    }
}

/// Mode of the data directory: machines' id ranges must pass through it to their own disks, but list nothing.
const PASSABLE: u32 = 0o711;

/// Makes a folder with this mode; one that exists keeps its own.
pub(crate) fn make_folder(path: &Path, mode: u32) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(mode)
        .create(path)
        .with_context(|| format!("cannot make the folder {}", path.display()))
}

/// Reads the secret, or makes it: readable by the owner alone, on disk before anything is sealed with it.
fn secret(path: &Path) -> anyhow::Result<[u8; 32]> {
    match fs::read(path) {
        Ok(bytes) => bytes
            .as_slice()
            .try_into()
            .with_context(|| format!("{} does not hold 32 bytes; restore it from a backup", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut secret = [0u8; 32];
            getrandom::fill(&mut secret).context("the kernel gives no random numbers")?;
            let unfinished = path.with_extension("new");
            let mut file = fs::OpenOptions::new()
                .write(true)
                .create(true)
                .truncate(true)
                .mode(0o600)
                .open(&unfinished)?;
            file.write_all(&secret)?;
            file.sync_all()?;
            fs::rename(&unfinished, path)?;
            Ok(secret)
        }
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_stable_and_distinct() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        let first = Home::open(path.clone()).unwrap();
        let again = Home::open(path.clone()).unwrap();
        assert_eq!(first.key("a"), again.key("a"));
        assert_ne!(first.key("a"), first.key("b"));
        assert_eq!(first.cloud_name().len(), 6);
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path.join("secret.key")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_damaged_secret_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("secret.key"), b"short").unwrap();
        assert!(Home::open(folder.path().to_owned()).is_err());
    }
}
