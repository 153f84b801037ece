//! What is counted.

use crate::verdict::Agreement;
use reachability::Judgement;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// Counts of a run.
#[derive(Debug, Default)]
pub struct Statistics {
    /// Topologies built.
    pub topologies: usize,
    /// Probes sent, by how they ended.
    pub outcomes: BTreeMap<Agreement, u64>,
    /// Components that decided against a packet, and how often.
    pub deciding: BTreeMap<String, u64>,
    /// Probes of established flows among them.
    pub established: u64,
    /// Flows not followed, because their answers go another way than their questions.
    pub left_out: u64,
    /// Probes that Network Insights was asked about as well.
    pub asked: u64,
    /// Changes made while flows stood.
    pub changes: u64,
    /// Packets of flows that went on while something changed.
    pub steady: u64,
    /// Times the control plane was killed.
    pub kills: u64,
    /// Calls of the API.
    pub calls: u64,
    /// Time spent building.
    pub building: Duration,
    /// Time spent with packets.
    pub probing: Duration,
}

impl Statistics {
    /// Counts one probe.
    pub fn count(&mut self, judgement: &Judgement, agreement: Agreement) {
        *self.outcomes.entry(agreement).or_default() += 1;
        if let (Some(code), Some(step)) = (judgement.code(), judgement.deciding()) {
            let name = format!("{} {}", step.component.kind.resource(), code);
            *self.deciding.entry(name).or_default() += 1;
        }
    }

    /// Every probe.
    pub fn probes(&self) -> u64 {
        self.outcomes.values().sum()
    }

    /// Probes that count against the run.
    pub fn failures(&self) -> u64 {
        self.outcomes.iter().filter(|(a, _)| a.is_failure()).map(|(_, n)| n).sum()
    }
}

impl fmt::Display for Statistics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} probes over {} topologies, {} of them in established flows, {} changes, {} kills, {} API calls",
            self.probes(),
            self.topologies,
            self.established,
            self.changes,
            self.kills,
            self.calls
        )?;
        for (agreement, count) in &self.outcomes {
            let text = match agreement {
                Agreement::Arrived => "arrived as foreseen",
                Agreement::Dropped => "dropped and reported by the component named as deciding",
                Agreement::DroppedBehind => "dropped and reported by another component named as refusing",
                Agreement::LeftOutside => "turned away by the outside, seen handed to it",
                Agreement::Silent => "dropped while nobody could report it, packets sent later accounted for",
                Agreement::Unwatched => "for the router itself, not watched",
                Agreement::Disagreement => "DISAGREEMENTS",
                Agreement::Unproven => "UNPROVEN",
            };
            writeln!(f, "{count:>9}  {text}")?;
        }
        writeln!(f, "{:>9}  flows not followed: their answers go another way than they came", self.left_out)?;
        if self.steady > 0 {
            writeln!(f, "{:>9}  packets of flows that went on through changes and kills", self.steady)?;
        }
        writeln!(f, "{:>9}  asked of Network Insights as well", self.asked)?;
        for (name, count) in &self.deciding {
            writeln!(f, "{count:>9}    {name}")?;
        }
        write!(
            f,
            "building {:.1} s, packets {:.1} s",
            self.building.as_secs_f64(),
            self.probing.as_secs_f64()
        )
    }
}
