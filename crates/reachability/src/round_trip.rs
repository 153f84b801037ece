//! Conversations: the answer to a packet, the way through appliances, and whether both directions work.

use crate::index::Index;
use crate::judgement::{Judgement, Verdict};
use crate::packet::{Flow, Header, Packet, Place, SourceMac, State};
use crate::topology::Topology;
use serde::{Deserialize, Serialize};

/// More appliances than this in a row are a circle.
const MAX_LEGS: usize = 8;

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

    /// The packet that an appliance sends on when it changes nothing and sends by the interface that it received on.
    /// `state` is that of the packet judged here. `None` when the packet was not handed to an appliance.
    pub fn handed_on(&self, state: &State) -> Option<Packet> {
        match &self.verdict {
            Verdict::DeliveredToAppliance { interface, as_seen } => Some(Packet {
                at: Place::NetworkInterface(interface.clone()),
                header: *as_seen,
                source_mac: SourceMac::Own,
                state: state.clone(),
            }),
            _ => None,
        }
    }
}

/// There and back. Each direction is a list of stretches: one, and one more for each appliance passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoundTrip {
    /// The stretches of the packet.
    pub forward: Vec<Judgement>,
    /// The stretches of the answer; empty when there is nobody to answer.
    pub back: Vec<Judgement>,
    /// Whether the answer arrives where the packet came from, under the addresses that the sender expects.
    pub works: bool,
}

impl RoundTrip {
    /// The stretch that ends the conversation: the one that was dropped, or the answer's last.
    pub fn last(&self) -> Option<&Judgement> {
        self.back.last().or(self.forward.last())
    }
}

/// Judges the answer to a delivered packet. ACLs and routes judge it anew; groups let a tracked flow pass.
pub fn reverse(topology: &Topology, forward: &Judgement) -> Option<Judgement> {
    forward.answer().map(|packet| crate::judge(topology, &packet))
}

/// Judges a packet and its answer, through appliances.
pub fn round_trip(topology: &Topology, packet: &Packet) -> RoundTrip {
    Index::new(topology).round_trip(packet)
}

impl Index<'_> {
    /// Judges a packet, and what each appliance on its way sends on unchanged.
    pub fn follow(&self, packet: &Packet) -> Vec<Judgement> {
        let mut legs = vec![self.judge(packet)];
        while legs.len() < MAX_LEGS {
            let next = legs.last().and_then(|leg| leg.handed_on(&packet.state));
            match next {
                Some(next) => legs.push(self.judge(&next)),
                None => break,
            }
        }
        legs
    }

    /// Judges a packet and its answer, through appliances.
    pub fn round_trip(&self, packet: &Packet) -> RoundTrip {
        let mut forward = self.follow(packet);
        join_flows(packet.header, &mut forward);
        let answer = forward.last().and_then(Judgement::answer);
        let back = answer.map(|answer| self.follow(&answer)).unwrap_or_default();
        let works = back.last().is_some_and(|leg| match &leg.verdict {
            Verdict::Delivered { at, as_seen } => *as_seen == packet.header.reversed() && *at == packet.at,
            _ => false,
        });
        RoundTrip { forward, back, works }
    }
}

/// Makes the last stretch remember what all of them do: to the network it is one flow.
fn join_flows(original: Header, legs: &mut [Judgement]) {
    let Some((last, before)) = legs.split_last_mut() else { return };
    if before.is_empty() {
        return;
    }
    let mut flow = Flow { original, delivered: last.flow.delivered, ..Flow::nothing(original) };
    let stretches = before.iter().map(|leg| &leg.flow).chain([&last.flow]);
    for stretch in stretches {
        flow.translations.extend(stretch.translations.iter().cloned());
        flow.tracked_at.extend(stretch.tracked_at.iter().cloned());
        flow.nsg_tracked_at.extend(stretch.nsg_tracked_at.iter().cloned());
    }
    last.flow = flow;
}
