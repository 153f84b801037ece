//! The executions that are held in memory, and how much of it they take.

use super::{Hot, Phase, Shard};

/// Bytes that an execution takes beside its data, about.
pub(super) const BESIDE: usize = 4 << 10;

/// How many, and how many bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Load {
    pub(crate) count: usize,
    /// By the length of inputs and records, or of snapshots: what was written of them, not what the allocator gave.
    pub(crate) bytes: usize,
}

impl Load {
    /// More than this in number or bytes.
    pub(crate) fn exceeds(self, most: Load) -> bool {
        self.count > most.count || self.bytes > most.bytes
    }

    fn half(self) -> Load {
        Load { count: self.count / 2, bytes: self.bytes / 2 }
    }

    fn add(&mut self, hot: &Hot) {
        self.count += 1;
        self.bytes += hot.weight + BESIDE;
    }

    fn subtract(&mut self, hot: &Hot) {
        self.count = self.count.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(hot.weight + BESIDE);
    }
}

/// By slot.
#[derive(Default)]
pub(super) struct Warm {
    places: Vec<Option<Box<Hot>>>,
    /// Standard executions: they can be let go and come back from the log.
    standard: Load,
    /// Express executions: they are here or nowhere.
    express: Load,
}

impl Warm {
    /// Express executions in memory.
    pub(super) fn express(&self) -> Load {
        self.express
    }

    pub(super) fn get(&self, place: u32) -> Option<&Hot> {
        self.places.get(place as usize)?.as_deref()
    }

    fn load(&mut self, hot: &Hot) -> &mut Load {
        if hot.is_express() { &mut self.express } else { &mut self.standard }
    }

    /// Takes one out, to run it or to let it go.
    pub(super) fn take(&mut self, place: u32) -> Option<Box<Hot>> {
        let hot = self.places.get_mut(place as usize)?.take()?;
        self.load(&hot).subtract(&hot);
        Some(hot)
    }

    /// Puts one in. `room`: number of slots there are.
    fn put(&mut self, place: u32, hot: Box<Hot>, room: usize) {
        drop(self.take(place));
        self.load(&hot).add(&hot);
        let place = place as usize;
        if self.places.len() <= place {
            self.places.resize_with(room.max(place + 1), || None);
        }
        self.places[place] = Some(hot);
    }
}

impl Hot {
    pub(super) fn is_express(&self) -> bool {
        self.revision.is_some()
    }
}

impl Shard {
    pub(super) fn keep_hot(&mut self, place: u32, hot: Box<Hot>) {
        self.hot.put(place, hot, self.slots.len());
    }

    pub(super) fn drop_hot(&mut self, place: u32) {
        drop(self.hot.take(place));
    }

    /// Lets go of executions that wait, beyond what may stay in memory.
    pub(super) fn cool(&mut self) {
        let most = self.around.limits.hot;
        if !self.hot.standard.exceeds(most) {
            return;
        }
        for place in 0..u32::try_from(self.hot.places.len()).unwrap_or(u32::MAX) {
            if !self.hot.standard.exceeds(most.half()) {
                break;
            }
            if self.slots.entry(place).is_some_and(|slot| slot.phase == Phase::Open) {
                self.drop_hot(place);
            }
        }
    }

    /// Lets go of all executions that can come back from the log.
    #[cfg(test)]
    pub(crate) fn let_all_go(&mut self) {
        let most = std::mem::take(&mut self.around.limits.hot);
        self.cool();
        self.around.limits.hot = most;
    }
}
