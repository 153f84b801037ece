//! DescribeInstanceTypes.

use super::catalogue::{all, find};
use super::filter_values::NAMES;
use crate::filters::Filters;
use crate::paging::Paging;
use crate::{Ec2, faults};
use api_ec2::{DescribeInstanceTypesRequest, DescribeInstanceTypesResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use std::collections::BTreeMap;

/// Most types in one request by name.
const MAX_NAMED: usize = 100;
/// Types on a page when the request names no number.
const PAGE: i32 = 100;

/// The fault for types the catalogue does not have.
pub(crate) fn unknown(names: &[&str]) -> Fault {
    let shown: Vec<String> = names.iter().map(|name| name.chars().take(60).collect()).collect();
    Fault::sender(
        "InvalidInstanceType",
        format!("The following supplied instance types do not exist: [{}]", shown.join(", ")),
    )
}

/// DescribeInstanceTypes.
pub(super) async fn describe_instance_types(
    call: Call<Ec2>,
    input: DescribeInstanceTypesRequest,
) -> Reply<DescribeInstanceTypesResult> {
    let filters = Filters::parse(input.filters, NAMES)?;
    let named = input.instance_types.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeInstanceTypes",
        scope: call.scope(),
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!named.is_empty()).then_some("InstanceTypes"),
    };
    paging.check(5..=100)?;
    if named.len() > MAX_NAMED {
        return Err(faults::invalid_parameter_value(format!(
            "The number of instance types specified exceeds the limit of {MAX_NAMED}"
        )));
    }
    let missing: Vec<&str> = named.iter().map(|n| n.as_str()).filter(|n| find(n).is_none()).collect();
    if !missing.is_empty() {
        return Err(unknown(&missing));
    }
    let found = all()
        .iter()
        .filter(|t| named.is_empty() || named.iter().any(|n| n.as_str() == t.name))
        .filter(|t| filters.matches(&BTreeMap::new(), |name| t.filter_values(name)))
        .collect();
    let paging = Paging { max_results: Some(paging.max_results.unwrap_or(PAGE)), ..paging };
    let page = paging.page(&call, found, |t| t.name.clone())?;
    Ok(DescribeInstanceTypesResult {
        instance_types: Some(page.items.into_iter().map(|t| t.to_api()).collect()),
        next_token: page.next,
    })
}
