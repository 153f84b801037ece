//! Links: veth pairs, up, down, gone.

use std::os::fd::{AsRawFd, BorrowedFd};
use std::thread;
use std::time::Duration;

use crate::netlink::{Messages, Refusal, Socket, attributes};

const NEW: u16 = 16;
const DELETE: u16 = 17;
const GET: u16 = 18;
const ADDRESS: u16 = 1;
const NAME: u16 = 3;
const MTU: u16 = 4;
const LINK: u16 = 5;
const STATE: u16 = 16;
/// `IF_OPER_UP`.
const RUNNING: u8 = 6;
const LINK_INFO: u16 = 18;
const ALIAS: u16 = 20;
const GROUP: u16 = 27;
/// The interface group of all links we make in namespaces of ours.
pub(crate) const OUR_GROUP: u32 = 65;
const NAMESPACE_FD: u16 = 28;
const EXTRAS: u16 = 29;
/// `RTEXT_FILTER_SKIP_STATS`: half of an answer would be statistics.
const SKIP_STATISTICS: u32 = 8;
const INFO_KIND: u16 = 1;
const INFO_DATA: u16 = 2;
const VETH_PEER: u16 = 1;
/// `NLM_F_EXCL | NLM_F_CREATE`.
const FRESH: u16 = 0x600;
/// `IFF_UP`.
const UP: u32 = 1;
/// Bytes of `struct ifinfomsg`.
const HEADER: usize = 16;

/// One end of a veth pair.
pub(crate) struct Veth<'a> {
    pub(crate) name: &'a str,
    /// The wanted index; 0 lets the kernel choose.
    pub(crate) index: u32,
    pub(crate) mac: [u8; 6],
    pub(crate) mtu: u32,
}

/// The other end and where it is born.
pub(crate) struct Peer<'a> {
    pub(crate) end: Veth<'a>,
    pub(crate) namespace: BorrowedFd<'a>,
    /// [`OUR_GROUP`] in a namespace of ours, 0 in a machine's.
    pub(crate) group: u32,
}

/// What we care about in a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkInfo {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) mac: Vec<u8>,
    pub(crate) mtu: u32,
    /// The index of the other end, in its own namespace.
    pub(crate) other_end: u32,
    pub(crate) alias: String,
    /// Whether packets can leave through it.
    pub(crate) running: bool,
}

fn header(index: u32, flags: u32, change: u32) -> Vec<u8> {
    let mut bytes = vec![0; 4];
    for value in [index, flags, change] {
        bytes.extend_from_slice(&value.to_ne_bytes());
    }
    bytes
}

/// Creates a veth pair. Neither end is up: a pair created up is refused with
/// ENOTCONN, so set it up in a message of its own.
pub(crate) fn add_veth(out: &mut Messages, here: &Veth<'_>, peer: &Peer<'_>) {
    out.begin(NEW, FRESH, &header(here.index, 0, 0));
    properties(out, here);
    out.native32(GROUP, OUR_GROUP);
    out.nest(LINK_INFO, |info| {
        info.text(INFO_KIND, "veth").nest(INFO_DATA, |data| {
            data.nest(VETH_PEER, |inside| {
                inside.raw(&header(peer.end.index, 0, 0));
                properties(inside, &peer.end);
                inside.native32(GROUP, peer.group);
                inside.put(NAMESPACE_FD, &peer.namespace.as_raw_fd().to_ne_bytes());
            });
        });
    });
}

/// Deletes all links that this crate made in a namespace, in one go: the kernel
/// waits for its readers once, not once per link. Refused with ENODEV if there
/// are none.
pub(crate) fn delete_our_links(out: &mut Messages) {
    out.begin(DELETE, 0, &header(0, 0, 0)).native32(GROUP, OUR_GROUP);
}

fn properties(out: &mut Messages, end: &Veth<'_>) {
    out.text(NAME, end.name).put(ADDRESS, &end.mac).native32(MTU, end.mtu);
}

/// Sets a link up.
pub(crate) fn set_up(out: &mut Messages, index: u32) {
    out.begin(NEW, 0, &header(index, UP, UP));
}

/// Gives a link an alias. Before it is up: the kernel tells everybody of a change to a link that is, and IPv6 walks
/// through all routes of the namespace when that link waits for its other end.
pub(crate) fn set_alias(out: &mut Messages, index: u32, alias: &str) {
    out.begin(NEW, 0, &header(index, 0, 0)).text(ALIAS, alias);
}

/// Deletes a link (of a veth pair: both ends); refused with ENODEV if it is not
/// there.
pub(crate) fn delete_link(out: &mut Messages, index: u32) {
    out.begin(DELETE, 0, &header(index, 0, 0));
}

/// All links of the socket's namespace.
pub(crate) fn links(socket: &mut Socket) -> Result<Vec<LinkInfo>, Refusal> {
    let mut request = Messages::new();
    request.begin(GET, 0, &header(0, 0, 0)).native32(EXTRAS, SKIP_STATISTICS);
    let replies = socket.dump(&mut request)?;
    Ok(replies.iter().filter(|reply| reply.kind == NEW).filter_map(|r| parse(&r.body)).collect())
}

/// The link with this name. Asked for by name: a router may have thousands.
pub(crate) fn link(socket: &mut Socket, name: &str) -> Result<Option<LinkInfo>, Refusal> {
    let mut request = Messages::new();
    request.begin(GET, 0, &header(0, 0, 0)).text(NAME, name).native32(EXTRAS, SKIP_STATISTICS);
    match socket.get(&mut request) {
        Ok(replies) => Ok(replies.iter().find_map(|reply| parse(&reply.body))),
        Err(refusal) if refusal.errno == libc::ENODEV => Ok(None),
        Err(refusal) => Err(refusal),
    }
}

/// Waits until packets can leave through a link both ends of which are up.
///
/// The end that was raised first learns of the other one by deferred work in the
/// kernel, and drops what it should send until then: a machine would lose the
/// answers to its first packets. Asking for the link makes kernels since 6.8 do
/// that work at once; older ones are asked again.
pub(crate) fn wait_until_running(socket: &mut Socket, name: &str) -> Result<(), Refusal> {
    for _ in 0..PATIENCE {
        if link(socket, name)?.is_some_and(|link| link.running) {
            return Ok(());
        }
        thread::sleep(Duration::from_micros(200));
    }
    // It will come up in its own time; that is a delay, not a failure.
    tracing::warn!(name, "a link is slow to come up");
    Ok(())
}

/// How often a link is asked for: about one second in all.
const PATIENCE: u32 = 5000;

pub(crate) fn parse(body: &[u8]) -> Option<LinkInfo> {
    let index = u32::from_ne_bytes(body.get(4..8)?.try_into().ok()?);
    let mut link = LinkInfo {
        index,
        name: String::new(),
        mac: Vec::new(),
        mtu: 0,
        other_end: 0,
        alias: String::new(),
        running: false,
    };
    for attribute in attributes(body.get(HEADER..)?) {
        match attribute.kind {
            ADDRESS => link.mac = attribute.value.to_vec(),
            NAME => link.name = attribute.text(),
            MTU => link.mtu = attribute.native32()?,
            STATE => link.running = attribute.value == [RUNNING],
            LINK => link.other_end = attribute.native32()?,
            ALIAS => link.alias = attribute.text(),
            _ => {}
        }
    }
    Some(link)
}

/// Creates a VXLAN device that is attached to nothing, to see whether it can be.
pub(crate) fn add_vxlan(out: &mut Messages, name: &str, id: u32) {
    const VXLAN_ID: u16 = 1;
    out.begin(NEW, FRESH, &header(0, 0, 0)).text(NAME, name).nest(LINK_INFO, |info| {
        info.text(INFO_KIND, "vxlan").nest(INFO_DATA, |data| {
            data.native32(VXLAN_ID, id);
        });
    });
}
