//! Resource records.

use super::name::Name;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A record type by its number (IANA, "Resource Record (RR) TYPEs").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(pub u16);

impl Kind {
    /// An IPv4 address.
    pub const A: Kind = Kind(1);
    /// An authoritative name server.
    pub const NS: Kind = Kind(2);
    /// An alias.
    pub const CNAME: Kind = Kind(5);
    /// The start of a zone of authority.
    pub const SOA: Kind = Kind(6);
    /// A name for an address.
    pub const PTR: Kind = Kind(12);
    /// What the host is; the answer to ANY (RFC 8482).
    pub const HINFO: Kind = Kind(13);
    /// Mail exchange.
    pub const MX: Kind = Kind(15);
    /// Text.
    pub const TXT: Kind = Kind(16);
    /// An IPv6 address.
    pub const AAAA: Kind = Kind(28);
    /// Where a service is.
    pub const SRV: Kind = Kind(33);
    /// EDNS(0): no record but an extension of the header.
    pub const OPT: Kind = Kind(41);
    /// Everything, in questions only.
    pub const ANY: Kind = Kind(255);
}

/// A record of class IN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose it is.
    pub name: Name,
    /// Its type.
    pub kind: Kind,
    /// How long it may be kept, in seconds.
    pub ttl: u32,
    /// Its data in wire form; names in it are uncompressed.
    pub data: Box<[u8]>,
}

impl Record {
    /// An A record.
    pub fn a(name: &Name, ttl: u32, address: Ipv4Addr) -> Record {
        Record { name: name.clone(), kind: Kind::A, ttl, data: address.octets().into() }
    }

    /// An AAAA record.
    pub fn aaaa(name: &Name, ttl: u32, address: Ipv6Addr) -> Record {
        Record { name: name.clone(), kind: Kind::AAAA, ttl, data: address.octets().into() }
    }

    /// A PTR record.
    pub fn ptr(name: &Name, ttl: u32, target: &Name) -> Record {
        Record { name: name.clone(), kind: Kind::PTR, ttl, data: target.as_wire().into() }
    }

    /// A CNAME record.
    pub fn cname(name: &Name, ttl: u32, target: &Name) -> Record {
        Record { name: name.clone(), kind: Kind::CNAME, ttl, data: target.as_wire().into() }
    }

    /// A SOA record; `minimum` is how long an absence may be kept (RFC 2308 §4). The serial number and the times for
    /// secondaries are of no use to a resolver's clients.
    pub fn soa(zone: &Name, ttl: u32, server: &Name, mailbox: &Name, minimum: u32) -> Record {
        let mut data = [server.as_wire(), mailbox.as_wire()].concat();
        for number in [1, 3600, 900, 604_800, minimum] {
            data.extend(u32::to_be_bytes(number));
        }
        Record { name: zone.clone(), kind: Kind::SOA, ttl, data: data.into() }
    }

    /// The target of an alias.
    pub fn alias_target(&self) -> Option<Name> {
        if self.kind == Kind::CNAME { Name::from_wire(&self.data).ok() } else { None }
    }

    /// How long the absence that this SOA record comes with may be kept: the lower of its own time and its `minimum`.
    pub(crate) fn negative_ttl(&self) -> Option<u32> {
        let start = self.data.len().checked_sub(4)?;
        (self.kind == Kind::SOA).then_some(())?;
        Some(self.ttl.min(super::u32_at(&self.data, start)?))
    }

    /// Memory it takes, about, in bytes.
    pub(crate) fn weight(&self) -> usize {
        size_of::<Record>() + self.name.as_wire().len() + self.data.len()
    }
}
