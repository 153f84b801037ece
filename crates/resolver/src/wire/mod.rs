//! DNS messages (RFC 1035 §4): questions are read and answers are written by hand, since that is the hot path. What
//! upstream servers send is decoded by hickory-proto (see [`crate::upstream`]).

pub(crate) mod answer;
pub(crate) mod name;
pub(crate) mod query;
pub(crate) mod record;
pub(crate) mod writer;

/// Length of the header.
pub(crate) const HEADER: usize = 12;
/// Largest UDP answer without EDNS (RFC 1035 §4.2.1).
pub(crate) const PLAIN_LIMIT: usize = 512;
/// Largest UDP message that we send or offer to take: no fragment on any usual path (DNS flag day 2020).
pub(crate) const EDNS_LIMIT: usize = 1232;
/// Largest TCP message (RFC 1035 §4.2.2).
pub(crate) const TCP_LIMIT: usize = 65_535;
/// Class IN.
pub(crate) const CLASS_IN: u16 = 1;

/// Reads a big-endian number.
pub(crate) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

/// Reads a big-endian number.
pub(crate) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}
