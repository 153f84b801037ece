//! One packet's way through the network.
//!
//! A *filter* that refuses (group, NSG, ACL) is noted and the walk goes on, so that the answer can name every filter
//! in the way; anything else that refuses ends the walk, because behind it there is no way.

mod arrival;
mod forwarded;
mod gates;
mod internet;
mod nat;
mod note;
mod router;
mod sender;
pub(crate) mod services;

use crate::codes::ExplanationCode;
use crate::index::Index;
use crate::judgement::{ComponentKind, Judgement, Outcome, Step, Verdict};
use crate::packet::{Flow, Header, Packet, Place, State, Translation};
use crate::topology::{Id, NetworkInterface};
use note::Note;
use std::net::IpAddr;

/// More gateways than this in one path is a circle of routes.
const MAX_HOPS: u8 = 16;

/// The walk ended with a refusal that is already noted.
pub(crate) struct Stop;

/// How a walk ends.
pub(crate) type End = Result<Verdict, Stop>;

/// A walk under way.
pub(crate) struct Walk<'a> {
    index: &'a Index<'a>,
    packet: &'a Packet,
    /// The header as it is now.
    header: Header,
    steps: Vec<Step>,
    refused: bool,
    translations: Vec<Translation>,
    tracked_at: Vec<Id>,
    nsg_tracked_at: Vec<Id>,
    /// The interface that sent the packet.
    sender: Option<&'a NetworkInterface>,
    hops: u8,
    /// The sender that the receiver will see: an internet gateway that masquerades puts it in behind all filters.
    mask: Option<IpAddr>,
    /// A NAT gateway has handed it on: whoever sent it is no member of a group any more, also under its own address.
    past_nat: bool,
}

/// Judges one packet.
pub(crate) fn judge<'a>(index: &'a Index<'a>, packet: &'a Packet) -> Judgement {
    let mut walk = Walk::new(index, packet);
    let end = walk.run();
    walk.finish(end)
}

impl<'a> Walk<'a> {
    fn new(index: &'a Index<'a>, packet: &'a Packet) -> Self {
        Self {
            index,
            packet,
            header: packet.header,
            steps: Vec::with_capacity(12),
            refused: false,
            translations: Vec::new(),
            tracked_at: Vec::new(),
            nsg_tracked_at: Vec::new(),
            sender: None,
            hops: 0,
            mask: None,
            past_nat: false,
        }
    }

    fn run(&mut self) -> End {
        if self.header.source.is_ipv4() != self.header.destination.is_ipv4() {
            let (kind, id) = origin(&self.packet.at);
            let note = Note::new(kind, &id, "source and destination are of different families");
            return Err(self.stop(note, ExplanationCode::EniAddressRestriction));
        }
        match &self.packet.at {
            Place::NetworkInterface(id) => self.send_from_interface(id),
            Place::Internet => self.come_from_internet(),
            Place::Service { vpc, .. } => self.answer_from_service(vpc),
            Place::GatewayEndpoint(id) => self.answer_from_endpoint(id),
        }
    }

    fn finish(self, end: End) -> Judgement {
        let verdict = match end {
            Ok(verdict) if !self.refused => verdict,
            _ => Verdict::Dropped,
        };
        let delivered = self.as_seen();
        let objections: Vec<Step> =
            self.steps.iter().filter(|s| s.outcome == Outcome::Refused).cloned().collect();
        let mut path = self.steps;
        if let Some(first) = path.iter().position(|s| s.outcome == Outcome::Refused) {
            path.truncate(first + 1);
        }
        let flow = match &self.packet.state {
            State::Established(flow) => (**flow).clone(),
            State::New => Flow {
                original: self.packet.header,
                delivered,
                translations: self.translations,
                tracked_at: self.tracked_at,
                nsg_tracked_at: self.nsg_tracked_at,
            },
        };
        Judgement { verdict, path, objections, flow }
    }

    /// The flow that the packet belongs to, unless it opens one.
    fn flow(&self) -> Option<&'a Flow> {
        match &self.packet.state {
            State::New => None,
            State::Established(flow) => Some(flow),
        }
    }

    /// Notes a component that lets the packet on.
    fn pass(&mut self, note: Note) {
        self.push(note, Outcome::Passed, None);
    }

    /// Notes a filter that refuses; the walk goes on.
    fn refuse(&mut self, note: Note, code: ExplanationCode) {
        self.refused = true;
        self.push(note, Outcome::Refused, Some(code));
    }

    /// Notes a component behind which there is no way.
    fn stop(&mut self, note: Note, code: ExplanationCode) -> Stop {
        self.refuse(note, code);
        Stop
    }

    fn push(&mut self, note: Note, outcome: Outcome, code: Option<ExplanationCode>) {
        let sequence = u32::try_from(self.steps.len()).unwrap_or(u32::MAX).saturating_add(1);
        self.steps.push(note.into_step(sequence, outcome, code, self.header));
    }

    /// What a stateful gateway remembers of this packet's flow: the header to go on with, in either direction.
    fn remembered(&self, gateway: &str) -> Option<Header> {
        let flow = self.flow()?;
        flow.translations.iter().filter(|t| *t.gateway == *gateway).find_map(|t| {
            if t.before == self.header {
                Some(t.after)
            } else if t.after.reversed() == self.header {
                Some(t.before.reversed())
            } else {
                None
            }
        })
    }

    /// Rewrites the header at a stateful gateway and remembers it for the answers.
    fn translate(&mut self, gateway: &Id, after: Header) {
        self.translations.push(Translation { gateway: gateway.clone(), before: self.header, after });
        self.header = after;
    }

    fn delivered(&self, at: Place) -> Verdict {
        Verdict::Delivered { at, as_seen: self.as_seen() }
    }

    /// The header as whoever receives it sees it.
    fn as_seen(&self) -> Header {
        Header { source: self.mask.unwrap_or(self.header.source), ..self.header }
    }
}

/// The component that a packet starts at.
fn origin(place: &Place) -> (ComponentKind, Id) {
    match place {
        Place::NetworkInterface(id) => (ComponentKind::NetworkInterface, id.clone()),
        Place::Internet => (ComponentKind::Internet, "internet".into()),
        Place::Service { vpc, .. } => (ComponentKind::Router, vpc.clone()),
        Place::GatewayEndpoint(id) => (ComponentKind::GatewayEndpoint, id.clone()),
    }
}

/// Every component that a packet would meet if no filter refused it.
pub(crate) fn trail<'a>(index: &'a Index<'a>, packet: &'a Packet) -> Vec<Step> {
    let mut walk = Walk::new(index, packet);
    // How it ends does not matter here: the steps are what is asked for.
    let _ = walk.run();
    walk.steps
}
