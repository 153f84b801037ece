//! An execution between two turns as bytes.
//!
//! Short, because a million sleepers are kept this way: what the start of the execution or the program says is not
//! repeated, and times stand relative to it.

mod codec;

use super::execution::Execution;
use super::line::{Attempt, Data, Line, Phase, Purpose, Waiter};
use super::{Outcome, Start, Ticket};
use crate::history::Failure;
use crate::program::Program;
use crate::text;
use codec::{Reader, Writer};
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
            writer.signed(if waiter.at == 0 { 0 } else { waiter.at - self.start.at });
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
        execution.outcome = reader.maybe(read_outcome)?;
        for _ in 0..reader.count()? {
            execution.ready.push_back(reader.small()?);
        }
        for _ in 0..reader.count()? {
            let ticket = Ticket(reader.number()?);
            let line = reader.small()?;
            let purpose = purpose(reader.byte()?)?;
            let at = match reader.signed()? {
                0 if purpose == Purpose::Task => 0,
                at => execution.start.at.checked_add(at).ok_or(BadSnapshot)?,
            };
            execution.waiters.push(Waiter { ticket, line, purpose, at });
        }
        for _ in 0..reader.count()? {
            let start = execution.start.clone();
            let line = reader.maybe(|reader| read_line(reader, &start))?;
            execution.lines.push(line);
        }
        execution.sound().then_some(execution).ok_or(BadSnapshot)
    }

    /// Whether all indices point at something, so that later turns need not ask.
    fn sound(&self) -> bool {
        let line = |index: u32| self.lines.get(index as usize).is_some_and(Option::is_some);
        let states = self.program.states().len();
        self.ready.iter().all(|index| line(*index))
            && self.waiters.is_sorted_by_key(|waiter| waiter.ticket)
            && self.waiters.iter().all(|waiter| waiter.purpose == Purpose::Deadline || line(waiter.line))
            && self.lines.iter().flatten().all(|line| (line.state as usize) < states)
    }
}

fn purpose(byte: u8) -> Result<Purpose, BadSnapshot> {
    [Purpose::Delay, Purpose::Timeout, Purpose::Heartbeat, Purpose::Task, Purpose::Deadline]
        .into_iter()
        .find(|purpose| *purpose as u8 == byte)
        .ok_or(BadSnapshot)
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

fn write_line(writer: &mut Writer<'_>, line: &Line, start: &Start) {
    writer.maybe(line.parent, |writer, (parent, place)| {
        writer.number(u64::from(parent));
        writer.number(u64::from(place));
    });
    writer.number(u64::from(line.state));
    let own = (*line.input.text != *start.input).then_some(&*line.input.text);
    writer.maybe(own, Writer::text);
    writer.number(line.previous);
    writer.number(line.before);
    writer.number(line.entered.0);
    writer.signed(line.entered.1 - start.at);
    writer.number(line.retries.len() as u64);
    for retries in &line.retries {
        writer.number(u64::from(*retries));
    }
    write_phase(writer, &line.phase, start);
}

fn read_line(reader: &mut Reader<'_>, start: &Start) -> Result<Line, BadSnapshot> {
    let parent = reader.maybe(|reader| Ok((reader.small()?, reader.small()?)))?;
    let state = reader.small()?;
    let text = reader.maybe(Reader::text)?.unwrap_or_else(|| start.input.clone());
    let value = text::parse_value(&text).map_err(|_| BadSnapshot)?;
    let (previous, before) = (reader.number()?, reader.number()?);
    let entered = (reader.number()?, start.at.checked_add(reader.signed()?).ok_or(BadSnapshot)?);
    let mut retries = Vec::new();
    for _ in 0..reader.count()? {
        retries.push(reader.small()?);
    }
    let phase = read_phase(reader, start)?;
    Ok(Line { parent, state, input: Data { value, text }, previous, before, entered, retries, phase })
}

fn write_phase(writer: &mut Writer<'_>, phase: &Phase, start: &Start) {
    match phase {
        Phase::Enter => writer.byte(0),
        Phase::Attempt => writer.byte(1),
        Phase::Sleep(ticket) => {
            writer.byte(2);
            writer.number(ticket.0);
        }
        Phase::Backoff(ticket) => {
            writer.byte(3);
            writer.number(ticket.0);
        }
        Phase::Halted => writer.byte(4),
        Phase::Task(attempt) => {
            writer.byte(5);
            writer.number(attempt.ticket.0);
            writer.text(&attempt.input);
            writer.maybe(attempt.role.as_deref(), Writer::text);
            writer.byte(u8::from(attempt.started) | u8::from(attempt.submitted) << 1);
            writer.maybe(attempt.timeout, |writer, (ticket, at)| {
                writer.number(ticket.0);
                writer.signed(at - start.at);
            });
            writer.maybe(attempt.heartbeat, |writer, (ticket, seconds)| {
                writer.number(ticket.0);
                writer.signed(seconds);
            });
        }
    }
}

fn read_phase(reader: &mut Reader<'_>, start: &Start) -> Result<Phase, BadSnapshot> {
    let ticket = |reader: &mut Reader<'_>| reader.number().map(Ticket);
    Ok(match reader.byte()? {
        0 => Phase::Enter,
        1 => Phase::Attempt,
        2 => Phase::Sleep(ticket(reader)?),
        3 => Phase::Backoff(ticket(reader)?),
        4 => Phase::Halted,
        5 => {
            let ticket_of_task = ticket(reader)?;
            let input = reader.text()?;
            let role = reader.maybe(Reader::text)?;
            let flags = reader.byte()?;
            let timeout = reader.maybe(|reader| {
                let at = (ticket(reader)?, reader.signed()?);
                Ok((at.0, start.at.checked_add(at.1).ok_or(BadSnapshot)?))
            })?;
            let heartbeat = reader.maybe(|reader| Ok((ticket(reader)?, reader.signed()?)))?;
            Phase::Task(Box::new(Attempt {
                ticket: ticket_of_task,
                input,
                role,
                started: flags & 1 != 0,
                submitted: flags & 2 != 0,
                timeout,
                heartbeat,
            }))
        }
        _ => return Err(BadSnapshot),
    })
}
