//! Security groups and the prefix lists their rules may name.

use crate::record;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// The other end a rule speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Peer {
    /// A block of either family.
    Cidr(IpNet),
    /// Members of a group, with the group's account where it is another one.
    Group {
        /// `sg-…`.
        id: String,
        /// Account of the group.
        account: String,
    },
    /// `pl-…`.
    PrefixList(String),
}

/// One rule. `from`/`to` are ports for TCP and UDP, type and code for ICMP (-1 = all), and absent for other protocols.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// `sgr-…`.
    pub id: String,
    /// Egress, otherwise ingress.
    pub egress: bool,
    /// IP protocol number; -1 for all.
    pub protocol: i32,
    /// First port, or ICMP type.
    pub from: Option<i32>,
    /// Last port, or ICMP code.
    pub to: Option<i32>,
    /// The other end.
    pub peer: Peer,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
}

/// A security group with its rules.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// `sg-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// Name, unique in the VPC.
    pub name: String,
    /// Description, unchangeable.
    pub description: String,
    /// Rules of both directions, in order of creation.
    pub rules: Vec<Rule>,
}
record!(
    SecurityGroup,
    "ec2/security-group",
    "vpc" => |g| vec![g.vpc_id.clone()],
    "name" => |g| vec![format!("{}/{}", g.vpc_id, g.name)],
    "rule" => |g| g.rules.iter().map(|r| r.id.clone()).collect(),
    "referenced-group" => |g| g.rules.iter().filter_map(|r| match &r.peer {
        Peer::Group { id, .. } if *id != g.id => Some(id.clone()),
        _ => None,
    }).collect(),
    "prefix-list" => |g| g.rules.iter().filter_map(|r| match &r.peer {
        Peer::PrefixList(id) => Some(id.clone()),
        _ => None,
    }).collect(),
);

/// One entry of a prefix list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixListEntry {
    /// The block.
    pub cidr: IpNet,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
}

/// A managed prefix list.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PrefixList {
    /// `pl-…`.
    pub id: String,
    /// Name.
    pub name: String,
    /// `IPv4` or `IPv6`.
    pub address_family: String,
    /// Largest number of entries; counts against the rules of groups that name it.
    pub max_entries: i32,
    /// Version, from 1.
    pub version: i64,
    /// Entries of the current version.
    pub entries: Vec<PrefixListEntry>,
    /// Entries of every version, the oldest first.
    #[serde(default)]
    pub history: Vec<(i64, Vec<PrefixListEntry>)>,
    /// `create-complete`, …
    pub state: String,
}
record!(PrefixList, "ec2/prefix-list");

/// Where the group of a rule lives when that is another VPC: what the rule shows and is stale by once the group or the
/// peering connection is gone. Made and deleted with the rule, in the scope of the rule's group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeeredRule {
    /// The rule, `sgr-…`.
    pub id: String,
    /// VPC of the group it names.
    pub vpc_id: String,
    /// The peering connection that led there when the rule was made, `pcx-…`.
    pub peering_id: String,
}
record!(PeeredRule, "ec2/peered-rule");
