//! Sets of packets: where verdicts change, and whether any packet of a set arrives.
//!
//! A filter compares fields of the header with constants and nothing else. The constants that a packet's way compares
//! with cut the space of headers into boxes; inside a box every comparison, and so the verdict, is the same.

mod addresses;
mod boundaries;
mod cell;
mod conversation;
mod cuts;
mod search;

pub use boundaries::boundaries;
pub use conversation::{ConversationSpace, conversation_space};
pub use search::{HeaderSpace, Query, Seen, header_space};

use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// An inclusive range of addresses of one family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AddressRange {
    /// The lowest address.
    pub from: IpAddr,
    /// The highest address; of the same family.
    pub to: IpAddr,
}

impl AddressRange {
    /// The range of one address.
    pub const fn one(address: IpAddr) -> Self {
        Self { from: address, to: address }
    }
}

/// Why a set of packets could not be searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpaceError {
    /// The rules cut the space into more boxes than are looked at in one search.
    #[error("the rules cut the space into more than {limit} boxes; a narrower question has an answer")]
    TooManyCells {
        /// The limit.
        limit: usize,
    },
    /// A range ends before it begins, or its ends are of different families.
    #[error("a range of the question ends before it begins")]
    BadRange,
}
