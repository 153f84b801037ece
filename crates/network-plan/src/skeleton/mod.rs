//! The chains of a VPC's table: the packet path, the same for every VPC.
//!
//! ```text
//! prerouting  source    who are you?  foreign MAC or address: drop
//!   ── connection tracking ──
//!             recall    a flow whose packets have passed all of this: straight on, behind routing too
//!             dnat      public → private, forwarded ports; from the edge
//!             depart    the sender's side, before routing:
//!               egress    the sender's groups        ┐ new connections, and
//!               nsg …     of the ENI, of the subnet  ┘ what is not tracked
//!               acl_out   the ACL of the subnet left; not within a subnet
//!               table     by mark; what leads nowhere is dropped here
//!   ── routing ──
//! forward     leave     to the edge: only with a public address
//!             arrive    to an ENI: only for its own addresses
//!             enter     the ACL of the subnet entered; not within a subnet
//!   ── known connection: accepted ──
//!             admit     egress-only gateway, then
//!               nsg …     of the subnet, of the ENI
//!               ingress   the receiver's groups
//!             accepted
//! input                 metadata, names, time, echo: never judged by groups or ACLs
//! postrouting snat      private → public, to the edge
//! ```
//!
//! The order is AWS's, so that of several components that would drop a packet the first one on its way is the one
//! that is reported.
//!
//! Accepting happens in one place at the very end: a gate that accepted would
//! let an egress rule skip the receiver's ingress rules. Gates, ACLs and NSGs
//! `return` or drop. Every chain that dispatches ends in a drop, so an interface
//! that no set knows gets nowhere.
//!
//! ACLs are judged for every packet and know no connections. They stand behind
//! connection tracking all the same: only there an incoming packet has its
//! private address. A packet that is dropped before its hook's end never
//! confirms a connection.

mod arrive;
mod depart;
pub(crate) mod dsl;
mod gates;
mod memory;
mod source;
mod translate;

use std::sync::OnceLock;

pub use memory::{LAST_GENERATION, MEMORY_CHAINS, memory_chains, memory_note, noted_generation};

use crate::Chain;

/// All chains of a VPC's table. Chains refer to one another by name and must be
/// created before any of the rules.
pub fn skeleton() -> &'static [Chain] {
    static SKELETON: OnceLock<Vec<Chain>> = OnceLock::new();
    SKELETON.get_or_init(|| {
        let mut chains = source::chains();
        chains.extend(depart::chains());
        chains.extend(arrive::chains());
        chains.extend(gates::chains());
        chains.extend(translate::chains());
        chains.extend(memory_chains(None));
        chains.extend(dsl::drops());
        chains
    })
}

/// The chains of the table for ARP. The router believes a machine's messages only
/// about the machine's own addresses: every other one would leave an entry in the
/// neighbour table, which all namespaces of the host share and which is small.
pub fn arp_skeleton() -> &'static [Chain] {
    static SKELETON: OnceLock<Vec<Chain>> = OnceLock::new();
    SKELETON.get_or_init(source::arp_chains)
}

/// The chains of a NAT gateway's table.
pub fn nat_skeleton() -> &'static [Chain] {
    static SKELETON: OnceLock<Vec<Chain>> = OnceLock::new();
    SKELETON.get_or_init(translate::nat_gateway)
}

/// A number that changes whenever the skeleton or the layout of a set changes.
/// It is kept in the kernel's table, so that a newer binary recognises the
/// table of an older one and replaces it in one transaction.
pub fn skeleton_fingerprint() -> u64 {
    static FINGERPRINT: OnceLock<u64> = OnceLock::new();
    *FINGERPRINT.get_or_init(|| {
        let sets = crate::SetId::ALL.map(|set| (set, set.fields(), set.kind(), set.counted()));
        TABLE_NOTE
            | low_bits(fnv(&format!(
                "{:?}{:?}{sets:?}{:?}",
                skeleton(),
                arp_skeleton(),
                memory_chains(Some(1))
            )))
    })
}

/// The first two bytes of a note that is kept in the kernel: a type that the `nft` program does not know, and the length of
/// the six or ten bytes behind it. What it does know it would print, as a comment of whatever bytes follow.
const TABLE_NOTE: u64 = 0xff06 << 48;
/// The same for the rules of ACLs, NSGs and the memory, behind whose eight bytes four others stand.
pub(crate) const RULE_NOTE: u64 = 0xff0a << 48;

/// What is left beside the type and length of a note.
pub(crate) const fn low_bits(fingerprint: u64) -> u64 {
    fingerprint & (u64::MAX >> 16)
}

/// FNV-1a over a debug text: any change of meaning changes the text.
pub(crate) fn fnv(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
