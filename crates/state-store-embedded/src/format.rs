//! How records, leases and marks look in the log.
//!
//! One keyspace holds everything. Records have their own key, which begins with `/`; the store's own
//! entries begin with `!`, which sorts before `/`, so that a scan meets them first:
//!
//! | key | value |
//! | --- | --- |
//! | `!digest` | `u64`, see [`crate::digest`]; absent between a partial wipe and the next opening |
//! | `!format` | `u16`, the version of this layout |
//! | `!lease/<16 hex digits>` | `u64`, time to live in microseconds |
//! | `!revision` | `u64`, the last durable revision |
//! | `!wipe<prefix>` | `u64`: records below the prefix up to this revision are dead |
//! | `/…` | 1 byte record layout, `u64` created, `u64` modified, `u64` lease (0: none), value |
//!
//! Numbers are little-endian.

use std::sync::Arc;

use bytes::Bytes;
use state_store::{KeyValue, LeaseId, Stored};

use crate::LogError;

/// The version of the layout above.
pub(crate) const FORMAT: u16 = 1;
pub(crate) const FORMAT_KEY: &str = "!format";
pub(crate) const DIGEST_KEY: &str = "!digest";
pub(crate) const REVISION_KEY: &str = "!revision";
const LEASE_PREFIX: &str = "!lease/";
const WIPE_PREFIX: &str = "!wipe";

const RECORD_LAYOUT: u8 = 1;
const HEADER: usize = 25;

/// An entry of the log, read.
pub(crate) enum Entry {
    Format(u16),
    Digest(u64),
    Revision(u64),
    Lease(LeaseId, u64),
    Wipe(Arc<str>, u64),
    Record(KeyValue),
}

pub(crate) fn lease_key(id: LeaseId) -> String {
    format!("{LEASE_PREFIX}{:016x}", id.0)
}

pub(crate) fn wipe_key(prefix: &str) -> String {
    format!("{WIPE_PREFIX}{prefix}")
}

pub(crate) fn encode_record(record: &KeyValue) -> Vec<u8> {
    let value = record.bytes();
    let mut bytes = Vec::with_capacity(HEADER + value.len());
    bytes.push(RECORD_LAYOUT);
    let lease = record.lease.map_or(0, |lease| lease.0);
    for number in [record.created_revision, record.modified_revision, lease] {
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    bytes.extend_from_slice(value);
    bytes
}

/// The revision of a record's last change, from its value alone.
pub(crate) fn modified_revision(value: &[u8]) -> Option<u64> {
    number(value.get(9..17)?)
}

fn number(bytes: &[u8]) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// Reads an entry.
///
/// # Errors
/// When it is of a layout this program does not know, or no entry at all.
pub(crate) fn decode(key: &[u8], value: &[u8]) -> Result<Entry, LogError> {
    let name = std::str::from_utf8(key)
        .map_err(|_| LogError(format!("a key in the log is not text: {}", key.escape_ascii())))?;
    let damaged = || LogError(format!("the entry {name} in the log is damaged"));
    if name.starts_with('/') {
        return decode_record(name, value);
    }
    if name == FORMAT_KEY {
        let bytes = value.try_into().map_err(|_| damaged())?;
        return Ok(Entry::Format(u16::from_le_bytes(bytes)));
    }
    let number = number(value).ok_or_else(damaged)?;
    if name == DIGEST_KEY {
        return Ok(Entry::Digest(number));
    }
    if name == REVISION_KEY {
        return Ok(Entry::Revision(number));
    }
    if let Some(id) = name.strip_prefix(LEASE_PREFIX) {
        let id = u64::from_str_radix(id, 16).map_err(|_| damaged())?;
        return Ok(Entry::Lease(LeaseId(id), number));
    }
    match name.strip_prefix(WIPE_PREFIX) {
        Some(prefix) => Ok(Entry::Wipe(prefix.into(), number)),
        None => Err(LogError(format!(
            "the log holds an entry {name} that this program does not know; a newer one wrote it"
        ))),
    }
}

fn decode_record(key: &str, value: &[u8]) -> Result<Entry, LogError> {
    let parts = || {
        let created = number(value.get(1..9)?)?;
        let modified = number(value.get(9..17)?)?;
        let lease = number(value.get(17..HEADER)?)?;
        Some((*value.first()?, created, modified, lease, value.get(HEADER..)?))
    };
    let Some((layout, created_revision, modified_revision, lease, payload)) = parts() else {
        return Err(LogError(format!("the record {key} in the log is damaged")));
    };
    if layout != RECORD_LAYOUT {
        return Err(LogError(format!(
            "the record {key} has layout {layout}, this program knows {RECORD_LAYOUT}; a newer one wrote it"
        )));
    }
    Ok(Entry::Record(KeyValue {
        key: key.into(),
        value: Arc::new(Stored::new(Bytes::copy_from_slice(payload))),
        created_revision,
        modified_revision,
        lease: (lease != 0).then_some(LeaseId(lease)),
    }))
}
