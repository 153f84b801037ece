//! Work that waits for workers: in memory, put back by the engine's dispatches after a restart.

use crate::task::{Held, Shelf};
use execution_engine::Dispatch;
use parking_lot::Mutex;
use state_machine::interpret::Ticket;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;

/// Workers that may wait for one activity at once (developer guide, "Service quotas": 1,000 pollers per ARN).
const POLLERS: usize = 1000;
/// Cancelled work that may stand in a queue before it is looked through.
const DEAD: usize = 64;

/// By execution and ticket.
pub(crate) type Key = (Arc<str>, Ticket);

/// All queues.
#[derive(Default)]
pub(crate) struct Board {
    state: Mutex<State>,
    shelf: Shelf,
}

#[derive(Default)]
struct State {
    /// By ARN of the activity.
    queues: HashMap<Arc<str>, Queue>,
    /// Where work waits. What is not here any more was cancelled.
    places: HashMap<Key, Arc<str>>,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<(Key, Held)>,
    /// How much of it was cancelled.
    dead: usize,
    came: Arc<Notify>,
    pollers: usize,
}

/// A worker's place at a queue; given back when dropped.
pub(crate) struct Poller {
    board: Arc<Board>,
    activity_arn: Arc<str>,
    came: Arc<Notify>,
}

impl Drop for Poller {
    fn drop(&mut self) {
        let mut state = self.board.state.lock();
        if let Some(queue) = state.queues.get_mut(&self.activity_arn) {
            queue.pollers -= 1;
        }
        state.tidy(&self.activity_arn);
        drop(state);
        // A notice meant for this worker must reach another.
        self.came.notify_one();
    }
}

impl State {
    /// Gives up a queue that holds nothing and at which nobody waits.
    fn tidy(&mut self, activity_arn: &str) {
        if self.queues.get(activity_arn).is_some_and(|queue| queue.waiting.is_empty() && queue.pollers == 0) {
            self.queues.remove(activity_arn);
        }
    }
}

impl Board {
    /// Puts work at the end of its queue.
    pub(crate) fn put(&self, activity_arn: &Arc<str>, work: Dispatch) {
        let key = (work.execution.arn.clone(), work.task.ticket);
        self.put_held(activity_arn, key, self.shelf.hold(work));
    }

    /// Puts work back that was taken out and could not be told.
    pub(crate) fn put_back(&self, activity_arn: &Arc<str>, (key, held): (Key, Held)) {
        // It comes as it went: what was whole is counted anew.
        let held = match held {
            Held::Whole(dispatch, _) => self.shelf.hold(*dispatch),
            token @ Held::Token(..) => token,
        };
        self.put_held(activity_arn, key, held);
    }

    fn put_held(&self, activity_arn: &Arc<str>, key: Key, held: Held) {
        let mut state = self.state.lock();
        state.places.insert(key.clone(), activity_arn.clone());
        let queue = state.queues.entry(activity_arn.clone()).or_default();
        queue.waiting.push_back((key, held));
        let came = queue.came.clone();
        drop(state);
        came.notify_one();
    }

    /// Takes work out that is no longer wanted.
    pub(crate) fn cancel(&self, execution_arn: &str, ticket: Ticket) {
        let mut state = self.state.lock();
        let State { queues, places } = &mut *state;
        let Some(activity_arn) = places.remove(&(Arc::from(execution_arn), ticket)) else { return };
        let Some(queue) = queues.get_mut(&activity_arn) else { return };
        queue.dead += 1;
        // Looked through when half of it is dead: a thousand cancelled tasks cost no thousand looks at a long queue.
        if queue.dead >= DEAD.max(queue.waiting.len() / 2) || queue.dead >= queue.waiting.len() {
            queue.dead = 0;
            queue.waiting.retain(|(key, held)| {
                let lives = places.contains_key(key);
                if !lives {
                    self.shelf.let_go(held);
                }
                lives
            });
            state.tidy(&activity_arn);
        }
    }

    /// Gives up the queue of an activity that is gone and holds nothing.
    pub(crate) fn forget(&self, activity_arn: &str) {
        self.state.lock().tidy(activity_arn);
    }

    /// Forgets all work.
    pub(crate) fn clear(&self) {
        let mut state = self.state.lock();
        state.places.clear();
        for queue in state.queues.values_mut() {
            queue.dead = 0;
            queue.waiting.drain(..).for_each(|(_, held)| self.shelf.let_go(&held));
        }
    }

    /// A place for a worker; `None` when too many wait already.
    pub(crate) fn poller(self: &Arc<Board>, activity_arn: &str) -> Option<Poller> {
        let mut state = self.state.lock();
        let activity_arn: Arc<str> = activity_arn.into();
        let queue = state.queues.entry(activity_arn.clone()).or_default();
        if queue.pollers >= POLLERS {
            return None;
        }
        queue.pollers += 1;
        Some(Poller { board: self.clone(), activity_arn, came: queue.came.clone() })
    }

    /// The next piece of work, when there is one. The future may be dropped: nothing is lost then.
    pub(crate) async fn next(&self, poller: &Poller) -> (Key, Held) {
        loop {
            let came = poller.came.notified();
            if let Some(work) = self.take(&poller.activity_arn) {
                return work;
            }
            came.await;
        }
    }

    fn take(&self, activity_arn: &str) -> Option<(Key, Held)> {
        let mut state = self.state.lock();
        let State { queues, places } = &mut *state;
        let queue = queues.get_mut(activity_arn)?;
        while let Some((key, held)) = queue.waiting.pop_front() {
            self.shelf.let_go(&held);
            if places.remove(&key).is_some() {
                return Some((key, held));
            }
            queue.dead = queue.dead.saturating_sub(1);
        }
        None
    }

    /// How many pieces of work wait for an activity.
    #[cfg(test)]
    pub(crate) fn waiting(&self, activity_arn: &str) -> usize {
        let state = self.state.lock();
        state.queues.get(activity_arn).map_or(0, |queue| queue.waiting.len() - queue.dead)
    }
}
