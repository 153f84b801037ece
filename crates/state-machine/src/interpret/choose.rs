//! Choice states.

use super::evaluate::{Problem, Sources};
use super::execution::Run;
use super::leave::Exit;
use super::line::LineIndex;
use super::time;
use crate::program::{Family, Kind, Operand, Rule, State, Test, Way};
use crate::template::Language;
use crate::value::{Number, Value};
use std::cmp::Ordering;

impl Run<'_, '_> {
    /// Takes the first way whose rule is true, or the default.
    pub(super) fn choose(&mut self, index: LineIndex, state: &State, ways: &[Way]) -> Result<(), Problem> {
        let input = self.effective_input(index, state)?;
        let sources = Sources::of(&input.value);
        let mut taken = None;
        for way in ways {
            if self.holds(index, &way.rule, &sources)? {
                taken = Some(way);
                break;
            }
        }
        let flow = &state.flow;
        let (next, output, assign) = match (taken, state.next) {
            (Some(way), _) => (way.next, way.output.as_ref(), way.assign.as_ref()),
            (None, Some(default)) => (default, flow.output.as_ref(), flow.assign.as_ref()),
            (None, None) => {
                let cause =
                    "Failed to transition out of the state. The state does not point to a next state.";
                return Err(Problem::Error("States.NoChoiceMatched".into(), cause.to_owned()));
            }
        };
        let assigned = assign.map(|template| (template, sources.clone()));
        if state.language == Language::Jsonata {
            return self.leave_by_expression(index, state, output, assigned, sources, input, Some(next));
        }
        let output = match &state.flow.output_path {
            crate::program::Select::All => input,
            select => super::line::Data::new(self.select(index, select, input.value)?),
        };
        self.exit(index, Exit { output, next: Some(next), assigned })
    }

    /// Rules nest no deeper than the reader lets them.
    fn holds(&mut self, index: LineIndex, rule: &Rule, sources: &Sources<'_>) -> Result<bool, Problem> {
        match rule {
            Rule::And(rules) => {
                for rule in rules {
                    if !self.holds(index, rule, sources)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Rule::Or(rules) => {
                for rule in rules {
                    if self.holds(index, rule, sources)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Rule::Not(rule) => self.holds(index, rule, sources).map(|held| !held),
            Rule::Condition(template) => match self.evaluate(index, template, sources)? {
                Value::Bool(held) => Ok(held),
                other => Err(template.wrong_type("boolean", &other).into()),
            },
            Rule::Test(path, Test::Is(Kind::Present, shall)) => {
                // An indefinite path finds an array; an empty one is nothing.
                let found = self.read(index, path, sources).ok();
                let present = found.is_some_and(|value| {
                    path.is_definite() || !matches!(&value, Value::Array(items) if items.is_empty())
                });
                Ok(present == *shall)
            }
            Rule::Test(path, test) => {
                let value = self.read(index, path, sources).map_err(|_| invalid(path.source()))?;
                self.passes(index, test, &value, sources)
            }
        }
    }

    fn passes(
        &mut self,
        index: LineIndex,
        test: &Test,
        value: &Value,
        sources: &Sources<'_>,
    ) -> Result<bool, Problem> {
        Ok(match test {
            Test::Is(kind, shall) => is(*kind, value) == *shall,
            Test::Matches(pattern) => match value {
                Value::String(text) => matches(pattern, text),
                _ => false,
            },
            Test::Compare(family, orders, operand) => {
                let found;
                let other = match operand {
                    Operand::Fixed(value) => value,
                    Operand::Found(path) => {
                        found = self.read(index, path, sources).map_err(|_| invalid(path.source()))?;
                        &found
                    }
                };
                compare(*family, value, other).is_some_and(|order| orders.contains(&order))
            }
        })
    }
}

/// AWS's words for a path of a rule that finds nothing.
fn invalid(path: &str) -> Problem {
    Problem::Runtime(format!(
        "Invalid path '{path}': The choice state's condition path references an invalid value."
    ))
}

fn is(kind: Kind, value: &Value) -> bool {
    match (kind, value) {
        (Kind::Null, Value::Null)
        | (Kind::Numeric, Value::Number(_))
        | (Kind::String, Value::String(_))
        | (Kind::Boolean, Value::Bool(_)) => true,
        (Kind::Timestamp, Value::String(text)) => time::read(text).is_some(),
        (kind, _) => kind == Kind::Present,
    }
}

/// How two values of a kind stand to each other; `None` when one is of another kind.
fn compare(family: Family, left: &Value, right: &Value) -> Option<Ordering> {
    match (family, left, right) {
        (Family::String, Value::String(a), Value::String(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        (Family::Boolean, Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (Family::Timestamp, Value::String(a), Value::String(b)) => Some(time::read(a)?.cmp(&time::read(b)?)),
        (Family::Numeric, Value::Number(a), Value::Number(b)) => match (a, b) {
            (Number::Int(a), Number::Int(b)) => Some(a.cmp(b)),
            (a, b) => a.as_f64().partial_cmp(&b.as_f64()),
        },
        _ => None,
    }
}

/// `StringMatches`: `*` stands for any characters, `\*` for itself and `\\` for a backslash. What stands between two stars is
/// looked for where the one before it ended, which takes no more time than pattern and text are long.
fn matches(pattern: &str, text: &str) -> bool {
    // What stands between the stars, without escapes.
    let mut parts = vec![String::new()];
    let mut characters = pattern.chars();
    while let Some(character) = characters.next() {
        match (character, parts.last_mut()) {
            ('*', _) | (_, None) => parts.push(String::new()),
            ('\\', Some(part)) => part.push(characters.next().unwrap_or('\\')),
            (other, Some(part)) => part.push(other),
        }
    }
    let Some((first, rest)) = parts.split_first() else { return false };
    let Some((last, middle)) = rest.split_last() else { return text == first };
    let Some(mut left) = text.strip_prefix(first.as_str()) else { return false };
    for part in middle {
        match left.find(part.as_str()) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(last.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_match_anything() {
        for (pattern, text, expected) in [
            ("log-*.txt", "log-1.txt", true),
            ("log-*.txt", "log-1.txt.gz", false),
            ("*", "", true),
            ("", "", true),
            ("", "a", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "acb", false),
            (r"\*", "*", true),
            (r"\*", "a", false),
            (r"\\*", r"\abc", true),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
        assert!(!matches(&"*a".repeat(2_000), &"b".repeat(100_000)));
    }

    #[test]
    fn kinds_do_not_mix() {
        let number = |value: i64| Value::from(value);
        assert_eq!(compare(Family::Numeric, &number(1), &Value::from(1.0)), Some(Ordering::Equal));
        assert_eq!(compare(Family::Numeric, &number(1), &Value::from("1")), None);
        let times = ("2016-12-05T21:29:29Z".into(), "2016-12-05T22:29:29+01:00".into());
        assert_eq!(compare(Family::Timestamp, &times.0, &times.1), Some(Ordering::Equal));
        assert_eq!(compare(Family::Timestamp, &"x".into(), &times.1), None);
    }
}
