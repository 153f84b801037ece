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
//!
//! # Questions
//!
//! - *What becomes of this packet?* [`judge`], or [`Index::judge`] for many. [`Judgement::path`] ends with the
//!   component that decides; [`Judgement::objections`] names every filter that would refuse the packet as well, so a
//!   drop seen elsewhere first is still a drop foreseen.
//! - *What of its flow?* [`Judgement::flow`] is what the network remembers after a first packet. A later packet carries
//!   it as [`State::Established`]; [`Judgement::answer`] is the receiver's answer with it. Change the topology in
//!   between and see what survives.
//! - *Does a conversation work?* [`round_trip`], through appliances too.
//! - *Can anything get through?* [`header_space`]: a witness, or the proof that there is none.
//! - *Can any conversation be had?* [`conversation_space`]: the same for a packet with its answer, through appliances.
//! - *Where do verdicts change?* [`boundaries`]: packets at and one off every boundary.
//! - *Show me.* [`render_text`] and [`render_svg`].
//!
//! What AWS's documentation leaves open, and what is assumed there, stands in
//! `docs/decisions/0007-what-the-explainer-assumes.md`.

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
pub use space::{
    AddressRange, ConversationSpace, HeaderSpace, Query, Seen, SpaceError, boundaries, conversation_space,
    header_space,
};
pub use topology::{Direction, Id, PortRange, Topology};

/// Judges one packet.
///
/// It prepares the topology anew for each call; who judges many packets prepares an [`Index`] once and calls
/// [`Index::judge`].
pub fn judge(topology: &Topology, packet: &Packet) -> Judgement {
    Index::new(topology).judge(packet)
}
