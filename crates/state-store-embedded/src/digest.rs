//! A number that stands for the whole state, stored with every batch and checked at every opening.
//!
//! The engine guards contents by checksums, but not the numbers that decide which of two versions of a key is
//! the newer one: a single flipped bit there would bring an old state back, silently. The digest notices.

use state_store::KeyValue;
use state_store::ledger::Commit;

/// The sum of the fingerprints of all live records: cheap to carry along, whatever the order of changes.
/// `None` when it is not known, because a partial wipe removed records that were not looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(pub(crate) Option<u64>);

impl Digest {
    /// The digest of these records.
    pub(crate) fn of<'a>(records: impl IntoIterator<Item = &'a KeyValue>) -> Self {
        Self(Some(records.into_iter().map(fingerprint).fold(0, u64::wrapping_add)))
    }

    /// The digest after one more change.
    pub(crate) fn after(self, commit: &Commit) -> Self {
        let mut digest = self;
        if let Some(prefix) = &commit.wipe {
            let whole = "/".starts_with(&**prefix);
            digest = Self(whole.then_some(0));
        }
        let part = |record: &Option<KeyValue>| record.as_ref().map_or(0, fingerprint);
        let events = commit.events.iter();
        let change = |sum: u64| {
            events.fold(sum, |sum, event| {
                sum.wrapping_sub(part(&event.previous)).wrapping_add(part(&event.current))
            })
        };
        Self(digest.0.map(change))
    }
}

/// A hash (64-bit FNV-1a, mixed once more) of a record's key and last revision, which together name its
/// contents.
fn fingerprint(record: &KeyValue) -> u64 {
    let mut hash = 0xCBF2_9CE4_8422_2325_u64;
    for byte in record.key.bytes().chain(record.modified_revision.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3);
    }
    hash ^= hash >> 32;
    hash.wrapping_mul(0x9E37_79B9_7F4A_7C15)
}
