//! The sets and maps of our tables: the part that changes after creation, together with the chains of ACLs and NSGs.

mod field;
mod gate;
mod spec;

pub use field::{Field, SetKind, TableFamily};
pub use gate::Gate;

/// A set or map in one of our tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SetId {
    /// `interface . hardware address`: who may send on this port at all.
    EniMac,
    /// `interface . hardware address . IPv4 address`: what an ENI may send from.
    EniSource4,
    /// The same for IPv6.
    EniSource6,
    /// `interface . IPv4 address`: what an ENI receives for.
    EniAddress4,
    /// The same for IPv6.
    EniAddress6,
    /// `interface . block`: delegated IPv6 prefixes, to send from and receive for.
    EniPrefix6,
    /// `interface . IPv4 address`, in the table for ARP: who an ENI may say it is.
    ArpSender,
    /// `interface`, in the table for ARP: ENIs that may speak for others.
    ArpUnchecked,
    /// `interface`: ENIs whose source/destination check is off.
    EniUnchecked,
    /// `interface`: links to peered VPCs.
    PeerLink,
    /// `interface . source block`: what may come from a peered VPC.
    PeerSource4,
    /// The same for IPv6.
    PeerSource6,
    /// `interface → subnet`; links to the edge and to peers have none.
    EniSubnet,
    /// `interface . interface`: a sender and a target of its route table in the same subnet: no ACL stands between.
    InnerGateway,
    /// `interface → mark`: the route table that decides for packets from there.
    TableMark,
    /// `subnet . destination block`: a subnet's own block. What is sent there never meets the route table.
    OnLink4,
    /// The same for IPv6.
    OnLink6,
    /// `interface . source block`: what cannot honestly come from there, such as
    /// the VPC's own addresses from the internet.
    BadSource4,
    /// The same for IPv6.
    BadSource6,
    /// `mark . remote block`: what a route table reaches by the egress-only gateway, or could reach without an
    /// internet gateway. From there no connection may begin.
    EgressOnly6,
    /// `subnet → chain`: the ACL for packets leaving a subnet.
    AclOut,
    /// `subnet → chain`: the ACL for packets entering a subnet.
    AclIn,
    /// `interface → chain`: an ENI's NSG, outbound.
    NsgEniOut,
    /// `interface → chain`: an ENI's NSG, inbound.
    NsgEniIn,
    /// `interface → chain`: the NSG of an ENI's subnet, outbound.
    NsgSubnetOut,
    /// `interface → chain`: the NSG of an ENI's subnet, inbound.
    NsgSubnetIn,
    /// `list . block`: the address lists of NSG rules; see `compile/nsgs.rs` for the list's number.
    NsgBlock4,
    /// The same for IPv6.
    NsgBlock6,
    /// `list . port`: the port lists of NSG rules.
    NsgPort,
    /// `interface`: what has no groups and no NSG: the edge, peers, NAT gateways.
    Unguarded,
    /// `interface`: connections to these ENIs are always tracked (EC2 user guide, "Automatically tracked connections").
    AlwaysTracked,
    /// `interface . family . protocol . port`: flows an ENI begins that are not tracked, because its groups let them
    /// out to everybody and let everything in (EC2 user guide, "Untracked connections").
    UntrackedOut,
    /// `interface . family . protocol . port`: flows to an ENI that are not tracked, likewise.
    UntrackedIn,
    /// `address . protocol . port or ICMP type and code`: what the router itself offers to machines.
    Service4,
    /// The same for IPv6.
    Service6,
    /// `interface`: ENIs whose route table leads through other ENIs.
    Steered,
    /// `interface . slot → group`: the groups of an ENI, one per slot.
    EniGroup,
    /// `address . slot → group`: the groups behind a private IPv4 address, those of peered VPCs included.
    Member4,
    /// The same for IPv6.
    Member6,
    /// `block . slot → group`: the groups behind a delegated IPv6 prefix.
    MemberPrefix6,
    /// `group . protocol . port . source block's address . its prefix length`: rules for one port and a block of a
    /// common size (see [`crate::EXACT_PREFIXES_V4`]), which need no intervals.
    IngressExact4,
    /// The same for IPv6 sources.
    IngressExact6,
    /// `group . protocol . port . destination block's address . its prefix length`, likewise.
    EgressExact4,
    /// The same for IPv6 destinations.
    EgressExact6,
    /// `group . source's group . protocol . port`: rules for one port.
    IngressGroupExact,
    /// `group . destination's group . protocol . port`: rules for one port.
    EgressGroupExact,
    /// `group . protocol . port or ICMP type and code . source`: all other rules, as intervals.
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
    /// `public address . protocol . port → private address . port`: forwarded ports of the internet gateway.
    Forward,
    /// `public address . protocol . port → address`: forwarded ports whose sender becomes the gateway.
    ForwardAs,
    /// `interface`, counted: what a gate dropped, per ENI.
    Dropped(Gate),
    /// In a NAT gateway: `family . source block` of what it translates.
    NatInside,
    /// In a NAT gateway: `slot → address`: connections are spread over [`crate::NAT_SLOTS`] slots.
    NatSlot,
    /// In a NAT gateway: `address . protocol . port → address . port`: its forwarded ports.
    NatForward,
    /// In a NAT gateway: `address . protocol . port → address`: forwarded ports whose sender becomes the gateway.
    NatForwardAs,
}

impl SetId {
    /// Every set of a router's tables, in the order in which they are created.
    pub const ALL: [Self; 56 + Gate::ALL.len()] = spec::all();

    /// Every set of a NAT gateway's table.
    pub const NAT: [Self; 4] = [Self::NatInside, Self::NatSlot, Self::NatForward, Self::NatForwardAs];

    /// The set of a router's tables with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|set| set.name() == name)
    }

    /// The name in the kernel.
    pub const fn name(self) -> &'static str {
        self.spec().name
    }

    /// The fields of its key, in order.
    pub const fn fields(self) -> &'static [Field] {
        self.spec().fields
    }

    /// How the kernel is asked to store it.
    pub const fn kind(self) -> SetKind {
        self.spec().kind
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
        matches!(self, Self::Dropped(_))
    }

    /// Whether only packets that begin a flow, untracked ones and those for the router itself are held against it, or
    /// those that are dropped.
    pub(crate) const fn is_for_first_packets(self) -> bool {
        matches!(
            self,
            Self::NsgEniOut
                | Self::NsgEniIn
                | Self::NsgSubnetOut
                | Self::NsgSubnetIn
                | Self::NsgBlock4
                | Self::NsgBlock6
                | Self::NsgPort
                | Self::UntrackedOut
                | Self::UntrackedIn
                | Self::ArpSender
                | Self::ArpUnchecked
                | Self::Service4
                | Self::Service6
                | Self::EniGroup
                | Self::Member4
                | Self::Member6
                | Self::MemberPrefix6
                | Self::IngressExact4
                | Self::IngressExact6
                | Self::EgressExact4
                | Self::EgressExact6
                | Self::IngressGroupExact
                | Self::EgressGroupExact
                | Self::Ingress4
                | Self::Ingress6
                | Self::Egress4
                | Self::Egress6
                | Self::IngressGroup
                | Self::EgressGroup
                | Self::Dropped(_)
        )
    }

    /// Bytes of a key.
    pub fn key_len(self) -> usize {
        self.fields().iter().map(|field| field.padded()).sum()
    }
}
