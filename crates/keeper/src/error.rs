//! What can go wrong between a client, the keeper and the kernel.

use std::io;

/// A failure inside the keeper or its client library.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// A system call failed; `what` names the step in words a reader of the log understands.
    #[error("{what}: {source}")]
    System {
        /// The step that failed.
        what: String,
        /// The kernel's answer.
        source: io::Error,
    },
    /// The keeper understood the request and refused it.
    #[error("keeper refused: {0}")]
    Refused(Refusal),
    /// A frame was not what the protocol allows.
    #[error("malformed frame: {0}")]
    Malformed(String),
    /// The connection to the keeper ended; machines are not affected.
    #[error("connection to the keeper is gone")]
    Disconnected,
}

/// Why the keeper refused a request; travels over the socket.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum Refusal {
    /// No machine or command of this id is known.
    #[error("unknown id {0}")]
    Unknown(String),
    /// The id is taken by something that is alive or not yet forgotten.
    #[error("id {0} is in use")]
    InUse(String),
    /// The machine is not in a state that allows the request.
    #[error("{0}")]
    WrongState(String),
    /// A field of the request is not acceptable.
    #[error("invalid request: {0}")]
    Invalid(String),
    /// A limit of the keeper or of the host is reached.
    #[error("limit reached: {0}")]
    Limit(String),
    /// The kernel said no; the text names the step.
    #[error("{0}")]
    Kernel(String),
}

impl KeeperError {
    /// Wraps an I/O error with the step that failed.
    pub fn system(what: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self::System { what: what.into(), source: source.into() }
    }

    /// The last OS error, with the step that failed.
    pub fn last(what: impl Into<String>) -> Self {
        Self::system(what, io::Error::last_os_error())
    }

    /// The form in which this failure is told to a client.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            other => Refusal::Kernel(other.to_string()),
        }
    }
}

impl From<Refusal> for KeeperError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Short form used throughout the crate.
pub type Result<T, E = KeeperError> = std::result::Result<T, E>;
