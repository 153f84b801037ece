//! Network interfaces and their addresses.

use super::Id;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;

/// A network interface (ENI).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkInterface {
    /// `eni-…`.
    pub id: Id,
    /// Its VPC.
    pub vpc: Id,
    /// Its subnet.
    pub subnet: Id,
    /// What stands behind it.
    #[serde(default)]
    pub kind: InterfaceKind,
    /// Its private IPv4 addresses and its IPv6 addresses, the primary one first.
    pub addresses: Vec<IpAddr>,
    /// Delegated prefixes (`AssignPrivateIpAddresses` with prefixes): every address in them is the interface's own.
    #[serde(default)]
    pub prefixes: Vec<IpNet>,
    /// Public addresses that the internet gateway maps one to one on a private one.
    #[serde(default)]
    pub public: Vec<PublicAddress>,
    /// The security groups; their rules add up.
    pub groups: Vec<Id>,
    /// A VNet-style group on the interface.
    #[serde(default)]
    pub nsg: Option<Id>,
    /// Whether packets that are neither from nor to an own address are dropped.
    pub source_dest_check: bool,
    /// The instance that it is attached to; `None` when it is detached.
    #[serde(default)]
    pub instance: Option<Id>,
    /// Whether what stands behind it runs: a stopped instance neither sends nor receives.
    pub running: bool,
}

impl NetworkInterface {
    /// Whether the address is one of the interface's private addresses or lies in a delegated prefix.
    pub fn owns(&self, address: IpAddr) -> bool {
        self.addresses.contains(&address) || self.prefixes.iter().any(|p| p.contains(&address))
    }
}

/// What stands behind an interface.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceKind {
    /// An instance, or nothing yet.
    #[default]
    Interface,
    /// A NAT gateway.
    NatGateway,
    /// An interface VPC endpoint: it receives and answers, and never begins a flow.
    VpcEndpoint,
}

/// A one-to-one mapping of a public address on a private one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicAddress {
    /// The private IPv4 address of the interface.
    pub private: IpAddr,
    /// The address outside.
    pub public: IpAddr,
    /// Where it comes from; packets do not care.
    pub kind: PublicKind,
}

/// Where a public address comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PublicKind {
    /// Given at launch and gone when the instance stops.
    Auto,
    /// An elastic IP address.
    Elastic,
}
