//! An endpoint as the API shows it.

use crate::interface::show::groups;
use crate::tags;
use api_ec2::{DnsEntry, DnsOptions, SecurityGroupIdentifier};
use aws_schema::Timestamp;
use records::{NetworkInterface, VpcEndpoint};
use state_store::typed::{Scope, Store};

/// `Interface` or `Gateway`.
pub(super) fn kind(endpoint: &VpcEndpoint) -> &'static str {
    if endpoint.interface { "Interface" } else { "Gateway" }
}

/// The names in AWS's order: for all interfaces, for those of each zone, the service's own.
fn names(store: &Store, scope: &Scope, endpoint: &VpcEndpoint) -> Vec<DnsEntry> {
    let region = &scope.region;
    let interfaces = endpoint.network_interface_ids.iter();
    let mut zones: Vec<String> = interfaces
        .filter_map(|id| store.get::<NetworkInterface>(scope, id).map(|i| i.availability_zone.clone()))
        .collect();
    zones.sort();
    let zonal = zones.iter().filter_map(|zone| endpoint.zonal_name(region, zone));
    let all = endpoint.regional_name(region).into_iter().chain(zonal).chain(endpoint.private_name(region));
    all.map(|name| DnsEntry { dns_name: Some(name), ..DnsEntry::default() }).collect()
}

/// The endpoint with groups, names and tags.
pub(super) fn endpoint(store: &Store, scope: &Scope, endpoint: &VpcEndpoint) -> api_ec2::VpcEndpoint {
    let group = |g: api_ec2::GroupIdentifier| SecurityGroupIdentifier {
        group_id: g.group_id,
        group_name: g.group_name,
    };
    api_ec2::VpcEndpoint {
        vpc_endpoint_id: Some(endpoint.id.clone()),
        vpc_endpoint_type: Some(kind(endpoint).to_owned().into()),
        vpc_id: Some(endpoint.vpc_id.clone()),
        service_name: Some(endpoint.service_name.clone()),
        service_region: Some(scope.region.to_string()),
        state: Some(endpoint.state.clone().into()),
        policy_document: Some(endpoint.policy.clone()),
        route_table_ids: Some(endpoint.route_table_ids.clone()),
        subnet_ids: Some(endpoint.subnet_ids.clone()),
        groups: Some(groups(store, scope, &endpoint.group_ids).into_iter().map(group).collect()),
        ip_address_type: Some(endpoint.ip_address_type.clone().into()),
        dns_options: Some(DnsOptions {
            dns_record_ip_type: Some(super::options::IPV4.into()),
            ..DnsOptions::default()
        }),
        private_dns_enabled: Some(endpoint.private_dns),
        requester_managed: Some(false),
        network_interface_ids: Some(endpoint.network_interface_ids.clone()),
        dns_entries: Some(names(store, scope, endpoint)),
        creation_timestamp: Some(Timestamp::from_millis(endpoint.created)),
        tags: Some(tags::to_api(&tags::of(store, scope, &endpoint.id))),
        owner_id: Some(scope.account.to_string()),
        ..api_ec2::VpcEndpoint::default()
    }
}
