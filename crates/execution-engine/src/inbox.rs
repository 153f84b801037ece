//! The way into a shard: a queue bounded in number and bytes that is emptied as a whole.

use crate::clock::Patience;
use crate::weight::Weight;
use parking_lot::{Condvar, Mutex};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What does not fit is refused: bursts meet back-pressure, memory does not grow.
pub(crate) struct Inbox<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
    /// Bytes of messages that the shard has taken out and that wait there for room.
    aside: AtomicUsize,
    capacity: Capacity,
}

/// What may wait. As much again is with the shard, which has taken it out to work on it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Capacity {
    /// Most messages.
    pub(crate) messages: usize,
    /// Most bytes, by [`Weight`].
    pub(crate) bytes: usize,
}

impl Capacity {
    /// For queues whose senders bound what they put in.
    pub(crate) const ENDLESS: Capacity = Capacity { messages: usize::MAX, bytes: usize::MAX };

    fn share(self, percent: usize) -> Capacity {
        Capacity { messages: self.messages / 100 * percent, bytes: self.bytes / 100 * percent }
    }
}

struct State<T> {
    waiting: VecDeque<T>,
    /// Of those that wait.
    bytes: usize,
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

impl<T: Weight> Inbox<T> {
    pub(crate) fn new(capacity: Capacity) -> Inbox<T> {
        let state = State { waiting: VecDeque::new(), bytes: 0, closed: false };
        Inbox { state: Mutex::new(state), filled: Condvar::new(), aside: AtomicUsize::new(0), capacity }
    }

    /// Puts one in, if less than `share` percent of the capacity is taken, in number and in bytes: calls that begin
    /// something get less than calls that bring something to its end.
    pub(crate) fn send(&self, message: T, share: usize) -> Result<(), Refused<T>> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(Refused::Closed(message));
        }
        let share = self.capacity.share(share);
        if state.waiting.len() >= share.messages || state.bytes >= share.bytes {
            return Err(Refused::Full(message));
        }
        state.bytes = state.bytes.saturating_add(message.weight());
        state.waiting.push_back(message);
        drop(state);
        self.filled.notify_one();
        Ok(())
    }

    /// Puts one in beyond the capacity: messages between shards, whose number their senders bound.
    pub(crate) fn force(&self, message: T) {
        let mut state = self.state.lock();
        if !state.closed {
            state.bytes = state.bytes.saturating_add(message.weight());
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
            let bytes = messages.iter().map(Weight::weight).sum();
            state.bytes = state.bytes.saturating_add(bytes);
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
        state.bytes = 0;
        // A burst shall not keep its room.
        state.waiting.shrink_to(1_024);
        !(state.closed && into.is_empty())
    }

    /// The shard has set so many bytes more, or less, aside.
    pub(crate) fn set_aside(&self, more: usize, less: usize) {
        self.aside.fetch_add(more, Ordering::Relaxed);
        self.aside.fetch_sub(less, Ordering::Relaxed);
    }

    /// Whether half of its bytes are taken by what waits here.
    pub(crate) fn is_crowded(&self) -> bool {
        self.state.lock().bytes > self.capacity.bytes / 2
    }

    /// Whether as much was set aside.
    pub(crate) fn has_much_aside(&self) -> bool {
        self.aside.load(Ordering::Relaxed) > self.capacity.bytes / 2
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

#[cfg(test)]
mod tests {
    use super::*;

    struct Parcel(usize);
    impl Weight for Parcel {
        fn weight(&self) -> usize {
            self.0
        }
    }

    #[test]
    fn number_and_bytes_are_bounded_and_ends_come_through_longer_than_beginnings() {
        let inbox = Inbox::new(Capacity { messages: 100, bytes: 1_000 });
        let mut begun = 0;
        while inbox.send(Parcel(100), 80).is_ok() {
            begun += 1;
        }
        assert_eq!(begun, 8, "by bytes");
        assert!(inbox.send(Parcel(100), 100).is_ok() && inbox.send(Parcel(100), 100).is_ok());
        assert!(matches!(inbox.send(Parcel(0), 100), Err(Refused::Full(Parcel(0)))));
        inbox.force(Parcel(5_000));
        let mut taken = VecDeque::new();
        assert!(inbox.drain(&mut taken, Patience::None));
        assert_eq!(taken.len(), 11);
        assert_eq!((0..200).filter(|_| inbox.send(Parcel(0), 80).is_ok()).count(), 80, "by number");
        inbox.close();
        assert!(matches!(inbox.send(Parcel(0), 100), Err(Refused::Closed(_))));
    }
}
