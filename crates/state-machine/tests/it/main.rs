//! Tests of the state machine crate as its users see it.

mod recordings;
