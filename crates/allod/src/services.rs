//! The services of the cloud, put together.

use contracts::seams::{Authorizer, RoleSessions};
use contracts::{Platform, ServiceTable, SystemClock};
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
    Platform::without_host(Arc::new(SystemClock), "000000000000", true)
}
