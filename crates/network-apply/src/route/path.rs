//! Routes.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::thread;
use std::time::Duration;

use ipnet::IpNet;

use super::{CREATE, EXCLUSIVE, FAMILIES, OUR_PROTOCOL, REPLACE, address_from, family_of, octets};
use crate::netlink::{Messages, Refusal, Socket, attributes};

const NEW: u16 = 24;
const DELETE: u16 = 25;
const GET: u16 = 26;
const DESTINATION: u16 = 1;
const OUT_INDEX: u16 = 4;
const GATEWAY: u16 = 5;
const PRIORITY: u16 = 6;
const TABLE: u16 = 15;
/// Bytes of `struct rtmsg`.
const HEADER: usize = 12;
/// `RTN_UNICAST`, `RTN_LOCAL`, `RTN_BLACKHOLE`, `RTN_THROW`.
const UNICAST: u8 = 1;
const LOCAL: u8 = 2;
const BLACKHOLE: u8 = 6;
const THROW: u8 = 9;
/// `RTNH_F_ONLINK`: the gateway is on the link although no subnet says so.
const ON_LINK: u32 = 4;

/// A route as the kernel has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PathRoute {
    pub(crate) table: u32,
    pub(crate) destination: IpNet,
    pub(crate) metric: u32,
    pub(crate) action: Action,
}

/// What a route does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// Send through an interface, to a gateway if there is one.
    Via {
        index: u32,
        gateway: Option<IpAddr>,
    },
    Throw,
    Blackhole,
}

/// Adds a route, in place of another with the same table, destination and
/// metric if `replace` is set; otherwise refused with EEXIST.
pub(crate) fn put_route(out: &mut Messages, route: &PathRoute, replace: bool) {
    write(out, NEW, CREATE | if replace { REPLACE } else { EXCLUSIVE }, route);
}

/// Deletes exactly this route; refused with ESRCH if it is not there.
pub(crate) fn delete_route(out: &mut Messages, route: &PathRoute) {
    write(out, DELETE, 0, route);
}

fn write(out: &mut Messages, kind: u16, flags: u16, route: &PathRoute) {
    let (route_type, on_link) = match route.action {
        Action::Via { gateway, .. } => (UNICAST, gateway.map_or(0, |_| ON_LINK)),
        Action::Throw => (THROW, 0),
        Action::Blackhole => (BLACKHOLE, 0),
    };
    let address = route.destination.network();
    // Scope universe; the table's low byte is overruled by the attribute.
    let mut header =
        vec![family_of(address), route.destination.prefix_len(), 0, 0, 0, OUR_PROTOCOL, 0, route_type];
    header.extend_from_slice(&on_link.to_ne_bytes());
    out.begin(kind, flags, &header)
        .put(DESTINATION, &octets(address))
        .native32(PRIORITY, route.metric)
        .native32(TABLE, route.table);
    match route.action {
        Action::Via { index, gateway } => {
            out.native32(OUT_INDEX, index);
            if let Some(gateway) = gateway {
                out.put(GATEWAY, &octets(gateway));
            }
        }
        // An IPv6 deletion does not look at the type; but routes that lead
        // nowhere hang on the loopback interface, which tells them apart.
        Action::Throw | Action::Blackhole if kind == DELETE && address.is_ipv6() => {
            out.native32(OUT_INDEX, 1);
        }
        Action::Throw | Action::Blackhole => {}
    }
}

/// All routes that carry our mark, in every table.
pub(crate) fn routes(socket: &mut Socket) -> Result<Vec<PathRoute>, Refusal> {
    let mut found = Vec::new();
    for family in FAMILIES {
        let mut request = Messages::new();
        let mut header = vec![0; HEADER];
        header[0] = family;
        request.begin(GET, 0, &header);
        let replies = socket.dump(&mut request)?;
        found.extend(replies.iter().filter(|reply| reply.kind == NEW).filter_map(|r| parse(&r.body)));
    }
    Ok(found)
}

/// Waits until an IPv6 address that was just added receives packets. The kernel
/// puts IPv6 addresses to use in deferred work, duplicate check or not; until
/// then packets to them are dropped. (IPv4 addresses work at once.)
pub(crate) fn wait_until_local(socket: &mut Socket, address: IpAddr) -> Result<(), Refusal> {
    if address.is_ipv4() {
        return Ok(());
    }
    let mut header = [0; HEADER];
    header[0] = family_of(address);
    header[1] = 128;
    for _ in 0..PATIENCE {
        let mut request = Messages::new();
        request.begin(GET, 0, &header).put(DESTINATION, &octets(address));
        // "No such way" is an answer too: not yet.
        let local = socket
            .get(&mut request)
            .is_ok_and(|replies| replies.iter().any(|reply| reply.body.get(7) == Some(&LOCAL)));
        if local {
            return Ok(());
        }
        thread::sleep(Duration::from_micros(200));
    }
    tracing::warn!(%address, "an IPv6 address is slow to come to life");
    Ok(())
}

/// How often an address is asked for: about one second in all.
const PATIENCE: u32 = 5000;

pub(crate) fn parse(body: &[u8]) -> Option<PathRoute> {
    let header = body.get(..HEADER)?;
    if header[5] != OUR_PROTOCOL {
        return None;
    }
    let mut address = match header[0] {
        2 => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
        _ => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
    };
    let (mut table, mut metric, mut index, mut gateway) = (u32::from(header[4]), 0, 0, None);
    for attribute in attributes(&body[HEADER..]) {
        match attribute.kind {
            DESTINATION => address = address_from(attribute.value)?,
            OUT_INDEX => index = attribute.native32()?,
            GATEWAY => gateway = address_from(attribute.value),
            PRIORITY => metric = attribute.native32()?,
            TABLE => table = attribute.native32()?,
            _ => {}
        }
    }
    let action = match header[7] {
        UNICAST => Action::Via { index, gateway },
        THROW => Action::Throw,
        BLACKHOLE => Action::Blackhole,
        _ => return None,
    };
    let destination = IpNet::new(address, header[1]).ok()?;
    Some(PathRoute { table, destination, metric, action })
}
