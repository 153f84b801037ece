//! Rules and routes as the API's parameters.

use super::Translator;
use crate::ec2::{Answer, Ec2};
use ipnet::IpNet;
use reachability::Direction;
use reachability::topology::{AclEntry, GroupRule, Route, RouteTarget, RulePeer, Selector};

/// Parameters of a call.
pub(super) type Parameters = Vec<(String, String)>;

/// Calls with owned parameters.
pub(super) fn call(ec2: &mut Ec2, operation: &str, parameters: &Parameters) -> anyhow::Result<Answer> {
    let borrowed: Vec<(&str, &str)> = parameters.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    ec2.call(operation, &borrowed)
}

pub(super) fn put(to: &mut Parameters, name: &str, value: impl ToString) {
    to.push((name.to_owned(), value.to_string()));
}

/// -1 for what is not given.
fn or_all(number: Option<u8>) -> String {
    number.map_or("-1".to_owned(), |n| n.to_string())
}

/// `IpPermissions.1` of a rule of a security group.
pub(super) fn permission(
    translator: &Translator,
    group: &str,
    rule: &GroupRule,
) -> anyhow::Result<Parameters> {
    let mut all = Parameters::new();
    put(&mut all, "GroupId", translator.real(group)?);
    let Selector { protocol, ports, icmp_type, icmp_code } = rule.selector;
    put(&mut all, "IpPermissions.1.IpProtocol", or_all(protocol));
    let (from, to) = match protocol {
        Some(6 | 17) => (ports.from.to_string(), ports.to.to_string()),
        Some(1 | 58) => (or_all(icmp_type), or_all(icmp_code)),
        _ => (String::new(), String::new()),
    };
    if !from.is_empty() {
        put(&mut all, "IpPermissions.1.FromPort", from);
        put(&mut all, "IpPermissions.1.ToPort", to);
    }
    match &rule.peer {
        RulePeer::Cidr(cidr @ IpNet::V4(_)) => {
            put(&mut all, "IpPermissions.1.IpRanges.1.CidrIp", translator.real_block(*cidr));
        }
        RulePeer::Cidr(cidr @ IpNet::V6(_)) => {
            put(&mut all, "IpPermissions.1.Ipv6Ranges.1.CidrIpv6", translator.real_block(*cidr));
        }
        RulePeer::PrefixList { id, .. } => {
            put(&mut all, "IpPermissions.1.PrefixListIds.1.PrefixListId", translator.real(id)?);
        }
        RulePeer::Group(id) => {
            put(&mut all, "IpPermissions.1.Groups.1.GroupId", translator.real(id)?);
        }
    }
    Ok(all)
}

/// Parameters of `CreateNetworkAclEntry`.
pub(super) fn acl_entry(translator: &Translator, acl: &str, entry: &AclEntry) -> anyhow::Result<Parameters> {
    let mut all = acl_entry_key(translator, acl, entry)?;
    let Selector { protocol, ports, icmp_type, icmp_code } = entry.selector;
    put(&mut all, "Protocol", or_all(protocol));
    put(&mut all, "RuleAction", if entry.allow { "allow" } else { "deny" });
    let name = if matches!(entry.cidr, IpNet::V4(_)) { "CidrBlock" } else { "Ipv6CidrBlock" };
    put(&mut all, name, translator.real_block(entry.cidr));
    match protocol {
        Some(6 | 17) => {
            put(&mut all, "PortRange.From", ports.from);
            put(&mut all, "PortRange.To", ports.to);
        }
        Some(1 | 58) => {
            put(&mut all, "Icmp.Type", or_all(icmp_type));
            put(&mut all, "Icmp.Code", or_all(icmp_code));
        }
        _ => {}
    }
    Ok(all)
}

/// What names an entry, for `DeleteNetworkAclEntry`.
pub(super) fn acl_entry_key(
    translator: &Translator,
    acl: &str,
    entry: &AclEntry,
) -> anyhow::Result<Parameters> {
    let mut all = Parameters::new();
    put(&mut all, "NetworkAclId", translator.real(acl)?);
    put(&mut all, "RuleNumber", entry.number);
    put(&mut all, "Egress", entry.direction == Direction::Egress);
    Ok(all)
}

/// Table and destination of a route.
pub(super) fn route_key(translator: &Translator, table: &str, route: &Route) -> anyhow::Result<Parameters> {
    let mut all = Parameters::new();
    put(&mut all, "RouteTableId", translator.real(table)?);
    match (&route.prefix_list, route.destinations.first()) {
        (Some(list), _) => put(&mut all, "DestinationPrefixListId", translator.real(list)?),
        (None, Some(block @ IpNet::V4(_))) => {
            put(&mut all, "DestinationCidrBlock", translator.real_block(*block));
        }
        (None, Some(block)) => put(&mut all, "DestinationIpv6CidrBlock", translator.real_block(*block)),
        (None, None) => anyhow::bail!("a route of {table} has no destination"),
    }
    Ok(all)
}

/// The target of a route; `None` for those that no call can name.
pub(super) fn route_target(
    translator: &Translator,
    target: &RouteTarget,
) -> anyhow::Result<Option<(String, String)>> {
    let name = match target {
        RouteTarget::InternetGateway(_) | RouteTarget::VirtualPrivateGateway(_) => "GatewayId",
        RouteTarget::EgressOnlyInternetGateway(_) => "EgressOnlyInternetGatewayId",
        RouteTarget::NatGateway(_) => "NatGatewayId",
        RouteTarget::NetworkInterface(_) => "NetworkInterfaceId",
        RouteTarget::Peering(_) => "VpcPeeringConnectionId",
        _ => return Ok(None),
    };
    let Some(id) = target.id() else { return Ok(None) };
    Ok(Some((name.to_owned(), translator.real(id)?)))
}
