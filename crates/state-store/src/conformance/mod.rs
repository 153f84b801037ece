//! What every backend has to do, as tests. A backend's test binary calls
//! [`conformance_tests!`](crate::conformance_tests) with a way to make an empty store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test code, shared between crates"
)]

pub mod concurrency;
pub mod history;
pub mod leases;
pub mod model;
pub mod transactions;
pub mod watches;
pub mod wiping;

use std::sync::Arc;

use crate::clock::ManualClock;
use crate::{KeyValue, Operation, RangeRequest, StateStore, Transaction, TransactionResult};

/// An empty store and the clock its leases follow. `guard` keeps whatever the store stands on.
pub struct Subject {
    /// The store.
    pub store: Arc<dyn StateStore>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
    /// For example a temporary directory.
    pub guard: Box<dyn std::any::Any + Send>,
}

/// Writes one test per case; `$make` is a function that returns a fresh [`Subject`].
#[macro_export]
macro_rules! conformance_tests {
    ($make:path: $($module:ident { $($case:ident),* $(,)? })*) => {
        $(mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let subject = $make();
                $crate::conformance::$module::$case(&subject).await;
            })*
        })*
    };
    ($make:path) => {
        $crate::conformance_tests! { $make:
            transactions {
                revisions_count_changes,
                compares_decide_between_then_and_else,
                steps_see_earlier_steps,
                reads_leave_the_revision_alone,
                requests_beyond_the_limits_change_nothing,
                ranges_page_in_key_order,
                unchanged_notices_writes_and_removals_below_its_prefix_only,
                unchanged_is_refused_when_the_past_is_forgotten,
            }
            watches {
                changes_arrive_in_order_with_both_values,
                a_watch_resumes_where_it_ended,
                a_start_too_far_back_is_compacted,
                a_reader_too_far_behind_is_compacted,
            }
            leases {
                keys_vanish_with_their_lease,
                renewal_postpones_the_end,
                a_key_taken_off_its_lease_stays,
                unknown_leases_are_refused,
            }
            wiping {
                a_small_wipe_tells_each_key,
                a_large_wipe_compacts,
                a_wipe_leaves_neighbours_alone,
                a_wipe_is_seen_by_what_is_queued_behind_it,
            }
            concurrency {
                no_increment_is_lost,
                a_limit_on_a_list_holds,
                a_unique_index_holds,
                watchers_and_indexes_agree_with_the_records,
            }
            history {
                sequential_histories_match_the_model,
                pipelined_histories_match_the_model,
            }
        }
    };
}

/// Writes one key.
pub async fn put(store: &dyn StateStore, key: &str, value: &str) -> TransactionResult {
    store.transaction(Transaction::of(vec![Operation::put(key, value.to_owned())])).await.unwrap()
}

/// Removes one key.
pub async fn delete(store: &dyn StateStore, key: &str) -> TransactionResult {
    store.transaction(Transaction::of(vec![Operation::delete(key)])).await.unwrap()
}

/// The value of a key as text.
pub fn text(store: &dyn StateStore, key: &str) -> Option<String> {
    store.get(key).map(|record| text_of(&record))
}

/// The value of a record as text.
pub fn text_of(record: &KeyValue) -> String {
    String::from_utf8(record.bytes().to_vec()).unwrap()
}

/// All keys below a prefix.
pub fn keys(store: &dyn StateStore, prefix: &str) -> Vec<String> {
    let found = store.range(RangeRequest::prefix(prefix));
    found.items.iter().map(|record| record.key.to_string()).collect()
}

/// A small seeded generator, so that a failing history can be run again.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// A generator for a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        // xorshift64* (Vigna 2016): plenty for choosing test steps.
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % limit
    }

    /// One of several things.
    pub fn choose<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        from[usize::try_from(self.below(N as u64)).unwrap()]
    }
}
