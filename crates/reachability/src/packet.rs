//! The packet that is judged, and the flow that it belongs to.

use crate::topology::Id;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{IpAddr, SocketAddr};

/// What a packet says in its own headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Header {
    /// Source address.
    pub source: IpAddr,
    /// Destination address.
    pub destination: IpAddr,
    /// Protocol, with its ports or its type and code.
    pub protocol: Protocol,
}

impl Header {
    /// The header of an answer: addresses and ports exchanged, echo request and echo reply too.
    pub fn reversed(self) -> Self {
        Self { source: self.destination, destination: self.source, protocol: self.protocol.reversed() }
    }
}

impl fmt::Display for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.source, self.destination);
        let with_ports = |f: &mut fmt::Formatter<'_>, name, source, destination| {
            let (from, to) = (SocketAddr::new(from, source), SocketAddr::new(to, destination));
            write!(f, "{name} {from} → {to}")
        };
        match self.protocol {
            Protocol::Tcp { source, destination } => with_ports(f, "tcp", source, destination),
            Protocol::Udp { source, destination } => with_ports(f, "udp", source, destination),
            Protocol::Icmp { kind, code } => write!(f, "icmp {kind}/{code} {from} → {to}"),
            Protocol::Icmpv6 { kind, code } => write!(f, "icmpv6 {kind}/{code} {from} → {to}"),
            Protocol::Other(number) => write!(f, "protocol {number} {from} → {to}"),
        }
    }
}

/// A transport protocol with the fields that rules look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP, with its ports.
    Tcp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// UDP, with its ports.
    Udp {
        /// Source port.
        source: u16,
        /// Destination port.
        destination: u16,
    },
    /// ICMP.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// ICMP for IPv6.
    Icmpv6 {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
    },
    /// Any other protocol, by its number.
    Other(u8),
}

impl Protocol {
    /// TCP to a port, from an ephemeral one.
    pub const fn tcp(destination: u16) -> Self {
        Self::Tcp { source: 40_000, destination }
    }

    /// UDP to a port, from an ephemeral one.
    pub const fn udp(destination: u16) -> Self {
        Self::Udp { source: 40_000, destination }
    }

    /// The IP protocol number.
    pub const fn number(self) -> u8 {
        match self {
            Self::Tcp { .. } => 6,
            Self::Udp { .. } => 17,
            Self::Icmp { .. } => 1,
            Self::Icmpv6 { .. } => 58,
            Self::Other(number) => number,
        }
    }

    /// Source and destination port; `None` where the protocol has none.
    pub const fn ports(self) -> Option<(u16, u16)> {
        match self {
            Self::Tcp { source, destination } | Self::Udp { source, destination } => {
                Some((source, destination))
            }
            _ => None,
        }
    }

    /// ICMP type and code; `None` for anything else.
    pub const fn icmp(self) -> Option<(u8, u8)> {
        match self {
            Self::Icmp { kind, code } | Self::Icmpv6 { kind, code } => Some((kind, code)),
            _ => None,
        }
    }

    /// The same protocol with other ports; without ports, itself.
    pub const fn with_ports(self, source: u16, destination: u16) -> Self {
        match self {
            Self::Tcp { .. } => Self::Tcp { source, destination },
            Self::Udp { .. } => Self::Udp { source, destination },
            other => other,
        }
    }

    /// The protocol of an answer: ports exchanged; an echo request becomes its reply and the reverse.
    pub const fn reversed(self) -> Self {
        match self {
            Self::Tcp { source, destination } => Self::Tcp { source: destination, destination: source },
            Self::Udp { source, destination } => Self::Udp { source: destination, destination: source },
            Self::Icmp { kind, code } => Self::Icmp { kind: echo_pair(kind, 8, 0), code },
            Self::Icmpv6 { kind, code } => Self::Icmpv6 { kind: echo_pair(kind, 128, 129), code },
            Self::Other(number) => Self::Other(number),
        }
    }
}

const fn echo_pair(kind: u8, request: u8, reply: u8) -> u8 {
    if kind == request {
        reply
    } else if kind == reply {
        request
    } else {
        kind
    }
}

/// A place where packets come from or end.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A network interface.
    NetworkInterface(Id),
    /// A host that no VPC owns.
    Internet,
    /// A service of the VPC's router.
    Service {
        /// The VPC.
        vpc: Id,
        /// Which one.
        service: Service,
    },
    /// A service of the cloud behind a gateway VPC endpoint.
    GatewayEndpoint(Id),
}

/// What a VPC's router itself answers; neither groups nor ACLs filter it (AWS "Infrastructure security in Amazon VPC").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Service {
    /// Instance metadata: 169.254.169.254 and `fd00:ec2::254`, TCP 80.
    Metadata,
    /// The resolver: the VPC's +2 address, 169.254.169.253 and `fd00:ec2::253`, port 53 of UDP and TCP.
    Dns,
    /// Time: 169.254.169.123 and `fd00:ec2::123`, UDP 123.
    Time,
    /// DHCP and DHCPv6.
    Dhcp,
    /// Neighbour discovery of IPv6.
    NeighbourDiscovery,
    /// The router's own address in a subnet, the block's +1.
    Router,
}

/// Whose hardware address a frame carries as its source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SourceMac {
    /// The sending interface's.
    #[default]
    Own,
    /// Another one.
    Foreign,
}

/// Whether the packet opens a flow or belongs to one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It opens one.
    #[default]
    New,
    /// It belongs to a flow that was let through before; [`crate::Judgement::flow`] of its first packet.
    Established(Box<Flow>),
}

/// What the network remembers of a flow after its first packet.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Flow {
    /// The first packet's header where it was sent.
    pub original: Header,
    /// The first packet's header where it arrived.
    pub delivered: Header,
    /// Stateful gateways passed and what they made of the header, in order. One-to-one mappings are not here: they
    /// have no memory.
    pub translations: Vec<Translation>,
    /// Interfaces whose security groups track the flow. Others judge each of its packets by their rules anew (AWS
    /// "Security group connection tracking": untracked connections).
    pub tracked_at: Vec<Id>,
    /// Interfaces whose VNet-style groups know the flow.
    pub nsg_tracked_at: Vec<Id>,
}

impl Flow {
    /// A flow that nothing in the network remembers.
    pub const fn nothing(original: Header) -> Self {
        Self {
            original,
            delivered: original,
            translations: Vec::new(),
            tracked_at: Vec::new(),
            nsg_tracked_at: Vec::new(),
        }
    }
}

/// What a stateful gateway made of a header.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Translation {
    /// The NAT gateway, internet gateway (port forwarding) or egress-only gateway (nothing changed).
    pub gateway: Id,
    /// The header on its way in.
    pub before: Header,
    /// The header on its way out.
    pub after: Header,
}

/// A packet and where it starts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Packet {
    /// Who sends it.
    pub at: Place,
    /// Its header there.
    pub header: Header,
    /// Whether the frame is honest about its sender.
    #[serde(default)]
    pub source_mac: SourceMac,
    /// New, or part of a flow.
    #[serde(default)]
    pub state: State,
}

impl Packet {
    /// The first packet of a flow, sent honestly.
    pub fn new(at: Place, source: IpAddr, destination: IpAddr, protocol: Protocol) -> Self {
        let header = Header { source, destination, protocol };
        Self { at, header, source_mac: SourceMac::Own, state: State::New }
    }
}
