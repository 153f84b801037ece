//! Commands that run: their progress, and the way to wake the engine.

use parking_lot::Mutex;
use records::ssm::{Command, InvocationStatus, StepResult};
use state_store::typed::Scope;
use std::collections::{BTreeSet, HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::{Notify, watch};

/// What a caller cancelled.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancelled {
    /// The whole command.
    pub(crate) all: bool,
    /// These instances.
    pub(crate) some: BTreeSet<String>,
}

impl Cancelled {
    /// Whether it concerns this instance.
    pub(crate) fn covers(&self, instance_id: &str) -> bool {
        self.all || self.some.contains(instance_id)
    }
}

/// Progress on one instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Of the invocation.
    pub(crate) status: InvocationStatus,
    /// Of each step, in the order of the document.
    pub(crate) steps: Vec<StepResult>,
}

/// One command that runs.
pub(crate) struct LiveCommand {
    /// Whose it is.
    pub(crate) scope: Scope,
    /// As it was when taken in; what changes later lies in the fields below and in the store.
    pub(crate) command: Arc<Command>,
    /// Found in the store by the engine rather than handed over by SendCommand: it may have run before a restart.
    pub(crate) resumed: bool,
    progress: Mutex<HashMap<String, Progress>>,
    cancelled: watch::Sender<Cancelled>,
}

impl LiveCommand {
    /// Whose it is.
    fn new(scope: Scope, command: Arc<Command>, resumed: bool) -> LiveCommand {
        let some = command.cancelled.iter().cloned().collect();
        let cancelled = Cancelled { all: command.cancel_all, some };
        let (cancelled, _) = watch::channel(cancelled);
        LiveCommand { scope, command, resumed, progress: Mutex::default(), cancelled }
    }

    /// Notes progress on an instance.
    pub(crate) fn set(&self, instance_id: &str, progress: Progress) {
        self.progress.lock().insert(instance_id.to_owned(), progress);
    }

    /// Progress on an instance; `None` when nothing happened there yet.
    pub(crate) fn progress(&self, instance_id: &str) -> Option<Progress> {
        self.progress.lock().get(instance_id).cloned()
    }

    /// The states of all instances on which something happened.
    pub(crate) fn states(&self) -> Vec<InvocationStatus> {
        self.progress.lock().values().map(|p| p.status).collect()
    }

    /// Cancels all instances, or these.
    pub(crate) fn cancel(&self, instance_ids: &[String]) {
        self.cancelled.send_modify(|cancelled| {
            if instance_ids.is_empty() {
                cancelled.all = true;
            }
            cancelled.some.extend(instance_ids.iter().cloned());
        });
    }

    /// Follows what is cancelled.
    pub(crate) fn cancellations(&self) -> watch::Receiver<Cancelled> {
        self.cancelled.subscribe()
    }
}

/// All commands that run.
#[derive(Default)]
pub(crate) struct Live {
    commands: Mutex<HashMap<String, Arc<LiveCommand>>>,
    queue: Mutex<VecDeque<Arc<LiveCommand>>>,
    wake: Notify,
}

impl Live {
    /// Takes a command in and wakes the engine; does nothing when it is in already.
    pub(crate) fn adopt(&self, scope: Scope, command: Arc<Command>, resumed: bool) {
        let live = Arc::new(LiveCommand::new(scope, command, resumed));
        match self.commands.lock().entry(live.command.id.clone()) {
            std::collections::hash_map::Entry::Occupied(_) => return,
            std::collections::hash_map::Entry::Vacant(free) => drop(free.insert(live.clone())),
        }
        self.queue.lock().push_back(live);
        self.wake.notify_one();
    }

    /// The next command nobody conducts yet.
    pub(crate) async fn next(&self) -> Arc<LiveCommand> {
        loop {
            if let Some(live) = self.queue.lock().pop_front() {
                return live;
            }
            self.wake.notified().await;
        }
    }

    /// A command that runs, if it belongs to this scope.
    pub(crate) fn get(&self, scope: &Scope, id: &str) -> Option<Arc<LiveCommand>> {
        self.commands.lock().get(id).filter(|live| live.scope == *scope).cloned()
    }

    /// Whether a command runs, in whatever scope.
    pub(crate) fn holds(&self, id: &str) -> bool {
        self.commands.lock().contains_key(id)
    }

    /// How many run.
    pub(crate) fn len(&self) -> usize {
        self.commands.lock().len()
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<Arc<LiveCommand>> {
        self.commands.lock().values().cloned().collect()
    }

    /// Lets go of all.
    pub(crate) fn clear(&self) {
        self.queue.lock().clear();
        self.commands.lock().clear();
    }

    /// Lets go of a command that ended.
    pub(crate) fn release(&self, id: &str) {
        self.commands.lock().remove(id);
    }
}
