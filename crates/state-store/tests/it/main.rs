//! Tests of the store's two layers over the memory backend.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "tests")]
#![allow(clippy::disallowed_methods, reason = "tests use real time, tasks and processes")]

mod memory;
mod once;
mod typed;
mod typed_limits;
mod versions;

mod conformance {
    use std::sync::Arc;

    use state_store::MemoryStore;
    use state_store::clock::ManualClock;
    use state_store::conformance::Subject;

    fn make() -> Subject {
        let clock = Arc::new(ManualClock::default());
        Subject { store: Arc::new(MemoryStore::new(clock.clone())), clock, guard: Box::new(()) }
    }

    state_store::conformance_tests!(super::make);
}
