//! Names with a meaning of their own (RFC 6761 §6.3 and §6.4): never asked for upstream.

use super::{PRIVATE_TTL, exists, no_such_name, top};
use crate::wire::answer::Answer;
use crate::wire::name::{Name, labels};
use crate::wire::record::{Kind, Record};
use std::net::{Ipv4Addr, Ipv6Addr};

pub(super) fn answer(name: &[u8], kind: Kind) -> Option<Answer> {
    let name = Name::known(name);
    if labels(name.as_wire()).last()? == b"invalid" {
        let zone = Name::from_text("invalid").ok()?;
        return Some(if name == zone { top(&zone, kind) } else { no_such_name(&zone) });
    }
    let zone = Name::from_text("localhost").ok()?;
    let v4 = Record::a(&name, PRIVATE_TTL, Ipv4Addr::LOCALHOST);
    let v6 = Record::aaaa(&name, PRIVATE_TTL, Ipv6Addr::LOCALHOST);
    Some(exists(&zone, kind, [v4, v6]))
}
