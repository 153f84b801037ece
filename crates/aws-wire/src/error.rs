//! Why a message could not be decoded, and which fault each protocol answers with.

use aws_schema::{Fault, Protocol, ReadError};

/// Why a message could not be turned into a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WireError {
    /// The body is not of the protocol's syntax, or a member has a value of the wrong type.
    #[error("{0}")]
    Malformed(#[from] ReadError),
    /// A form body or query string that is not `key=value&…` with valid percent-encoding, or has too many parameters.
    #[error("{0}")]
    Form(&'static str),
    /// A parameter that the operation does not have (ec2Query).
    #[error("The parameter {0} is not recognized")]
    UnknownParameter(String),
    /// A query request without `Action`.
    #[error("Missing Action")]
    MissingAction,
}

impl WireError {
    /// The fault a server answers with. The codes are those of AWS's "Common Errors" pages of the query services, of EC2's
    /// "Error codes", of S3's "Error responses" and of the JSON services (`SerializationException`).
    pub fn fault(&self, protocol: Protocol) -> Fault {
        match (self, protocol) {
            (WireError::MissingAction, _) => {
                Fault::sender("MissingAction", "The request must contain the parameter Action.")
            }
            (WireError::UnknownParameter(_), _) => Fault::sender("UnknownParameter", self.to_string()),
            (WireError::Form(message), _) => Fault::sender("MalformedQueryString", *message),
            (WireError::Malformed(error), Protocol::Ec2) => {
                Fault::sender("InvalidParameterValue", format!("Invalid value for parameter {error}"))
            }
            (WireError::Malformed(error), Protocol::Query) => {
                Fault::sender("MalformedInput", error.to_string())
            }
            (WireError::Malformed(_), Protocol::RestXml) => Fault::sender(
                "MalformedXML",
                "The XML you provided was not well-formed or did not validate against our published schema",
            ),
            (WireError::Malformed(error), _) => Fault::sender("SerializationException", error.to_string()),
        }
    }
}
