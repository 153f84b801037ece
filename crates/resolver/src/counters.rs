//! What happened to questions.

use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! counters {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        /// Numbers of questions of one VPC since its first socket was opened.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct Counts {
            $($(#[$doc])* pub $name: u64,)+
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            $(pub(crate) $name: Counter,)+
        }

        impl Counters {
            pub(crate) fn read(&self) -> Counts {
                Counts { $($name: self.$name.read(),)+ }
            }
        }
    };
}

counters! {
    /// All that came, whatever became of them.
    questions,
    /// Answered from the records or a private zone.
    local,
    /// Answered from the cache.
    cached,
    /// That had to wait: for upstream, or because an alias or DNS64 asks for more than one step.
    forwarded,
    /// Dropped, or refused while waiting, since their interface asks for too much.
    over_limit,
    /// Not to be understood.
    malformed,
    /// Dropped since the VPC has no name server (`enableDnsSupport` off).
    unserved,
    /// Answered with SERVFAIL.
    failed,
}

/// One number.
#[derive(Debug, Default)]
pub(crate) struct Counter(AtomicU64);

impl Counter {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn read(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
