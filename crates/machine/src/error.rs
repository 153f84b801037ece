//! What can go wrong with machines.

use std::io;
use std::path::{Path, PathBuf};

use keeper::KeeperError;
use keeper::error::Refusal;

/// A failure of an operation on machines; nothing is left half-made when one is returned.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// No machine or command of this id.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The id is taken.
    #[error("{0} already exists")]
    Exists(String),
    /// An argument is outside of what is allowed.
    #[error("invalid {what}: {why}")]
    Invalid {
        /// Which argument.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The host cannot do what was asked; the text says what is missing.
    #[error("this host cannot: {0}")]
    Unsupported(String),
    /// A file operation on the host failed.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The keeper failed or could not be reached.
    #[error(transparent)]
    Keeper(KeeperError),
}

impl MachineError {
    /// Wraps an I/O error with the path it is about.
    pub fn file(path: &Path, source: impl Into<io::Error>) -> Self {
        Self::File { path: path.to_owned(), source: source.into() }
    }

    /// Refuses an argument.
    pub fn invalid(what: &'static str, why: impl Into<String>) -> Self {
        Self::Invalid { what, why: why.into() }
    }
}

impl From<KeeperError> for MachineError {
    fn from(error: KeeperError) -> Self {
        match error {
            KeeperError::Refused(Refusal::Unknown(id)) => Self::NotFound(id),
            KeeperError::Refused(Refusal::InUse(id)) => Self::Exists(id),
            other => Self::Keeper(other),
        }
    }
}

/// Short form used throughout the crate.
pub type Result<T, E = MachineError> = std::result::Result<T, E>;
