//! DescribeRegions.

use super::catalogue::{REGIONS, Region};
use crate::filters::{Filters, one};
use crate::{Ec2, faults};
use api_ec2::{DescribeRegionsRequest, DescribeRegionsResult, Region as ApiRegion, RegionGeography};
use contracts::{Call, Reply};
use std::collections::BTreeMap;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &["endpoint", "opt-in-status", "region-name"];

/// The name AWS gives the endpoint. Clients of this cloud are told theirs by configuration and do not look here.
fn endpoint(region: &Region) -> String {
    format!("ec2.{}.amazonaws.com", region.name)
}

/// Every region of this cloud can be used, so those that AWS opens on request are opted in.
fn opt_in_status(region: &Region) -> &'static str {
    if region.opt_in { "opted-in" } else { "opt-in-not-required" }
}

/// DescribeRegions. `AllRegions` changes nothing, since no region is disabled.
///
/// # Errors
/// `InvalidParameterValue` for unknown regions and filters.
pub(super) async fn describe_regions(
    call: Call<Ec2>,
    input: DescribeRegionsRequest,
) -> Reply<DescribeRegionsResult> {
    let filters = Filters::parse(input.filters, FILTERS)?;
    let names = input.region_names.unwrap_or_default();
    for name in &names {
        if !REGIONS.iter().any(|region| region.name == name) {
            return Err(faults::invalid_parameter_value(format!("Invalid region provided: '{name}'")));
        }
    }
    let _ = &call;
    let regions = REGIONS
        .iter()
        .filter(|region| names.is_empty() || names.iter().any(|name| name == region.name))
        .filter(|region| {
            filters.matches(&BTreeMap::new(), |name| match name {
                "endpoint" => one(endpoint(region)),
                "opt-in-status" => one(opt_in_status(region)),
                "region-name" => one(region.name),
                _ => Vec::new(),
            })
        })
        .map(|region| ApiRegion {
            region_name: Some(region.name.to_owned()),
            endpoint: Some(endpoint(region)),
            opt_in_status: Some(opt_in_status(region).to_owned()),
            geography: Some(vec![RegionGeography { name: Some(region.geography.to_owned()) }]),
        })
        .collect();
    Ok(DescribeRegionsResult { regions: Some(regions) })
}
