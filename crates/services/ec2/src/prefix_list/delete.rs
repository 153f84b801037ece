//! DeleteManagedPrefixList.

use super::show;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults, lookup, tags};
use api_ec2::{DeleteManagedPrefixListRequest, DeleteManagedPrefixListResult};
use contracts::{Call, Reply};
use records::{PrefixList, RouteTable, SecurityGroup};

/// DeleteManagedPrefixList: refused while a rule or route names it.
///
/// # Errors
/// `DependencyViolation`, `InvalidPrefixListID.NotFound`.
pub(super) async fn delete_managed_prefix_list(
    call: Call<Ec2>,
    input: DeleteManagedPrefixListRequest,
) -> Reply<DeleteManagedPrefixListResult> {
    let id = faults::required(input.prefix_list_id, "prefixListId")?;
    let scope = call.scope();
    let deleted = call.platform.transact(|tx| {
        let list = lookup::find_mut::<PrefixList>(tx, scope, ResourceKind::PrefixList, &id)?;
        if !tx.by_index::<SecurityGroup>(scope, "prefix-list", &id).is_empty()
            || !tx.by_index::<RouteTable>(scope, "prefix-list", &id).is_empty()
        {
            return Err(faults::dependency_violation(format!(
                "The prefix list '{id}' has dependencies and cannot be deleted."
            )));
        }
        tags::delete(tx, scope, &id);
        tx.delete::<PrefixList>(scope, &id);
        Ok(list)
    });
    let list = deleted.await?.value;
    let shown = show::list(call.store(), scope, &list, "delete-in-progress");
    Ok(DeleteManagedPrefixListResult { prefix_list: Some(shown) })
}
