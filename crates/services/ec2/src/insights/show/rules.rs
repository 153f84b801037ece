//! Rules, routes and headers in the words of an analysis.

use api_ec2::{
    AnalysisAclRule, AnalysisPacketHeader, AnalysisRouteTableRoute, AnalysisSecurityGroupRule, PortRange,
};
use ipnet::IpNet;
use reachability::topology::{RouteOrigin, RouteTarget, RulePeer, Selector};
use reachability::{AclRuleFact, ExplanationCode, GroupRuleFact, Header, RouteFact, Step};
use std::net::IpAddr;

/// `tcp`, `udp`, `icmp`, another protocol's number, or `all`.
fn protocol(selector: &Selector) -> String {
    match selector.protocol {
        None => "all".to_owned(),
        Some(1) => "icmp".to_owned(),
        Some(6) => "tcp".to_owned(),
        Some(17) => "udp".to_owned(),
        Some(58) => "icmpv6".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// The ports of a rule, where it has some.
fn ports(selector: &Selector) -> Option<PortRange> {
    let range = PortRange { from: Some(selector.ports.from.into()), to: Some(selector.ports.to.into()) };
    matches!(selector.protocol, Some(6 | 17)).then_some(range)
}

/// A packet's header: the protocol by its number, addresses as blocks of one.
pub(super) fn header(header: &Header) -> AnalysisPacketHeader {
    let address = |address: IpAddr| Some(vec![IpNet::from(address).to_string()]);
    let port = |port: u16| Some(vec![PortRange { from: Some(port.into()), to: Some(port.into()) }]);
    let ports = header.protocol.ports();
    AnalysisPacketHeader {
        source_addresses: address(header.source),
        destination_addresses: address(header.destination),
        protocol: Some(header.protocol.number().to_string()),
        source_port_ranges: ports.and_then(|(source, _)| port(source)),
        destination_port_ranges: ports.and_then(|(_, destination)| port(destination)),
    }
}

/// The rule of a group, which the component itself is: the group in it is the one that the rule refers to.
pub(super) fn group(fact: &GroupRuleFact, step: &Step) -> AnalysisSecurityGroupRule {
    let mut shown = AnalysisSecurityGroupRule {
        direction: step.direction.map(|direction| direction.as_str().to_owned()),
        port_range: ports(&fact.rule.selector),
        protocol: Some(protocol(&fact.rule.selector)),
        ..AnalysisSecurityGroupRule::default()
    };
    match &fact.rule.peer {
        RulePeer::Cidr(cidr) => shown.cidr = Some(cidr.to_string()),
        RulePeer::PrefixList { id, .. } => shown.prefix_list_id = Some(id.to_string()),
        RulePeer::Group(id) => shown.security_group_id = Some(id.to_string()),
    }
    shown
}

/// The entry of an ACL.
pub(super) fn acl(fact: &AclRuleFact) -> AnalysisAclRule {
    AnalysisAclRule {
        cidr: Some(fact.cidr.to_string()),
        egress: Some(fact.direction == reachability::Direction::Egress),
        port_range: ports(&fact.selector),
        protocol: Some(protocol(&fact.selector)),
        rule_action: Some(if fact.allow { "allow" } else { "deny" }.to_owned()),
        rule_number: Some(fact.number.into()),
    }
}

/// The route that was taken, or that leads nowhere.
pub(super) fn route(fact: &RouteFact, step: &Step) -> AnalysisRouteTableRoute {
    let mut shown = AnalysisRouteTableRoute {
        destination_cidr: Some(fact.destination.to_string()),
        destination_prefix_list_id: fact.route.prefix_list.as_ref().map(ToString::to_string),
        origin: Some(
            match fact.route.origin {
                RouteOrigin::Local | RouteOrigin::System => "CreateRouteTable",
                RouteOrigin::Static => "CreateRoute",
                RouteOrigin::Propagated => "EnableVgwRoutePropagation",
            }
            .to_owned(),
        ),
        state: Some(
            if step.code == Some(ExplanationCode::BadStateRoute) { "blackhole" } else { "active" }.to_owned(),
        ),
        ..AnalysisRouteTableRoute::default()
    };
    let id = |id: &reachability::Id| Some(id.to_string());
    match &fact.route.target {
        RouteTarget::Local => shown.gateway_id = Some("local".to_owned()),
        RouteTarget::InternetGateway(gateway)
        | RouteTarget::VirtualPrivateGateway(gateway)
        | RouteTarget::GatewayEndpoint(gateway) => shown.gateway_id = id(gateway),
        RouteTarget::EgressOnlyInternetGateway(gateway) => {
            shown.egress_only_internet_gateway_id = id(gateway);
        }
        RouteTarget::NatGateway(gateway) => shown.nat_gateway_id = id(gateway),
        RouteTarget::NetworkInterface(interface) => shown.network_interface_id = id(interface),
        RouteTarget::Peering(peering) => shown.vpc_peering_connection_id = id(peering),
        RouteTarget::Blackhole => {}
    }
    shown
}
