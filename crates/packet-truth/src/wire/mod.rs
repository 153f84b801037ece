//! Frames by hand, into and out of interfaces in any network namespace.

mod checksum;
mod frame;
mod link;

pub use frame::{Frame, TcpFields, Tracer, decode, decode_packet};
pub use link::Link;

/// A hardware address.
pub type Mac = [u8; 6];

/// The router's hardware address on every interface's link.
pub const ROUTER: Mac = [0x0a, 0xa1, 0, 0, 2, 1];
/// The host's end of the link to the edge.
pub const HOST: Mac = [0x0a, 0xa1, 0, 0, 0, 1];
/// The edge's end.
pub const EDGE: Mac = [0x0a, 0xa1, 0, 0, 0, 2];
