//! What handlers stand on in tests: a store in memory, a clock that stands still, and seams that do what they are told.

use crate::Ec2;
use contracts::seams::{MachineView, NetworkGate};
use contracts::{BoxFuture, Call, Caller, ManualClock, Platform, Principal};
use parking_lot::Mutex;
use records::Millis;
use state_store::typed::{Scope, Store};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// 2026-11-20T10:00:00Z.
pub(crate) const NOW: Millis = 1_795_168_800_000;
/// The account of [`World::call`].
pub(crate) const ACCOUNT: &str = "000000000000";

/// What the fake seams saw and what they answer.
#[derive(Default)]
pub(crate) struct Seams {
    /// VPCs and revisions that handlers waited for.
    pub(crate) settled: Mutex<Vec<(String, u64)>>,
    /// When set, the data plane refuses with these words.
    pub(crate) refusal: Mutex<Option<String>>,
    /// Machines that answer.
    pub(crate) reachable: Mutex<BTreeSet<String>>,
    /// What machines printed.
    pub(crate) consoles: Mutex<BTreeMap<String, (Vec<u8>, Millis)>>,
}

impl NetworkGate for Seams {
    fn settled(&self, _: Scope, vpc_id: String, revision: u64) -> BoxFuture<'static, Result<(), String>> {
        self.settled.lock().push((vpc_id, revision));
        let refusal = self.refusal.lock().clone();
        Box::pin(async move { refusal.map_or(Ok(()), Err) })
    }
}

impl MachineView for Seams {
    fn console(&self, instance_id: &str) -> Option<(Vec<u8>, Millis)> {
        self.consoles.lock().get(instance_id).cloned()
    }

    fn reachable(&self, instance_id: &str) -> bool {
        self.reachable.lock().contains(instance_id)
    }
}

/// One cloud.
pub(crate) struct World {
    pub(crate) ec2: Arc<Ec2>,
    pub(crate) clock: ManualClock,
    pub(crate) seams: Arc<Seams>,
}

impl World {
    /// In open mode.
    pub(crate) fn new() -> World {
        World::with_mode(true)
    }

    /// In open or enforced mode.
    pub(crate) fn with_mode(open: bool) -> World {
        let (clock, seams) = (ManualClock::new(NOW), Arc::new(Seams::default()));
        let platform = Platform {
            network: seams.clone(),
            machines: seams.clone(),
            ..Platform::without_host(Arc::new(clock.clone()), ACCOUNT, open)
        };
        World { ec2: Ec2::new(platform), clock, seams }
    }

    /// Account and region of [`World::call`].
    #[allow(clippy::unused_self)] // reads as the rest of the world does
    pub(crate) fn scope(&self) -> Scope {
        Scope::new(ACCOUNT, "us-east-1")
    }

    /// The records.
    pub(crate) fn store(&self) -> &Store {
        self.ec2.store()
    }

    /// A call by the account's root in us-east-1.
    pub(crate) fn call(&self) -> Call<Ec2> {
        self.call_from(ACCOUNT, "us-east-1")
    }

    /// A call by another account's root, or to another region.
    pub(crate) fn call_from(&self, account: &str, region: &str) -> Call<Ec2> {
        let caller = Caller {
            scope: Scope::new(account, region),
            principal: Principal::root(account),
            access_key_id: "test".to_owned(),
            source_ip: None,
            request_id: contracts::new_uuid(),
            user_agent: String::new(),
            host: "127.0.0.1:4566".to_owned(),
            enforced: !self.ec2.platform.config.open,
        };
        Call::new(Arc::new(caller), self.ec2.clone())
    }
}
