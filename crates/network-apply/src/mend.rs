//! Finding and repairing what somebody else changed: our own objects only, never those of others.

use std::collections::HashSet;

use network_plan::{NextHop, Route, RouteKind, Step, VpcPlan, eni_index};

use crate::edge::{Edge, FAR_END_V4, FAR_END_V6};
use crate::netlink::Socket;
use crate::network::Network;
use crate::route::{self, Changes, add_permanent_neighbour, set_up};
use crate::router::Router;
use crate::{ApplyError, guard};

impl Network {
    /// The VPCs in whose kernel objects somebody has meddled, or may have, since this process changed them last. They
    /// are distrusted from now on: the next [`Self::apply`] reads them back and repairs them, and
    /// [`Self::repairs`] tells how much was to be done. Takes some microseconds per VPC.
    ///
    /// # Errors
    /// [`ApplyError`] when what all VPCs share was damaged and cannot be repaired.
    pub fn disturbed(&mut self) -> Result<Vec<String>, ApplyError> {
        let shared = self.mend_edge()?;
        let mut found = Vec::new();
        for (id, router) in &mut self.vpcs {
            if router.applied.is_none() {
                continue;
            }
            if router.is_disturbed() || shared {
                router.distrust();
                found.push(id.clone());
            }
            router.forget_lost_links();
        }
        Ok(found)
    }

    /// How many steps the last [`Self::apply`] of a VPC took that should not have been needed: 0 unless it had read
    /// the kernel's state after this process knew it to be right.
    pub fn repairs(&self, vpc: &str) -> usize {
        self.vpcs.get(vpc).map_or(0, |router| router.repairs)
    }

    /// The ENIs of a VPC's plan that have no link: those that hang on no machine, and those whose link was removed.
    ///
    /// # Errors
    /// [`ApplyError`] when the links cannot be read.
    pub fn unlinked(&mut self, vpc: &str) -> Result<Vec<String>, ApplyError> {
        let Some(router) = self.vpcs.get_mut(vpc) else { return Ok(Vec::new()) };
        let Some(plan) = &router.applied else { return Ok(Vec::new()) };
        let found = route::links(&mut router.route)
            .map_err(|refusal| ApplyError::refused("reading links", refusal))?;
        let there: HashSet<u32> = found.iter().map(|link| link.index).collect();
        let missing = plan.links.values().filter(|link| !there.contains(&eni_index(link.number)));
        Ok(missing.map(|link| link.eni_id.clone()).collect())
    }

    /// Repairs the edge and our table on the host; whether there was anything to do.
    fn mend_edge(&mut self) -> Result<bool, ApplyError> {
        let Edge { guard, filter, .. } = &mut self.edge;
        let inside = guard.is_disturbed(filter);
        let outside = self.edge.host_is_disturbed(&self.config)?;
        if inside || outside {
            tracing::warn!("the way out of this cloud was changed by somebody else; repairing it");
            self.edge.repair(&self.config)?;
        }
        Ok(inside || outside)
    }
}

impl Router {
    fn is_disturbed(&mut self) -> bool {
        let Self { guard, filter, appliances, .. } = self;
        guard.is_disturbed(filter) || appliances.values_mut().any(|appliance| appliance.is_disturbed())
    }

    /// Takes note that everything is as this process made it.
    pub(crate) fn note(&mut self) {
        let Self { guard, filter, .. } = self;
        guard.note(filter);
    }

    /// Takes note of links that this process made or removed. What else was heard meanwhile stays unheard only if it
    /// came in the same instant; the packet filter's generation is not touched.
    pub(crate) fn note_links(&mut self) {
        self.guard.note_events();
    }

    /// What no plan speaks of but every link needs: that it is up, and knows its other end.
    pub(crate) fn raise_links(&mut self, plan: &VpcPlan) -> Result<(), ApplyError> {
        let found =
            route::links(&mut self.route).map_err(|refusal| ApplyError::refused("reading links", refusal))?;
        let mut changes = Changes::new();
        for link in plan.links.values() {
            let index = eni_index(link.number);
            if found.iter().any(|info| info.index == index) {
                changes.add(format!("link of {} again", link.eni_id), &[libc::ENODEV], |out| {
                    set_up(out, index);
                    add_permanent_neighbour(out, index, FAR_END_V4.into(), link.mac);
                    add_permanent_neighbour(out, index, FAR_END_V6.into(), link.mac);
                });
            }
        }
        changes.commit(&mut self.route)
    }
}

/// How many of the steps repair something. A route whose link is not there waits for it; that is no damage.
pub(crate) fn count(steps: &[Step], found: &VpcPlan, wanted: &VpcPlan) -> usize {
    let waits = |route: &Route| match route.kind {
        RouteKind::Via(NextHop::Eni(number)) => !found.links.contains_key(&number),
        RouteKind::Via(NextHop::Peer(number)) => wanted.peerings.contains_key(&number),
        _ => false,
    };
    steps.iter().filter(|step| !matches!(step, Step::AddRoute(route) if waits(route))).count()
}

/// The generation of a packet filter, for noticing changes; nothing where it cannot be asked.
pub(crate) fn generation(filter: &mut Socket) -> Option<u32> {
    guard::generation(filter).ok()
}
