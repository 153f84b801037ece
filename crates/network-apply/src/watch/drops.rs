//! Dropped packets, as the filter's `log` expressions report them (`linux/netfilter/nfnetlink_log.h`).

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::thread;
use std::time::Duration;

use network_plan::{LOG_BYTES, LOG_GROUP};

use super::{Heard, hear};
use crate::ApplyError;
use crate::netlink::{Messages, Refusal, Socket, attributes};

/// `NFNL_SUBSYS_ULOG << 8` with `NFULNL_MSG_PACKET` and `NFULNL_MSG_CONFIG`.
const PACKET: u16 = 4 << 8;
const CONFIG: u16 = 4 << 8 | 1;
const COMMAND: u16 = 1;
const MODE: u16 = 2;
const BUFFER_SIZE: u16 = 3;
const TIMEOUT: u16 = 4;
const THRESHOLD: u16 = 5;
/// `NFULNL_CFG_CMD_BIND` and `NFULNL_COPY_PACKET`.
const BIND: u8 = 1;
const COPY_PACKET: u8 = 2;
/// Bytes of `struct nfgenmsg`.
const NFGEN: usize = 4;
const MARK: u16 = 2;
const IN_INDEX: u16 = 4;
const OUT_INDEX: u16 = 5;
const PAYLOAD: u16 = 9;
const PREFIX: u16 = 10;
/// Bytes the kernel gathers before it sends, so that a flood costs fewer wake-ups …
const GATHER: u32 = 32 << 10;
/// … packets at most …
const GATHER_PACKETS: u32 = 64;
/// … and how long, in hundredths of a second: what is dropped is seen within 10 ms.
const GATHER_TIME: u32 = 1;

/// How often the log group is asked for: one second in all. The kernel refuses it (`EPERM`) while another socket has it,
/// and the one before may live a moment longer in a child of ours that is on its way to another program.
const ATTEMPTS: u32 = 100;

fn refused(refusal: Refusal) -> ApplyError {
    ApplyError::refused("listening to dropped packets", refusal)
}

/// A packet that the filter dropped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DroppedPacket {
    /// What the rule said: read it with [`network_plan::DropRecord::parse`], at the edge and in NAT gateways with
    /// [`network_plan::Outpost::by_name`].
    pub prefix: String,
    /// Index of the interface it came in by; 0 for none.
    pub incoming: u32,
    /// Index of the interface it would have left by; 0 when no route was chosen yet.
    pub outgoing: u32,
    /// The packet's mark.
    pub mark: u32,
    /// The packet from its IP header on, at most [`network_plan::LOG_BYTES`] of it.
    pub bytes: Vec<u8>,
}

/// Hears of every packet that a router drops. There can be one per router (the kernel gives a log group to one
/// socket); it ends when it is dropped.
pub struct DropListener {
    socket: Socket,
}

impl DropListener {
    pub(crate) fn begin(mut socket: Socket) -> Result<Self, ApplyError> {
        for _ in 1..ATTEMPTS {
            match Self::ask(&mut socket) {
                Err(refusal) if refusal.errno == libc::EPERM => thread::sleep(Duration::from_millis(10)),
                outcome => return outcome.map(|()| Self { socket }).map_err(refused),
            }
        }
        Self::ask(&mut socket).map(|()| Self { socket }).map_err(refused)
    }

    fn ask(socket: &mut Socket) -> Result<(), Refusal> {
        let mut request = Messages::new();
        let group = LOG_GROUP.to_be_bytes();
        let header = [0, 0, group[0], group[1]];
        let mut mode = LOG_BYTES.to_be_bytes().to_vec();
        mode.extend_from_slice(&[COPY_PACKET, 0]);
        request.begin(CONFIG, 0, &header).put(COMMAND, &[BIND]);
        request
            .begin(CONFIG, 0, &header)
            .put(MODE, &mode)
            .net32(BUFFER_SIZE, GATHER)
            .net32(THRESHOLD, GATHER_PACKETS)
            .net32(TIMEOUT, GATHER_TIME);
        let last = request.count() - 1;
        match socket.send(&mut request, last)?.into_iter().next() {
            Some(refusal) => Err(refusal),
            None => Ok(()),
        }
    }

    /// What was dropped since the last call; never blocks.
    ///
    /// # Errors
    /// When the socket fails; it will not recover.
    pub fn hear(&self) -> io::Result<Heard<DroppedPacket>> {
        hear(&self.socket, |kind, body| if kind == PACKET { parse(body) } else { None })
    }
}

impl AsRawFd for DropListener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_fd().as_raw_fd()
    }
}

impl AsFd for DropListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn parse(body: &[u8]) -> Option<DroppedPacket> {
    let mut packet =
        DroppedPacket { prefix: String::new(), incoming: 0, outgoing: 0, mark: 0, bytes: Vec::new() };
    for attribute in attributes(body.get(NFGEN..)?) {
        match attribute.kind {
            MARK => packet.mark = attribute.net32()?,
            IN_INDEX => packet.incoming = attribute.net32()?,
            OUT_INDEX => packet.outgoing = attribute.net32()?,
            PAYLOAD => packet.bytes = attribute.value.to_vec(),
            PREFIX => packet.prefix = attribute.text(),
            _ => {}
        }
    }
    Some(packet)
}
