//! Connections that end, and those there are.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

use super::flow::{Flow, parse};
use super::{Heard, hear};
use crate::ApplyError;
use crate::netlink::{Messages, Socket};

/// `NFNL_SUBSYS_CTNETLINK << 8` with `IPCTNL_MSG_CT_NEW`, `…_GET` and `…_DELETE`.
const NEW: u16 = 1 << 8;
const GET: u16 = 1 << 8 | 1;
const DELETE: u16 = 1 << 8 | 2;
/// `NFNLGRP_CONNTRACK_DESTROY`.
const ENDS: libc::c_int = 3;

/// Hears of every connection that ends, with its final counters.
pub struct FlowListener {
    socket: Socket,
}

/// Reads the connection table.
pub struct FlowTable {
    socket: Socket,
}

impl FlowListener {
    pub(super) fn begin(socket: Socket) -> Result<Self, ApplyError> {
        socket.join(ENDS).map_err(ApplyError::io("listening to ends of connections"))?;
        Ok(Self { socket })
    }

    /// What ended since the last call; never blocks.
    ///
    /// # Errors
    /// When the socket fails; it will not recover.
    pub fn hear(&self) -> io::Result<Heard<Flow>> {
        hear(&self.socket, |kind, body| if kind == DELETE { parse(body) } else { None })
    }
}

impl AsRawFd for FlowListener {
    fn as_raw_fd(&self) -> RawFd {
        self.socket.as_fd().as_raw_fd()
    }
}

impl AsFd for FlowListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl FlowTable {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket }
    }

    /// All connections of both families, with their counters. Takes about 1 ms per thousand.
    ///
    /// # Errors
    /// [`ApplyError::Refused`] with the kernel's reason.
    pub fn read(&mut self) -> Result<Vec<Flow>, ApplyError> {
        let mut found = Vec::new();
        for family in [2, 10] {
            let mut request = Messages::new();
            request.begin(GET, 0, &[family, 0, 0, 0]);
            let replies = self
                .socket
                .dump(&mut request)
                .map_err(|refusal| ApplyError::refused("reading connections", refusal))?;
            found.extend(replies.iter().filter(|r| r.kind == NEW).filter_map(|r| parse(&r.body)));
        }
        Ok(found)
    }
}
