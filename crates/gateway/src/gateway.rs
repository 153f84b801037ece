//! The gateway as a value: what it is made of, and starting it.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;

use aws_signature::KeyCache;
use contracts::seams::{Authorizer, KeyRing, NetworkView};
use contracts::{Clock, ServiceTable};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::audit::AuditSink;
use crate::body::BodyBudget;
use crate::builtin::ControlHooks;
use crate::catalogue::Catalogue;
use crate::config::{GatewayConfig, Mode};
use crate::listener;
use crate::metrics::GatewayCounters;

/// What a gateway is made of.
pub struct GatewayParts {
    /// The services, built as far as they are.
    pub tables: Vec<ServiceTable>,
    /// Issued keys.
    pub keys: Arc<dyn KeyRing>,
    /// Rights.
    pub authorizer: Arc<dyn Authorizer>,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// The cloud's own levers; `None` leaves resets refused.
    pub hooks: Option<Arc<dyn ControlHooks>>,
    /// What can be seen of the data plane; `None` answers "nothing at this path".
    pub network: Option<Arc<dyn NetworkView>>,
    /// Where audit entries go; `None` saves making them.
    pub audit: Option<Arc<dyn AuditSink>>,
    /// Settings.
    pub config: GatewayConfig,
}

/// Why a gateway does not start or stops.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// Open mode believes every key: only this machine may reach it.
    #[error(
        "open mode listens on loopback addresses only, not on {0}; listen beyond loopback in enforced mode"
    )]
    OpenBeyondLoopback(SocketAddr),
    /// The listener failed.
    #[error("the listener failed")]
    Listener(#[from] std::io::Error),
}

/// The front of the cloud: takes connections and runs the request chain.
pub struct Gateway {
    pub(crate) catalogue: Catalogue,
    pub(crate) keys: Arc<dyn KeyRing>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) hooks: Option<Arc<dyn ControlHooks>>,
    pub(crate) network: Option<Arc<dyn NetworkView>>,
    pub(crate) audit: Option<Arc<dyn AuditSink>>,
    pub(crate) config: GatewayConfig,
    pub(crate) signing_keys: KeyCache,
    pub(crate) counters: GatewayCounters,
    pub(crate) requests: Arc<Semaphore>,
    pub(crate) bodies: Arc<BodyBudget>,
}

impl Gateway {
    /// Puts the parts together; nothing runs yet.
    pub fn new(parts: GatewayParts) -> Arc<Self> {
        Arc::new(Self {
            catalogue: Catalogue::new(parts.tables),
            keys: parts.keys,
            authorizer: parts.authorizer,
            clock: parts.clock,
            hooks: parts.hooks,
            network: parts.network,
            counters: GatewayCounters {
                audit_lost: parts.audit.as_ref().map(|sink| sink.lost()).unwrap_or_default(),
                ..GatewayCounters::default()
            },
            audit: parts.audit,
            signing_keys: KeyCache::default(),
            requests: Arc::new(Semaphore::new(parts.config.limits.requests.min(Semaphore::MAX_PERMITS))),
            bodies: Arc::new(BodyBudget::new(parts.config.limits.bodies)),
            config: parts.config,
        })
    }

    /// Serves connections of `listener` until `stop` resolves, then lets open requests finish for a
    /// while ([`crate::Limits::farewell`]). May be called for several listeners.
    ///
    /// # Errors
    /// [`GatewayError::OpenBeyondLoopback`] in open mode on any other address.
    pub async fn serve(
        self: &Arc<Self>,
        listener: TcpListener,
        stop: impl Future<Output = ()>,
    ) -> Result<(), GatewayError> {
        let address = listener.local_addr()?;
        if self.config.mode == Mode::Open && !address.ip().is_loopback() {
            return Err(GatewayError::OpenBeyondLoopback(address));
        }
        listener::serve(self, listener, stop).await;
        Ok(())
    }
}
