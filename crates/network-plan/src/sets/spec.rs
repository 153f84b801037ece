//! The table of all sets: name, key, kind.

use super::{Field, Gate, SetId, SetKind};
use crate::RuleList;
use Field::{Interface, Ipv4, Ipv6, Mac, Mark, Number, Port, Protocol};
use SetKind::{Chains, Hash, IntervalMap, Intervals, Map};

/// What the kernel has to know of a set.
pub(super) struct Spec {
    pub(super) name: &'static str,
    pub(super) fields: &'static [Field],
    pub(super) kind: SetKind,
}

const fn spec(name: &'static str, fields: &'static [Field], kind: SetKind) -> Spec {
    Spec { name, fields, kind }
}

const INTERFACE: &[Field] = &[Interface];
const SUBNET: &[Field] = &[Number];
const TO_NUMBER: SetKind = Map(&[Number]);
const TO_MARK: SetKind = Map(&[Mark]);
const ADDRESS4: &[Field] = &[Ipv4];
const FLOW: &[Field] = &[Interface, Protocol, Protocol, Port];
const SERVICE: &[Field] = &[Ipv4, Protocol, Port];
const EXACT4: &[Field] = &[Number, Protocol, Port, Ipv4, Protocol];
const EXACT6: &[Field] = &[Number, Protocol, Port, Ipv6, Protocol];
const EXACT_GROUP: &[Field] = &[Number, Number, Protocol, Port];

impl SetId {
    pub(super) const fn spec(self) -> Spec {
        match self {
            Self::EniMac => spec("eni_mac", &[Interface, Mac], Hash),
            Self::EniSource4 => spec("eni_source4", &[Interface, Mac, Ipv4], Hash),
            Self::EniSource6 => spec("eni_source6", &[Interface, Mac, Ipv6], Hash),
            Self::EniAddress4 => spec("eni_address4", &[Interface, Ipv4], Hash),
            Self::EniAddress6 => spec("eni_address6", &[Interface, Ipv6], Hash),
            Self::EniPrefix6 => spec("eni_prefix6", &[Interface, Ipv6], Intervals),
            Self::ArpSender => spec("arp_sender", &[Interface, Ipv4], Hash),
            Self::ArpUnchecked => spec("arp_unchecked", INTERFACE, Hash),
            Self::EniUnchecked => spec("eni_unchecked", INTERFACE, Hash),
            Self::PeerLink => spec("peer_link", INTERFACE, Hash),
            Self::PeerSource4 => spec("peer_source4", &[Interface, Ipv4], Intervals),
            Self::PeerSource6 => spec("peer_source6", &[Interface, Ipv6], Intervals),
            Self::EniSubnet => spec("eni_subnet", INTERFACE, TO_NUMBER),
            Self::InnerGateway => spec("inner_gateway", &[Interface, Interface], Hash),
            Self::TableMark => spec("table_mark", INTERFACE, TO_MARK),
            Self::OnLink4 => spec("on_link4", &[Number, Ipv4], Intervals),
            Self::OnLink6 => spec("on_link6", &[Number, Ipv6], Intervals),
            Self::BadSource4 => spec("bad_source4", &[Interface, Ipv4], Intervals),
            Self::BadSource6 => spec("bad_source6", &[Interface, Ipv6], Intervals),
            Self::EgressOnly6 => spec("egress_only6", &[Mark, Ipv6], Intervals),
            Self::AclOut => spec("acl_out", SUBNET, Chains(RuleList::AclOut)),
            Self::AclIn => spec("acl_in", SUBNET, Chains(RuleList::AclIn)),
            Self::NsgEniOut => spec("nsg_eni_out", INTERFACE, Chains(RuleList::NsgOut)),
            Self::NsgEniIn => spec("nsg_eni_in", INTERFACE, Chains(RuleList::NsgIn)),
            Self::NsgSubnetOut => spec("nsg_subnet_out", INTERFACE, Chains(RuleList::NsgOut)),
            Self::NsgSubnetIn => spec("nsg_subnet_in", INTERFACE, Chains(RuleList::NsgIn)),
            Self::NsgBlock4 => spec("nsg_block4", &[Number, Ipv4], Intervals),
            Self::NsgBlock6 => spec("nsg_block6", &[Number, Ipv6], Intervals),
            Self::NsgPort => spec("nsg_port", &[Number, Port], Intervals),
            Self::Unguarded => spec("unguarded", INTERFACE, Hash),
            Self::AlwaysTracked => spec("always_tracked", INTERFACE, Hash),
            Self::UntrackedOut => spec("untracked_out", FLOW, Intervals),
            Self::UntrackedIn => spec("untracked_in", FLOW, Intervals),
            Self::Service4 => spec("service4", SERVICE, Hash),
            Self::Service6 => spec("service6", &[Ipv6, Protocol, Port], Hash),
            Self::Steered => spec("steered", INTERFACE, Hash),
            Self::EniGroup => spec("eni_group", &[Interface, Number], TO_NUMBER),
            Self::Member4 => spec("member4", &[Ipv4, Number], TO_NUMBER),
            Self::Member6 => spec("member6", &[Ipv6, Number], TO_NUMBER),
            Self::MemberPrefix6 => spec("member_prefix6", &[Ipv6, Number], IntervalMap(&[Number])),
            Self::IngressExact4 => spec("ingress_exact4", EXACT4, Hash),
            Self::IngressExact6 => spec("ingress_exact6", EXACT6, Hash),
            Self::EgressExact4 => spec("egress_exact4", EXACT4, Hash),
            Self::EgressExact6 => spec("egress_exact6", EXACT6, Hash),
            Self::IngressGroupExact => spec("ingress_group_exact", EXACT_GROUP, Hash),
            Self::EgressGroupExact => spec("egress_group_exact", EXACT_GROUP, Hash),
            Self::Ingress4 => spec("ingress4", &[Number, Protocol, Port, Ipv4], Intervals),
            Self::Ingress6 => spec("ingress6", &[Number, Protocol, Port, Ipv6], Intervals),
            Self::Egress4 => spec("egress4", &[Number, Protocol, Port, Ipv4], Intervals),
            Self::Egress6 => spec("egress6", &[Number, Protocol, Port, Ipv6], Intervals),
            Self::IngressGroup => spec("ingress_group", &[Number, Number, Protocol, Port], Intervals),
            Self::EgressGroup => spec("egress_group", &[Number, Number, Protocol, Port], Intervals),
            Self::PublicToPrivate => spec("public_to_private", ADDRESS4, Map(ADDRESS4)),
            Self::PrivateToPublic => spec("private_to_public", ADDRESS4, Map(ADDRESS4)),
            Self::Forward => spec("forward_port", SERVICE, Map(&[Ipv4, Port])),
            Self::ForwardAs => spec("forward_as", SERVICE, Map(ADDRESS4)),
            Self::Dropped(gate) => spec(counter_name(gate), INTERFACE, Hash),
            Self::NatInside => spec("inside", &[Protocol, Ipv4], Intervals),
            Self::NatSlot => spec("slot", &[Number], Map(ADDRESS4)),
            Self::NatForward => spec("forward_port", SERVICE, Map(&[Ipv4, Port])),
            Self::NatForwardAs => spec("forward_as", SERVICE, Map(ADDRESS4)),
        }
    }
}

const fn counter_name(gate: Gate) -> &'static str {
    match gate {
        Gate::Spoofed => "dropped_spoofed",
        Gate::Multicast => "dropped_multicast",
        Gate::EgressDenied => "dropped_egress",
        Gate::NsgOut => "dropped_nsg_out",
        Gate::AclOut => "dropped_acl_out",
        Gate::NoRoute => "dropped_no_route",
        Gate::NoPublicAddress => "dropped_no_public",
        Gate::EgressOnly => "dropped_egress_only",
        Gate::Misdelivered => "dropped_misdelivered",
        Gate::AclIn => "dropped_acl_in",
        Gate::NsgIn => "dropped_nsg_in",
        Gate::IngressDenied => "dropped_ingress",
        Gate::NotAService => "dropped_not_a_service",
    }
}

/// The router's sets that are not counters of a gate.
const PLAIN: [SetId; 56] = [
    SetId::EniMac,
    SetId::EniSource4,
    SetId::EniSource6,
    SetId::EniAddress4,
    SetId::EniAddress6,
    SetId::EniPrefix6,
    SetId::ArpSender,
    SetId::ArpUnchecked,
    SetId::EniUnchecked,
    SetId::PeerLink,
    SetId::PeerSource4,
    SetId::PeerSource6,
    SetId::EniSubnet,
    SetId::InnerGateway,
    SetId::TableMark,
    SetId::OnLink4,
    SetId::OnLink6,
    SetId::BadSource4,
    SetId::BadSource6,
    SetId::EgressOnly6,
    SetId::AclOut,
    SetId::AclIn,
    SetId::NsgEniOut,
    SetId::NsgEniIn,
    SetId::NsgSubnetOut,
    SetId::NsgSubnetIn,
    SetId::NsgBlock4,
    SetId::NsgBlock6,
    SetId::NsgPort,
    SetId::Unguarded,
    SetId::AlwaysTracked,
    SetId::UntrackedOut,
    SetId::UntrackedIn,
    SetId::Service4,
    SetId::Service6,
    SetId::Steered,
    SetId::EniGroup,
    SetId::Member4,
    SetId::Member6,
    SetId::MemberPrefix6,
    SetId::IngressExact4,
    SetId::IngressExact6,
    SetId::EgressExact4,
    SetId::EgressExact6,
    SetId::IngressGroupExact,
    SetId::EgressGroupExact,
    SetId::Ingress4,
    SetId::Ingress6,
    SetId::Egress4,
    SetId::Egress6,
    SetId::IngressGroup,
    SetId::EgressGroup,
    SetId::PublicToPrivate,
    SetId::PrivateToPublic,
    SetId::Forward,
    SetId::ForwardAs,
];

pub(super) const fn all() -> [SetId; PLAIN.len() + Gate::ALL.len()] {
    let mut all = [SetId::EniMac; PLAIN.len() + Gate::ALL.len()];
    let mut at = 0;
    while at < PLAIN.len() {
        all[at] = PLAIN[at];
        at += 1;
    }
    while at < all.len() {
        all[at] = SetId::Dropped(Gate::ALL[at - PLAIN.len()]);
        at += 1;
    }
    all
}
