//! Changing one attribute inside a transaction.

use super::several_interfaces;
use super::wanted::Wanted;
use crate::instance_types::{self, InstanceType};
use crate::instances::faults::{incorrect_state, no_capacity, not_stopped};
use crate::instances::run::{ebs_optimized, volume_outlives};
use crate::resource_kind::ResourceKind;
use crate::security_group::resolve_groups;
use crate::{faults, lookup};
use aws_schema::Fault;
use records::{Instance, InstanceState, NetworkInterface};
use state_store::typed::{Scope, Tx};

/// Whether packets can notice a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Noticed {
    ByPackets,
    ByNobody,
}

/// Makes the change.
///
/// # Errors
/// `IncorrectInstanceState` where the instance must be stopped; the faults of types, groups and devices.
pub(super) fn apply(
    tx: &mut Tx<'_>,
    scope: &Scope,
    mut instance: Instance,
    wanted: &Wanted,
) -> Result<Noticed, Fault> {
    let id = instance.id.clone();
    if matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
        return Err(incorrect_state(format!(
            "The instance '{id}' is not in a state from which its attributes can be modified."
        )));
    }
    // The host agent takes these up at the next start; changing them under a running machine would be a lie.
    let must_be_stopped =
        matches!(wanted, Wanted::InstanceType(_) | Wanted::UserData(_) | Wanted::EbsOptimized(_));
    if must_be_stopped && instance.state != InstanceState::Stopped {
        return Err(not_stopped(&id));
    }
    match wanted {
        Wanted::InstanceType(name) => set_type(&mut instance, name)?,
        Wanted::UserData(data) => instance.user_data.clone_from(data),
        Wanted::DisableApiTermination(on) => instance.disable_api_termination = *on,
        Wanted::DisableApiStop(on) => instance.disable_api_stop = *on,
        Wanted::ShutdownBehavior(word) => instance.shutdown_behavior.clone_from(word),
        Wanted::EbsOptimized(on) => {
            instance.ebs_optimized = ebs_optimized(Some(*on), known_type(&instance.instance_type)?)?;
        }
        Wanted::Devices(flags) => set_devices(&mut instance, flags)?,
        Wanted::EnaSupport => {}
        Wanted::SourceDestCheck(on) => {
            let mut interface = only_interface(tx, scope, &instance)?;
            interface.source_dest_check = *on;
            tx.put(scope, interface);
            return Ok(Noticed::ByPackets);
        }
        Wanted::Groups(groups) => {
            let mut interface = only_interface(tx, scope, &instance)?;
            interface.groups = resolve_groups(tx, scope, &interface.vpc_id, groups, &[])?;
            tx.put(scope, interface);
            return Ok(Noticed::ByPackets);
        }
    }
    tx.put(scope, instance);
    Ok(Noticed::ByNobody)
}

fn known_type(name: &str) -> Result<&'static InstanceType, Fault> {
    instance_types::find(name).ok_or_else(|| {
        let shown: String = name.chars().take(60).collect();
        faults::invalid_parameter_value(format!("Invalid value '{shown}' for InstanceType."))
    })
}

fn set_type(instance: &mut Instance, name: &str) -> Result<(), Fault> {
    let new = known_type(name)?;
    let old = known_type(&instance.instance_type)?;
    if new.architecture() != old.architecture() {
        return Err(faults::invalid_parameter_value(format!(
            "The architecture '{}' of the specified instance type does not match the architecture '{}' of the instance \
             '{}'.",
            new.architecture(),
            old.architecture(),
            instance.id
        )));
    }
    if new.needs_special_host() {
        return Err(no_capacity(&new.name, &instance.availability_zone));
    }
    // A smaller type must still hold what is plugged in.
    let interfaces = instance.network_interfaces.len();
    if i32::try_from(interfaces).unwrap_or(i32::MAX) > new.max_interfaces() {
        return Err(Fault::sender(
            "AttachmentLimitExceeded",
            format!("Interface count {interfaces} exceeds the limit for {}", new.name),
        ));
    }
    new.name.clone_into(&mut instance.instance_type);
    instance.vcpus = u32::try_from(new.vcpus()).unwrap_or(1);
    instance.memory_mib = u32::try_from(new.memory_mib()).unwrap_or(u32::MAX);
    // CPU options belong to the old type; credits stay where the new one has them.
    instance.options.cpu = None;
    instance.options.cpu_credits = match (&instance.options.cpu_credits, new.is_burstable()) {
        (_, false) => None,
        (Some(kept), true) => Some(kept.clone()),
        (None, true) => Some(new.default_credits().to_owned()),
    };
    Ok(())
}

fn set_devices(instance: &mut Instance, flags: &[(String, bool)]) -> Result<(), Fault> {
    for (name, delete) in flags {
        let device = instance.block_devices.iter_mut().find(|d| d.device_name == *name).ok_or_else(|| {
            let shown: String = name.chars().take(60).collect();
            Fault::sender(
                "InvalidInstanceAttributeValue",
                format!("No device is currently mapped at {shown}"),
            )
        })?;
        if !delete {
            return Err(volume_outlives());
        }
        device.delete_on_termination = true;
    }
    Ok(())
}

/// The instance's interface, when it has just one.
fn only_interface(tx: &mut Tx<'_>, scope: &Scope, instance: &Instance) -> Result<NetworkInterface, Fault> {
    match &instance.network_interfaces[..] {
        [only] => lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, only),
        _ => Err(several_interfaces(&instance.id)),
    }
}
