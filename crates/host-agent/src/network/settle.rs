//! Making the kernel equal to the records, one VPC after the other.

use super::Outcome;
use super::input::{neighbours, vpc_input};
use super::numbers::HostNumber;
use super::watch::Counters;
use super::worker::Worker;
use network_plan::VpcInput;
use records::VpcPeering;
use state_store::StoreError;
use std::collections::{BTreeMap, HashSet};
use tokio::sync::oneshot;

/// Records in one transaction; the store takes at most 128 writes.
const CHUNK: usize = 100;

/// VPCs to be settled, and who waits for each.
#[derive(Default)]
pub(super) struct Dirty(BTreeMap<String, Vec<oneshot::Sender<Outcome>>>);

impl Dirty {
    pub(super) fn add(&mut self, vpc: String, reply: Option<oneshot::Sender<Outcome>>) {
        self.0.entry(vpc).or_default().extend(reply);
    }
}

impl Worker {
    /// Settles VPCs with those they are peered with: what changes in one may change the plan of the other (members of
    /// groups, blocks, the state of the connection). Answers everybody; returns the VPCs that failed, with the reason.
    pub(super) fn settle_all(&mut self, dirty: Dirty) -> BTreeMap<String, String> {
        let mut outcomes: BTreeMap<String, Outcome> = BTreeMap::new();
        for (vpc, replies) in dirty.0 {
            let mut outcome = self.settle_once(&vpc, &mut outcomes);
            for neighbour in self.active_neighbours(&vpc) {
                let theirs = self.settle_once(&neighbour, &mut outcomes);
                outcome = outcome.and(theirs.map_err(|error| format!("{neighbour}: {error}")));
            }
            self.free_peerings(&vpc);
            for reply in replies {
                let _ = reply.send(outcome.clone());
            }
        }
        outcomes.into_iter().filter_map(|(vpc, outcome)| Some((vpc, outcome.err()?))).collect()
    }

    fn settle_once(&mut self, vpc: &str, done: &mut BTreeMap<String, Outcome>) -> Outcome {
        if let Some(outcome) = done.get(vpc) {
            return outcome.clone();
        }
        let outcome = self.settle(vpc);
        if let Err(error) = &outcome {
            Counters::add(&self.start.board.counters.refusals);
            tracing::error!(vpc, %error, "the kernel does not follow the records of the VPC");
        }
        done.insert(vpc.to_owned(), outcome.clone());
        outcome
    }

    fn active_neighbours(&self, vpc: &str) -> Vec<String> {
        let Some(active) = self.vpcs.get(vpc) else { return Vec::new() };
        let mut others = neighbours(&self.start.store, &active.scope, vpc);
        others.retain(|other| self.vpcs.contains_key(other));
        others
    }

    /// Makes the kernel equal to the records of one VPC.
    fn settle(&mut self, vpc_id: &str) -> Outcome {
        let Some(vpc) = self.vpcs.get_mut(vpc_id) else { return Ok(()) };
        let input = vpc_input(&self.start.store, &vpc.scope, vpc_id, &vpc.attached, &mut self.numbers);
        let Some(input) = input else { return self.remove(vpc_id) };
        let Some(vpc) = self.vpcs.get_mut(vpc_id) else { return Ok(()) };
        if vpc.settled.as_ref() == Some(&input) {
            return Ok(());
        }
        vpc.settled = None;
        self.keep_numbers()?;
        let plan = network_plan::plan(&input).map_err(|e| e.to_string())?;
        self.network()?.apply(&plan).map_err(|e| e.to_string())?;
        if let Some(vpc) = self.vpcs.get(vpc_id) {
            self.start.board.put(&vpc.scope, &input);
        }
        self.serve(vpc_id, &input)?;
        self.numbers.free_unused(vpc_id, &used(&input));
        if let Some(vpc) = self.vpcs.get_mut(vpc_id) {
            vpc.settled = Some(input);
        }
        Ok(())
    }

    /// Frees the numbers of connections that have ended; both sides are without them by now.
    fn free_peerings(&mut self, vpc_id: &str) {
        let Some(vpc) = self.vpcs.get(vpc_id) else { return };
        for peering in self.start.store.by_index::<VpcPeering>(&vpc.scope, "vpc", vpc_id) {
            if !peering.is_active() {
                self.numbers.free(&peering.id);
            }
        }
    }

    /// The VPC's record is gone: so are its kernel objects.
    fn remove(&mut self, vpc_id: &str) -> Outcome {
        self.active.write().remove(vpc_id);
        self.start.board.remove(vpc_id);
        // Its services end with it.
        if let Some(vpc) = self.vpcs.remove(vpc_id) {
            let known = vpc.settled.iter().flat_map(|input| &input.enis).map(|eni| &eni.id);
            for interface in vpc.attached.iter().chain(known) {
                self.numbers.free(interface);
            }
            self.numbers.free_unused(vpc_id, &HashSet::new());
            self.numbers.free(vpc_id);
            self.network()?.remove_vpc(vpc_id).map_err(|e| e.to_string())?;
        }
        self.keep_numbers()
    }

    /// Writes new numbers down before the kernel holds names made of them.
    fn keep_numbers(&mut self) -> Outcome {
        let Some((scope, puts, deletes)) = self.numbers.take_changes() else { return Ok(()) };
        let store = self.start.store.clone();
        let write = async move {
            for chunk in puts.chunks(CHUNK) {
                store
                    .transact(|tx| {
                        for record in chunk {
                            tx.put(&scope, record.clone());
                        }
                        Ok::<(), StoreError>(())
                    })
                    .await?;
            }
            for chunk in deletes.chunks(CHUNK) {
                store
                    .transact(|tx| {
                        for id in chunk {
                            tx.delete::<HostNumber>(&scope, id);
                        }
                        Ok::<(), StoreError>(())
                    })
                    .await?;
            }
            Ok::<(), StoreError>(())
        };
        self.start.runtime.block_on(write).map_err(|e| e.to_string())
    }
}

/// The numbers, by what they are unique in, that the kernel's objects of a VPC carry.
fn used(input: &VpcInput) -> HashSet<(&'static str, u32)> {
    let tables = input.route_tables.iter().map(|t| ("table", t.number));
    let own = input.groups.iter().map(|g| ("group", g.number));
    let foreign = input.peerings.iter().flat_map(|p| &p.remote_groups).map(|g| ("group", g.number));
    let acls = input.acls.iter().map(|a| ("acl", a.number));
    let nsgs = input.nsgs.iter().map(|g| ("nsg", g.number));
    tables.chain(own).chain(foreign).chain(acls).chain(nsgs).collect()
}
