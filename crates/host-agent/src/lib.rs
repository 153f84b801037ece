//! Makes this host's kernel equal to the records: machines, their network, the metadata service, commands.
//!
//! The agent opens the keeper and the network beside a running API: an instance launched meanwhile waits as `pending`.

mod dns;
mod flow_logs;
pub mod imds;
mod machines;
mod network;
mod queue;

pub use network::Drops;
pub use resolver::{PrivateZones, ResolverConfig, Upstreams};

use crate::flow_logs::{FileLogs, Writer};
use crate::imds::Metadata;
use crate::machines::{Commands, Consoles, Controller, Shared};
use crate::network::{Board, Gateways, NetworkHandle, View};
use contracts::Clock;
use contracts::seams::{CommandHost, EndpointServices, LogSink, MachineView, NetworkGate, NetworkView};
use records::{Instance, InstanceState};
use resolver::Resolver;
use state_store::typed::Store;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

/// Machines destroyed side by side at a reset.
const DEATHS_AT_ONCE: usize = 16;

/// What the agent needs to know of its host and cloud.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Name of this host in records.
    pub host: String,
    /// Short name of this cloud on the host: part of namespaces' names, so that several clouds do not clash.
    pub cloud: String,
    /// Folder for images, disks, console logs.
    pub data_dir: PathBuf,
    /// Where handles of network namespaces lie; `None` is the usual place, which only root can write. They are mounts,
    /// seen in this mount namespace only.
    pub run_dir: Option<PathBuf>,
    /// The keeper's socket.
    pub keeper_socket: PathBuf,
    /// How to start a keeper.
    pub keeper_argv: Vec<OsString>,
    /// Pool of public addresses.
    pub public_pool: (Ipv4Addr, u8),
    /// Nothing need survive a crash of the host.
    pub ephemeral: bool,
    /// Key of metadata session tokens.
    pub metadata_key: [u8; 32],
    /// Whether machines with a public address may reach the world through this host's uplink.
    pub uplink: bool,
    /// How many elements a set of a VPC's packet filter may have.
    pub set_limit: Option<u32>,
    /// Whether routers remember the verdicts of known flows.
    pub flow_memory: bool,
    /// The name server of the VPCs.
    pub resolver: ResolverConfig,
}

/// The agent of this host.
pub struct HostAgent {
    shared: Arc<Shared>,
    metadata: Arc<Metadata>,
    resolver: Option<Arc<Resolver>>,
    board: Arc<Board>,
    endpoints: Arc<OnceLock<Arc<dyn EndpointServices>>>,
    logs: Arc<FileLogs>,
    config: HostConfig,
}

impl HostAgent {
    /// Starts it: the work goes on in the background, and fails loudly in the log if the host cannot run machines.
    pub fn start(config: HostConfig, store: Store, clock: Arc<dyn Clock>) -> Arc<HostAgent> {
        let (network, inbox) = NetworkHandle::new();
        let metadata = Arc::new(Metadata::new(store.clone(), clock.clone(), config.metadata_key));
        let runtime = tokio::runtime::Handle::current();
        let resolver = Resolver::start(config.resolver.clone(), store.clone())
            .inspect_err(|error| tracing::error!(%error, "machines will find no name server"))
            .ok()
            .map(Arc::new);
        let logs = Arc::new(FileLogs::new(config.data_dir.join("logs")));
        let writer = Writer::start(logs.clone(), store.clone(), runtime.clone());
        let board = Board::new(store.clone(), clock.clone(), writer);
        let endpoints = Arc::new(OnceLock::new());
        runtime.spawn(network::follow_flow_logs(store.clone(), network.clone()));
        let shared = Shared::new(store.clone(), clock, config.host.clone(), network);
        let start = network::Start {
            host: config.host.clone(),
            cloud: config.cloud.clone(),
            public_pool: config.public_pool,
            uplink: config.uplink,
            set_limit: config.set_limit,
            flow_memory: config.flow_memory,
            run_dir: config.run_dir.clone(),
            store,
            metadata: metadata.clone(),
            resolver: resolver.clone(),
            runtime: runtime.clone(),
            board: board.clone(),
            endpoints: endpoints.clone(),
        };
        std::thread::Builder::new()
            .name("network".into())
            .spawn(move || network::run(start, inbox))
            .map_or_else(|error| tracing::error!(%error, "no thread for the network"), drop);
        let agent = Arc::new(HostAgent { shared, metadata, resolver, board, endpoints, logs, config });
        let worker = agent.clone();
        std::thread::Builder::new()
            .name("machines".into())
            .spawn(move || worker.run_machines(&runtime))
            .map_or_else(|error| tracing::error!(%error, "no thread for machines"), drop);
        agent
    }

    /// The metadata service, to be given its source of role credentials.
    pub fn metadata(&self) -> &Metadata {
        &self.metadata
    }

    /// The name server of the VPCs, to be given further zones; `None` on a host where it could not start.
    pub fn resolver(&self) -> Option<&Arc<Resolver>> {
        self.resolver.as_ref()
    }

    /// Takes log lines of services, into files below the data directory.
    pub fn log_sink(&self) -> Arc<dyn LogSink> {
        self.logs.clone()
    }

    /// Waits for the data plane.
    pub fn network_gate(&self) -> Arc<dyn NetworkGate> {
        Arc::new(self.shared.network.clone())
    }

    /// Shows the data plane.
    pub fn network_view(&self) -> Arc<dyn NetworkView> {
        Arc::new(View { network: self.shared.network.clone(), board: self.board.clone() })
    }

    /// Lets interface endpoints answer: what they lead to. The first call counts; endpoints that are there already answer
    /// some seconds later.
    pub fn set_endpoint_services(&self, services: Arc<dyn EndpointServices>) {
        if self.endpoints.set(services).is_err() {
            tracing::warn!("endpoint services are set already");
        }
    }

    /// What can be seen of machines.
    pub fn machine_view(&self) -> Arc<dyn MachineView> {
        Arc::new(Consoles { shared: self.shared.clone() })
    }

    /// Runs commands.
    pub fn command_host(&self) -> Arc<dyn CommandHost> {
        Arc::new(Commands { shared: self.shared.clone() })
    }

    /// Drop counters of the interfaces of a VPC on this host.
    pub async fn drops(&self, vpc_id: &str) -> Result<Vec<Drops>, String> {
        self.shared.network.drops(vpc_id).await
    }

    /// Destroys every machine and network object of this cloud on this host; the records are the caller's to wipe.
    pub async fn reset(&self) -> Result<(), String> {
        self.shared.wait_opened().await;
        let closed = self.shared.closed.write().await;
        if *closed { Ok(()) } else { self.destroy(false).await }
    }

    async fn destroy(&self, for_good: bool) -> Result<(), String> {
        let shared = self.shared.clone();
        tokio::task::spawn_blocking(move || destroy_all(&shared)).await.map_err(|e| e.to_string())??;
        self.shared.network.reset(for_good).await
    }

    /// For an ephemeral cloud at its end: everything goes, and the keeper too. Nothing is started any more.
    pub async fn tear_down(&self) -> Result<(), String> {
        self.shared.wait_opened().await;
        let mut closed = self.shared.closed.write().await;
        *closed = true;
        self.destroy(true).await?;
        let shared = self.shared.clone();
        let stop =
            move || shared.machines().map_or(Ok(()), |m| m.shut_down_keeper().map_err(|e| e.to_string()));
        tokio::task::spawn_blocking(stop).await.map_err(|e| e.to_string())?
    }

    /// For a lasting cloud at its end: machines that run keep their network; when there is none, the host gets its
    /// links and routes back.
    pub async fn rest(&self) -> Result<(), String> {
        self.shared.wait_opened().await;
        *self.shared.closed.write().await = true;
        let shared = self.shared.clone();
        let alive = move || match shared.machines() {
            Some(machines) => {
                let known = machines.adopt().map_err(|e| e.to_string())?;
                Ok(known.iter().any(|m| !matches!(m.state, machine::MachineState::Exited(_))))
            }
            None => Ok(false),
        };
        let alive: Result<bool, String> =
            tokio::task::spawn_blocking(alive).await.map_err(|e| e.to_string())?;
        if alive? { Ok(()) } else { self.shared.network.reset(true).await }
    }

    fn run_machines(&self, runtime: &tokio::runtime::Handle) {
        let opened = machine::Machines::connect(machine::MachinesConfig {
            data_dir: self.config.data_dir.clone(),
            keeper_socket: self.config.keeper_socket.clone(),
            keeper_argv: self.config.keeper_argv.clone(),
        });
        let opening = Opened(&self.shared);
        let machines = match opened {
            Ok(machines) if self.config.ephemeral => machines.ephemeral(),
            Ok(machines) => machines,
            Err(error) => {
                tracing::error!(%error, "this host cannot run machines; instances stay pending. Try: allod doctor");
                return;
            }
        };
        match machines.host_image() {
            Ok(image) => drop(self.shared.image.set(image)),
            Err(error) => {
                tracing::error!(%error, "the built-in image cannot be made; instances stay pending");
            }
        }
        // Before anybody can run a command here: the end of a short one would be told to nobody.
        let events = machines.events();
        if self.shared.machines.set(machines).is_err() {
            return;
        }
        drop(opening);
        runtime.block_on(self.adopt());
        let controller = Controller::new(self.shared.clone());
        runtime.spawn(Gateways::new(self.shared.clone()).follow());
        runtime.spawn(controller.clone().follow_records());
        runtime.spawn(controller.clone().follow_lost());
        runtime.spawn(controller.clone().sweep());
        controller.follow_keeper(&events, runtime);
    }

    /// After a restart: the networks of machines that have lived on are brought up to their records first.
    async fn adopt(&self) {
        let mut by_vpc = BTreeMap::new();
        for (scope, instance) in self.shared.store.list_all::<Instance>() {
            let here = instance.host.as_deref() == Some(&self.config.host);
            let alive = matches!(
                instance.state,
                InstanceState::Running | InstanceState::Stopping | InstanceState::ShuttingDown
            );
            if here && alive {
                let entry = by_vpc.entry(instance.vpc_id.clone()).or_insert_with(|| (scope, Vec::new()));
                entry.1.extend(instance.network_interfaces.iter().cloned());
            }
        }
        for (vpc, (scope, interfaces)) in by_vpc {
            if let Err(error) = self.shared.network.adopt(&scope, &vpc, interfaces).await {
                tracing::error!(vpc, %error, "the network of a VPC could not be taken over");
            }
        }
    }
}

/// Tells, when dropped, that the keeper was opened or will not be.
struct Opened<'a>(&'a Shared);

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.0.opened.send_replace(true);
    }
}

fn destroy_all(shared: &Shared) -> Result<(), String> {
    let Some(machines) = shared.machines() else { return Ok(()) };
    let known = machines.adopt().map_err(|e| e.to_string())?;
    // Each death waits for namespaces to go; side by side they wait together.
    for some in known.chunks(DEATHS_AT_ONCE) {
        std::thread::scope(|scope| {
            let workers: Vec<_> = some
                .iter()
                .map(|status| scope.spawn(|| machines.terminate(&status.id).map_err(|e| e.to_string())))
                .collect();
            workers
                .into_iter()
                .try_for_each(|worker| worker.join().unwrap_or_else(|_| Err("a worker panicked".to_owned())))
        })?;
    }
    Ok(())
}
