//! Network ACLs: stateless, numbered, and denying at the end.

use super::selects;
use crate::packet::Header;
use crate::topology::{AclEntry, Direction, NetworkAcl};

/// The entry that decides; `None` is the final `*`, which denies.
pub(crate) fn decide(acl: &NetworkAcl, direction: Direction, header: Header) -> Option<&AclEntry> {
    let remote = match direction {
        Direction::Ingress => header.source,
        Direction::Egress => header.destination,
    };
    acl.entries
        .iter()
        .filter(|e| {
            e.direction == direction && e.cidr.contains(&remote) && selects(&e.selector, header.protocol)
        })
        .min_by_key(|e| e.number)
}
