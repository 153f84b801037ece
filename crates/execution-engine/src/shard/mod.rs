//! A shard: one thread's executions with their log. Here it is without its thread, so that the simulator can run it.
//!
//! The round: messages are taken in ([`receive`]), timers that are due become wakes, turns are run ([`turn`]), then one
//! commit ([`commit`]) and only behind it the release of everything that follows from it.

mod aside;
mod commit;
mod express;
mod hydrate;
mod list;
mod look;
mod map_run;
mod pins;
mod receive;
mod recover;
mod slots;
mod tidy;
mod turn;
mod warm;

use crate::archive::{Archive, Closed, Parts};
use crate::aside::Aside;
use crate::backlog::Backlog;
use crate::clock::{Clock, ShardClock};
use crate::inbox::Inbox;
use crate::log::{Log, LogWriter, Position};
use crate::message::{Begin, ChildPlace, Message, StartReply};
use crate::programs::Programs;
use crate::token::{TaskName, Tokens};
use crate::wheel::{Due, Wheel};
use crate::{AnswerRefusal, ChangeRefusal, Outside};
pub(crate) use map_run::{child_arn, child_name};
use pins::Pins;
use slots::{Phase, Slot, Slots};
use state_machine::Millis;
use state_machine::guard::Watch;
use state_machine::history::Event;
use state_machine::interpret::{Effect, Execution, Start, Ticket, Wake};
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::oneshot::Sender;
pub(crate) use turn::{Activities, Given, Turned, run_turn};
pub(crate) use warm::Load;

/// What the shards of an engine share.
#[derive(Clone)]
pub(crate) struct Surroundings {
    pub(crate) outside: Arc<dyn Outside>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) archive: Arc<Archive>,
    pub(crate) programs: Arc<Programs>,
    pub(crate) tokens: Tokens,
    /// All shards, this one among them.
    pub(crate) inboxes: Vec<Arc<Inbox<Message>>>,
    /// Where ended executions go.
    pub(crate) archivist: Arc<Inbox<Keep>>,
    /// Ended executions on their way into the archive.
    pub(crate) backlog: Arc<Backlog>,
    /// Where slow turns are run.
    pub(crate) aside: Arc<dyn Aside>,
    /// The clocks of evaluations.
    pub(crate) watch: Arc<dyn Watch + Send + Sync>,
    pub(crate) limits: Limits,
}

/// Numbers that tests set smaller.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Open Standard executions per shard.
    pub(crate) open: usize,
    /// Bytes of a segment.
    pub(crate) segment: u64,
    /// Segments before old ones are tidied away.
    pub(crate) segments: usize,
    /// Standard executions kept ready in memory while they wait.
    pub(crate) hot: Load,
    /// Bytes of Express executions, by their size as snapshots, beyond which none is begun. At twice as many, one that
    /// has grown is stopped.
    pub(crate) express: usize,
    /// Turns between snapshots.
    pub(crate) turns: u16,
    /// Events after which a turn is cut.
    pub(crate) budget: usize,
    /// Bytes and turns of one commit.
    pub(crate) batch: (usize, usize),
    /// Ended executions on their way into the archive, and their bytes, beyond which no start is taken. At twice as much
    /// Standard executions stand still.
    pub(crate) backlog: (usize, usize),
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            open: 1_000_000,
            segment: 64 << 20,
            segments: 4,
            hot: Load { count: 20_000, bytes: 64 << 20 },
            express: 128 << 20,
            turns: 64,
            budget: 1_000,
            batch: (4 << 20, 4_000),
            backlog: (100_000, 128 << 20),
        }
    }
}

/// An ended execution on its way into the archive.
pub(crate) struct Keep {
    pub(crate) shard: u16,
    pub(crate) slot: u32,
    pub(crate) number: u64,
    pub(crate) closed: Arc<Closed>,
    /// Its records, where they were still in memory; otherwise they are read from the log.
    pub(crate) parts: Option<Parts>,
    pub(crate) last: Position,
    /// Bytes that it holds in memory, about.
    pub(crate) weight: usize,
}

/// An execution in memory.
struct Hot {
    execution: Execution,
    start: Arc<Start>,
    trace_header: Option<Arc<str>>,
    redrives: (u32, Option<Millis>),
    child: Option<ChildPlace>,
    archived: Vec<u64>,
    /// Its records since its beginning, while they are few.
    parts: Option<Parts>,
    /// Time of its last turn: the next one is not earlier.
    now: Millis,
    /// Who started it and waits for its end (synchronous Express).
    waiting: Option<StartReply>,
    /// Revision of an Express execution, which has no pin.
    revision: Option<Arc<str>>,
    /// Start of an asynchronous Express execution in the log.
    lasting: Option<express::Lasting>,
    /// Bytes of its input and of what was written of it since its snapshot, or of its snapshot: about what it holds.
    weight: usize,
}

/// To whom a wake is answered.
enum Reply {
    None,
    Change(Sender<Result<Millis, ChangeRefusal>>),
    Answer(Sender<Result<(), AnswerRefusal>>),
}

/// A wake waiting for its turn.
struct Runnable {
    slot: u32,
    number: u64,
    wake: Wake,
    reply: Reply,
}

/// A turn that was run and is not durable yet.
struct Done {
    slot: u32,
    number: u64,
    /// The slot before the turn; `None`: it began with this turn.
    before: Option<Slot>,
    wake: Wake,
    reply: Reply,
    now: Millis,
    effects: Vec<Effect>,
    /// For the logs.
    events: Vec<Event>,
    redrives: u32,
    start: Arc<Start>,
    revision: Arc<str>,
    /// It ended with this turn.
    ended: Option<Box<Keep>>,
    child: Option<ChildPlace>,
    /// Its turn was cut.
    more: bool,
    /// How it was begun, for another attempt.
    begin: Option<Box<Begin>>,
}

/// One shard.
pub(crate) struct Shard {
    index: u16,
    around: Surroundings,
    log: Arc<Log>,
    writer: LogWriter,
    clock: ShardClock,
    wheel: Wheel,
    slots: Slots,
    hot: warm::Warm,
    pins: Pins,
    closing: HashMap<u32, Arc<Closed>>,
    runs: map_run::Runs,
    next_number: u64,
    /// Number of the last Express execution that began.
    next_express: u64,
    /// State of the generator of seeds.
    random: u64,
    runnable: VecDeque<Runnable>,
    /// Wakes of executions that could not be read, and when they come again.
    unread: (Vec<Runnable>, Millis),
    /// Those that are too slow for this thread.
    slow: aside::Slow,
    batch: Vec<Done>,
    /// Records that are rewritten in this batch: slots and their entries before.
    moved: Vec<(u32, Slot)>,
    /// Pins written again in this batch, and the places where they stood.
    moved_pins: Vec<(u32, Position)>,
    /// Pins written in this batch.
    pinned: Vec<u32>,
    /// Questions to be answered when this batch is durable.
    questions: Vec<Message>,
    /// Messages that cannot be worked on yet.
    deferred: VecDeque<Message>,
    /// Messages that are looked at again when the present batch is durable.
    next: VecDeque<Message>,
    /// The disk refuses: nothing is begun until it takes something again.
    stalled: Option<String>,
    /// Changes of Map Runs that are acknowledged when this batch is durable.
    changed: Vec<Sender<Result<(), ChangeRefusal>>>,
    due: Vec<Due>,
    /// Timers of Standard executions that were due while these stood still; one for each at most.
    held: Vec<Due>,
    scratch: Vec<u8>,
    tidying: tidy::Tidying,
    express: express::Starts,
    /// Everything that closed before this place is in the archive, and the log knows it.
    archived: Position,
}

impl Shard {
    fn token(&self, hash: u64, number: u64, ticket: Ticket) -> Arc<str> {
        self.around.tokens.seal(TaskName { shard: self.index, hash, number, ticket })
    }

    /// Idempotency key of a task: the same for the same attempt, also after a restart.
    fn key(&self, slot: &Slot, ticket: Ticket) -> Arc<str> {
        format!("{:016x}-{:x}-{:x}-{:x}", slot.hash, self.index, slot.number, ticket.0).into()
    }

    /// A number to draw random numbers from (SplitMix64).
    fn seed(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.random)
    }

    fn wake(&mut self, slot: u32, wake: Wake, reply: Reply) {
        let number = self.slots.get(slot).number;
        self.runnable.push_back(Runnable { slot, number, wake, reply });
    }

    /// Whether turns wait to be run.
    pub(crate) fn is_busy(&self) -> bool {
        !self.runnable.is_empty() || self.slow.is_ready() || !self.next.is_empty() || self.runs.is_ready()
    }

    /// Number of Standard executions that are open.
    pub(crate) fn open_executions(&self) -> usize {
        self.slots.open
    }

    /// Time of its next timer.
    pub(crate) fn next_timer(&self) -> Option<Millis> {
        self.wheel.next()
    }

    /// Whether Standard executions stand still: the disk refuses writes, or the archive is far behind.
    pub(crate) fn is_stalled(&self) -> bool {
        self.stalled.is_some() || self.around.backlog.exceeds(self.around.limits.backlog, 2)
    }

    /// Whether the archive is behind: nothing is begun.
    fn is_behind(&self) -> bool {
        self.around.backlog.exceeds(self.around.limits.backlog, 1)
    }

    /// Whether a look now would find nothing to do: turns stand still, or all that is left are starts of children that
    /// wait for the archive.
    pub(crate) fn waits_for_the_disk(&self) -> bool {
        let turns = !self.runnable.is_empty() || self.slow.is_ready() || self.runs.is_ready();
        self.is_stalled() || self.is_behind() && !turns && !self.next.is_empty()
    }

    /// Its time.
    pub(crate) fn now(&mut self) -> Millis {
        self.clock.now(&*self.around.clock)
    }

    /// Its inbox.
    pub(crate) fn inbox(&self) -> Arc<Inbox<Message>> {
        self.around.inboxes[usize::from(self.index)].clone()
    }

    /// One round: takes messages in, runs turns, commits. Messages beyond what fits into one commit stay.
    pub(crate) fn round(&mut self, waiting: &mut VecDeque<Message>) {
        self.prepare();
        self.send_away();
        self.write_runs();
        self.ring();
        // Half of the batch at most: however much there is to run, messages (a stop, say) get in.
        let half = self.around.limits.batch.1 / 2;
        self.run(half.max(1));
        while let Some(message) = self.next.pop_back() {
            waiting.push_front(message);
        }
        while !self.is_full() {
            let Some(message) = waiting.pop_front() else { break };
            self.receive(message);
        }
        self.redrive_children();
        self.pump();
        self.run(usize::MAX);
        self.tidy();
        self.commit();
    }

    /// Turns timers that are due into wakes.
    pub(crate) fn ring(&mut self) {
        let now = self.now();
        if now >= self.unread.1 {
            self.runnable.extend(self.unread.0.drain(..));
        }
        let mut due = std::mem::take(&mut self.due);
        // A turn that cannot be written is not worth bringing its execution into memory.
        let stalled = self.is_stalled();
        if !stalled {
            due.append(&mut self.held);
        }
        self.wheel.advance(now, &mut due);
        // Those due together go by their time, so that histories do not depend on the wheel's inside.
        due.sort_unstable_by_key(|due| (due.at, due.slot));
        for timer in due.drain(..) {
            let Some(slot) = self.slots.entry(timer.slot) else { continue };
            #[expect(clippy::cast_possible_truncation, reason = "the lower half, as in the wheel")]
            let same = slot.number as u32 == timer.number;
            if !same || slot.timer != timer.at || slot.phase == Phase::Closing {
                continue;
            }
            if stalled && slot.phase == Phase::Open {
                self.held.push(timer);
            } else {
                self.ring_one(timer.slot, now);
            }
        }
        self.due = due;
    }
}

pub(crate) fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

/// Draws from a seed, and tells whether anything was drawn.
pub(crate) struct Draws {
    seed: u64,
    drawn: bool,
    state: u64,
}

impl Draws {
    pub(crate) fn new(seed: u64) -> Draws {
        Draws { seed, drawn: false, state: seed }
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.drawn = true;
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.state)
    }
}
