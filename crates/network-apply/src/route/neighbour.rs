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

const SET_TABLE: u16 = 67;
const TABLE_NAME: u16 = 1;
const TABLE_PARAMETERS: u16 = 6;
const PARAMETER_INDEX: u16 = 1;
const PARAMETER_PROXY_DELAY: u16 = 13;

/// Lets proxy ARP answer on an interface without the usual random delay of up to
/// 0.8 s. Unlike other settings this one is not inherited in a namespace: its
/// default exists once per host only.
pub(crate) fn answer_at_once(out: &mut Messages, index: u32) {
    let family_v4 = [2, 0, 0, 0];
    out.begin(SET_TABLE, 0, &family_v4).text(TABLE_NAME, "arp_cache").nest(TABLE_PARAMETERS, |inside| {
        inside.native32(PARAMETER_INDEX, index);
        inside.put(PARAMETER_PROXY_DELAY, &0_u64.to_ne_bytes());
    });
}
