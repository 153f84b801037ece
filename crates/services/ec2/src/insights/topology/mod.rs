//! The records of an account's network as the explainer's input.
//!
//! An independent reading: it shares nothing with the host agent's, which makes rules for the kernel out of the same
//! records. Where the two differ, an analysis and a real packet disagree, and one of them is wrong.

mod addresses;
mod extensions;
mod filters;
mod gateways;
mod routing;

use reachability::Topology;
use records::{VpcEndpoint, VpcPeering};
use state_store::Record;
use state_store::typed::{Scope, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How often a reading is begun anew because something changed meanwhile. After that it is taken as it is: on a cloud that
/// never rests, no moment is better than another.
const ATTEMPTS: usize = 5;

/// The network of an account in a region: its VPCs and those that are actively peered with them, whosever they are.
pub(super) struct Network {
    /// The network itself.
    pub(super) topology: Topology,
    /// VPCs that are not in the asking scope, and where they are.
    pub(super) foreign: BTreeMap<String, Scope>,
    /// The interfaces of the scope's interface endpoints, by endpoint.
    pub(super) endpoints: BTreeMap<String, Vec<String>>,
}

/// Reads the network as it is now.
pub(super) fn read(store: &Store, scope: &Scope) -> Network {
    let mut network = read_once(store, scope);
    for _ in 1..ATTEMPTS {
        let before = store.revision();
        network = read_once(store, scope);
        if store.revision() == before {
            break;
        }
    }
    network
}

fn read_once(store: &Store, scope: &Scope) -> Network {
    let endpoints = store.list::<VpcEndpoint>(scope).into_iter().filter(|e| e.interface);
    let mut network = Network {
        // Outside of a private cloud is the local network.
        topology: Topology { outside_private: true, ..Topology::default() },
        foreign: BTreeMap::new(),
        endpoints: endpoints.map(|e| (e.id.clone(), e.network_interface_ids.clone())).collect(),
    };
    let own = Reader { store, scope, only: None };
    let peerings = store.list::<VpcPeering>(scope);
    own.read(&mut network.topology);
    network.topology.peerings = peerings.iter().map(|p| gateways::peering(p)).collect();
    let mut elsewhere: BTreeMap<Scope, BTreeSet<String>> = BTreeMap::new();
    for side in peerings.iter().filter(|p| p.is_active()).flat_map(|p| [&p.requester, &p.accepter]) {
        let place = side.scope();
        if place != *scope {
            network.foreign.insert(side.vpc_id.clone(), place.clone());
            elsewhere.entry(place).or_default().insert(side.vpc_id.clone());
        }
    }
    for (scope, vpcs) in &elsewhere {
        Reader { store, scope, only: Some(vpcs) }.read(&mut network.topology);
    }
    network
}

/// Reads one scope, or some VPCs of it.
struct Reader<'a> {
    store: &'a Store,
    scope: &'a Scope,
    only: Option<&'a BTreeSet<String>>,
}

impl Reader<'_> {
    fn read(&self, topology: &mut Topology) {
        self.routing(topology);
        self.filters(topology);
        self.addresses(topology);
        self.gateways(topology);
        self.extensions(topology);
    }

    /// Whether a VPC is among those that are read.
    fn means(&self, vpc_id: &str) -> bool {
        self.only.is_none_or(|only| only.contains(vpc_id))
    }

    /// The records of a kind whose VPC is read.
    fn of<R: Record>(&self, vpc_id: impl Fn(&R) -> &str) -> Vec<Arc<R>> {
        let mut found = self.store.list::<R>(self.scope);
        found.retain(|record| self.means(vpc_id(record)));
        found
    }
}
