//! CreateRoute, ReplaceRoute and DeleteRoute.

use super::destination::Destination;
use super::inside::Inside;
use super::target::{Place, Target};
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateRouteRequest, CreateRouteResult, DeleteRouteRequest, ReplaceRouteRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use ipnet::IpNet;
use records::{PrefixList, Route, RouteOrigin, RouteTable, RouteTarget, Vpc};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeSet;

/// AWS's words for a route that is not there.
fn no_route(destination: &Destination, table_id: &str) -> String {
    format!("no route with destination-cidr-block {} in route table {table_id}", destination.words())
}

/// Whether somebody made the route or it came with the table; those taken over from a gateway change with the gateway only.
fn by_hand(route: &Route) -> bool {
    route.origin != RouteOrigin::EnableVgwRoutePropagation
}

/// What counts against the quota: routes that are not propagated, a prefix list with the most entries it may have (AWS:
/// "Amazon VPC quotas", "Prefix lists").
fn weight(tx: &mut Tx<'_>, scope: &Scope, table: &RouteTable) -> usize {
    let plain = table.routes.iter().filter(|route| by_hand(route) && route.prefix_list.is_none()).count();
    let lists: BTreeSet<&String> = table.routes.iter().filter_map(|r| r.prefix_list.as_ref()).collect();
    let most = |list: &PrefixList| usize::try_from(list.max_entries).unwrap_or(usize::MAX);
    lists.into_iter().fold(plain, |sum, id| {
        sum.saturating_add(tx.get::<PrefixList>(scope, id).map_or(1, |list| most(&list)))
    })
}

/// Routes of gateway endpoints come and go with the endpoint.
fn refuse_endpoint(
    route: &Route,
    verb: &str,
    destination: &Destination,
    table_id: &str,
) -> Result<(), Fault> {
    match &route.target {
        RouteTarget::VpcEndpoint(_) => Err(faults::invalid_parameter_value(format!(
            "cannot {verb} VPC endpoint route {} in route table {table_id}",
            destination.words()
        ))),
        _ => Ok(()),
    }
}

/// CreateRoute.
///
/// # Errors
/// `RouteAlreadyExists`, `RouteLimitExceeded`; `InvalidParameterValue` for targets of other VPCs and for destinations the
/// target cannot serve (see [`Inside`]); `NotFound` faults of the target; `UnsupportedOperation` for targets not built yet.
pub(super) async fn create_route(call: Call<Ec2>, input: CreateRouteRequest) -> Reply<CreateRouteResult> {
    let target = Target::from(&input);
    target.check()?;
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &table.vpc_id)?;
        if table.routes.iter().any(|route| by_hand(route) && destination.is_of(route)) {
            return Err(Fault::sender(
                "RouteAlreadyExists",
                format!("The route identified by {} already exists.", destination.words()),
            ));
        }
        let blocks = destination.blocks(tx, scope)?;
        let place = Place { scope, table_id: &table_id, vpc_id: &vpc.id, destinations: &blocks, now };
        let to = target.resolve(tx, &place)?;
        if to == RouteTarget::Local {
            return Err(faults::invalid_parameter_value("A local route is made with the route table only."));
        }
        let inside = Inside::of(tx, scope, &vpc);
        for block in &blocks {
            inside.check(&table, block, &to)?;
            table.routes.push(Route {
                destination: *block,
                prefix_list: match &destination {
                    Destination::List(id) => Some(id.clone()),
                    Destination::Block(_) => None,
                },
                target: to.clone(),
                origin: RouteOrigin::CreateRoute,
            });
        }
        if weight(tx, scope, &table) > limits::ROUTES_PER_TABLE {
            let message = "The maximum number of routes has been reached.";
            return Err(Fault::sender("RouteLimitExceeded", message));
        }
        tx.put(scope, table);
        Ok(vpc.id.clone())
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(CreateRouteResult { return_: Some(true) })
}

/// ReplaceRoute. A local route may be sent to a machine or NAT gateway and, with `LocalTarget`, back.
///
/// # Errors
/// `InvalidParameterValue` when there is no such route; otherwise as CreateRoute.
pub(super) async fn replace_route(call: Call<Ec2>, input: ReplaceRouteRequest) -> Reply<Unit> {
    let target = Target::from(&input);
    target.check()?;
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let (scope, now) = (call.scope(), call.now());
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &table.vpc_id)?;
        let blocks: Vec<IpNet> = table
            .routes
            .iter()
            .filter(|r| by_hand(r) && destination.is_of(r))
            .map(|r| r.destination)
            .collect();
        if blocks.is_empty() {
            return Err(faults::invalid_parameter_value(format!(
                "There is {}. Use CreateRoute instead.",
                no_route(&destination, &table_id)
            )));
        }
        let place = Place { scope, table_id: &table_id, vpc_id: &vpc.id, destinations: &blocks, now };
        let to = target.resolve(tx, &place)?;
        let inside = Inside::of(tx, scope, &vpc);
        let before = table.clone();
        for route in table.routes.iter_mut().filter(|r| by_hand(r) && destination.is_of(r)) {
            refuse_endpoint(route, "replace", &destination, &table_id)?;
            if to == RouteTarget::Local && route.origin != RouteOrigin::CreateRouteTable {
                return Err(faults::invalid_parameter_value(
                    "LocalTarget may be used for the routes of the VPC's own CIDR blocks only.",
                ));
            }
            if to != RouteTarget::Local {
                inside.check(&before, &route.destination, &to)?;
            }
            route.target = to.clone();
        }
        tx.put(scope, table);
        Ok(vpc.id.clone())
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}

/// DeleteRoute: not the routes of the VPC's own blocks.
///
/// # Errors
/// `InvalidRoute.NotFound`; `InvalidParameterValue` for a local route and for one that a gateway or an endpoint brought.
pub(super) async fn delete_route(call: Call<Ec2>, input: DeleteRouteRequest) -> Reply<Unit> {
    let table_id = faults::required(input.route_table_id, "routeTableId")?;
    let destination = Destination::parse(
        input.destination_cidr_block.as_deref(),
        input.destination_ipv6_cidr_block.as_deref(),
        input.destination_prefix_list_id.as_deref(),
    )?;
    let scope = call.scope();
    let changed = call.platform.transact(|tx| {
        let mut table = lookup::find_mut::<RouteTable>(tx, scope, ResourceKind::RouteTable, &table_id)?;
        let mut here = table.routes.iter().filter(|route| destination.is_of(route));
        let Some(found) = here.clone().find(|route| by_hand(route)).or_else(|| here.next()) else {
            return Err(Fault::sender("InvalidRoute.NotFound", no_route(&destination, &table_id)));
        };
        if !by_hand(found) {
            return Err(faults::invalid_parameter_value(format!(
                "cannot remove propagated route {} in route table {table_id}",
                destination.words()
            )));
        }
        refuse_endpoint(found, "remove", &destination, &table_id)?;
        if found.origin == RouteOrigin::CreateRouteTable {
            return Err(faults::invalid_parameter_value(format!(
                "cannot remove local route {} in route table {table_id}",
                destination.words()
            )));
        }
        table.routes.retain(|route| !by_hand(route) || !destination.is_of(route));
        let vpc_id = table.vpc_id.clone();
        tx.put(scope, table);
        Ok(vpc_id)
    });
    let done = changed.await?;
    call.settled(scope, &done.value, done.revision).await?;
    Ok(Unit)
}
