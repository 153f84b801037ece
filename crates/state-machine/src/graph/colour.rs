//! How each state of an execution fares, from its events.

use crate::Millis;
use crate::history::{Event, EventKind};
use std::collections::HashMap;
use std::sync::Arc;

/// How a state fares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It is at work.
    Running,
    /// It came to its end.
    Succeeded,
    /// It failed, and a catcher led on.
    Caught,
    /// It failed.
    Failed,
    /// It was ended from outside.
    Aborted,
}

impl Status {
    /// As pictures name it: the class in SVG.
    pub fn name(self) -> &'static str {
        match self {
            Status::Running => "running",
            Status::Succeeded => "succeeded",
            Status::Caught => "caught",
            Status::Failed => "failed",
            Status::Aborted => "aborted",
        }
    }
}

/// What of an event matters here. An [`Event`] is one, and so is an event as GetExecutionHistory answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Place in the history.
    pub id: u64,
    /// The event that led to it; 0 for none.
    pub previous: u64,
    /// When.
    pub at: Millis,
    /// The type as the API names it.
    pub kind: Arc<str>,
    /// For states that are entered or exited: the name.
    pub state: Option<Arc<str>>,
}

impl From<&Event> for Mark {
    fn from(event: &Event) -> Mark {
        let state = match &event.kind {
            EventKind::StateEntered { name, .. } | EventKind::StateExited { name, .. } => Some(name.clone()),
            _ => None,
        };
        Mark { id: event.id, previous: event.previous, at: event.at, kind: event.kind.name().into(), state }
    }
}

/// One stay in a state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    /// The state.
    pub state: Arc<str>,
    /// From when.
    pub from: Millis,
    /// Until when; `None` while it lasts.
    pub to: Option<Millis>,
    /// How it went.
    pub status: Status,
}

/// The colours of a picture, and the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Colours {
    /// How each state that was entered fares.
    pub states: HashMap<Arc<str>, Status>,
    /// Every stay in a state, in the order of entering.
    pub timeline: Vec<Visit>,
}

/// Reads events in their order.
pub fn colour(events: impl IntoIterator<Item = Mark>) -> Colours {
    let mut reader = Reader::default();
    for mark in events {
        reader.read(&mark);
    }
    let timeline: Vec<Visit> = reader.stays.into_iter().map(|stay| stay.visit).collect();
    let mut states: HashMap<Arc<str>, Status> = HashMap::new();
    for visit in &timeline {
        let status = states.entry(visit.state.clone()).or_insert(visit.status);
        *status = worse(*status, visit.status);
    }
    Colours { states, timeline }
}

/// Of several stays in one state, in a loop or in the iterations of a Map, the one people have to know of.
fn worse(before: Status, after: Status) -> Status {
    let weight = |status| match status {
        Status::Running => 3,
        Status::Failed => 2,
        Status::Aborted => 1,
        Status::Caught | Status::Succeeded => 0,
    };
    if weight(before) > weight(after) { before } else { after }
}

/// A stay with what is needed to follow it.
struct Stay {
    visit: Visit,
    /// The stay in the Parallel or Map state around it.
    parent: Option<usize>,
    /// The first word of the type of its event: `Parallel` of `ParallelStateEntered`.
    kind: Arc<str>,
    /// It failed, and nothing has tried it again so far.
    failing: bool,
}

#[derive(Default)]
struct Reader {
    stays: Vec<Stay>,
    /// The stay each event belongs to.
    owner: HashMap<u64, usize>,
}

impl Reader {
    fn read(&mut self, mark: &Mark) {
        let owner = self.owner.get(&mark.previous).copied();
        let kind = &*mark.kind;
        if let Some(word) = kind.strip_suffix("StateEntered") {
            self.enter(mark, word, owner);
            return;
        }
        let mut belongs = owner;
        if kind.ends_with("StateExited") {
            belongs = self.exit(mark, owner).or(owner);
        } else if kind.starts_with("Execution") {
            match kind {
                "ExecutionFailed" => self.end(mark.at, Status::Failed),
                "ExecutionTimedOut" | "ExecutionAborted" => self.end(mark.at, Status::Aborted),
                _ => {}
            }
        } else if let Some(word) = ["Parallel", "Map"].into_iter().find(|word| kind.starts_with(word)) {
            belongs = self.around(owner, word).or(owner);
            self.inside(mark, kind, belongs);
        } else if let Some(stay) = owner.and_then(|at| self.stays.get_mut(at)) {
            if kind.ends_with("Failed") || kind.ends_with("TimedOut") {
                stay.failing = true;
            } else if kind.ends_with("Scheduled") {
                stay.failing = false;
            } else if kind.ends_with("StateAborted") {
                (stay.visit.status, stay.visit.to) = (Status::Aborted, Some(mark.at));
            }
        }
        if let Some(belongs) = belongs {
            self.owner.insert(mark.id, belongs);
        }
    }

    fn enter(&mut self, mark: &Mark, word: &str, owner: Option<usize>) {
        // What comes after a stay that is over is beside it; what comes out of one that lasts is inside it.
        let parent = owner.and_then(|at| if self.lasts(at) { Some(at) } else { self.stays[at].parent });
        let visit = Visit {
            state: mark.state.clone().unwrap_or_default(),
            from: mark.at,
            to: None,
            status: Status::Running,
        };
        self.owner.insert(mark.id, self.stays.len());
        self.stays.push(Stay { visit, parent, kind: word.into(), failing: false });
    }

    fn exit(&mut self, mark: &Mark, owner: Option<usize>) -> Option<usize> {
        let name = mark.state.as_ref();
        let fits = |at: usize| self.lasts(at) && Some(&self.stays[at].visit.state) == name;
        let mut candidate = owner;
        while let Some(at) = candidate.filter(|at| !fits(*at)) {
            candidate = self.stays[at].parent;
        }
        let at = candidate.or_else(|| (0..self.stays.len()).rev().find(|at| fits(*at)))?;
        let stay = &mut self.stays[at];
        stay.visit.to = Some(mark.at);
        stay.visit.status = if stay.failing { Status::Caught } else { Status::Succeeded };
        Some(at)
    }

    /// The stay of this kind that the stay is in, or is itself.
    fn around(&self, mut at: Option<usize>, word: &str) -> Option<usize> {
        while let Some(stay) = at.and_then(|at| self.stays.get(at)) {
            if &*stay.kind == word && stay.visit.to.is_none() {
                return at;
            }
            at = stay.parent;
        }
        None
    }

    /// An event of a Parallel or Map state about what is inside it.
    fn inside(&mut self, mark: &Mark, kind: &str, container: Option<usize>) {
        let Some(container) = container else { return };
        let failed = kind.ends_with("Failed");
        if failed || kind.ends_with("Aborted") {
            let status = if failed { Status::Failed } else { Status::Aborted };
            // Of a Map only the iteration ends, which the event before belongs to.
            let owner = self.owner.get(&mark.previous).copied().filter(|_| kind.starts_with("MapIteration"));
            for at in container + 1..self.stays.len() {
                let meant = owner.is_none_or(|owner| owner == at);
                if meant && self.lasts(at) && self.is_inside(at, container) {
                    (self.stays[at].visit.status, self.stays[at].visit.to) = (status, Some(mark.at));
                }
            }
        }
        if !kind.starts_with("MapIteration") {
            if failed {
                self.stays[container].failing = true;
            } else if kind.ends_with("Started") {
                self.stays[container].failing = false;
            }
        }
    }

    fn is_inside(&self, mut at: usize, container: usize) -> bool {
        while let Some(parent) = self.stays[at].parent {
            if parent == container {
                return true;
            }
            at = parent;
        }
        false
    }

    fn lasts(&self, at: usize) -> bool {
        self.stays[at].visit.to.is_none()
    }

    fn end(&mut self, now: Millis, status: Status) {
        for stay in self.stays.iter_mut().filter(|stay| stay.visit.to.is_none()) {
            (stay.visit.status, stay.visit.to) = (status, Some(now));
        }
    }
}
