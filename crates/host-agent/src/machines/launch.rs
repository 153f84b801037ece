//! From an instance's record to a running machine with its network.

use super::{Shared, interfaces};
use crate::imds::full_hostname;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use machine::{LaunchSpec, MachineLimits};
use records::{Instance, NetworkInterface};
use state_store::typed::Scope;
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// Processes a machine may have per vCPU and in total.
const PIDS_BASE: u32 = 2_048;
const PIDS_PER_VCPU: u32 = 1_024;
/// Writable disk when the record names no root device, in GiB.
const DEFAULT_DISK_GIB: i32 = 8;

/// Launches the machine, plugs its interfaces and lets it boot.
pub(super) async fn launch(
    shared: &Arc<Shared>,
    scope: &Scope,
    instance: &Arc<Instance>,
) -> Result<(), String> {
    let spec = spec(shared, scope, instance)?;
    let worker = shared.clone();
    let netns: OwnedFd = blocking(move || {
        let machines = worker.machines().ok_or("the keeper does not answer")?;
        machines.launch(spec).map(|launched| launched.netns).map_err(|e| e.to_string())
    })
    .await?;
    let mut plugged = interfaces::hung(shared, scope, instance);
    plugged.retain(|one| one.on_its_way != interfaces::Way::Goes);
    for one in &plugged {
        let netns = netns.try_clone().map_err(|e| e.to_string())?;
        shared.network.attach(scope, &instance.vpc_id, &one.id, netns, one.device).await?;
    }
    interfaces::came(shared, scope, &plugged).await?;
    let (worker, id) = (shared.clone(), instance.id.clone());
    blocking(move || {
        let machines = worker.machines().ok_or("the keeper does not answer")?;
        machines.release(&id).map_err(|e| e.to_string())
    })
    .await
}

/// Runs blocking work off the runtime's threads.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, String> + Send + 'static,
) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(error.to_string()))
}

fn spec(shared: &Shared, scope: &Scope, instance: &Instance) -> Result<LaunchSpec, String> {
    let image = shared.image.get().cloned().ok_or("the image is not ready")?;
    let primary =
        instance.network_interfaces.first().and_then(|id| shared.store.get::<NetworkInterface>(scope, id));
    let user_data = match &instance.user_data {
        Some(text) => {
            let bytes = STANDARD.decode(text).map_err(|e| format!("user-data: {e}"))?;
            machine::user_data::decode(&bytes)
        }
        None => Vec::new(),
    };
    let disk = instance.block_devices.first().map_or(DEFAULT_DISK_GIB, |d| d.size).max(1);
    let names = crate::dns::settings(&shared.store, scope, &instance.vpc_id);
    Ok(LaunchSpec {
        id: instance.id.clone(),
        image,
        hostname: instance.hostname.clone(),
        fqdn: Some(full_hostname(&instance.hostname, &scope.region)),
        address: primary.as_ref().and_then(|i| i.primary()).map(|a| IpAddr::V4(a.address)),
        limits: MachineLimits {
            cpu_millis: instance.vcpus.saturating_mul(1000),
            memory_mib: u64::from(instance.memory_mib),
            pids: PIDS_BASE + PIDS_PER_VCPU * instance.vcpus.min(64),
            disk_mib: u64::try_from(disk).unwrap_or(1) * 1024,
        },
        user_data,
        authorized_keys: instance.authorized_keys.clone(),
        dns_servers: names.servers,
        search_domains: names.search,
        start_sshd: instance.key_name.is_some(),
    })
}
