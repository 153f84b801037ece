//! Lists of the Express children of a Map Run: they have no rows of their own, their run knows what a list tells.
//!
//! API reference, `ListExecutions`: Express executions are not listed, but for children of Map Runs.

use crate::archive::{Ended, Left};
use crate::listing::Listed;
use crate::shard::{child_arn, child_name};
use crate::{Execution, ListCursor, ListFilter, MapRun, MapRunChild, Status};
use state_machine::Millis;
use state_machine::history::Failure;
use state_machine::interpret::Start;
use std::cmp::Reverse;
use std::sync::Arc;

/// What a run knows of a child.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) index: u64,
    pub(crate) items: u32,
    pub(crate) status: Status,
    pub(crate) started: Millis,
    pub(crate) stopped: Option<Millis>,
}

impl Row {
    /// Of a child that ended.
    pub(crate) fn of(index: u64, items: u32, ended: &Ended, (started, stopped): (Millis, Millis)) -> Row {
        let status = match ended {
            Ended::Succeeded(_) => Status::Succeeded,
            Ended::Failed => Status::Failed,
            Ended::TimedOut => Status::TimedOut,
            Ended::Aborted => Status::Aborted,
        };
        Row { index, items, status, started, stopped: Some(stopped) }
    }

    /// Of the children of a run that has ended.
    pub(crate) fn all(left: &[Left]) -> impl Iterator<Item = Row> {
        (0..).zip(left).map(|(index, left)| Row::of(index, left.items, &left.ended, left.times))
    }
}

/// Up to `limit` children behind `after`, newest first. That one began anew with a redrive cannot be told of it
/// (developer guide, "Redriving Map Runs"), so none counts as redriven.
pub(crate) fn page(
    run: &MapRun,
    rows: impl Iterator<Item = Row>,
    filter: &ListFilter,
    after: Option<&ListCursor>,
    limit: usize,
) -> Listed {
    if filter.redriven == Some(true) {
        return Listed::default();
    }
    let wanted = rows.filter(|row| {
        filter.status.is_none_or(|status| status == row.status)
            && after.is_none_or(|after| row.started <= after.started)
    });
    let mut rows: Vec<Row> = wanted.collect();
    rows.sort_by_key(|row| Reverse(row.started));
    let mut found: Vec<Execution> = Vec::new();
    // Names are made of those alone that are shown, or began in the same millisecond as one of them.
    for group in rows.chunk_by(|a, b| a.started == b.started) {
        let group = group.iter().map(|row| execution(run, row));
        let behind = |one: &Execution| after.is_none_or(|after| ListCursor::of(one).order(after).is_gt());
        let mut group: Vec<Execution> = group.filter(behind).collect();
        group.sort_by(|a, b| a.start.arn.cmp(&b.start.arn));
        found.append(&mut group);
        if found.len() > limit {
            found.truncate(limit);
            let upto = found.last().map(ListCursor::of);
            return Listed { executions: found, upto };
        }
    }
    Listed { executions: found, upto: None }
}

fn execution(run: &MapRun, row: &Row) -> Execution {
    let name: Arc<str> = child_name(&run.arn, row.index).into();
    let machine_name = run.machine_arn.rsplit_once(':').map_or(&*run.machine_arn, |(_, name)| name);
    let start = Start {
        arn: child_arn(&run.arn, &name).into(),
        name,
        role_arn: Arc::default(),
        at: row.started,
        machine_arn: run.machine_arn.clone(),
        machine_name: machine_name.into(),
        alias_arn: None,
        version_arn: None,
        input: Arc::default(),
        map_run: Some(run.arn.clone()),
        processor: None,
        express: true,
    };
    Execution {
        start,
        revision: Arc::default(),
        status: row.status,
        stopped: row.stopped,
        output: None,
        failure: Failure::default(),
        redrives: (0, None),
        trace_header: None,
        child: Some(MapRunChild { index: row.index, items: row.items }),
        events: None,
    }
}
