//! A cloud in this process: put together, served, and taken down again.

use crate::arguments::Up;
use crate::endpoints::Endpoints;
use crate::home::Home;
use crate::pool::{self, Pool};
use crate::rootless::Ground;
use crate::services;
use anyhow::{Context as _, ensure};
use contracts::{BoxFuture, Clock, CloudConfig, PageKey, Platform, Sealer, SystemClock};
use gateway::{AuditLog, AuditPlace, AuditSink, ControlHooks, Gateway, GatewayConfig, GatewayParts, Mode};
use host_agent::{HostAgent, HostConfig, ResolverConfig, Upstreams};
use state_store::typed::Store;
use state_store_embedded::EmbeddedStore;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A running cloud.
pub(crate) struct Cloud {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Any key is accepted.
    pub(crate) open: bool,
    /// It lives in namespaces of its own, where an ordinary user may make machines.
    pub(crate) rootless: bool,
    /// Its data directory.
    pub(crate) home: Home,
    /// Root key made at this first start: id and secret, shown once.
    pub(crate) new_root_key: Option<(String, String)>,
    /// Its host.
    pub(crate) agent: Arc<HostAgent>,
    audit: Option<Arc<AuditLog>>,
    /// What keeps other ephemeral clouds from its public addresses.
    _pool: Pool,
    stop: watch::Sender<bool>,
    front: JoinHandle<Result<(), gateway::GatewayError>>,
    engine: JoinHandle<()>,
    executions: JoinHandle<()>,
    house: JoinHandle<()>,
}

/// What a reset wipes.
struct Levers {
    store: Store,
    agent: Arc<HostAgent>,
    platform: Platform,
    states: Arc<service_stepfunctions::States>,
}

impl ControlHooks for Levers {
    fn reset(&self) -> BoxFuture<'static, Result<(), String>> {
        let (store, agent, platform) = (self.store.clone(), self.agent.clone(), self.platform.clone());
        let states = self.states.clone();
        Box::pin(async move {
            let root_keys = service_iam::root_keys(&platform);
            // Records first: nothing new may start from them while machines go.
            store.backend().wipe("/").await.map_err(|e| e.to_string())?;
            tokio::task::spawn_blocking(move || states.reset()).await.map_err(|e| e.to_string())??;
            agent.reset().await?;
            // Who was let in before must still be let in: nobody is told a new key.
            service_iam::restore_root_keys(&platform, root_keys).await
        })
    }
}

impl Cloud {
    /// Starts a cloud; it answers when this returns. Machines and networks open in the background.
    /// A socket that `ground` brings along is used as it is.
    pub(crate) async fn start(options: &Up, ground: Ground) -> anyhow::Result<Cloud> {
        let open = options.listen.ip().is_loopback() && !options.enforce;
        // The address is taken before anything is made: two clouds on one port fail here, with nothing to clean up.
        let rootless = ground.rootless();
        let listener = match ground.into_front() {
            Some(front) => tokio::net::TcpListener::from_std(front)?,
            None => gateway::listen(options.listen).with_context(|| cannot_listen(options.listen))?,
        };
        let address = listener.local_addr()?;
        let home = match (&options.data_dir, options.ephemeral) {
            (_, true) => Home::ephemeral()?,
            (Some(path), _) => Home::open(std::path::absolute(path)?)?,
            (None, _) => Home::open(Home::default_path()?)?,
        };
        let store = open_store(&home)?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let audit = open_audit_log(options, &home, clock.now()).inspect_err(|_| home.remove())?;
        let pool = pool::choose(options.public_pool, home.ephemeral);
        let public_pool = pool.range;
        let agent = HostAgent::start(
            host_config(&home, public_pool, options, rootless).inspect_err(|_| home.remove())?,
            store.clone(),
            clock.clone(),
        );
        let platform = Platform {
            store: store.clone(),
            clock: clock.clone(),
            sealer: Sealer::new(&home.key("seal")),
            pages: PageKey::new(home.key("pages")),
            config: Arc::new(CloudConfig {
                default_account: options.account_id.clone(),
                open,
                endpoint: format!("http://{address}"),
                public_pool,
            }),
            network: agent.network_gate(),
            refusals: contracts::Refusals::default(),
            machines: agent.machine_view(),
            commands: agent.command_host(),
        };
        let new_root_key = if open {
            None
        } else {
            service_iam::ensure_root_key(&platform, &options.account_id)
                .await
                .map_err(anyhow::Error::msg)
                .context("the account's root key cannot be made")?
        };
        let parts = services::assemble(&platform, home.join("commands"));
        agent.metadata().set_roles(parts.roles);
        parts
            .states
            .open(
                (!home.ephemeral).then(|| home.join("executions")),
                home.key("task tokens"),
                services::tables(&platform, &parts.ssm, &parts.states),
                parts.authorizer.clone(),
                audit.clone().map(|log| log as Arc<dyn AuditSink>),
                agent.log_sink(),
            )
            .context("the execution engine cannot be opened")?;
        let network_view = agent.network_view();
        agent.set_endpoint_services(Arc::new(Endpoints {
            platform: platform.clone(),
            keys: parts.keys.clone(),
            authorizer: parts.authorizer.clone(),
            ssm: parts.ssm.clone(),
            states: parts.states.clone(),
            audit: audit.clone().map(|log| log as Arc<dyn AuditSink>),
        }));
        let levers = Levers { store, agent: agent.clone(), platform, states: parts.states.clone() };
        let gateway = Gateway::new(GatewayParts {
            tables: parts.tables,
            keys: parts.keys.clone(),
            authorizer: parts.authorizer,
            clock,
            hooks: options.allow_reset.then(|| Arc::new(levers) as Arc<dyn ControlHooks>),
            network: Some(network_view),
            audit: audit.clone().map(|log| log as Arc<dyn AuditSink>),
            config: GatewayConfig {
                mode: if open { Mode::Open } else { Mode::Enforced },
                default_account: options.account_id.clone(),
                host_names: options.host_names.clone(),
                ..GatewayConfig::default()
            },
        });
        let (stop, stopped) = watch::channel(false);
        let mut heard = stopped.clone();
        let house = owned(service_iam::keep_house(parts.keys, stopped.clone()));
        let executions = owned(parts.states.run(stopped.clone()));
        let engine = owned(service_ssm::run_engine(parts.ssm, stopped));
        let front = owned(async move {
            // An error would mean that the sender is gone, which is as good a reason to stop.
            let told = async move { drop(heard.wait_for(|stop| *stop).await) };
            gateway.serve(listener, told).await
        });
        Ok(Cloud {
            address,
            open,
            rootless,
            home,
            new_root_key,
            agent,
            audit,
            _pool: pool,
            stop,
            front,
            engine,
            executions,
            house,
        })
    }

    /// Stops serving; an ephemeral cloud takes its machines and folder with it.
    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        let _ = self.stop.send(true);
        self.front.await.context("the front had failed")??;
        // The last calls of tasks are in the audit log, too.
        self.executions.await.context("the desk of executions had failed")?;
        if let Some(log) = self.audit {
            tokio::task::spawn_blocking(move || log.close()).await.context("the audit log had failed")?;
        }
        self.engine.await.context("the command engine had failed")?;
        self.house.await.context("the housekeeping of keys had failed")?;
        if self.home.ephemeral {
            let torn = self.agent.tear_down().await;
            torn.map_err(anyhow::Error::msg).context("the machines could not all be removed")?;
            self.home.remove();
        } else {
            self.agent
                .rest()
                .await
                .map_err(anyhow::Error::msg)
                .context("the host keeps links of the cloud")?;
        }
        Ok(())
    }
}

/// What to say when the address cannot be had.
pub(crate) fn cannot_listen(address: SocketAddr) -> String {
    format!("cannot listen on {address}; is another cloud running there? Choose another with --listen")
}

/// The audit log of a lasting cloud, or the one that was asked for.
fn open_audit_log(options: &Up, home: &Home, now: i64) -> anyhow::Result<Option<Arc<AuditLog>>> {
    let place = match &options.audit_log {
        Some(file) => AuditPlace::File(std::path::absolute(file)?),
        None if home.ephemeral => return Ok(None),
        None => AuditPlace::Daily(home.join("audit")),
    };
    Ok(Some(AuditLog::open(place, now)?))
}

fn open_store(home: &Home) -> anyhow::Result<Store> {
    if home.ephemeral {
        return Ok(Store::in_memory());
    }
    let path = home.join("records");
    let backend = EmbeddedStore::open(&path)
        .with_context(|| format!("cannot open the records in {}", path.display()))?;
    Ok(Store::new(Arc::new(backend)))
}

fn resolver_config(options: &Up, public_pool: (std::net::Ipv4Addr, u8), rootless: bool) -> ResolverConfig {
    let upstreams = match &options.dns_upstream {
        // Names are a way to the world too.
        none if none.is_empty() && (options.no_uplink || rootless) => Upstreams::Nowhere,
        none if none.is_empty() => Upstreams::Host,
        servers => Upstreams::Servers(servers.iter().take(3).copied().collect()),
    };
    let public_pool = ipnet::Ipv4Net::new(public_pool.0, public_pool.1).ok();
    ResolverConfig { upstreams, max_ttl: options.dns_max_ttl, public_pool, ..ResolverConfig::default() }
}

fn host_config(
    home: &Home,
    public_pool: (std::net::Ipv4Addr, u8),
    options: &Up,
    rootless: bool,
) -> anyhow::Result<HostConfig> {
    let run = home.join("run");
    crate::home::make_folder(&run, 0o700)?;
    let socket = Home::keeper_socket(home.path());
    // sun_path holds 108 bytes with the terminating zero (unix(7)).
    ensure!(
        socket.as_os_str().len() < 100,
        "the data directory's path is too long for a socket in it: {}",
        home.path().display()
    );
    let program = std::env::current_exe().context("the binary cannot find itself")?;
    let state = home.join("keeper");
    Ok(HostConfig {
        host: "localhost".to_owned(),
        cloud: home.cloud_name(),
        data_dir: home.path().to_owned(),
        run_dir: rootless.then(|| run.join("net")),
        keeper_argv: vec![
            program.into(),
            "keeper".into(),
            socket.clone().into(),
            state.into(),
            format!("allod-{}", home.cloud_name()).into(),
        ],
        keeper_socket: socket,
        ephemeral: home.ephemeral,
        public_pool,
        metadata_key: home.key("metadata"),
        // A namespace of one's own has no way out of the host.
        uplink: !(options.no_uplink || rootless),
        set_limit: options.network_set_limit,
        flow_memory: options.network_flow_memory,
        resolver: resolver_config(options, public_pool, rootless),
    })
}

/// Starts a task that [`Cloud::stop`] waits for.
#[expect(clippy::disallowed_methods, reason = "the handle is kept in the cloud")]
fn owned<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> JoinHandle<T> {
    tokio::spawn(work)
}
