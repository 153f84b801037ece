//! A cloud that has no host: for looking at tables, and for tests of services that need no machine.

use crate::platform::{CloudConfig, Platform};
use crate::seams::{CommandEnd, CommandHost, CommandRequest, MachineView, NetworkGate};
use crate::{BoxFuture, Clock, PageKey, Refusals, Sealer};
use records::Millis;
use state_store::typed::{Scope, Store};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// The seams where nothing runs: no network to wait for, no machine to see or to reach.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoHost;

impl NetworkGate for NoHost {
    fn settled(&self, _: Scope, _: String, _: u64) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl MachineView for NoHost {
    fn console(&self, _: &str) -> Option<(Vec<u8>, Millis)> {
        None
    }
    fn reachable(&self, _: &str) -> bool {
        false
    }
}

impl CommandHost for NoHost {
    fn deliverable(&self, _: &str) -> bool {
        false
    }
    fn run(&self, _: CommandRequest) -> BoxFuture<'static, CommandEnd> {
        Box::pin(std::future::ready(CommandEnd::Unreachable("there is no host".to_owned())))
    }
    fn cancel(&self, _: &str) {}
}

impl Platform {
    /// Records in memory, fixed keys, no host: never for a cloud that is served. What a test wants to watch it puts in
    /// place of a seam (`Platform { network, ..Platform::without_host(…) }`).
    pub fn without_host(clock: Arc<dyn Clock>, account: &str, open: bool) -> Platform {
        let host = Arc::new(NoHost);
        Platform {
            store: Store::in_memory(),
            clock,
            sealer: Sealer::new(&[1; 32]),
            pages: PageKey::new([2; 32]),
            config: Arc::new(CloudConfig {
                default_account: account.to_owned(),
                open,
                endpoint: "http://127.0.0.1:4566".to_owned(),
                public_pool: (Ipv4Addr::new(198, 18, 0, 0), 15),
            }),
            network: host.clone(),
            refusals: Refusals::default(),
            machines: host.clone(),
            commands: host,
        }
    }
}
