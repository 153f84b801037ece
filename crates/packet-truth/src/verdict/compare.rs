//! Foreseen and seen, held against each other.

use super::Seen;
use crate::site::Drop;
use reachability::{
    ComponentKind as Kind, Direction, ExplanationCode as Code, Header, Judgement, Place, Rule, Step, Verdict,
};
use std::net::IpAddr;

/// How the two sides stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// It arrived where and as it should.
    Arrived,
    /// The very component named as deciding reported the drop.
    Dropped,
    /// A component reported the drop that the explainer names among those that would refuse it too.
    DroppedBehind,
    /// The outside was to turn it away, and it was seen handed to the outside.
    LeftOutside,
    /// It was to be dropped while nobody could report it, and it arrived nowhere though packets sent after it are
    /// accounted for.
    Silent,
    /// It was for the router itself, where nobody can watch.
    Unwatched,
    /// They disagree.
    Disagreement,
    /// It was to arrive, or to be reported, and neither was seen.
    Unproven,
}

impl Agreement {
    /// Whether this counts against the run.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Disagreement | Self::Unproven)
    }
}

/// Compares a judgement with everything that was seen of the probe.
pub fn compare(judgement: &Judgement, seen: &[Seen]) -> Agreement {
    let translated = judgement.path.iter().any(|s| s.component.kind == Kind::NatGateway);
    match (&judgement.verdict, seen) {
        (Verdict::Delivered { at: Place::Service { .. }, .. }, []) => Agreement::Unwatched,
        (Verdict::Delivered { at, as_seen }, [Seen::Arrived(place, header)]) => {
            of(at == place && same(as_seen, header, translated), Agreement::Arrived)
        }
        (Verdict::DeliveredToAppliance { interface, as_seen }, [Seen::Arrived(place, header)]) => {
            let there = *place == Place::NetworkInterface(interface.clone());
            of(there && same(as_seen, header, translated), Agreement::Arrived)
        }
        (Verdict::Dropped, [Seen::Dropped(drop)]) => {
            let at = judgement.objections.iter().position(|step| names(step, drop));
            match at {
                Some(0) => Agreement::Dropped,
                Some(_) => Agreement::DroppedBehind,
                None => Agreement::Disagreement,
            }
        }
        // For an address of a VPC that no gateway serves: handed to the outside, which has no way to it either.
        (Verdict::Dropped, [Seen::Arrived(Place::Internet, header)])
            if judgement
                .objections
                .iter()
                .any(|s| s.component.kind == Kind::Internet && same(&s.outbound, header, translated)) =>
        {
            Agreement::LeftOutside
        }
        // To the explainer an elastic address that stands for nothing is any address outside; the cloud knows it as its own.
        (Verdict::Delivered { at: Place::Internet, as_seen }, [Seen::Dropped(drop)])
            if drop.gate == "nobody" && is_elastic(as_seen.destination) =>
        {
            Agreement::Dropped
        }
        (_, []) => Agreement::Unproven,
        _ => Agreement::Disagreement,
    }
}

const fn of(holds: bool, then: Agreement) -> Agreement {
    if holds { then } else { Agreement::Disagreement }
}

/// Whether an address is one of the topologies' elastic addresses, 198.19.0.0/16.
fn is_elastic(address: IpAddr) -> bool {
    matches!(address, IpAddr::V4(a) if a.octets()[..2] == [198, 19])
}

/// Behind a NAT gateway the source port is any one.
fn same(foreseen: &Header, seen: &Header, translated: bool) -> bool {
    if !translated {
        return foreseen == seen;
    }
    let (ours, theirs) = (foreseen.protocol.ports(), seen.protocol.ports());
    foreseen.source == seen.source
        && foreseen.destination == seen.destination
        && foreseen.protocol.number() == seen.protocol.number()
        && foreseen.protocol.icmp() == seen.protocol.icmp()
        && ours.map(|p| p.1) == theirs.map(|p| p.1)
}

/// Whether a step of the explanation and a report name the same component.
fn names(step: &Step, drop: &Drop) -> bool {
    let kind = step.component.kind;
    let egress = step.direction == Some(Direction::Egress);
    let attached = || step.attached_to.as_ref().map(|c| &c.id) == drop.interface.as_ref();
    match drop.gate.as_str() {
        "spoofed" => match kind {
            Kind::NetworkInterface => egress && Some(&step.component.id) == drop.interface.as_ref(),
            // What comes from outside in the VPC's own name; what comes over a peering in another's.
            Kind::InternetGateway => !egress,
            Kind::Peering => true,
            _ => false,
        },
        "multicast" => kind == Kind::Router && step.code == Some(Code::NoPossibleDestination),
        // To the packet path an absent interface is no member of a group either.
        "egress-denied" => (kind == Kind::SecurityGroup && egress && attached()) || is_absent(step),
        "ingress-denied" => kind == Kind::SecurityGroup && !egress && attached(),
        "nsg-out" => kind == Kind::Nsg && egress && same_rule(step, drop),
        "nsg-in" => kind == Kind::Nsg && !egress && same_rule(step, drop),
        "acl-out" => kind == Kind::NetworkAcl && egress && same_entry(step, drop),
        "acl-in" => kind == Kind::NetworkAcl && !egress && same_entry(step, drop),
        "no-route" => match kind {
            Kind::RouteTable => drop.table.as_ref() == Some(&step.component.id),
            // Nobody has the address; no way leads to the gateway's other family.
            Kind::Router | Kind::EgressOnlyInternetGateway | Kind::InternetGateway | Kind::NatGateway => true,
            // No tunnel is behind a virtual private gateway, so no way either.
            Kind::Peering | Kind::Internet | Kind::VirtualPrivateGateway => true,
            // An interface without a running machine is nowhere.
            Kind::NetworkInterface => is_absent(step),
            _ => false,
        },
        "no-public-address" => {
            // Inward: a flow through a port that is no longer forwarded.
            kind == Kind::InternetGateway || kind == Kind::EgressOnlyInternetGateway && egress
        }
        // Without an internet gateway nothing comes in, whichever gate says so.
        "egress-only" => kind == Kind::EgressOnlyInternetGateway || kind == Kind::Internet,
        "misdelivered" => match kind {
            Kind::NetworkInterface => !egress && Some(&step.component.id) == drop.interface.as_ref(),
            Kind::Peering | Kind::Router => true,
            _ => false,
        },
        "not-a-service" => kind == Kind::Router,
        // No VPC here has the address, or what has it does not run.
        "nobody" => kind == Kind::Internet || is_absent(step),
        // An answer that comes round is none that the gateway knows.
        "nat-refused" => {
            is_circle(step) || kind == Kind::NatGateway && drop.gateway.as_ref() == Some(&step.component.id)
        }
        // A NAT gateway whose own subnet leads back to it.
        "nat-circle" => is_circle(step),
        _ => false,
    }
}

fn same_rule(step: &Step, drop: &Drop) -> bool {
    let priority = match &step.rule {
        Rule::Nsg(fact) => Some(fact.priority),
        _ => None,
    };
    drop.nsg.as_ref() == Some(&step.component.id) && priority == drop.priority
}

fn same_entry(step: &Step, drop: &Drop) -> bool {
    let entry = match &step.rule {
        // 32767 is the API's number for the final entry.
        Rule::Acl(fact) => Some(fact.number).filter(|n| *n != 32_767),
        _ => None,
    };
    drop.acl.as_ref() == Some(&step.component.id) && entry == drop.entry
}

/// Whether routes lead round in a circle.
fn is_circle(step: &Step) -> bool {
    step.component.kind == Kind::Router && step.code == Some(Code::NoPath)
}

/// Whether an interface refuses because nothing runs behind it.
fn is_absent(step: &Step) -> bool {
    step.component.kind == Kind::NetworkInterface
        && matches!(step.code, Some(Code::BadState | Code::BadStateAttachment))
}
