//! Noticing that somebody else changed what is ours, cheaply: the packet filter numbers its generations, and the rest
//! of the kernel tells of every change.
//!
//! What we do ourselves is heard too; so whoever has changed something takes note of the state then. What is heard or
//! has moved on after that was somebody else, or the kernel when a machine died.

use std::io;

use network_plan::{EDGE_INDEX, eni_number, peering_number};

use crate::netlink::{Messages, Refusal, Socket, attributes, split};
use crate::route::OUR_PROTOCOL;

/// `NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETGEN`.
const GET_GENERATION: u16 = 10 << 8 | 16;
const GENERATION: u16 = 1;
/// Bytes of `struct nfgenmsg`.
const NFGEN: usize = 4;
/// `RTNLGRP_LINK`, `…_IPV4_IFADDR`, `…_IPV4_ROUTE`, `…_IPV4_RULE`, `…_IPV6_IFADDR`, `…_IPV6_ROUTE`, `…_IPV6_RULE`.
const GROUPS: [libc::c_int; 7] = [1, 5, 7, 8, 9, 11, 19];
/// `RTM_NEWLINK` …
const NEW_LINK: u16 = 16;
const DELETE_LINK: u16 = 17;
const NEW_ADDRESS: u16 = 20;
const DELETE_ADDRESS: u16 = 21;
const NEW_ROUTE: u16 = 24;
const DELETE_ROUTE: u16 = 25;
const NEW_RULE: u16 = 32;
const DELETE_RULE: u16 = 33;
/// `FRA_PROTOCOL`, behind the 12 bytes of `struct fib_rule_hdr`.
const RULE_PROTOCOL: u16 = 21;
const RULE_HEADER: usize = 12;
/// `IFF_UP`.
const UP: u32 = 1;

/// Watches one namespace.
pub(crate) struct Guard {
    events: Socket,
    generation: Option<u32>,
    /// The link of a machine went away.
    lost_link: bool,
}

impl Guard {
    /// Opens the guard in the current namespace. What happened before is not noticed.
    pub(crate) fn open() -> io::Result<Self> {
        let events = Socket::route()?;
        for group in GROUPS {
            // A kernel without IPv6 lacks its groups.
            if let Err(error) = events.join(group)
                && error.raw_os_error() != Some(libc::EINVAL)
            {
                return Err(error);
            }
        }
        Ok(Self { events, generation: None, lost_link: false })
    }

    /// Takes note of the present state as ours.
    pub(crate) fn note(&mut self, filter: &mut Socket) {
        self.note_events();
        self.note_filter(filter);
    }

    /// Takes note of the packet filter only.
    pub(crate) fn note_filter(&mut self, filter: &mut Socket) {
        self.generation = generation(filter).ok();
    }

    /// Takes note of everything but the packet filter.
    pub(crate) fn note_events(&mut self) {
        self.has_heard();
    }

    /// Whether a machine's link went away since this was asked last: by our doing, or with the machine.
    pub(crate) fn has_lost_link(&mut self) -> bool {
        std::mem::take(&mut self.lost_link)
    }

    /// Whether somebody changed something of ours since the last note. A doubt counts as a change.
    pub(crate) fn is_disturbed(&mut self, filter: &mut Socket) -> bool {
        let moved = self.filter_has_moved(filter);
        self.has_heard() || moved
    }

    /// Whether somebody changed the packet filter since the last note.
    pub(crate) fn filter_has_moved(&mut self, filter: &mut Socket) -> bool {
        self.generation.is_none() || generation(filter).ok() != self.generation
    }

    fn has_heard(&mut self) -> bool {
        let mut heard = false;
        loop {
            match self.events.next() {
                Ok(Some(datagram)) => {
                    for (kind, _, _, body) in split(&datagram) {
                        heard |= concerns_us(kind, body);
                        self.lost_link |= kind == DELETE_LINK && eni_number(word(body, 4)).is_some();
                    }
                }
                Ok(None) => return heard,
                // Events were lost: any of them may have been ours.
                Err(_) => {
                    self.lost_link = true;
                    return true;
                }
            }
        }
    }
}

/// The generation of the packet filter of the socket's namespace: it changes with every transaction.
pub(crate) fn generation(filter: &mut Socket) -> Result<u32, Refusal> {
    let mut request = Messages::new();
    request.begin(GET_GENERATION, 0, &[0, 0, 0, 0]);
    let replies = filter.get(&mut request)?;
    let number = replies.iter().find_map(|reply| {
        attributes(reply.body.get(NFGEN..)?).find(|a| a.kind == GENERATION).and_then(|a| a.net32())
    });
    number.ok_or(Refusal { message: None, errno: libc::ENODATA, text: None, offset: None })
}

fn word(body: &[u8], at: usize) -> u32 {
    body.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes)
}

/// Whether an event may be a change of something of ours. Not so: what the kernel does by itself when a link comes
/// up, routes of others, and links of machines, which die with them.
fn concerns_us(kind: u16, body: &[u8]) -> bool {
    let word = |at: usize| word(body, at);
    match kind {
        NEW_LINK => word(8) & UP == 0,
        DELETE_LINK => word(4) == EDGE_INDEX || peering_number(word(4)).is_some(),
        // `struct ifaddrmsg`: the index stands behind family, length, flags and scope. Loopback has ours.
        NEW_ADDRESS | DELETE_ADDRESS => word(4) == crate::edge::LOOPBACK,
        NEW_ROUTE | DELETE_ROUTE => body.get(5) == Some(&OUR_PROTOCOL),
        NEW_RULE | DELETE_RULE => attributes(body.get(RULE_HEADER..).unwrap_or_default())
            .any(|a| a.kind == RULE_PROTOCOL && a.value == [OUR_PROTOCOL]),
        _ => false,
    }
}
