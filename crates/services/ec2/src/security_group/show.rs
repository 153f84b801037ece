//! Groups and rules as the API shows them.

use super::{peered, protocol};
use crate::tags;
use api_ec2::{IpPermission, IpRange, Ipv6Range, PrefixListId, RevokedSecurityGroupRule, UserIdGroupPair};
use ipnet::IpNet;
use records::{Peer, Rule, SecurityGroup};
use state_store::typed::{Scope, Store};

/// `arn:aws:ec2:…:security-group/sg-…`.
pub(super) fn arn(scope: &Scope, id: &str) -> String {
    format!("arn:aws:ec2:{}:{}:security-group/{id}", scope.region, scope.account)
}

/// Rules of one direction of a group in `vpc_id`, gathered by protocol and ports, as DescribeSecurityGroups shows them.
pub(super) fn permissions<'a>(
    store: &Store,
    scope: &Scope,
    vpc_id: &str,
    rules: impl Iterator<Item = &'a Rule>,
) -> Vec<IpPermission> {
    let mut keys: Vec<(i32, Option<i32>, Option<i32>)> = Vec::new();
    let mut shown: Vec<IpPermission> = Vec::new();
    for rule in rules {
        let key = (rule.protocol, rule.from, rule.to);
        let at = keys.iter().position(|known| *known == key).unwrap_or_else(|| {
            keys.push(key);
            shown.push(IpPermission {
                ip_protocol: Some(protocol::name(rule.protocol)),
                from_port: rule.from,
                to_port: rule.to,
                ip_ranges: Some(Vec::new()),
                ipv6_ranges: Some(Vec::new()),
                user_id_group_pairs: Some(Vec::new()),
                prefix_list_ids: Some(Vec::new()),
            });
            keys.len() - 1
        });
        add_peer(&mut shown[at], rule, peered::of(store, scope, vpc_id, rule));
    }
    shown
}

/// Puts a rule's peer into the list of its kind.
fn add_peer(permission: &mut IpPermission, rule: &Rule, remote: Option<peered::Remote>) {
    let description = rule.description.clone();
    match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => {
            let range = IpRange { cidr_ip: Some(net.to_string()), description };
            permission.ip_ranges.get_or_insert_default().push(range);
        }
        Peer::Cidr(IpNet::V6(net)) => {
            let range = Ipv6Range { cidr_ipv6: Some(net.to_string()), description };
            permission.ipv6_ranges.get_or_insert_default().push(range);
        }
        Peer::Group { id, account } => {
            permission.user_id_group_pairs.get_or_insert_default().push(pair(
                id,
                account,
                description,
                remote,
            ));
        }
        Peer::PrefixList(id) => {
            let list = PrefixListId { prefix_list_id: Some(id.clone()), description };
            permission.prefix_list_ids.get_or_insert_default().push(list);
        }
    }
}

/// A group in a rule, with the way to it where it lives in another VPC.
pub(super) fn pair(
    id: &str,
    account: &str,
    description: Option<String>,
    remote: Option<peered::Remote>,
) -> UserIdGroupPair {
    let pair = UserIdGroupPair {
        group_id: Some(id.to_owned()),
        user_id: Some(account.to_owned()),
        description,
        ..UserIdGroupPair::default()
    };
    match remote {
        Some(remote) => UserIdGroupPair {
            vpc_id: Some(remote.vpc_id),
            vpc_peering_connection_id: Some(remote.peering_id),
            peering_status: Some(remote.status),
            ..pair
        },
        None => pair,
    }
}

/// A group with rules and tags.
pub(super) fn group(store: &Store, scope: &Scope, group: &SecurityGroup) -> api_ec2::SecurityGroup {
    let of = |egress: bool| {
        permissions(store, scope, &group.vpc_id, group.rules.iter().filter(|rule| rule.egress == egress))
    };
    api_ec2::SecurityGroup {
        group_id: Some(group.id.clone()),
        group_name: Some(group.name.clone()),
        description: Some(group.description.clone()),
        vpc_id: Some(group.vpc_id.clone()),
        owner_id: Some(scope.account.to_string()),
        security_group_arn: Some(arn(scope, &group.id)),
        ip_permissions: Some(of(false)),
        ip_permissions_egress: Some(of(true)),
        tags: Some(tags::to_api(&tags::of(store, scope, &group.id))),
    }
}

/// Where a rule's peer stands in the flat forms: IPv4 block, IPv6 block, prefix list, group.
struct Flat {
    v4: Option<String>,
    v6: Option<String>,
    list: Option<String>,
    group: Option<(String, String)>,
}

/// Where a rule's peer stands when every kind has a member of its own.
fn flat(rule: &Rule) -> Flat {
    let mut flat = Flat { v4: None, v6: None, list: None, group: None };
    match &rule.peer {
        Peer::Cidr(IpNet::V4(net)) => flat.v4 = Some(net.to_string()),
        Peer::Cidr(IpNet::V6(net)) => flat.v6 = Some(net.to_string()),
        Peer::PrefixList(id) => flat.list = Some(id.clone()),
        Peer::Group { id, account } => flat.group = Some((id.clone(), account.clone())),
    }
    flat
}

/// One rule; ports of protocols without ports are shown as -1 here.
pub(super) fn rule(
    store: &Store,
    scope: &Scope,
    group: &SecurityGroup,
    rule: &Rule,
) -> api_ec2::SecurityGroupRule {
    let peer = flat(rule);
    let remote = peered::of(store, scope, &group.vpc_id, rule);
    api_ec2::SecurityGroupRule {
        security_group_rule_id: Some(rule.id.clone()),
        group_id: Some(group.id.clone()),
        group_owner_id: Some(scope.account.to_string()),
        is_egress: Some(rule.egress),
        ip_protocol: Some(protocol::name(rule.protocol)),
        from_port: Some(rule.from.unwrap_or(-1)),
        to_port: Some(rule.to.unwrap_or(-1)),
        cidr_ipv4: peer.v4,
        cidr_ipv6: peer.v6,
        prefix_list_id: peer.list,
        referenced_group_info: peer.group.map(|(id, account)| api_ec2::ReferencedSecurityGroup {
            group_id: Some(id),
            user_id: Some(account),
            vpc_id: Some(remote.as_ref().map_or_else(|| group.vpc_id.clone(), |r| r.vpc_id.clone())),
            peering_status: remote.as_ref().map(|r| r.status.clone()),
            vpc_peering_connection_id: remote.as_ref().map(|r| r.peering_id.clone()),
        }),
        description: rule.description.clone(),
        tags: Some(tags::to_api(&tags::of(store, scope, &rule.id))),
        security_group_rule_arn: Some(format!(
            "arn:aws:ec2:{}:{}:security-group-rule/{}",
            scope.region, scope.account, rule.id
        )),
    }
}

/// A rule that is no more.
pub(super) fn revoked(group: &SecurityGroup, rule: &Rule) -> RevokedSecurityGroupRule {
    let peer = flat(rule);
    RevokedSecurityGroupRule {
        security_group_rule_id: Some(rule.id.clone()),
        group_id: Some(group.id.clone()),
        is_egress: Some(rule.egress),
        ip_protocol: Some(protocol::name(rule.protocol)),
        from_port: Some(rule.from.unwrap_or(-1)),
        to_port: Some(rule.to.unwrap_or(-1)),
        cidr_ipv4: peer.v4,
        cidr_ipv6: peer.v6,
        prefix_list_id: peer.list,
        referenced_group_id: peer.group.map(|(id, _)| id),
        description: rule.description.clone(),
    }
}

/// A rule in the words of `InvalidPermission.Duplicate`.
pub(super) fn words(rule: &Rule) -> String {
    let peer = match &rule.peer {
        Peer::Cidr(net) => net.to_string(),
        Peer::Group { id, .. } | Peer::PrefixList(id) => id.clone(),
    };
    let protocol = match rule.protocol {
        protocol::ALL => "ALL".to_owned(),
        other => protocol::name(other).to_uppercase(),
    };
    match (rule.from, rule.to) {
        (Some(from), Some(to)) if matches!(rule.protocol, protocol::TCP | protocol::UDP) => {
            format!("peer: {peer}, {protocol}, from port: {from}, to port: {to}, ALLOW")
        }
        (Some(kind), Some(code)) => format!("peer: {peer}, {protocol}, type: {kind}, code: {code}, ALLOW"),
        _ => format!("peer: {peer}, {protocol}, ALLOW"),
    }
}
