//! The kernel's log of dropped packets, read as the house does: netlink messages with a prefix.

use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::{Duration, Instant};

use network_plan::{DropRecord, LOG_GROUP};

use crate::datagrams::{PATIENCE, counted};
use crate::world::{Namespace, World};

/// `NFNL_SUBSYS_ULOG << 8`, and `NFULNL_MSG_CONFIG`.
const PACKET: u16 = 4 << 8;
const CONFIG: u16 = PACKET | 1;

/// Empties the table of connections of the current namespace.
pub fn forget_connections() {
    // SAFETY: no pointers; the result is checked.
    let raw = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 12) };
    assert!(raw >= 0);
    // SAFETY: fresh and owned by nobody else.
    let socket = unsafe { OwnedFd::from_raw_fd(raw) };
    // `IPCTNL_MSG_CT_DELETE` without a selection, with an answer, for every family.
    let mut message = 20_u32.to_ne_bytes().to_vec();
    message.extend((1_u16 << 8 | 2).to_ne_bytes());
    message.extend(5_u16.to_ne_bytes());
    message.extend([0; 12]);
    assert_eq!(send(&socket, &message), 20);
    let answer = receive(&socket, 0).unwrap();
    assert!(answer.len() >= 20 && answer[16..20] == [0; 4], "{answer:?}");
}

/// One report.
#[derive(Clone, Debug)]
pub struct Report {
    pub record: DropRecord,
    pub mark: u32,
    pub incoming: u32,
    pub outgoing: u32,
    /// The packet from its IP header on.
    pub packet: Vec<u8>,
}

impl Report {
    /// The number of the ENI it concerns.
    pub fn eni(&self) -> Option<u32> {
        self.record.eni(self.incoming, self.outgoing)
    }
}

/// A listener in a router's namespace.
pub struct Log {
    socket: OwnedFd,
}

impl Log {
    pub fn of(world: &World) -> Self {
        Self::at(&world.router())
    }

    /// In any router's namespace.
    pub fn at(router: &Namespace) -> Self {
        router.inside(|| {
            // SAFETY: no pointers; the result is checked.
            let raw = unsafe { libc::socket(libc::AF_NETLINK, libc::SOCK_RAW | libc::SOCK_CLOEXEC, 12) };
            assert!(raw >= 0);
            // SAFETY: fresh and owned by nobody else.
            let log = Self { socket: unsafe { OwnedFd::from_raw_fd(raw) } };
            // Bind (1), copy 128 bytes of each packet (2), report each one at once (5).
            log.configure(&[(1, vec![1, 0, 0, 0]), (2, vec![0, 0, 0, 128, 2, 0]), (5, vec![0, 0, 0, 1])]);
            log
        })
    }

    fn configure(&self, attributes: &[(u16, Vec<u8>)]) {
        let mut body = vec![0, 0];
        body.extend(LOG_GROUP.to_be_bytes());
        for (kind, value) in attributes {
            // The command is one byte long.
            let value = if *kind == 1 { &value[..1] } else { &value[..] };
            body.extend(u16::try_from(value.len() + 4).unwrap().to_ne_bytes());
            body.extend(kind.to_ne_bytes());
            body.extend(value);
            body.resize(body.len().next_multiple_of(4), 0);
        }
        let mut message = Vec::new();
        message.extend(u32::try_from(body.len() + 16).unwrap().to_ne_bytes());
        message.extend(CONFIG.to_ne_bytes());
        // A request that wants an answer.
        message.extend(5_u16.to_ne_bytes());
        message.extend([0; 8]);
        message.extend(body);
        assert_eq!(send(&self.socket, &message), message.len());
        // The kernel has answered before `send` returns.
        let answer = self.receive().unwrap();
        assert_eq!(answer[16..20], [0; 4], "the log group is refused");
    }

    /// What has arrived; `None` if nothing has.
    fn receive(&self) -> Option<Vec<u8>> {
        receive(&self.socket, libc::MSG_DONTWAIT)
    }

    /// Waits for a report that fits; others are passed over.
    pub fn until(&self, what: &str, fits: impl Fn(&Report) -> bool) -> Report {
        let deadline = Instant::now() + PATIENCE;
        let mut others = Vec::new();
        loop {
            let reports = self.receive().map(|buffer| reports(&buffer)).unwrap_or_default();
            for report in reports {
                if fits(&report) {
                    return report;
                }
                others.push(report.record);
            }
            assert!(Instant::now() < deadline, "no report: {what}; instead {others:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for a report with this prefix.
    pub fn prefix(&self, prefix: &str) -> Report {
        let record = DropRecord::parse(prefix).unwrap();
        self.until(prefix, |report| report.record == record)
    }
}

fn send(socket: &OwnedFd, message: &[u8]) -> usize {
    // SAFETY: the message is live for its length.
    counted(|| unsafe { libc::send(socket.as_raw_fd(), message.as_ptr().cast(), message.len(), 0) }).unwrap()
}

/// One datagram of netlink messages.
fn receive(socket: &OwnedFd, flags: i32) -> Option<Vec<u8>> {
    let mut buffer = vec![0_u8; 1 << 16];
    let len = counted(|| {
        // SAFETY: the buffer is valid for its length.
        unsafe { libc::recv(socket.as_raw_fd(), buffer.as_mut_ptr().cast(), buffer.len(), flags) }
    });
    buffer.truncate(len.ok()?);
    Some(buffer)
}

fn reports(mut rest: &[u8]) -> Vec<Report> {
    let mut found = Vec::new();
    while rest.len() >= 16 {
        let len = u32::from_ne_bytes(rest[..4].try_into().unwrap()) as usize;
        if u16::from_ne_bytes([rest[4], rest[5]]) == PACKET {
            found.push(report(&rest[20..len]));
        }
        rest = &rest[len.next_multiple_of(4).min(rest.len())..];
    }
    found
}

fn report(mut rest: &[u8]) -> Report {
    let mut report = Report {
        record: DropRecord { gate: network_plan::Gate::Spoofed, list: None },
        mark: 0,
        incoming: 0,
        outgoing: 0,
        packet: Vec::new(),
    };
    while rest.len() >= 4 {
        let len = usize::from(u16::from_ne_bytes([rest[0], rest[1]]));
        let value = &rest[4..len];
        let number = || u32::from_be_bytes(value.try_into().unwrap());
        match u16::from_ne_bytes([rest[2], rest[3]]) {
            2 => report.mark = number(),
            4 => report.incoming = number(),
            5 => report.outgoing = number(),
            9 => report.packet = value.to_vec(),
            10 => {
                let text = std::str::from_utf8(value).unwrap().trim_end_matches('\0');
                report.record = DropRecord::parse(text).unwrap();
            }
            _ => {}
        }
        rest = &rest[len.next_multiple_of(4).min(rest.len())..];
    }
    report
}
