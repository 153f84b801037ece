//! Network ACLs: the stateless, numbered rules at a subnet's border.

use crate::record;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// One numbered entry. Entries of one direction are judged in ascending order; the first match decides
/// (VPC user guide, "Network ACL rules").
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclEntry {
    /// 1–32766; the final `*` entry (32767) is implied and never stored.
    pub number: i32,
    /// For packets leaving the subnet, otherwise for those entering it.
    pub egress: bool,
    /// IP protocol number; -1 for all.
    pub protocol: i32,
    /// First and last destination port of TCP and UDP; `None` for other protocols.
    #[serde(default)]
    pub ports: Option<(u16, u16)>,
    /// Type and code of ICMP and ICMPv6, -1 for all of them; `None` for other protocols.
    #[serde(default)]
    pub icmp: Option<(i32, i32)>,
    /// Source of ingress entries, destination of egress entries.
    pub cidr: IpNet,
    /// Allow, otherwise deny.
    pub allow: bool,
}

/// That a subnet uses the ACL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AclAssociation {
    /// `aclassoc-…`.
    pub id: String,
    /// The subnet.
    pub subnet_id: String,
}

/// A network ACL. Every subnet has exactly one association, from its creation on.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NetworkAcl {
    /// `acl-…`.
    pub id: String,
    /// Its VPC.
    pub vpc_id: String,
    /// The one that came with the VPC.
    pub is_default: bool,
    /// Entries of both directions and families, sorted by direction and number; numbers are unique per direction.
    pub entries: Vec<AclEntry>,
    /// The subnets it guards.
    pub associations: Vec<AclAssociation>,
}
record!(
    NetworkAcl,
    "ec2/network-acl",
    "vpc" => |a| vec![a.vpc_id.clone()],
    "subnet" => |a| a.associations.iter().map(|s| s.subnet_id.clone()).collect(),
    "association" => |a| a.associations.iter().map(|s| s.id.clone()).collect(),
);
