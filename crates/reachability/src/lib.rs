//! The explainer: what becomes of a packet, which components it passes, which one decides, and why.
//!
//! [`judge`] walks one packet through a [`Topology`] by the rules of AWS's documentation. It is pure, and it shares no
//! code with the compiler of the packet filter: the two are independent implementations of the same rules, and every
//! disagreement between this crate and a real packet is a bug in one of them.
//!
//! ```text
//! sending interface → security groups → NSG → ACL of the subnet → route table
//!       → gateway(s) → ACL of the target subnet → NSG → security groups → receiving interface
//! ```

mod codes;
mod filter;
mod index;
mod judgement;
mod packet;
mod picture;
mod round_trip;
mod route;
mod space;
pub mod topology;
mod walk;

pub use codes::ExplanationCode;
pub use index::Index;
pub use judgement::{
    AclRuleFact, Component, ComponentKind, GroupRuleFact, Judgement, NsgRuleFact, Outcome, RouteFact, Rule,
    Step, Verdict,
};
pub use packet::{Flow, Header, Packet, Place, Protocol, Service, SourceMac, State, Translation};
pub use picture::{render_svg, render_text};
pub use round_trip::{RoundTrip, reverse, round_trip};
pub use space::{AddressRange, HeaderSpace, Query, Seen, SpaceError, boundaries, header_space};
pub use topology::{Direction, Id, PortRange, Topology};

/// Judges one packet.
///
/// It prepares the topology anew for each call; who judges many packets prepares an [`Index`] once and calls
/// [`Index::judge`].
pub fn judge(topology: &Topology, packet: &Packet) -> Judgement {
    Index::new(topology).judge(packet)
}
