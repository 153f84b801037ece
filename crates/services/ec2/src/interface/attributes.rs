//! Attributes of an interface: description, groups, source/destination check, attachment.

use super::{check_own, claim_public, primary_ipv6, show, tracking};
use crate::resource_kind::ResourceKind;
use crate::security_group::resolve_groups;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    AttributeBooleanValue, AttributeValue, DescribeNetworkInterfaceAttributeRequest,
    DescribeNetworkInterfaceAttributeResult, ModifyNetworkInterfaceAttributeRequest,
    ResetNetworkInterfaceAttributeRequest,
};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::NetworkInterface;
use state_store::typed::Tx;

/// DescribeNetworkInterfaceAttribute: one attribute at a time.
///
/// # Errors
/// `InvalidNetworkInterfaceID.NotFound`; `InvalidParameterValue` for a name that is no attribute.
pub(super) async fn describe_network_interface_attribute(
    call: Call<Ec2>,
    input: DescribeNetworkInterfaceAttributeRequest,
) -> Reply<DescribeNetworkInterfaceAttributeResult> {
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    let attribute = faults::required(input.attribute, "attribute")?;
    let kind = ResourceKind::NetworkInterface;
    kind.check(&id)?;
    let (store, scope) = (call.store(), call.scope());
    let found = store.get::<NetworkInterface>(scope, &id).ok_or_else(|| kind.not_found(&id))?;
    let mut result =
        DescribeNetworkInterfaceAttributeResult { network_interface_id: Some(id), ..Default::default() };
    match attribute.as_str() {
        "description" => result.description = Some(AttributeValue { value: Some(found.description.clone()) }),
        "groupSet" => result.groups = Some(show::groups(store, scope, &found.groups)),
        "sourceDestCheck" => {
            result.source_dest_check = Some(AttributeBooleanValue { value: Some(found.source_dest_check) });
        }
        "attachment" => {
            result.attachment = found.attachment.as_ref().map(|a| show::attachment(scope, a));
        }
        "associatePublicIpAddress" => {
            let automatic = |a: &records::PrivateAddress| a.public.is_some() && a.allocation_id.is_none();
            result.associate_public_ip_address = Some(found.primary().is_some_and(automatic));
        }
        other => return Err(faults::invalid_value("attribute", other, "")),
    }
    Ok(result)
}

/// Members for things this cloud has not built are refused: a caller who asked for them must not believe to have them.
fn refuse_unbuilt(input: &ModifyNetworkInterfaceAttributeRequest) -> Result<(), Fault> {
    let queues = input
        .attachment
        .as_ref()
        .is_some_and(|a| a.default_ena_queue_count.is_some() || a.ena_queue_count.is_some());
    let given = [
        ("EnaSrdSpecification", input.ena_srd_specification.is_some()),
        ("AssociatedSubnetIds", input.associated_subnet_ids.is_some()),
        ("Attachment.EnaQueueCount", queues),
    ];
    match given.iter().find(|(_, given)| *given) {
        Some((name, _)) => Err(faults::unsupported_parameter(name)),
        None => Ok(()),
    }
}

/// Switches the automatic public address of an attached primary interface.
fn automatic_public(
    call: &Call<Ec2>,
    tx: &mut Tx<'_>,
    interface: &mut NetworkInterface,
    on: bool,
) -> Result<(), Fault> {
    let id = interface.id.clone();
    if interface.attachment.as_ref().is_none_or(|a| a.device_index != 0) {
        return Err(faults::invalid_parameter_value(format!(
            "Network interface '{id}' is not the primary network interface of an instance."
        )));
    }
    let Some(primary) = interface.private_addresses.first_mut() else { return Ok(()) };
    match (on, primary.public, &primary.allocation_id) {
        (true, None, _) => {
            let pool = call.platform.config.public_pool;
            primary.public = Some(claim_public(tx, pool, call.scope(), &id, None)?);
        }
        (false, Some(public), None) => {
            primary.public = None;
            tx.delete::<records::address::PublicAddressClaim>(
                &records::address::pool_scope(),
                &public.to_string(),
            );
        }
        _ => {}
    }
    Ok(())
}

/// ModifyNetworkInterfaceAttribute: one attribute at a time.
///
/// # Errors
/// `InvalidParameterCombination` for none or several attributes, `InvalidAttachmentID.NotFound`, faults of groups,
/// `InsufficientAddressCapacity` for a public address when the pool is used up, `OperationNotPermitted` for interfaces
/// of services.
pub(super) async fn modify_network_interface_attribute(
    call: Call<Ec2>,
    input: ModifyNetworkInterfaceAttributeRequest,
) -> Reply<Unit> {
    refuse_unbuilt(&input)?;
    let id = faults::required(input.network_interface_id.clone(), "networkInterfaceId")?;
    let given = [
        input.description.is_some(),
        input.groups.is_some(),
        input.source_dest_check.is_some(),
        input.attachment.is_some(),
        input.associate_public_ip_address.is_some(),
        input.connection_tracking_specification.is_some(),
        input.enable_primary_ipv6.is_some(),
    ];
    match given.iter().filter(|given| **given).count() {
        0 => return Err(faults::invalid_combination("No attributes specified.")),
        1 => {}
        _ => return Err(faults::invalid_combination("Fields for multiple attribute types specified")),
    }
    let tracking = input.connection_tracking_specification.as_ref().map(tracking::parse).transpose()?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        check_own(&interface)?;
        if let Some(new) = tracking {
            interface.connection_tracking = Some(tracking::merge(interface.connection_tracking, new));
        }
        if let Some(on) = input.enable_primary_ipv6 {
            primary_ipv6::set(&mut interface, on)?;
        }
        if let Some(text) = &input.description {
            let description = text.value.clone().unwrap_or_default();
            if description.chars().count() > 255 {
                let why = "It is longer than 255 characters.";
                return Err(faults::invalid_value("description", &description, why));
            }
            interface.description = description;
        }
        if let Some(groups) = &input.groups {
            if groups.is_empty() {
                return Err(faults::missing_parameter("SecurityGroupId"));
            }
            interface.groups = resolve_groups(tx, scope, &interface.vpc_id, groups, &[])?;
        }
        if let Some(check) = input.source_dest_check.as_ref().and_then(|c| c.value) {
            interface.source_dest_check = check;
        }
        if let Some(changes) = &input.attachment {
            let wanted = faults::required(changes.attachment_id.as_deref(), "attachmentId")?;
            ResourceKind::NetworkInterfaceAttachment.check(wanted)?;
            let attachment = interface.attachment.as_mut().filter(|a| a.id == wanted);
            let attachment =
                attachment.ok_or_else(|| ResourceKind::NetworkInterfaceAttachment.not_found(wanted))?;
            attachment.delete_on_termination =
                changes.delete_on_termination.unwrap_or(attachment.delete_on_termination);
        }
        if let Some(on) = input.associate_public_ip_address {
            automatic_public(&call, tx, &mut interface, on)?;
        }
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}

/// ResetNetworkInterfaceAttribute: the source/destination check, which is on by default.
///
/// # Errors
/// `InvalidNetworkInterfaceID.NotFound`, `MissingParameter` when no attribute is named.
pub(super) async fn reset_network_interface_attribute(
    call: Call<Ec2>,
    input: ResetNetworkInterfaceAttributeRequest,
) -> Reply<Unit> {
    let id = faults::required(input.network_interface_id, "networkInterfaceId")?;
    faults::required(input.source_dest_check, "sourceDestCheck")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut interface =
            lookup::find_mut::<NetworkInterface>(tx, scope, ResourceKind::NetworkInterface, &id)?;
        check_own(&interface)?;
        interface.source_dest_check = true;
        let vpc_id = interface.vpc_id.clone();
        tx.put(scope, interface);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}
