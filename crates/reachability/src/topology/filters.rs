//! Security groups and network ACLs.

use super::{Direction, Id, PortRange};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Protocols and ports that a rule speaks of.
///
/// Ports count for TCP and UDP only and mean the destination port; type and code count for ICMP and ICMPv6 only. Any
/// other protocol is matched by its number alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Selector {
    /// The IP protocol number; `None` is the API's `-1`, everything.
    #[serde(default)]
    pub protocol: Option<u8>,
    /// Destination ports.
    #[serde(default)]
    pub ports: PortRange,
    /// The ICMP type; `None` is `-1`, every type.
    #[serde(default)]
    pub icmp_type: Option<u8>,
    /// The ICMP code; `None` is `-1`, every code.
    #[serde(default)]
    pub icmp_code: Option<u8>,
}

impl Selector {
    /// Everything.
    pub const ALL: Self = Self { protocol: None, ports: PortRange::ALL, icmp_type: None, icmp_code: None };

    /// TCP to these ports.
    pub const fn tcp(from: u16, to: u16) -> Self {
        Self { protocol: Some(6), ports: PortRange { from, to }, ..Self::ALL }
    }

    /// UDP to these ports.
    pub const fn udp(from: u16, to: u16) -> Self {
        Self { protocol: Some(17), ports: PortRange { from, to }, ..Self::ALL }
    }

    /// ICMP, or ICMPv6 when `v6`, of this type and code.
    pub const fn icmp(v6: bool, icmp_type: Option<u8>, icmp_code: Option<u8>) -> Self {
        Self { protocol: Some(if v6 { 58 } else { 1 }), ports: PortRange::ALL, icmp_type, icmp_code }
    }

    /// A protocol by its number, all of it.
    pub const fn number(protocol: u8) -> Self {
        Self { protocol: Some(protocol), ..Self::ALL }
    }
}

/// A security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecurityGroup {
    /// `sg-…`.
    pub id: Id,
    /// Its VPC.
    pub vpc: Id,
    /// Its rules; there are only allowing ones.
    pub rules: Vec<GroupRule>,
}

/// A rule of a security group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupRule {
    /// `sgr-…`.
    pub id: Id,
    /// Into or out of the members.
    pub direction: Direction,
    /// Protocol and ports.
    #[serde(flatten)]
    pub selector: Selector,
    /// Who is at the other end.
    pub peer: RulePeer,
    /// Whether the group that it refers to can no longer be reached (its peering connection is gone): it matches
    /// nothing then.
    #[serde(default)]
    pub stale: bool,
}

/// The other end of a security-group rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RulePeer {
    /// A block.
    Cidr(IpNet),
    /// The blocks of a prefix list.
    PrefixList {
        /// `pl-…`.
        id: Id,
        /// Its entries.
        cidrs: Vec<IpNet>,
    },
    /// The private addresses of a group's members, in this VPC or an actively peered one.
    Group(Id),
}

/// A network ACL. What no entry decides is denied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// `acl-…`.
    pub id: Id,
    /// Its VPC.
    pub vpc: Id,
    /// Its entries, in any order; the lowest matching number decides.
    pub entries: Vec<AclEntry>,
}

/// An entry of a network ACL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclEntry {
    /// 1–32766; the final `*` entry is not listed.
    pub number: u16,
    /// Into or out of the subnet.
    pub direction: Direction,
    /// Protocol and ports.
    #[serde(flatten)]
    pub selector: Selector,
    /// The source of arriving packets, the destination of leaving ones.
    pub cidr: IpNet,
    /// Allow, or deny.
    pub allow: bool,
}
