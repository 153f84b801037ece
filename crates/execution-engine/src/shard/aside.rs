//! Turns that are too slow for the shard: they wait here, and go one by one to a thread of their own ([`crate::aside`]).
//!
//! While an execution's turn is away its other wakes wait behind it. One that only waits to go takes part in everything.
//! What goes away is what is in the log, so no failure to write can undo it meanwhile.

use super::turn::{Ran, Reason, refuse};
use super::{Load, Phase, Reply, Runnable, Shard};
use crate::ChangeRefusal;
use crate::aside::{Job, TurnJob, Worked};
use crate::weight::Weight;
use state_machine::guard::Cancel;
use state_machine::interpret::{Execution, Wake};
use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

/// Answers of tasks that wait for slow expressions, in number and bytes: more than the cloud's own calls there are at once.
/// Beyond it they are refused; a caller that waited here for hours would hold a place of all callers.
const ANSWERS: Load = Load { count: 5_000, bytes: 32 << 20 };

/// The slow turns of a shard.
#[derive(Default)]
pub(super) struct Slow {
    /// By program, which take turns: however many bombs one machine has, another's slow turn waits for one of them.
    waiting: VecDeque<(Program, VecDeque<Runnable>)>,
    /// Slots and numbers of executions for which a `Continue` is waiting: one is enough.
    going_on: HashSet<(u32, u64)>,
    away: Option<Away>,
    /// Answers that wait, behind the turn that is away, too.
    answers: Answers,
}

/// A program by its place in memory.
type Program = usize;

/// How many answers wait.
#[derive(Default)]
struct Answers(Load);

impl Answers {
    fn add(&mut self, next: &Runnable) {
        if matches!(next.reply, Reply::Answer(_)) {
            self.0.count += 1;
            self.0.bytes += next.wake.weight();
        }
    }

    fn subtract(&mut self, next: &Runnable) {
        if matches!(next.reply, Reply::Answer(_)) {
            self.0.count = self.0.count.saturating_sub(1);
            self.0.bytes = self.0.bytes.saturating_sub(next.wake.weight());
        }
    }
}

/// The turn that is being run.
struct Away {
    slot: u32,
    number: u64,
    reply: Reply,
    cancel: Cancel,
    /// Wakes that came for it meanwhile.
    behind: Vec<Runnable>,
}

impl Slow {
    /// Whether a turn could go.
    pub(super) fn is_ready(&self) -> bool {
        self.away.is_none() && !self.waiting.is_empty()
    }

    /// Whether an answer must come again later.
    fn is_too_much(&self, next: &Runnable) -> bool {
        matches!(next.reply, Reply::Answer(_)) && self.answers.0.exceeds(ANSWERS)
    }

    fn put(&mut self, program: Program, next: Runnable) {
        let place = (next.slot, next.number);
        if matches!(next.wake, Wake::Continue) && !self.going_on.insert(place) {
            return;
        }
        self.answers.add(&next);
        match self.waiting.iter_mut().find(|(other, _)| *other == program) {
            Some((_, queue)) => queue.push_back(next),
            None => self.waiting.push_back((program, VecDeque::from([next]))),
        }
    }

    /// The next of the programs' turns that may go.
    fn take(&mut self, may_go: impl Fn(&Runnable) -> bool) -> Option<Runnable> {
        for _ in 0..self.waiting.len() {
            let (program, mut queue) = self.waiting.pop_front()?;
            let next = queue.iter().position(&may_go).and_then(|at| queue.remove(at));
            if !queue.is_empty() {
                self.waiting.push_back((program, queue));
            }
            if let Some(next) = next {
                self.answers.subtract(&next);
                if matches!(next.wake, Wake::Continue) {
                    self.going_on.remove(&(next.slot, next.number));
                }
                return Some(next);
            }
        }
        None
    }
}

impl Drop for Slow {
    fn drop(&mut self) {
        // Nobody waits for it any more.
        if let Some(away) = &self.away {
            away.cancel.cancel();
        }
    }
}

impl Shard {
    /// A turn that was found slow waits for its time, if there is room for it.
    pub(super) fn found_slow(&mut self, execution: &Execution, next: Runnable) {
        if self.slow.is_too_much(&next) {
            refuse_answer(next);
        } else {
            self.set_aside(execution, next);
        }
    }

    fn set_aside(&mut self, execution: &Execution, next: Runnable) {
        self.slow.put(Arc::as_ptr(execution.program()).addr(), next);
    }

    /// Puts a wake behind the turn of its execution that is away; gives it back if there is none. Who stops an execution
    /// does not wait for its expressions.
    pub(super) fn wait_behind(&mut self, next: Runnable) -> Option<Runnable> {
        let is_behind = |away: &&mut Away| away.slot == next.slot && away.number == next.number;
        let is_too_much = self.slow.is_too_much(&next);
        let Some(away) = self.slow.away.as_mut().filter(is_behind) else { return Some(next) };
        if is_too_much {
            refuse_answer(next);
            return None;
        }
        if matches!(next.wake, Wake::Stop(_)) {
            away.cancel.cancel();
        }
        self.slow.answers.add(&next);
        away.behind.push(next);
        None
    }

    /// Sends the next slow turn away. Only between two batches: what a batch holds is not in the log yet.
    pub(super) fn send_away(&mut self) {
        let stalled = self.is_stalled();
        while self.slow.away.is_none() {
            let slots = &self.slots;
            let express =
                |next: &Runnable| slots.entry(next.slot).is_some_and(|slot| slot.phase == Phase::Express);
            let Some(next) = self.slow.take(|next| !stalled || express(next)) else { return };
            let Some((next, slot)) = self.still_there(next) else { continue };
            let hot = match self.heat(next.slot) {
                Ok(hot) => hot,
                Err(error) => {
                    self.unreadable(next, error);
                    continue;
                }
            };
            let cancel = Cancel::default();
            let job = TurnJob {
                shard: self.index,
                slot: next.slot,
                number: next.number,
                hash: slot.hash,
                tokens: self.around.tokens.clone(),
                outside: self.around.outside.clone(),
                execution: hot.execution.clone(),
                wake: next.wake,
                now: self.clock.last().max(hot.now),
                seed: self.seed(),
                budget: self.around.limits.budget,
                cancel: cancel.clone(),
            };
            self.keep_hot(next.slot, hot);
            let (slot, number, reply) = (next.slot, next.number, next.reply);
            self.slow.away = Some(Away { slot, number, reply, cancel, behind: Vec::new() });
            self.around.aside.work(Job::Turn(Box::new(job)));
        }
    }

    /// A turn comes back, to be recorded like any other.
    pub(super) fn worked(&mut self, worked: Worked) {
        let Some(away) = self.slow.away.take() else { return };
        let Worked { slot, number, wake, now, execution, turned, is_cancelled } = worked;
        let next = Runnable { slot, number, wake, reply: away.reply };
        if let Some((next, slot)) = self.still_there(next) {
            // What cannot be written now is run once more when it can.
            if is_cancelled || self.is_stalled() && slot.phase != Phase::Express {
                self.set_aside(&execution, next);
            } else {
                match (turned, self.heat(next.slot)) {
                    (Ok(turned), Ok(mut hot)) => {
                        hot.execution = execution;
                        hot.now = now;
                        let ran = Ran::new(next.wake, next.reply, None, now, turned, Reason::Clock);
                        self.record(next.slot, slot, Some(slot), hot, ran);
                    }
                    (Ok(_), Err(error)) => self.unreadable(next, error),
                    (Err(_), hot) => {
                        if let Ok(hot) = hot {
                            self.keep_hot(next.slot, hot);
                        }
                        refuse(next.reply, ChangeRefusal::NotFound);
                    }
                }
            }
        }
        for next in away.behind.into_iter().rev() {
            self.slow.answers.subtract(&next);
            self.runnable.push_front(next);
        }
    }
}

fn refuse_answer(next: Runnable) {
    let why = "too many answers wait for slow expressions".to_owned();
    refuse(next.reply, ChangeRefusal::Overloaded(why));
}
