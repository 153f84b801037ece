//! Changes under traffic: whatever a call has acknowledged holds for the very next packet, and nothing changes while the
//! control plane is dead.

use super::Statistics;
use super::experiment::{Experiment, Failure};
use super::flows::random_change;
use super::steady::Event;
use crate::random::Random;
use crate::site::Change;
use crate::verdict::Agreement;
use reachability::topology::Topology;
use std::time::Instant;

/// New flows tried behind every call.
const PROBES: usize = 60;

impl Experiment<'_> {
    /// Makes so many changes and sends packets behind each of them; with `kill` the control plane is killed now and then,
    /// packets are sent while it is dead, and again when it is back.
    ///
    /// # Errors
    /// When the cloud or an interface is gone.
    pub fn change_under_traffic(
        &mut self,
        random: &mut Random,
        count: usize,
        kill: bool,
        statistics: &mut Statistics,
    ) -> anyhow::Result<Vec<Failure>> {
        let begun = Instant::now();
        let mut failures = Vec::new();
        // What was taken away comes back later, or everything would soon be shut.
        let mut undo: Vec<Change> = Vec::new();
        let steady = self.begin_steady(random, statistics)?;
        for _ in 0..count {
            let change = if random.percent(45) { undo.pop() } else { random_change(&self.topology, random) };
            let Some(change) = change.filter(|c| is_possible(&self.topology, c)) else { continue };
            let inverse = change.inverse(&self.topology);
            failures.extend(self.under_steady(&steady, &Event::Call(&change), statistics)?);
            undo.extend(inverse);
            let last = undo.len().saturating_sub(1);
            undo.swap(random.below(last + 1), last);
            statistics.changes += 1;
            failures.extend(self.volley(random, statistics, true)?);
            if kill && random.percent(20) {
                self.cloud.kill()?;
                failures.extend(self.volley(random, statistics, false)?);
                self.cloud.launch()?;
                self.site.forget_drops();
                self.site.listen(self.cloud.endpoint)?;
                self.await_reports()?;
                statistics.kills += 1;
                failures.extend(self.volley(random, statistics, true)?);
                failures.extend(self.under_steady(&steady, &Event::Kill, statistics)?);
                statistics.kills += 1;
            }
        }
        statistics.probing += begun.elapsed();
        Ok(failures)
    }

    /// New flows to see where everybody stands. Nobody reports drops while the control plane is dead; then what arrives,
    /// and what does not, is compared.
    fn volley(
        &mut self,
        random: &mut Random,
        statistics: &mut Statistics,
        reported: bool,
    ) -> anyhow::Result<Vec<Failure>> {
        let shots = self.random_shots(random, PROBES);
        let results = if reported { self.fire(&shots)? } else { self.fire_unreported(&shots)? };
        let mut failures = Vec::new();
        for result in &results {
            statistics.count(&result.judgement, result.agreement);
            if result.agreement.is_failure() && (reported || result.agreement != Agreement::Unproven) {
                failures.push(Self::failure(result, Vec::new(), Vec::new(), &self.topology));
            }
        }
        Ok(failures)
    }
}

/// Whether a change still makes sense: what is to come back may be there again, what is to go may be gone.
fn is_possible(topology: &Topology, change: &Change) -> bool {
    let mut after = topology.clone();
    change.apply(&mut after);
    let twice = match change {
        Change::CreateEntry(id, entry) => topology.network_acls.iter().any(|a| {
            a.id == *id
                && a.entries.iter().any(|e| e.number == entry.number && e.direction == entry.direction)
        }),
        Change::CreateForwarding(forwarding) => {
            topology.port_forwardings.iter().any(|f| f.id == forwarding.id)
        }
        Change::Authorize(id, rule) => {
            topology.security_groups.iter().any(|g| g.id == *id && g.rules.contains(rule))
        }
        _ => false,
    };
    after != *topology && !twice
}
