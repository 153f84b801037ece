//! CreateRouteTable.

use super::show;
use crate::client_token::{self, Idempotent};
use crate::resource_kind::ResourceKind;
use crate::tags::{self, TagSpecifications};
use crate::vpc::local_routes;
use crate::{Ec2, faults, limits, lookup};
use api_ec2::{CreateRouteTableRequest, CreateRouteTableResult};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{RouteTable, Vpc};

/// CreateRouteTable: a table with the local routes only.
///
/// # Errors
/// `InvalidVpcID.NotFound`, `RouteTableLimitExceeded`, `IdempotentParameterMismatch` for a token used otherwise.
pub(super) async fn create_route_table(
    call: Call<Ec2>,
    input: CreateRouteTableRequest,
) -> Reply<CreateRouteTableResult> {
    let once = Idempotent::of("CreateRouteTable", input.client_token.as_deref(), &input)?;
    let vpc_id = faults::required(input.vpc_id, "vpcId")?;
    let kind = ResourceKind::RouteTable;
    let specified = TagSpecifications::parse(input.tag_specifications, &[kind])?;
    let (scope, now) = (call.scope(), call.now());
    let made = call.platform.transact(|tx| {
        if let Some(id) = client_token::earlier(tx, scope, &once, now)? {
            return lookup::find_mut::<RouteTable>(tx, scope, kind, &id);
        }
        let vpc = lookup::find::<Vpc>(tx, scope, ResourceKind::Vpc, &vpc_id)?;
        if tx.by_index::<RouteTable>(scope, "vpc", &vpc_id).len() >= limits::TABLES_PER_VPC {
            let message = "The maximum number of route tables has been reached.";
            return Err(Fault::sender("RouteTableLimitExceeded", message));
        }
        let table = RouteTable {
            id: kind.new_id(),
            vpc_id: vpc_id.clone(),
            routes: local_routes(&vpc),
            associations: Vec::new(),
            propagating: Vec::new(),
        };
        tags::put(tx, scope, kind, &table.id, &specified.of(kind));
        client_token::remember(tx, scope, &once, &table.id, now);
        tx.put(scope, table.clone());
        Ok(table)
    });
    let table = made.await?.value;
    Ok(CreateRouteTableResult {
        route_table: Some(show::table(call.store(), scope, &table)),
        client_token: input.client_token,
    })
}
