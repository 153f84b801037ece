//! From addresses to names: `5.0.0.10.in-addr.arpa` (RFC 1035 §3.5) and `….ip6.arpa` (RFC 3596 §2.5).

use super::instances::METADATA;
use super::{Local, PRIVATE_TTL, PUBLIC_TTL, dashed, exists, no_data, no_such_name, top};
use crate::wire::answer::Answer;
use crate::wire::name::{Name, labels, strip};
use crate::wire::record::{Kind, Record};
use ipnet::{Ipv4Net, Ipv6Net};
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// IPv4 blocks whose reverse zones nobody else may answer (RFC 6303 §4): a question about them never leaves the cloud.
const PRIVATE_V4: [Ipv4Net; 6] = [
    Ipv4Net::new_assert(Ipv4Addr::new(10, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(172, 16, 0, 0), 12),
    Ipv4Net::new_assert(Ipv4Addr::new(192, 168, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16),
    Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8),
    Ipv4Net::new_assert(Ipv4Addr::new(100, 64, 0, 0), 10),
];
/// The same for IPv6.
const PRIVATE_V6: [Ipv6Net; 2] = [
    Ipv6Net::new_assert(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 0), 8),
    Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
];

impl Local<'_> {
    pub(super) fn reverse(&self, name: &[u8], kind: Kind) -> Option<Answer> {
        if let Some(host) = strip(name, b"\x07in-addr\x04arpa\0") {
            return self.reverse_v4(name, host, kind);
        }
        let host = strip(name, b"\x03ip6\x04arpa\0")?;
        self.reverse_v6(name, host, kind)
    }

    fn reverse_v4(&self, name: &[u8], host: &[u8], kind: Kind) -> Option<Answer> {
        // The labels run from the last octet to the first; fewer than four name a block. What stands before them, such
        // as `_udp`, names nothing, but it is the zone of the block that says so.
        let given: Vec<&[u8]> = labels(host).collect();
        let mut octets = [0u8; 4];
        let mut count = 0u8;
        for (octet, number) in octets.iter_mut().zip(given.iter().rev().map_while(|l| dashed::number(l))) {
            *octet = number;
            count += 1;
        }
        let address = Ipv4Addr::from(octets);
        let length = count * 8;
        let asked = Ipv4Net::new(address, length).ok()?;
        let of_vpc = self.facts.v4.iter().find(|block| overlap(block, &asked));
        let of_pool = self.public_pool.as_ref().filter(|pool| overlap(pool, &asked));
        let private = PRIVATE_V4.iter().find(|block| block.contains(&asked));
        // A private block is one zone, whatever VPCs are cut from it; any other is a zone of its own.
        let zone_block = *private.or(of_vpc).or(of_pool)?;
        let zone = zone_v4(zone_block, address)?;
        let name = Name::known(name);
        if name == zone {
            return Some(top(&zone, kind));
        }
        // Above the zone somebody else decides.
        name.is_under(&zone).then_some(())?;
        if given.len() > usize::from(count) {
            return Some(no_such_name(&zone));
        }
        if count < 4 {
            let known = of_vpc.or(of_pool).is_some();
            return Some(if known { no_data(&zone) } else { no_such_name(&zone) });
        }
        let found = self.name_of_v4(address, of_vpc.is_some());
        Some(match found {
            Some((target, ttl)) => exists(&zone, kind, [Record::ptr(&name, ttl, &target)]),
            None => no_such_name(&zone),
        })
    }

    fn name_of_v4(&self, address: Ipv4Addr, of_vpc: bool) -> Option<(Name, u32)> {
        if address == METADATA {
            return Some((Name::from_text("instance-data.ec2.internal").ok()?, PRIVATE_TTL));
        }
        if address == Ipv4Addr::LOCALHOST {
            return Some((Name::from_text("localhost").ok()?, PRIVATE_TTL));
        }
        if of_vpc && self.facts.hostnames {
            let interface = self.interface(address.into());
            let name = interface.and_then(|interface| self.name_of(&interface, address.into()));
            if let Some(name) = name {
                return Some((name, PRIVATE_TTL));
            }
        }
        self.public_pool.filter(|pool| pool.contains(&address))?;
        Some((self.public_name_of(address)?, PUBLIC_TTL))
    }

    fn reverse_v6(&self, name: &[u8], host: &[u8], kind: Kind) -> Option<Answer> {
        let given: Vec<&[u8]> = labels(host).collect();
        let mut bits = 0u128;
        let mut length = 0u8;
        for digit in given.iter().rev().take(32).map_while(|label| nibble(label)) {
            bits |= digit << (124 - length);
            length += 4;
        }
        let address = Ipv6Addr::from(bits);
        let asked = Ipv6Net::new(address, length).ok()?;
        let of_vpc = self.facts.v6.iter().find(|block| block.contains(&asked));
        let zone_block = of_vpc.or_else(|| PRIVATE_V6.iter().find(|block| block.contains(&asked)))?;
        let zone = zone_v6(*zone_block)?;
        let name = Name::known(name);
        if name == zone {
            return Some(top(&zone, kind));
        }
        let only_digits = given.len() == usize::from(length / 4);
        if length < 128 && only_digits && of_vpc.is_some() {
            return Some(no_data(&zone));
        }
        let known = length == 128 && only_digits && of_vpc.is_some() && self.facts.hostnames;
        let interface = known.then(|| self.interface(IpAddr::V6(address))).flatten();
        let target = interface.and_then(|interface| self.name_of(&interface, IpAddr::V6(address)));
        Some(match target {
            Some(target) => exists(&zone, kind, [Record::ptr(&name, PRIVATE_TTL, &target)]),
            None => no_such_name(&zone),
        })
    }
}

fn nibble(label: &[u8]) -> Option<u128> {
    let [digit] = label else { return None };
    char::from(*digit).to_digit(16).map(u128::from)
}

fn overlap(block: &Ipv4Net, other: &Ipv4Net) -> bool {
    block.contains(other) || other.contains(block)
}

/// The zone of a block around an address, at an octet: of `172.16.0.0/12` there are sixteen.
fn zone_v4(block: Ipv4Net, address: Ipv4Addr) -> Option<Name> {
    let count = usize::from(block.prefix_len().div_ceil(8)).clamp(1, 3);
    let mut text = String::new();
    for octet in address.octets()[..count].iter().rev() {
        let _ = write!(text, "{octet}.");
    }
    Name::from_text(&format!("{text}in-addr.arpa")).ok()
}

/// The zone of a block, at a nibble.
fn zone_v6(block: Ipv6Net) -> Option<Name> {
    let count = usize::from(block.prefix_len() / 4);
    let bits = u128::from(block.network());
    let mut text = String::new();
    for place in (0..count).rev() {
        let _ = write!(text, "{:x}.", (bits >> (124 - 4 * place)) & 0xf);
    }
    Name::from_text(&format!("{text}ip6.arpa")).ok()
}
