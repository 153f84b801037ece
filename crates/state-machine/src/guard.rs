//! How long a turn may evaluate expressions, and what happens when that is not enough.
//!
//! Expressions come from customers, and some of them are bombs. A turn is therefore run under a guard of one of four kinds:
//!
//! - [`Guard::quick`], on a thread that others wait for. An evaluation that passes a small bound *trips* the guard: its
//!   failure counts for nothing, the turn ends at once, and the caller throws it away. It has [`Guard::steps`] whole steps
//!   before the one that tripped.
//! - [`Guard::full`], on a thread that nobody waits for: every evaluation has its whole time, [`TIME_GUARD`] of the
//!   thread's own CPU. One that passes it fails for good. What such a turn did depends on a clock: the caller keeps its
//!   result and never runs it again.
//! - [`Guard::again`], for a turn that was run under a quick guard and was not thrown away. No clock is looked at: what was
//!   quick once comes to its end again, and the turn is cut where it was cut.
//! - [`Guard::alone`], for callers with one execution: every evaluation has its whole time, by the clock on the wall.

use jsonata_core::evaluator::CancelToken;
use std::cell::Cell;
use std::time::Duration;

/// Longest run of one expression in milliseconds. Unoptimised builds are about ten times slower.
pub const TIME_GUARD: u64 = if cfg!(debug_assertions) { 600 } else { 250 };
/// The same where there is only the clock on the wall, in milliseconds.
const ALONE: u64 = if cfg!(debug_assertions) { 1_500 } else { 250 };
/// Milliseconds an expression, and all those of a turn together, have on a thread that others wait for.
pub const QUICK: u64 = if cfg!(debug_assertions) { 10 } else { 2 };

/// What the guards of a thread look at.
pub trait Watch {
    /// Time that only goes forward, from any beginning.
    fn steady(&self) -> Duration;
    /// CPU time this thread has used: it stands while the machine does.
    fn cpu(&self) -> Duration;
    /// The next evaluation is to be taken for one that is too long, without trying it. Simulations draw lots here.
    fn strikes(&self) -> bool {
        false
    }
}

/// Ends a turn under a full guard from another thread. Copies are the same.
#[derive(Clone, Debug, Default)]
pub struct Cancel(CancelToken);

impl Cancel {
    /// Ends it soon; what it did is to be thrown away.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether it was to end.
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }
}

/// The guard of one turn.
pub struct Guard<'a> {
    kind: Kind<'a>,
    steps: Cell<Option<u32>>,
    tripped: Cell<bool>,
    /// When the first evaluation of the turn began, by the clock of the kind.
    began: Cell<Option<Duration>>,
    /// The longest evaluation.
    longest: Cell<Duration>,
}

#[derive(Clone, Copy)]
enum Kind<'a> {
    Quick(&'a dyn Watch),
    Full(&'a dyn Watch, &'a Cancel),
    Again(Option<u32>),
    Alone,
}

impl<'a> Guard<'a> {
    fn new(kind: Kind<'a>) -> Guard<'a> {
        Guard {
            kind,
            steps: Cell::new(None),
            tripped: Cell::new(false),
            began: Cell::new(None),
            longest: Cell::new(Duration::ZERO),
        }
    }

    /// For a thread that others wait for.
    pub fn quick(watch: &'a dyn Watch) -> Guard<'a> {
        Guard::new(Kind::Quick(watch))
    }

    /// For a thread that nobody waits for. The turn is cut when its evaluations have taken [`TIME_GUARD`] together.
    pub fn full(watch: &'a dyn Watch, cancel: &'a Cancel) -> Guard<'a> {
        Guard::new(Kind::Full(watch, cancel))
    }

    /// For a turn that is run once more. `steps`: it was cut after so many, or is to be.
    pub fn again(steps: Option<u32>) -> Guard<'a> {
        Guard::new(Kind::Again(steps))
    }

    /// For a caller that runs nothing else meanwhile.
    pub fn alone() -> Guard<'a> {
        Guard::new(Kind::Alone)
    }

    /// Whether an evaluation needed more than a quick guard allows: the turn counts for nothing.
    pub fn tripped(&self) -> bool {
        self.tripped.get()
    }

    /// Whole steps of the turn so far; `None`: not even its wake was taken in.
    pub fn steps(&self) -> Option<u32> {
        self.steps.get()
    }

    /// The longest evaluation of a turn under a full guard.
    pub fn longest(&self) -> Duration {
        self.longest.get()
    }

    /// Whether evaluations have the small bounds only.
    pub(crate) fn is_quick(&self) -> bool {
        matches!(self.kind, Kind::Quick(_))
    }

    /// An evaluation passed a bound. True: of a quick guard, so that its failure counts for nothing.
    pub(crate) fn trip(&self) -> bool {
        if self.is_quick() {
            self.tripped.set(true);
        }
        self.is_quick()
    }

    /// The wake was taken in, or a step is done.
    pub fn stepped(&self) {
        self.steps.set(Some(self.steps.get().map_or(0, |steps| steps.saturating_add(1))));
    }

    /// Whether the turn ends here although it could go on.
    pub fn cuts(&self) -> bool {
        let took = |now: Duration| {
            self.began.get().is_some_and(|began| now.saturating_sub(began) > slice(self.kind))
        };
        let some = self.steps.get().is_some_and(|steps| steps > 0);
        match self.kind {
            Kind::Again(steps) => steps.is_some() && self.steps.get() >= steps,
            // Without an evaluation no clock is asked.
            _ if self.began.get().is_none() || !some => false,
            Kind::Quick(watch) => took(watch.steady()),
            Kind::Full(watch, cancel) => cancel.is_cancelled() || took(watch.cpu()),
            Kind::Alone => false,
        }
    }
}

/// What all evaluations of a turn have together.
fn slice(kind: Kind<'_>) -> Duration {
    Duration::from_millis(if matches!(kind, Kind::Full(..)) { TIME_GUARD } else { QUICK })
}

/// One evaluation that needs a clock.
pub(crate) struct Evaluation<'g> {
    guard: Option<&'g Guard<'g>>,
    /// CPU time of this thread when the present attempt began, where it is known.
    began: Option<Duration>,
    /// Milliseconds on the wall the attempt has; `None`: no end.
    wall: Option<u64>,
}

impl<'g> Evaluation<'g> {
    /// Begins one. `None`: it is too long without being tried.
    pub(crate) fn begin(guard: Option<&'g Guard<'g>>) -> Option<Evaluation<'g>> {
        let (began, wall) = match guard.map(|guard| guard.kind) {
            None | Some(Kind::Alone) => (None, Some(ALONE)),
            Some(Kind::Again(_)) => (None, None),
            // To ask the CPU clock costs as much as a short expression.
            Some(Kind::Quick(_)) => (None, Some(QUICK)),
            Some(Kind::Full(watch, _)) => (Some(watch.cpu()), Some(TIME_GUARD)),
        };
        if let Some(guard) = guard
            && let Kind::Quick(watch) | Kind::Full(watch, _) = guard.kind
        {
            if guard.began.get().is_none() {
                guard.began.set(Some(began.unwrap_or_else(|| watch.steady())));
            }
            if watch.strikes() {
                guard.trip();
                return None;
            }
        }
        Some(Evaluation { guard, began, wall })
    }

    /// Milliseconds on the wall that the attempt has.
    pub(crate) fn wall(&self) -> Option<u64> {
        self.wall
    }

    /// What ends the attempt from outside.
    pub(crate) fn cancel(&self) -> Option<CancelToken> {
        match self.guard?.kind {
            Kind::Full(_, cancel) => Some(cancel.0.clone()),
            _ => None,
        }
    }

    /// The attempt took longer than it had. True: it is to be made once more, with more time, since the thread itself did
    /// not work that long: the machine stood, or was busy with something else.
    pub(crate) fn is_early(&mut self) -> bool {
        let (watch, own) = match self.guard.map(|guard| guard.kind) {
            Some(Kind::Quick(watch)) => (watch, QUICK),
            Some(Kind::Full(watch, cancel)) if !cancel.is_cancelled() => (watch, TIME_GUARD),
            _ => return false,
        };
        let now = watch.cpu();
        let worked = self.began.replace(now).map(|began| now.saturating_sub(began));
        let own = Duration::from_millis(own);
        if worked.is_some_and(|worked| worked >= own) {
            return false;
        }
        // As much more as the thread got too little, within reason: the machine may be free again.
        let share = worked.map_or(1, |worked| own.as_micros() / worked.as_micros().max(1));
        let factor = if self.is_quick() { 2 } else { u64::try_from(share).unwrap_or(8).clamp(1, 7) + 1 };
        let factor = if worked.is_none() { 1 } else { factor };
        self.wall = self.wall.map(|wall| wall.saturating_mul(factor));
        true
    }

    fn is_quick(&self) -> bool {
        self.guard.is_some_and(Guard::is_quick)
    }
}

impl Drop for Evaluation<'_> {
    fn drop(&mut self) {
        if let (Some(guard), Some(began)) = (self.guard, self.began)
            && let Kind::Full(watch, _) = guard.kind
        {
            guard.longest.set(guard.longest.get().max(watch.cpu().saturating_sub(began)));
        }
    }
}
