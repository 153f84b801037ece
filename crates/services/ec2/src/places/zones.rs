//! DescribeAvailabilityZones.

use super::catalogue::{Zone, region, zones_of};
use crate::Ec2;
use crate::filters::{Filters, one};
use api_ec2::{
    AvailabilityZone, AvailabilityZoneGeography, DescribeAvailabilityZonesRequest,
    DescribeAvailabilityZonesResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use std::collections::BTreeMap;

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "group-long-name",
    "group-name",
    "message",
    "opt-in-status",
    "parent-zone-id",
    "parent-zone-name",
    "region-name",
    "state",
    "zone-id",
    "zone-name",
    "zone-type",
];

/// The zone group, such as `us-east-1-zg-1`, to which all zones of a region belong.
fn group(region: &str) -> String {
    format!("{region}-zg-1")
}

/// The fault for a zone the region does not have.
fn unknown_zone(zone: &str) -> Fault {
    let shown: String = zone.chars().take(200).collect();
    Fault::sender("InvalidParameterValue", format!("Invalid availability zone: [{shown}]"))
}

/// DescribeAvailabilityZones: the zones of the region the request speaks to.
///
/// # Errors
/// `InvalidParameterValue` for unknown zones and filters.
pub(super) async fn describe_availability_zones(
    call: Call<Ec2>,
    input: DescribeAvailabilityZonesRequest,
) -> Reply<DescribeAvailabilityZonesResult> {
    let filters = Filters::parse(input.filters, FILTERS)?;
    let here = call.caller.region();
    let zones = zones_of(here);
    let (names, ids) = (input.zone_names.unwrap_or_default(), input.zone_ids.unwrap_or_default());
    if let Some(unknown) = names.iter().find(|name| !zones.iter().any(|z| z.name == **name)) {
        return Err(unknown_zone(unknown));
    }
    if let Some(unknown) = ids.iter().find(|id| !zones.iter().any(|z| z.id == **id)) {
        return Err(unknown_zone(unknown));
    }
    let geography = region(here).map(|region| region.geography);
    let shown = zones
        .into_iter()
        .filter(|zone| names.is_empty() || names.contains(&zone.name))
        .filter(|zone| ids.is_empty() || ids.contains(&zone.id))
        .filter(|zone| filters.matches(&BTreeMap::new(), |name| values(zone, here, name)))
        .map(|zone| AvailabilityZone {
            state: Some("available".into()),
            opt_in_status: Some("opt-in-not-required".into()),
            messages: Some(Vec::new()),
            region_name: Some(here.to_owned()),
            zone_name: Some(zone.name),
            zone_id: Some(zone.id),
            group_name: Some(group(here)),
            network_border_group: Some(here.to_owned()),
            zone_type: Some("availability-zone".to_owned()),
            geography: geography.map(|name| vec![AvailabilityZoneGeography { name: Some(name.to_owned()) }]),
            ..AvailabilityZone::default()
        })
        .collect();
    Ok(DescribeAvailabilityZonesResult { availability_zones: Some(shown) })
}

/// The item's values for a filter; none when it has no such property.
fn values(zone: &Zone, region: &str, name: &str) -> Vec<String> {
    match name {
        "group-name" => one(group(region)),
        "opt-in-status" => one("opt-in-not-required"),
        "region-name" => one(region),
        "state" => one("available"),
        "zone-id" => one(&zone.id),
        "zone-name" => one(&zone.name),
        "zone-type" => one("availability-zone"),
        _ => Vec::new(),
    }
}
