//! DeleteParameter and DeleteParameters, and the sweep of expired parameters.

use super::name::ParameterRef;
use super::read::{is_live, version_id};
use crate::faults;
use crate::service::{Ssm, SsmCall};
use api_ssm::{
    DeleteParameterRequest, DeleteParameterResult, DeleteParametersRequest, DeleteParametersResult,
};
use aws_schema::Fault;
use contracts::Reply;
use records::ssm::{Parameter, ParameterCount, ParameterVersion};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeSet;

/// Takes a parameter and its kept versions (at most 100) away and uncounts it.
pub(super) fn remove_with_versions(tx: &mut Tx<'_>, scope: &Scope, parameter: &Parameter) {
    for version in parameter.oldest..parameter.current.version {
        tx.delete::<ParameterVersion>(scope, &version_id(&parameter.id, version));
    }
    tx.delete::<Parameter>(scope, &parameter.id);
    if let Some(count) = tx.get::<ParameterCount>(scope, "parameters") {
        let mut count = (*count).clone();
        let field =
            if parameter.current.tier == "Advanced" { &mut count.advanced } else { &mut count.standard };
        *field = field.saturating_sub(1);
        tx.put(scope, count);
    }
}

/// Deletes one parameter by name or ARN.
async fn remove(call: &SsmCall, name: &str) -> Result<(), Fault> {
    let not_found = || faults::parameter_not_found(name);
    let wanted =
        ParameterRef::parse(&call.caller, name).filter(|w| w.selector.is_none()).ok_or_else(not_found)?;
    let (scope, now) = (call.scope(), call.now());
    let run = |tx: &mut Tx<'_>| {
        let parameter =
            tx.get::<Parameter>(scope, &wanted.id).filter(|p| is_live(p, now)).ok_or_else(not_found)?;
        remove_with_versions(tx, scope, &parameter);
        Ok(())
    };
    call.platform.transact(run).await.map(|_| ())
}

/// DeleteParameter.
///
/// Errors: `ParameterNotFound`.
pub(crate) async fn delete(call: SsmCall, input: DeleteParameterRequest) -> Reply<DeleteParameterResult> {
    remove(&call, input.name()).await?;
    Ok(DeleteParameterResult {})
}

/// DeleteParameters: each by itself, as AWS does; what cannot be found is named.
pub(crate) async fn delete_many(
    call: SsmCall,
    input: DeleteParametersRequest,
) -> Reply<DeleteParametersResult> {
    let (mut deleted, mut invalid) = (Vec::new(), Vec::new());
    for name in input.names().iter().collect::<BTreeSet<_>>() {
        match remove(&call, name).await {
            Ok(()) => deleted.push(name.clone()),
            Err(fault) if fault.code == "ParameterNotFound" => invalid.push(name.clone()),
            Err(fault) => return Err(fault),
        }
    }
    Ok(DeleteParametersResult { deleted_parameters: Some(deleted), invalid_parameters: Some(invalid) })
}

/// Deletes the parameters whose Expiration policy has come due, in all accounts.
pub(crate) async fn purge_expired(service: &Ssm) {
    let now = service.now();
    for (scope, parameter) in service.platform.store.list_all::<Parameter>() {
        if is_live(&parameter, now) {
            continue;
        }
        let run = |tx: &mut Tx<'_>| {
            if let Some(current) = tx.get::<Parameter>(&scope, &parameter.id).filter(|p| !is_live(p, now)) {
                remove_with_versions(tx, &scope, &current);
            }
            Ok(())
        };
        if let Err(fault) = service.platform.transact(run).await {
            tracing::warn!(%fault, parameter = parameter.name, "an expired parameter stays until the next sweep");
        }
    }
}
