//! The resolver of one cloud: its thread, and the sockets handed to it.

use crate::cache::Cache;
use crate::config::ResolverConfig;
use crate::counters::Counts;
use crate::engine::{Engine, View};
use crate::front::{tcp, udp};
use crate::limit::WaitingRoom;
use crate::upstream::Upstream;
use crate::zones::PrivateZones;
use parking_lot::{Mutex, RwLock};
use state_store::typed::{Scope, Store};
use std::collections::{BTreeMap, HashMap};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use tokio::runtime::{Builder, Handle};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// What a burst of questions may queue up to in the kernel, in bytes: a few thousand of usual size.
const RECEIVE_BUFFER: usize = 1 << 20;

/// A VPC by its owner, region and id.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct VpcKey {
    /// Account and region.
    pub scope: Scope,
    /// `vpc-…`.
    pub vpc_id: Arc<str>,
}

/// The sockets of one address, bound to its port 53 in the VPC's namespace.
#[derive(Debug)]
pub struct Listening {
    /// For questions in packets.
    pub datagrams: UdpSocket,
    /// For questions in streams.
    pub streams: TcpListener,
}

/// The resolver cannot work.
#[derive(Debug, thiserror::Error)]
pub enum ResolverError {
    /// The thread or its event loop could not be made.
    #[error("the resolver cannot start: {0}")]
    Start(#[source] std::io::Error),
    /// A socket that was handed over cannot be used.
    #[error("a socket of {vpc_id} cannot be used: {source}")]
    Socket {
        /// The VPC.
        vpc_id: Arc<str>,
        /// Why.
        source: std::io::Error,
    },
}

struct Served {
    view: Arc<View>,
    sockets: BTreeMap<SocketAddr, [AbortHandle; 2]>,
}

/// The name server of all VPCs of a cloud. Its thread ends when this is dropped.
pub struct Resolver {
    engine: Arc<Engine>,
    scratch: Arc<Mutex<udp::Scratch>>,
    runtime: Handle,
    stop: Arc<Notify>,
    served: Mutex<HashMap<VpcKey, Served>>,
}

impl Resolver {
    /// Starts the thread; nothing is served before [`Resolver::listen`].
    ///
    /// # Errors
    /// [`ResolverError::Start`].
    pub fn start(config: ResolverConfig, store: Store) -> Result<Resolver, ResolverError> {
        // One thread: an answer costs microseconds, and the shared state then needs no waiting for locks.
        let runtime = Builder::new_current_thread().enable_all().build().map_err(ResolverError::Start)?;
        let handle = runtime.handle().clone();
        let stop = Arc::new(Notify::new());
        let stopped = stop.clone();
        std::thread::Builder::new()
            .name("names".into())
            .spawn(move || runtime.block_on(stopped.notified()))
            .map_err(ResolverError::Start)?;
        let engine = Engine {
            store,
            cache: Arc::new(Cache::new(config.cache_bytes)),
            upstream: Upstream::new(config.upstreams.clone(), config.upstream_timeout, config.max_ttl),
            zones: RwLock::default(),
            waiting: WaitingRoom::default(),
            config,
        };
        Ok(Resolver {
            engine: Arc::new(engine),
            scratch: udp::Scratch::new(),
            runtime: handle,
            stop,
            served: Mutex::default(),
        })
    }

    /// Adds a source of private names; sources are asked in the order in which they were added.
    pub fn add_zones(&self, zones: Arc<dyn PrivateZones>) {
        self.engine.zones.write().push(zones);
    }

    /// Serves a VPC at one more address. The source address of whoever asks must have been proven by the data plane:
    /// limits and DNS64 go by it. An address that is served already keeps its sockets.
    ///
    /// # Errors
    /// [`ResolverError::Socket`]; nothing is served at the address then.
    pub fn listen(&self, key: &VpcKey, listening: Listening) -> Result<(), ResolverError> {
        let failed = |source| ResolverError::Socket { vpc_id: key.vpc_id.clone(), source };
        let Listening { datagrams, streams } = listening;
        let address = datagrams.local_addr().map_err(failed)?;
        datagrams.set_nonblocking(true).map_err(failed)?;
        streams.set_nonblocking(true).map_err(failed)?;
        // Less is only less patient with bursts.
        let _ = rustix::net::sockopt::set_socket_recv_buffer_size(&datagrams, RECEIVE_BUFFER);
        let _inside = self.runtime.enter();
        let datagrams = Arc::new(tokio::net::UdpSocket::from_std(datagrams).map_err(failed)?);
        let streams = tokio::net::TcpListener::from_std(streams).map_err(failed)?;
        let mut served = self.served.lock();
        let vpc = served
            .entry(key.clone())
            .or_insert_with(|| Served { view: Arc::new(View::new(key.clone())), sockets: BTreeMap::new() });
        vpc.sockets.entry(address).or_insert_with(|| {
            let (engine, view) = (self.engine.clone(), vpc.view.clone());
            let udp = udp::serve(engine.clone(), view.clone(), datagrams, self.scratch.clone());
            let tcp = tcp::serve(engine, view, streams);
            [self.runtime.spawn(udp).abort_handle(), self.runtime.spawn(tcp).abort_handle()]
        });
        Ok(())
    }

    /// The addresses at which a VPC is served.
    pub fn addresses(&self, key: &VpcKey) -> Vec<SocketAddr> {
        self.served.lock().get(key).map(|vpc| vpc.sockets.keys().copied().collect()).unwrap_or_default()
    }

    /// Closes one address of a VPC, if it is served.
    pub fn close(&self, key: &VpcKey, address: SocketAddr) {
        if let Some(tasks) = self.served.lock().get_mut(key).and_then(|vpc| vpc.sockets.remove(&address)) {
            tasks.iter().for_each(AbortHandle::abort);
        }
    }

    /// Closes all addresses of a VPC and forgets its numbers.
    pub fn forget(&self, key: &VpcKey) {
        if let Some(vpc) = self.served.lock().remove(key) {
            vpc.sockets.values().flatten().for_each(AbortHandle::abort);
        }
    }

    /// What happened to the questions of a VPC; `None` if it is not served.
    pub fn counts(&self, key: &VpcKey) -> Option<Counts> {
        self.served.lock().get(key).map(|vpc| vpc.view.counters.read())
    }

    /// Answers from upstream that did not fit their question: somebody on the network guesses.
    pub fn forged_answers(&self) -> u64 {
        self.engine.upstream.forged.load(Ordering::Relaxed)
    }

    /// Exchanges with upstream servers so far.
    pub fn exchanges(&self) -> u64 {
        self.engine.upstream.exchanged.load(Ordering::Relaxed)
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.stop.notify_one();
    }
}
