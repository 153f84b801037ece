//! A network security group as the API shows it.

use super::parse::{PROTOCOLS, VIRTUAL_NETWORK};
use api_allod::NetworkSecurityGroupRule;
use ipnet::IpNet;
use records::{NetworkSecurityGroup, NsgRule};

fn any() -> Vec<String> {
    vec!["*".to_owned()]
}

fn blocks(own: &[IpNet], virtual_network: bool) -> Vec<String> {
    if own.is_empty() && !virtual_network {
        return any();
    }
    let tag = virtual_network.then(|| VIRTUAL_NETWORK.to_owned());
    own.iter().map(ToString::to_string).chain(tag).collect()
}

fn ports(own: &[(u16, u16)]) -> Vec<String> {
    if own.is_empty() {
        return any();
    }
    let one = |(from, to): &(u16, u16)| if from == to { from.to_string() } else { format!("{from}-{to}") };
    own.iter().map(one).collect()
}

fn rule(rule: &NsgRule) -> NetworkSecurityGroupRule {
    let protocol = PROTOCOLS.iter().find(|(_, number)| *number == rule.protocol);
    NetworkSecurityGroupRule {
        name: Some(rule.name.clone()),
        priority: Some(rule.priority.into()),
        direction: Some(if rule.outbound { "Outbound" } else { "Inbound" }.into()),
        access: Some(if rule.allow { "Allow" } else { "Deny" }.into()),
        protocol: protocol.map(|(name, _)| (*name).into()),
        source_address_prefixes: Some(blocks(&rule.sources, rule.source_is_vpc)),
        source_port_ranges: Some(ports(&rule.source_ports)),
        destination_address_prefixes: Some(blocks(&rule.destinations, rule.destination_is_vpc)),
        destination_port_ranges: Some(ports(&rule.destination_ports)),
    }
}

/// The rules every group ends with, under Azure's names. Its inbound rule for load balancer probes is left out: there is
/// no such balancer here, so nothing would match.
fn default_rules() -> Vec<NetworkSecurityGroupRule> {
    let one = |name: &str, priority: i32, direction: &'static str, allow: bool, from: &str, to: &str| {
        NetworkSecurityGroupRule {
            name: Some(name.to_owned()),
            priority: Some(priority),
            direction: Some(direction.into()),
            access: Some(if allow { "Allow" } else { "Deny" }.into()),
            protocol: Some("*".into()),
            source_address_prefixes: Some(vec![from.to_owned()]),
            source_port_ranges: Some(any()),
            destination_address_prefixes: Some(vec![to.to_owned()]),
            destination_port_ranges: Some(any()),
        }
    };
    let (inside, inbound, outbound) = (VIRTUAL_NETWORK, "Inbound", "Outbound");
    vec![
        one("AllowVnetInBound", 65_000, inbound, true, inside, inside),
        one("DenyAllInBound", 65_500, inbound, false, "*", "*"),
        one("AllowVnetOutBound", 65_000, outbound, true, inside, inside),
        one("AllowInternetOutBound", 65_001, outbound, true, "*", "Internet"),
        one("DenyAllOutBound", 65_500, outbound, false, "*", "*"),
    ]
}

/// The group with its own and its default rules.
pub(super) fn shown(group: &NetworkSecurityGroup) -> api_allod::NetworkSecurityGroup {
    api_allod::NetworkSecurityGroup {
        network_security_group_id: Some(group.id.clone()),
        vpc_id: Some(group.vpc_id.clone()),
        name: Some(group.name.clone()),
        rules: Some(group.rules.iter().map(rule).collect()),
        default_rules: Some(default_rules()),
        subnet_ids: Some(group.subnet_ids.clone()),
        network_interface_ids: Some(group.network_interface_ids.clone()),
    }
}
