//! Why there is no path: explanation codes with the members that go with them.

use super::component::Words;
use super::rules;
use api_ec2::Explanation;
use reachability::{ComponentKind as Kind, ExplanationCode as Code, Header, Rule, Step};

/// Every refusal of the answer, the deciding one first.
pub(super) fn all(words: &Words<'_>) -> Vec<Explanation> {
    let mut shown: Vec<Explanation> = words.answer.refusals.iter().map(|step| of(words, step)).collect();
    if let Some(code) = &words.answer.code {
        shown.push(Explanation { explanation_code: Some(code.clone()), ..Explanation::default() });
    }
    shown
}

/// The refusal of one component (Reachability Analyzer guide, "Explanation codes").
pub(super) fn of(words: &Words<'_>, step: &Step) -> Explanation {
    let vpc = step.vpc.as_deref();
    let component = words.component(&step.component, vpc);
    let mut shown = Explanation {
        explanation_code: step.code.map(|code| code.as_str().to_owned()),
        direction: step.direction.map(|direction| direction.as_str().to_owned()),
        vpc: vpc.map(|id| words.vpc(id)),
        subnet: words.subnet(step),
        ..Explanation::default()
    };
    if let Some((account, region)) = words.elsewhere(step) {
        (shown.component_account, shown.component_region) = (Some(account), Some(region));
    }
    match step.component.kind {
        Kind::SecurityGroup => {
            shown.network_interface = step.attached_to.as_ref().map(|a| words.component(a, vpc));
            shown.security_groups = Some(groups(words, step));
        }
        Kind::NetworkInterface => {
            shown.network_interface = Some(component);
            shown.attached_to = words.attached_to(step);
        }
        Kind::NetworkAcl => shown.acl = Some(component),
        Kind::RouteTable => shown.route_table = Some(component),
        Kind::InternetGateway => shown.internet_gateway = Some(component),
        Kind::NatGateway => shown.nat_gateway = Some(component),
        Kind::Peering => {
            shown.vpc_peering_connection = Some(component);
            shown.source_vpc = shown.vpc.take();
            shown.destination_vpc = step.destination_vpc.as_deref().map(|id| words.vpc(id));
        }
        Kind::GatewayEndpoint => shown.vpc_endpoint = Some(component),
        Kind::VirtualPrivateGateway => shown.vpn_gateway = Some(component),
        Kind::EgressOnlyInternetGateway | Kind::Nsg => shown.component = Some(component),
        // The router is shown as its VPC; the world outside is nothing.
        Kind::Router | Kind::Internet => shown.missing_component = missing(step),
    }
    if !words.is_foreign(step) {
        match &step.rule {
            Rule::Acl(fact) => shown.acl_rule = Some(rules::acl(fact)),
            Rule::Route(fact) => shown.route_table_route = Some(rules::route(fact, step)),
            Rule::Group(_) | Rule::Nsg(_) | Rule::None | Rule::Tracked => {}
        }
    }
    packet(&mut shown, step);
    shown
}

/// The groups of the interface that refuse together.
fn groups(words: &Words<'_>, step: &Step) -> Vec<api_ec2::AnalysisComponent> {
    let vpc = step.vpc.as_deref();
    let interface = step.attached_to.as_ref().map(|a| &*a.id);
    let all = interface.and_then(|id| words.answer.groups.get(id));
    match all {
        Some(ids) => ids.iter().map(|id| words.named(Kind::SecurityGroup.resource(), id, vpc)).collect(),
        None => vec![words.component(&step.component, vpc)],
    }
}

/// The kind of component that is not there.
fn missing(step: &Step) -> Option<String> {
    (step.component.kind == Kind::Internet && step.code == Some(Code::BadStateAttachment))
        .then(|| "internet-gateway".to_owned())
}

/// The part of the header that the refusal is about.
fn packet(shown: &mut Explanation, step: &Step) {
    let Header { source, destination, protocol } = step.inbound;
    let (address, field) = match step.code {
        Some(
            Code::EniAddressRestriction
            | Code::GatewayRejectsSpoofedTraffic
            | Code::IgwSourceAddressNotInRfc1918Ingress
            | Code::IgwSourceAddressNotInRfc6598Ingress
            | Code::IgwPublicIpAssociationForEgress
            | Code::NgwRequiresSourceInVpc,
        ) => (source, "source-address"),
        Some(
            Code::NoRouteToDestination
            | Code::NoPossibleDestination
            | Code::IgwPrivateIpAssociationForIngress
            | Code::IgwDestinationAddressNotInRfc1918Egress
            | Code::IgwDestinationAddressNotInRfc6598Egress
            | Code::PcxRequiresAddressInVpcCidr,
        ) => (destination, "destination-address"),
        Some(Code::EniSourceDestCheckRestriction) if shown.direction.as_deref() == Some("egress") => {
            (source, "source-address")
        }
        Some(Code::EniSourceDestCheckRestriction) => (destination, "destination-address"),
        Some(Code::ProtocolRestriction | Code::VpceGatewayProtocolRestriction) => {
            shown.protocols = Some(vec![protocol.number().to_string()]);
            return;
        }
        _ => return,
    };
    shown.address = Some(address.to_string());
    shown.packet_field = Some(field.to_owned());
}
