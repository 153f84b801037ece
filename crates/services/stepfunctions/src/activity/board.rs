//! Work that waits for workers: in memory, put back by the engine's dispatches after a restart.

use execution_engine::Dispatch;
use parking_lot::Mutex;
use state_machine::interpret::Ticket;
use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use tokio::sync::Notify;

/// Workers that may wait for one activity at once (developer guide, "Service quotas": 1,000 pollers per ARN).
const POLLERS: usize = 1000;

/// By execution and ticket.
type Key = (Arc<str>, Ticket);

/// All queues, by ARN of the activity.
#[derive(Default)]
pub(crate) struct Board {
    queues: Mutex<HashMap<Arc<str>, Arc<Queue>>>,
    /// Where cancelled work waits.
    places: Mutex<HashMap<Key, Arc<str>>>,
}

#[derive(Default)]
struct Queue {
    waiting: Mutex<VecDeque<Dispatch>>,
    came: Notify,
    pollers: Mutex<usize>,
}

/// A worker's place at a queue; given back when dropped.
pub(crate) struct Poller {
    queue: Arc<Queue>,
}

impl Drop for Poller {
    fn drop(&mut self) {
        *self.queue.pollers.lock() -= 1;
        // A notice meant for this worker must reach another.
        self.queue.came.notify_one();
    }
}

impl Board {
    fn queue(&self, activity_arn: &str) -> Arc<Queue> {
        self.queues.lock().entry(activity_arn.into()).or_default().clone()
    }

    /// Puts work at the end of its queue.
    pub(crate) fn put(&self, activity_arn: &Arc<str>, work: Dispatch) {
        let key = (work.execution.arn.clone(), work.task.ticket);
        self.places.lock().insert(key, activity_arn.clone());
        let queue = self.queue(activity_arn);
        queue.waiting.lock().push_back(work);
        queue.came.notify_one();
    }

    /// Takes work out that is no longer wanted.
    pub(crate) fn cancel(&self, execution_arn: &str, ticket: Ticket) {
        let Some(activity_arn) = self.places.lock().remove(&(Arc::from(execution_arn), ticket)) else {
            return;
        };
        let queue = self.queue(&activity_arn);
        queue
            .waiting
            .lock()
            .retain(|work| work.task.ticket != ticket || *work.execution.arn != *execution_arn);
    }

    /// Gives up the queue of an activity that is gone and holds nothing.
    pub(crate) fn forget(&self, activity_arn: &str) {
        let mut queues = self.queues.lock();
        if queues
            .get(activity_arn)
            .is_some_and(|queue| queue.waiting.lock().is_empty() && *queue.pollers.lock() == 0)
        {
            queues.remove(activity_arn);
        }
    }

    /// Forgets all work.
    pub(crate) fn clear(&self) {
        self.places.lock().clear();
        for queue in self.queues.lock().values() {
            queue.waiting.lock().clear();
        }
    }

    /// A place for a worker; `None` when too many wait already.
    pub(crate) fn poller(&self, activity_arn: &str) -> Option<Poller> {
        let queue = self.queue(activity_arn);
        {
            let mut pollers = queue.pollers.lock();
            if *pollers >= POLLERS {
                return None;
            }
            *pollers += 1;
        }
        Some(Poller { queue })
    }

    /// The next piece of work, when there is one. The future may be dropped: nothing is lost then.
    pub(crate) async fn next(&self, poller: &Poller) -> Dispatch {
        loop {
            let came = poller.queue.came.notified();
            let work = poller.queue.waiting.lock().pop_front();
            if let Some(work) = work {
                self.places.lock().remove(&(work.execution.arn.clone(), work.task.ticket));
                return work;
            }
            came.await;
        }
    }

    /// How many pieces of work wait for an activity.
    #[cfg(test)]
    pub(crate) fn waiting(&self, activity_arn: &str) -> usize {
        self.queue(activity_arn).waiting.lock().len()
    }
}
