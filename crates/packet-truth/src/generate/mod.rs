//! Random networks, in which everything that a packet can meet is likely and nothing is too big.

mod edges;
mod extensions;
mod filters;
mod network;
mod pools;

use crate::random::Random;
use reachability::Topology;

/// What a topology is made with.
pub(crate) struct Maker<'r> {
    pub(crate) random: &'r mut Random,
    pub(crate) topology: Topology,
    /// Elastic addresses given so far.
    pub(crate) elastic: u8,
}

/// A network from a seed.
pub fn topology(seed: u64) -> Topology {
    let mut random = Random::new(seed);
    // The outside of a private cloud is a local network.
    let topology = Topology { outside_private: true, ..Topology::default() };
    let mut maker = Maker { random: &mut random, topology, elastic: 0 };
    let vpcs = maker.random.between(1, 3);
    for number in 0..vpcs {
        maker.vpc(number);
    }
    maker.peerings();
    for number in 0..vpcs {
        maker.gateways(number);
    }
    for number in 0..vpcs {
        maker.routes(number);
    }
    for number in 0..vpcs {
        // Before the gateways' tables, which propagate nothing.
        maker.learned(number);
        maker.gateway_table(number);
    }
    maker.group_rules();
    for number in 0..vpcs {
        maker.nsgs(number);
        maker.forwardings(number);
    }
    maker.topology
}

#[cfg(test)]
mod tests {
    use super::*;
    use reachability::{Index, Packet, Place, Protocol};

    #[test]
    fn a_seed_is_a_network() {
        assert_eq!(topology(5), topology(5));
        assert_ne!(topology(5), topology(6));
    }

    #[test]
    fn networks_are_neither_open_nor_shut() {
        let (mut delivered, mut dropped) = (0, 0);
        for seed in 0..40 {
            let topology = topology(seed);
            let index = Index::new(&topology);
            for from in &topology.network_interfaces {
                for to in &topology.network_interfaces {
                    let at = Place::NetworkInterface(from.id.clone());
                    let packet = Packet::new(at, from.addresses[0], to.addresses[0], Protocol::tcp(443));
                    if index.judge(&packet).verdict.is_dropped() { dropped += 1 } else { delivered += 1 }
                }
            }
        }
        assert!(delivered * 20 > dropped && dropped * 20 > delivered, "{delivered} {dropped}");
    }
}
