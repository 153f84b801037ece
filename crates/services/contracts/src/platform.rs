//! What every service stands on.

use crate::Refusals;
use crate::change::{Change, Done};
use crate::clock::Clock;
use crate::page::PageKey;
use crate::seal::Sealer;
use crate::seams::{CommandHost, MachineView, NetworkGate};
use aws_schema::Fault;
use state_store::StoreError;
use state_store::typed::{Store, Tx};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// Settings of the cloud that services need to know.
#[derive(Clone, Debug)]
pub struct CloudConfig {
    /// Account of callers whose key names none.
    pub default_account: String,
    /// Open mode: loopback only, any signature accepted, unknown image ids mean the built-in image.
    pub open: bool,
    /// The URL of the endpoint as machines and users reach it.
    pub endpoint: String,
    /// First address and prefix length of the pool of public addresses.
    pub public_pool: (Ipv4Addr, u8),
}

/// The shared parts, cheap to clone.
#[derive(Clone)]
pub struct Platform {
    /// Records.
    pub store: Store,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Encryption at rest.
    pub sealer: Sealer,
    /// Page tokens.
    pub pages: PageKey,
    /// Settings.
    pub config: Arc<CloudConfig>,
    /// Waits until the kernel enforces what the records say.
    pub network: Arc<dyn NetworkGate>,
    /// What was taken back because the kernel refused it; see [`Platform::settle`].
    pub refusals: Refusals,
    /// What can be seen of running machines.
    pub machines: Arc<dyn MachineView>,
    /// Runs commands in machines.
    pub commands: Arc<dyn CommandHost>,
}

impl Platform {
    /// Runs one store transaction; the closure's fault aborts it and a failing store becomes an `InternalFailure` that
    /// says what the operator can do, or `RequestLimitExceeded` under overload.
    pub async fn transact<T: Send>(
        &self,
        f: impl Fn(&mut Tx<'_>) -> Result<T, Fault> + Send,
    ) -> Result<Done<T>, Fault> {
        let run = move |tx: &mut Tx<'_>| f(tx).map_err(Stopped::ByHandler);
        let done = self.store.transact(run).await.map_err(|stopped| match stopped {
            Stopped::ByHandler(fault) => fault,
            Stopped::ByStore(error) => store_fault(&error),
        })?;
        Ok(Done { value: done.value, revision: Change::new(done.undo) })
    }
}

enum Stopped {
    ByHandler(Fault),
    ByStore(StoreError),
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Stopped::ByStore(error)
    }
}

/// The fault a caller sees when the store refuses.
fn store_fault(error: &StoreError) -> Fault {
    tracing::error!(%error, "the store refused a transaction");
    match error {
        StoreError::Overloaded { .. } | StoreError::Contention { .. } => {
            Fault::sender("RequestLimitExceeded", "Request limit exceeded.").with_status(503)
        }
        StoreError::Durability { reason } => Fault::internal(format!(
            "The change could not be written to disk and was not made: {reason}. Free space in the data directory, then try again."
        )),
        other => Fault::internal(format!("The change was not made: {other}.")),
    }
}
