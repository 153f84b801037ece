//! Subnets behind the appliance of a gateway's route table: what leaves them by the internet gateway must have passed the
//! appliance too (Reachability Analyzer, `INGRESS_RTB_TRAFFIC_REDIRECTION`).

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::block::merged;
use super::routes::winners;
use super::{Draft, Index};
use crate::{Element, EniKind, Key, RouteTarget, SetId, VpcInput, eni_index};

/// Which sources each interface may not send to the internet gateway. (Routes for whole VPCs say nothing here: what they
/// redirect may be behind another appliance again.)
pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    let table = input.gateway_table.as_deref().and_then(|id| index.tables.get(id));
    let Some(table) = table.filter(|_| input.internet_gateway.is_some()) else { return };
    let v4 = input.cidrs_v4.iter().map(|cidr| IpNet::V4(cidr.trunc()));
    let own: Vec<IpNet> = v4.chain(input.cidrs_v6.iter().map(|cidr| IpNet::V6(cidr.trunc()))).collect();
    let is_part = |block: &IpNet| own.iter().any(|cidr| cidr.contains(block) && cidr != block);
    let mut behind: BTreeMap<&str, Vec<IpNet>> = BTreeMap::new();
    for (destination, target) in winners(table, input) {
        if let RouteTarget::Eni(eni) = target
            && index.enis.contains_key(eni.as_str())
            && is_part(&destination)
        {
            behind.entry(eni).or_default().push(destination);
        }
    }
    for placed in index.placed.iter().filter(|placed| placed.eni.kind == EniKind::Machine) {
        let start = Key::new().native(eni_index(placed.eni.number));
        let others = behind.iter().filter(|(appliance, _)| **appliance != placed.eni.id);
        let blocks: Vec<IpNet> = others.flat_map(|(_, blocks)| blocks.iter().copied()).collect();
        for (set, v4) in [(SetId::BadSource4, true), (SetId::BadSource6, false)] {
            let of_family = blocks.iter().copied().filter(|net| matches!(net, IpNet::V4(_)) == v4);
            for (low, high) in merged(of_family) {
                draft.element(set, Element::range(start.address(low), start.address(high)));
            }
        }
    }
}
