//! A closed execution as a row.

use crate::codec::{Field, Malformed, Reader, Writer, record};
use crate::message::ChildPlace;
use crate::{Execution, Kind};
use state_machine::history::Failure;
use std::sync::Arc;

/// A closed execution.
#[derive(Clone, Debug)]
pub(crate) struct Closed {
    /// What DescribeExecution tells.
    pub(crate) execution: Execution,
    /// Whether its events were told to the logs; a redrive goes on doing so.
    pub(crate) logged: bool,
    /// Number of events.
    pub(crate) events: u64,
    /// First event of every part of its history that stands in a row of its own.
    pub(crate) parts: Vec<u64>,
    /// The rest of the history: records with their lengths.
    pub(crate) rest: Vec<u8>,
    /// Of a child of a Map Run: its place in the run's last attempt.
    pub(crate) child: Option<ChildPlace>,
    /// For one that can be redriven; stands in a row of its own.
    pub(crate) snapshot: Arc<[u8]>,
}

impl Closed {
    /// Bytes that it holds in memory, about.
    pub(crate) fn weight(&self) -> usize {
        let execution = &self.execution;
        let texts = [&execution.output, &execution.failure.error, &execution.failure.cause];
        let texts: usize = texts.into_iter().flatten().map(|text| text.len()).sum();
        1_024 + execution.start.input.len() + texts + self.rest.len() + self.snapshot.len()
    }
}

impl Field for Closed {
    fn put(&self, to: &mut Writer<'_>) {
        to.put(&self.execution);
        to.put(&self.logged);
        to.put(&self.events);
        to.put(&self.parts);
        to.raw(&self.rest);
        to.put(&self.child);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut closed = Closed {
            execution: from.take()?,
            logged: from.take()?,
            events: from.take()?,
            parts: from.take()?,
            rest: from.raw()?.to_vec(),
            child: from.take()?,
            snapshot: Arc::new([]),
        };
        closed.execution.child = closed.child.map(|place| place.told());
        closed.execution.events = Some(closed.events);
        Ok(closed)
    }
}

impl Field for Execution {
    fn put(&self, to: &mut Writer<'_>) {
        to.put(&self.start);
        to.put(&self.revision);
        to.put(&self.status);
        to.put(&self.stopped);
        to.put(&self.output);
        to.put(&self.failure);
        to.put(&self.redrives);
        to.put(&self.trace_header);
    }
    fn take(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Execution {
            start: from.take()?,
            revision: from.take()?,
            status: from.take()?,
            stopped: from.take()?,
            output: from.take()?,
            failure: from.take::<Failure>()?,
            redrives: from.take()?,
            trace_header: from.take()?,
            // Both stand in the row beside it.
            child: None,
            events: None,
        })
    }
}

/// The definition that executions of a revision run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Definition {
    pub(crate) definition: Arc<str>,
    pub(crate) kind: Kind,
}

record!(Definition { definition, kind });
