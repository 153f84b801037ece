//! The network thread: takes everything that waits, plans each VPC once, applies, answers.

use super::input::vpc_input;
use super::numbers::Numbers;
use super::{Drops, Job, Outcome};
use crate::imds::Metadata;
use ipnet::Ipv4Net;
use network_apply::{Attachment, HostConfig, Network, Uplink};
use parking_lot::RwLock;
use state_store::StoreError;
use state_store::typed::{Scope, Store};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::fd::{AsFd as _, OwnedFd};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use tokio::sync::oneshot;

/// Where machines find the metadata service.
const METADATA: Ipv4Addr = Ipv4Addr::new(169, 254, 169, 254);
/// Metric of the first interface's default route; later ones rank behind.
const DEFAULT_METRIC: u32 = 100;
/// Jobs taken at once: bounds how long the first of them waits for the last.
const BATCH: usize = 256;

/// What the thread is started with.
pub(crate) struct Start {
    pub(crate) host: String,
    pub(crate) cloud: String,
    pub(crate) public_pool: (Ipv4Addr, u8),
    pub(crate) uplink: bool,
    pub(crate) run_dir: Option<PathBuf>,
    pub(crate) store: Store,
    pub(crate) metadata: Arc<Metadata>,
    pub(crate) runtime: tokio::runtime::Handle,
}

/// The thread's end of the queue.
pub(crate) struct Inbox {
    pub(super) jobs: Receiver<Job>,
    pub(super) active: Arc<RwLock<HashSet<String>>>,
}

/// One VPC with kernel objects on this host.
struct ActiveVpc {
    scope: Scope,
    attached: BTreeSet<String>,
    metadata: Option<tokio::task::JoinHandle<()>>,
}

struct Worker {
    start: Start,
    /// Opened at the first need, and again after a reset.
    network: Option<Network>,
    numbers: Numbers,
    vpcs: BTreeMap<String, ActiveVpc>,
    active: Arc<RwLock<HashSet<String>>>,
}

/// Runs until every handle is gone. Nothing is opened before the first machine: a cloud that only stores records
/// touches no kernel object. A host without what the network needs answers every job with the reason.
pub(crate) fn run(start: Start, inbox: Inbox) {
    let Inbox { jobs, active } = inbox;
    let numbers = Numbers::load(&start.store, &start.host);
    let mut worker = Worker { start, network: None, numbers, vpcs: BTreeMap::new(), active };
    while let Ok(first) = jobs.recv() {
        let mut batch = vec![first];
        batch.extend(jobs.try_iter().take(BATCH));
        worker.work(batch);
    }
}

fn open(start: &Start) -> Result<Network, String> {
    let (address, length) = start.public_pool;
    let mut config = HostConfig::new(start.cloud.clone());
    config.uplink = if start.uplink { Uplink::Auto } else { Uplink::None };
    if let Some(run_dir) = &start.run_dir {
        config.run_dir.clone_from(run_dir);
    }
    config.public_pool = Ipv4Net::new(address, length).map_err(|e| e.to_string())?;
    Network::open(config).map_err(|e| e.to_string())
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
        let mut dirty: BTreeMap<String, Vec<oneshot::Sender<Outcome>>> = BTreeMap::new();
        let (mut plugs, mut gone, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for job in batch {
            match job {
                Job::Settle { vpc, reply, scope } => {
                    self.vpc(&scope, &vpc);
                    dirty.entry(vpc).or_default().push(reply);
                }
                Job::Adopt { scope, vpc, interfaces, reply } => {
                    self.vpc(&scope, &vpc).attached.extend(interfaces);
                    dirty.entry(vpc).or_default().push(reply);
                }
                Job::Attach { scope, vpc, interface, netns, device, reply } => {
                    self.vpc(&scope, &vpc).attached.insert(interface.clone());
                    dirty.entry(vpc.clone()).or_default();
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
                    dirty.entry(vpc.clone()).or_default().push(reply);
                    gone.push((vpc, interface));
                }
                Job::Drops { .. } | Job::Reset { .. } => late.push(job),
            }
        }
        for (vpc, interface) in &gone {
            let detached = self.network.as_mut().map_or(Ok(()), |n| n.detach(vpc, interface));
            if let Err(error) = detached {
                tracing::debug!(vpc, interface, %error, "nothing to detach");
            }
        }
        let mut failed = BTreeMap::new();
        for (vpc, replies) in dirty {
            let outcome = self.settle(&vpc);
            for reply in replies {
                let _ = reply.send(outcome.clone());
            }
            if let Err(error) = outcome {
                tracing::error!(vpc, %error, "the kernel does not follow the records of the VPC");
                failed.insert(vpc, error);
            }
        }
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
                Job::Drops { vpc, reply } => drop(reply.send(self.drops(&vpc))),
                Job::Reset { for_good, reply } => drop(reply.send(self.reset(for_good))),
                _ => {}
            }
        }
    }

    fn network(&mut self) -> Result<&mut Network, String> {
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
        };
        self.network()?.attach(&plug.vpc, &to).map_err(|e| e.to_string())
    }

    fn vpc(&mut self, scope: &Scope, vpc: &str) -> &mut ActiveVpc {
        self.active.write().insert(vpc.to_owned());
        self.vpcs.entry(vpc.to_owned()).or_insert_with(|| ActiveVpc {
            scope: scope.clone(),
            attached: BTreeSet::new(),
            metadata: None,
        })
    }

    /// Makes the kernel equal to the records of one VPC.
    fn settle(&mut self, vpc_id: &str) -> Outcome {
        let Some(vpc) = self.vpcs.get_mut(vpc_id) else { return Ok(()) };
        let input = vpc_input(&self.start.store, &vpc.scope, vpc_id, &vpc.attached, &mut self.numbers);
        let Some(input) = input else { return self.remove(vpc_id) };
        self.keep_numbers()?;
        let plan = network_plan::plan(&input).map_err(|e| e.to_string())?;
        self.network()?.apply(&plan).map_err(|e| e.to_string())?;
        self.serve_metadata(vpc_id)
    }

    fn serve_metadata(&mut self, vpc_id: &str) -> Outcome {
        if self.vpcs.get(vpc_id).is_none_or(|v| v.metadata.is_some()) {
            return Ok(());
        }
        let address = SocketAddr::from((METADATA, 80));
        let listener = self.network()?.listen_in_vpc(vpc_id, address).map_err(|e| e.to_string())?;
        listener.set_nonblocking(true).map_err(|e| e.to_string())?;
        let _inside = self.start.runtime.enter();
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|e| e.to_string())?;
        let Some(vpc) = self.vpcs.get_mut(vpc_id) else { return Ok(()) };
        let serving = self.start.metadata.clone().serve(vpc.scope.clone(), Arc::from(vpc_id), listener);
        vpc.metadata = Some(self.start.runtime.spawn(serving));
        Ok(())
    }

    /// The VPC's record is gone: so are its kernel objects.
    fn remove(&mut self, vpc_id: &str) -> Outcome {
        self.active.write().remove(vpc_id);
        if let Some(vpc) = self.vpcs.remove(vpc_id) {
            if let Some(task) = vpc.metadata {
                task.abort();
            }
            for interface in &vpc.attached {
                self.numbers.free(interface);
            }
            self.numbers.free(vpc_id);
            self.network()?.remove_vpc(vpc_id).map_err(|e| e.to_string())?;
        }
        self.keep_numbers()
    }

    /// Writes new numbers down before the kernel holds names made of them.
    fn keep_numbers(&mut self) -> Outcome {
        let Some((scope, puts, deletes)) = self.numbers.take_changes() else { return Ok(()) };
        let store = self.start.store.clone();
        let chunks: Vec<_> = puts.chunks(100).map(<[_]>::to_vec).collect();
        let write = async move {
            for chunk in chunks {
                store
                    .transact(|tx| {
                        for record in &chunk {
                            tx.put(&scope, record.clone());
                        }
                        Ok::<(), StoreError>(())
                    })
                    .await?;
            }
            for chunk in deletes.chunks(100) {
                store
                    .transact(|tx| {
                        for id in chunk {
                            tx.delete::<super::numbers::HostNumber>(&scope, id);
                        }
                        Ok::<(), StoreError>(())
                    })
                    .await?;
            }
            Ok::<(), StoreError>(())
        };
        self.start.runtime.block_on(write).map_err(|e| e.to_string())
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
        for (_, vpc) in std::mem::take(&mut self.vpcs) {
            if let Some(task) = vpc.metadata {
                task.abort();
            }
        }
        self.active.write().clear();
        self.numbers.clear();
        let Some(network) = &mut self.network else { return Ok(()) };
        if for_good {
            return self.network.take().map_or(Ok(()), |n| n.teardown().map_err(|e| e.to_string()));
        }
        // The way out of the host stays for the next VPC.
        network.clear().map_err(|e| e.to_string())
    }
}
