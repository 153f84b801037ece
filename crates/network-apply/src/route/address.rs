//! Interface addresses.

use std::net::IpAddr;

use super::{CREATE, EXCLUSIVE, FAMILIES, address_from, family_of, octets};
use crate::netlink::{Messages, Refusal, Socket, attributes};

const NEW: u16 = 20;
const DELETE: u16 = 21;
const GET: u16 = 22;
const ADDRESS: u16 = 1;
const LOCAL: u16 = 2;
const FLAGS: u16 = 8;
/// `IFA_F_NODAD`: usable at once; nobody else can have our addresses.
const NO_DUPLICATE_CHECK: u32 = 2;
/// Bytes of `struct ifaddrmsg`.
const HEADER: usize = 8;

/// Adds an address to an interface; refused with EEXIST if it is there.
pub(crate) fn add_address(out: &mut Messages, index: u32, address: IpAddr, prefix: u8) {
    write(out, NEW, CREATE | EXCLUSIVE, index, address, prefix);
}

/// Deletes an address; refused with EADDRNOTAVAIL if it is not there.
pub(crate) fn delete_address(out: &mut Messages, index: u32, address: IpAddr, prefix: u8) {
    write(out, DELETE, 0, index, address, prefix);
}

fn write(out: &mut Messages, kind: u16, flags: u16, index: u32, address: IpAddr, prefix: u8) {
    let mut header = vec![family_of(address), prefix, 0, 0];
    header.extend_from_slice(&index.to_ne_bytes());
    let bytes = octets(address);
    out.begin(kind, flags, &header).put(LOCAL, &bytes).put(ADDRESS, &bytes);
    if kind == NEW && address.is_ipv6() {
        out.native32(FLAGS, NO_DUPLICATE_CHECK);
    }
}

/// The addresses of an interface.
pub(crate) fn addresses(socket: &mut Socket, index: u32) -> Result<Vec<IpAddr>, Refusal> {
    let mut found = Vec::new();
    for family in FAMILIES {
        let mut request = Messages::new();
        request.begin(GET, 0, &[family, 0, 0, 0, 0, 0, 0, 0]);
        for reply in socket.dump(&mut request)? {
            if reply.kind != NEW || reply.body.get(4..HEADER) != Some(&index.to_ne_bytes()[..]) {
                continue;
            }
            let wanted = if family == 2 { LOCAL } else { ADDRESS };
            let mut all = attributes(&reply.body[HEADER..]);
            let address = all.find(|attribute| attribute.kind == wanted);
            found.extend(address.and_then(|attribute| address_from(attribute.value)));
        }
    }
    Ok(found)
}
