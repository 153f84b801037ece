//! CreatePolicy, GetPolicy, DeletePolicy.

use super::{Managed, find, own_in};
use crate::{Iam, faults, names, tags};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use iam_policy::PolicyUse;
use records::iam::{self, Group, Role, User};
use std::sync::Arc;

/// Own policies in an account.
pub(crate) const POLICIES: usize = 1500;
/// Characters of one document, white space not counted.
pub(crate) const SIZE: usize = 6144;

/// Checks a document for a managed policy.
pub(super) fn check_document(document: &str) -> Result<(), Fault> {
    names::check_document(document)?;
    iam_policy::parse(document, PolicyUse::Identity).map_err(faults::malformed)?;
    if iam_policy::size(document) > SIZE { Err(faults::quota("PolicySize", SIZE)) } else { Ok(()) }
}

/// CreatePolicy: the document becomes version `v1`.
pub(crate) async fn create_policy(
    call: Call<Iam>,
    input: CreatePolicyRequest,
) -> Reply<CreatePolicyResponse> {
    let name = input.policy_name.unwrap_or_default();
    names::check_name("policyName", &name)?;
    let path = names::check_policy_path(input.path.as_deref())?;
    let document = input.policy_document.unwrap_or_default();
    check_document(&document)?;
    let now = call.platform.clock.now();
    let policy = iam::Policy {
        id: name.to_lowercase(),
        policy_id: names::unique_id("ANPA"),
        path,
        description: input.description,
        versions: vec![iam::PolicyVersion { number: 1, document, created: now }],
        default_version: 1,
        next_version: 2,
        created: now,
        updated: now,
        tags: tags::read(input.tags)?,
        name,
    };
    let scope = call.caller.global();
    let written = call.platform.transact(|tx| {
        if tx.exists::<iam::Policy>(&scope, &policy.id) {
            return Err(faults::exists(format!(
                "A policy called {} already exists. Duplicate names are not allowed.",
                policy.name
            )));
        }
        if tx.count::<iam::Policy>(&scope) >= POLICIES {
            return Err(faults::quota("PoliciesPerAccount", POLICIES));
        }
        tx.put(&scope, policy.clone());
        Ok(())
    });
    written.await?;
    let shown = Managed::Own(Arc::new(policy)).show(&call.platform.store, &scope, true);
    Ok(CreatePolicyResponse { policy: Some(shown) })
}

/// GetPolicy.
pub(crate) async fn get_policy(call: Call<Iam>, input: GetPolicyRequest) -> Reply<GetPolicyResponse> {
    let scope = call.caller.global();
    let policy = find(&call.platform.store, &scope, input.policy_arn())?;
    Ok(GetPolicyResponse { policy: Some(policy.show(&call.platform.store, &scope, true)) })
}

/// DeletePolicy: only when nobody has it and one version is left.
pub(crate) async fn delete_policy(call: Call<Iam>, input: DeletePolicyRequest) -> Reply<Unit> {
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let arn = input.policy_arn();
        let policy = own_in(tx, &scope, arn)?;
        let in_use = !tx.by_index::<User>(&scope, "policy", arn).is_empty()
            || !tx.by_index::<Role>(&scope, "policy", arn).is_empty()
            || !tx.by_index::<Group>(&scope, "policy", arn).is_empty();
        if in_use {
            return Err(faults::conflict("Cannot delete a policy attached to entities."));
        }
        if policy.versions.len() > 1 {
            return Err(faults::conflict(
                "This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        tx.delete::<iam::Policy>(&scope, &policy.id);
        Ok(())
    });
    done.await?;
    Ok(Unit)
}
