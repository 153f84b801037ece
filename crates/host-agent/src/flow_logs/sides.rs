//! The interfaces of a VPC as flow logs speak of them.

use ipnet::IpNet;
use network_plan::{EniKind, VpcInput, eni_index};
use records::{Instance, NetworkInterface, Subnet};
use state_store::typed::{Scope, Store};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

/// An interface with what its records name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) interface: String,
    pub(crate) subnet: String,
    pub(crate) zone_id: String,
    /// Empty when no instance has it.
    pub(crate) instance: String,
    pub(crate) kind: EniKind,
}

/// Who is who in a VPC, at one moment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sides {
    pub(crate) scope: Option<Scope>,
    pub(crate) vpc: String,
    by_address: HashMap<IpAddr, Arc<Side>>,
    by_index: HashMap<u32, Arc<Side>>,
    prefixes: Vec<(IpNet, Arc<Side>)>,
    own: Vec<IpNet>,
    peers: Vec<(IpNet, bool)>,
}

impl Sides {
    /// Those of the VPC whose plan was applied last.
    pub(crate) fn of(store: &Store, scope: &Scope, input: &VpcInput) -> Sides {
        let v4 = input.cidrs_v4.iter().copied().map(IpNet::V4);
        let own = v4.chain(input.cidrs_v6.iter().copied().map(IpNet::V6)).collect();
        let mut sides = Sides { scope: Some(scope.clone()), vpc: input.id.clone(), own, ..Sides::default() };
        for peering in &input.peerings {
            let found = store.get::<records::VpcPeering>(scope, &peering.id);
            let here = found.is_some_and(|p| p.requester.region == p.accepter.region);
            sides.peers.extend(peering.remote_blocks.iter().map(|block| (*block, here)));
        }
        for eni in &input.enis {
            let interface = store.get::<NetworkInterface>(scope, &eni.id);
            let attachment = interface.as_ref().and_then(|i| i.attachment.as_ref());
            let instance = attachment.map(|a| a.instance_id.clone()).unwrap_or_default();
            let subnet = store.get::<Subnet>(scope, &eni.subnet_id);
            let side = Arc::new(Side {
                interface: eni.id.clone(),
                subnet: eni.subnet_id.clone(),
                zone_id: subnet.map(|s| s.availability_zone_id.clone()).unwrap_or_default(),
                // An id that no instance has would be a service's.
                instance: Some(instance)
                    .filter(|id| store.get::<Instance>(scope, id).is_some())
                    .unwrap_or_default(),
                kind: eni.kind,
            });
            sides.by_address.extend(eni.addresses().map(|address| (address, side.clone())));
            sides.prefixes.extend(eni.prefixes.iter().map(|prefix| (*prefix, side.clone())));
            sides.by_index.insert(eni_index(eni.number), side);
        }
        sides
    }

    /// The interface that an address belongs to.
    pub(crate) fn holder(&self, address: IpAddr) -> Option<&Arc<Side>> {
        let listed = self.by_address.get(&address);
        listed.or_else(|| self.prefixes.iter().find(|(net, _)| net.contains(&address)).map(|(_, side)| side))
    }

    /// The interface behind a router's link.
    pub(crate) fn behind(&self, index: u32) -> Option<&Arc<Side>> {
        self.by_index.get(&index)
    }

    /// Every interface, in the order of their ids.
    pub(crate) fn all(&self) -> Vec<&Arc<Side>> {
        let mut all: Vec<&Arc<Side>> = self.by_index.values().collect();
        all.sort_by(|a, b| a.interface.cmp(&b.interface));
        all
    }

    /// The way that traffic to an address takes out of an interface (flow log field `traffic-path`).
    pub(crate) fn path_to(&self, address: IpAddr) -> &'static str {
        let peer = self.peers.iter().find(|(net, _)| net.contains(&address));
        match peer {
            _ if self.own.iter().any(|net| net.contains(&address)) => "1",
            Some((_, true)) => "4",
            Some((_, false)) => "5",
            None => "8",
        }
    }
}
