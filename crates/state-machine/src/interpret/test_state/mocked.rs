//! Parallel and Map states in a test: their branches are never run, the mock says what came of them.

use super::inspection::text;
use crate::history::{Failure, Payload};
use crate::interpret::evaluate::{Problem, Sources};
use crate::interpret::execution::Run;
use crate::interpret::line::{Data, LineIndex};
use crate::program::{Body, Items, Map, State};
use crate::template::Language;
use crate::text::{parse_value, read};
use crate::value::Value;

impl Run<'_, '_> {
    pub(in crate::interpret) fn mocked(&mut self, index: LineIndex, state: &State) -> Result<(), Problem> {
        let mut failures = None;
        if let Body::Map(map) = &state.body {
            failures = self.mocked_map(index, state, map)?;
        } else {
            self.arguments(index, state, None)?;
            self.inspect(|seen| {
                seen.after_input_path = None;
                seen.after_parameters = None;
            });
        }
        let mock = self.execution.inspection.as_ref().and_then(|seen| seen.mock.clone()).unwrap_or_default();
        if let Some(failure) = mock.error_output {
            return Err(Problem::Plain(failure));
        }
        if let Some(failure) = failures {
            return Err(Problem::Plain(failure));
        }
        let result = mock.result.unwrap_or_else(|| "[]".into());
        let value = parse_value(&result).unwrap_or_default();
        self.leave(index, Data { value, text: result }, true)
    }

    /// All that a Map works out before its iterations, and whether too many of them are said to have failed.
    fn mocked_map(&mut self, index: LineIndex, state: &State, map: &Map) -> Result<Option<Failure>, Problem> {
        let input = self.effective_input(index, state)?.value;
        let sources = Sources::of(&input);
        let configuration =
            self.execution.inspection.as_ref().map(|seen| seen.configuration.clone()).unwrap_or_default();
        let read = configuration.map_item_reader_data.as_ref().and_then(|data| parse_value(data).ok());
        let reads = map.distributed.as_ref().is_some_and(|distributed| distributed.reader.is_some());
        let items = match read {
            Some(Value::Array(items)) => items,
            _ if reads => std::sync::Arc::default(),
            _ => self.items(index, map, &input)?,
        };
        if state.language == Language::JsonPath && matches!(map.items, Items::Found(_)) {
            let found = Value::Array(items.clone());
            self.inspect(|seen| {
                let sources = [seen.input.as_ref(), seen.context_text.as_ref()];
                let written = sources.into_iter().flatten().find_map(|source| as_written(source, &found));
                seen.after_items_path = Some(written.unwrap_or_else(|| text(&found)));
            });
        }
        if let Some(selector) = &map.selector {
            let mut selected = Vec::with_capacity(items.len());
            for (place, item) in items.iter().enumerate() {
                let sources =
                    Sources { input: input.clone(), item: Some((place, item)), ..Sources::default() };
                selected.push(self.evaluate(index, selector, &sources)?);
            }
            self.inspect(|seen| seen.after_item_selector = Some(text(&selected.into())));
        }
        let concurrency = self.concurrency(index, map, &input)? as u64;
        self.inspect(|seen| seen.max_concurrency = Some(concurrency));
        let Some(distributed) = &map.distributed else { return Ok(None) };
        let (percentage, count) = self.tolerated(index, distributed, &sources)?;
        let count = distributed.tolerated_count.as_ref().map(|_| count);
        let percentage = distributed.tolerated_percentage.as_ref().map(|_| percentage);
        self.inspect(|seen| {
            seen.tolerated_failure_count = count;
            seen.tolerated_failure_percentage = percentage;
        });
        let failed = u64::from(configuration.map_iteration_failure_count.unwrap_or(0));
        Ok(crate::map_run::exceeded(failed, items.len() as u64, count, percentage)
            .then(crate::map_run::threshold))
    }
}

/// The place in a text where an array is written, blanks and all: AWS shows items that way.
fn as_written(source: &Payload, array: &Value) -> Option<Payload> {
    let node = read(source).ok()?;
    let mut open = vec![&node];
    while let Some(node) = open.pop() {
        if node.is_array() && node.to_value() == *array {
            return source.get(node.span.clone()).map(Payload::from);
        }
        open.extend(node.items().iter().rev());
        open.extend(node.members().iter().rev().map(|(_, value)| value));
    }
    None
}
