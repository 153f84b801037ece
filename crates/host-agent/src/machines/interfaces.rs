//! Interfaces plugged into and out of machines that run.

use super::Shared;
use super::launch::blocking;
use machine::{MachineState, MachineStatus};
use records::{Instance, InstanceState, NetworkInterface, transitions};
use state_store::StoreError;
use state_store::typed::{Scope, Tx};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::Arc;

/// An interface as its instance has it.
pub(super) struct Hung {
    pub(super) id: String,
    /// 0 is `eth0`.
    pub(super) device: u32,
    pub(super) on_its_way: Way,
}

/// Whether an interface stays, comes or goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Stays,
    Comes,
    Goes,
}

/// The interfaces of an instance in the order of their device indexes.
pub(super) fn hung(shared: &Shared, scope: &Scope, instance: &Instance) -> Vec<Hung> {
    let listed = instance.network_interfaces.iter().enumerate();
    let mut all: Vec<Hung> = listed
        .filter_map(|(position, id)| {
            let found = shared.store.get::<NetworkInterface>(scope, id)?;
            let attachment = found.attachment.as_ref();
            let device = attachment.and_then(|a| u32::try_from(a.device_index).ok());
            let on_its_way = match attachment.map(|a| a.status.as_str()) {
                Some("attaching") => Way::Comes,
                Some("detaching") => Way::Goes,
                _ => Way::Stays,
            };
            let device = device.unwrap_or_else(|| u32::try_from(position).unwrap_or_default());
            Some(Hung { id: id.clone(), device, on_its_way })
        })
        .collect();
    all.sort_by_key(|one| one.device);
    all
}

/// Whether an interface of the instance is on its way.
pub(super) fn on_the_way(shared: &Shared, scope: &Scope, instance: &Instance) -> bool {
    hung(shared, scope, instance).iter().any(|one| one.on_its_way != Way::Stays)
}

/// Plugs what comes, unplugs what goes, and writes it down, for a machine that runs.
pub(super) async fn follow(shared: &Arc<Shared>, scope: &Scope, instance: &Instance) -> Result<(), String> {
    for one in hung(shared, scope, instance) {
        match one.on_its_way {
            Way::Stays => {}
            Way::Comes => {
                let netns = namespace(shared, &instance.id).await?;
                shared.network.attach(scope, &instance.vpc_id, &one.id, netns, one.device).await?;
                write(shared, |tx| transitions::mark_attached(tx, scope, &one.id)).await?;
            }
            Way::Goes => {
                shared.network.detach(scope, &instance.vpc_id, &one.id).await?;
                write(shared, |tx| transitions::mark_detached(tx, scope, &one.id)).await?;
            }
        }
    }
    Ok(())
}

/// Plugs an interface again whose link was taken away, if its machine runs.
pub(super) async fn replug(shared: &Arc<Shared>, scope: &Scope, id: &str) -> Result<(), String> {
    let Some(interface) = shared.store.get::<NetworkInterface>(scope, id) else { return Ok(()) };
    let holder = interface.attachment.as_ref().map(|a| a.instance_id.as_str());
    let instance = holder.and_then(|holder| shared.store.get::<Instance>(scope, holder));
    // Of one that comes up or goes down its own steps take care.
    let Some(instance) = instance.filter(|i| i.state == InstanceState::Running) else { return Ok(()) };
    let all = hung(shared, scope, &instance);
    let Some(one) = all.iter().find(|one| one.id == id && one.on_its_way == Way::Stays) else {
        return Ok(());
    };
    let netns = namespace(shared, &instance.id).await?;
    shared.network.attach(scope, &instance.vpc_id, id, netns, one.device).await?;
    tracing::warn!(
        interface = id,
        instance = instance.id,
        "somebody had removed the interface's link; plugged again"
    );
    Ok(())
}

/// Writes what became of interfaces that were plugged at a launch.
pub(super) async fn came(shared: &Arc<Shared>, scope: &Scope, plugged: &[Hung]) -> Result<(), String> {
    for one in plugged.iter().filter(|one| one.on_its_way == Way::Comes) {
        write(shared, |tx| transitions::mark_attached(tx, scope, &one.id)).await?;
    }
    Ok(())
}

/// The network namespace of a running machine.
async fn namespace(shared: &Arc<Shared>, id: &str) -> Result<OwnedFd, String> {
    let (shared, id) = (shared.clone(), id.to_owned());
    blocking(move || {
        let machines = shared.machines().ok_or("the keeper does not answer")?;
        let running = |status: &MachineStatus| status.state == MachineState::Running;
        let status = || machines.status(&id).map_err(|e| e.to_string());
        let before = status()?.filter(running).ok_or("the machine does not run")?;
        let path = format!("/proc/{}/ns/net", before.pid);
        let file = File::open(&path).map_err(|e| format!("{path}: {e}"))?;
        // The number could have passed to another process before the file was opened, but not if the machine that
        // had it before has it still.
        let after = status()?.filter(running).ok_or("the machine does not run")?;
        if after.pid == before.pid {
            Ok(OwnedFd::from(file))
        } else {
            Err("the machine was restarted".to_owned())
        }
    })
    .await
}

async fn write(shared: &Shared, change: impl Fn(&mut Tx<'_>) -> bool + Send + Sync) -> Result<(), String> {
    let run = move |tx: &mut Tx<'_>| {
        change(tx);
        Ok::<(), StoreError>(())
    };
    shared.store.transact(run).await.map(|_| ()).map_err(|e| e.to_string())
}
