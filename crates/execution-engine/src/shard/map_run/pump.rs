//! Starts children, as many as may run at once.

use super::children::Stand;
use super::{Items, Key, Run};
use crate::NewExecution;
use crate::aside::{ItemJob, Job};
use crate::engine::{hash, shard_of};
use crate::message::{Begin, ChildPlace, Message, StartReply};
use crate::shard::{Draws, Shard};
use state_machine::Value;
use state_machine::guard::Guard;
use state_machine::history::Failure;
use state_machine::interpret::Start;
use std::sync::Arc;

/// Children begun in one round: between them the shard serves others.
const STEP: usize = 2_000;
/// Bytes of their inputs.
const STEP_BYTES: usize = 4 << 20;
/// Bytes of a child's input (Step Functions quotas: 256 KiB); batches are made smaller.
const MOST_BYTES: u64 = 262_144;

impl Shard {
    /// Lets the runs that may go on go on.
    pub(in crate::shard) fn pump(&mut self) {
        // Looked at in every round, of which there is one a second at least.
        if !self.runs.held.is_empty() && !self.has_no_room() {
            self.runs.ready.append(&mut self.runs.held);
        }
        for key in std::mem::take(&mut self.runs.ready) {
            let Some(mut run) = self.runs.active.remove(&key) else { continue };
            if self.slots.check(run.place, key.0).is_none() {
                // Its parent is gone.
                self.close_run(run, crate::MapRunStatus::Aborted);
                continue;
            }
            match self.pump_one(key, &mut run) {
                Ok(again) => {
                    if again {
                        self.runs.ready.insert(key);
                    }
                    if run.failed_too_often() {
                        self.fail_run(key, run, threshold());
                    } else if run.exhausted && run.children.running == 0 {
                        self.finish_run(key, run);
                    } else {
                        self.runs.active.insert(key, run);
                    }
                }
                Err(failure) => self.fail_run(key, run, failure),
            }
        }
    }

    /// Whether children that were begun wait for room, in whichever shard, and maybe for long: no more are begun then.
    fn has_no_room(&self) -> bool {
        self.is_stalled()
            || self.is_behind()
            || self.around.inboxes.iter().any(|inbox| inbox.has_much_aside())
    }

    /// Begins children, or goes on with those of the attempt before; true when more could be begun at once.
    fn pump_one(&mut self, key: Key, run: &mut Run) -> Result<bool, Failure> {
        let mut out: Vec<Vec<Message>> = self.around.inboxes.iter().map(|_| Vec::new()).collect();
        let again = self.pump_step(key, run, &mut out);
        for (inbox, messages) in self.around.inboxes.iter().zip(out) {
            inbox.force_all(messages);
        }
        again
    }

    fn pump_step(&mut self, key: Key, run: &mut Run, out: &mut [Vec<Message>]) -> Result<bool, Failure> {
        // Another round goes on with an item that is being made aside.
        if run.asked.is_some() {
            return Ok(false);
        }
        if self.around.inboxes.iter().any(|inbox| inbox.is_crowded()) {
            // It is being worked off.
            return Ok(true);
        }
        if self.has_no_room() {
            self.runs.held.insert(key);
            return Ok(false);
        }
        let watch = self.around.watch.clone();
        let guard = Guard::quick(&*watch);
        let mut bytes = 0;
        for _ in 0..STEP {
            guard.stepped();
            if guard.cuts() || bytes > STEP_BYTES {
                return Ok(true);
            }
            if run.children.running >= run.limit() || run.failed_too_often() {
                return Ok(false);
            }
            let child = run.next_child;
            let before = run.children.get(child).map(|(stand, items)| (stand.clone(), items));
            if let Some((Stand::Ended(..), items)) = before {
                run.skip(items);
                run.next_child += 1;
                continue;
            }
            // A batch of the attempt before has the same items again.
            let (input, size) = match run.next_input(before.map(|(_, items)| items), &guard)? {
                Next::Made(made) => made,
                Next::None => {
                    run.exhausted = true;
                    return Ok(false);
                }
                Next::Slow => {
                    self.select_aside(key, run);
                    return Ok(false);
                }
            };
            run.next_child += 1;
            let items = u32::try_from(size).unwrap_or(u32::MAX);
            let known = run.known.remove(&child);
            let times = known.as_ref().map_or((self.clock.last(), 0), |left| left.times);
            let stand = known.map_or(Stand::Running, |left| Stand::Ended(left.ended, left.terminal));
            let begins = stand == Stand::Running;
            if child < run.children.len() {
                run.children.put(child, stand, times);
            } else {
                run.children.push(items, stand, times);
            }
            if begins {
                run.open.remove(&child);
                bytes += input.len();
                let begin = begin(self.index, key, run, child, items, input);
                let shard = shard_of(hash(&begin.new.start.arn), out.len());
                out[shard].push(Message::Start(Box::new(begin)));
            }
        }
        Ok(true)
    }

    /// Has the item that a run waits for made aside.
    fn select_aside(&self, key: Key, run: &Run) {
        let Some((index, item)) = run.asked.clone() else { return };
        self.around.aside.work(Job::Item(Box::new(ItemJob {
            shard: self.index,
            key,
            selection: run.selection.clone(),
            index,
            item,
            began: run.began,
            seed: run.seed(index as u64),
        })));
    }

    /// An item was made aside.
    pub(in crate::shard) fn selected(&mut self, key: Key, index: usize, input: Result<Value, Failure>) {
        let Some(run) = self.runs.active.get_mut(&key) else { return };
        if run.asked.take_if(|(asked, _)| *asked == index).is_none() {
            return;
        }
        match input {
            Ok(input) => {
                run.made.push_back(input);
                self.runs.ready.insert(key);
            }
            Err(failure) => {
                if let Some(run) = self.runs.active.remove(&key) {
                    self.fail_run(key, run, failure);
                }
            }
        }
    }
}

/// What comes next of a run.
enum Next<T> {
    Made(T),
    /// Nothing is left.
    None,
    /// It takes too long to be made here.
    Slow,
}

impl Run {
    /// The input of the next child as JSON text, and its number of items: `size`, where that is known from before.
    fn next_input(
        &mut self,
        size: Option<u32>,
        guard: &Guard<'_>,
    ) -> Result<Next<(Arc<str>, usize)>, Failure> {
        let Some(batch) = self.request.batch.clone() else {
            return Ok(match self.next_item(guard)? {
                Next::Made(item) => Next::Made((fitting(item.to_string())?, 1)),
                Next::None => Next::None,
                Next::Slow => Next::Slow,
            });
        };
        let (most_items, most_bytes) = match size {
            Some(size) => (u64::from(size), u64::MAX),
            None => (
                batch.max_items.filter(|most| *most > 0).unwrap_or(u64::MAX),
                batch.max_bytes.filter(|most| *most > 0).unwrap_or(MOST_BYTES).min(MOST_BYTES),
            ),
        };
        // What stands around the items: `{"BatchInput":…,"Items":[]}`.
        let mut bytes = self.selection.batch(Vec::new()).to_string().len() as u64;
        let mut items = Vec::new();
        while (items.len() as u64) < most_items {
            let item = match self.left_over.take() {
                Some(item) => item,
                None => match self.next_item(guard)? {
                    Next::Made(item) => item,
                    Next::None => break,
                    Next::Slow => {
                        // The batch is put together anew when its next item is there.
                        items.into_iter().rev().for_each(|item| self.made.push_front(item));
                        return Ok(Next::Slow);
                    }
                },
            };
            bytes += item.to_string().len() as u64 + 1;
            if bytes > most_bytes && !items.is_empty() {
                self.left_over = Some(item);
                break;
            }
            items.push(item);
        }
        let size = items.len();
        if size == 0 {
            return Ok(Next::None);
        }
        Ok(Next::Made((fitting(self.selection.batch(items).to_string())?, size)))
    }

    /// The next item, as the selector makes it. What it draws and its time follow from the run and the item, so that it
    /// is the same after a restart: batches by size would otherwise get other items.
    fn next_item(&mut self, guard: &Guard<'_>) -> Result<Next<Value>, Failure> {
        if let Some(item) = self.made.pop_front() {
            return Ok(Next::Made(item));
        }
        let item = match &mut self.items {
            Items::Here(items) => usize::try_from(self.next_item).ok().and_then(|at| items.get(at).cloned()),
            Items::There(items) => items.next().transpose()?,
        };
        let Some(item) = item else { return Ok(Next::None) };
        let index = usize::try_from(self.next_item).unwrap_or(usize::MAX);
        let mut draws = Draws::new(self.seed(self.next_item));
        self.next_item += 1;
        let input = self.selection.input_within(index, &item, self.began, &mut || draws.next(), guard);
        if guard.tripped() {
            self.asked = Some((index, item));
            return Ok(Next::Slow);
        }
        input.map(Next::Made)
    }

    /// What the selector draws for an item follows from this.
    fn seed(&self, item: u64) -> u64 {
        hash(&self.info.arn) ^ super::super::mix(item)
    }

    /// Passes items over whose child needs nothing.
    fn skip(&mut self, items: u32) {
        for _ in 0..items {
            if self.left_over.take().is_none() && self.made.pop_front().is_none() {
                if let Items::There(items) = &mut self.items {
                    drop(items.next());
                }
                self.next_item += 1;
            }
        }
    }
}

/// An input that a child can have. One item alone may be larger than its batch shall be, but not larger than any input
/// (Step Functions quotas: 256 KiB; the error's name: developer guide, "Handling errors").
fn fitting(input: String) -> Result<Arc<str>, Failure> {
    if input.len() as u64 <= MOST_BYTES {
        return Ok(input.into());
    }
    let cause = format!(
        "The input of a child workflow execution has {} bytes, more than the {MOST_BYTES} that an input can have.",
        input.len()
    );
    Err(Failure::new("States.DataLimitExceeded", cause))
}

fn threshold() -> Failure {
    Failure::new(
        "States.ExceedToleratedFailureThreshold",
        "The specified tolerated failure threshold was exceeded",
    )
}

/// A child: an ordinary execution, whose name follows from its run and place, so that a redrive finds it again.
fn begin(shard: u16, (parent, ticket): Key, run: &Run, child: u64, items: u32, input: Arc<str>) -> Begin {
    let name: Arc<str> = child_name(&run.info.arn, child).into();
    let arn = child_arn(&run.info.arn, &name);
    let machine_name = run.info.machine_arn.rsplit_once(':').map_or(&*run.info.machine_arn, |(_, name)| name);
    let start = Start {
        arn: arn.into(),
        name,
        role_arn: run.parent.role_arn.clone(),
        at: 0,
        machine_arn: run.info.machine_arn.clone(),
        machine_name: machine_name.into(),
        alias_arn: None,
        version_arn: None,
        input,
        map_run: Some(run.info.arn.clone()),
        processor: Some(run.request.state),
        express: false,
    };
    let new = NewExecution { revision: run.revision.clone(), start, trace_header: None };
    let place = ChildPlace { shard, parent, ticket: ticket.0, index: child, items };
    Begin { new, program: run.program.clone(), reply: StartReply::Child(place) }
}

/// `arn:aws:states:<region>:<account>:execution:<machine>/<label>:<name>`.
pub(crate) fn child_arn(run: &str, name: &str) -> String {
    let head = run.rsplit_once(':').map_or(run, |(head, _)| head);
    format!("{}:{name}", head.replacen(":mapRun:", ":execution:", 1))
}

/// A name as those of AWS look (a UUID), the same for the same child.
pub(crate) fn child_name(run: &str, child: u64) -> String {
    let first = super::super::mix(hash(run) ^ child.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let second = super::super::mix(first ^ hash(run).rotate_left(17));
    format!(
        "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
        first >> 32,
        first >> 16 & 0xffff,
        first & 0xfff,
        (second >> 48 & 0x3fff) | 0x8000,
        second & 0xffff_ffff_ffff
    )
}
