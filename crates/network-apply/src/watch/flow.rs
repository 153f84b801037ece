//! A connection as the kernel's connection table has it (`linux/netfilter/nfnetlink_conntrack.h`).

use std::net::IpAddr;

use crate::Counts;
use crate::netlink::{attributes, nested};

const ORIGINAL: u16 = 1;
const REPLY: u16 = 2;
const STATUS: u16 = 3;
const PROTOCOL_INFO: u16 = 4;
const COUNTERS_ORIGINAL: u16 = 9;
const COUNTERS_REPLY: u16 = 10;
const ID: u16 = 12;
const TIMESTAMP: u16 = 20;
const INFO_TCP: u16 = 1;
const TCP_STATE: u16 = 1;
const TUPLE_IP: u16 = 1;
const TUPLE_PROTOCOL: u16 = 2;
const NUMBER: u16 = 1;
const SOURCE_PORT: u16 = 2;
const DESTINATION_PORT: u16 = 3;
/// Bytes of `struct nfgenmsg`.
const NFGEN: usize = 4;
/// `IPS_SEEN_REPLY`.
const ANSWERED: u32 = 2;

/// One direction of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tuple {
    /// Who sends.
    pub source: IpAddr,
    /// To whom.
    pub destination: IpAddr,
    /// IP protocol number.
    pub protocol: u8,
    /// 0 for protocols without ports.
    pub source_port: u16,
    /// 0 for protocols without ports.
    pub destination_port: u16,
}

/// A connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    /// The kernel's number; it may come again after the connection has ended.
    pub id: u32,
    /// As its first packet came in: before any translation.
    pub original: Tuple,
    /// As answers come in: the original one turned round, translated where there is translation.
    pub reply: Tuple,
    /// Packets and bytes in the original direction since its beginning.
    pub sent: Counts,
    /// Packets and bytes of answers.
    pub answered: Counts,
    /// Whether there was an answer.
    pub seen_reply: bool,
    /// The kernel's state of a TCP connection: 1 SYN sent, 2 answered, 3 established, 4–7 closing by FIN, 8 reset.
    pub tcp_state: Option<u8>,
    /// Beginning, in nanoseconds since 1970.
    pub start: Option<u64>,
    /// End, likewise.
    pub stop: Option<u64>,
}

/// A connection from the body of a message; `None` if it lacks what makes one.
pub(super) fn parse(body: &[u8]) -> Option<Flow> {
    let body = body.get(NFGEN..)?;
    let (mut original, mut reply, mut id) = (None, None, 0);
    let (mut sent, mut answered, mut seen_reply) = (Counts::default(), Counts::default(), false);
    let (mut tcp_state, mut start, mut stop) = (None, None, None);
    for attribute in attributes(body) {
        match attribute.kind {
            ORIGINAL => original = tuple(attribute.value),
            REPLY => reply = tuple(attribute.value),
            STATUS => seen_reply = attribute.net32()? & ANSWERED != 0,
            COUNTERS_ORIGINAL => sent = counts(attribute.value),
            COUNTERS_REPLY => answered = counts(attribute.value),
            ID => id = attribute.net32()?,
            PROTOCOL_INFO => {
                tcp_state = nested(attribute.value, &[INFO_TCP, TCP_STATE]).and_then(|v| v.first().copied());
            }
            TIMESTAMP => {
                for time in attributes(attribute.value) {
                    match time.kind {
                        1 => start = time.net64(),
                        2 => stop = time.net64(),
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }
    let (original, reply) = (original?, reply?);
    Some(Flow { id, original, reply, sent, answered, seen_reply, tcp_state, start, stop })
}

fn counts(bytes: &[u8]) -> Counts {
    let mut counts = Counts::default();
    for attribute in attributes(bytes) {
        match attribute.kind {
            1 => counts.packets = attribute.net64().unwrap_or_default(),
            2 => counts.bytes = attribute.net64().unwrap_or_default(),
            _ => {}
        }
    }
    counts
}

fn tuple(bytes: &[u8]) -> Option<Tuple> {
    let (mut source, mut destination) = (None, None);
    for attribute in attributes(nested(bytes, &[TUPLE_IP])?) {
        match attribute.kind {
            1 | 3 => source = address(attribute.value),
            2 | 4 => destination = address(attribute.value),
            _ => {}
        }
    }
    let (mut protocol, mut source_port, mut destination_port) = (0, 0, 0);
    for attribute in attributes(nested(bytes, &[TUPLE_PROTOCOL])?) {
        match attribute.kind {
            NUMBER => protocol = attribute.value.first().copied()?,
            SOURCE_PORT => source_port = port(attribute.value)?,
            DESTINATION_PORT => destination_port = port(attribute.value)?,
            _ => {}
        }
    }
    Some(Tuple { source: source?, destination: destination?, protocol, source_port, destination_port })
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}

fn port(bytes: &[u8]) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(..2)?.try_into().ok()?))
}
