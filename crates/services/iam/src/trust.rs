//! Trust policies: the grammar, and principals that must exist.

use crate::{faults, names};
use aws_schema::Fault;
use iam_policy::{Malformed, PolicyUse, PrincipalName};
use records::iam::{Role, User};
use state_store::typed::{Scope, Tx};
use std::collections::BTreeMap;

/// Characters of a trust policy, white space not counted.
pub(crate) const SIZE: usize = 2048;

/// Checks a trust policy and gives the `AWS` principals in it, which [`resolve`] looks up.
pub(crate) fn check(document: &str) -> Result<Vec<String>, Fault> {
    names::check_document(document)?;
    let parsed = iam_policy::parse(document, PolicyUse::Trust).map_err(faults::malformed)?;
    if iam_policy::size(document) > SIZE {
        return Err(faults::quota("ACLSizePerRole", SIZE));
    }
    let principals = parsed.statements.into_iter().filter_map(|statement| statement.principals);
    let named = principals.flat_map(|of| of.names).filter(|(kind, _)| kind == "AWS");
    Ok(named.map(|(_, name)| name).collect())
}

/// Users and roles named in a trust policy must be there when it is written; gives their unique ids by ARN
/// (IAM User Guide, "Principal": AWS, too, keeps the id behind the name).
pub(crate) fn resolve(tx: &mut Tx<'_>, principals: &[String]) -> Result<BTreeMap<String, String>, Fault> {
    let mut ids = BTreeMap::new();
    for name in principals {
        let id = match PrincipalName::parse(name) {
            Some(PrincipalName::User(account, path)) => {
                let found = tx.get::<User>(&Scope::global(account.as_str()), &last(&path));
                found.filter(|user| user.arn(&account) == *name).map(|user| user.user_id.clone())
            }
            Some(PrincipalName::Role(account, path)) => {
                let found = tx.get::<Role>(&Scope::global(account.as_str()), &last(&path));
                found.filter(|role| role.arn(&account) == *name).map(|role| role.role_id.clone())
            }
            // Accounts and sessions need not exist.
            Some(_) => continue,
            None => None,
        };
        let unknown = || Malformed::Principal { kind: "AWS".to_owned(), name: name.clone() };
        ids.insert(name.clone(), id.ok_or_else(|| faults::malformed(unknown()))?);
    }
    Ok(ids)
}

/// The record's id in a path with a name.
fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_lowercase()
}
