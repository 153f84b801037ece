//! DescribeVpcEndpointServices.

use super::faults::no_service;
use super::options::IPV4;
use crate::Ec2;
use crate::filters::{Filters, one};
use crate::paging::{Paging, USUAL};
use crate::places::catalogue::zones_of;
use api_ec2::{
    DescribeVpcEndpointServicesRequest, DescribeVpcEndpointServicesResult, PrivateDnsDetails, ServiceDetail,
    ServiceTypeDetail,
};
use contracts::{Call, Reply};
use records::vpc_endpoint::{EndpointService, SERVICES};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The filters AWS documents for this operation; its services bear no tags.
const FILTERS: &[&str] =
    &["owner", "service-name", "service-region", "service-type", "supported-ip-address-types"];

/// `vpce-svc-…`: the same for a service and region in every cloud.
fn service_id(name: &str, region: &str) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(format!("{name}/{region}").as_bytes());
    let mut id = "vpce-svc-".to_owned();
    for byte in &digest[..9] {
        let _ = write!(id, "{byte:02x}");
    }
    id.truncate("vpce-svc-".len() + 17);
    id
}

fn detail(region: &str, service: EndpointService, name: &str) -> ServiceDetail {
    let zones = zones_of(region);
    let private = service.private_dns_name(region);
    ServiceDetail {
        service_name: Some(name.to_owned()),
        service_id: Some(service_id(name, region)),
        service_type: Some(vec![ServiceTypeDetail { service_type: Some("Interface".into()) }]),
        service_region: Some(region.to_owned()),
        availability_zone_ids: Some(zones.iter().map(|zone| zone.id.clone()).collect()),
        availability_zones: Some(zones.into_iter().map(|zone| zone.name).collect()),
        owner: Some("amazon".to_owned()),
        base_endpoint_dns_names: Some(vec![service.base_dns_name(region)]),
        private_dns_name: Some(private.clone()),
        private_dns_names: Some(vec![PrivateDnsDetails { private_dns_name: Some(private) }]),
        vpc_endpoint_policy_supported: Some(true),
        acceptance_required: Some(false),
        manages_vpc_endpoints: Some(false),
        tags: Some(Vec::new()),
        private_dns_name_verification_state: Some("verified".into()),
        supported_ip_address_types: Some(vec![IPV4.into()]),
        ..ServiceDetail::default()
    }
}

/// DescribeVpcEndpointServices: exactly the services this cloud has in the region.
///
/// # Errors
/// `InvalidServiceName` for an unknown one, `InvalidParameterValue` for an unknown filter, `InvalidNextToken`.
pub(super) async fn describe_vpc_endpoint_services(
    call: Call<Ec2>,
    input: DescribeVpcEndpointServicesRequest,
) -> Reply<DescribeVpcEndpointServicesResult> {
    let scope = call.scope();
    let region = &*scope.region;
    let filters = Filters::parse(input.filters, FILTERS)?;
    let names = input.service_names.unwrap_or_default();
    let regions = input.service_regions.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeVpcEndpointServices",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: None,
    };
    paging.check(USUAL)?;
    let here = SERVICES.iter().filter_map(|service| Some((service.service_name(region)?, *service)));
    let mut found: Vec<(String, EndpointService)> = here.collect();
    found.sort_by(|(a, _), (b, _)| a.cmp(b));
    if let Some(unknown) = names.iter().find(|name| !found.iter().any(|(known, _)| known == *name)) {
        return Err(no_service(unknown));
    }
    found.retain(|(name, _)| {
        (names.is_empty() || names.contains(name))
            && (regions.is_empty() || regions.iter().any(|r| r == region))
            && filters.matches(&BTreeMap::new(), |filter| match filter {
                "owner" => one("amazon"),
                "service-name" => one(name),
                "service-region" => one(region),
                "service-type" => one("Interface"),
                "supported-ip-address-types" => one(IPV4),
                _ => Vec::new(),
            })
    });
    let page = paging.page(&call, found, |(name, _)| name.clone())?;
    Ok(DescribeVpcEndpointServicesResult {
        service_names: Some(page.items.iter().map(|(name, _)| name.clone()).collect()),
        service_details: Some(
            page.items.iter().map(|(name, service)| detail(region, *service, name)).collect(),
        ),
        next_token: page.next,
    })
}
