//! A map that forgets what was not used for the longest time when its contents weigh too much.

use std::collections::HashMap;

/// No slot.
const NONE: usize = usize::MAX;
/// What a slot takes beside its key and value, about: the slot, the map's entry, the key's second copy.
const OVERHEAD: usize = 96;

struct Slot<V> {
    key: Box<[u8]>,
    value: Option<V>,
    weight: usize,
    /// Towards the more recently used.
    newer: usize,
    /// Towards the less recently used.
    older: usize,
}

/// The map. Slots stand in one vector and are linked by index, so that moving one to the front allocates nothing.
pub(crate) struct Lru<V> {
    /// Keyed hashing of the standard library: keys are chosen by machines, who must not be able to make them collide.
    places: HashMap<Box<[u8]>, usize>,
    slots: Vec<Slot<V>>,
    free: Vec<usize>,
    newest: usize,
    oldest: usize,
    bytes: usize,
    limit: usize,
}

impl<V> Lru<V> {
    pub(crate) fn new(limit: usize) -> Lru<V> {
        Lru {
            places: HashMap::new(),
            slots: Vec::new(),
            free: Vec::new(),
            newest: NONE,
            oldest: NONE,
            bytes: 0,
            limit,
        }
    }

    /// Weight of the contents.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// The value, which becomes the newest.
    pub(crate) fn get(&mut self, key: &[u8]) -> Option<&V> {
        let place = *self.places.get(key)?;
        if self.newest != place {
            self.unlink(place);
            self.link(place);
        }
        self.slots.get(place)?.value.as_ref()
    }

    /// Puts a value of this weight; older ones go until all fit. What is heavier than the limit is not kept.
    pub(crate) fn put(&mut self, key: &[u8], value: V, weight: usize) {
        self.remove(key);
        let weight = weight + 2 * key.len() + OVERHEAD;
        if weight > self.limit {
            return;
        }
        while self.bytes + weight > self.limit {
            let Some(oldest) = self.slots.get(self.oldest) else { break };
            let key = oldest.key.clone();
            self.remove(&key);
        }
        let slot = Slot { key: key.into(), value: Some(value), weight, newer: NONE, older: NONE };
        let place = if let Some(place) = self.free.pop() {
            self.slots[place] = slot;
            place
        } else {
            self.slots.push(slot);
            self.slots.len() - 1
        };
        self.places.insert(key.into(), place);
        self.bytes += weight;
        self.link(place);
    }

    /// Takes a value away.
    pub(crate) fn remove(&mut self, key: &[u8]) {
        let Some(place) = self.places.remove(key) else { return };
        self.unlink(place);
        let slot = &mut self.slots[place];
        slot.value = None;
        slot.key = Box::default();
        self.bytes -= slot.weight;
        self.free.push(place);
    }

    fn link(&mut self, place: usize) {
        let before = self.newest;
        self.slots[place].newer = NONE;
        self.slots[place].older = before;
        match self.slots.get_mut(before) {
            Some(slot) => slot.newer = place,
            None => self.oldest = place,
        }
        self.newest = place;
    }

    fn unlink(&mut self, place: usize) {
        let (newer, older) = (self.slots[place].newer, self.slots[place].older);
        match self.slots.get_mut(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        match self.slots.get_mut(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
    }
}
