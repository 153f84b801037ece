//! The error a caller gets.

use std::borrow::Cow;

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// The caller's (4xx).
    Sender,
    /// Ours (5xx).
    Receiver,
}

/// An error with AWS's code, status and message; the protocol gives it its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Code, such as `InvalidVpcID.NotFound` or `ParameterNotFound`.
    pub code: Cow<'static, str>,
    /// HTTP status.
    pub status: u16,
    /// For people.
    pub message: String,
    /// Further members of the modelled error, by wire name.
    pub details: Vec<(&'static str, String)>,
}

impl Fault {
    /// An error of the caller (400).
    pub fn sender(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Fault {
        Fault { code: code.into(), status: 400, message: message.into(), details: Vec::new() }
    }

    /// An error of ours (500, `InternalFailure`); the message tells the caller nothing secret.
    pub fn internal(message: impl Into<String>) -> Fault {
        Fault {
            code: Cow::Borrowed("InternalFailure"),
            status: 500,
            message: message.into(),
            details: Vec::new(),
        }
    }

    /// The same with another status.
    #[must_use]
    pub fn with_status(mut self, status: u16) -> Fault {
        self.status = status;
        self
    }

    /// The same with a further member.
    #[must_use]
    pub fn with_detail(mut self, name: &'static str, value: impl Into<String>) -> Fault {
        self.details.push((name, value.into()));
        self
    }

    /// Whose fault it is, by status.
    pub fn kind(&self) -> FaultKind {
        if self.status < 500 { FaultKind::Sender } else { FaultKind::Receiver }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Fault {}
