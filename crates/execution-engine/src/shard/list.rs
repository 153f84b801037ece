//! Lists executions that are open, or on their way into the archive.

use super::{Phase, Shard, Slot};
use crate::listing::{LOOKED_AT, Listed, READ};
use crate::{ListCursor, ListFilter, ListOf, Status};

impl Shard {
    /// Some executions of a list, newest first, behind the place `after`: up to `limit`. `reach`: how far the redrive of
    /// their Map Run has come.
    pub(super) fn list(
        &self,
        filter: &ListFilter,
        reach: Option<u64>,
        after: Option<&ListCursor>,
        limit: usize,
    ) -> Listed {
        let (ListOf::Machine(owner) | ListOf::MapRun(owner)) = &filter.of;
        let Some(owner) = self.pins.owner(owner) else { return Listed::default() };
        let mut list = Listed::default();
        let found = &mut list.executions;
        // Those of one millisecond are in order of slots and come into order of names together.
        let (mut group, mut group_started) = (0, None);
        let (mut read, mut looked_at) = (0, 0);
        for place in self.slots.listed(owner, after.map(|after| after.started)) {
            let slot = self.slots.get(place);
            let started = slot.started;
            if let Some(before) = group_started.replace(started).filter(|before| *before != started) {
                found[group..].sort_by(|a, b| a.start.arn.cmp(&b.start.arn));
                group = found.len();
                if group >= limit || read >= READ || looked_at >= LOOKED_AT {
                    list.upto = Some(ListCursor::behind(before));
                    break;
                }
            }
            looked_at += 1;
            if !self.may_be_admitted(filter, slot) {
                continue;
            }
            read += 1;
            let Some(mut execution) = self.describe(place) else { continue };
            execution.pend(reach);
            let behind = after.is_none_or(|after| after.order(&ListCursor::of(&execution)).is_lt());
            if behind && filter.admits(&execution) {
                found.push(execution.without_data());
            }
        }
        if let Some(last) = found.get_mut(group..) {
            last.sort_by(|a, b| a.start.arn.cmp(&b.start.arn));
        }
        if found.len() > limit {
            found.truncate(limit);
            list.upto = found.last().map(ListCursor::of);
        }
        list
    }

    /// What can be told of an execution before its record is read.
    fn may_be_admitted(&self, filter: &ListFilter, slot: &Slot) -> bool {
        let open = slot.phase == Phase::Open;
        let other_status = open && filter.status.is_some_and(|status| status != Status::Running);
        let pin = self.pins.get(slot.pin).map(|pinned| &pinned.pin);
        !other_status
            && pin.is_some_and(|pin| {
                filter.version_arn.as_ref().is_none_or(|arn| pin.version_arn.as_ref() == Some(arn))
                    && filter.alias_arn.as_ref().is_none_or(|arn| pin.alias_arn.as_ref() == Some(arn))
            })
    }
}
