//! A key with its value and revisions.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::LeaseId;

/// A value as stored, together with its decoded form once somebody has asked for it.
///
/// The decoded form is kept beside the bytes because records are read far more often than written:
/// decoding happens once per write, not once per read.
pub struct Stored {
    bytes: Bytes,
    decoded: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Stored {
    /// A value whose decoded form is not known yet.
    pub fn new(bytes: impl Into<Bytes>) -> Self {
        Self { bytes: bytes.into(), decoded: OnceLock::new() }
    }

    /// A value whose decoded form the writer already holds.
    pub fn with_decoded<T: Any + Send + Sync>(bytes: impl Into<Bytes>, decoded: Arc<T>) -> Self {
        let cell = OnceLock::new();
        let erased: Arc<dyn Any + Send + Sync> = decoded;
        // A fresh cell is always empty, so the value cannot be refused.
        let _ = cell.set(erased);
        Self { bytes: bytes.into(), decoded: cell }
    }

    /// The encoded value.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The decoded form, made by `decode` at the first call and shared by later ones.
    ///
    /// # Errors
    /// Whatever `decode` returns; a failure is not remembered.
    pub fn decoded<T, E>(&self, decode: impl FnOnce(&[u8]) -> Result<T, E>) -> Result<Arc<T>, E>
    where
        T: Any + Send + Sync,
    {
        if let Some(known) = self.decoded.get()
            && let Ok(typed) = Arc::clone(known).downcast::<T>()
        {
            return Ok(typed);
        }
        let fresh = Arc::new(decode(&self.bytes)?);
        let erased: Arc<dyn Any + Send + Sync> = Arc::clone(&fresh) as _;
        // Losing this race, or an earlier reader of another type, only costs one more decode.
        let _ = self.decoded.set(erased);
        Ok(fresh)
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stored").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

/// A key, its value and the revisions of its creation and last change. Cloning copies two pointers.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyValue {
    /// The key, `/<kind>/<account>/<region>/<id>`.
    pub key: Arc<str>,
    /// The value.
    pub value: Arc<Stored>,
    /// Store revision at which the key came into being (again).
    pub created_revision: u64,
    /// Store revision of the last write.
    pub modified_revision: u64,
    /// The lease whose end removes this key, if any.
    pub lease: Option<LeaseId>,
}

impl KeyValue {
    /// The encoded value.
    pub fn bytes(&self) -> &Bytes {
        self.value.bytes()
    }

    /// Bytes of key and value together, for accounting.
    pub(crate) fn size(&self) -> usize {
        self.key.len() + self.value.bytes().len()
    }
}
