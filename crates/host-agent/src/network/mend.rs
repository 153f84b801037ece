//! Repairing what somebody else changed in the kernel.

use super::settle::Dirty;
use super::watch::Counters;
use super::worker::{ActiveVpc, Worker};
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often it is looked whether somebody meddled.
pub(super) const PERIOD: Duration = Duration::from_secs(2);
/// Looks after which one VPC is read back although nothing was noticed: about once a minute.
const ROUND: u64 = 30;
/// Looks between attempts to make a VPC whose plan was refused.
const RETRY: u64 = 5;

impl Worker {
    /// Looks at every VPC, and makes those that were changed by somebody else equal to their records again.
    pub(super) fn mend(&mut self) {
        self.looks += 1;
        let Some(network) = &mut self.network else { return };
        let mut disturbed = match network.disturbed() {
            Ok(disturbed) => disturbed,
            Err(error) => {
                tracing::error!(%error, "the way out of this cloud cannot be repaired; trying again");
                Vec::new()
            }
        };
        if self.looks.is_multiple_of(ROUND) {
            disturbed.extend(self.next_in_turn());
        }
        self.read_pressure();
        self.serve_late();
        if self.looks.is_multiple_of(RETRY) {
            self.retry();
        }
        for vpc_id in disturbed {
            let Some(vpc) = self.vpcs.get_mut(&vpc_id) else { continue };
            vpc.settled = None;
            let mut dirty = Dirty::default();
            dirty.add(vpc_id.clone(), None);
            let failed = self.settle_all(dirty);
            let repairs = self.network.as_ref().map_or(0, |network| network.repairs(&vpc_id));
            if failed.is_empty() && repairs > 0 {
                Counters::add(&self.start.board.counters.repairs);
                tracing::warn!(
                    vpc = vpc_id,
                    repairs,
                    "somebody had changed the VPC's kernel objects; repaired"
                );
            }
            self.miss_links(&vpc_id);
        }
    }

    /// Tells which interfaces of machines have no link: only those who have the machines can plug them again. (A machine
    /// that died took its links along; whoever is told looks whether it runs.)
    fn miss_links(&mut self, vpc_id: &str) {
        let (Some(network), Some(vpc)) = (&mut self.network, self.vpcs.get(vpc_id)) else { return };
        match network.unlinked(vpc_id) {
            Ok(missing) => {
                for interface in missing.iter().filter(|id| vpc.attached.contains(*id)) {
                    self.lost.tell(&vpc.scope, interface);
                }
            }
            Err(error) => tracing::warn!(vpc_id, %error, "the links of a VPC cannot be read"),
        }
    }

    /// VPCs whose last plan was refused are tried again: what was in the way may have gone.
    fn retry(&mut self) {
        let failed: Vec<String> =
            self.vpcs.iter().filter(|(_, vpc)| vpc.settled.is_none()).map(|(id, _)| id.clone()).collect();
        for vpc_id in failed {
            let mut dirty = Dirty::default();
            dirty.add(vpc_id, None);
            self.settle_all(dirty);
        }
    }

    /// After a restart, VPCs are taken over before it is known what endpoints lead to.
    fn serve_late(&mut self) {
        let silent =
            |vpc: &ActiveVpc| vpc.settled.clone().filter(|input| vpc.services.lacks_endpoints(input));
        let late: Vec<_> =
            self.vpcs.iter().filter_map(|(id, vpc)| Some((id.clone(), silent(vpc)?))).collect();
        for (vpc_id, input) in late {
            if let Err(error) = self.serve_endpoints(&vpc_id, &input) {
                tracing::warn!(vpc_id, %error, "endpoints do not answer yet; trying again");
            }
        }
    }

    /// Counts what full connection tables did since the last look.
    fn read_pressure(&mut self) {
        let Some(network) = &mut self.network else { return };
        for (id, vpc) in &mut self.vpcs {
            let Ok(now) = network.pressure(id) else { continue };
            let before = std::mem::replace(&mut vpc.pressure, now);
            let counters = &self.start.board.counters;
            let refused = now.refused.saturating_sub(before.refused);
            counters.refused.fetch_add(refused, Ordering::Relaxed);
            counters.forgotten.fetch_add(now.forgotten.saturating_sub(before.forgotten), Ordering::Relaxed);
            if refused > 0 {
                tracing::warn!(
                    vpc = id,
                    refused,
                    "the connection table is full; connections could not begin"
                );
            }
        }
    }

    /// One VPC after the other is read back whatever was noticed.
    fn next_in_turn(&mut self) -> Option<String> {
        let round = usize::try_from(self.looks / ROUND).unwrap_or_default();
        let turn = round.checked_rem(self.vpcs.len())?;
        let vpc = self.vpcs.keys().nth(turn)?.clone();
        self.network.as_mut()?.distrust(&vpc);
        Some(vpc)
    }
}
