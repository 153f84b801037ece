//! DescribeRouteTables.

use super::show;
use crate::filters::{Filters, flag, one};
use crate::paging::Paging;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, lookup, tags};
use api_ec2::{DescribeRouteTablesRequest, DescribeRouteTablesResult};
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{Route, RouteTable, RouteTarget};
use state_store::typed::{Scope, Store};

/// The filters AWS documents for this operation; `tag:<key>` and `tag-key` are understood everywhere.
const FILTERS: &[&str] = &[
    "association.gateway-id",
    "association.main",
    "association.route-table-association-id",
    "association.route-table-id",
    "association.subnet-id",
    "owner-id",
    "route-table-id",
    "route.destination-cidr-block",
    "route.destination-ipv6-cidr-block",
    "route.destination-prefix-list-id",
    "route.egress-only-internet-gateway-id",
    "route.gateway-id",
    "route.instance-id",
    "route.nat-gateway-id",
    "route.origin",
    "route.state",
    "route.transit-gateway-id",
    "route.vpc-peering-connection-id",
    "vpc-id",
];

/// DescribeRouteTables.
///
/// # Errors
/// `InvalidRouteTableID.NotFound` with every unknown id, `InvalidParameterValue` for an unknown filter or `MaxResults`
/// outside of 5–100.
pub(super) async fn describe_route_tables(
    call: Call<Ec2>,
    input: DescribeRouteTablesRequest,
) -> Reply<DescribeRouteTablesResult> {
    let (scope, store) = (call.scope(), call.store());
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.route_table_ids.unwrap_or_default();
    let paging = Paging {
        operation: "DescribeRouteTables",
        scope,
        filters: filters.purpose(),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("routeTableIds"),
    };
    paging.check(5..=100)?;
    let mut found = lookup::select::<RouteTable>(store, scope, ResourceKind::RouteTable, &ids)?;
    found.retain(|table| {
        filters.is_empty()
            || filters.matches(&tags::of(store, scope, &table.id), |name| values(store, scope, table, name))
    });
    let page = paging.page(&call, found, |table| table.id.clone())?;
    let tables = page.items.iter().map(|table| show::table(store, scope, table)).collect();
    Ok(DescribeRouteTablesResult { route_tables: Some(tables), next_token: page.next })
}

/// The item's values for a filter; none when it has no such property.
fn values(store: &Store, scope: &Scope, table: &RouteTable, filter: &str) -> Vec<String> {
    let associations = || table.associations.iter();
    match filter {
        "association.gateway-id" => associations().filter_map(|a| a.gateway_id.clone()).collect(),
        "association.main" => flag(table.is_main()),
        "association.route-table-association-id" => associations().map(|a| a.id.clone()).collect(),
        "association.route-table-id" => associations().map(|_| table.id.clone()).collect(),
        "association.subnet-id" => associations().filter_map(|a| a.subnet_id.clone()).collect(),
        "owner-id" => one(&*scope.account),
        "route-table-id" => one(&table.id),
        "vpc-id" => one(&table.vpc_id),
        "route.state" => {
            show::distinct(table).map(|r| show::state(store, scope, &table.vpc_id, r).to_owned()).collect()
        }
        other => show::distinct(table).filter_map(|route| route_value(route, other)).collect(),
    }
}

/// The value of one route for a `route.*` filter.
fn route_value(route: &Route, filter: &str) -> Option<String> {
    match (filter, &route.target) {
        ("route.destination-cidr-block", _) => match route.destination {
            IpNet::V4(net) if route.prefix_list.is_none() => Some(net.to_string()),
            _ => None,
        },
        ("route.destination-ipv6-cidr-block", _) => match route.destination {
            IpNet::V6(net) if route.prefix_list.is_none() => Some(net.to_string()),
            _ => None,
        },
        ("route.destination-prefix-list-id", _) => route.prefix_list.clone(),
        ("route.origin", _) => Some(show::origin(route.origin).to_owned()),
        ("route.gateway-id", RouteTarget::Local) => Some("local".to_owned()),
        (
            "route.gateway-id",
            RouteTarget::InternetGateway(id) | RouteTarget::VpnGateway(id) | RouteTarget::VpcEndpoint(id),
        )
        | ("route.egress-only-internet-gateway-id", RouteTarget::EgressOnlyInternetGateway(id))
        | ("route.instance-id", RouteTarget::Instance(id, _))
        | ("route.nat-gateway-id", RouteTarget::NatGateway(id))
        | ("route.vpc-peering-connection-id", RouteTarget::VpcPeering(id)) => Some(id.clone()),
        _ => None,
    }
}
