//! How many children may fail.

use crate::history::Failure;

/// Whether more children failed than a run bears. Where nothing is written, one failure is too many for a run; a test
/// of a state asks only for what is written.
pub fn exceeded(failed: u64, total: u64, count: Option<u64>, percentage: Option<f64>) -> bool {
    #[expect(clippy::cast_precision_loss, reason = "counts of items are far below 2^53")]
    let share = if total == 0 { 0.0 } else { failed as f64 * 100.0 / total as f64 };
    count.is_some_and(|most| failed > most) || percentage.is_some_and(|most| share > most)
}

/// What such a run fails with.
pub fn threshold() -> Failure {
    Failure::new(
        "States.ExceedToleratedFailureThreshold",
        "The specified tolerated failure threshold was exceeded",
    )
}
