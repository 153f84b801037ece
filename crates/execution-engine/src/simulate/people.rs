//! What people do: start executions, do tasks, read histories.

use super::check;
use super::run::{Simulation, arn, place, revision};
use crate::engine::hash;
use crate::history::{self, Asked};
use crate::message::{Begin, Message, StartReply};
use crate::shard::{Shard, mix};
use crate::{Kind, NewExecution};
use state_machine::history::{Event, Failure};
use state_machine::interpret::{Start, TaskAnswer};
use std::sync::Arc;
use tokio::sync::oneshot;
use tokio::sync::oneshot::error::TryRecvError;

impl Simulation {
    pub(super) fn start_one(&mut self) {
        let open: Vec<usize> = (0..self.planned.len())
            .filter(|index| !self.planned[*index].acknowledged && self.planned[*index].asked.is_none())
            .collect();
        if open.is_empty() {
            return;
        }
        let chosen = usize::try_from(self.random()).unwrap_or(0) % open.len();
        self.start(open[chosen]);
    }

    pub(super) fn start(&mut self, index: usize) {
        let Some(running) = &mut self.running else { return };
        let planned = &mut self.planned[index];
        let revision = Arc::new(revision(planned.machine, self.updates[planned.chosen]));
        let Ok(program) = self.programs.get(&revision) else { return };
        if planned.revisions.last().is_none_or(|last| last.id != revision.id) {
            planned.revisions.push(revision.clone());
        }
        let (reply, asked) = oneshot::channel();
        planned.asked = Some(asked);
        let start = Start {
            arn: arn(&planned.name).into(),
            name: planned.name.as_str().into(),
            role_arn: "arn:aws:iam::123456789012:role/r".into(),
            at: 0,
            machine_arn: "arn:aws:states:us-east-1:123456789012:stateMachine:m".into(),
            machine_name: "m".into(),
            alias_arn: None,
            version_arn: None,
            input: planned.machine.input.into(),
            map_run: None,
            processor: None,
            express: false,
        };
        let new = NewExecution { revision, start, trace_header: None };
        let begin = Box::new(Begin { new, program, reply: StartReply::Started(reply) });
        running.waiting[place(&planned.name)].push_back(Message::Start(begin));
    }

    pub(super) fn answer_one(&mut self) {
        let keys: Vec<Arc<str>> = self.world.told.lock().tasks.keys().cloned().collect();
        if keys.is_empty() {
            return;
        }
        let chosen = usize::try_from(self.random()).unwrap_or(0) % keys.len();
        let started = self.random().is_multiple_of(4);
        self.answer(&keys[chosen], started);
    }

    /// A worker answers; what it says depends on the execution and the attempt only.
    pub(super) fn answer(&mut self, key: &Arc<str>, started: bool) {
        let Some(running) = &mut self.running else { return };
        let mut told = self.world.told.lock();
        let told = &mut *told;
        let Some(task) = told.tasks.get(key) else { return };
        let luck = mix(hash(&task.execution.name) ^ task.task.ticket.0.wrapping_mul(77)) % 3;
        let of_run = task.execution.map_run.clone();
        let (arn, input) = (task.execution.arn.clone(), task.task.input.to_string());
        let first = task.task.ticket.0 == 1;
        let answer = match luck {
            _ if started => TaskAnswer::Heartbeat,
            _ if of_run.is_some() => {
                // Every second item fails once: in its first attempt, or at its first answer.
                let bad = input.contains(['2', '4']);
                let steady = of_run.is_some_and(|run| run.contains("/red:"));
                let fails = bad && if steady { first } else { told.failed.insert(arn) };
                if fails {
                    TaskAnswer::Failed(Failure::new("Item", "bad"))
                } else {
                    TaskAnswer::Succeeded(input.into())
                }
            }
            0 => TaskAnswer::Failed(Failure::new("Oh", "no")),
            _ => TaskAnswer::Succeeded("{\"ok\":true}".into()),
        };
        let Some(name) = running.around.tokens.open(&task.task.token) else { return };
        let (reply, received) = oneshot::channel();
        if !started && let Some(task) = told.tasks.remove(key) {
            self.answers.push((task, received));
        }
        running.waiting[usize::from(name.shard)].push_back(Message::Answer {
            task: name,
            answer,
            from: None,
            reply,
        });
    }

    /// Somebody reads a history.
    pub(super) fn look(&mut self) -> Result<(), String> {
        let index = usize::try_from(self.random()).unwrap_or(0) % self.planned.len();
        if self.running.as_ref().is_some_and(|running| running.shards.iter().any(Shard::is_stalled)) {
            return Ok(());
        }
        match self.history(index)? {
            Some(events) => {
                let planned = &mut self.planned[index];
                check::grows(&planned.name, &planned.seen, &events)?;
                planned.seen = events;
                Ok(())
            }
            // It leaves no history.
            None if self.planned[index].machine.kind == Kind::Express => Ok(()),
            None if self.planned[index].acknowledged => Err(format!("{} is lost", self.planned[index].name)),
            None => Ok(()),
        }
    }

    pub(super) fn history(&mut self, index: usize) -> Result<Option<Vec<Event>>, String> {
        let name = self.planned[index].name.clone();
        let arn = arn(&name);
        let shard = place(&name);
        let (reply, mut received) = oneshot::channel();
        if let Some(running) = &mut self.running {
            running.waiting[shard].push_back(Message::Trail { arn: arn.as_str().into(), reply });
        }
        for _ in 0..200 {
            self.round(shard)?;
            let Some(running) = &self.running else { return Ok(None) };
            match received.try_recv() {
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Closed) => return Err(format!("nobody tells where {name} is")),
                Ok(trail) => {
                    let asked = Asked { reverse: false, after: None, limit: 100_000 };
                    let page = match trail {
                        Some(trail) => history::of_open(&running.logs[shard], &self.archive, &trail, asked),
                        None => match self.archive.execution(&arn).map_err(|error| error.0)? {
                            None => return Ok(None),
                            Some(closed) => history::of_closed(&self.archive, &closed, asked),
                        },
                    };
                    return page.map(|page| Some(page.events)).map_err(|error| format!("{name}: {error}"));
                }
            }
        }
        Err(format!("nobody tells where {name} is"))
    }
}
