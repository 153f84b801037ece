//! Forgetting connections. An address that changes hands must not pass the flows
//! of its old owner on to the new one: known connections skip the groups.

use std::net::IpAddr;

use crate::netlink::{Messages, Refusal, Socket};

/// `NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE`.
const DELETE: u16 = 1 << 8 | 2;
const TUPLE_ORIGINAL: u16 = 1;
const TUPLE_REPLY: u16 = 2;
const FILTER: u16 = 25;
const TUPLE_IP: u16 = 1;
const FILTER_ORIGINAL: u16 = 1;
const FILTER_REPLY: u16 = 2;
/// `CTA_FILTER_F_CTA_IP_SRC` and `…_DST`.
const BY_SOURCE: u32 = 1;
const BY_DESTINATION: u32 = 2;
/// `nfgenmsg.version`: 0 would mean "whatever the family".
const THIS_FAMILY: u8 = 1;

/// Removes all connections from or to these addresses, before or behind a
/// translation.
pub(crate) fn forget_flows(socket: &mut Socket, addresses: &[IpAddr]) -> Result<(), Refusal> {
    for address in addresses {
        let mut request = Messages::new();
        for tuple in [TUPLE_ORIGINAL, TUPLE_REPLY] {
            for field in [BY_SOURCE, BY_DESTINATION] {
                write(&mut request, *address, tuple, field);
            }
        }
        let last = request.count() - 1;
        let refusals = socket.send(&mut request, last)?;
        if let Some(refusal) = refusals.into_iter().next() {
            return Err(refusal);
        }
    }
    Ok(())
}

fn write(out: &mut Messages, address: IpAddr, tuple: u16, field: u32) {
    // `CTA_IP_V4_SRC`, `…_DST`, `CTA_IP_V6_SRC`, `…_DST` are 1 to 4.
    let (family, base, octets) = match address {
        IpAddr::V4(v4) => (2, 0, v4.octets().to_vec()),
        IpAddr::V6(v6) => (10, 2, v6.octets().to_vec()),
    };
    let attribute = base + if field == BY_SOURCE { 1 } else { 2 };
    let flags = if tuple == TUPLE_ORIGINAL { FILTER_ORIGINAL } else { FILTER_REPLY };
    out.begin(DELETE, 0, &[family, THIS_FAMILY, 0, 0])
        .nest(tuple, |inside| {
            inside.nest(TUPLE_IP, |ip| {
                ip.put(attribute, &octets);
            });
        })
        .nest(FILTER, |inside| {
            inside.native32(flags, field);
        });
}
