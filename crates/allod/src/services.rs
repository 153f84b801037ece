//! The services of the cloud, put together.

use contracts::seams::{
    Authorizer, CommandEnd, CommandHost, CommandRequest, MachineView, NetworkGate, RoleSessions,
};
use contracts::{BoxFuture, CloudConfig, PageKey, Platform, Sealer, ServiceTable, SystemClock};
use records::Millis;
use state_store::typed::{Scope, Store};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

/// What the gateway and the rest of the binary take from the services.
pub(crate) struct Parts {
    pub(crate) tables: Vec<ServiceTable>,
    pub(crate) keys: Arc<service_iam::Keys>,
    pub(crate) authorizer: Arc<dyn Authorizer>,
    pub(crate) roles: Arc<dyn RoleSessions>,
    pub(crate) ssm: Arc<service_ssm::Ssm>,
    pub(crate) states: Arc<service_stepfunctions::States>,
}

/// Makes every service on the platform; command output goes below `outputs`.
pub(crate) fn assemble(platform: &Platform, outputs: PathBuf) -> Parts {
    let ssm = service_ssm::Ssm::new(platform.clone(), outputs);
    let states = service_stepfunctions::States::new(platform.clone());
    Parts {
        tables: tables(platform, &ssm, &states),
        keys: service_iam::Keys::new(platform.clone()),
        authorizer: service_iam::Rights::new(platform.sealer.clone()),
        roles: service_sts::Roles::new(platform.clone()),
        ssm,
        states,
    }
}

/// The operations of every service: for the gateway, and for the tasks of state machines that call them.
pub(crate) fn tables(
    platform: &Platform,
    ssm: &Arc<service_ssm::Ssm>,
    states: &Arc<service_stepfunctions::States>,
) -> Vec<ServiceTable> {
    vec![
        service_sts::table(platform.clone()),
        service_iam::table(platform.clone()),
        service_ec2::table(platform.clone()),
        service_ssm::table(ssm),
        service_stepfunctions::table(states),
        service_extension::table(platform.clone()),
    ]
}

/// A platform without a host, for looking at tables only.
pub(crate) fn detached_platform() -> Platform {
    let nothing = Arc::new(Nothing);
    Platform {
        store: Store::in_memory(),
        clock: Arc::new(SystemClock),
        sealer: Sealer::new(&[0; 32]),
        pages: PageKey::new([0; 32]),
        config: Arc::new(CloudConfig {
            default_account: "000000000000".to_owned(),
            open: true,
            endpoint: String::new(),
            public_pool: (Ipv4Addr::new(198, 18, 0, 0), 16),
        }),
        network: nothing.clone(),
        refusals: contracts::Refusals::default(),
        machines: nothing.clone(),
        commands: nothing,
    }
}

/// The seams of a cloud that has no host.
struct Nothing;

impl NetworkGate for Nothing {
    fn settled(&self, _: Scope, _: String, _: u64) -> BoxFuture<'static, Result<(), String>> {
        Box::pin(async { Ok(()) })
    }
}

impl MachineView for Nothing {
    fn console(&self, _: &str) -> Option<(Vec<u8>, Millis)> {
        None
    }
    fn reachable(&self, _: &str) -> bool {
        false
    }
}

impl CommandHost for Nothing {
    fn deliverable(&self, _: &str) -> bool {
        false
    }
    fn run(&self, _: CommandRequest) -> BoxFuture<'static, CommandEnd> {
        Box::pin(async { CommandEnd::Unreachable("there is no host".to_owned()) })
    }
    fn cancel(&self, _: &str) {}
    fn forget(&self, _: &str) {}
}
