//! The way into a shard: a bounded queue that is emptied as a whole.

use crate::clock::Patience;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;

/// What does not fit is refused: bursts meet back-pressure, memory does not grow.
pub(crate) struct Inbox<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    /// Most messages waiting.
    capacity: usize,
}

struct State<T> {
    waiting: VecDeque<T>,
    closed: bool,
}

/// Why a message is not taken; the message comes back.
#[derive(Debug)]
pub(crate) enum Refused<T> {
    /// Full.
    Full(T),
    /// The engine was closed.
    Closed(T),
}

impl<T> Inbox<T> {
    pub(crate) fn new(capacity: usize) -> Inbox<T> {
        let state = State { waiting: VecDeque::new(), closed: false };
        Inbox { state: Mutex::new(state), filled: Condvar::new(), capacity }
    }

    /// Puts one in, if there are fewer than `share` percent of the capacity waiting: calls that begin something get less
    /// than calls that bring something to its end.
    pub(crate) fn send(&self, message: T, share: usize) -> Result<(), Refused<T>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refused::Closed(message));
        }
        if state.waiting.len() >= self.capacity / 100 * share {
            return Err(Refused::Full(message));
        }
        state.waiting.push_back(message);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Puts one in beyond the capacity: messages between shards, whose number their senders bound.
    pub(crate) fn force(&self, message: T) {
        let mut state = self.state.lock();
        if !state.closed {
            state.waiting.push_back(message);
            drop(state);
            self.filled.notify_one();
        }
    }

    /// The same with many.
    pub(crate) fn force_all(&self, messages: Vec<T>) {
        if messages.is_empty() {
            return;
        }
        let mut state = self.state.lock();
        if !state.closed {
            state.waiting.extend(messages);
            drop(state);
            self.filled.notify_one();
        }
    }

    /// Takes all that wait; with none there it waits as long as `patience` says. False: closed and empty.
    pub(crate) fn drain(&self, into: &mut VecDeque<T>, patience: Patience) -> bool {
        let mut state = self.state.lock();
        if state.waiting.is_empty() && !state.closed {
            match patience {
                Patience::None => {}
                Patience::Until(time) => drop(self.filled.wait_for(&mut state, time)),
            }
        }
        into.append(&mut state.waiting);
        !(state.closed && into.is_empty())
    }

    /// Whether it was closed.
    pub(crate) fn is_closed(&self) -> bool {
        self.state.lock().closed
    }

    /// Nothing more is taken; the shard ends when it has worked off what is there.
    pub(crate) fn close(&self) {
        self.state.lock().closed = true;
        self.filled.notify_all();
    }
}
