//! How much one interface may ask, so that its flood does not starve its neighbours.

use parking_lot::Mutex;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;
use tokio::time::Instant;

/// How long it is believed that an address belongs to an interface.
const BELIEVED: Duration = Duration::from_secs(1);
/// Addresses remembered per VPC before old ones are cleared away; more than a VPC of machines uses.
const MAX_ADDRESSES: usize = 65_536;
/// Questions of one interface that may wait at once.
const MAX_WAITING: usize = 128;
/// Questions of a whole cloud that may wait at once: each costs a task and, one per name, a socket.
const MAX_WAITING_OF_ALL: usize = 2_048;

/// What one interface has asked.
#[derive(Debug)]
pub(crate) struct Meter {
    /// Beginning of the current second, and questions in it.
    second: Mutex<(Instant, u32)>,
    waiting: AtomicUsize,
}

impl Meter {
    fn new(now: Instant) -> Meter {
        Meter { second: Mutex::new((now, 0)), waiting: AtomicUsize::new(0) }
    }

    /// Counts a question; whether it is within the limit per second.
    pub(crate) fn admits(&self, now: Instant, limit: u32) -> bool {
        let mut second = self.second.lock();
        if now.saturating_duration_since(second.0) >= Duration::from_secs(1) {
            *second = (now, 0);
        }
        second.1 = second.1.saturating_add(1);
        second.1 <= limit
    }
}

struct Known {
    meter: Arc<Meter>,
    since: Instant,
}

/// The interfaces of one VPC that have asked lately.
#[derive(Default)]
pub(crate) struct Sources {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    by_address: HashMap<IpAddr, Known>,
    by_interface: HashMap<String, Weak<Meter>>,
}

impl Sources {
    /// The meter of the interface that has this address. The data plane has proven the address; `find` names the
    /// interface and is asked once a second at most.
    pub(crate) fn meter(
        &self,
        address: IpAddr,
        now: Instant,
        find: impl FnOnce() -> Option<String>,
    ) -> Arc<Meter> {
        let mut tables = self.tables.lock();
        if let Some(known) = tables.by_address.get(&address)
            && now.saturating_duration_since(known.since) < BELIEVED
        {
            return known.meter.clone();
        }
        tables.make_room(now);
        let interface = find().unwrap_or_else(|| address.to_string());
        let shared = tables.by_interface.get(&interface).and_then(Weak::upgrade);
        let meter = shared.unwrap_or_else(|| Arc::new(Meter::new(now)));
        tables.by_interface.insert(interface, Arc::downgrade(&meter));
        tables.by_address.insert(address, Known { meter: meter.clone(), since: now });
        meter
    }
}

impl Tables {
    fn make_room(&mut self, now: Instant) {
        if self.by_address.len() >= MAX_ADDRESSES {
            self.by_address.retain(|_, known| now.saturating_duration_since(known.since) < BELIEVED);
        }
        // All of them asked within a second: forgetting costs no more than a fresh allowance.
        if self.by_address.len() >= MAX_ADDRESSES {
            self.by_address.clear();
        }
        if self.by_interface.len() >= MAX_ADDRESSES {
            self.by_interface.retain(|_, meter| meter.strong_count() > 0);
        }
    }
}

/// Counts the questions of a cloud that wait.
#[derive(Clone, Default)]
pub(crate) struct WaitingRoom {
    all: Arc<AtomicUsize>,
}

/// A place in the waiting room; given back when dropped.
pub(crate) struct Place {
    meter: Arc<Meter>,
    all: Arc<AtomicUsize>,
}

impl WaitingRoom {
    /// A place for a question of this interface, if both it and the cloud have one left.
    pub(crate) fn enter(&self, meter: &Arc<Meter>) -> Option<Place> {
        let place = Place { meter: meter.clone(), all: self.all.clone() };
        // Both are raised before they are looked at; `place` gives them back if there was none.
        let of_interface = meter.waiting.fetch_add(1, Ordering::Relaxed);
        let of_all = self.all.fetch_add(1, Ordering::Relaxed);
        (of_interface < MAX_WAITING && of_all < MAX_WAITING_OF_ALL).then_some(place)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.meter.waiting.fetch_sub(1, Ordering::Relaxed);
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_interface_share_its_allowance() {
        let (sources, now) = (Sources::default(), Instant::now());
        let meter = |last: u8, interface: &str| {
            sources.meter([10, 0, 0, last].into(), now, || Some(interface.to_owned()))
        };
        let (a, b, other) = (meter(1, "eni-1"), meter(2, "eni-1"), meter(3, "eni-2"));
        assert!(a.admits(now, 2) && b.admits(now, 2) && !a.admits(now, 2));
        assert!(other.admits(now, 2), "the neighbour has its own");
        assert!(a.admits(now + Duration::from_secs(1), 2), "the next second is a new one");
    }

    #[test]
    fn an_address_that_has_moved_counts_for_its_new_interface() {
        let (sources, now) = (Sources::default(), Instant::now());
        let address = [10, 0, 0, 1].into();
        let before = sources.meter(address, now, || Some("eni-1".into()));
        let later = now + BELIEVED;
        assert!(Arc::ptr_eq(&before, &sources.meter(address, now, || None)));
        assert!(!Arc::ptr_eq(&before, &sources.meter(address, later, || Some("eni-2".into()))));
    }

    #[test]
    fn a_full_waiting_room_turns_away_one_not_the_other() {
        let (room, now) = (WaitingRoom::default(), Instant::now());
        let (greedy, modest) = (Arc::new(Meter::new(now)), Arc::new(Meter::new(now)));
        let places: Vec<_> = (0..MAX_WAITING).map_while(|_| room.enter(&greedy)).collect();
        assert_eq!(places.len(), MAX_WAITING);
        assert!(room.enter(&greedy).is_none());
        assert!(room.enter(&modest).is_some());
        drop(places);
        assert!(room.enter(&greedy).is_some(), "places come back");
    }
}
