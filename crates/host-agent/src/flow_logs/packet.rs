//! What the head of a dropped packet says.

use network_apply::Tuple;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

const TCP: u8 = 6;
const UDP: u8 = 17;
const SCTP: u8 = 132;
const ICMP: u8 = 1;
const ICMPV6: u8 = 58;
/// The flags of a TCP header that flow logs tell apart: FIN 1, SYN 2, RST 4, and SYN with ACK, 18.
const FLAGS: u8 = 0b1_0111;
const SYN: u8 = 2;
const ACK: u8 = 16;

/// The head of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) tuple: Tuple,
    /// Bytes of the whole packet, as its header says.
    pub(crate) length: u64,
    /// As flow logs count them: ACK only together with SYN.
    pub(crate) tcp_flags: u8,
    /// Type and code of ICMP messages.
    pub(crate) icmp: Option<(u8, u8)>,
}

impl Seen {
    /// Reads a packet from its IP header on, however short it was cut. `None`: no IP packet.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Seen> {
        match bytes.first()? >> 4 {
            4 => v4(bytes),
            6 => v6(bytes),
            _ => None,
        }
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn v4(bytes: &[u8]) -> Option<Seen> {
    let header = usize::from(bytes[0] & 15) * 4;
    let address = |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?));
    // Only the first fragment has ports.
    let offset = short(bytes, 6)? & 0x1fff;
    let payload = bytes.get(header..).filter(|_| offset == 0).unwrap_or_default();
    let protocol = *bytes.get(9)?;
    let ends = (IpAddr::V4(address(12)?), IpAddr::V4(address(16)?));
    Some(with_ports(ends, protocol, short(bytes, 2)?.into(), payload))
}

fn v6(bytes: &[u8]) -> Option<Seen> {
    let address = |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(bytes.get(at..at + 16)?).ok()?));
    let ends = (IpAddr::V6(address(8)?), IpAddr::V6(address(24)?));
    let length = u64::from(short(bytes, 4)?) + 40;
    let (mut protocol, mut at) = (*bytes.get(6)?, 40);
    // Extension headers of the common form (RFC 8200 §4): hop-by-hop, routing, destination options; a fragment's is of
    // fixed length.
    while let (0 | 43 | 44 | 60, Some(next)) = (protocol, bytes.get(at)) {
        let long =
            if protocol == 44 { 8 } else { bytes.get(at + 1).map_or(8, |n| (usize::from(*n) + 1) * 8) };
        (protocol, at) = (*next, at + long);
    }
    Some(with_ports(ends, protocol, length, bytes.get(at..).unwrap_or_default()))
}

fn with_ports(ends: (IpAddr, IpAddr), protocol: u8, length: u64, payload: &[u8]) -> Seen {
    let has_ports = matches!(protocol, TCP | UDP | SCTP);
    let port = |at| if has_ports { short(payload, at).unwrap_or_default() } else { 0 };
    let tuple = Tuple {
        source: ends.0,
        destination: ends.1,
        protocol,
        source_port: port(0),
        destination_port: port(2),
    };
    let flags = payload.get(13).copied().filter(|_| protocol == TCP).unwrap_or_default();
    let tcp_flags = if flags & (SYN | ACK) == SYN | ACK { flags & FLAGS } else { flags & FLAGS & !ACK };
    let icmp = match (protocol, payload) {
        (ICMP | ICMPV6, [kind, code, ..]) => Some((*kind, *code)),
        _ => None,
    };
    Seen { tuple, length, tcp_flags, icmp }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(protocol: u8, payload: &[u8]) -> Vec<u8> {
        let total = u16::try_from(20 + payload.len()).unwrap().to_be_bytes();
        let mut bytes = vec![0x45, 0, total[0], total[1], 0, 0, 0, 0, 64, protocol, 0, 0];
        bytes.extend_from_slice(&[10, 0, 0, 1, 10, 0, 0, 2]);
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn a_tcp_packet() {
        let mut segment = vec![0; 20];
        segment[..4].copy_from_slice(&[0x30, 0x39, 0, 80]);
        for (flags, expected) in [(2, 2), (18, 18), (16, 0), (17, 1), (4, 4), (24, 0)] {
            segment[13] = flags;
            let seen = Seen::parse(&packet(6, &segment)).unwrap();
            assert_eq!((seen.tuple.source_port, seen.tuple.destination_port), (12_345, 80));
            assert_eq!((seen.length, seen.tcp_flags), (40, expected), "{flags}");
        }
    }

    #[test]
    fn an_echo_behind_an_extension() {
        let mut bytes = vec![0x60, 0, 0, 0, 0, 16, 0, 64];
        bytes.extend_from_slice(&[0x20; 32]);
        // Hop-by-hop options of eight bytes, then ICMPv6.
        bytes.extend_from_slice(&[58, 0, 0, 0, 0, 0, 0, 0, 128, 0, 1, 2, 3, 4, 5, 6]);
        let seen = Seen::parse(&bytes).unwrap();
        assert_eq!((seen.tuple.protocol, seen.icmp, seen.length), (58, Some((128, 0)), 56));
    }

    #[test]
    fn whatever_is_cut_short_is_read_as_far_as_it_goes() {
        let full = packet(17, &[0, 53, 0, 54, 0, 8, 0, 0]);
        for end in 0..full.len() {
            let seen = Seen::parse(&full[..end]);
            assert_eq!(seen.is_some(), end >= 20, "{end}");
        }
        assert_eq!(Seen::parse(&[0x10; 60]), None);
        // A later fragment has no ports.
        let mut later = full;
        later[7] = 5;
        assert_eq!(Seen::parse(&later).unwrap().tuple.destination_port, 0);
    }
}
