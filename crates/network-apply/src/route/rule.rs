//! Rules that choose a table by mark.

use std::net::IpAddr;

use super::{CREATE, EXCLUSIVE, FAMILIES, OUR_PROTOCOL, family_of, octets};
use crate::netlink::{Messages, Refusal, Socket, attributes};

const NEW: u16 = 32;
const DELETE: u16 = 33;
const GET: u16 = 34;
const SOURCE: u16 = 2;
const PRIORITY: u16 = 6;
const MARK: u16 = 10;
const TABLE: u16 = 15;
const MARK_MASK: u16 = 16;
const PROTOCOL: u16 = 21;
/// Bytes of `struct fib_rule_hdr`.
const HEADER: usize = 12;
/// `FR_ACT_TO_TBL`.
const TO_TABLE: u8 = 1;

/// "Packets marked `table` look into `table`", for both families, at priority
/// `table`.
pub(crate) fn add_rule(out: &mut Messages, table: u32) {
    write(out, NEW, CREATE | EXCLUSIVE, table);
}

/// Removes that rule, for both families.
pub(crate) fn delete_rule(out: &mut Messages, table: u32) {
    write(out, DELETE, 0, table);
}

fn write(out: &mut Messages, kind: u16, flags: u16, table: u32) {
    for family in FAMILIES {
        let mut header = [0; HEADER];
        header[0] = family;
        header[7] = TO_TABLE;
        out.begin(kind, flags, &header)
            .native32(PRIORITY, table)
            .native32(MARK, table)
            .native32(MARK_MASK, u32::MAX)
            .native32(TABLE, table)
            .put(PROTOCOL, &[OUR_PROTOCOL]);
    }
}

/// "Packets from this address look into `table`", at priority `table`, before the main table is asked. For the inside
/// of machines with several interfaces.
pub(crate) fn add_source_rule(out: &mut Messages, source: IpAddr, table: u32) {
    let mut header = [0; HEADER];
    header[0] = family_of(source);
    // `src_len`: the whole address.
    header[2] = if source.is_ipv4() { 32 } else { 128 };
    header[7] = TO_TABLE;
    out.begin(NEW, CREATE | EXCLUSIVE, &header)
        .put(SOURCE, &octets(source))
        .native32(PRIORITY, table)
        .native32(TABLE, table)
        .put(PROTOCOL, &[OUR_PROTOCOL]);
}

/// The tables that a rule of ours leads to, in both families.
pub(crate) fn rules(socket: &mut Socket) -> Result<Vec<u32>, Refusal> {
    let mut found = [Vec::new(), Vec::new()];
    for (family, tables) in FAMILIES.into_iter().zip(&mut found) {
        let mut request = Messages::new();
        let mut header = [0; HEADER];
        header[0] = family;
        request.begin(GET, 0, &header);
        for reply in socket.dump(&mut request)? {
            let all = || attributes(reply.body.get(HEADER..).unwrap_or_default());
            if all().any(|a| a.kind == PROTOCOL && a.value == [OUR_PROTOCOL]) {
                tables.extend(all().find(|a| a.kind == TABLE).and_then(|a| a.native32()));
            }
        }
    }
    let [v4, v6] = found;
    Ok(v4.into_iter().filter(|table| v6.contains(table)).collect())
}
