//! Lists of executions: put together from what shards and archive tell.
//!
//! Filters are applied to executions one by one, so whoever looks through a list stops after a while, however few it has
//! found, and says how far it came: a page may hold less than was asked for (API reference, `ListExecutions`,
//! `maxResults`), and no list holds up a shard.

use crate::{Execution, ListCursor, ListFilter, ListPage, Status};
use state_machine::history::Failure;
use std::cmp::{Ordering, Reverse};

/// Executions a shard brings into memory for one list, and all that it looks at.
pub(crate) const READ: usize = 2_000;
pub(crate) const LOOKED_AT: usize = 50_000;
/// Bytes of an input that lists hold.
const SHORT: usize = 256;
/// Closed executions looked at for one list.
pub(crate) const SCANNED: usize = 10_000;

/// A part of a list: everything of its source up to a place.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    /// In order.
    pub(crate) executions: Vec<Execution>,
    /// How far the source was looked through; `None`: to its end.
    pub(crate) upto: Option<ListCursor>,
}

impl Execution {
    /// As lists hold it: a thousand long inputs and outputs are not carried along for nothing.
    pub(crate) fn without_data(mut self) -> Execution {
        if self.start.input.len() > SHORT {
            self.start.input = "".into();
        }
        (self.output, self.failure) = (None, Failure::default());
        self
    }
}

impl ListCursor {
    /// The place of an execution.
    pub(crate) fn of(execution: &Execution) -> ListCursor {
        ListCursor { started: execution.start.at, arn: execution.start.arn.clone() }
    }

    /// The place behind all that began in this millisecond.
    pub(crate) fn behind(started: state_machine::Millis) -> ListCursor {
        ListCursor { started, arn: "\u{10FFFF}".into() }
    }

    /// Newest first, equal times by ARN.
    pub(crate) fn order(&self, other: &ListCursor) -> Ordering {
        (Reverse(self.started), &self.arn).cmp(&(Reverse(other.started), &other.arn))
    }
}

/// One page out of the lists of the shards and of the archive; an execution that is in both counts as open.
pub(crate) fn merge(open: Vec<Listed>, closed: Listed, limit: usize) -> ListPage {
    let mut upto: Option<ListCursor> = None;
    let mut all: Vec<Execution> = Vec::new();
    let known: std::collections::HashSet<_> =
        open.iter().flat_map(|part| &part.executions).map(|one| one.start.arn.clone()).collect();
    let mut closed = closed;
    closed.executions.retain(|one| !known.contains(&one.start.arn));
    for part in open.into_iter().chain([closed]) {
        all.extend(part.executions);
        upto = match (upto, part.upto) {
            (Some(a), Some(b)) => Some(if a.order(&b).is_le() { a } else { b }),
            (a, b) => a.or(b),
        };
    }
    // Behind the place where one of them stopped there may be others before these.
    all.retain(|one| upto.as_ref().is_none_or(|upto| ListCursor::of(one).order(upto).is_le()));
    all.sort_by(|a, b| ListCursor::of(a).order(&ListCursor::of(b)));
    if all.len() > limit {
        all.truncate(limit);
        upto = all.last().map(ListCursor::of);
    }
    ListPage { executions: all, next: upto }
}

impl ListFilter {
    /// Whether an execution of the list's owner belongs into the list.
    pub(crate) fn admits(&self, execution: &Execution) -> bool {
        self.status.is_none_or(|status| status == execution.status)
            && self.version_arn.as_ref().is_none_or(|arn| execution.start.version_arn.as_ref() == Some(arn))
            && self.alias_arn.as_ref().is_none_or(|arn| execution.start.alias_arn.as_ref() == Some(arn))
            && self.redriven.is_none_or(|redriven| redriven == (execution.redrives.0 > 0))
    }

    /// Whether it may admit a closed execution that was redriven since, and is open again.
    pub(crate) fn admits_the_past(&self) -> bool {
        self.status.is_some_and(|status| status != Status::Running) || self.redriven == Some(false)
    }
}
