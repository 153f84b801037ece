//! Items become inputs of children (`ItemSelector`, `ItemBatcher`).

use crate::guard::Guard;
use crate::history::Failure;
use crate::interpret::MapRunRequest;
use crate::path::Surroundings;
use crate::program::{Body, Program};
use crate::template::{Scope, Template};
use crate::value::{Map, Value};
use crate::{Millis, interpret};
use std::sync::Arc;

/// Makes the inputs of the children of one Map Run.
#[derive(Debug)]
pub struct Selection {
    program: Arc<Program>,
    state: u32,
    input: Value,
    context: Arc<Map>,
    variables: Vec<(Arc<str>, Value)>,
    batch_input: Option<Value>,
}

impl Selection {
    /// For a run, by its request.
    pub fn new(program: Arc<Program>, request: &MapRunRequest) -> Selection {
        let context = match &request.context {
            Value::Object(members) => members.clone(),
            _ => Arc::default(),
        };
        Selection {
            program,
            state: request.state,
            input: request.input.clone(),
            context,
            variables: request.variables.clone(),
            batch_input: request.batch.as_ref().and_then(|batch| batch.input.clone()),
        }
    }

    fn selector(&self) -> Option<&Template> {
        match &self.program.states().get(self.state as usize)?.body {
            Body::Map(map) => map.selector.as_ref(),
            _ => None,
        }
    }

    /// What an item becomes: itself, or what the selector makes of it. `index` counts all items of the run.
    ///
    /// Fails as the Map state does when its selector cannot be worked out.
    pub fn input(
        &self,
        index: usize,
        item: &Value,
        now: Millis,
        draw: &mut dyn FnMut() -> u64,
    ) -> Result<Value, Failure> {
        self.input_within(index, item, now, draw, &Guard::alone())
    }

    /// The same under a guard: see [`crate::guard`].
    pub fn input_within(
        &self,
        index: usize,
        item: &Value,
        now: Millis,
        draw: &mut dyn FnMut() -> u64,
        guard: &Guard<'_>,
    ) -> Result<Value, Failure> {
        let Some(selector) = self.selector() else { return Ok(item.clone()) };
        let surroundings = Inside { selection: self, index, item, guard };
        let mut scope = Scope {
            input: &self.input,
            result: None,
            error_output: None,
            surroundings: &surroundings,
            now,
            draw,
        };
        selector
            .evaluate(&mut scope)
            .map_err(|failure| Failure { error: Some(failure.error), cause: Some(failure.cause.into()) })
    }

    /// The input of a child that gets several items: `{"BatchInput": …, "Items": […]}`.
    pub fn batch(&self, items: Vec<Value>) -> Value {
        let mut members = Map::new();
        if let Some(input) = &self.batch_input {
            members.insert("BatchInput".into(), input.clone());
        }
        members.insert("Items".into(), items.into());
        members.into()
    }
}

/// What a selector sees.
struct Inside<'a> {
    selection: &'a Selection,
    index: usize,
    item: &'a Value,
    guard: &'a Guard<'a>,
}

impl Surroundings for Inside<'_> {
    fn guard(&self) -> Option<&Guard<'_>> {
        Some(self.guard)
    }

    fn context(&self) -> Value {
        let mut context = Map::clone(&self.selection.context);
        context.insert("Map".into(), interpret::map_item(self.index, self.item.clone()));
        context.into()
    }

    fn variable(&self, name: &str) -> Option<Value> {
        let found = self.selection.variables.iter().find(|(other, _)| &**other == name)?;
        Some(found.1.clone())
    }
}
