//! What a record is.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// Why a record cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecordError(pub String);

/// A kind of record. Its key is `/<KIND>/<account>/<region>/<id>`, its value versioned JSON.
pub trait Record: Serialize + DeserializeOwned + Send + Sync + Clone + 'static {
    /// The kind, for example `ec2/instance`. No kind may be another's beginning followed by `/`.
    const KIND: &'static str;
    /// Version of the encoding; raise it when an older reader would misread the new form.
    const VERSION: u16 = 1;

    /// The last part of the key, unique within kind and scope. May contain `/` (parameter names do).
    fn id(&self) -> &str;

    /// Secondary indexes, for example `("vpc", vpc_id)`; several entries with one name are allowed.
    fn indexes(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Reads a record of an older version.
    ///
    /// # Errors
    /// When that version is unknown, which is what every version is unless a record says otherwise.
    fn upgrade(from: u16, _value: serde_json::Value) -> Result<Self, RecordError> {
        Err(RecordError(format!("{} has no upgrade from encoding version {from}", Self::KIND)))
    }
}
