//! Rate control: how many at once, and when to stop.
//!
//! A percentage is rounded down; of concurrency at least one remains. The command stops at one error more than
//! allowed (API reference, SendCommand: `MaxConcurrency`, `MaxErrors`).

/// The limits of one command, worked out for its number of targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rate {
    concurrency: usize,
    max_errors: usize,
}

/// Whether `text` is a number from `smallest` up, or a percentage from `smallest` to 100.
pub(crate) fn is_valid(text: &str, smallest: u64) -> bool {
    let number = |digits: &str| {
        let plain = digits == "0" || !digits.starts_with('0');
        let digits_only = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
        if plain && digits_only { digits.parse::<u64>().ok() } else { None }
    };
    match text.strip_suffix('%') {
        Some(percent) => number(percent).is_some_and(|n| (smallest..=100).contains(&n)),
        None => text.len() <= 7 && number(text).is_some_and(|n| n >= smallest),
    }
}

/// The number a limit means for `total` targets; a percentage is rounded down.
fn amount(text: &str, total: usize) -> usize {
    match text.strip_suffix('%') {
        Some(percent) => total.saturating_mul(percent.parse().unwrap_or(0)) / 100,
        None => text.parse().unwrap_or(0),
    }
}

impl Rate {
    /// For a command on `total` targets.
    pub(crate) fn new(total: usize, max_concurrency: &str, max_errors: &str) -> Rate {
        Rate { concurrency: amount(max_concurrency, total).max(1), max_errors: amount(max_errors, total) }
    }

    /// Whether one more may start.
    pub(crate) fn may_start(&self, in_flight: usize, errors: usize) -> bool {
        self.has_room(in_flight) && !self.exceeded(errors)
    }

    /// Whether fewer run than may run at once.
    pub(crate) fn has_room(&self, in_flight: usize) -> bool {
        in_flight < self.concurrency
    }

    /// Whether nothing may start any more.
    pub(crate) fn exceeded(&self, errors: usize) -> bool {
        errors > self.max_errors
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_as_the_model_says() {
        for good in ["1", "50", "1%", "10%", "100%", "9999999"] {
            assert!(is_valid(good, 1), "{good}");
        }
        for bad in ["", "0", "0%", "101%", "01", "%", "-1", "1.5", "10 %", "x", "12345678"] {
            assert!(!is_valid(bad, 1), "{bad}");
        }
        assert!(is_valid("0", 0) && is_valid("0%", 0) && !is_valid("00", 0));
    }

    #[test]
    fn percentages_round_down_and_concurrency_stays_above_zero() {
        // 10 % of 50 are five errors: the sixth stops the command; 10 % of 3 are none: the first does.
        for (total, concurrency, errors, expected) in [
            (50, "10%", "10%", (5, 5)),
            (3, "10%", "10%", (1, 0)),
            (7, "50%", "50%", (3, 3)),
            (1000, "50", "0", (50, 0)),
            (0, "1%", "100%", (1, 0)),
        ] {
            let rate = Rate::new(total, concurrency, errors);
            assert_eq!((rate.concurrency, rate.max_errors), expected);
            assert!(!rate.exceeded(expected.1) && rate.exceeded(expected.1 + 1));
        }
    }
}
