//! Netlink by hand: messages, attributes, sockets. Formats from the kernel's
//! `Documentation/userspace-api/netlink/intro.rst` and `linux/netlink.h`.

mod attribute;
mod message;
mod socket;

pub(crate) use attribute::{attributes, nested};
pub(crate) use message::Messages;
pub(crate) use socket::{Refusal, Socket, split};
