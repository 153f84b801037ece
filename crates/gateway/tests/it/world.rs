//! A running gateway for one test.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use aws_schema::Fault;
use contracts::seams::{Authorizer, KeyRing, KnownKey};
use contracts::{BoxFuture, Caller, Clock, Principal, SystemClock};
use gateway::{
    AuditEntry, AuditSink, ControlHooks, Gateway, GatewayConfig, GatewayError, GatewayParts, Mode,
};
use parking_lot::Mutex;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::echo::{self, Echo};

pub(crate) const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
pub(crate) const ACCOUNT: &str = "111122223333";

/// A gateway on a free port, with everything around it that a test wants to see.
pub(crate) struct World {
    pub(crate) address: SocketAddr,
    pub(crate) echo: Arc<Echo>,
    pub(crate) audit: Arc<Audit>,
    pub(crate) resets: Arc<Resets>,
    stop: Option<oneshot::Sender<()>>,
    pub(crate) served: JoinHandle<Result<(), GatewayError>>,
}

/// Keeps what was audited.
#[derive(Default)]
pub(crate) struct Audit(pub(crate) Mutex<Vec<AuditEntry>>);

impl AuditSink for Audit {
    fn wants_reads(&self) -> bool {
        true
    }
    fn lost(&self) -> Arc<AtomicU64> {
        Arc::default()
    }
    fn record(&self, entry: AuditEntry) {
        self.0.lock().push(entry);
    }
}

/// Counts resets.
#[derive(Default)]
pub(crate) struct Resets(pub(crate) AtomicUsize);

impl ControlHooks for Resets {
    fn reset(&self) -> BoxFuture<'static, Result<(), String>> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Box::pin(async { Ok(()) })
    }
}

impl World {
    pub(crate) async fn start(mode: Mode) -> Self {
        Self::with(GatewayConfig { mode, ..GatewayConfig::default() }, true).await
    }

    /// As most clouds run: nobody collects audit entries.
    pub(crate) async fn unaudited(mode: Mode) -> Self {
        Self::build(GatewayConfig { mode, ..GatewayConfig::default() }, false, false).await
    }

    pub(crate) async fn with(config: GatewayConfig, allow_reset: bool) -> Self {
        Self::build(config, allow_reset, true).await
    }

    async fn build(config: GatewayConfig, allow_reset: bool, audited: bool) -> Self {
        let echo = Arc::new(Echo::default());
        let audit = Arc::new(Audit::default());
        let resets = Arc::new(Resets::default());
        let front = Gateway::new(GatewayParts {
            tables: echo::tables(&echo),
            keys: Arc::new(keys()),
            authorizer: Arc::new(Doorman),
            clock: Arc::new(SystemClock),
            hooks: allow_reset.then(|| Arc::clone(&resets) as Arc<dyn ControlHooks>),
            network: None,
            audit: audited.then(|| Arc::clone(&audit) as Arc<dyn AuditSink>),
            config,
        });
        let listener = gateway::listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let served = tokio::spawn(async move {
            front
                .serve(listener, async {
                    // Dropped with the world: the same as stopping.
                    let _ = stopped.await;
                })
                .await
        });
        Self { address, echo, audit, resets, stop: Some(stop), served }
    }

    /// Begins the end.
    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
    }
}

/// A gateway's parts without a service, for tests that never call one.
pub(crate) fn parts(config: GatewayConfig) -> GatewayParts {
    GatewayParts {
        tables: Vec::new(),
        keys: Arc::new(keys()),
        authorizer: Arc::new(Doorman),
        clock: Arc::new(SystemClock),
        hooks: None,
        network: None,
        audit: None,
        config,
    }
}

/// Lets everybody do everything, but for one user.
struct Doorman;

impl Authorizer for Doorman {
    fn authorize(&self, caller: &Caller, action: &str) -> Result<(), Fault> {
        if caller.principal.arn.ends_with("user/denied") {
            let message = format!("{} is not authorized to perform: {action}", caller.principal.arn);
            return Err(Fault::sender("AccessDenied", message).with_status(403));
        }
        Ok(())
    }
}

struct Keys(HashMap<&'static str, KnownKey>);

impl KeyRing for Keys {
    fn key(&self, access_key_id: &str) -> Option<KnownKey> {
        self.0.get(access_key_id).cloned()
    }

    fn used(&self, access_key_id: &str, service: &str, region: &str) {
        assert!(!access_key_id.is_empty() && !service.is_empty() && !region.is_empty());
    }
}

fn keys() -> Keys {
    let key = |name: &str| KnownKey {
        account: ACCOUNT.to_owned(),
        principal: Principal {
            arn: format!("arn:aws:iam::{ACCOUNT}:user/{name}"),
            ..Principal::root(ACCOUNT)
        },
        secret: SECRET.to_owned(),
        session_token: None,
        expires: None,
        active: true,
    };
    let session = |name: &str, life: i64| KnownKey {
        session_token: Some("the-token".to_owned()),
        expires: Some(SystemClock.now() + life),
        ..key(name)
    };
    Keys(HashMap::from([
        ("AKIAALICE", key("alice")),
        ("AKIADENIED", key("denied")),
        ("AKIAINACTIVE", KnownKey { active: false, ..key("inactive") }),
        ("ASIASESSION", session("session", 3_600_000)),
        ("ASIAEXPIRED", session("expired", -1_000)),
    ]))
}
