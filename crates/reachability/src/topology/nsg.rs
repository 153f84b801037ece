//! VNet-style security groups (specification NET-22): stateful, numbered, allowing and denying.

use super::{Direction, Id, PortRange};
use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// A VNet-style security group, attached to a subnet or to one interface.
///
/// Behind its own rules stand Azure's default rules 65000, 65001 and 65500, which nobody can remove (Azure "Network
/// security groups": default security rules).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nsg {
    /// The group's id.
    pub id: Id,
    /// Its rules, in any order; the lowest matching priority of a direction decides.
    pub rules: Vec<NsgRule>,
}

/// A rule of a VNet-style group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NsgRule {
    /// The rule's name.
    pub name: Id,
    /// 100–4096, lower first.
    pub priority: u16,
    /// Inbound or outbound.
    pub direction: Direction,
    /// Allow, or deny.
    pub allow: bool,
    /// The IP protocol; `None` is `*`.
    #[serde(default)]
    pub protocol: Option<u8>,
    /// Sources; one match suffices.
    pub sources: Vec<NsgAddress>,
    /// Source ports, for TCP and UDP.
    pub source_ports: Vec<PortRange>,
    /// Destinations; one match suffices.
    pub destinations: Vec<NsgAddress>,
    /// Destination ports, for TCP and UDP.
    pub destination_ports: Vec<PortRange>,
}

/// An address prefix or service tag of a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NsgAddress {
    /// `*`.
    Any,
    /// The blocks of the VPC and of every VPC actively peered with it.
    VirtualNetwork,
    /// Every address that is not `VirtualNetwork`.
    Internet,
    /// The platform's load-balancer probes, 168.63.129.16.
    LoadBalancer,
    /// A block.
    Cidr(IpNet),
}
