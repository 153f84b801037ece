//! Lines and what they wait for, as bytes.

use super::codec::{Reader, Writer};
use super::{BadSnapshot, Start};
use crate::interpret::Ticket;
use crate::interpret::line::{Attempt, Data, Distribution, Join, Line, Phase};
use crate::text;
use crate::value::{Map, Value};
use std::sync::Arc;

/// Bits of the first byte of a line: what is written after it.
const HAS_PARENT: u8 = 1;
const HAS_INPUT: u8 = 2;
const HAS_ITEM: u8 = 4;
const HAS_VARIABLES: u8 = 8;
const HALTED: u8 = 16;

pub(super) fn write_line(writer: &mut Writer<'_>, line: &Line, start: &Start) {
    let bit = |is: bool, bit: u8| if is { bit } else { 0 };
    let own_input = *line.input.text != *start.input;
    writer.byte(
        bit(line.parent.is_some(), HAS_PARENT)
            | bit(own_input, HAS_INPUT)
            | bit(line.item.is_some(), HAS_ITEM)
            | bit(line.variables.is_some(), HAS_VARIABLES)
            | bit(line.halted, HALTED),
    );
    if let Some((parent, place)) = line.parent {
        writer.number(u64::from(parent));
        writer.number(u64::from(place));
    }
    if own_input {
        writer.text(&line.input.text);
    }
    if let Some(item) = &line.item {
        write_value(writer, item);
    }
    if let Some(variables) = &line.variables {
        write_value(writer, &Value::Object(variables.clone()));
    }
    writer.number(u64::from(line.state));
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

pub(super) fn read_line(reader: &mut Reader<'_>, start: &Start) -> Result<Line, BadSnapshot> {
    let bits = reader.byte()?;
    let has = |bit: u8| bits & bit != 0;
    let parent = if has(HAS_PARENT) { Some((reader.small()?, reader.small()?)) } else { None };
    let text = if has(HAS_INPUT) { reader.text()? } else { start.input.clone() };
    let value = text::parse_value(&text).map_err(|_| BadSnapshot)?;
    let item = if has(HAS_ITEM) { Some(read_value(reader)?) } else { None };
    let variables = if has(HAS_VARIABLES) { Some(read_object(reader)?) } else { None };
    let mut line = Line::new(parent, reader.small()?, Data { value, text }, reader.number()?);
    line.before = reader.number()?;
    line.entered = (reader.number()?, start.at.checked_add(reader.signed()?).ok_or(BadSnapshot)?);
    for _ in 0..reader.count()? {
        line.retries.push(reader.small()?);
    }
    line.item = item;
    line.variables = variables;
    line.halted = has(HALTED);
    line.phase = read_phase(reader, start)?;
    Ok(line)
}

fn write_value(writer: &mut Writer<'_>, value: &Value) {
    writer.text(&value.to_string());
}

fn read_value(reader: &mut Reader<'_>) -> Result<Value, BadSnapshot> {
    text::parse_value(&reader.text()?).map_err(|_| BadSnapshot)
}

fn read_object(reader: &mut Reader<'_>) -> Result<Arc<Map>, BadSnapshot> {
    match read_value(reader)? {
        Value::Object(members) => Ok(members),
        _ => Err(BadSnapshot),
    }
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
        Phase::Task(attempt) => {
            writer.byte(4);
            write_attempt(writer, attempt, start);
        }
        Phase::Join(join) => {
            writer.byte(5);
            write_join(writer, join);
        }
        Phase::MapRun(run) => {
            writer.byte(6);
            writer.number(run.ticket.0);
            writer.text(&run.arn);
            writer.number(run.started);
            writer.number(u64::from(run.redrives));
        }
    }
}

fn read_phase(reader: &mut Reader<'_>, start: &Start) -> Result<Phase, BadSnapshot> {
    Ok(match reader.byte()? {
        0 => Phase::Enter,
        1 => Phase::Attempt,
        2 => Phase::Sleep(Ticket(reader.number()?)),
        3 => Phase::Backoff(Ticket(reader.number()?)),
        4 => Phase::Task(Box::new(read_attempt(reader, start)?)),
        5 => Phase::Join(Box::new(read_join(reader)?)),
        6 => Phase::MapRun(Box::new(Distribution {
            ticket: Ticket(reader.number()?),
            arn: reader.text()?,
            started: reader.number()?,
            redrives: reader.small()?,
        })),
        _ => return Err(BadSnapshot),
    })
}

fn write_attempt(writer: &mut Writer<'_>, attempt: &Attempt, start: &Start) {
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

fn read_attempt(reader: &mut Reader<'_>, start: &Start) -> Result<Attempt, BadSnapshot> {
    let ticket = Ticket(reader.number()?);
    let input = reader.text()?;
    let role = reader.maybe(Reader::text)?;
    let flags = reader.byte()?;
    let timeout = reader.maybe(|reader| {
        let ticket = Ticket(reader.number()?);
        Ok((ticket, start.at.checked_add(reader.signed()?).ok_or(BadSnapshot)?))
    })?;
    let heartbeat = reader.maybe(|reader| Ok((Ticket(reader.number()?), reader.signed()?)))?;
    let (started, submitted) = (flags & 1 != 0, flags & 2 != 0);
    Ok(Attempt { ticket, input, role, started, submitted, timeout, heartbeat })
}

fn write_join(writer: &mut Writer<'_>, join: &Join) {
    writer.number(join.live.len() as u64);
    for (place, child) in &join.live {
        writer.number(u64::from(*place));
        writer.number(u64::from(*child));
    }
    writer.number(join.results.len() as u64);
    for result in &join.results {
        writer.maybe(result.as_ref(), |writer, result| writer.text(&result.text));
    }
    write_value(writer, &Value::Array(join.items.clone()));
    write_value(writer, &join.input);
    writer.number(join.next as u64);
    writer.number(join.most as u64);
}

fn read_join(reader: &mut Reader<'_>) -> Result<Join, BadSnapshot> {
    let size = |number: u64| usize::try_from(number).map_err(|_| BadSnapshot);
    let mut live = Vec::new();
    for _ in 0..reader.count()? {
        live.push((reader.small()?, reader.small()?));
    }
    let mut results = Vec::new();
    for _ in 0..reader.count()? {
        results.push(reader.maybe(|reader| {
            let text = reader.text()?;
            Ok(Data { value: text::parse_value(&text).map_err(|_| BadSnapshot)?, text })
        })?);
    }
    let Value::Array(items) = read_value(reader)? else { return Err(BadSnapshot) };
    let input = read_value(reader)?;
    Ok(Join { live, results, items, input, next: size(reader.number()?)?, most: size(reader.number()?)? })
}
