//! Boxes of headers.

use super::AddressRange;
use crate::packet::{Header, Protocol};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// An inclusive interval of addresses.
pub(crate) type Interval = (u128, u128);

/// A box: one address at either end, and one interval for every other field. `first` and `second` are source and destination port for TCP and UDP, type and code
/// for ICMP, and unused for the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) v6: bool,
    pub(crate) source: u128,
    pub(crate) destination: u128,
    pub(crate) protocol: (u8, u8),
    pub(crate) first: (u16, u16),
    pub(crate) second: (u16, u16),
}

/// The number of an address.
pub(crate) fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(a) => u32::from(a).into(),
        IpAddr::V6(a) => a.into(),
    }
}

/// The address of a number; of an IPv4 one the lower 32 bits count.
pub(crate) fn address(number: u128, v6: bool) -> IpAddr {
    if v6 {
        IpAddr::V6(Ipv6Addr::from(number))
    } else {
        #[allow(clippy::cast_possible_truncation)] // intervals of IPv4 never exceed 32 bits
        IpAddr::V4(Ipv4Addr::from(number as u32))
    }
}

/// The interval of a range; `None` when its ends do not fit together.
pub(crate) fn interval(range: AddressRange) -> Option<Interval> {
    let same = range.from.is_ipv4() == range.to.is_ipv4();
    let (from, to) = (number(range.from), number(range.to));
    (same && from <= to).then_some((from, to))
}

/// A protocol from its number and two fields.
pub(crate) fn protocol(number: u8, first: u16, second: u16) -> Protocol {
    let byte = |n: u16| u8::try_from(n).unwrap_or(u8::MAX);
    match number {
        6 => Protocol::Tcp { source: first, destination: second },
        17 => Protocol::Udp { source: first, destination: second },
        1 => Protocol::Icmp { kind: byte(first), code: byte(second) },
        58 => Protocol::Icmpv6 { kind: byte(first), code: byte(second) },
        other => Protocol::Other(other),
    }
}

impl Cell {
    /// A header in the box that stands for all of them; an ephemeral source port where the box has one.
    pub(crate) fn representative(&self) -> Header {
        const EPHEMERAL: u16 = 49_152;
        let first = match self.protocol.0 {
            6 | 17 if self.first.0 <= EPHEMERAL && EPHEMERAL <= self.first.1 => EPHEMERAL,
            _ => self.first.0,
        };
        Header {
            source: address(self.source, self.v6),
            destination: address(self.destination, self.v6),
            protocol: protocol(self.protocol.0, first, self.second.0),
        }
    }
}

/// The pieces of an interval between cuts; a cut is the first number of the piece behind it.
pub(crate) fn pieces<N: Copy + Ord + Step>(whole: (N, N), cuts: impl IntoIterator<Item = N>) -> Vec<(N, N)> {
    let mut pieces = Vec::new();
    let mut from = whole.0;
    for cut in cuts {
        if cut > from && cut <= whole.1 {
            pieces.push((from, cut.before()));
            from = cut;
        }
    }
    pieces.push((from, whole.1));
    pieces
}

/// Numbers with a predecessor.
pub(crate) trait Step {
    /// The number before; of zero, zero.
    fn before(self) -> Self;
}

macro_rules! step {
    ($($n:ty),+) => { $(impl Step for $n { fn before(self) -> Self { self.saturating_sub(1) } })+ };
}
step!(u8, u16, u128);
