//! The network thread: takes everything that waits, plans each VPC once, applies, answers.

use super::lost::Lost;
use super::numbers::Numbers;
use super::services::{Running, Services};
use super::settle::Dirty;
use super::watch::{Board, EDGE};
use super::{Drops, Job, Outcome};
use crate::imds::Metadata;
use contracts::seams::EndpointServices;
use ipnet::Ipv4Net;
use network_apply::{Attachment, HostConfig, Network, Pressure, Uplink};
use network_plan::VpcInput;
use parking_lot::RwLock;
use records::Vpc;
use resolver::Resolver;
use state_store::typed::{Scope, Store};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::Ipv4Addr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, OnceLock};
use tokio::sync::oneshot;
use tokio::time::Instant;

/// Metric of the first interface's default route; later ones rank behind.
const DEFAULT_METRIC: u32 = 100;
/// Inside a machine, interface `ethN` has kernel table `ANSWER_TABLE + N` for its answers, as Amazon Linux has it.
const ANSWER_TABLE: u32 = 10_000;
/// Jobs taken at once: bounds how long the first of them waits for the last.
const BATCH: usize = 256;

/// What the thread is started with.
pub(crate) struct Start {
    pub(crate) host: String,
    pub(crate) cloud: String,
    pub(crate) public_pool: (Ipv4Addr, u8),
    pub(crate) uplink: bool,
    pub(crate) set_limit: Option<u32>,
    pub(crate) flow_memory: bool,
    pub(crate) run_dir: Option<PathBuf>,
    pub(crate) store: Store,
    pub(crate) metadata: Arc<Metadata>,
    /// `None` on a host where it could not start.
    pub(crate) resolver: Option<Arc<Resolver>>,
    pub(crate) runtime: tokio::runtime::Handle,
    pub(crate) board: Arc<Board>,
    pub(crate) endpoints: Arc<OnceLock<Arc<dyn EndpointServices>>>,
}

/// The thread's end of the queue.
pub(crate) struct Inbox {
    pub(super) jobs: Receiver<Job>,
    pub(super) active: Arc<RwLock<HashSet<String>>>,
    pub(super) lost: Arc<Lost>,
}

/// One VPC with kernel objects on this host.
pub(super) struct ActiveVpc {
    pub(super) scope: Scope,
    /// Interfaces that hang on machines of this host.
    pub(super) attached: BTreeSet<String>,
    /// What the kernel was last made equal to; nothing after a failure.
    pub(super) settled: Option<VpcInput>,
    pub(super) services: Services,
    /// What its full connection table had done at the last look.
    pub(super) pressure: Pressure,
}

pub(super) struct Worker {
    pub(super) start: Start,
    /// Opened at the first need, and again after a reset.
    pub(super) network: Option<Network>,
    pub(super) numbers: Numbers,
    pub(super) vpcs: BTreeMap<String, ActiveVpc>,
    pub(super) active: Arc<RwLock<HashSet<String>>>,
    /// Where it is told which interfaces have to be plugged again.
    pub(super) lost: Arc<Lost>,
    /// Who listens to the edge.
    pub(super) edge_ears: Option<Running>,
    /// How often it was looked whether somebody meddled.
    pub(super) looks: u64,
}

/// Runs until every handle is gone. Nothing is opened before the first machine: a cloud that only stores records
/// touches no kernel object. A host without what the network needs answers every job with the reason.
pub(crate) fn run(start: Start, inbox: Inbox) {
    let Inbox { jobs, active, lost } = inbox;
    let numbers = Numbers::load(&start.store, &start.host);
    let mut worker = Worker {
        start,
        network: None,
        numbers,
        vpcs: BTreeMap::new(),
        active,
        lost,
        edge_ears: None,
        looks: 0,
    };
    let mut look = Instant::now();
    loop {
        let first = if worker.network.is_some() {
            jobs.recv_timeout(look.saturating_duration_since(Instant::now()))
        } else {
            // There is nothing anybody could meddle with.
            jobs.recv().map_err(|_| RecvTimeoutError::Disconnected)
        };
        match first {
            Ok(first) => {
                let mut batch = vec![first];
                batch.extend(jobs.try_iter().take(BATCH));
                worker.work(batch);
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if Instant::now() >= look {
            worker.mend();
            look = Instant::now() + super::mend::PERIOD;
        }
    }
}

fn host_config(start: &Start) -> Result<HostConfig, String> {
    let (address, length) = start.public_pool;
    let mut config = HostConfig::new(start.cloud.clone());
    config.uplink = if start.uplink { Uplink::Auto } else { Uplink::None };
    config.set_limit = start.set_limit;
    config.flow_memory = start.flow_memory;
    if let Some(run_dir) = &start.run_dir {
        config.run_dir.clone_from(run_dir);
    }
    config.public_pool = Ipv4Net::new(address, length).map_err(|e| e.to_string())?;
    Ok(config)
}

/// Opens the network, without the VPCs that were deleted while no process had it open.
fn open(start: &Start) -> Result<Network, String> {
    let mut network = Network::open(host_config(start)?).map_err(|e| e.to_string())?;
    let recorded: HashSet<String> =
        start.store.list_all::<Vpc>().into_iter().map(|(_, vpc)| vpc.id.clone()).collect();
    for vpc_id in network.list().into_iter().filter(|id| !recorded.contains(id)) {
        if let Err(error) = network.remove_vpc(&vpc_id) {
            tracing::error!(vpc_id, %error, "what is left of a deleted VPC cannot be removed");
        }
    }
    Ok(network)
}

/// An interface that waits for its VPC's plan, and then for its plug.
struct Plug {
    vpc: String,
    interface: String,
    netns: OwnedFd,
    device: u32,
    reply: oneshot::Sender<Outcome>,
}

impl Worker {
    fn work(&mut self, batch: Vec<Job>) {
        let mut dirty = Dirty::default();
        let (mut plugs, mut gone, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for job in batch {
            match job {
                Job::Settle { vpc, reply, scope } => {
                    self.vpc(&scope, &vpc);
                    dirty.add(vpc, Some(reply));
                }
                Job::Adopt { scope, vpc, interfaces, reply } => {
                    self.vpc(&scope, &vpc).attached.extend(interfaces);
                    dirty.add(vpc, Some(reply));
                }
                Job::Attach { scope, vpc, interface, netns, device, reply } => {
                    self.vpc(&scope, &vpc).attached.insert(interface.clone());
                    dirty.add(vpc.clone(), None);
                    plugs.push(Plug { vpc, interface, netns, device, reply });
                }
                // No network was ever opened: nothing is plugged, and nothing can be in the way of taking it away.
                Job::Detach { scope, vpc, interface, reply } if self.network.is_none() => {
                    self.vpc(&scope, &vpc).attached.remove(&interface);
                    self.numbers.free(&interface);
                    let _ = reply.send(Ok(()));
                }
                Job::Detach { scope, vpc, interface, reply } => {
                    self.vpc(&scope, &vpc).attached.remove(&interface);
                    dirty.add(vpc.clone(), Some(reply));
                    gone.push((vpc, interface));
                }
                Job::Watch { .. } | Job::Drops { .. } | Job::Reset { .. } => late.push(job),
            }
        }
        for (vpc, interface) in &gone {
            let detached = self.network.as_mut().map_or(Ok(()), |n| n.detach(vpc, interface));
            if let Err(error) = detached {
                tracing::debug!(vpc, interface, %error, "nothing to detach");
            }
        }
        let failed = self.settle_all(dirty);
        // Numbers are freed only after the plan without the interface is in the kernel.
        for (vpc, interface) in gone {
            if !failed.contains_key(&vpc) {
                self.numbers.free(&interface);
            }
        }
        for plug in plugs {
            let outcome = match failed.get(&plug.vpc) {
                Some(error) => Err(error.clone()),
                None => self.plug(&plug),
            };
            let _ = plug.reply.send(outcome);
        }
        for job in late {
            match job {
                Job::Watch { vpc, reply } if vpc == EDGE => drop(reply.send(self.watch_edge())),
                Job::Watch { vpc, reply } => drop(reply.send(self.watch(&vpc))),
                Job::Drops { vpc, reply } => drop(reply.send(self.drops(&vpc))),
                Job::Reset { for_good, reply } => drop(reply.send(self.reset(for_good))),
                _ => {}
            }
        }
    }

    pub(super) fn network(&mut self) -> Result<&mut Network, String> {
        if self.network.is_none() {
            self.network = Some(open(&self.start)?);
        }
        self.network.as_mut().ok_or_else(|| "no network".to_owned())
    }

    fn plug(&mut self, plug: &Plug) -> Outcome {
        let name = format!("eth{}", plug.device);
        let to = Attachment {
            eni: &plug.interface,
            machine: plug.netns.as_fd(),
            interface: &name,
            metric: DEFAULT_METRIC + plug.device,
            answers: (plug.device > 0).then_some(ANSWER_TABLE + plug.device),
        };
        self.network()?.attach(&plug.vpc, &to).map_err(|e| e.to_string())
    }

    fn vpc(&mut self, scope: &Scope, vpc: &str) -> &mut ActiveVpc {
        self.active.write().insert(vpc.to_owned());
        self.vpcs.entry(vpc.to_owned()).or_insert_with(|| ActiveVpc {
            scope: scope.clone(),
            attached: BTreeSet::new(),
            settled: None,
            services: Services::default(),
            pressure: Pressure::default(),
        })
    }

    fn drops(&mut self, vpc_id: &str) -> Result<Vec<Drops>, String> {
        let Some(network) = &mut self.network else { return Ok(Vec::new()) };
        let counters = network.counters(vpc_id).map_err(|e| e.to_string())?;
        Ok(counters
            .enis
            .into_iter()
            .map(|(interface, c)| Drops {
                interface,
                by_gate: c
                    .dropped
                    .iter()
                    .map(|(gate, counts)| (format!("{gate:?}"), counts.packets))
                    .collect(),
            })
            .collect())
    }

    fn reset(&mut self, for_good: bool) -> Outcome {
        // Their services end with them.
        self.vpcs.clear();
        self.start.board.clear();
        self.active.write().clear();
        self.numbers.clear();
        // A process before this one may have left something that nothing has asked for since.
        if self.network.is_none() && !Network::exists(&host_config(&self.start)?) {
            return Ok(());
        }
        let network = self.network()?;
        if for_good {
            return self.network.take().map_or(Ok(()), |n| n.teardown().map_err(|e| e.to_string()));
        }
        // The way out of the host stays for the next VPC.
        network.clear().map_err(|e| e.to_string())
    }
}
