//! Links to peered VPCs, and whose addresses their groups stand for.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::block::merged;
use super::{Draft, Index};
use crate::{Element, Key, MAX_GROUPS_PER_ENI, OUTSIDE, PeerLink, SetId, VpcInput, peering_index};

pub(super) fn compile(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    for peering in &input.peerings {
        let port = Key::new().native(peering_index(peering.number));
        draft.element(SetId::PeerLink, Element::of(port));
        draft.element(SetId::Unguarded, Element::of(port));
        // The main table knows the ENIs of this VPC and nothing else: nothing passes through.
        draft.element(SetId::TableMark, Element::pair(port, Key::new().native(OUTSIDE)));
        let (v4, v6): (Vec<IpNet>, Vec<IpNet>) =
            peering.remote_blocks.iter().partition(|net| matches!(net, IpNet::V4(_)));
        for (set, nets) in [(SetId::PeerSource4, v4), (SetId::PeerSource6, v6)] {
            for (low, high) in merged(nets) {
                draft.element(set, Element::range(port.address(low), port.address(high)));
            }
        }
        let link = PeerLink {
            id: peering.id.clone(),
            number: peering.number,
            requester: peering.requester,
            remote_vpc: peering.remote_vpc.clone(),
        };
        draft.plan.peerings.insert(peering.number, link);
    }
    remote_members(input, index, draft);
}

/// The members of peers' groups. Two peers of one VPC may use the same addresses; whom such an address stands for
/// cannot be told, so it stands for nobody.
fn remote_members(input: &VpcInput, index: &Index<'_>, draft: &mut Draft) {
    let mut known: BTreeMap<IpAddr, (&str, BTreeSet<u32>)> = BTreeMap::new();
    let mut ambiguous = BTreeSet::new();
    for peering in &input.peerings {
        for group in &peering.remote_groups {
            for address in &group.members {
                let (vpc, numbers) =
                    known.entry(*address).or_insert((peering.remote_vpc.as_str(), BTreeSet::new()));
                if *vpc == peering.remote_vpc {
                    numbers.insert(group.number);
                } else {
                    ambiguous.insert(*address);
                }
            }
        }
    }
    // An address of this VPC is never a peer's: their blocks cannot overlap.
    let own: BTreeSet<IpAddr> = index.placed.iter().flat_map(|placed| placed.eni.all_addresses()).collect();
    for (address, (_, numbers)) in known {
        if ambiguous.contains(&address) || own.contains(&address) {
            continue;
        }
        let set = if address.is_ipv4() { SetId::Member4 } else { SetId::Member6 };
        for (slot, number) in (0..).zip(numbers.into_iter().take(MAX_GROUPS_PER_ENI)) {
            let key = Key::new().address(address).native(slot);
            draft.element(set, Element::pair(key, Key::new().native(number)));
        }
    }
}
