//! Reading: steps applied to a value.

use super::step::{self, Step};
use super::{Roots, aggregate};
use crate::guard::Guard;
use crate::template::LARGEST;
use crate::{Map, Value};
use std::fmt::Write as _;
use std::sync::Arc;

/// What one read may still do. Scans over scans grow with the power of the depth, and comparisons of lists with the
/// square of their length, so all of it is counted: the same read always fails at the same place.
pub(crate) struct Work<'g> {
    left: u32,
    guard: Option<&'g Guard<'g>>,
}

/// Most values one read may visit or hold against another.
const MOST_VISITS: u32 = 1_000_000;
/// The same where others wait.
const QUICK_VISITS: u32 = 20_000;

impl<'g> Work<'g> {
    pub(super) fn new(roots: &Roots<'g>) -> Work<'g> {
        let guard = roots.surroundings.guard();
        let is_quick = guard.is_some_and(Guard::is_quick);
        Work { left: if is_quick { QUICK_VISITS } else { MOST_VISITS }, guard }
    }

    fn visit(&mut self) -> Result<(), String> {
        self.spend(1)
    }

    /// Takes so many visits off what is left.
    pub(super) fn spend(&mut self, visits: usize) -> Result<(), String> {
        let left = u32::try_from(visits).ok().and_then(|visits| self.left.checked_sub(visits));
        if let Some(left) = left {
            self.left = left;
            return Ok(());
        }
        self.left = 0;
        self.guard.map(Guard::trip);
        Err(format!("the path visits more than {MOST_VISITS} values"))
    }
}

/// The place an index means in an array of a length: negative ones count from the end.
pub(super) fn place(index: i64, length: usize) -> Option<usize> {
    let at = if index < 0 { i64::try_from(length).ok()?.checked_add(index)? } else { index };
    usize::try_from(at).ok().filter(|at| *at < length)
}

/// The result of a whole path, or Jayway's sentence why there is none.
pub(super) fn read(steps: &[Step], start: &Value, roots: &Roots<'_>) -> Result<Value, String> {
    // The common case without any allocation.
    if let Some(found) = straight(steps, start) {
        return Ok(found.clone());
    }
    let mut work = Work::new(roots);
    let definite = step::definite(steps);
    let mut walk = Walk { steps, roots, work: &mut work, trail: String::from("$"), found: Vec::new() };
    let outcome = walk.from(0, start, true);
    let Walk { mut found, .. } = walk;
    // One that could find many may also find nothing, wherever it stopped (recordings base/test-json-path-array-wildcard…).
    if !definite && work.left > 0 {
        return small(Value::from(found));
    }
    outcome?;
    match found.pop() {
        Some(value) => small(value),
        None => Err(format!("No results for path: {}", normal_form(steps))),
    }
}

/// A result, unless it would be too large to be written: scans find everything again in everything around it.
fn small(value: Value) -> Result<Value, String> {
    if value.is_larger_than(LARGEST) {
        return Err(format!("the path finds more than {LARGEST} bytes"));
    }
    Ok(value)
}

/// The result inside a filter or an argument: `None` instead of any failure but exhausted work.
pub(super) fn find(
    steps: &[Step],
    start: &Value,
    roots: &Roots<'_>,
    work: &mut Work<'_>,
) -> Result<Option<Value>, String> {
    if let Some(found) = straight(steps, start) {
        return Ok(Some(found.clone()));
    }
    let definite = step::definite(steps);
    let mut walk = Walk { steps, roots, work: &mut *work, trail: String::from("$"), found: Vec::new() };
    let outcome = walk.from(0, start, true);
    let Walk { mut found, .. } = walk;
    if work.left == 0 {
        outcome?;
    }
    Ok(if definite { found.pop() } else { Some(Value::from(found)) })
}

/// Follows single names and indices; `None` as soon as anything else is needed or a place is missing.
fn straight<'v>(steps: &[Step], mut at: &'v Value) -> Option<&'v Value> {
    for step in steps {
        at = match (step, at) {
            (Step::Names(names), Value::Object(members)) if names.len() == 1 => members.get(&*names[0])?,
            (Step::Indices(indices), Value::Array(items)) if indices.len() == 1 => {
                &items[place(indices[0], items.len())?]
            }
            _ => return None,
        };
    }
    Some(at)
}

/// A path as Jayway prints it: `$['a'][0]`.
fn normal_form(steps: &[Step]) -> String {
    let mut text = String::from("$");
    for step in steps {
        fragment(step, &mut text);
    }
    text
}

fn fragment(step: &Step, text: &mut String) {
    match step {
        Step::Names(names) => {
            text.push('[');
            for (index, name) in names.iter().enumerate() {
                let comma = if index > 0 { "," } else { "" };
                let _ = write!(text, "{comma}'{name}'");
            }
            text.push(']');
        }
        Step::Indices(indices) => {
            let all: Vec<String> = indices.iter().map(ToString::to_string).collect();
            let _ = write!(text, "[{}]", all.join(","));
        }
        Step::Slice(first, last) => {
            let show = |end: &Option<i64>| end.map(|end| end.to_string()).unwrap_or_default();
            let _ = write!(text, "[{}:{}]", show(first), show(last));
        }
        Step::Wildcard => text.push_str("[*]"),
        Step::Scan => text.push_str(".."),
        Step::Filter(_) => text.push_str("[?]"),
        Step::Call(function, _) => {
            let _ = write!(text, ".{}()", format!("{function:?}").to_lowercase());
        }
    }
}

struct Walk<'a, 'g> {
    steps: &'a [Step],
    roots: &'a Roots<'a>,
    work: &'a mut Work<'g>,
    /// Where it is, as Jayway prints it.
    trail: String,
    found: Vec<Value>,
}

impl Walk<'_, '_> {
    /// Applies the steps from `at` on. `sure` while every step so far was definite: then a missing place is a failure.
    fn from(&mut self, at: usize, value: &Value, sure: bool) -> Result<(), String> {
        self.work.visit()?;
        let steps = self.steps;
        let Some(step) = steps.get(at) else {
            self.found.push(value.clone());
            return Ok(());
        };
        match step {
            Step::Names(names) => self.names(at, names, value, sure),
            Step::Indices(indices) => {
                let Some(items) = self.array(step, value, sure)? else { return Ok(()) };
                for index in indices {
                    if let Some(place) = place(*index, items.len()) {
                        self.below(at, &format!("[{index}]"), &items[place], sure && indices.len() == 1)?;
                    }
                }
                Ok(())
            }
            Step::Slice(first, last) => {
                let Some(items) = self.array(step, value, sure)? else { return Ok(()) };
                let (from, to) = bounds(*first, *last, items.len());
                for (index, item) in items.iter().enumerate().take(to).skip(from) {
                    self.below(at, &format!("[{index}]"), item, false)?;
                }
                Ok(())
            }
            Step::Wildcard => match value {
                Value::Object(members) => {
                    for (name, member) in members.iter() {
                        self.below(at, &format!("['{name}']"), member, false)?;
                    }
                    Ok(())
                }
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        self.below(at, &format!("[{index}]"), item, false)?;
                    }
                    Ok(())
                }
                _ => Ok(()),
            },
            Step::Filter(filter) => match value {
                Value::Object(_) => {
                    if filter.accepts(value, self.roots, self.work)? {
                        self.from(at + 1, value, false)?;
                    }
                    Ok(())
                }
                Value::Array(items) => {
                    for (index, item) in items.iter().enumerate() {
                        if filter.accepts(item, self.roots, self.work)? {
                            self.below(at, &format!("[{index}]"), item, false)?;
                        }
                    }
                    Ok(())
                }
                _ if sure => {
                    Err(format!("Filter: [?] can not be applied to primitives. Current context is: {value}"))
                }
                _ => Ok(()),
            },
            Step::Scan => self.scan(at, value),
            Step::Call(function, arguments) => {
                let result = aggregate::call(*function, arguments, value, self.roots, self.work)?;
                match result {
                    Some(result) => self.from(at + 1, &result, sure),
                    None => Ok(()),
                }
            }
        }
    }

    /// The steps after `at`, one place deeper.
    fn below(&mut self, at: usize, fragment: &str, value: &Value, sure: bool) -> Result<(), String> {
        let length = self.trail.len();
        self.trail.push_str(fragment);
        let outcome = self.from(at + 1, value, sure);
        self.trail.truncate(length);
        outcome
    }

    fn names(&mut self, at: usize, names: &[Arc<str>], value: &Value, sure: bool) -> Result<(), String> {
        let Value::Object(members) = value else {
            if !sure {
                return Ok(());
            }
            let mut wanted = String::new();
            fragment(&self.steps[at], &mut wanted);
            return Err(format!(
                "Expected to find an object with property {wanted} in path {} but found '{}'. This is not a json object \
                 according to the JsonProvider: 'com.jayway.jsonpath.spi.json.JacksonJsonProvider'.",
                self.trail,
                java_class(value)
            ));
        };
        let last = at + 1 == self.steps.len();
        if names.len() > 1 && last {
            let merged: Map =
                names.iter().filter_map(|name| Some((name.clone(), members.get(&**name)?.clone()))).collect();
            self.found.push(Value::from(merged));
            return Ok(());
        }
        for name in names {
            match members.get(&**name) {
                Some(member) => self.below(at, &format!("['{name}']"), member, sure && names.len() == 1)?,
                None if sure && names.len() == 1 && !last => {
                    return Err(format!("Missing property in path {}['{name}']", self.trail));
                }
                None => (),
            }
        }
        Ok(())
    }

    fn array<'v>(&self, step: &Step, value: &'v Value, sure: bool) -> Result<Option<&'v [Value]>, String> {
        match value {
            Value::Array(items) => Ok(Some(items)),
            _ if !sure => Ok(None),
            Value::Null => Err(format!("The path {} is null", self.trail)),
            other => {
                let mut wanted = String::new();
                fragment(step, &mut wanted);
                Err(format!("Filter: {wanted} can only be applied to arrays. Current context is: {other}"))
            }
        }
    }

    /// The steps after a scan on this value and everything below it, outer before inner. A function takes all found
    /// before it as one array.
    fn scan(&mut self, at: usize, value: &Value) -> Result<(), String> {
        if let Some(call) = self.steps.iter().skip(at).position(|step| matches!(step, Step::Call(..))) {
            let inner = &self.steps[..at + call];
            let mut walk = Walk {
                steps: inner,
                roots: self.roots,
                work: &mut *self.work,
                trail: self.trail.clone(),
                found: Vec::new(),
            };
            walk.visit_all(at, value)?;
            let all = Value::from(walk.found);
            return self.from(at + call, &all, false);
        }
        self.visit_all(at, value)
    }

    fn visit_all(&mut self, at: usize, value: &Value) -> Result<(), String> {
        // A filter would otherwise be asked twice about an item: with its array and by itself.
        let filtered_array =
            matches!(self.steps.get(at + 1), Some(Step::Filter(_))) && matches!(value, Value::Array(_));
        match value {
            Value::Object(_) | Value::Array(_) if !filtered_array => self.from(at + 1, value, false)?,
            Value::Object(_) | Value::Array(_) => self.work.visit()?,
            _ => return Ok(()),
        }
        match value {
            Value::Object(members) => members.values().try_for_each(|member| self.visit_all(at, member)),
            Value::Array(items) => items.iter().try_for_each(|item| self.visit_all(at, item)),
            _ => Ok(()),
        }
    }
}

/// Ends of a slice within an array; a slice that is empty or reversed has none.
fn bounds(first: Option<i64>, last: Option<i64>, length: usize) -> (usize, usize) {
    let length = i64::try_from(length).unwrap_or(i64::MAX);
    let inside = |end: i64| if end < 0 { (length + end).max(0) } else { end.min(length) };
    let from = first.map_or(0, inside);
    let to = last.map_or(length, inside);
    let index = |end: i64| usize::try_from(end).unwrap_or(0);
    (index(from), index(to).max(index(from)))
}

/// What Jayway, on Java, calls the class of a value.
fn java_class(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "java.lang.Boolean",
        Value::Number(crate::Number::Int(value)) if i32::try_from(*value).is_ok() => "java.lang.Integer",
        Value::Number(crate::Number::Int(_)) => "java.lang.Long",
        Value::Number(crate::Number::Float(_)) => "java.lang.Double",
        Value::Number(crate::Number::Big(_)) => "java.math.BigInteger",
        Value::String(_) => "java.lang.String",
        Value::Array(_) => "java.util.ArrayList",
        Value::Object(_) => "java.util.LinkedHashMap",
    }
}
