//! Packets with a number in them, by which they are known again wherever they turn up.

use super::Mac;
use super::checksum::{checksum, pseudo_header};
use reachability::{Header, Protocol};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Begins what our packets carry.
const MAGIC: [u8; 4] = *b"trU7";
/// Stands in the urgent pointer of a TCP packet without data whose sequence number is the probe's number.
const URGENT_MAGIC: u16 = 0x7472;
const ACK: u8 = 0x10;
const PSH: u8 = 0x08;
const SYN: u8 = 0x02;

/// The number of a probe.
pub type Tracer = u32;

/// TCP's own fields: which packet of a connection it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TcpFields {
    /// The first: a SYN with the probe's number as sequence number.
    #[default]
    Syn,
    /// The answer, acknowledging a SYN with this sequence number.
    SynAck(u32),
    /// A packet behind the handshake, with sequence and acknowledgement number; it carries data.
    Data(u32, u32),
}

/// A probe as it goes onto the wire.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// Addresses and ports.
    pub header: Header,
    /// The probe's number.
    pub tracer: Tracer,
    /// For TCP.
    pub tcp: TcpFields,
    /// The identifier of ICMP queries (RFC 792), the same in request and reply.
    pub identifier: u16,
}

impl Frame {
    /// The bytes of the Ethernet frame.
    pub fn encode(&self, source: Mac, destination: Mac) -> Vec<u8> {
        let Header { source: from, destination: to, protocol } = self.header;
        let number = protocol.number();
        let mut body = self.transport();
        let pseudo = pseudo_header(from, to, number, body.len());
        let (place, covered) = match protocol {
            Protocol::Tcp { .. } => (Some(16), true),
            Protocol::Udp { .. } => (Some(6), true),
            Protocol::Icmp { .. } => (Some(2), false),
            Protocol::Icmpv6 { .. } => (Some(2), true),
            Protocol::Other(_) => (None, false),
        };
        if let Some(place) = place {
            let pieces: &[&[u8]] = if covered { &[&pseudo, &body] } else { &[&body] };
            let sum = match checksum(pieces) {
                // RFC 768: a computed zero is sent as all ones.
                0 if number == 17 => 0xffff,
                sum => sum,
            };
            body[place..place + 2].copy_from_slice(&sum.to_be_bytes());
        }
        let mut frame = Vec::with_capacity(54 + body.len());
        frame.extend(destination);
        frame.extend(source);
        let length = u16::try_from(body.len()).unwrap_or_default();
        match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                frame.extend([8, 0]);
                let mut head = [0x45, 0, 0, 0, 0, 0, 0x40, 0, 64, number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
                head[2..4].copy_from_slice(&(length + 20).to_be_bytes());
                head[12..16].copy_from_slice(&from.octets());
                head[16..20].copy_from_slice(&to.octets());
                let sum = checksum(&[&head]);
                head[10..12].copy_from_slice(&sum.to_be_bytes());
                frame.extend(head);
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                frame.extend([0x86, 0xdd, 0x60, 0, 0, 0]);
                frame.extend(length.to_be_bytes());
                frame.extend([number, 64]);
                frame.extend(from.octets());
                frame.extend(to.octets());
            }
            // No such packet can be written; probes are of one family.
            _ => {}
        }
        frame.extend(body);
        frame
    }

    fn transport(&self) -> Vec<u8> {
        let mut body = Vec::with_capacity(32);
        let mark = |body: &mut Vec<u8>| {
            body.extend(MAGIC);
            body.extend(self.tracer.to_be_bytes());
        };
        match self.header.protocol {
            Protocol::Tcp { source, destination } => {
                body.extend(source.to_be_bytes());
                body.extend(destination.to_be_bytes());
                let (sequence, acknowledged, flags) = match self.tcp {
                    TcpFields::Syn => (self.tracer, 0, SYN),
                    TcpFields::SynAck(first) => (self.tracer, first.wrapping_add(1), SYN | ACK),
                    TcpFields::Data(sequence, acknowledged) => (sequence, acknowledged, PSH | ACK),
                };
                body.extend(sequence.to_be_bytes());
                body.extend(acknowledged.to_be_bytes());
                body.extend([0x50, flags, 0xff, 0xff, 0, 0]);
                if matches!(self.tcp, TcpFields::Data(..)) {
                    body.extend([0, 0]);
                    mark(&mut body);
                } else {
                    body.extend(URGENT_MAGIC.to_be_bytes());
                }
            }
            Protocol::Udp { source, destination } => {
                body.extend(source.to_be_bytes());
                body.extend(destination.to_be_bytes());
                body.extend([0, 16, 0, 0]);
                mark(&mut body);
            }
            Protocol::Icmp { kind, code } | Protocol::Icmpv6 { kind, code } => {
                body.extend([kind, code, 0, 0]);
                body.extend(self.identifier.to_be_bytes());
                body.extend([0, 1]);
                mark(&mut body);
            }
            Protocol::Other(_) => {
                mark(&mut body);
                body.extend([0; 16]);
            }
        }
        body
    }
}

/// Reads a frame: who it is for, what it says, which probe it is. `None` for anything that is not ours.
pub fn decode(frame: &[u8]) -> Option<(Mac, Header, Tracer)> {
    let mac: Mac = frame.get(..6)?.try_into().ok()?;
    let (header, tracer) = decode_packet(frame.get(14..)?)?;
    Some((mac, header, tracer))
}

/// Reads an IP packet of ours, which may be cut off behind the number.
pub fn decode_packet(packet: &[u8]) -> Option<(Header, Tracer)> {
    let (source, destination, number, body): (IpAddr, IpAddr, u8, &[u8]) = match packet.first()? >> 4 {
        4 => {
            let address =
                |at: usize| Some(Ipv4Addr::from(<[u8; 4]>::try_from(packet.get(at..at + 4)?).ok()?).into());
            let length = usize::from(packet[0] & 15) * 4;
            (address(12)?, address(16)?, *packet.get(9)?, packet.get(length..)?)
        }
        6 => {
            let address =
                |at: usize| Some(Ipv6Addr::from(<[u8; 16]>::try_from(packet.get(at..at + 16)?).ok()?).into());
            (address(8)?, address(24)?, *packet.get(6)?, packet.get(40..)?)
        }
        _ => return None,
    };
    let two = |at: usize| Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
    let marked = |at: usize| {
        let found = body.get(at..at + 8)?;
        (found[..4] == MAGIC).then(|| u32::from_be_bytes([found[4], found[5], found[6], found[7]]))
    };
    let (protocol, tracer) = match number {
        6 => {
            let ports = Protocol::Tcp { source: two(0)?, destination: two(2)? };
            let tracer = if two(18)? == URGENT_MAGIC {
                Some(u32::from_be_bytes(body.get(4..8)?.try_into().ok()?))
            } else {
                marked(20)
            };
            (ports, tracer?)
        }
        17 => (Protocol::Udp { source: two(0)?, destination: two(2)? }, marked(8)?),
        1 => (Protocol::Icmp { kind: *body.first()?, code: *body.get(1)? }, marked(8)?),
        58 => (Protocol::Icmpv6 { kind: *body.first()?, code: *body.get(1)? }, marked(8)?),
        other => (Protocol::Other(other), marked(0)?),
    };
    Some((Header { source, destination, protocol }, tracer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let protocols = [
            Protocol::tcp(80),
            Protocol::udp(53),
            Protocol::Icmp { kind: 8, code: 0 },
            Protocol::Icmpv6 { kind: 128, code: 0 },
            Protocol::Other(47),
        ];
        let ends = [("10.0.0.1", "10.0.0.2"), ("2001:db8::1", "2001:db8::2")];
        for (n, protocol) in (1_u32..).zip(protocols) {
            for (source, destination) in ends {
                for tcp in [TcpFields::Syn, TcpFields::SynAck(7), TcpFields::Data(8, 9)] {
                    let header = Header {
                        source: source.parse().unwrap(),
                        destination: destination.parse().unwrap(),
                        protocol,
                    };
                    let frame = Frame { header, tracer: n, tcp, identifier: 5 };
                    let bytes = frame.encode([1; 6], [2; 6]);
                    assert_eq!(decode(&bytes), Some(([2; 6], header, n)));
                    for end in 0..bytes.len() {
                        // Whatever is cut off, reading does not fail.
                        let _ = decode(&bytes[..end]);
                    }
                }
            }
        }
    }
}
