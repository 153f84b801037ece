//! rtnetlink: links, addresses, neighbours, routes, rules. Formats from
//! `linux/rtnetlink.h` and its companions.

mod address;
mod changes;
mod link;
mod neighbour;
mod path;
mod rule;

pub(crate) use address::{add_address, addresses, delete_address};
pub(crate) use changes::Changes;
pub(crate) use link::{
    LinkInfo, OUR_GROUP, Peer, Veth, add_veth, add_vxlan, delete_link, delete_our_links, link, links,
    set_alias, set_up, wait_until_running,
};
pub(crate) use neighbour::{add_permanent_neighbour, answer_at_once};
pub(crate) use path::{Action, PathRoute, delete_route, put_route, routes, wait_until_local};
pub(crate) use rule::{add_rule, add_source_rule, delete_rule, rules};

#[cfg(test)]
pub(crate) use link::parse as parse_link;
#[cfg(test)]
pub(crate) use path::parse as parse_route;

use std::net::IpAddr;

/// `NLM_F_REPLACE`, `NLM_F_EXCL`, `NLM_F_CREATE`.
const REPLACE: u16 = 0x100;
const EXCLUSIVE: u16 = 0x200;
const CREATE: u16 = 0x400;

/// Who made a route or rule: ours carry this number, so that reading back never
/// meddles with the kernel's or anyone else's (`rtm_protocol`; free per
/// `/etc/iproute2/rt_protos`).
pub(crate) const OUR_PROTOCOL: u8 = 65;

/// `AF_INET` or `AF_INET6` as one byte.
const fn family_of(address: IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 2,
        IpAddr::V6(_) => 10,
    }
}

/// Both families.
const FAMILIES: [u8; 2] = [2, 10];

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

fn address_from(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}
