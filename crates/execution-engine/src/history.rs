//! Pages of histories.

use crate::archive::{Archive, Closed, records};
use crate::log::{Log, Position};
use crate::message::Trail;
use crate::record;
use crate::{Execution, HistoryPage, Status, Unreadable};
use state_machine::history::Event;
use std::sync::Arc;

/// What is asked of a history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    /// The newest first.
    pub(crate) reverse: bool,
    /// The last event of the page before.
    pub(crate) after: Option<u64>,
    /// Most events.
    pub(crate) limit: usize,
}

impl Asked {
    /// First and last event of the page (counted from 1, both included), of a history of `events`.
    fn range(self, events: u64) -> (u64, u64) {
        let limit = self.limit as u64;
        if self.reverse {
            let last = self.after.map_or(events, |after| after.saturating_sub(1).min(events));
            (last.saturating_sub(limit).saturating_add(1).max(1), last)
        } else {
            let first = self.after.unwrap_or(0).saturating_add(1);
            (first, first.saturating_add(limit).saturating_sub(1).min(events))
        }
    }

    fn page(self, mut events: Vec<Event>, total: u64) -> HistoryPage {
        let (first, last) = self.range(total);
        events.retain(|event| (first..=last).contains(&event.id));
        events.sort_unstable_by_key(|event| event.id);
        let more = if self.reverse { first > 1 && last > 0 } else { last < total };
        if self.reverse {
            events.reverse();
        }
        HistoryPage { events, more }
    }
}

fn unreadable(error: impl std::fmt::Display) -> Unreadable {
    Unreadable(error.to_string())
}

/// First event and number of events of a record; (0, 0) for one without.
pub(crate) fn span(bytes: &[u8], seeds: &[Arc<str>]) -> Result<(u64, u64), Unreadable> {
    let (head, reader) = record::take_execution(bytes, seeds).map_err(unreadable)?;
    if head.has_turn { record::span(reader).map_err(unreadable) } else { Ok((0, 0)) }
}

/// Bytes of data in a page; one that would hold more has fewer events (API reference, `GetExecutionHistory`, `maxResults`:
/// "the actual number of results returned per call might be fewer"). The number is ours.
const PAGE_BYTES: usize = 8 << 20;

/// Events of a page that is being put together.
#[derive(Default)]
struct Found {
    events: Vec<Event>,
    bytes: usize,
}

impl Found {
    /// Takes those of a record that are in the range.
    fn take(&mut self, bytes: &[u8], seeds: &[Arc<str>], (from, to): (u64, u64)) -> Result<(), Unreadable> {
        let (head, mut reader) = record::take_execution(bytes, seeds).map_err(unreadable)?;
        if head.has_turn {
            let turn = record::turn(&mut reader, &head).map_err(unreadable)?;
            for event in turn.events.into_iter().filter(|event| (from..=to).contains(&event.id)) {
                self.bytes += event.kind.weight();
                self.events.push(event);
            }
        }
        Ok(())
    }

    /// Whether a smaller page must do.
    fn is_too_much(&self, asked: Asked) -> bool {
        self.bytes > PAGE_BYTES && asked.limit > 1
    }
}

/// Asks for smaller and smaller pages until one is not too large.
fn fitting(
    mut asked: Asked,
    page: impl Fn(Asked) -> Result<Option<HistoryPage>, Unreadable>,
) -> Result<HistoryPage, Unreadable> {
    loop {
        if let Some(page) = page(asked)? {
            return Ok(page);
        }
        asked.limit = (asked.limit / 2).max(1);
    }
}

/// A page of an execution whose newest records are in the log.
pub(crate) fn of_open(
    log: &Log,
    archive: &Archive,
    trail: &Trail,
    asked: Asked,
) -> Result<HistoryPage, Unreadable> {
    fitting(asked, |asked| try_open(log, archive, trail, asked))
}

fn try_open(
    log: &Log,
    archive: &Archive,
    trail: &Trail,
    asked: Asked,
) -> Result<Option<HistoryPage>, Unreadable> {
    let seeds = record::seeds(&trail.start);
    let mut found = Found::default();
    let mut at = trail.last;
    let mut total = None;
    let mut archived: Option<Vec<u64>> = None;
    let mut oldest = u64::MAX;
    while !at.is_none() {
        let bytes = log.read(at).map_err(unreadable)?;
        let (head, reader) = record::take_execution(&bytes, &seeds).map_err(unreadable)?;
        let (first, count) = if head.has_turn { record::span(reader).map_err(unreadable)? } else { (0, 0) };
        if count > 0 {
            let total = *total.get_or_insert(first + count - 1);
            let (from, to) = asked.range(total);
            oldest = first;
            if first <= to && first + count > from {
                found.take(&bytes, &seeds, (from, to))?;
                if found.is_too_much(asked) {
                    return Ok(None);
                }
            }
            if first <= from {
                archived = None;
                break;
            }
        }
        let skipped = total.is_some_and(|total| oldest.saturating_sub(asked.range(total).1) > FAR);
        let to_snapshot = skipped && head.has_snapshot && !head.previous_snapshot.is_none();
        if let Some(opening) = head.opening {
            archived = Some(opening.archived);
        }
        at = if to_snapshot {
            jump(log, head.previous_snapshot, head.previous, &seeds, asked, total)?
        } else {
            head.previous
        };
    }
    // What is older than the log.
    if let Some(firsts) = archived {
        let total = match total {
            Some(total) => total,
            None => last_of(archive, &trail.start.arn, &firsts, &seeds)?,
        };
        of_parts(archive, &trail.start.arn, &firsts, (asked, total), &seeds, &mut found)?;
        return Ok((!found.is_too_much(asked)).then(|| asked.page(found.events, total)));
    }
    Ok(Some(asked.page(found.events, total.unwrap_or(0))))
}

/// Events between a record and the page, from which on it pays to go from snapshot to snapshot.
const FAR: u64 = 200;

/// The snapshot before, if the page does not begin behind it; otherwise the record before.
fn jump(
    log: &Log,
    snapshot: Position,
    previous: Position,
    seeds: &[Arc<str>],
    asked: Asked,
    total: Option<u64>,
) -> Result<Position, Unreadable> {
    let bytes = log.read(snapshot).map_err(unreadable)?;
    let (first, count) = span(&bytes, seeds)?;
    let to = total.map_or(0, |total| asked.range(total).1);
    Ok(if count > 0 && first > to { snapshot } else { previous })
}

fn last_of(archive: &Archive, arn: &str, firsts: &[u64], seeds: &[Arc<str>]) -> Result<u64, Unreadable> {
    let Some(last) = firsts.len().checked_sub(1) else { return Ok(0) };
    let part = archive.part(arn, last)?;
    let mut end = 0;
    for record in records(&part) {
        let (first, count) = span(record?, seeds)?;
        end = end.max(first + count.saturating_sub(1));
    }
    Ok(end)
}

fn of_parts(
    archive: &Archive,
    arn: &str,
    firsts: &[u64],
    (asked, total): (Asked, u64),
    seeds: &[Arc<str>],
    found: &mut Found,
) -> Result<(), Unreadable> {
    let (from, to) = asked.range(total);
    for (number, first) in firsts.iter().enumerate() {
        let ends_before = firsts.get(number + 1).is_some_and(|next| *next <= from);
        if *first > to || ends_before {
            continue;
        }
        for record in records(&archive.part(arn, number)?) {
            found.take(record?, seeds, (from, to))?;
            if found.is_too_much(asked) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// A page of an execution that is in the archive.
pub(crate) fn of_closed(archive: &Archive, closed: &Closed, asked: Asked) -> Result<HistoryPage, Unreadable> {
    let start = &closed.execution.start;
    let seeds = record::seeds(start);
    fitting(asked, |asked| {
        let mut found = Found::default();
        of_parts(archive, &start.arn, &closed.parts, (asked, closed.events), &seeds, &mut found)?;
        for record in records(&closed.rest) {
            found.take(record?, &seeds, asked.range(closed.events))?;
        }
        Ok((!found.is_too_much(asked)).then(|| asked.page(found.events, closed.events)))
    })
}

impl Execution {
    /// Whether a redrive of its Map Run that has come to the child `reach` will come to it.
    pub(crate) fn awaits_redrive(&self, reach: u64) -> bool {
        matches!(self.status, Status::Failed | Status::TimedOut | Status::Aborted)
            && self.has_room()
            && self.child.is_some_and(|child| child.index >= reach)
    }

    /// Shows it as one that waits for the redrive of its Map Run (developer guide, "Redriving Map Runs": pending redrive).
    pub(crate) fn pend(&mut self, reach: Option<u64>) {
        if reach.is_some_and(|reach| self.awaits_redrive(reach)) {
            self.status = Status::PendingRedrive;
        }
    }
}

/// Bytes of a history that are held in memory before they go into the archive.
const AT_ONCE: usize = 8 << 20;

/// All records of an execution in the log, cut into parts behind those that are archived already. Of a very long history
/// only the end comes back; what is before it is in the archive then.
pub(crate) fn collect(
    log: &Log,
    archive: &Archive,
    trail: &Trail,
) -> Result<crate::archive::Parts, Unreadable> {
    let seeds = record::seeds(&trail.start);
    let mut chain = Vec::new();
    let mut at = trail.last;
    let mut archived = Vec::new();
    while !at.is_none() {
        let bytes = log.read(at).map_err(unreadable)?;
        let (head, _) = record::take_execution(&bytes, &seeds).map_err(unreadable)?;
        chain.push(at);
        at = head.previous;
        if let Some(opening) = head.opening {
            archived = opening.archived;
        }
    }
    let mut parts = crate::archive::Parts::after(archived);
    for at in chain.into_iter().rev() {
        let bytes = log.read(at).map_err(unreadable)?;
        let (first, count) = span(&bytes, &seeds)?;
        if count > 0 {
            parts.push(first, &bytes);
        }
        if parts.size() >= AT_ONCE {
            let (firsts, _) = parts.finish(false);
            archive.keep_parts(&trail.start.arn, &parts)?;
            parts = crate::archive::Parts::after(firsts);
        }
    }
    Ok(parts)
}
