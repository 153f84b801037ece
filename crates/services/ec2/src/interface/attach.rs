//! AttachNetworkInterface and DetachNetworkInterface.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, instance_types, lookup};
use api_ec2::{AttachNetworkInterfaceRequest, AttachNetworkInterfaceResult, DetachNetworkInterfaceRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::{Attachment, Instance, InstanceState, NetworkInterface};
use state_store::typed::{Scope, Tx};

/// What must hold before an interface is hung on a machine. The order of the checks decides which fault a caller sees
/// who breaks several.
fn check_attachable(
    tx: &mut Tx<'_>,
    scope: &Scope,
    interface: &NetworkInterface,
    instance: &Instance,
    device_index: i32,
) -> Result<(), Fault> {
    if interface.attachment.is_some() {
        return Err(Fault::sender(
            "InvalidNetworkInterface.InUse",
            format!("Interface: [{}] in use.", interface.id),
        ));
    }
    if interface.requester_managed {
        return Err(faults::not_permitted(format!(
            "The network interface '{}' is managed by a service and cannot be attached.",
            interface.id
        )));
    }
    if !matches!(instance.state, InstanceState::Running | InstanceState::Stopped) {
        return Err(Fault::sender(
            "IncorrectInstanceState",
            format!(
                "The instance '{}' is in the state '{}', from which an interface cannot be attached.",
                instance.id,
                instance.state.name()
            ),
        ));
    }
    if interface.availability_zone != instance.availability_zone {
        return Err(faults::invalid_combination(
            "You may not attach a network interface to an instance if they are not in the same availability zone",
        ));
    }
    if interface.vpc_id != instance.vpc_id {
        return Err(faults::invalid_combination(
            "You may not attach a network interface to an instance if they are not in the same VPC",
        ));
    }
    let attached = tx.by_index::<NetworkInterface>(scope, "instance", &instance.id);
    if attached.iter().filter_map(|i| i.attachment.as_ref()).any(|a| a.device_index == device_index) {
        return Err(faults::invalid_parameter_value(format!(
            "Instance '{}' already has an interface attached at device index '{device_index}'.",
            instance.id
        )));
    }
    let most = instance_types::find(&instance.instance_type)
        .and_then(|kind| usize::try_from(kind.max_interfaces()).ok())
        .unwrap_or(2);
    if attached.len() >= most {
        return Err(Fault::sender(
            "AttachmentLimitExceeded",
            format!(
                "Interface count {} exceeds the limit for {}",
                attached.len() + 1,
                instance.instance_type
            ),
        ));
    }
    Ok(())
}

/// AttachNetworkInterface: to an instance in the same zone and VPC. One that runs gets it at once, as `ethN`: the answer
/// shows it `attaching`, and `attached` when the machine has it. One that is stopped has it from its next start.
///
/// # Errors
/// `InvalidNetworkInterface.InUse`, `IncorrectInstanceState`, `AttachmentLimitExceeded` by instance type,
/// `OperationNotPermitted` for an interface that a service manages,
/// `InvalidParameterCombination` across zones or VPCs, `InvalidParameterValue` for a device index in use.
pub(super) async fn attach_network_interface(
    call: Call<Ec2>,
    input: AttachNetworkInterfaceRequest,
) -> Reply<AttachNetworkInterfaceResult> {
    if input.ena_srd_specification.is_some() || input.ena_queue_count.is_some() {
        return Err(faults::unsupported_parameter("EnaSrdSpecification"));
    }
    if input.network_card_index.is_some_and(|card| card != 0) {
        return Err(faults::invalid_value("networkCardIndex", "", "Only network card 0 exists."));
    }
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let instance_id = faults::required(input.instance_id, "instanceId")?;
    let device_index = faults::required(input.device_index, "deviceIndex")?;
    if !(0..=31).contains(&device_index) {
        return Err(faults::invalid_value("deviceIndex", &device_index.to_string(), ""));
    }
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        let mut instance = lookup::find_mut::<Instance>(tx, scope, ResourceKind::Instance, &instance_id)?;
        check_attachable(tx, scope, &interface, &instance, device_index)?;
        let status = if instance.state == InstanceState::Running { "attaching" } else { "attached" };
        let attachment = Attachment {
            id: ResourceKind::NetworkInterfaceAttachment.new_id(),
            instance_id: instance_id.clone(),
            device_index,
            status: status.to_owned(),
            attached: now,
            // Interfaces attached by hand outlive the instance unless told otherwise.
            delete_on_termination: false,
        };
        let (attachment_id, vpc_id) = (attachment.id.clone(), interface.vpc_id.clone());
        interface.attachment = Some(attachment);
        // The instance lists its interfaces by device index.
        let mut order: Vec<(i32, String)> = tx
            .by_index::<NetworkInterface>(scope, "instance", &instance_id)
            .iter()
            .filter_map(|i| Some((i.attachment.as_ref()?.device_index, i.id.clone())))
            .chain([(device_index, id.clone())])
            .collect();
        order.sort_unstable();
        instance.network_interfaces = order.into_iter().map(|(_, id)| id).collect();
        tx.put(scope, interface);
        tx.put(scope, instance);
        Ok((attachment_id, vpc_id))
    });
    let done = changed.await?;
    let (attachment_id, vpc_id) = done.value;
    call.settled(scope, &vpc_id, done.revision).await?;
    Ok(AttachNetworkInterfaceResult { attachment_id: Some(attachment_id), network_card_index: Some(0) })
}

/// DetachNetworkInterface: not the primary one. A machine that runs loses it at once, whatever it does with it (so
/// `Force` adds nothing): the interface is `detaching` until it is gone.
///
/// # Errors
/// `OperationNotPermitted` for the primary interface, `IncorrectInstanceState` while the instance starts, stops or goes,
/// `InvalidAttachmentID.NotFound`.
pub(super) async fn detach_network_interface(
    call: Call<Ec2>,
    input: DetachNetworkInterfaceRequest,
) -> Reply<Unit> {
    let id = faults::required(input.attachment_id, "attachmentId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let kind = ResourceKind::NetworkInterfaceAttachment;
        kind.check(&id)?;
        let found = tx.by_index::<NetworkInterface>(scope, "attachment", &id).into_iter().next();
        let found = found.ok_or_else(|| kind.not_found(&id))?;
        detach(tx, scope, &found)?;
        Ok(found.vpc_id.clone())
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}

fn detach(tx: &mut Tx<'_>, scope: &Scope, found: &NetworkInterface) -> Result<(), Fault> {
    let mut interface = NetworkInterface::clone(found);
    let Some(attachment) = &mut interface.attachment else { return Ok(()) };
    if attachment.device_index == 0 {
        return Err(faults::not_permitted("The network interface at device index 0 cannot be detached."));
    }
    match tx.get::<Instance>(scope, &attachment.instance_id) {
        Some(instance) if instance.state == InstanceState::Running => {
            "detaching".clone_into(&mut attachment.status);
            tx.put(scope, interface);
            // Written again although nothing in it changed: this is what the host agent watches.
            tx.put(scope, Instance::clone(&instance));
        }
        Some(instance) if matches!(instance.state, InstanceState::Stopped | InstanceState::Terminated) => {
            let mut instance = Instance::clone(&instance);
            instance.network_interfaces.retain(|other| *other != interface.id);
            interface.attachment = None;
            tx.put(scope, interface);
            tx.put(scope, instance);
        }
        Some(instance) => {
            return Err(Fault::sender(
                "IncorrectInstanceState",
                format!(
                    "The instance '{}' is in the state '{}', from which an interface cannot be detached.",
                    instance.id,
                    instance.state.name()
                ),
            ));
        }
        None => {
            interface.attachment = None;
            tx.put(scope, interface);
        }
    }
    Ok(())
}
