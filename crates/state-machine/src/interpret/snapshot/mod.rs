//! An execution between two turns as bytes.
//!
//! Short, because a million sleepers are kept this way: what the start of the execution or the program says is not
//! repeated, and times stand relative to it.

mod codec;
mod line;

use super::execution::Execution;
use super::line::{Phase, Purpose, Waiter};
use super::{Outcome, Start, Ticket};
use crate::history::Failure;
use crate::program::Program;
use codec::{Reader, Writer};
use line::{read_line, write_line};
use std::sync::Arc;

/// The version of this writing, its first byte.
const VERSION: u8 = 1;

/// Bytes that are no snapshot of an execution of this program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("these bytes are no snapshot of an execution of this state machine")]
pub struct BadSnapshot;

impl Execution {
    /// Appends the execution to a buffer. A sleeper takes its input and about 30 bytes, or those alone if the input is
    /// still that of the execution.
    pub fn snapshot(&self, out: &mut Vec<u8>) {
        let mut writer = Writer(out);
        writer.byte(VERSION);
        writer.number(self.last_event);
        writer.number(self.last_ticket);
        writer.number(u64::from(self.redrives));
        writer.number(self.variable_bytes as u64);
        writer.maybe(self.outcome.as_ref(), outcome);
        writer.number(self.ready.len() as u64);
        for index in &self.ready {
            writer.number(u64::from(*index));
        }
        writer.number(self.waiters.len() as u64);
        for waiter in &self.waiters {
            writer.number(waiter.ticket.0);
            writer.number(u64::from(waiter.line));
            writer.byte(waiter.purpose as u8);
            writer.signed(if waiter.purpose.is_timer() { waiter.at - self.start.at } else { 0 });
        }
        writer.number(self.lines.len() as u64);
        for line in &self.lines {
            writer.maybe(line.as_ref(), |writer, line| write_line(writer, line, &self.start));
        }
    }

    /// Restores an execution.
    ///
    /// Fails when the bytes are no snapshot, or one of another program; never panics on them.
    pub fn restore(program: Arc<Program>, start: Arc<Start>, bytes: &[u8]) -> Result<Execution, BadSnapshot> {
        let mut reader = Reader(bytes);
        if reader.byte()? != VERSION {
            return Err(BadSnapshot);
        }
        let mut execution = Execution::new(program, start);
        execution.last_event = reader.number()?;
        execution.last_ticket = reader.number()?;
        execution.redrives = reader.small()?;
        execution.variable_bytes = usize::try_from(reader.number()?).map_err(|_| BadSnapshot)?;
        execution.outcome = reader.maybe(read_outcome)?;
        for _ in 0..reader.count()? {
            execution.ready.push_back(reader.small()?);
        }
        for _ in 0..reader.count()? {
            let ticket = Ticket(reader.number()?);
            let line = reader.small()?;
            let purpose = purpose(reader.byte()?)?;
            let at = match reader.signed()? {
                0 if !purpose.is_timer() => 0,
                at => execution.start.at.checked_add(at).ok_or(BadSnapshot)?,
            };
            execution.waiters.push(Waiter { ticket, line, purpose, at });
        }
        for _ in 0..reader.count()? {
            let start = execution.start.clone();
            let line = reader.maybe(|reader| read_line(reader, &start))?;
            execution.lines.push(line);
        }
        let empty = execution.lines.iter().zip(0..).filter(|(line, _)| line.is_none());
        execution.free = empty.map(|(_, index)| index).collect();
        execution.sound().then_some(execution).ok_or(BadSnapshot)
    }

    /// Whether all indices point at something, so that later turns need not ask.
    fn sound(&self) -> bool {
        let line = |index: u32| self.lines.get(index as usize).is_some_and(Option::is_some);
        let states = self.program.states().len();
        self.ready.iter().all(|index| line(*index))
            && self.waiters.is_sorted_by_key(|waiter| waiter.ticket)
            && self.waiters.iter().all(|waiter| waiter.purpose == Purpose::Deadline || line(waiter.line))
            && self.lines.iter().flatten().all(|other| {
                let children = match &other.phase {
                    Phase::Join(join) => &*join.live,
                    _ => &[],
                };
                (other.state as usize) < states
                    && other.parent.is_none_or(|(parent, _)| line(parent))
                    && children.iter().all(|(_, child)| line(*child))
            })
            && self
                .lines
                .first()
                .is_none_or(|first| first.as_ref().is_some_and(|first| first.parent.is_none()))
    }
}

fn purpose(byte: u8) -> Result<Purpose, BadSnapshot> {
    let all = [
        Purpose::Delay,
        Purpose::Timeout,
        Purpose::Heartbeat,
        Purpose::Deadline,
        Purpose::Task,
        Purpose::MapRun,
    ];
    all.into_iter().find(|purpose| *purpose as u8 == byte).ok_or(BadSnapshot)
}

fn outcome(writer: &mut Writer<'_>, outcome: &Outcome) {
    let (kind, rest) = match outcome {
        Outcome::Succeeded(output) => {
            writer.byte(0);
            return writer.text(output);
        }
        Outcome::Failed(failure) => (1, failure),
        Outcome::TimedOut(failure) => (2, failure),
        Outcome::Aborted(failure) => (3, failure),
    };
    writer.byte(kind);
    writer.maybe(rest.error.as_deref(), Writer::text);
    writer.maybe(rest.cause.as_deref(), Writer::text);
}

fn read_outcome(reader: &mut Reader<'_>) -> Result<Outcome, BadSnapshot> {
    let kind = reader.byte()?;
    if kind == 0 {
        return Ok(Outcome::Succeeded(reader.text()?));
    }
    let failure = Failure { error: reader.maybe(Reader::text)?, cause: reader.maybe(Reader::text)? };
    match kind {
        1 => Ok(Outcome::Failed(failure)),
        2 => Ok(Outcome::TimedOut(failure)),
        3 => Ok(Outcome::Aborted(failure)),
        _ => Err(BadSnapshot),
    }
}
