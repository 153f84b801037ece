//! Answers: the return packet of a delivered one, and whether a conversation works at all.

use crate::index::Index;
use crate::judgement::{Judgement, Verdict};
use crate::packet::{Packet, SourceMac, State};
use crate::topology::Topology;
use serde::{Deserialize, Serialize};

impl Judgement {
    /// The packet that the receiver answers with: everything exchanged, part of the established flow. `None` when
    /// nobody received anything, or only an appliance did.
    pub fn answer(&self) -> Option<Packet> {
        match &self.verdict {
            Verdict::Delivered { at, as_seen } => Some(Packet {
                at: at.clone(),
                header: as_seen.reversed(),
                source_mac: SourceMac::Own,
                state: State::Established(Box::new(self.flow.clone())),
            }),
            _ => None,
        }
    }
}

/// There and back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundTrip {
    /// The packet itself.
    pub forward: Judgement,
    /// The answer; `None` when there is nobody to answer.
    pub back: Option<Judgement>,
    /// Whether the answer arrives where the packet came from, under the addresses that the sender expects.
    pub works: bool,
}

/// Judges the answer to a delivered packet. ACLs and routes judge it anew; groups let a tracked flow pass.
pub fn reverse(topology: &Topology, forward: &Judgement) -> Option<Judgement> {
    forward.answer().map(|packet| crate::judge(topology, &packet))
}

/// Judges a packet and its answer.
pub fn round_trip(topology: &Topology, packet: &Packet) -> RoundTrip {
    Index::new(topology).round_trip(packet)
}

impl Index<'_> {
    /// Judges a packet and its answer.
    pub fn round_trip(&self, packet: &Packet) -> RoundTrip {
        let forward = self.judge(packet);
        let back = forward.answer().map(|answer| self.judge(&answer));
        let works = back.as_ref().is_some_and(|back| match &back.verdict {
            Verdict::Delivered { at, as_seen } => *as_seen == packet.header.reversed() && *at == packet.at,
            _ => false,
        });
        RoundTrip { forward, back, works }
    }
}
