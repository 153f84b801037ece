//! Errors: retriers, catchers, and the way up.

use super::execution::Run;
use super::line::{Data, LineIndex, Phase, Purpose};
use crate::history::Failure;
use crate::program::Retrier;
use crate::value::{Map, Value};
use std::sync::Arc;

/// Whether a list of error names covers an error (Amazon States Language, "Errors").
pub(super) fn covers(names: &[Arc<str>], error: &str) -> bool {
    names.iter().any(|name| match &**name {
        "States.ALL" => error != "States.Runtime",
        "States.TaskFailed" => error != "States.Timeout" && error != "States.Runtime",
        name => name == error,
    })
}

/// The delay in seconds before attempt `done + 1`: the interval, multiplied by the rate as often as there were retries.
fn delay(retrier: &Retrier, done: u32, draw: &mut dyn FnMut() -> u64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "seconds of a delay are far below 2^53")]
    let (first, most) = (retrier.interval as f64, retrier.max_delay.map_or(f64::MAX, |most| most as f64));
    let exponent = i32::try_from(done).unwrap_or(i32::MAX);
    let seconds = (first * retrier.backoff.powi(exponent)).min(most);
    if retrier.jitter {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are enough for a fraction")]
        let fraction = (draw() >> 11) as f64 / (1_u64 << 53) as f64;
        return seconds * fraction;
    }
    seconds
}

impl Run<'_, '_> {
    /// The state of a line failed: it is tried again, caught, or the failure goes up.
    pub(super) fn fail(&mut self, index: LineIndex, failure: Failure) {
        let error = failure.error.clone().unwrap_or_default();
        let state = self.program.state(self.line(index).state);
        if let Some(at) = state.retry.iter().position(|retrier| covers(&retrier.errors, &error)) {
            let retrier = &state.retry[at];
            let line = self.line(index);
            line.retries.resize(state.retry.len(), 0);
            let done = line.retries[at];
            if done < retrier.max_attempts {
                line.retries[at] += 1;
                let seconds = delay(retrier, done, self.turn.draw);
                return self.back_off(index, seconds);
            }
        }
        if let Some(catcher) = state.catch.iter().find(|catcher| covers(&catcher.errors, &error)) {
            let output = Data::new(error_output(&failure));
            return self.exit(index, output, Some(catcher.next));
        }
        self.line(index).phase = Phase::Halted;
        let previous = self.line(index).previous;
        self.end_failed(previous, failure);
    }

    fn back_off(&mut self, index: LineIndex, seconds: f64) {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "saturates, and a year is the most an execution lives"
        )]
        let delay = (seconds * 1000.0).ceil() as i64;
        let at = self.turn.now.saturating_add(delay);
        let ticket = self.timer_at(index, Purpose::Delay, at);
        self.line(index).phase = Phase::Backoff(ticket);
    }
}

/// `{"Error": …, "Cause": …}`.
pub(super) fn error_output(failure: &Failure) -> Value {
    let mut members = Map::new();
    for (name, text) in [("Error", &failure.error), ("Cause", &failure.cause)] {
        if let Some(text) = text {
            members.insert(name.into(), Value::String(text.clone()));
        }
    }
    members.into()
}
