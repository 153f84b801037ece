//! What was dropped where.

use std::collections::BTreeMap;

use network_plan::{Gate, SetId, TABLE, eni_number};

use crate::ApplyError;
use crate::nft;
use crate::router::Router;

/// Packets and bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// How many packets.
    pub packets: u64,
    /// Their bytes, IP headers included.
    pub bytes: u64,
}

/// The counters of one VPC since its router was made. They belong to kernel
/// objects and survive restarts of this process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VpcCounters {
    /// Per ENI id.
    pub enis: BTreeMap<String, EniCounters>,
}

/// The counters of one ENI.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EniCounters {
    /// What each gate dropped.
    pub dropped: BTreeMap<Gate, Counts>,
}

impl EniCounters {
    /// What a gate dropped; zero if it never did.
    pub fn dropped(&self, gate: Gate) -> Counts {
        self.dropped.get(&gate).copied().unwrap_or_default()
    }
}

impl Router {
    /// See [`crate::Network::counters`].
    pub(crate) fn counters(&mut self) -> Result<VpcCounters, ApplyError> {
        let mut counters = VpcCounters::default();
        let Some(plan) = &self.applied else { return Ok(counters) };
        for gate in Gate::ALL {
            for counted in read(&mut self.filter, SetId::Dropped(gate))? {
                let number = counted.key.read_native(0).and_then(eni_number);
                let link = number.and_then(|number| plan.links.get(&number));
                if let Some(link) = link {
                    let eni = counters.enis.entry(link.eni_id.clone()).or_default();
                    eni.dropped.insert(gate, counted.counts);
                }
            }
        }
        Ok(counters)
    }
}

fn read(socket: &mut crate::netlink::Socket, set: SetId) -> Result<Vec<nft::CountedElement>, ApplyError> {
    nft::counted(socket, TABLE, set)
        .map_err(|refusal| ApplyError::refused(format!("reading set {}", set.name()), refusal))
}
