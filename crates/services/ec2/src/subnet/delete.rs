//! DeleteSubnet.

use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, network_acl, tags};
use api_ec2::DeleteSubnetRequest;
use aws_schema::Unit;
use contracts::{Call, Reply};
use records::{NetworkInterface, RouteTable, Subnet};

/// DeleteSubnet: refused while an interface lives in it; its associations with a route table and a network
/// ACL go with it.
///
/// # Errors
/// `DependencyViolation`, `InvalidSubnetID.NotFound`.
pub(super) async fn delete_subnet(call: Call<Ec2>, input: DeleteSubnetRequest) -> Reply<Unit> {
    let id = faults::required(input.subnet_id, "subnetId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        lookup::find::<Subnet>(tx, scope, ResourceKind::Subnet, &id)?;
        if !tx.by_index::<NetworkInterface>(scope, "subnet", &id).is_empty() {
            return Err(faults::dependency_violation(format!(
                "The subnet '{id}' has dependencies and cannot be deleted."
            )));
        }
        for table in tx.by_index::<RouteTable>(scope, "subnet", &id) {
            let mut table = RouteTable::clone(&table);
            table.associations.retain(|a| a.subnet_id.as_deref() != Some(id.as_str()));
            tx.put(scope, table);
        }
        network_acl::forget_subnet(tx, scope, &id);
        records::transitions::forget_flow_logs(tx, scope, &id);
        records::transitions::forget_guarded(tx, scope, &id);
        crate::subnet_reservation::forget_of_subnet(tx, scope, &id);
        tags::delete(tx, scope, &id);
        tx.delete::<Subnet>(scope, &id);
        Ok(())
    });
    deleted.await?;
    Ok(Unit)
}
