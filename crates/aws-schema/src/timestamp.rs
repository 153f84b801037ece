//! A point in time as the APIs exchange it.

/// Seconds and nanoseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    /// Whole seconds, negative before 1970.
    pub seconds: i64,
    /// 0..1_000_000_000, always forward in time.
    pub nanos: u32,
}

impl Timestamp {
    /// From milliseconds since 1970, the unit records are kept in.
    pub fn from_millis(millis: i64) -> Timestamp {
        let nanos = u32::try_from(millis.rem_euclid(1000)).unwrap_or(0) * 1_000_000;
        Timestamp { seconds: millis.div_euclid(1000), nanos }
    }

    /// From whole seconds since 1970.
    pub fn from_seconds(seconds: i64) -> Timestamp {
        Timestamp { seconds, nanos: 0 }
    }

    /// Milliseconds since 1970, rounded down; saturating.
    pub fn millis(self) -> i64 {
        self.seconds.saturating_mul(1000).saturating_add(i64::from(self.nanos / 1_000_000))
    }
}
