//! Pictures of a judgement.

mod svg;
mod text;

pub use svg::render_svg;
pub use text::render_text;

use crate::judgement::{ComponentKind, Judgement, Verdict};
use crate::packet::Place;

/// The kind in words.
const fn kind(kind: ComponentKind) -> &'static str {
    match kind {
        ComponentKind::NetworkInterface => "interface",
        ComponentKind::SecurityGroup => "security group",
        ComponentKind::Nsg => "NSG",
        ComponentKind::NetworkAcl => "network ACL",
        ComponentKind::RouteTable => "route table",
        ComponentKind::InternetGateway => "internet gateway",
        ComponentKind::EgressOnlyInternetGateway => "egress-only gateway",
        ComponentKind::NatGateway => "NAT gateway",
        ComponentKind::Peering => "peering",
        ComponentKind::GatewayEndpoint => "gateway endpoint",
        ComponentKind::VirtualPrivateGateway => "private gateway",
        ComponentKind::Router => "router",
        ComponentKind::Internet => "internet",
    }
}

/// The verdict in one line.
fn verdict(judgement: &Judgement) -> String {
    match &judgement.verdict {
        Verdict::Delivered { at, as_seen } => format!("delivered to {} as {as_seen}", place(at)),
        Verdict::DeliveredToAppliance { interface, as_seen } => {
            format!("handed to the appliance {interface} as {as_seen}")
        }
        Verdict::Dropped => {
            let code = judgement.code().map_or("", |c| c.as_str());
            match judgement.deciding() {
                Some(step) => {
                    format!("dropped by {} {}: {code}", kind(step.component.kind), step.component.id)
                }
                None => "dropped".to_owned(),
            }
        }
    }
}

/// A place in words.
fn place(place: &Place) -> String {
    match place {
        Place::NetworkInterface(id) | Place::GatewayEndpoint(id) => id.to_string(),
        Place::Internet => "the internet".to_owned(),
        Place::Service { vpc, service } => format!("the {service:?} service of {vpc}"),
    }
}
