//! Versions of managed policies.

use super::create::check_document;
use super::{Managed, edit, find};
use crate::paging::Asked;
use crate::{Iam, faults, show};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::iam;

/// Versions a policy can have.
pub(crate) const VERSIONS: usize = 5;

fn no_such_version(arn: &str, version: &str) -> Fault {
    faults::no_such_entity(format!("Policy {arn} version {version} does not exist or is not attachable."))
}

/// `v3` → 3.
fn number(text: &str) -> Option<u32> {
    text.strip_prefix('v')?.parse().ok()
}

/// The API's form, without the document.
fn shown(policy: &iam::Policy, version: &iam::PolicyVersion) -> PolicyVersion {
    PolicyVersion {
        document: None,
        version_id: Some(format!("v{}", version.number)),
        is_default_version: Some(version.number == policy.default_version),
        create_date: Some(show::time(version.created)),
    }
}

/// All versions, the newest first.
pub(super) fn all(policy: &Managed, documents: bool) -> Vec<PolicyVersion> {
    match policy {
        Managed::Aws(policy) => vec![PolicyVersion {
            document: documents.then(|| show::document(policy.document)),
            version_id: Some(policy.version.to_owned()),
            is_default_version: Some(true),
            create_date: policy.updated().map(show::time),
        }],
        Managed::Own(policy) => {
            let form = |version: &iam::PolicyVersion| PolicyVersion {
                document: documents.then(|| show::document(&version.document)),
                ..shown(policy, version)
            };
            policy.versions.iter().rev().map(form).collect()
        }
    }
}

/// CreatePolicyVersion.
pub(crate) async fn create_policy_version(
    call: Call<Iam>,
    input: CreatePolicyVersionRequest,
) -> Reply<CreatePolicyVersionResponse> {
    let document = input.policy_document().to_owned();
    check_document(&document)?;
    let now = call.platform.clock.now();
    let change = |policy: &mut iam::Policy| {
        if policy.versions.len() >= VERSIONS {
            return Err(faults::limit_exceeded(format!(
                "A managed policy can have up to {VERSIONS} versions. Before you create a new version, you must delete an existing version."
            )));
        }
        let number = policy.next_version;
        policy.versions.push(iam::PolicyVersion { number, document: document.clone(), created: now });
        policy.next_version += 1;
        if input.set_as_default == Some(true) {
            policy.default_version = number;
        }
        policy.updated = now;
        Ok(())
    };
    let policy = edit(&call, input.policy_arn(), change).await?;
    let version = policy.versions.last().map(|version| shown(&policy, version));
    Ok(CreatePolicyVersionResponse { policy_version: version })
}

/// GetPolicyVersion.
pub(crate) async fn get_policy_version(
    call: Call<Iam>,
    input: GetPolicyVersionRequest,
) -> Reply<GetPolicyVersionResponse> {
    let (arn, version) = (input.policy_arn(), input.version_id());
    let policy = find(&call.platform.store, &call.caller.global(), arn)?;
    let found = all(&policy, true).into_iter().find(|v| v.version_id.as_deref() == Some(version));
    let found = found.ok_or_else(|| no_such_version(arn, version))?;
    Ok(GetPolicyVersionResponse { policy_version: Some(found) })
}

/// ListPolicyVersions: without documents.
pub(crate) async fn list_policy_versions(
    call: Call<Iam>,
    input: ListPolicyVersionsRequest,
) -> Reply<ListPolicyVersionsResponse> {
    let policy = find(&call.platform.store, &call.caller.global(), input.policy_arn())?;
    let asked = Asked {
        operation: "ListPolicyVersions",
        list: input.policy_arn().to_owned(),
        marker: input.marker.as_deref(),
        max_items: input.max_items,
    };
    let page = call.page_in_order(&call.caller, asked, all(&policy, false))?;
    Ok(ListPolicyVersionsResponse {
        versions: Some(page.items),
        is_truncated: page.is_truncated,
        marker: page.marker,
    })
}

/// DeletePolicyVersion: any but the default one.
pub(crate) async fn delete_policy_version(call: Call<Iam>, input: DeletePolicyVersionRequest) -> Reply<Unit> {
    let (arn, version) = (input.policy_arn(), input.version_id());
    let change = |policy: &mut iam::Policy| {
        let number = number(version).filter(|n| policy.versions.iter().any(|v| v.number == *n));
        let number = number.ok_or_else(|| no_such_version(arn, version))?;
        if number == policy.default_version {
            return Err(faults::conflict("Cannot delete the default version of a policy."));
        }
        policy.versions.retain(|v| v.number != number);
        Ok(())
    };
    edit(&call, arn, change).await?;
    Ok(Unit)
}

/// SetDefaultPolicyVersion.
pub(crate) async fn set_default_policy_version(
    call: Call<Iam>,
    input: SetDefaultPolicyVersionRequest,
) -> Reply<Unit> {
    let (arn, version) = (input.policy_arn(), input.version_id());
    let now = call.platform.clock.now();
    let change = |policy: &mut iam::Policy| {
        let number = number(version).filter(|n| policy.versions.iter().any(|v| v.number == *n));
        policy.default_version = number.ok_or_else(|| no_such_version(arn, version))?;
        policy.updated = now;
        Ok(())
    };
    edit(&call, arn, change).await?;
    Ok(Unit)
}
