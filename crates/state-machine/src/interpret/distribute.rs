//! Distributed Maps: the run begins, and what becomes of it.

use super::evaluate::{Problem, Sources};
use super::execution::Run;
use super::line::{Data, Distribution, LineIndex, Phase, Purpose};
use super::surroundings::View;
use super::{Batch, Effect, MapRunAnswer, MapRunRequest, Stale, StoreRequest, Ticket};
use crate::history::{EventKind, Failure};
use crate::path::Surroundings as _;
use crate::program::{Amount, Distributed, Map, Resource, State};
use crate::template::Template;
use crate::text;
use crate::value::Value;
use std::sync::Arc;

impl Run<'_, '_> {
    /// Begins a Map Run.
    pub(super) fn distribute(
        &mut self,
        index: LineIndex,
        state: &State,
        map: &Map,
        input: Value,
    ) -> Result<(), Problem> {
        let Some(distributed) = &map.distributed else { return Ok(()) };
        let sources = Sources::of(&input);
        let items = match distributed.reader {
            Some(_) => None,
            None => Some(self.items(index, map, &input)?),
        };
        let length = items.as_ref().map_or(0, |items| items.len() as u64);
        let request = self.map_run(index, map, distributed, &sources)?;
        self.follow(index, EventKind::MapStateStarted { length });
        let tolerated = self.tolerated(index, distributed, &sources)?;
        let arn = self.map_run_arn(state, distributed);
        let started = self.follow(index, EventKind::MapRunStarted { arn: arn.clone() });
        let ticket = self.wait_for(index, Purpose::MapRun);
        self.turn.effects.push(Effect::MapRun(Box::new(MapRunRequest {
            ticket,
            arn: arn.clone(),
            items: items.map(Value::Array),
            input,
            tolerated,
            ..request
        })));
        self.line(index).phase = Phase::MapRun(Box::new(Distribution { ticket, arn, started, redrives: 0 }));
        Ok(())
    }

    /// All of a request that is worked out before the Map counts as started.
    pub(super) fn map_run(
        &mut self,
        index: LineIndex,
        map: &Map,
        distributed: &Distributed,
        sources: &Sources<'_>,
    ) -> Result<MapRunRequest, Problem> {
        let max_concurrency = self.concurrency(index, map, &sources.input)? as u64;
        let reader = match &distributed.reader {
            Some(reader) => self.store(index, Some(&reader.resource), reader.parameters.as_ref(), sources)?,
            None => None,
        };
        let writer = match &distributed.writer {
            Some(writer) => {
                self.store(index, writer.resource.as_ref(), writer.parameters.as_ref(), sources)?
            }
            None => None,
        };
        let max_items = distributed.reader.as_ref().and_then(|reader| reader.max_items.as_ref());
        let max_items = self.positive(index, max_items, "MaxItems", sources)?.filter(|most| *most > 0);
        let batch = match &distributed.batcher {
            None => None,
            Some(batcher) => Some(Batch {
                max_items: self.positive(index, batcher.max_items.as_ref(), "MaxItemsPerBatch", sources)?,
                max_bytes: self.positive(
                    index,
                    batcher.max_bytes.as_ref(),
                    "MaxInputBytesPerBatch",
                    sources,
                )?,
                input: match &batcher.input {
                    Some(template) => Some(self.evaluate(index, template, sources)?),
                    None => None,
                },
            }),
        };
        let view = View {
            program: self.program,
            execution: self.execution,
            line: index,
            token: None,
            item: None,
            guard: self.turn.guard,
        };
        Ok(MapRunRequest {
            ticket: Ticket(0),
            arn: Arc::default(),
            state: self.line_state(index),
            redrives: 0,
            input: sources.input.clone(),
            items: None,
            reader,
            writer,
            max_items,
            batch,
            express: distributed.express,
            max_concurrency,
            tolerated: (0.0, 0),
            context: view.context(),
            variables: view.variables(),
        })
    }

    pub(super) fn line_state(&self, index: LineIndex) -> u32 {
        self.execution.lines.get(index as usize).and_then(Option::as_ref).map_or(0, |line| line.state)
    }

    fn store(
        &mut self,
        index: LineIndex,
        resource: Option<&Resource>,
        parameters: Option<&Template>,
        sources: &Sources<'_>,
    ) -> Result<Option<StoreRequest>, Problem> {
        let Some(Resource::Service { service, action, .. }) = resource else { return Ok(None) };
        let parameters = match parameters {
            Some(template) => self.evaluate(index, template, sources)?,
            None => Value::Object(Arc::default()),
        };
        Ok(Some(StoreRequest { service: service.clone(), action: action.clone(), parameters }))
    }

    fn positive(
        &mut self,
        index: LineIndex,
        amount: Option<&Amount>,
        field: &'static str,
        sources: &Sources<'_>,
    ) -> Result<Option<u64>, Problem> {
        let Some(amount) = amount else { return Ok(None) };
        let found = self.amount(index, amount, field, sources)?.integer()?;
        let found = u64::try_from(found);
        found.map(Some).map_err(|_| Problem::Runtime(format!("{field} cannot be negative.")))
    }

    /// `ToleratedFailurePercentage` and `ToleratedFailureCount`; their limits are AWS's sentences.
    pub(super) fn tolerated(
        &mut self,
        index: LineIndex,
        distributed: &Distributed,
        sources: &Sources<'_>,
    ) -> Result<(f64, u64), Problem> {
        let count =
            self.positive(index, distributed.tolerated_count.as_ref(), "ToleratedFailureCount", sources)?;
        let percentage = match &distributed.tolerated_percentage {
            None => 0.0,
            Some(amount) => self.amount(index, amount, "ToleratedFailurePercentage", sources)?.float()?,
        };
        if !(0.0..=100.0).contains(&percentage) {
            let cause = "ToleratedFailurePercentage must be between 0 and 100.";
            return Err(Problem::Runtime(cause.to_owned()));
        }
        Ok((percentage, count.unwrap_or(0)))
    }

    /// `arn:aws:states:<region>:<account>:mapRun:<machine>/<label>:<uuid>`.
    fn map_run_arn(&mut self, state: &State, distributed: &Distributed) -> Arc<str> {
        let machine = &self.execution.start.machine_arn;
        let mut parts = machine.splitn(7, ':');
        let head: Vec<&str> = parts.by_ref().take(5).collect();
        let head = head.join(":");
        let name = self.execution.start.machine_name.clone();
        let run = super::uuid(self.turn.draw);
        let label = match &distributed.label {
            Some(label) => label.to_string(),
            // A label of its own for every Map state without one.
            None => super::uuid(self.turn.draw),
        };
        let _ = state;
        format!("{head}:mapRun:{name}/{label}:{run}").into()
    }

    /// A Map Run is over.
    pub(super) fn map_run_answer(&mut self, ticket: Ticket, answer: MapRunAnswer) -> Result<(), Stale> {
        let waiters = &self.execution.waiters;
        let at = waiters.binary_search_by_key(&ticket, |waiter| waiter.ticket).map_err(|_| Stale)?;
        let index = waiters[at].line;
        let Phase::MapRun(run) = &self.line(index).phase else { return Err(Stale) };
        let started = run.started;
        match answer {
            MapRunAnswer::Succeeded(output) => {
                self.redeem(ticket);
                let last = self.follow(index, EventKind::MapRunSucceeded);
                self.emit(last, EventKind::MapStateSucceeded);
                self.line(index).previous = started;
                self.line(index).phase = Phase::Attempt;
                let value = text::parse_value(&output).unwrap_or_default();
                if let Err(problem) = self.leave(index, Data { value, text: output }, true) {
                    self.trouble(index, problem);
                }
            }
            MapRunAnswer::Failed(failure) => {
                self.redeem(ticket);
                self.follow(index, EventKind::MapRunFailed(failure.clone()));
                self.fail(index, failure);
            }
            MapRunAnswer::Aborted => {
                self.redeem(ticket);
                self.follow(index, EventKind::MapRunAborted);
                self.fail(index, Failure::default());
            }
        }
        Ok(())
    }
}
