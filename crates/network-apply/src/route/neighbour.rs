//! Neighbour entries.

use std::net::IpAddr;

use super::{CREATE, REPLACE, family_of, octets};
use crate::netlink::Messages;

const NEW: u16 = 28;
const DESTINATION: u16 = 1;
const LINK_ADDRESS: u16 = 2;
/// `NUD_PERMANENT`: no packet of a guest can change it.
const PERMANENT: u16 = 0x80;

/// Binds an address to a hardware address on an interface, for ever.
pub(crate) fn add_permanent_neighbour(out: &mut Messages, index: u32, address: IpAddr, mac: [u8; 6]) {
    let mut header = vec![family_of(address), 0, 0, 0];
    header.extend_from_slice(&index.to_ne_bytes());
    header.extend_from_slice(&PERMANENT.to_ne_bytes());
    header.extend_from_slice(&[0, 0]);
    out.begin(NEW, CREATE | REPLACE, &header).put(DESTINATION, &octets(address)).put(LINK_ADDRESS, &mac);
}
