//! The components of an analysis as the explainer's own form, which can be drawn.

use super::sentence;
use api_ec2::{AnalysisPacketHeader, Explanation, NetworkInsightsAnalysis, PathComponent, PortRange};
use reachability::{
    Component, ComponentKind, Direction, ExplanationCode, Flow, Header, Judgement, Outcome, Place, Protocol,
    Rule, Step, Verdict,
};
use std::net::IpAddr;

/// Every kind that a component of an analysis can be.
const KINDS: [ComponentKind; 13] = [
    ComponentKind::NetworkInterface,
    ComponentKind::SecurityGroup,
    ComponentKind::Nsg,
    ComponentKind::NetworkAcl,
    ComponentKind::RouteTable,
    ComponentKind::InternetGateway,
    ComponentKind::EgressOnlyInternetGateway,
    ComponentKind::NatGateway,
    ComponentKind::Peering,
    ComponentKind::GatewayEndpoint,
    ComponentKind::VirtualPrivateGateway,
    ComponentKind::Router,
    ComponentKind::Internet,
];

/// A way as a judgement; `None` when the analysis names no component of it. Instances stand behind their interfaces and
/// are not drawn.
pub(super) fn judgement(
    components: Option<&[PathComponent]>,
    analysis: &NetworkInsightsAnalysis,
    reachable: bool,
) -> Option<Judgement> {
    let mut path: Vec<Step> = components?.iter().filter_map(step).collect();
    for (number, step) in (1..).zip(&mut path) {
        step.sequence = number;
    }
    let last = path.last()?;
    let (first, header) = (path.first()?.inbound, last.outbound);
    let at = match last.component.kind {
        ComponentKind::NetworkInterface => Place::NetworkInterface(last.component.id.clone()),
        ComponentKind::GatewayEndpoint => Place::GatewayEndpoint(last.component.id.clone()),
        _ => Place::Internet,
    };
    let refused = last.outcome == Outcome::Refused;
    let verdict = if refused { Verdict::Dropped } else { Verdict::Delivered { at, as_seen: header } };
    let objections = if reachable || !refused { Vec::new() } else { objections(analysis, first) };
    Some(Judgement { verdict, path, objections, flow: Flow::nothing(first) })
}

fn step(component: &PathComponent) -> Option<Step> {
    let named = component.component.as_ref()?;
    let shown = [&component.inbound_header, &component.outbound_header];
    let mut headers = shown.into_iter().flatten().filter_map(header);
    let inbound = headers.next()?;
    let refusal = component.explanations.iter().flatten().next();
    let direction = match (&component.security_group_rule, &component.acl_rule, refusal) {
        (Some(rule), _, _) => rule.direction.as_deref().and_then(direction),
        (_, Some(rule), _) => rule.egress.map(|out| if out { Direction::Egress } else { Direction::Ingress }),
        (_, _, Some(refusal)) => refusal.direction.as_deref().and_then(direction),
        _ => None,
    };
    Some(Step {
        direction,
        outbound: headers.next().unwrap_or(inbound),
        ..bare(kind(named.arn.as_deref()?)?, named.id.as_deref()?, inbound, refusal, sentence::why(component))
    })
}

/// Everything else that refuses the packet as well.
fn objections(analysis: &NetworkInsightsAnalysis, header: Header) -> Vec<Step> {
    let named = |explanation: &Explanation| {
        let components = [
            explanation.acl.as_ref(),
            explanation.security_groups.as_ref().and_then(|groups| groups.first()),
            explanation.route_table.as_ref(),
            explanation.nat_gateway.as_ref(),
            explanation.internet_gateway.as_ref(),
            explanation.vpc_peering_connection.as_ref(),
            explanation.vpc_endpoint.as_ref(),
            explanation.network_interface.as_ref(),
            explanation.component.as_ref(),
        ];
        components.into_iter().flatten().next().cloned()
    };
    let step = |explanation: &Explanation| {
        let component = named(explanation)?;
        let why = sentence::refusal(explanation);
        let mut step =
            bare(kind(component.arn.as_deref()?)?, component.id.as_deref()?, header, Some(explanation), why);
        step.direction = explanation.direction.as_deref().and_then(direction);
        Some(step)
    };
    analysis.explanations.iter().flatten().filter_map(step).collect()
}

fn bare(kind: ComponentKind, id: &str, header: Header, refusal: Option<&Explanation>, why: String) -> Step {
    let code = refusal.and_then(|refusal| refusal.explanation_code.as_deref());
    Step {
        sequence: 0,
        component: Component { kind, id: id.into() },
        direction: None,
        outcome: if refusal.is_some() { Outcome::Refused } else { Outcome::Passed },
        code: code.and_then(|code| ExplanationCode::ALL.iter().copied().find(|known| known.as_str() == code)),
        rule: Rule::None,
        attached_to: None,
        vpc: None,
        subnet: None,
        destination_vpc: None,
        inbound: header,
        outbound: header,
        why,
    }
}

/// The kind of a component by its ARN; `None` for an instance.
fn kind(arn: &str) -> Option<ComponentKind> {
    let resource = arn.rsplit(':').next()?.split('/').next()?;
    KINDS.into_iter().find(|kind| kind.resource() == resource)
}

fn direction(word: &str) -> Option<Direction> {
    [Direction::Ingress, Direction::Egress].into_iter().find(|direction| direction.as_str() == word)
}

fn header(shown: &AnalysisPacketHeader) -> Option<Header> {
    let address =
        |list: &Option<Vec<String>>| list.as_ref()?.first()?.split('/').next()?.parse::<IpAddr>().ok();
    let port = |list: &Option<Vec<PortRange>>| {
        list.as_ref()
            .and_then(|list| list.first()?.from)
            .and_then(|port| u16::try_from(port).ok())
            .unwrap_or(0)
    };
    let (source, destination) = (port(&shown.source_port_ranges), port(&shown.destination_port_ranges));
    let protocol = match shown.protocol.as_deref()?.parse::<u8>().ok()? {
        6 => Protocol::Tcp { source, destination },
        17 => Protocol::Udp { source, destination },
        other => Protocol::Other(other),
    };
    Some(Header {
        source: address(&shown.source_addresses)?,
        destination: address(&shown.destination_addresses)?,
        protocol,
    })
}
