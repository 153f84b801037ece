//! The places where packets are dropped.

/// A place where packets are dropped, logged, and counted per ENI. In the order of a packet's way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Sent with a foreign source or hardware address; or from a peer, with an address that is not the peer's.
    Spoofed,
    /// Sent to a multicast or broadcast address.
    Multicast,
    /// Sent, but no egress rule of the sender's groups admits it.
    EgressDenied,
    /// Sent, but denied by the NSG of the ENI or its subnet.
    NsgOut,
    /// Leaving a subnet, but denied by its ACL.
    AclOut,
    /// Nothing leads to the destination, or into a blackhole.
    NoRoute,
    /// Sent to the internet without a public address.
    NoPublicAddress,
    /// A connection from outside to where only the egress-only gateway leads back.
    EgressOnly,
    /// Routed to this ENI though not addressed to it (destination check).
    Misdelivered,
    /// Entering a subnet, but denied by its ACL.
    AclIn,
    /// For this ENI, but denied by its NSG or that of its subnet.
    NsgIn,
    /// For this ENI, but no ingress rule of its groups admits it.
    IngressDenied,
    /// Sent to the router itself, but not to a service it offers.
    NotAService,
}

impl Gate {
    /// Every gate.
    pub const ALL: [Self; 13] = [
        Self::Spoofed,
        Self::Multicast,
        Self::EgressDenied,
        Self::NsgOut,
        Self::AclOut,
        Self::NoRoute,
        Self::NoPublicAddress,
        Self::EgressOnly,
        Self::Misdelivered,
        Self::AclIn,
        Self::NsgIn,
        Self::IngressDenied,
        Self::NotAService,
    ];

    /// The gate's name, as counters and log records are reported.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spoofed => "spoofed",
            Self::Multicast => "multicast",
            Self::EgressDenied => "egress-denied",
            Self::NsgOut => "nsg-out",
            Self::AclOut => "acl-out",
            Self::NoRoute => "no-route",
            Self::NoPublicAddress => "no-public-address",
            Self::EgressOnly => "egress-only",
            Self::Misdelivered => "misdelivered",
            Self::AclIn => "acl-in",
            Self::NsgIn => "nsg-in",
            Self::IngressDenied => "ingress-denied",
            Self::NotAService => "not-a-service",
        }
    }

    /// The gate with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|gate| gate.name() == name)
    }

    /// Whether the ENI it counts for is the receiver; otherwise it is the sender.
    pub const fn is_inbound(self) -> bool {
        matches!(
            self,
            Self::EgressOnly | Self::Misdelivered | Self::AclIn | Self::NsgIn | Self::IngressDenied
        )
    }
}
