//! Answers in words.

use crate::arguments::Reach;
use api_ec2::{Explanation, NetworkInsightsAnalysis, PathComponent, PortRange};
use reachability::{Judgement, Outcome};

/// The whole answer in one sentence: reachable or not, and what decides.
pub(super) fn of(
    options: &Reach,
    analysis: &NetworkInsightsAnalysis,
    forward: Option<&Judgement>,
    back: Option<&Judgement>,
) -> String {
    let what = match options.port {
        Some(port) => format!("{} port {port}", options.protocol),
        None => options.protocol.clone(),
    };
    let ends = format!("{} → {} ({what})", options.from, options.to);
    if analysis.network_path_found == Some(true) {
        return match forward.and_then(deciding) {
            Some(rule) => format!("Reachable: {ends}; {rule}."),
            None => format!("Reachable: {ends}; nothing filters it."),
        };
    }
    let refused = |way: Option<&Judgement>| {
        let step = way?.path.last().filter(|step| step.outcome == Outcome::Refused)?;
        let code = step.code.map_or("", |code| code.as_str());
        Some(format!("{}: {} ({code})", step.component.id, step.why))
    };
    if let Some(reason) = refused(forward) {
        return format!("Not reachable: {ends}; {reason}.");
    }
    if let Some(reason) = refused(back) {
        return format!("Not reachable: {ends}; the answer is stopped by {reason}.");
    }
    let first = analysis.explanations.iter().flatten().next();
    let reason = first.map_or_else(
        || "no packet gets through".to_owned(),
        |first| format!("{} ({})", refusal(first), first.explanation_code.as_deref().unwrap_or_default()),
    );
    format!("Not reachable: {ends}; {reason}.")
}

/// The rule that lets the packet in: the last one of a group on the way, or else of an ACL.
fn deciding(way: &Judgement) -> Option<String> {
    use reachability::ComponentKind as Kind;
    let last = |kind: Kind| way.path.iter().rev().find(|step| step.component.kind == kind);
    let step = last(Kind::SecurityGroup).or_else(|| last(Kind::NetworkAcl))?;
    Some(format!("{}: {}", step.component.id, step.why))
}

/// Why a component lets the packet on, or does not.
pub(super) fn why(component: &PathComponent) -> String {
    if let Some(refusal_of) = component.explanations.iter().flatten().next() {
        return refusal(refusal_of);
    }
    if let Some(rule) = &component.security_group_rule {
        let way = if rule.direction.as_deref() == Some("egress") { "to" } else { "from" };
        let peer = [&rule.cidr, &rule.prefix_list_id, &rule.security_group_id].into_iter().flatten().next();
        return format!(
            "its rule for {}{} {way} {} allows it",
            rule.protocol.as_deref().unwrap_or("all"),
            ports(rule.port_range.as_ref()),
            peer.map_or("anybody", String::as_str)
        );
    }
    if let Some(rule) = &component.acl_rule {
        return format!("entry {} allows it", rule.rule_number.unwrap_or_default());
    }
    if let Some(route) = &component.route_table_route {
        let targets = [
            &route.gateway_id,
            &route.nat_gateway_id,
            &route.egress_only_internet_gateway_id,
            &route.network_interface_id,
            &route.vpc_peering_connection_id,
            &route.instance_id,
        ];
        let target = targets.into_iter().flatten().next();
        return format!(
            "{} leads to {}",
            route.destination_cidr.as_deref().unwrap_or_default(),
            target.map_or("nowhere", String::as_str)
        );
    }
    if let Some(vpc) = component.destination_vpc.as_ref().and_then(|vpc| vpc.id.as_deref()) {
        return format!("it leads to {vpc}");
    }
    match component.attached_to.as_ref().and_then(|on| on.id.as_deref()) {
        Some(on) if on.starts_with("eni-") => "the flow is known".to_owned(),
        Some(on) => format!("attached to {on}"),
        None => "passed".to_owned(),
    }
}

/// ` 443`, ` 80-90`, or nothing for all.
fn ports(range: Option<&PortRange>) -> String {
    match range.and_then(|range| Some((range.from?, range.to?))) {
        None | Some((0, 65_535)) => String::new(),
        Some((from, to)) if from == to => format!(" {from}"),
        Some((from, to)) => format!(" {from}-{to}"),
    }
}

/// A refusal in words (Reachability Analyzer guide, "Explanation codes").
pub(super) fn refusal(explanation: &Explanation) -> String {
    let way = explanation.direction.as_deref().unwrap_or_default();
    let address = explanation.address.as_deref().unwrap_or("the address");
    match explanation.explanation_code.as_deref().unwrap_or_default() {
        "BAD_STATE" => "it does not run".to_owned(),
        "BAD_STATE_ATTACHMENT" => "it is not attached".to_owned(),
        "BAD_STATE_ROUTE" => "the best route is a blackhole".to_owned(),
        "BAD_STATE_VPN" => "it has no working tunnel".to_owned(),
        "ENI_ADDRESS_RESTRICTION" => format!("nobody may send as {address}"),
        "ENI_SG_RULES_MISMATCH" => format!("no {way} rule of the security groups matches"),
        "ENI_SOURCE_DEST_CHECK_RESTRICTION" => format!("{address} is not its own, and its check is on"),
        "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS" => format!("{address} has no public address"),
        "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS" => format!("{address} is nobody's public address"),
        "NGW_REQUIRES_SOURCE_IN_VPC" => "a NAT gateway takes no flows from outside".to_owned(),
        "NO_POSSIBLE_DESTINATION" => format!("nobody has the address {address}"),
        "NO_ROUTE_TO_DESTINATION" => format!("no route leads to {address}"),
        "NO_SOURCE_OR_DESTINATION" => "an end of the path does not exist".to_owned(),
        "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR" => {
            format!("{address} is in neither VPC, and peering is not transitive")
        }
        "PROTOCOL_RESTRICTION" => "it does not take this protocol".to_owned(),
        "SG_HAS_NO_RULES" => format!("the security groups have no {way} rules"),
        "SG_REFERENCES_NOT_PRESERVED" => "a rule names a group, but an appliance stands between".to_owned(),
        "SUBNET_ACL_RESTRICTION" => match explanation.acl_rule.as_ref().and_then(|rule| rule.rule_number) {
            Some(32_767) => format!("no {way} entry matches, so the final * denies it"),
            Some(number) => format!("{way} entry {number} denies it"),
            None => format!("its {way} rules deny it"),
        },
        "NO_PATH" | "" => "no path leads there".to_owned(),
        other => other.to_ascii_lowercase().replace('_', " "),
    }
}
