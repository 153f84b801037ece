//! Making a disagreement small enough to be read.

use super::experiment::Failure;
use super::parts::{parts, without};
use super::replay::replay_within;
use crate::cloud::Cloud;
use crate::verdict::Agreement;
use reachability::Place;
use std::time::Duration;

/// Networks built for one disagreement at most.
const TRIES: usize = 200;
/// How long an unproven probe is waited for: it is known already that it may stay so.
const PATIENCE: Duration = Duration::from_secs(2);

/// The smallest network found in which the two sides still disagree; judged and sent anew at every step. `None` when
/// the disagreement does not come again at all.
///
/// # Errors
/// When the cloud is gone.
pub fn shrink(cloud: &mut Cloud, failure: &Failure) -> anyhow::Result<Option<Failure>> {
    if !disagrees(cloud, failure)? {
        return Ok(None);
    }
    let mut smallest = failure.clone();
    let mut tries = 0;
    for n in (0..smallest.changes.len()).rev() {
        let mut candidate = smallest.clone();
        candidate.changes.remove(n);
        tries += 1;
        if disagrees(cloud, &candidate)? {
            smallest = candidate;
        }
    }
    loop {
        let before = smallest.topology.clone();
        for part in parts(&before) {
            if tries >= TRIES {
                return Ok(Some(smallest));
            }
            let Some(topology) = without(&smallest.topology, &part) else { continue };
            let candidate = Failure { topology, ..smallest.clone() };
            if !stands(&candidate) {
                continue;
            }
            tries += 1;
            if disagrees(cloud, &candidate)? {
                smallest = candidate;
            }
        }
        if smallest.topology == before {
            return Ok(Some(smallest));
        }
    }
}

fn disagrees(cloud: &mut Cloud, failure: &Failure) -> anyhow::Result<bool> {
    match replay_within(cloud, failure, PATIENCE) {
        Ok(replayed) => Ok(replayed.agreement.is_some_and(Agreement::is_failure)),
        // A smaller network that cannot be built is none; a cloud that is gone shows with the next one.
        Err(error) if error.downcast_ref::<std::io::Error>().is_none() => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether the packet's sender, and that of every packet before it, still exists.
fn stands(failure: &Failure) -> bool {
    let packets = failure.history.iter().map(|(_, p)| p).chain([&failure.packet]);
    packets.into_iter().all(|packet| match &packet.at {
        Place::NetworkInterface(id) => failure.topology.network_interfaces.iter().any(|i| i.id == *id),
        _ => true,
    })
}
