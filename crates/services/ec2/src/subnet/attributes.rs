//! ModifySubnetAttribute.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{AttributeBooleanValue, ModifySubnetAttributeRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::Subnet;

/// The value inside of an attribute structure.
fn value(attribute: Option<&AttributeBooleanValue>) -> Option<bool> {
    attribute.and_then(|a| a.value)
}

/// Changes the one attribute given.
fn apply(subnet: &mut Subnet, input: &ModifySubnetAttributeRequest) -> Result<(), Fault> {
    if let Some(on) = value(input.assign_ipv6_address_on_creation.as_ref()) {
        if on && subnet.ipv6_associations.is_empty() {
            return Err(faults::invalid_parameter_value(
                "Invalid value 'true' for assignIpv6AddressOnCreation. Subnet must have an IPv6 CIDR block associated.",
            ));
        }
        subnet.assign_ipv6_address_on_creation = on;
    }
    if let Some(on) = value(input.map_public_ip_on_launch.as_ref()) {
        subnet.map_public_ip_on_launch = on;
    }
    if let Some(on) = value(input.enable_dns64.as_ref()) {
        subnet.enable_dns64 = on;
    }
    if let Some(on) = value(input.enable_resource_name_dns_a_record_on_launch.as_ref()) {
        subnet.resource_name_a_record = on;
    }
    if let Some(on) = value(input.enable_resource_name_dns_aaaa_record_on_launch.as_ref()) {
        subnet.resource_name_aaaa_record = on;
    }
    if let Some(kind) = &input.private_dns_hostname_type_on_launch {
        if !matches!(kind.as_str(), "ip-name" | "resource-name") {
            return Err(faults::invalid_value("privateDnsHostnameTypeOnLaunch", kind.as_str(), ""));
        }
        subnet.hostname_type = Some(kind.as_str().to_owned());
    }
    Ok(())
}

/// ModifySubnetAttribute: one attribute at a time, as AWS documents.
///
/// # Errors
/// `InvalidParameterCombination` for none or several attributes; `InvalidParameterValue` when IPv6 addresses are to be
/// assigned in a subnet without IPv6 block; `InvalidSubnetID.NotFound`.
pub(super) async fn modify_subnet_attribute(
    call: Call<Ec2>,
    input: ModifySubnetAttributeRequest,
) -> Reply<Unit> {
    let unbuilt = [
        ("MapCustomerOwnedIpOnLaunch", input.map_customer_owned_ip_on_launch.is_some()),
        ("CustomerOwnedIpv4Pool", input.customer_owned_ipv4_pool.is_some()),
        ("EnableLniAtDeviceIndex", input.enable_lni_at_device_index.is_some()),
        ("DisableLniAtDeviceIndex", input.disable_lni_at_device_index.is_some()),
    ];
    if let Some((name, _)) = unbuilt.iter().find(|(_, given)| *given) {
        return Err(faults::unsupported_parameter(name));
    }
    let given = [
        input.assign_ipv6_address_on_creation.is_some(),
        input.map_public_ip_on_launch.is_some(),
        input.enable_dns64.is_some(),
        input.enable_resource_name_dns_a_record_on_launch.is_some(),
        input.enable_resource_name_dns_aaaa_record_on_launch.is_some(),
        input.private_dns_hostname_type_on_launch.is_some(),
    ];
    match given.iter().filter(|given| **given).count() {
        0 => return Err(faults::invalid_combination("No attributes specified.")),
        1 => {}
        _ => return Err(faults::invalid_combination("Fields for multiple attribute types specified")),
    }
    let id = faults::required(input.subnet_id.clone(), "subnetId")?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut subnet = lookup::find_mut::<Subnet>(tx, scope, ResourceKind::Subnet, &id)?;
        apply(&mut subnet, &input)?;
        tx.put(scope, subnet);
        Ok(())
    });
    changed.await?;
    Ok(Unit)
}
