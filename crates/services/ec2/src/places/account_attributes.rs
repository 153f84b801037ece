//! DescribeAccountAttributes.

use crate::Ec2;
use api_ec2::{
    AccountAttribute, AccountAttributeValue, DescribeAccountAttributesRequest,
    DescribeAccountAttributesResult,
};
use contracts::{Call, Reply};
use records::Vpc;

/// The attributes AWS has.
const NAMES: &[&str] = &[
    "vpc-max-security-groups-per-interface",
    "max-instances",
    "supported-platforms",
    "default-vpc",
    "max-elastic-ips",
    "vpc-max-elastic-ips",
];

/// DescribeAccountAttributes.
///
/// # Errors
/// `InvalidParameterValue` for a name that is no attribute.
pub(super) async fn describe_account_attributes(
    call: Call<Ec2>,
    input: DescribeAccountAttributesRequest,
) -> Reply<DescribeAccountAttributesResult> {
    let wanted = input.attribute_names.unwrap_or_default();
    if let Some(unknown) = wanted.iter().find(|name| !NAMES.contains(&name.as_str())) {
        return Err(crate::faults::invalid_value("attributeName", unknown.as_str(), ""));
    }
    let default_vpc = call.store().list::<Vpc>(call.scope()).into_iter().find(|vpc| vpc.is_default);
    let value = |name: &str| match name {
        "vpc-max-security-groups-per-interface" => crate::limits::GROUPS_PER_INTERFACE.to_string(),
        "max-instances" => crate::limits::INSTANCES.to_string(),
        "supported-platforms" => "VPC".to_owned(),
        "default-vpc" => default_vpc.as_ref().map_or_else(|| "none".to_owned(), |vpc| vpc.id.clone()),
        _ => crate::limits::ELASTIC_IPS.to_string(),
    };
    let attributes = NAMES
        .iter()
        .filter(|name| wanted.is_empty() || wanted.iter().any(|w| w.as_str() == **name))
        .map(|name| AccountAttribute {
            attribute_name: Some((*name).to_owned()),
            attribute_values: Some(vec![AccountAttributeValue { attribute_value: Some(value(name)) }]),
        })
        .collect();
    Ok(DescribeAccountAttributesResult { account_attributes: Some(attributes) })
}
