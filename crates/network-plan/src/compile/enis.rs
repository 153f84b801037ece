//! What an ENI puts into the sets, the main table and its machine.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::block::block;
use super::index::Placed;
use super::routes::insert_host_route;
use super::{Draft, Index, subnet_key, untracked};
use crate::{
    EDGE_INDEX, Element, EniKind, Gate, Key, LinkPlan, RouteTarget, SetId, Subnet, TABLE_BASE, VpcInput,
    eni_index, subnet_gateway,
};

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    bad_sources(input, draft);
    for subnet in &input.subnets {
        on_link(subnet, draft);
    }
    for placed in &index.placed {
        identity(placed, draft);
        routing(placed, index, draft);
        guards(placed, draft);
        memberships(placed, draft);
        untracked::compile(placed, index, draft);
        if input.internet_gateway.is_some() {
            public_addresses(placed, draft);
        }
        link(placed, draft);
    }
}

/// Nobody outside may use an address of the VPC.
fn bad_sources(input: &VpcInput, draft: &mut Draft) {
    let edge = Key::new().native(EDGE_INDEX);
    for cidr in &input.cidrs_v4 {
        draft.element(SetId::BadSource4, block(edge, IpNet::V4(*cidr)));
    }
    for cidr in &input.cidrs_v6 {
        draft.element(SetId::BadSource6, block(edge, IpNet::V6(*cidr)));
    }
}

/// Inside one subnet AWS machines reach one another directly, whatever the table says.
fn on_link(subnet: &Subnet, draft: &mut Draft) {
    let key = subnet_key(subnet);
    draft.element(SetId::OnLink4, block(key, IpNet::V4(subnet.cidr_v4)));
    if let Some(v6) = subnet.cidr_v6 {
        draft.element(SetId::OnLink6, block(key, IpNet::V6(v6)));
    }
}

fn identity(placed: &Placed<'_>, draft: &mut Draft) {
    let eni = placed.eni;
    let port = Key::new().native(eni_index(eni.number));
    let card = port.mac(eni.mac);
    draft.element(SetId::EniMac, Element::of(card));
    let link_local = IpAddr::V6(link_local(eni.mac));
    for address in eni.all_addresses().chain([link_local]) {
        let (source, own) = match address {
            IpAddr::V4(_) => (SetId::EniSource4, SetId::EniAddress4),
            IpAddr::V6(_) => (SetId::EniSource6, SetId::EniAddress6),
        };
        draft.element(source, Element::of(card.address(address)));
        draft.element(own, Element::of(port.address(address)));
        if address.is_ipv4() {
            draft.element(SetId::ArpSender, Element::of(port.address(address)));
        }
    }
    for prefix in eni.prefixes_v6() {
        draft.element(SetId::EniPrefix6, block(port, IpNet::V6(prefix)));
    }
    if !eni.source_dest_check {
        draft.element(SetId::EniUnchecked, Element::of(port));
        draft.element(SetId::ArpUnchecked, Element::of(port));
    }
    for gate in Gate::ALL {
        draft.element(SetId::Dropped(gate), Element::of(port));
    }
}

/// The link-local address that follows from a hardware address (RFC 4291,
/// appendix A). It is used in neighbour discovery and never leaves the link.
fn link_local(mac: [u8; 6]) -> Ipv6Addr {
    let mut octets = [0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe, 0, 0, 0];
    octets[8..11].copy_from_slice(&mac[..3]);
    octets[13..].copy_from_slice(&mac[3..]);
    octets[8] ^= 2;
    Ipv6Addr::from(octets)
}

fn routing(placed: &Placed<'_>, index: &Index<'_>, draft: &mut Draft) {
    let Placed { eni, subnet, table, .. } = placed;
    let port = Key::new().native(eni_index(eni.number));
    let mark = Key::new().native(TABLE_BASE + table.number);
    draft.element(SetId::TableMark, Element::pair(port, mark));
    draft.element(SetId::EniSubnet, Element::pair(port, subnet_key(subnet)));
    if table.routes.iter().any(|route| matches!(route.target, RouteTarget::Eni(_))) {
        draft.element(SetId::Steered, Element::of(port));
    }
    for route in &table.routes {
        let RouteTarget::Eni(id) = &route.target else { continue };
        let gateway = index.enis.get(id.as_str()).filter(|gateway| gateway.subnet_id == subnet.id);
        if let Some(gateway) = gateway {
            let pair = port.native(eni_index(gateway.number));
            draft.element(SetId::InnerGateway, Element::of(pair));
        }
    }
    for address in eni.addresses() {
        insert_host_route(draft, IpNet::from(address), eni.number);
    }
    for prefix in &eni.prefixes {
        insert_host_route(draft, prefix.trunc(), eni.number);
    }
}

/// What stands apart from groups and NSGs.
fn guards(placed: &Placed<'_>, draft: &mut Draft) {
    let port = Element::of(Key::new().native(eni_index(placed.eni.number)));
    match placed.eni.kind {
        EniKind::Machine => {}
        EniKind::NatGateway => {
            draft.element(SetId::Unguarded, port);
            draft.element(SetId::AlwaysTracked, port);
        }
        EniKind::Endpoint => draft.element(SetId::AlwaysTracked, port),
    }
}

fn memberships(placed: &Placed<'_>, draft: &mut Draft) {
    let port = Key::new().native(eni_index(placed.eni.number));
    for (slot, group) in (0..).zip(&placed.groups) {
        let datum = Key::new().native(*group);
        draft.element(SetId::EniGroup, Element::pair(port.native(slot), datum));
        for address in placed.eni.all_addresses() {
            let set = match address {
                IpAddr::V4(_) => SetId::Member4,
                IpAddr::V6(_) => SetId::Member6,
            };
            let key = Key::new().address(address).native(slot);
            draft.element(set, Element::pair(key, datum));
        }
        for prefix in placed.eni.prefixes_v6() {
            let range = block(Key::new(), IpNet::V6(prefix));
            let end = range.end.map(|end| end.native(slot));
            let element = Element { key: range.key.native(slot), end, datum: Some(datum) };
            draft.element(SetId::MemberPrefix6, element);
        }
    }
}

fn public_addresses(placed: &Placed<'_>, draft: &mut Draft) {
    for pair in &placed.eni.public_v4 {
        let (public, private) = (Key::from(pair.public), Key::from(pair.private));
        draft.element(SetId::PublicToPrivate, Element::pair(public, private));
        draft.element(SetId::PrivateToPublic, Element::pair(private, public));
        draft.plan.edge_routes.insert(IpNet::from(IpAddr::V4(pair.public)));
    }
}

fn link(placed: &Placed<'_>, draft: &mut Draft) {
    let Placed { eni, subnet, .. } = placed;
    draft.plan.links.insert(
        eni.number,
        LinkPlan {
            eni_id: eni.id.clone(),
            number: eni.number,
            mac: eni.mac,
            address_v4: eni.private_v4.first().copied(),
            prefix_v4: subnet.cidr_v4.prefix_len(),
            gateway_v4: subnet_gateway(subnet.cidr_v4),
            addresses_v6: eni.v6.clone(),
            kind: eni.kind,
        },
    );
}
