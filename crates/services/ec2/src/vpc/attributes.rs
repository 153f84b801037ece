//! Attributes of a VPC: name resolution, usage metrics, tenancy.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup};
use api_ec2::{
    AttributeBooleanValue, DescribeVpcAttributeRequest, DescribeVpcAttributeResult,
    ModifyVpcAttributeRequest, ModifyVpcTenancyRequest, ModifyVpcTenancyResult,
};
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::Vpc;

/// DescribeVpcAttribute: one attribute at a time.
///
/// # Errors
/// `InvalidVpcID.NotFound`; `InvalidParameterValue` for a name that is no attribute.
pub(super) async fn describe_vpc_attribute(
    call: Call<Ec2>,
    input: DescribeVpcAttributeRequest,
) -> Reply<DescribeVpcAttributeResult> {
    let id = faults::required(input.vpc_id, "vpcId")?;
    let attribute = faults::required(input.attribute, "attribute")?;
    let found =
        lookup::select::<Vpc>(call.store(), call.scope(), ResourceKind::Vpc, std::slice::from_ref(&id))?;
    let vpc = found.first().ok_or_else(|| ResourceKind::Vpc.not_found(&id))?;
    let shown = |value: bool| Some(AttributeBooleanValue { value: Some(value) });
    let mut result = DescribeVpcAttributeResult { vpc_id: Some(id), ..Default::default() };
    match attribute.as_str() {
        "enableDnsSupport" => result.enable_dns_support = shown(vpc.enable_dns_support),
        "enableDnsHostnames" => result.enable_dns_hostnames = shown(vpc.enable_dns_hostnames),
        "enableNetworkAddressUsageMetrics" => {
            result.enable_network_address_usage_metrics = shown(vpc.enable_network_address_usage_metrics);
        }
        other => return Err(faults::invalid_value("attribute", other, "")),
    }
    Ok(result)
}

/// ModifyVpcAttribute: exactly one attribute at a time, as AWS documents.
///
/// # Errors
/// `InvalidParameterCombination` for none or several attributes; `InvalidVpcID.NotFound`.
pub(super) async fn modify_vpc_attribute(call: Call<Ec2>, input: ModifyVpcAttributeRequest) -> Reply<Unit> {
    let id = faults::required(input.vpc_id, "vpcId")?;
    let value = |attribute: &Option<AttributeBooleanValue>| attribute.as_ref().and_then(|a| a.value);
    let (support, hostnames, metrics) = (
        value(&input.enable_dns_support),
        value(&input.enable_dns_hostnames),
        value(&input.enable_network_address_usage_metrics),
    );
    match [support, hostnames, metrics].iter().flatten().count() {
        0 => return Err(faults::invalid_combination("No attributes specified.")),
        1 => {}
        _ => return Err(faults::invalid_combination("Fields for multiple attribute types specified")),
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut vpc = lookup::find_mut::<Vpc>(tx, scope, ResourceKind::Vpc, &id)?;
        vpc.enable_dns_support = support.unwrap_or(vpc.enable_dns_support);
        vpc.enable_dns_hostnames = hostnames.unwrap_or(vpc.enable_dns_hostnames);
        vpc.enable_network_address_usage_metrics =
            metrics.unwrap_or(vpc.enable_network_address_usage_metrics);
        tx.put(scope, vpc);
        Ok(())
    });
    let revision = changed.await?.revision;
    call.settled(scope, &id, revision).await?;
    Ok(Unit)
}

/// ModifyVpcTenancy: only back to `default`.
///
/// # Errors
/// `UnsupportedTenancy` for anything but `default`; `InvalidVpcID.NotFound`.
pub(super) async fn modify_vpc_tenancy(
    call: Call<Ec2>,
    input: ModifyVpcTenancyRequest,
) -> Reply<ModifyVpcTenancyResult> {
    let id = faults::required(input.vpc_id, "vpcId")?;
    let tenancy = faults::required(input.instance_tenancy, "instanceTenancy")?;
    if tenancy.as_str() != "default" {
        return Err(aws_schema::Fault::sender(
            "UnsupportedTenancy",
            "The tenancy of a VPC can be changed to default only.",
        ));
    }
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut vpc = lookup::find_mut::<Vpc>(tx, scope, ResourceKind::Vpc, &id)?;
        "default".clone_into(&mut vpc.instance_tenancy);
        tx.put(scope, vpc);
        Ok(())
    });
    changed.await?;
    Ok(ModifyVpcTenancyResult { return_value: Some(true) })
}
