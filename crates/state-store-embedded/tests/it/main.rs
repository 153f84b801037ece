//! Tests of the embedded store on a real disk.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests use real time, tasks and processes")]

mod disk_full;
mod faults;
mod foreign;
mod kill;
mod open;
mod torn;
mod unsettled;

mod conformance {
    use std::sync::Arc;

    use state_store::clock::ManualClock;
    use state_store::conformance::Subject;
    use state_store_embedded::EmbeddedStore;

    fn make() -> Subject {
        let clock = Arc::new(ManualClock::default());
        let directory = tempfile::tempdir().unwrap();
        let store = EmbeddedStore::open_with(directory.path(), clock.clone(), |log| log).unwrap();
        Subject { store: Arc::new(store), clock, guard: Box::new(directory) }
    }

    state_store::conformance_tests!(super::make);
}
