//! DeleteRouteTable.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::DeleteRouteTableRequest;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::RouteTable;

/// DeleteRouteTable: refused for the main table and while a subnet uses it.
///
/// # Errors
/// `DependencyViolation`, `InvalidRouteTableID.NotFound`.
pub(super) async fn delete_route_table(call: Call<Ec2>, input: DeleteRouteTableRequest) -> Reply<Unit> {
    let id = faults::required(input.route_table_id, "routeTableId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let table = lookup::find::<RouteTable>(tx, scope, ResourceKind::RouteTable, &id)?;
        if !table.associations.is_empty() {
            return Err(faults::dependency_violation(format!(
                "The routeTable '{id}' has dependencies and cannot be deleted."
            )));
        }
        tags::delete(tx, scope, &id);
        tx.delete::<RouteTable>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(Unit)
}
