//! The data plane follows the records: one thread owns the kernel's network objects and applies plans to them.

mod gateways;
mod input;
mod lost;
mod mend;
mod numbers;
mod services;
mod settle;
mod view;
mod watch;
mod worker;

use contracts::BoxFuture;
use contracts::seams::NetworkGate;
use parking_lot::RwLock;
use state_store::typed::Scope;
use std::collections::{BTreeMap, HashSet};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use tokio::sync::oneshot;

pub(crate) use gateways::Gateways;
pub(crate) use lost::Lost;
pub(crate) use view::{View, follow_flow_logs};
pub(crate) use watch::Board;
pub(crate) use worker::{Start, run};

/// What became of a piece of work for the network thread.
pub(crate) type Outcome = Result<(), String>;

/// Packets a gate dropped at one interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Drops {
    /// Interface id.
    pub interface: String,
    /// Packets by the gate that dropped them.
    pub by_gate: BTreeMap<String, u64>,
}

/// Work for the network thread.
pub(crate) enum Job {
    /// Make the kernel equal to the records of the VPC.
    Settle { scope: Scope, vpc: String, reply: oneshot::Sender<Outcome> },
    /// Plug an interface into a machine.
    Attach {
        scope: Scope,
        vpc: String,
        interface: String,
        netns: OwnedFd,
        device: u32,
        reply: oneshot::Sender<Outcome>,
    },
    /// An interface that a machine of this host has had since before a restart.
    Adopt { scope: Scope, vpc: String, interfaces: Vec<String>, reply: oneshot::Sender<Outcome> },
    /// Take an interface away.
    Detach { scope: Scope, vpc: String, interface: String, reply: oneshot::Sender<Outcome> },
    /// Listen to the router of a VPC, or to the edge, if anybody wants to know.
    Watch { vpc: String, reply: oneshot::Sender<Outcome> },
    /// Read the drop counters of a VPC.
    Drops { vpc: String, reply: oneshot::Sender<Result<Vec<Drops>, String>> },
    /// Remove every VPC, and for good also what all of them share.
    Reset { for_good: bool, reply: oneshot::Sender<Outcome> },
}

/// Talks to the network thread.
#[derive(Clone)]
pub(crate) struct NetworkHandle {
    jobs: Sender<Job>,
    /// VPCs that have kernel objects here; others need no waiting.
    active: Arc<RwLock<HashSet<String>>>,
    lost: Arc<Lost>,
}

impl NetworkHandle {
    /// A handle and the other end for [`run`].
    pub(crate) fn new() -> (NetworkHandle, worker::Inbox) {
        let (jobs, inbox) = channel();
        let active = Arc::new(RwLock::new(HashSet::new()));
        let lost = Arc::new(Lost::default());
        let inbox = worker::Inbox { jobs: inbox, active: active.clone(), lost: lost.clone() };
        (NetworkHandle { jobs, active, lost }, inbox)
    }

    /// Interfaces that lost their link while their machine ran.
    pub(crate) fn lost(&self) -> &Lost {
        &self.lost
    }

    async fn ask(&self, job: impl FnOnce(oneshot::Sender<Outcome>) -> Job) -> Outcome {
        let (reply, answer) = oneshot::channel();
        self.jobs.send(job(reply)).map_err(|_| "the network thread has stopped".to_owned())?;
        answer.await.unwrap_or_else(|_| Err("the network thread has stopped".to_owned()))
    }

    pub(crate) async fn attach(
        &self,
        scope: &Scope,
        vpc: &str,
        interface: &str,
        netns: OwnedFd,
        device: u32,
    ) -> Outcome {
        let (scope, vpc, interface) = (scope.clone(), vpc.to_owned(), interface.to_owned());
        self.ask(|reply| Job::Attach { scope, vpc, interface, netns, device, reply }).await
    }

    /// Makes the kernel equal to the records of a VPC, also of one that had nothing here yet.
    pub(crate) async fn settle(&self, scope: &Scope, vpc: &str) -> Outcome {
        let (scope, vpc) = (scope.clone(), vpc.to_owned());
        self.ask(|reply| Job::Settle { scope, vpc, reply }).await
    }

    pub(crate) async fn adopt(&self, scope: &Scope, vpc: &str, interfaces: Vec<String>) -> Outcome {
        let (scope, vpc) = (scope.clone(), vpc.to_owned());
        self.ask(|reply| Job::Adopt { scope, vpc, interfaces, reply }).await
    }

    pub(crate) async fn detach(&self, scope: &Scope, vpc: &str, interface: &str) -> Outcome {
        if !self.active.read().contains(vpc) {
            return Ok(());
        }
        let (scope, vpc, interface) = (scope.clone(), vpc.to_owned(), interface.to_owned());
        self.ask(|reply| Job::Detach { scope, vpc, interface, reply }).await
    }

    pub(crate) async fn reset(&self, for_good: bool) -> Outcome {
        self.ask(|reply| Job::Reset { for_good, reply }).await
    }

    /// Listens to the router of a VPC from now on, if it has one here and anybody wants to know.
    pub(crate) async fn watch(&self, vpc: &str) -> Outcome {
        if vpc != watch::EDGE && !self.active.read().contains(vpc) {
            return Ok(());
        }
        let vpc = vpc.to_owned();
        self.ask(|reply| Job::Watch { vpc, reply }).await
    }

    pub(crate) async fn drops(&self, vpc: &str) -> Result<Vec<Drops>, String> {
        let (reply, answer) = oneshot::channel();
        let job = Job::Drops { vpc: vpc.to_owned(), reply };
        self.jobs.send(job).map_err(|_| "the network thread has stopped".to_owned())?;
        answer.await.unwrap_or_else(|_| Err("the network thread has stopped".to_owned()))
    }
}

impl NetworkGate for NetworkHandle {
    fn settled(
        &self,
        scope: Scope,
        vpc_id: String,
        _revision: u64,
    ) -> BoxFuture<'static, Result<(), String>> {
        let handle = self.clone();
        Box::pin(async move {
            // No machine here has ever joined the VPC: there is no packet a rule could meet.
            if !handle.active.read().contains(&vpc_id) {
                return Ok(());
            }
            // The thread reads the store after this message, and so at the revision or later.
            handle.ask(|reply| Job::Settle { scope, vpc: vpc_id, reply }).await
        })
    }
}
