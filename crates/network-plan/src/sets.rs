//! The sets and maps of a VPC's table: the only part that changes after creation.

/// A set or map in the VPC's table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetId {
    /// `interface . hardware address`: who may send on this port at all.
    EniMac,
    /// `interface . IPv4 address`: what an ENI may send from and receive for.
    EniAddress4,
    /// The same for IPv6.
    EniAddress6,
    /// `interface . IPv4 address`, in the table for ARP: who an ENI may say it is.
    ArpSender,
    /// `interface`, in the table for ARP: ENIs that may speak for others.
    ArpUnchecked,
    /// `interface`: ENIs whose source/destination check is off.
    EniUnchecked,
    /// `interface → mark`: the route table of the ENI's subnet.
    TableMark,
    /// `interface . destination block`: neighbours in the own subnet although
    /// the route table has a more specific route over them.
    OnLink4,
    /// The same for IPv6.
    OnLink6,
    /// `interface . source block`: what cannot honestly come from there, such as
    /// the VPC's own addresses from the internet.
    BadSource4,
    /// The same for IPv6.
    BadSource6,
    /// `interface . slot → group`: the groups of an ENI, one per slot.
    EniGroup,
    /// `address . slot → group`: the groups behind a private IPv4 address.
    Member4,
    /// The same for IPv6.
    Member6,
    /// `group . protocol . port or ICMP type and code . source`.
    Ingress4,
    /// The same for IPv6 sources.
    Ingress6,
    /// `group . protocol . port or ICMP type and code . destination`.
    Egress4,
    /// The same for IPv6 destinations.
    Egress6,
    /// `group . source's group . protocol . port or ICMP type and code`.
    IngressGroup,
    /// `group . destination's group . protocol . port or ICMP type and code`.
    EgressGroup,
    /// `public → private`: arriving through the internet gateway.
    PublicToPrivate,
    /// `private → public`: leaving through the internet gateway.
    PrivateToPublic,
    /// `interface`, counted: what a gate dropped, per ENI.
    Dropped(Gate),
}

/// A place where packets are dropped and counted per ENI.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Gate {
    /// Sent with a foreign source or hardware address.
    Spoofed,
    /// Sent, but no egress rule of the sender's groups admits it.
    EgressDenied,
    /// For this ENI, but no ingress rule of its groups admits it.
    IngressDenied,
    /// Routed to this ENI though not addressed to it (destination check).
    Misdelivered,
    /// Sent to the internet without a public address.
    NoPublicAddress,
    /// Sent to the router itself, but not to a service it offers.
    NotAService,
}

/// One field of a key or a map's datum: what it means and its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// A number in the machine's byte order: a group, a slot.
    Number,
    /// An interface index.
    Interface,
    /// A packet mark.
    Mark,
    /// An IPv4 address.
    Ipv4,
    /// An IPv6 address.
    Ipv6,
    /// A hardware address.
    Mac,
    /// An IP protocol number.
    Protocol,
    /// A port, or an ICMP type and code.
    Port,
}

/// What a table looks at; both of a router's tables have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFamily {
    /// IPv4 and IPv6 packets.
    Inet,
    /// ARP messages.
    Arp,
}

/// How the kernel stores a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetKind {
    /// Exact keys.
    Hash,
    /// Each field may be a range.
    Intervals,
    /// Exact keys with a datum.
    Map(Field),
}

impl Gate {
    /// Every gate.
    pub const ALL: [Self; 6] = [
        Self::Spoofed,
        Self::EgressDenied,
        Self::IngressDenied,
        Self::Misdelivered,
        Self::NoPublicAddress,
        Self::NotAService,
    ];

    /// The gate's name, as counters are reported.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spoofed => "spoofed",
            Self::EgressDenied => "egress-denied",
            Self::IngressDenied => "ingress-denied",
            Self::Misdelivered => "misdelivered",
            Self::NoPublicAddress => "no-public-address",
            Self::NotAService => "not-a-service",
        }
    }
}

impl Field {
    /// The field's bytes, without padding.
    pub const fn width(self) -> usize {
        match self {
            Self::Number | Self::Interface | Self::Mark | Self::Ipv4 => 4,
            Self::Ipv6 => 16,
            Self::Mac => 6,
            Self::Protocol => 1,
            Self::Port => 2,
        }
    }

    /// The bytes it takes in a key: fields start at multiples of four.
    pub const fn padded(self) -> usize {
        self.width().next_multiple_of(4)
    }
}

impl SetId {
    /// Every set of the table, in the order in which they are created.
    pub const ALL: [Self; 28] = [
        Self::EniMac,
        Self::EniAddress4,
        Self::EniAddress6,
        Self::ArpSender,
        Self::ArpUnchecked,
        Self::EniUnchecked,
        Self::TableMark,
        Self::OnLink4,
        Self::OnLink6,
        Self::BadSource4,
        Self::BadSource6,
        Self::EniGroup,
        Self::Member4,
        Self::Member6,
        Self::Ingress4,
        Self::Ingress6,
        Self::Egress4,
        Self::Egress6,
        Self::IngressGroup,
        Self::EgressGroup,
        Self::PublicToPrivate,
        Self::PrivateToPublic,
        Self::Dropped(Gate::Spoofed),
        Self::Dropped(Gate::EgressDenied),
        Self::Dropped(Gate::IngressDenied),
        Self::Dropped(Gate::Misdelivered),
        Self::Dropped(Gate::NoPublicAddress),
        Self::Dropped(Gate::NotAService),
    ];

    /// The name in the kernel.
    pub const fn name(self) -> &'static str {
        match self {
            Self::EniMac => "eni_mac",
            Self::EniAddress4 => "eni_address4",
            Self::EniAddress6 => "eni_address6",
            Self::ArpSender => "arp_sender",
            Self::ArpUnchecked => "arp_unchecked",
            Self::EniUnchecked => "eni_unchecked",
            Self::TableMark => "table_mark",
            Self::OnLink4 => "on_link4",
            Self::OnLink6 => "on_link6",
            Self::BadSource4 => "bad_source4",
            Self::BadSource6 => "bad_source6",
            Self::EniGroup => "eni_group",
            Self::Member4 => "member4",
            Self::Member6 => "member6",
            Self::Ingress4 => "ingress4",
            Self::Ingress6 => "ingress6",
            Self::Egress4 => "egress4",
            Self::Egress6 => "egress6",
            Self::IngressGroup => "ingress_group",
            Self::EgressGroup => "egress_group",
            Self::PublicToPrivate => "public_to_private",
            Self::PrivateToPublic => "private_to_public",
            Self::Dropped(Gate::Spoofed) => "dropped_spoofed",
            Self::Dropped(Gate::EgressDenied) => "dropped_egress",
            Self::Dropped(Gate::IngressDenied) => "dropped_ingress",
            Self::Dropped(Gate::Misdelivered) => "dropped_misdelivered",
            Self::Dropped(Gate::NoPublicAddress) => "dropped_no_public",
            Self::Dropped(Gate::NotAService) => "dropped_not_a_service",
        }
    }

    /// The set with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    /// The fields of its key, in order.
    pub const fn fields(self) -> &'static [Field] {
        use Field::{Interface, Ipv4, Ipv6, Mac, Number, Port, Protocol};
        match self {
            Self::EniMac => &[Interface, Mac],
            Self::EniAddress4 | Self::ArpSender | Self::OnLink4 | Self::BadSource4 => &[Interface, Ipv4],
            Self::EniAddress6 | Self::OnLink6 | Self::BadSource6 => &[Interface, Ipv6],
            Self::EniUnchecked | Self::ArpUnchecked | Self::TableMark | Self::Dropped(_) => &[Interface],
            Self::EniGroup => &[Interface, Number],
            Self::Member4 => &[Ipv4, Number],
            Self::Member6 => &[Ipv6, Number],
            Self::Ingress4 | Self::Egress4 => &[Number, Protocol, Port, Ipv4],
            Self::Ingress6 | Self::Egress6 => &[Number, Protocol, Port, Ipv6],
            Self::IngressGroup | Self::EgressGroup => &[Number, Number, Protocol, Port],
            Self::PublicToPrivate | Self::PrivateToPublic => &[Ipv4],
        }
    }

    /// How the kernel is asked to store it.
    pub const fn kind(self) -> SetKind {
        match self {
            Self::OnLink4
            | Self::OnLink6
            | Self::BadSource4
            | Self::BadSource6
            | Self::Ingress4
            | Self::Ingress6
            | Self::Egress4
            | Self::Egress6
            | Self::IngressGroup
            | Self::EgressGroup => SetKind::Intervals,
            Self::TableMark => SetKind::Map(Field::Mark),
            Self::EniGroup | Self::Member4 | Self::Member6 => SetKind::Map(Field::Number),
            Self::PublicToPrivate | Self::PrivateToPublic => SetKind::Map(Field::Ipv4),
            Self::EniMac
            | Self::EniAddress4
            | Self::EniAddress6
            | Self::ArpSender
            | Self::ArpUnchecked
            | Self::EniUnchecked
            | Self::Dropped(_) => SetKind::Hash,
        }
    }

    /// Which of the router's two tables it belongs to.
    pub const fn table_family(self) -> TableFamily {
        match self {
            Self::ArpSender | Self::ArpUnchecked => TableFamily::Arp,
            _ => TableFamily::Inet,
        }
    }

    /// Whether each element counts the packets that met it.
    pub const fn counted(self) -> bool {
        matches!(
            self,
            Self::Dropped(_)
                | Self::Ingress4
                | Self::Ingress6
                | Self::Egress4
                | Self::Egress6
                | Self::IngressGroup
                | Self::EgressGroup
        )
    }

    /// Bytes of a key.
    pub fn key_len(self) -> usize {
        self.fields().iter().map(|field| field.padded()).sum()
    }
}
