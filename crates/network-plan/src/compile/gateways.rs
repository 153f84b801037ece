//! The internet gateway's ports, the egress-only gateway, and NAT gateways.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv6Net};

use super::block::{last, merged};
use super::routes::winners;
use super::{Draft, Index};
use crate::{
    EDGE_INDEX, EDGE_TABLE, Element, Key, NAT_SLOTS, NatPlan, NextHop, OUTSIDE, PortForward, RouteKind,
    RouteTarget, SetId, TABLE_BASE, TableRule, VpcInput, subnet_gateway,
};

/// `NFPROTO_IPV4`.
const NFPROTO_IPV4: u8 = 2;

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    edge(input, index, draft);
    egress_only(input, draft);
    nat_gateways(input, index, draft);
}

/// What comes from the edge, and what waits there.
fn edge(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    let port = Key::new().native(EDGE_INDEX);
    draft.element(SetId::Unguarded, Element::of(port));
    let table = input.gateway_table.as_deref().and_then(|id| index.tables.get(id));
    let mark = match (table, &input.internet_gateway) {
        (Some(table), Some(_)) => TABLE_BASE + table.number,
        _ => OUTSIDE,
    };
    draft.element(SetId::TableMark, Element::pair(port, Key::new().native(mark)));
    if input.internet_gateway.is_none() {
        return;
    }
    for forward in &input.port_forwards {
        let key = service(forward);
        draft.element(SetId::Forward, Element::pair(key, delivery(forward)));
        draft.plan.edge_routes.insert(IpNet::from(IpAddr::V4(forward.address)));
        let subnet = input.subnets.iter().find(|subnet| subnet.cidr_v4.contains(&forward.to));
        if let (true, Some(subnet)) = (forward.masquerade, subnet) {
            let sender = Key::from(subnet_gateway(subnet.cidr_v4));
            draft.element(SetId::ForwardAs, Element::pair(key, sender));
            draft.plan.table_rules.insert(TableRule { table: EDGE_TABLE });
            let everywhere = IpNet::V4(ipnet::Ipv4Net::default());
            super::routes::insert_first(draft, EDGE_TABLE, everywhere, RouteKind::Via(NextHop::Edge));
        }
    }
}

fn service(forward: &PortForward) -> Key {
    Key::from(forward.address).byte(forward.protocol).short(forward.port)
}

fn delivery(forward: &PortForward) -> Key {
    Key::from(forward.to).short(forward.to_port)
}

/// From where no IPv6 connection may begin, per route table: where only the egress-only gateway leads back, and
/// everywhere if there is no other gateway.
fn egress_only(input: &VpcInput, draft: &mut Draft) {
    for table in &input.route_tables {
        let routes = winners(table, input);
        let mut ranges = Vec::new();
        if input.internet_gateway.is_none() {
            ranges.push((Ipv6Addr::UNSPECIFIED, Ipv6Addr::from(u128::MAX)));
        } else {
            for (destination, target) in &routes {
                if let (IpNet::V6(block), RouteTarget::EgressOnlyGateway) = (destination, target) {
                    // What a longer route takes is none of this one's; it speaks for itself.
                    let longer = routes.keys().filter_map(|other| match other {
                        IpNet::V6(v6) if v6 != block && block.contains(v6) => Some(*v6),
                        _ => None,
                    });
                    ranges.extend(without(*block, longer));
                }
            }
        }
        let mark = Key::new().native(TABLE_BASE + table.number);
        for (low, high) in ranges {
            let element = Element::range(mark.address(low.into()), mark.address(high.into()));
            draft.element(SetId::EgressOnly6, element);
        }
    }
}

/// A block without some blocks inside it, as disjoint ranges.
fn without(block: Ipv6Net, holes: impl Iterator<Item = Ipv6Net>) -> Vec<(Ipv6Addr, Ipv6Addr)> {
    let number = |address| match address {
        IpAddr::V6(v6) => u128::from(v6),
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
    };
    let mut ranges = Vec::new();
    let mut next = Some(u128::from(block.network()));
    for (low, high) in merged(holes.map(IpNet::V6)) {
        let (low, high) = (number(low), number(high));
        if let Some(start) = next.filter(|start| *start < low) {
            ranges.push((start.into(), (low - 1).into()));
        }
        next = high.checked_add(1);
    }
    let end = number(last(IpNet::V6(block)));
    if let Some(start) = next.filter(|start| *start <= end) {
        ranges.push((start.into(), end.into()));
    }
    ranges
}

fn nat_gateways(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    for gateway in &input.nat_gateways {
        let Some(eni) = index.enis.get(gateway.eni_id.as_str()) else { continue };
        let mut elements: BTreeMap<SetId, Vec<Element>> = BTreeMap::new();
        let inside = merged(input.cidrs_v4.iter().copied().map(IpNet::V4));
        // The family is the first field: kernels want intervals of one field in another shape.
        let start = Key::new().byte(NFPROTO_IPV4);
        let ranges =
            inside.into_iter().map(|(low, high)| Element::range(start.address(low), start.address(high)));
        elements.insert(SetId::NatInside, ranges.collect());
        elements.insert(SetId::NatSlot, slots(&eni.private_v4));
        for forward in &gateway.port_forwards {
            let key = service(forward);
            elements.entry(SetId::NatForward).or_default().push(Element::pair(key, delivery(forward)));
            if forward.masquerade {
                let sender = Key::from(forward.address);
                elements.entry(SetId::NatForwardAs).or_default().push(Element::pair(key, sender));
            }
        }
        elements.retain(|_, all| !all.is_empty());
        for all in elements.values_mut() {
            all.sort_unstable();
        }
        let plan =
            NatPlan { id: gateway.id.clone(), eni: eni.number, addresses: eni.private_v4.clone(), elements };
        draft.plan.nat_gateways.insert(gateway.id.clone(), plan);
    }
}

/// The addresses take turns.
fn slots(addresses: &[Ipv4Addr]) -> Vec<Element> {
    let turns = addresses.iter().cycle();
    (0..NAT_SLOTS)
        .zip(turns)
        .map(|(slot, address)| Element::pair(Key::new().native(slot), Key::from(*address)))
        .collect()
}
