//! DescribeInstanceTypeOfferings: every type in every zone.

use super::catalogue::all;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::places::catalogue::zones_of;
use crate::{Ec2, faults};
use api_ec2::{
    DescribeInstanceTypeOfferingsRequest, DescribeInstanceTypeOfferingsResult, InstanceTypeOffering,
};
use contracts::{Call, Reply};
use std::collections::BTreeMap;

/// Offerings on a page when the request names no number.
const PAGE: i32 = 1000;

/// DescribeInstanceTypeOfferings.
pub(super) async fn describe_instance_type_offerings(
    call: Call<Ec2>,
    input: DescribeInstanceTypeOfferingsRequest,
) -> Reply<DescribeInstanceTypeOfferingsResult> {
    let filters = Filters::parse(input.filters, &["instance-type", "location"])?;
    let location_type = input.location_type.unwrap_or_else(|| "region".into());
    let region = call.caller.region();
    let zones = zones_of(region);
    let locations: Vec<String> = match location_type.as_str() {
        "region" => vec![region.to_owned()],
        "availability-zone" => zones.into_iter().map(|zone| zone.name).collect(),
        "availability-zone-id" => zones.into_iter().map(|zone| zone.id).collect(),
        // There are no outposts, so nothing is offered on one.
        "outpost" => Vec::new(),
        other => return Err(faults::invalid_value("LocationType", other, "")),
    };
    let paging = Paging {
        operation: "DescribeInstanceTypeOfferings",
        scope: call.scope(),
        filters: format!("{}\u{1}{}", location_type.as_str(), filters.purpose()),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(USUAL)?;
    let offered: Vec<(&str, &String)> =
        all()
            .iter()
            .flat_map(|t| locations.iter().map(|location| (t.name.as_str(), location)))
            .filter(|(name, location)| {
                filters.matches(&BTreeMap::new(), |filter| {
                    if filter == "location" { one(*location) } else { one(*name) }
                })
            })
            .collect();
    let paging = Paging { max_results: Some(paging.max_results.unwrap_or(PAGE)), ..paging };
    // A blank sorts before every letter of a type's name, so that pages follow the list's order.
    let page = paging.page(&call, offered, |(name, location)| format!("{name} {location}"))?;
    let offering = |(name, location): (&str, &String)| InstanceTypeOffering {
        instance_type: Some(name.to_owned().into()),
        location_type: Some(location_type.clone()),
        location: Some(location.clone()),
    };
    Ok(DescribeInstanceTypeOfferingsResult {
        instance_type_offerings: Some(page.items.into_iter().map(offering).collect()),
        next_token: page.next,
    })
}
