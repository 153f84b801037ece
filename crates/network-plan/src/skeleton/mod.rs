//! The chains of a VPC's table: the packet path, the same for every VPC.
//!
//! ```text
//! prerouting  source    who are you?  foreign MAC or address: drop
//!                       which route table?  mark
//!             dnat      public → private, from the edge
//! forward     leave     to the edge: only with a public address
//!             arrive    to an ENI: only for its own addresses
//!                       (network ACLs will be judged here, before connections)
//!             ── known connection: accepted ──
//!             egress    the sender's groups   ┐ two gates; each returns
//!             ingress   the receiver's groups ┘ or drops, neither accepts
//!             accepted
//! input                 metadata, names, time, echo: never judged by groups
//! postrouting snat      private → public, to the edge
//! ```
//!
//! Accepting happens in one place at the very end: a gate that accepted would
//! let an egress rule skip the receiver's ingress rules. Every chain that
//! dispatches ends in a drop, so an interface that no set knows gets nowhere.

//!
//! What comes later has its place already:
//! - network ACLs: a map `interface → subnet` on both sides and, if they differ,
//!   a jump from `forward` before the known connections are let through;
//! - NAT gateways: a further next hop of a route table, behind which `snat` finds
//!   the gateway's address by outgoing interface;
//! - peering: a veth between two routers whose interface is "not the edge" and
//!   has no groups of its own: it needs a third kind of side in `forward`;
//! - flow logs: a `log` expression at the ends of the gates (drops), connection
//!   events (accepts).

mod dsl;
mod gates;
mod path;

use std::sync::OnceLock;

use crate::Chain;

/// All chains of a VPC's table. Chains refer to one another by name and must be
/// created before any of the rules.
pub fn skeleton() -> &'static [Chain] {
    static SKELETON: OnceLock<Vec<Chain>> = OnceLock::new();
    SKELETON.get_or_init(|| {
        let mut chains = path::chains();
        chains.extend(gates::chains());
        chains
    })
}

/// The chains of the table for ARP. The router believes a machine's messages only
/// about the machine's own addresses: every other one would leave an entry in the
/// neighbour table, which all namespaces of the host share and which is small.
pub fn arp_skeleton() -> &'static [Chain] {
    static SKELETON: OnceLock<Vec<Chain>> = OnceLock::new();
    SKELETON.get_or_init(path::arp_chains)
}

/// A number that changes whenever the skeleton or the layout of a set changes.
/// It is kept in the kernel's table, so that a newer binary recognises the
/// table of an older one and replaces it in one transaction.
pub fn skeleton_fingerprint() -> u64 {
    // FNV-1a over the debug text: any change of meaning changes the text.
    let sets = crate::SetId::ALL.map(|set| (set, set.fields(), set.kind(), set.counted()));
    let text = format!("{:?}{:?}{sets:?}", skeleton(), arp_skeleton());
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
