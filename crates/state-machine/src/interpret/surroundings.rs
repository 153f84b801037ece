//! What expressions see: the context object and the variables.

use super::execution::Execution;
use super::line::{Line, LineIndex};
use crate::Millis;
use crate::guard::Guard;
use crate::history::StateKind;
use crate::path::Surroundings;
use crate::program::Program;
use crate::value::{Map, Value};
use std::sync::Arc;

/// The view from a line.
pub(super) struct View<'a> {
    pub(super) program: &'a Program,
    pub(super) execution: &'a Execution,
    pub(super) line: LineIndex,
    /// The token of the task that is being scheduled, where its answer comes by one.
    pub(super) token: Option<Arc<str>>,
    /// The item that is being selected, and its place.
    pub(super) item: Option<(usize, &'a Value)>,
    pub(super) guard: &'a Guard<'a>,
}

impl View<'_> {
    fn line(&self, index: LineIndex) -> Option<&Line> {
        self.execution.lines.get(index as usize)?.as_ref()
    }

    /// `Map.Item` of the innermost Map around: the one whose item is selected, or whose iteration this is.
    fn map_item(&self) -> Option<(usize, Value)> {
        if let Some((index, item)) = self.item {
            return Some((index, item.clone()));
        }
        let mut at = self.line(self.line);
        while let Some(line) = at {
            let (parent, place) = line.parent?;
            if let Some(item) = &line.item {
                return Some((place as usize, item.clone()));
            }
            at = self.line(parent);
        }
        None
    }
}

impl View<'_> {
    /// All variables that can be read from here; of equal names the innermost.
    pub(super) fn variables(&self) -> Vec<(Arc<str>, Value)> {
        let mut found = Map::new();
        let mut at = self.line(self.line);
        while let Some(line) = at {
            for (name, value) in line.variables.iter().flat_map(|variables| variables.iter()) {
                found.entry(name.clone()).or_insert_with(|| value.clone());
            }
            at = line.parent.and_then(|(parent, _)| self.line(parent));
        }
        found.into_iter().collect()
    }
}

impl Surroundings for View<'_> {
    fn guard(&self) -> Option<&Guard<'_>> {
        Some(self.guard)
    }

    fn context(&self) -> Value {
        let given = self.execution.inspection.as_ref().and_then(|inspection| inspection.context.clone());
        if let Some(context) = given {
            return context;
        }
        let start = &self.execution.start;
        let text = |text: &Arc<str>| Value::String(text.clone());
        let role = if start.role_arn.is_empty() { Value::Null } else { text(&start.role_arn) };
        let mut execution = vec![
            ("Id", text(&start.arn)),
            ("Input", self.execution.input().clone()),
            ("StartTime", timestamp(start.at)),
            ("Name", text(&start.name)),
            ("RoleArn", role),
        ];
        // Express executions cannot be redriven, and do not speak of it.
        if !start.express {
            execution.push(("RedriveCount", i64::from(self.execution.redrives).into()));
        }
        let mut context = vec![
            ("Execution", object(execution)),
            ("StateMachine", object([("Id", text(&start.machine_arn)), ("Name", text(&start.machine_name))])),
        ];
        if let Some(line) = self.line(self.line) {
            let state = self.program.state(line.state);
            let tested = self.execution.inspection.is_some();
            let name = if tested { "StateName".into() } else { text(&state.name) };
            let mut members = vec![("Name", name), ("EnteredTime", timestamp(line.entered.1))];
            if matches!(state.kind(), StateKind::Task | StateKind::Parallel | StateKind::Map) {
                let retries: u32 = line.retries.iter().sum();
                members.push(("RetryCount", i64::from(retries).into()));
            }
            context.push(("State", object(members)));
        }
        if let Some((index, item)) = self.map_item() {
            context.push(("Map", map_item(index, item)));
        }
        if let Some(token) = &self.token {
            context.push(("Task", object([("Token", text(token))])));
        }
        object(context)
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let mut at = self.line(self.line);
        while let Some(line) = at {
            if let Some(value) = line.variables.as_ref().and_then(|variables| variables.get(name)) {
                return Some(value.clone());
            }
            at = self.line(line.parent?.0);
        }
        None
    }
}

/// `$$.Map` in an iteration.
pub(crate) fn map_item(index: usize, item: Value) -> Value {
    let index = i64::try_from(index).unwrap_or(i64::MAX);
    object([("Item", object([("Index", index.into()), ("Value", item)]))])
}

fn object<'n>(members: impl IntoIterator<Item = (&'n str, Value)>) -> Value {
    let members: Map = members.into_iter().map(|(name, value)| (Arc::from(name), value)).collect();
    members.into()
}

/// As AWS writes times: `2024-11-05T12:34:56.789Z`.
fn timestamp(at: Millis) -> Value {
    Value::String(super::time::write(at).into())
}
