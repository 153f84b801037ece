//! The children of a run: where each stands, and how many stand where.

use crate::archive::{Ended, Left};
use crate::express_list::Row;
use crate::{Counts, Status};
use state_machine::Millis;
use state_machine::history::Payload;

/// Where a child stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Stand {
    /// It did not do well before the redrive, which has not come to it.
    Redrive(Ended),
    Running,
    /// True: it did not do well, and no redrive can help.
    Ended(Ended, bool),
}

#[derive(Debug)]
struct Child {
    items: u32,
    stand: Stand,
    /// Its start, and its end if there is one.
    times: (Millis, Millis),
}

/// The children that were begun, in this attempt or before it, and the counters (API reference, `MapRunItemCounts`,
/// `MapRunExecutionCounts`).
#[derive(Debug, Default)]
pub(super) struct Children {
    list: Vec<Child>,
    /// Items that are known before their children begin, one for each: those count as pending.
    known: bool,
    pub(super) items: Counts,
    pub(super) executions: Counts,
    /// Number of those that run.
    pub(super) running: u64,
    /// Bytes of outputs that are held, and beyond which no more are: their array is far beyond what a state may return, so
    /// the run fails at its end whatever they are.
    bytes: usize,
    most: usize,
}

/// The counter of a stand; results count as written when they are there (as in recordings without a writer).
fn shift(counts: &mut Counts, stand: &Stand, by: impl Fn(&mut u64)) {
    match stand {
        Stand::Redrive(_) => by(&mut counts.pending_redrive),
        Stand::Running => by(&mut counts.running),
        Stand::Ended(ended, terminal) => {
            match ended {
                Ended::Succeeded(_) => {
                    by(&mut counts.succeeded);
                    by(&mut counts.results_written);
                }
                Ended::Failed => by(&mut counts.failed),
                Ended::TimedOut => by(&mut counts.timed_out),
                Ended::Aborted => by(&mut counts.aborted),
            }
            if *terminal {
                by(&mut counts.failures_not_redrivable);
            }
        }
    }
}

impl Children {
    /// None yet. `known`: number of the children to come, where each gets one item of a list that is at hand. `most`: bytes
    /// of outputs that are held.
    pub(super) fn new(known: Option<u64>, most: usize) -> Children {
        let mut children = Children { known: known.is_some(), most, ..Children::default() };
        for counts in [&mut children.items, &mut children.executions] {
            let total = known.unwrap_or(0);
            (counts.total, counts.pending) = (total, total);
        }
        children
    }

    /// Those that an attempt before left: a redrive goes on with the ones that did not do well and can go on. What did
    /// well and whose output is not at hand is asked for it (`again`).
    pub(super) fn go_on(&mut self, left: Vec<Left>) {
        for Left { items, ended, terminal, times } in left {
            let again = ended == Ended::Succeeded(None) || !ended.well() && !terminal;
            self.push(
                items,
                if again { Stand::Redrive(ended) } else { Stand::Ended(ended, terminal) },
                times,
            );
        }
    }

    /// A stand with its output, while outputs are held.
    fn held(&mut self, stand: Stand) -> Stand {
        let Stand::Ended(Ended::Succeeded(Some(output)), terminal) = stand else { return stand };
        if self.bytes > self.most {
            return Stand::Ended(Ended::Succeeded(None), terminal);
        }
        self.bytes += output.len();
        Stand::Ended(Ended::Succeeded(Some(output)), terminal)
    }

    /// One more.
    pub(super) fn push(&mut self, items: u32, stand: Stand, times: (Millis, Millis)) {
        let stand = self.held(stand);
        let known = self.known;
        for (counts, by) in [(&mut self.items, u64::from(items)), (&mut self.executions, 1)] {
            if known {
                counts.pending = counts.pending.saturating_sub(by);
            } else {
                counts.total += by;
            }
            shift(counts, &stand, |counter| *counter += by);
        }
        self.running += u64::from(stand == Stand::Running);
        self.list.push(Child { items, stand, times });
    }

    /// A child stands somewhere else now. `times`: its start, and its end if there is one.
    pub(super) fn put(&mut self, index: u64, stand: Stand, times: (Millis, Millis)) {
        let stand = self.held(stand);
        let child = usize::try_from(index).ok().and_then(|index| self.list.get_mut(index));
        let Some(child) = child else { return };
        child.times = times;
        let before = std::mem::replace(&mut child.stand, stand.clone());
        for (counts, by) in [(&mut self.items, u64::from(child.items)), (&mut self.executions, 1)] {
            shift(counts, &before, |counter| *counter = counter.saturating_sub(by));
            shift(counts, &stand, |counter| *counter += by);
        }
        self.running -= u64::from(before == Stand::Running);
        self.running += u64::from(stand == Stand::Running);
    }

    /// Where a child stands, and its items.
    pub(super) fn get(&self, index: u64) -> Option<(&Stand, u32)> {
        let child = usize::try_from(index).ok().and_then(|index| self.list.get(index))?;
        Some((&child.stand, child.items))
    }

    /// Start of a child, and its end if there is one.
    pub(super) fn times(&self, index: u64) -> (Millis, Millis) {
        let child = usize::try_from(index).ok().and_then(|index| self.list.get(index));
        child.map_or((0, 0), |child| child.times)
    }

    /// All of them, for a list.
    pub(super) fn rows(&self) -> impl Iterator<Item = Row> {
        (0..).zip(&self.list).map(|(index, child)| {
            let row = |ended| Row::of(index, child.items, ended, child.times);
            match &child.stand {
                Stand::Redrive(ended) => Row { status: Status::PendingRedrive, ..row(ended) },
                Stand::Running => Row {
                    index,
                    items: child.items,
                    status: Status::Running,
                    started: child.times.0,
                    stopped: None,
                },
                Stand::Ended(ended, _) => row(ended),
            }
        })
    }

    /// Whether a child runs.
    pub(super) fn runs(&self, index: u64) -> bool {
        matches!(self.get(index), Some((Stand::Running, _)))
    }

    /// How many were begun.
    pub(super) fn len(&self) -> u64 {
        self.list.len() as u64
    }

    /// Places of those that run.
    pub(super) fn all_running(&self) -> Vec<u64> {
        let numbered = (0..).zip(&self.list);
        numbered.filter(|(_, child)| child.stand == Stand::Running).map(|(index, _)| index).collect()
    }

    /// Outputs of those that did well, in their order.
    pub(super) fn outputs(&self) -> impl Iterator<Item = &Payload> {
        self.list.iter().filter_map(|child| match &child.stand {
            Stand::Ended(Ended::Succeeded(output), _) => output.as_ref(),
            _ => None,
        })
    }

    /// The end: what a redrive had not come to is as it was before. None may be running.
    pub(super) fn close(&mut self) {
        for index in 0..self.len() {
            if let Some((Stand::Redrive(ended), _)) = self.get(index) {
                let ended = ended.clone();
                self.put(index, Stand::Ended(ended, false), self.times(index));
            }
        }
    }

    /// For a redrive: how each ended, with the outputs if they have at most `most` bytes together.
    pub(super) fn left(&self, most: usize) -> Vec<Left> {
        let keep = self.outputs().map(|output| output.len()).sum::<usize>() <= most;
        let left = self.list.iter().map(|child| {
            let (ended, terminal) = match &child.stand {
                Stand::Ended(Ended::Succeeded(_), _) if !keep => (Ended::Succeeded(None), false),
                Stand::Ended(ended, terminal) => (ended.clone(), *terminal),
                Stand::Redrive(ended) => (ended.clone(), false),
                Stand::Running => (Ended::Aborted, false),
            };
            Left { items: child.items, ended, terminal, times: child.times }
        });
        left.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_child_is_counted_where_it_stands() {
        let mut children = Children::new(Some(5), usize::MAX);
        for _ in 0..4 {
            children.push(1, Stand::Running, (1, 0));
        }
        children.put(0, Stand::Ended(Ended::Succeeded(Some("1".into())), false), (1, 2));
        children.put(1, Stand::Ended(Ended::Failed, false), (1, 2));
        children.put(2, Stand::Ended(Ended::TimedOut, true), (1, 2));
        assert_eq!((children.running, children.all_running()), (1, vec![3]));
        children.put(3, Stand::Ended(Ended::Aborted, false), (1, 2));
        let counts = Counts {
            pending: 1,
            succeeded: 1,
            results_written: 1,
            failed: 1,
            timed_out: 1,
            aborted: 1,
            total: 5,
            failures_not_redrivable: 1,
            ..Counts::default()
        };
        assert_eq!((children.items, children.executions), (counts, counts));

        let left = children.left(100);
        let mut redriven = Children::new(Some(5), usize::MAX);
        redriven.go_on(left.clone());
        let counts = Counts { pending_redrive: 2, failed: 0, aborted: 0, ..counts };
        assert_eq!(redriven.items, counts);
        assert_eq!(redriven.outputs().count(), 1);
        redriven.put(1, Stand::Running, (3, 0));
        redriven.put(1, Stand::Ended(Ended::Succeeded(Some("2".into())), false), (1, 2));
        redriven.close();
        assert_eq!(
            (redriven.items.succeeded, redriven.items.aborted, redriven.items.pending_redrive),
            (2, 1, 0)
        );
    }

    #[test]
    fn batches_count_their_items_and_outputs_may_be_too_many() {
        let mut children = Children::new(None, usize::MAX);
        children.push(3, Stand::Running, (1, 0));
        children.push(2, Stand::Running, (1, 0));
        children.put(0, Stand::Ended(Ended::Succeeded(Some("123456".into())), false), (1, 2));
        assert_eq!((children.items.total, children.executions.total, children.items.running), (5, 2, 2));
        let left = children.left(5);
        assert_eq!((left[0].ended.clone(), left[1].ended.clone()), (Ended::Succeeded(None), Ended::Aborted));
        let mut again = Children::new(None, usize::MAX);
        again.go_on(left);
        assert_eq!(again.items.pending_redrive, 5);

        let mut few = Children::new(None, 10);
        for _ in 0..9 {
            few.push(1, Stand::Ended(Ended::Succeeded(Some("123456".into())), false), (1, 2));
        }
        assert_eq!(
            (few.items.succeeded, few.outputs().count()),
            (9, 2),
            "a little more than the bound is held"
        );
    }
}
