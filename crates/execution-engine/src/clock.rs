//! The time of a shard: follows the wall clock, never goes backwards, and goes on when the wall clock is set back.

use state_machine::Millis;
use std::time::Duration;

/// How long to wait for messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Patience {
    /// Not at all.
    None,
    /// Up to this long.
    Until(Duration),
}

/// Where time comes from.
pub(crate) trait Clock: Send + Sync {
    /// Time that only goes forward, from any beginning.
    fn steady(&self) -> Duration;
    /// Time of day in milliseconds since 1970; may be set in either direction.
    fn wall(&self) -> Millis;
}

/// The clock of one shard.
///
/// While the wall clock is ahead it is followed at once. When it was set back, this clock goes on at half speed until the
/// wall clock has caught up: never backwards, never standing, so that timers go on.
#[derive(Debug)]
pub(crate) struct ShardClock {
    now: Millis,
    seen: Duration,
    /// Half milliseconds gone by while ahead of the wall clock, not yet counted.
    rest: i64,
}

impl ShardClock {
    /// A clock that begins no earlier than `at_least` (the last time the log knows).
    pub(crate) fn new(at_least: Millis, clock: &dyn Clock) -> ShardClock {
        ShardClock { now: clock.wall().max(at_least), seen: clock.steady(), rest: 0 }
    }

    /// The present time.
    pub(crate) fn now(&mut self, clock: &dyn Clock) -> Millis {
        let (steady, wall) = (clock.steady(), clock.wall());
        let gone = steady.saturating_sub(self.seen);
        let millis = i64::try_from(gone.as_millis()).unwrap_or(i64::MAX);
        self.seen += Duration::from_millis(u64::try_from(millis).unwrap_or(0));
        if wall >= self.now {
            self.now = wall;
            self.rest = 0;
        } else {
            self.rest = self.rest.saturating_add(millis);
            self.now = self.now.saturating_add(self.rest / 2);
            self.rest %= 2;
        }
        self.now
    }

    /// Goes forward to a time that this shard has recorded: one that the log does not tell any more since everything of
    /// it is in the archive.
    pub(crate) fn not_before(&mut self, recorded: Millis) {
        self.now = self.now.max(recorded);
    }

    /// The time last told.
    pub(crate) fn last(&self) -> Millis {
        self.now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Mutex;

    struct Hands(Mutex<(u64, Millis)>);
    impl Clock for Hands {
        fn steady(&self) -> Duration {
            Duration::from_millis(self.0.lock().unwrap().0)
        }
        fn wall(&self) -> Millis {
            self.0.lock().unwrap().1
        }
    }

    #[test]
    fn a_clock_set_forward_is_followed_and_one_set_back_is_waited_for() {
        let hands = Hands(Mutex::new((0, 1_000)));
        let mut clock = ShardClock::new(0, &hands);
        assert_eq!(clock.now(&hands), 1_000);
        *hands.0.lock().unwrap() = (10, 5_000);
        assert_eq!(clock.now(&hands), 5_000);
        // Set back by four seconds: half speed, never backwards.
        *hands.0.lock().unwrap() = (1_010, 2_000);
        assert_eq!(clock.now(&hands), 5_500);
        *hands.0.lock().unwrap() = (1_011, 2_001);
        assert_eq!(clock.now(&hands), 5_500);
        *hands.0.lock().unwrap() = (1_012, 2_002);
        assert_eq!(clock.now(&hands), 5_501);
        *hands.0.lock().unwrap() = (9_000, 9_990);
        assert_eq!((clock.now(&hands), clock.last()), (9_990, 9_990));
    }

    #[test]
    fn it_begins_no_earlier_than_what_was_recorded() {
        let hands = Hands(Mutex::new((0, 1_000)));
        let mut clock = ShardClock::new(7_000, &hands);
        assert_eq!(clock.now(&hands), 7_000);
        clock.not_before(9_000);
        clock.not_before(8_000);
        assert_eq!(clock.now(&hands), 9_000);
    }
}
