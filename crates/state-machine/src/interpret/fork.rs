//! Parallel states and inline Maps: lines within a line.

use super::evaluate::{Problem, Sources};
use super::execution::Run;
use super::line::{Data, Join, Line, LineIndex, Phase};
use crate::history::{EventKind, Iteration, StateKind};
use crate::program::{Items, Map, ScopeIndex, State};
use crate::value::Value;
use std::sync::Arc;

/// Most iterations of an inline Map at once (developer guide, "Map state in Inline mode").
const INLINE_CONCURRENCY: usize = 40;

impl Run<'_, '_> {
    /// A Parallel begins: one line a branch.
    pub(super) fn fork(
        &mut self,
        index: LineIndex,
        state: &State,
        branches: &[ScopeIndex],
    ) -> Result<(), Problem> {
        let input = self.arguments(index, state, None)?;
        let started = self.follow(index, EventKind::ParallelStateStarted);
        let mut live = Vec::with_capacity(branches.len());
        for (place, scope) in (0..).zip(branches) {
            let start = self.program.scope(*scope).start;
            live.push((place, self.spawn(Line::new(Some((index, place)), start, input.clone(), started))));
        }
        self.line(index).phase = Phase::Join(Box::new(Join {
            live,
            results: vec![None; branches.len()],
            items: Arc::default(),
            input: input.value,
            next: 0,
            most: 0,
        }));
        if branches.is_empty() {
            return self.join(index, started, started);
        }
        Ok(())
    }

    /// A Map begins.
    pub(super) fn map(&mut self, index: LineIndex, state: &State, map: &Map) -> Result<(), Problem> {
        let input = self.effective_input(index, state)?.value;
        if map.distributed.is_some() {
            return self.distribute(index, state, map, input);
        }
        let items = self.items(index, map, &input)?;
        let most = self.concurrency(index, map, &input)?;
        let most = if most == 0 { INLINE_CONCURRENCY } else { most.min(INLINE_CONCURRENCY) };
        let started = self.follow(index, EventKind::MapStateStarted { length: items.len() as u64 });
        let results = vec![None; items.len()];
        let empty = items.is_empty();
        self.line(index).phase =
            Phase::Join(Box::new(Join { live: Vec::new(), results, items, input, next: 0, most }));
        if empty {
            return self.join(index, started, started);
        }
        for _ in 0..most {
            self.iterate(index, started)?;
        }
        Ok(())
    }

    /// The items a Map goes through.
    pub(super) fn items(
        &mut self,
        index: LineIndex,
        map: &Map,
        input: &Value,
    ) -> Result<Arc<Vec<Value>>, Problem> {
        let sources = Sources::of(input);
        let (value, template) = match &map.items {
            Items::Input => (input.clone(), None),
            Items::Found(path) => {
                let found = self.read(index, path, &sources);
                (found.map_err(|failure| Problem::Runtime(failure.invalid_path()))?, None)
            }
            Items::Made(template) => (self.evaluate(index, template, &sources)?, Some(template)),
        };
        match (value, template) {
            (Value::Array(items), _) => Ok(items),
            (other, Some(template)) => Err(template.wrong_type("array", &other).into()),
            (other, None) => {
                let state = self.program.state(self.line(index).state);
                Err(not_an_array(state, map, &other))
            }
        }
    }

    /// `MaxConcurrency`; 0 where nothing is written.
    pub(super) fn concurrency(
        &mut self,
        index: LineIndex,
        map: &Map,
        input: &Value,
    ) -> Result<usize, Problem> {
        let Some(amount) = &map.max_concurrency else { return Ok(0) };
        let found = self.amount(index, amount, "MaxConcurrency", &Sources::of(input))?.integer()?;
        usize::try_from(found).map_err(|_| Problem::Runtime("MaxConcurrency cannot be negative.".to_owned()))
    }

    /// Begins the next iteration of a Map, if one is left.
    fn iterate(&mut self, index: LineIndex, previous: u64) -> Result<(), Problem> {
        let state = self.program.state(self.line(index).state);
        let crate::program::Body::Map(map) = &state.body else { return Ok(()) };
        let Phase::Join(join) = &mut self.line(index).phase else { return Ok(()) };
        let Some(item) = join.items.get(join.next).cloned() else { return Ok(()) };
        let (place, input) = (join.next, join.input.clone());
        join.next += 1;
        let selected = match &map.selector {
            None => item.clone(),
            Some(selector) => {
                let sources = Sources { input, item: Some((place, &item)), ..Sources::default() };
                self.evaluate(index, selector, &sources)?
            }
        };
        let place = u32::try_from(place).unwrap_or(u32::MAX);
        let iteration = Iteration { name: state.name.clone(), index: u64::from(place) };
        let id = self.emit(previous, EventKind::MapIterationStarted(iteration));
        let start = self.program.scope(map.processor).start;
        let mut line = Line::new(Some((index, place)), start, Data::new(selected), id);
        line.item = Some(item);
        let child = self.spawn(line);
        if let Phase::Join(join) = &mut self.line(index).phase {
            join.live.push((place, child));
        }
        Ok(())
    }

    /// A branch or an iteration came to its end.
    pub(super) fn joined(&mut self, index: LineIndex, place: u32, child: LineIndex, output: Data) {
        let last = self.line(child).previous;
        self.drop_line(child);
        let state = self.program.state(self.line(index).state);
        let mut done = last;
        if state.kind() == StateKind::Map {
            let iteration = Iteration { name: state.name.clone(), index: u64::from(place) };
            done = self.emit(last, EventKind::MapIterationSucceeded(iteration));
        }
        let Phase::Join(join) = &mut self.line(index).phase else { return };
        join.live.retain(|(_, live)| *live != child);
        if let Some(result) = join.results.get_mut(place as usize) {
            *result = Some(output);
        }
        let over = join.live.is_empty() && join.next >= join.items.len();
        let went = if over { self.join(index, done, done) } else { self.iterate(index, last) };
        if let Err(problem) = went {
            self.line(index).previous = last;
            self.abort_children(index);
            self.trouble(index, problem);
        }
    }

    /// All branches or iterations are done.
    fn join(&mut self, index: LineIndex, last: u64, previous: u64) -> Result<(), Problem> {
        let state = self.program.state(self.line(index).state);
        let Phase::Join(join) = &mut self.line(index).phase else { return Ok(()) };
        let result = array(std::mem::take(&mut join.results).into_iter().flatten());
        self.line(index).phase = Phase::Attempt;
        let kind = match state.kind() {
            StateKind::Map => EventKind::MapStateSucceeded,
            _ => EventKind::ParallelStateSucceeded,
        };
        self.emit(last, kind);
        self.line(index).previous = previous;
        self.leave(index, result, true)
    }
}

/// The outputs as one array. Their texts stay as they are, blanks and all, as AWS leaves them.
fn array(outputs: impl Iterator<Item = Data>) -> Data {
    let (mut values, mut text) = (Vec::new(), String::from("["));
    for output in outputs {
        if !values.is_empty() {
            text.push(',');
        }
        text.push_str(&output.text);
        values.push(output.value);
    }
    text.push(']');
    Data { value: values.into(), text: text.into() }
}

/// AWS's words for items that are none.
fn not_an_array(state: &State, map: &Map, value: &Value) -> Problem {
    use crate::template::Language;
    match (&map.items, state.language) {
        (_, Language::Jsonata) => Problem::Query {
            cause: format!("Map state input must be an array but was: {value}"),
            location: None,
            late: false,
        },
        // One into the context object is named from there.
        (Items::Found(path), _) => {
            let path = path.source().replacen("$$", "$", 1);
            Problem::Runtime(format!("Reference path \"{path}\" must point to array."))
        }
        _ => Problem::Runtime(format!("Map state input must be an array but was: {value}")),
    }
}
