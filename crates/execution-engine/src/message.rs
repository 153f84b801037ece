//! What is said to a shard.

use crate::aside::Worked;
use crate::listing::Listed;
use crate::token::TaskName;
use crate::{
    AnswerRefusal, ChangeRefusal, Dispatch, Execution, ListCursor, ListFilter, MapRun, MapRunUpdate,
    NewExecution, StartRefusal, Unreadable,
};
use state_machine::history::Failure;
use state_machine::interpret::{TaskAnswer, Ticket};
use state_machine::program::Program;
use state_machine::{Millis, Value};
use std::sync::Arc;
use tokio::sync::oneshot::Sender;

/// A start with its compiled definition.
pub(crate) struct Begin {
    pub(crate) new: NewExecution,
    pub(crate) program: Arc<Program>,
    /// For a child of a distributed Map: where its end is told.
    pub(crate) reply: StartReply,
}

/// To whom a start is answered.
pub(crate) enum StartReply {
    /// When it is durable (Standard), or when its start is (Express).
    Started(Sender<Result<Millis, StartRefusal>>),
    /// When it has ended (synchronous Express).
    Ended(Sender<Result<Execution, StartRefusal>>),
    /// A child of a Map Run.
    Child(ChildPlace),
}

/// Place of a child in its Map Run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ChildPlace {
    /// Shard of the parent.
    pub(crate) shard: u16,
    /// Number of the parent in that shard.
    pub(crate) parent: u64,
    /// Ticket of the run.
    pub(crate) ticket: u64,
    /// Number of the child in its run, from 0.
    pub(crate) index: u64,
    /// Items it works on.
    pub(crate) items: u32,
}

impl ChildPlace {
    /// Whether both are of one attempt of a run: a redrive is another, since the parent has a new number and ticket then.
    pub(crate) fn same_attempt(&self, other: &ChildPlace) -> bool {
        (self.shard, self.parent, self.ticket) == (other.shard, other.parent, other.ticket)
    }

    /// What others are told of it.
    pub(crate) fn told(&self) -> crate::MapRunChild {
        crate::MapRunChild { index: self.index, items: self.items }
    }
}

/// How a child of a Map Run ended.
pub(crate) struct ChildEnd {
    pub(crate) place: ChildPlace,
    pub(crate) outcome: state_machine::interpret::Outcome,
    /// It did not do well, and no redrive can help.
    pub(crate) terminal: bool,
    /// Its start and its end.
    pub(crate) times: (Millis, Millis),
}

/// A place to read a history from, taken when everything before it was durable.
#[derive(Clone, Debug)]
pub(crate) struct Trail {
    /// Who.
    pub(crate) start: Arc<state_machine::interpret::Start>,
    /// Position of the newest record of an open execution.
    pub(crate) last: crate::log::Position,
}

/// One message.
pub(crate) enum Message {
    Start(Box<Begin>),
    Stop {
        arn: Arc<str>,
        failure: Failure,
        reply: Sender<Result<Millis, ChangeRefusal>>,
    },
    Redrive {
        arn: Arc<str>,
        reply: Sender<Result<Millis, ChangeRefusal>>,
    },
    Answer {
        task: TaskName,
        answer: TaskAnswer,
        /// `<region>:<account>` of who answers, where that is not the cloud itself.
        from: Option<Arc<str>>,
        reply: Sender<Result<(), AnswerRefusal>>,
    },
    /// A task that waits, to be told once more.
    Task {
        task: TaskName,
        reply: Sender<Result<Option<Dispatch>, Unreadable>>,
    },
    /// Open executions only: closed ones are read from the archive by the caller.
    Describe {
        arn: Arc<str>,
        reply: Sender<Option<Execution>>,
    },
    List {
        filter: Arc<ListFilter>,
        /// How far the redrive of the Map Run has come whose children are asked for.
        reach: Option<u64>,
        after: Option<ListCursor>,
        limit: usize,
        reply: Sender<crate::listing::Listed>,
    },
    Trail {
        arn: Arc<str>,
        reply: Sender<Option<Trail>>,
    },
    MapRun {
        arn: Arc<str>,
        reply: Sender<Option<MapRun>>,
    },
    MapRunsOf {
        execution: Arc<str>,
        reply: Sender<Vec<MapRun>>,
    },
    UpdateMapRun {
        arn: Arc<str>,
        update: MapRunUpdate,
        reply: Sender<Result<(), ChangeRefusal>>,
    },
    /// Answered when a restart would not archive again what this machine's closed executions were; refused as long as one
    /// of them is open or on its way into the archive.
    Forget {
        machine: Arc<str>,
        reply: Sender<Result<(), ChangeRefusal>>,
    },
    /// From the archive: everything of this shard that closed before this position is kept there.
    Archived {
        slots: Vec<(u32, u64)>,
    },
    /// From the thread beside the shard: a slow turn is done.
    Worked(Box<Worked>),
    /// From there: the input that an item of a Map Run becomes.
    Selected {
        key: (u64, Ticket),
        index: usize,
        input: Result<Value, Failure>,
    },
    /// From another shard: a child of a Map Run ended.
    ChildEnded(Box<ChildEnd>),
    /// From another shard: a Map Run does not want this child any more.
    StopChild {
        arn: Arc<str>,
    },
    /// After a restart: this child is open. Its run may have ended before it could stop it.
    ChildOpen {
        place: ChildPlace,
        arn: Arc<str>,
    },
    /// Express children of a Map Run that is under way; `None`: none such is here.
    ExpressChildren {
        run: Arc<str>,
        filter: Arc<ListFilter>,
        after: Option<ListCursor>,
        limit: usize,
        reply: Sender<Option<Listed>>,
    },
    /// How far the redrive of a Map Run has come: the first child it has not come to. `None`: none is under way here.
    RedriveReach {
        arn: Arc<str>,
        reply: Sender<Option<u64>>,
    },
}
