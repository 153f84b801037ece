//! What keys and data are made of.

use crate::RuleList;

/// One field of a key or a map's datum: what it means and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A number in the machine's byte order: a group, a slot, a subnet.
    Number,
    /// An interface index.
    Interface,
    /// A packet mark.
    Mark,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A hardware address.
    Mac,
    /// An IP protocol number, or a family.
    Protocol,
    /// A port, or an ICMP type and code.
    Port,
}

/// What a table looks at; both of a router's tables have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFamily {
    /// IPv4 and IPv6 packets.
    Inet,
    /// ARP messages.
    Arp,
}

/// How the kernel stores a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// Exact keys.
    Hash,
    /// Each field may be a range.
    Intervals,
    /// Exact keys with a datum of these fields.
    Map(&'static [Field]),
    /// Each field may be a range; with a datum of these fields.
    IntervalMap(&'static [Field]),
    /// Exact keys, each with a chain to jump to. The element's datum is the chain's number in this list.
    Chains(RuleList),
}

impl Field {
    /// The field's bytes, without padding.
    pub const fn width(self) -> usize {
        match self {
            Self::Number | Self::Interface | Self::Mark | Self::Ipv4 => 4,
            Self::Ipv6 => 16,
            Self::Mac => 6,
            Self::Protocol => 1,
            Self::Port => 2,
        }
    }

    /// The bytes it takes in a key: fields start at multiples of four.
    pub const fn padded(self) -> usize {
        self.width().next_multiple_of(4)
    }
}

impl SetKind {
    /// Whether each field of a key may be a range.
    pub const fn has_ranges(self) -> bool {
        matches!(self, Self::Intervals | Self::IntervalMap(_))
    }

    /// Whether elements carry a datum.
    pub const fn has_data(self) -> bool {
        matches!(self, Self::Map(_) | Self::IntervalMap(_) | Self::Chains(_))
    }
}
