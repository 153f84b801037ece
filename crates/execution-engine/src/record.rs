//! Records of the log.
//!
//! What recovery needs of a million sleepers (who, when to wake) stands first, so that it reads no more than that.

use crate::NewExecution;
use crate::codec::{Field, Malformed, Reader, Writer, put_events, record, skip_events, take_events};
use crate::log::Position;
use crate::message::{ChildEnd, ChildPlace};
use state_machine::Millis;
use state_machine::history::Event;
use state_machine::interpret::{MapRunRequest, Start, Wake};
use std::sync::Arc;

/// What executions share that were started alike: written once per shard, named by a number.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Pin {
    pub(crate) revision: Arc<str>,
    pub(crate) logged: bool,
    /// The ARN of an execution is this and its name.
    pub(crate) arn_prefix: Arc<str>,
    pub(crate) role_arn: Arc<str>,
    pub(crate) machine_arn: Arc<str>,
    pub(crate) machine_name: Arc<str>,
    pub(crate) alias_arn: Option<Arc<str>>,
    pub(crate) version_arn: Option<Arc<str>>,
    pub(crate) map_run: Option<Arc<str>>,
    pub(crate) processor: Option<u32>,
}

record!(Pin {
    revision,
    logged,
    arn_prefix,
    role_arn,
    machine_arn,
    machine_name,
    alias_arn,
    version_arn,
    map_run,
    processor
});

impl Pin {
    /// The pin of a new execution.
    pub(crate) fn of(new: &NewExecution) -> Pin {
        Pin { logged: new.revision.logged, ..Pin::of_start(&new.start, new.revision.id.clone()) }
    }

    /// The pin of an execution that is not logged.
    pub(crate) fn of_start(start: &Start, revision: Arc<str>) -> Pin {
        Pin {
            revision,
            logged: false,
            arn_prefix: start.arn.strip_suffix(&*start.name).unwrap_or(&start.arn).into(),
            role_arn: start.role_arn.clone(),
            machine_arn: start.machine_arn.clone(),
            machine_name: start.machine_name.clone(),
            alias_arn: start.alias_arn.clone(),
            version_arn: start.version_arn.clone(),
            map_run: start.map_run.clone(),
            processor: start.processor,
        }
    }

    /// Who an execution is.
    pub(crate) fn start(&self, opening: &Opening) -> Start {
        Start {
            arn: format!("{}{}", self.arn_prefix, opening.suffix).into(),
            name: opening.name.clone(),
            role_arn: self.role_arn.clone(),
            at: opening.at,
            machine_arn: self.machine_arn.clone(),
            machine_name: self.machine_name.clone(),
            alias_arn: self.alias_arn.clone(),
            version_arn: self.version_arn.clone(),
            input: opening.input.clone(),
            map_run: self.map_run.clone(),
            processor: self.processor,
            express: false,
        }
    }
}

/// Texts that records of an execution name without writing them; the same for the log and the archive.
pub(crate) fn seeds(start: &Start) -> Vec<Arc<str>> {
    let texts = [Some(&start.role_arn), start.alias_arn.as_ref(), start.version_arn.as_ref()];
    texts.into_iter().flatten().cloned().collect()
}

/// The same texts, as a pin has them.
pub(crate) fn seeds_of_pin(pin: &Pin) -> Vec<Arc<str>> {
    let texts = [Some(&pin.role_arn), pin.alias_arn.as_ref(), pin.version_arn.as_ref()];
    texts.into_iter().flatten().cloned().collect()
}

/// Who an execution is, as far as its pin does not say it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Opening {
    pub(crate) name: Arc<str>,
    /// What stands behind the pin's prefix in the ARN; the name, but for ARNs that do not end so.
    pub(crate) suffix: Arc<str>,
    pub(crate) at: Millis,
    pub(crate) input: Arc<str>,
    pub(crate) trace_header: Option<Arc<str>>,
    pub(crate) redrives: (u32, Option<Millis>),
    pub(crate) child: Option<ChildPlace>,
    /// First events of the parts of its history that are in the archive.
    pub(crate) archived: Vec<u64>,
}

record!(ChildPlace { shard, parent, ticket, index, items });
record!(ChildEnd { place, outcome, terminal, times });
record!(Opening { name, suffix, at, input, trace_header, redrives, child, archived });

impl Field for u16 {
    fn put(&self, to: &mut Writer<'_>) {
        to.number(u64::from(*self));
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.number()?.try_into().map_err(|_| Malformed)
    }
}

/// How an execution stands after a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It waits.
    Waiting,
    /// Its turn was cut; it goes on at once.
    More,
    /// It is over.
    Ended,
}

/// The first part of a record of an execution.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Number of the execution in its shard.
    pub(crate) number: u64,
    /// Its pin.
    pub(crate) pin: u32,
    /// Its record before this.
    pub(crate) previous: Position,
    /// Its snapshot before this (of a snapshot only).
    pub(crate) previous_snapshot: Position,
    pub(crate) standing: Standing,
    /// Its earliest timer.
    pub(crate) timer: Option<Millis>,
    /// It waits for tasks or Map Runs, which are to be set up again after a restart.
    pub(crate) busy: bool,
    /// Time of the turn.
    pub(crate) now: Millis,
    /// Who it is; in its first record and in snapshots.
    pub(crate) opening: Option<Opening>,
    /// Of a turn that asked for an activity that was not there: how many that were there it had asked for before.
    pub(crate) absent: Option<u32>,
    pub(crate) has_turn: bool,
    pub(crate) has_snapshot: bool,
}

/// A turn as it was.
pub(crate) struct TurnPart {
    pub(crate) wake: Wake,
    /// Where its random numbers came from, if it drew any.
    pub(crate) seed: Option<u64>,
    /// After how many steps it was cut.
    pub(crate) steps: Option<u32>,
    pub(crate) events: Vec<Event>,
}

/// A Map Run that began, was redriven, or was changed.
pub(crate) struct RunPart {
    /// Number of the parent.
    pub(crate) parent: u64,
    /// ARN of the parent.
    pub(crate) execution_arn: Arc<str>,
    /// Its begin, or that of its redrive.
    pub(crate) began: Millis,
    pub(crate) request: MapRunRequest,
}

record!(RunPart { parent, execution_arn, began, request });

const EXECUTION: u8 = 1;
const PIN: u8 = 2;
const ARCHIVED: u8 = 3;
const CHILD: u8 = 4;
const RUN: u8 = 5;
const EXPRESS: u8 = 6;
const OVER: u8 = 7;

const OPENING: u8 = 1;
const TURN: u8 = 2;
const SNAPSHOT: u8 = 4;
const BUSY: u8 = 8;
const MORE: u8 = 16;
const ENDED: u8 = 32;
const TIMER: u8 = 64;
const ABSENT: u8 = 128;

/// A record, as far as it was read.
pub(crate) enum Record<'a> {
    /// Of an execution: its head; the rest is read with [`turn`] and [`snapshot`].
    Execution(Box<Head>, Reader<'a>),
    /// Of an execution whose pin is not known (yet).
    Unknown { number: u64, pin: u32 },
    /// A pin and its number.
    Pin(u32, Pin),
    /// Everything that closed in records before this place is in the archive.
    Archived(Position),
    /// A child of a Map Run ended.
    Child(Box<ChildEnd>),
    /// A Map Run began or was changed.
    Run(Box<RunPart>),
    /// An asynchronous Express execution was taken: its number, its pin, who it is.
    Express(u64, u32, Box<Opening>),
    /// Express executions that are over.
    Over(Vec<u64>),
}

/// Writes a record of an execution.
pub(crate) fn put(
    to: &mut Vec<u8>,
    head: &Head,
    pin: &Pin,
    turn: Option<(&Wake, Option<u64>, u32, &[Event])>,
    snapshot: &[u8],
) {
    let seeds = seeds_of_pin(pin);
    let mut writer = Writer::new(to, &seeds);
    writer.byte(EXECUTION);
    writer.number(head.number);
    writer.number(u64::from(head.pin));
    writer.number(head.previous.0);
    let mut flags = 0;
    let mut flag = |set: bool, bit: u8| flags |= if set { bit } else { 0 };
    flag(head.opening.is_some(), OPENING);
    flag(turn.is_some(), TURN);
    flag(!snapshot.is_empty(), SNAPSHOT);
    flag(head.busy, BUSY);
    flag(head.standing == Standing::More, MORE);
    flag(head.standing == Standing::Ended, ENDED);
    flag(head.timer.is_some(), TIMER);
    flag(head.absent.is_some(), ABSENT);
    writer.byte(flags);
    writer.signed(head.now);
    if let Some(timer) = head.timer {
        writer.signed(timer.wrapping_sub(head.now));
    }
    if let Some(before) = head.absent {
        writer.number(u64::from(before));
    }
    if !snapshot.is_empty() {
        writer.number(head.previous_snapshot.0);
    }
    if let Some(opening) = &head.opening {
        writer.put(opening);
    }
    if let Some((wake, seed, steps, events)) = turn {
        put_events(&mut writer, head.now, events);
        writer.put(wake);
        writer.put(&seed);
        if head.standing == Standing::More {
            writer.number(u64::from(steps));
        }
    }
    if !snapshot.is_empty() {
        writer.raw(snapshot);
    }
}

/// Writes a pin.
pub(crate) fn put_pin(to: &mut Vec<u8>, number: u32, pin: &Pin) {
    let mut writer = Writer::new(to, &[]);
    writer.byte(PIN);
    writer.number(u64::from(number));
    writer.put(pin);
}

/// Writes how far the archive has come.
pub(crate) fn put_archived(to: &mut Vec<u8>, upto: Position) {
    let mut writer = Writer::new(to, &[]);
    writer.byte(ARCHIVED);
    writer.number(upto.0);
}

/// Writes the end of a child.
pub(crate) fn put_child(to: &mut Vec<u8>, end: &ChildEnd) {
    let mut writer = Writer::new(to, &[]);
    writer.byte(CHILD);
    writer.put(end);
}

/// Writes a Map Run: its parent's number and ARN, the time of its begin, what it was asked.
pub(crate) fn put_run(
    to: &mut Vec<u8>,
    parent: u64,
    execution_arn: &Arc<str>,
    began: Millis,
    request: &MapRunRequest,
) {
    let mut writer = Writer::new(to, &[]);
    writer.byte(RUN);
    writer.number(parent);
    writer.put(execution_arn);
    writer.signed(began);
    writer.put(request);
}

/// Writes the start of an Express execution.
pub(crate) fn put_express(to: &mut Vec<u8>, number: u64, place: u32, pin: &Pin, opening: &Opening) {
    let seeds = seeds_of_pin(pin);
    let mut writer = Writer::new(to, &seeds);
    writer.byte(EXPRESS);
    writer.number(number);
    writer.number(u64::from(place));
    writer.put(opening);
}

/// Writes which Express executions are over.
pub(crate) fn put_over(to: &mut Vec<u8>, numbers: &Vec<u64>) {
    let mut writer = Writer::new(to, &[]);
    writer.byte(OVER);
    writer.put(numbers);
}

/// Reads the first part of a record. `seeds` gives the texts of a pin; false: it does not know it.
pub(crate) fn take<'a>(
    bytes: &'a [u8],
    seeds: impl FnOnce(u32, &mut Reader<'a>) -> bool,
) -> Result<Record<'a>, Malformed> {
    let mut reader = Reader::new(bytes, &[]);
    match reader.byte()? {
        EXECUTION => {
            let number = reader.number()?;
            let pin: u32 = reader.take()?;
            if !seeds(pin, &mut reader) {
                return Ok(Record::Unknown { number, pin });
            }
            let previous = Position(reader.number()?);
            let flags = reader.byte()?;
            let now = reader.signed()?;
            let timer = if flags & TIMER == 0 { None } else { Some(now.wrapping_add(reader.signed()?)) };
            let absent = if flags & ABSENT == 0 { None } else { Some(reader.take()?) };
            let has_snapshot = flags & SNAPSHOT != 0;
            let previous_snapshot = Position(if has_snapshot { reader.number()? } else { 0 });
            let opening = if flags & OPENING == 0 { None } else { Some(reader.take()?) };
            let standing = match flags & (MORE | ENDED) {
                0 => Standing::Waiting,
                MORE => Standing::More,
                ENDED => Standing::Ended,
                _ => return Err(Malformed),
            };
            let head = Head {
                number,
                pin,
                previous,
                previous_snapshot,
                standing,
                timer,
                busy: flags & BUSY != 0,
                now,
                opening,
                absent,
                has_turn: flags & TURN != 0,
                has_snapshot,
            };
            Ok(Record::Execution(Box::new(head), reader))
        }
        PIN => Ok(Record::Pin(reader.take()?, reader.take()?)),
        ARCHIVED => Ok(Record::Archived(Position(reader.number()?))),
        CHILD => Ok(Record::Child(Box::new(reader.take()?))),
        RUN => Ok(Record::Run(Box::new(reader.take()?))),
        EXPRESS => {
            let number = reader.number()?;
            let pin: u32 = reader.take()?;
            if !seeds(pin, &mut reader) {
                return Ok(Record::Unknown { number, pin });
            }
            Ok(Record::Express(number, pin, Box::new(reader.take()?)))
        }
        OVER => Ok(Record::Over(reader.take()?)),
        _ => Err(Malformed),
    }
}

/// Reads a record of an execution whose [`seeds`] are known.
pub(crate) fn take_execution<'a>(
    bytes: &'a [u8],
    seeds: &[Arc<str>],
) -> Result<(Box<Head>, Reader<'a>), Malformed> {
    let known = |_, reader: &mut Reader<'a>| {
        reader.seed(seeds);
        true
    };
    match take(bytes, known)? {
        Record::Execution(head, reader) => Ok((head, reader)),
        _ => Err(Malformed),
    }
}

/// Reads the turn behind a head that has one.
pub(crate) fn turn(reader: &mut Reader<'_>, head: &Head) -> Result<TurnPart, Malformed> {
    let events = take_events(reader, head.now)?;
    let (wake, seed) = (reader.take()?, reader.take()?);
    let steps = if head.standing == Standing::More { Some(reader.take()?) } else { None };
    Ok(TurnPart { wake, seed, steps, events })
}

/// Number of the first event and of events of the turn behind a head that has one.
pub(crate) fn span(mut reader: Reader<'_>) -> Result<(u64, u64), Malformed> {
    skip_events(&mut reader)
}

/// Reads the snapshot behind head and turn.
pub(crate) fn snapshot<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], Malformed> {
    reader.raw()
}
