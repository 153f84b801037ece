//! What every service stands on.

use crate::clock::Clock;
use crate::page::PageKey;
use crate::seal::Sealer;
use crate::seams::{CommandHost, MachineView, NetworkGate};
use state_store::typed::Store;
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
    /// What can be seen of running machines.
    pub machines: Arc<dyn MachineView>,
    /// Runs commands in machines.
    pub commands: Arc<dyn CommandHost>,
}
