//! AAAA records for names that have none (RFC 6147; VPC User Guide, "DNS64 and NAT64").

use crate::task::Way;
use crate::wire::answer::{Answer, Rcode};
use crate::wire::name::Name;
use crate::wire::record::{Kind, Record};
use std::net::{Ipv4Addr, Ipv6Addr};

/// `64:ff9b::/96`, the well-known prefix (RFC 6052 §2.1), which NAT gateways translate.
const PREFIX: [u8; 12] = [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0];
/// How long a made-up record may be kept when nothing says how long the AAAA records are absent (RFC 6147 §5.1.7).
const DEFAULT_TTL: u32 = 600;

/// The AAAA records of a name, or those made from its A records.
pub(crate) async fn resolve(way: &Way<'_>, name: &Name) -> Answer {
    let real = way.follow(name, Kind::AAAA).await;
    let has_records = real.records.iter().any(|record| record.kind == Kind::AAAA);
    // A failure for AAAA counts as an absence (RFC 6147 §5.1.3); a name that does not exist has no A records either.
    if has_records || real.rcode == Rcode::NxDomain {
        return real;
    }
    let mut answer = way.follow(name, Kind::A).await;
    if !answer.records.iter().any(|record| record.kind == Kind::A) {
        return real;
    }
    let absence = real.soa.as_ref().and_then(Record::negative_ttl).unwrap_or(DEFAULT_TTL);
    for record in &mut answer.records {
        if let (Kind::A, Ok(octets)) = (record.kind, <[u8; 4]>::try_from(&*record.data)) {
            *record = Record::aaaa(&record.name, record.ttl.min(absence), embed(octets.into()));
        }
    }
    answer
}

fn embed(address: Ipv4Addr) -> Ipv6Addr {
    let mut octets = [0u8; 16];
    octets[..12].copy_from_slice(&PREFIX);
    octets[12..].copy_from_slice(&address.octets());
    octets.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_stands_behind_the_prefix() {
        assert_eq!(embed([192, 0, 2, 33].into()), "64:ff9b::192.0.2.33".parse::<Ipv6Addr>().unwrap());
    }
}
