//! Timers of a shard: a hierarchical wheel of milliseconds. Putting one in and taking it out cost the same however many
//! wait.

use state_machine::Millis;
use std::collections::BTreeMap;

/// Slots of a ring and bits of one ring's time.
const BITS: u32 = 8;
const SLOTS: usize = 1 << BITS;
/// Rings of 256 ms, 65 s, 4.6 h, 49 days; what is farther waits in a map.
const RINGS: usize = 4;

/// A timer: whose, and when. Never taken back; whoever gets it looks whether it still holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) at: Millis,
    /// Slot of the execution.
    pub(crate) slot: u32,
    /// Lower half of the execution's number: the slot may be another's by then.
    pub(crate) number: u32,
}

/// The wheel.
pub(crate) struct Wheel {
    /// Everything up to here was handed out.
    now: Millis,
    rings: Vec<Vec<Vec<Due>>>,
    /// Timers per ring, so that empty ones are passed over.
    filled: [usize; RINGS],
    far: BTreeMap<Millis, Vec<Due>>,
}

impl Wheel {
    pub(crate) fn new(now: Millis) -> Wheel {
        let rings = (0..RINGS).map(|_| (0..SLOTS).map(|_| Vec::new()).collect()).collect();
        Wheel { now, rings, filled: [0; RINGS], far: BTreeMap::new() }
    }

    pub(crate) fn insert(&mut self, due: Due) {
        // What is due already comes out with the next millisecond.
        let at = due.at.max(self.now + 1);
        let different = (at ^ self.now).cast_unsigned();
        let ring = different.ilog2() / BITS;
        let ring = ring as usize;
        if ring >= RINGS {
            self.far.entry(at).or_default().push(due);
            return;
        }
        self.filled[ring] += 1;
        self.rings[ring][place(at, ring)].push(due);
    }

    /// Whether timers of this time were handed out already.
    pub(crate) fn has_passed(&self, at: Millis) -> bool {
        at <= self.now
    }

    /// Hands out every timer up to and including `now`, roughly in order.
    pub(crate) fn advance(&mut self, now: Millis, due: &mut Vec<Due>) {
        while self.now < now {
            let next = self.now + 1;
            // Nothing in the near rings: on to the next turn of the first ring that holds something.
            let empty = self.filled.iter().take_while(|filled| **filled == 0).count();
            let skip = if empty == RINGS { RINGS - 1 } else { empty };
            let step: Millis = 1 << (BITS as usize * skip);
            let boundary = (self.now / step + 1) * step;
            self.now = if skip > 0 { boundary.min(now) } else { next };
            self.turn(due);
        }
    }

    /// Earliest moment at which something may be due; never later than the true one.
    pub(crate) fn next(&self) -> Option<Millis> {
        for ring in 0..RINGS {
            if self.filled[ring] == 0 {
                continue;
            }
            let unit = 1_i64 << (BITS as usize * ring);
            let base = self.now / unit;
            // A ring holds its present turn only: places behind the present one.
            let last = base | ((1 << BITS) - 1);
            for time in base..=last {
                if !self.rings[ring][place(time * unit, ring)].is_empty() {
                    return Some((time * unit).max(self.now + 1));
                }
            }
        }
        self.far.keys().next().map(|at| {
            let unit = 1_i64 << (BITS as usize * RINGS);
            (at / unit * unit).max(self.now + 1)
        })
    }

    /// The wheel stands at a new millisecond: spreads what came near, outermost first, and takes what is due.
    fn turn(&mut self, due: &mut Vec<Due>) {
        let whole = |ring: usize| self.now.trailing_zeros() as usize >= BITS as usize * ring;
        let reach = (1..=RINGS).take_while(|ring| whole(*ring)).count();
        if reach == RINGS {
            let end = self.now + (1_i64 << (BITS as usize * RINGS));
            while let Some(first) = self.far.first_entry().filter(|first| *first.key() < end) {
                let timers = first.remove();
                self.spread(timers, due);
            }
        }
        for ring in (1..RINGS).rev().filter(|ring| *ring <= reach) {
            let timers = std::mem::take(&mut self.rings[ring][place(self.now, ring)]);
            self.filled[ring] -= timers.len();
            self.spread(timers, due);
        }
        let timers = &mut self.rings[0][place(self.now, 0)];
        self.filled[0] -= timers.len();
        due.append(timers);
        // A million sleepers that were due together shall not keep their room.
        timers.shrink_to(64);
    }

    fn spread(&mut self, timers: Vec<Due>, due: &mut Vec<Due>) {
        for timer in timers {
            if timer.at <= self.now { due.push(timer) } else { self.insert(timer) }
        }
    }
}

fn place(at: Millis, ring: usize) -> usize {
    usize::try_from(at >> (BITS as usize * ring)).unwrap_or(0) % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mix(seed: &mut u64) -> u64 {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *seed >> 24
    }

    #[test]
    fn every_timer_comes_once_and_never_early() {
        let mut seed = 1;
        for begin in [0_i64, 1_795_000_000_123, (1 << 40) - 3] {
            let mut wheel = Wheel::new(begin);
            let mut waiting = BTreeMap::new();
            let mut now = begin;
            for round in 0..3_000_u32 {
                let distance = match mix(&mut seed) % 5 {
                    0 => mix(&mut seed) % 3,
                    1 => mix(&mut seed) % 1_000,
                    2 => mix(&mut seed) % 100_000,
                    3 => mix(&mut seed) % 100_000_000,
                    _ => mix(&mut seed) % 40_000_000_000,
                };
                let at = now + i64::try_from(distance).unwrap();
                wheel.insert(Due { at, slot: round, number: 0 });
                waiting.insert(round, at);
                let earliest = waiting.values().min().copied().unwrap();
                let told = wheel.next().unwrap();
                assert!(told <= earliest.max(now + 1) && told > now, "{told} {earliest} {now}");
                now += i64::try_from(mix(&mut seed) % (1 << (round % 24))).unwrap();
                let mut due = Vec::new();
                wheel.advance(now, &mut due);
                for timer in due {
                    assert_eq!(waiting.remove(&timer.slot), Some(timer.at));
                    assert!(timer.at <= now);
                }
                assert!(waiting.values().all(|at| *at >= now), "late at {now}");
            }
            let mut due = Vec::new();
            wheel.advance(now + 41_000_000_000, &mut due);
            assert_eq!(due.len(), waiting.len());
            assert_eq!(wheel.next(), None);
        }
    }
}
