//! `IpPermission` structures, taken apart into single rules.

use super::find::by_name;
use super::protocol;
use crate::resource_kind::ResourceKind;
use crate::{cidr, faults, peering};
use api_ec2::{IpPermission, IpRange, UserIdGroupPair};
use aws_schema::Fault;
use ipnet::IpNet;
use records::{Peer, PrefixList, Rule, SecurityGroup};
use state_store::typed::{Scope, Tx};

/// Most rules one request may name, so that no request holds the store for long.
const MAX_RULES: usize = 1000;

/// The old form of one permission, beside `IpPermissions`.
#[derive(Clone, Debug, Default)]
pub(super) struct Shorthand {
    pub(super) protocol: Option<String>,
    pub(super) from: Option<i32>,
    pub(super) to: Option<i32>,
    pub(super) cidr: Option<String>,
    pub(super) group_name: Option<String>,
    pub(super) group_owner: Option<String>,
}

impl Shorthand {
    fn is_empty(&self) -> bool {
        self.protocol.is_none() && self.cidr.is_none() && self.group_name.is_none()
    }

    /// The same as permissions. A source group without protocol means all of TCP, UDP and ICMP.
    fn permissions(self) -> Vec<IpPermission> {
        let ranges = self.cidr.map(|cidr| IpRange { cidr_ip: Some(cidr), description: None });
        let pairs = self.group_name.map(|name| UserIdGroupPair {
            group_name: Some(name),
            user_id: self.group_owner,
            ..UserIdGroupPair::default()
        });
        let one = |protocol: Option<String>, from, to| IpPermission {
            ip_protocol: protocol,
            from_port: from,
            to_port: to,
            ip_ranges: Some(ranges.clone().into_iter().collect()),
            user_id_group_pairs: Some(pairs.clone().into_iter().collect()),
            ..IpPermission::default()
        };
        if self.protocol.is_none() && pairs.is_some() {
            return vec![
                one(Some("tcp".to_owned()), Some(0), Some(65535)),
                one(Some("udp".to_owned()), Some(0), Some(65535)),
                one(Some("icmp".to_owned()), Some(-1), Some(-1)),
            ];
        }
        vec![one(self.protocol, self.from, self.to)]
    }
}

/// The permissions of a request in either form.
///
/// # Errors
/// `InvalidParameterCombination` for both forms at once, `MissingParameter` for none.
pub(super) fn given(
    permissions: Option<Vec<IpPermission>>,
    shorthand: Shorthand,
) -> Result<Vec<IpPermission>, Fault> {
    match permissions.filter(|p| !p.is_empty()) {
        Some(_) if !shorthand.is_empty() => Err(faults::invalid_combination(
            "The parameter ipPermissions may not be used with ipProtocol, cidrIp or sourceSecurityGroupName",
        )),
        Some(permissions) => Ok(permissions),
        None if shorthand.is_empty() => Err(faults::missing_parameter("ipPermissions")),
        None => Ok(shorthand.permissions()),
    }
}

/// The characters AWS allows in names and descriptions of groups and rules.
pub(super) fn is_plain_text(text: &str) -> bool {
    text.chars().count() <= 255
        && text.chars().all(|c| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c))
}

/// A rule's description; the empty one is none.
pub(super) fn description(text: Option<String>) -> Result<Option<String>, Fault> {
    let text = text.filter(|text| !text.is_empty());
    if text.as_ref().is_some_and(|text| !is_plain_text(text)) {
        return Err(faults::invalid_parameter_value(
            "Invalid rule description. Valid descriptions are strings less than 256 characters from the following \
             set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*",
        ));
    }
    Ok(text)
}

/// AWS's words for a block that cannot be read.
fn malformed_cidr(text: &str) -> Fault {
    let shown: String = text.chars().take(100).collect();
    faults::invalid_parameter_value(format!("CIDR block {shown} is malformed"))
}

/// An IPv4 block of a rule.
pub(super) fn cidr_v4(text: Option<&str>) -> Result<Peer, Fault> {
    let text = text.unwrap_or_default();
    let net = cidr::v4("cidrIp", text).map_err(|_| malformed_cidr(text))?;
    Ok(Peer::Cidr(IpNet::V4(net)))
}

/// An IPv6 block of a rule.
pub(super) fn cidr_v6(text: Option<&str>) -> Result<Peer, Fault> {
    let text = text.unwrap_or_default();
    let net = cidr::v6("cidrIpv6", text).map_err(|_| malformed_cidr(text))?;
    Ok(Peer::Cidr(IpNet::V6(net)))
}

/// An existing prefix list.
pub(super) fn prefix_list(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Result<Peer, Fault> {
    crate::lookup::find::<PrefixList>(tx, scope, ResourceKind::PrefixList, id)?;
    Ok(Peer::PrefixList(id.to_owned()))
}

/// What the groups of a request stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Rules to be made: their groups must be within reach.
    Make,
    /// Rules there may already be. Their groups may be gone, or the way to them (stale rules).
    Find,
}

/// A group of the same VPC, or of one of the same region with an active peering connection to it (AWS: "Update your
/// security groups to reference peer security groups").
///
/// # Errors
/// `InvalidGroup.NotFound`, also for a group of a network out of reach; `InvalidGroupId.Malformed`, `MissingParameter`.
pub(super) fn group(
    tx: &mut Tx<'_>,
    scope: &Scope,
    owner: &SecurityGroup,
    pair: &UserIdGroupPair,
) -> Result<Peer, Fault> {
    let account = pair.user_id.as_deref().unwrap_or(&scope.account);
    let theirs = Scope::new(account, scope.region.clone());
    if !theirs.is_valid() {
        return Err(faults::invalid_value("userId", account, ""));
    }
    let found = match (&pair.group_id, &pair.group_name) {
        (Some(id), _) => {
            ResourceKind::SecurityGroup.check(id)?;
            if *id == owner.id {
                // The group itself may be being made in this very transaction.
                return Ok(Peer::Group { id: id.clone(), account: scope.account.to_string() });
            }
            let found = tx.get::<SecurityGroup>(&theirs, id);
            found.ok_or_else(|| ResourceKind::SecurityGroup.not_found(id))?
        }
        (None, Some(name)) => {
            let found = by_name(tx, &theirs, &owner.vpc_id, name);
            found.ok_or_else(|| ResourceKind::SecurityGroup.not_found(name))?
        }
        (None, None) => return Err(faults::missing_parameter("groupId")),
    };
    let reachable = found.vpc_id == owner.vpc_id
        || peering::active_between(tx, scope, &owner.vpc_id, &found.vpc_id).is_some_and(|peering| {
            pair.vpc_peering_connection_id.as_ref().is_none_or(|wanted| *wanted == peering.id)
        });
    if !reachable || pair.vpc_id.as_ref().is_some_and(|wanted| *wanted != found.vpc_id) {
        let message = "You have specified two resources that belong to different networks.";
        return Err(Fault::sender("InvalidGroup.NotFound", message));
    }
    Ok(Peer::Group { id: found.id.clone(), account: account.to_owned() })
}

/// The group of a pair as a rule of `owner` already names it, whether or not it can still be reached.
fn known_group(owner: &SecurityGroup, pair: &UserIdGroupPair) -> Option<Peer> {
    let wanted = pair.group_id.as_ref()?;
    let named = |peer: &&Peer| match peer {
        Peer::Group { id, account } => {
            id == wanted && pair.user_id.as_ref().is_none_or(|user| user == account)
        }
        _ => false,
    };
    owner.rules.iter().map(|rule| &rule.peer).find(named).cloned()
}

/// Every single rule of some permissions, with fresh ids.
///
/// # Errors
/// `InvalidParameterValue` for bad protocols, ports, blocks, descriptions and repeated rules; `NotFound` faults for
/// groups and prefix lists; `MissingParameter` for a permission without peers.
pub(super) fn rules(
    tx: &mut Tx<'_>,
    scope: &Scope,
    owner: &SecurityGroup,
    egress: bool,
    permissions: &[IpPermission],
    purpose: Purpose,
) -> Result<Vec<Rule>, Fault> {
    let mut all: Vec<Rule> = Vec::new();
    for permission in permissions {
        let number = protocol::parse(permission.ip_protocol.as_deref())?;
        let (from, to) = protocol::range(number, permission.from_port, permission.to_port)?;
        let peers = peers(tx, scope, owner, permission, purpose)?;
        if peers.is_empty() {
            return Err(faults::missing_parameter(
                "source specification: include source security group, CIDR or prefix list information",
            ));
        }
        for (peer, text) in peers {
            let id = ResourceKind::SecurityGroupRule.new_id();
            let rule = Rule { id, egress, protocol: number, from, to, peer, description: description(text)? };
            if all.iter().any(|other| same(other, &rule)) {
                return Err(faults::invalid_parameter_value(
                    "The same permission must not appear multiple times",
                ));
            }
            all.push(rule);
        }
        if all.len() > MAX_RULES {
            return Err(super::quota::exceeded());
        }
    }
    Ok(all)
}

/// The other ends a permission names, with their descriptions, in AWS's order of kinds.
fn peers(
    tx: &mut Tx<'_>,
    scope: &Scope,
    owner: &SecurityGroup,
    permission: &IpPermission,
    purpose: Purpose,
) -> Result<Vec<(Peer, Option<String>)>, Fault> {
    let mut peers = Vec::new();
    for range in permission.ip_ranges.iter().flatten() {
        peers.push((cidr_v4(range.cidr_ip.as_deref())?, range.description.clone()));
    }
    for range in permission.ipv6_ranges.iter().flatten() {
        peers.push((cidr_v6(range.cidr_ipv6.as_deref())?, range.description.clone()));
    }
    for pair in permission.user_id_group_pairs.iter().flatten() {
        let known = if purpose == Purpose::Find { known_group(owner, pair) } else { None };
        let peer = known.map_or_else(|| group(tx, scope, owner, pair), Ok)?;
        peers.push((peer, pair.description.clone()));
    }
    for list in permission.prefix_list_ids.iter().flatten() {
        let id = faults::required(list.prefix_list_id.as_deref(), "prefixListId")?;
        peers.push((prefix_list(tx, scope, id)?, list.description.clone()));
    }
    Ok(peers)
}

/// Whether two rules let the same traffic pass; ids and descriptions do not count.
pub(super) fn same(a: &Rule, b: &Rule) -> bool {
    (a.egress, a.protocol, a.from, a.to) == (b.egress, b.protocol, b.from, b.to) && a.peer == b.peer
}
