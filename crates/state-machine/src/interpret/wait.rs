//! Wait states.

use super::evaluate::{Problem, Sources, plain, whole};
use super::execution::Run;
use super::line::{LineIndex, Phase, Purpose};
use super::time;
use crate::Millis;
use crate::program::{Amount, Delay, State, Text};
use crate::value::{Number, Value};

/// The longest delay in seconds; beyond, AWS says "Wait state delay is too long." (measured to the day in recordings).
const LONGEST: i64 = i32::MAX as i64;

impl Run<'_, '_> {
    pub(super) fn sleep(&mut self, index: LineIndex, state: &State, delay: &Delay) -> Result<(), Problem> {
        let input = self.effective_input(index, state)?.value;
        let now = self.turn.now;
        let at = match delay {
            Delay::Seconds(amount) => {
                let seconds = self.delay(index, amount, &input)?.max(0);
                now.saturating_add(seconds.saturating_mul(1000))
            }
            Delay::Until(text) => self.moment(index, text, &input)?,
            Delay::UntilPath(path) => {
                let source = path.source();
                let found = self.read(index, path, &Sources::of(&input)).map_err(|_| {
                    Problem::Runtime(format!(
                        "The TimestampPath parameter does not reference an input value: {source}"
                    ))
                })?;
                millis(&plain(&found)).ok_or_else(|| {
                    Problem::Runtime(format!(
                        "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time \
                         format string: {source} == {}",
                        plain(&found)
                    ))
                })?
            }
        };
        if at.saturating_sub(now) > LONGEST * 1000 {
            return Err(Problem::Runtime("Wait state delay is too long.".to_owned()));
        }
        let ticket = self.timer_at(index, Purpose::Delay, at.max(now));
        self.line(index).phase = Phase::Sleep(ticket);
        Ok(())
    }

    fn delay(&mut self, index: LineIndex, amount: &Amount, input: &Value) -> Result<i64, Problem> {
        let sources = Sources::of(input);
        match amount {
            Amount::Fixed(seconds) => Ok(whole(*seconds).unwrap_or(i64::MAX)),
            Amount::Found(path) => {
                let source = path.source();
                let found = self.read(index, path, &sources).map_err(|_| {
                    Problem::Runtime(format!(
                        "The SecondsPath parameter does not reference an input value: {source}"
                    ))
                })?;
                let seconds = match &found {
                    Value::Number(Number::Int(seconds)) => Some(*seconds),
                    Value::String(text) => text.parse().ok(),
                    _ => None,
                };
                seconds.ok_or_else(|| {
                    let found = plain(&found);
                    Problem::Runtime(format!(
                        "The SecondsPath parameter cannot be parsed as a long value: {source} == {found}"
                    ))
                })
            }
            Amount::Made(_) => {
                let seconds = self.amount(index, amount, "Seconds", &sources)?.float()?;
                whole(seconds.trunc())
                    .ok_or_else(|| Problem::Runtime("Wait state delay is too long.".to_owned()))
            }
        }
    }

    fn moment(&mut self, index: LineIndex, text: &Text, input: &Value) -> Result<Millis, Problem> {
        let found = self.text(index, text, "Timestamp", input)?;
        millis(&found).ok_or_else(|| {
            let cause = format!(
                "The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: {found}"
            );
            match text {
                Text::Made(_) => Problem::Query { cause, location: Some("Timestamp".into()), late: true },
                _ => Problem::Runtime(cause),
            }
        })
    }

    /// A Wait state is over.
    pub(super) fn awake(&mut self, index: LineIndex) {
        let state = self.program.state(self.line(index).state);
        let left = self.effective_input(index, state).and_then(|input| self.leave(index, input, false));
        if let Err(problem) = left {
            self.trouble(index, problem);
        }
    }
}

/// The millisecond at or after a time-stamp, so that no wait is too short.
fn millis(text: &str) -> Option<Millis> {
    let nanos = time::read(text)?;
    i64::try_from((nanos + 999_999).div_euclid(1_000_000)).ok()
}
