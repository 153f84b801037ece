//! What an ENI puts into the sets, the main table and its machine.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::index::Placed;
use super::routes::insert_host_route;
use super::{Draft, Index};
use crate::{
    EDGE_INDEX, Element, Gate, Key, LinkPlan, RouteTarget, SetId, TABLE_BASE, VpcInput, eni_index,
    subnet_gateway,
};

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    bad_sources(input, draft);
    for placed in &index.placed {
        identity(placed, draft);
        routing(input, placed, draft);
        memberships(placed, draft);
        public_addresses(placed, draft);
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

fn identity(placed: &Placed<'_>, draft: &mut Draft) {
    let eni = placed.eni;
    let port = Key::new().native(eni_index(eni.number));
    draft.element(SetId::EniMac, Element::of(port.mac(eni.mac)));
    for address in eni.addresses() {
        let set = match address {
            IpAddr::V4(_) => SetId::EniAddress4,
            IpAddr::V6(_) => SetId::EniAddress6,
        };
        draft.element(set, Element::of(port.address(address)));
        if address.is_ipv4() {
            draft.element(SetId::ArpSender, Element::of(port.address(address)));
        }
    }
    let link_local = Element::of(port.address(IpAddr::V6(link_local(eni.mac))));
    draft.element(SetId::EniAddress6, link_local);
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

fn routing(input: &VpcInput, placed: &Placed<'_>, draft: &mut Draft) {
    let Placed { eni, subnet, table, .. } = placed;
    let port = Key::new().native(eni_index(eni.number));
    let mark = Key::new().native(TABLE_BASE + table.number);
    draft.element(SetId::TableMark, Element::pair(port, mark));
    for address in eni.addresses() {
        insert_host_route(draft, IpNet::from(address), eni.number);
    }
    // A route inside the VPC's own blocks steers traffic between subnets. Inside
    // one subnet AWS machines reach one another directly, whatever the table.
    let local_blocks = || {
        let v4 = input.cidrs_v4.iter().copied().map(IpNet::V4);
        v4.chain(input.cidrs_v6.iter().copied().map(IpNet::V6))
    };
    let steers = |block: IpNet| {
        table.routes.iter().any(|route| {
            let destination = route.destination;
            route.target != RouteTarget::Local
                && (destination.contains(&block) || block.contains(&destination))
                && local_blocks().any(|local| local.contains(&destination))
        })
    };
    let v4 = IpNet::V4(subnet.cidr_v4);
    if steers(v4) {
        draft.element(SetId::OnLink4, block(port, v4));
    }
    if let Some(v6) = subnet.cidr_v6.map(IpNet::V6).filter(|v6| steers(*v6)) {
        draft.element(SetId::OnLink6, block(port, v6));
    }
}

fn memberships(placed: &Placed<'_>, draft: &mut Draft) {
    let port = Key::new().native(eni_index(placed.eni.number));
    for (slot, group) in (0..).zip(&placed.groups) {
        let datum = Key::new().native(*group);
        draft.element(SetId::EniGroup, Element::pair(port.native(slot), datum));
        for address in placed.eni.addresses() {
            let set = match address {
                IpAddr::V4(_) => SetId::Member4,
                IpAddr::V6(_) => SetId::Member6,
            };
            let key = Key::new().address(address).native(slot);
            draft.element(set, Element::pair(key, datum));
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
        },
    );
}

/// `port . first address` to `port . last address`.
fn block(port: Key, net: IpNet) -> Element {
    Element::range(port.address(net.network()), port.address(last(net)))
}

/// The last address of a block, the broadcast address included.
fn last(net: IpNet) -> IpAddr {
    match net {
        IpNet::V4(v4) => IpAddr::V4(Ipv4Addr::from(u32::from(v4.network()) | u32::from(v4.hostmask()))),
        IpNet::V6(v6) => IpAddr::V6(Ipv6Addr::from(u128::from(v6.network()) | u128::from(v6.hostmask()))),
    }
}
