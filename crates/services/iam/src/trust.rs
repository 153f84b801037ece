//! Trust policies: the grammar, and principals that must exist.

use crate::{faults, names};
use aws_schema::Fault;
use iam_policy::{Malformed, PolicyUse, PrincipalName};
use records::iam::{Role, User};
use state_store::typed::{Scope, Tx};

/// Characters of a trust policy, white space not counted.
pub(crate) const SIZE: usize = 2048;

/// Checks a trust policy and gives the `AWS` principals in it, which [`check_principals`] looks up.
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

/// Users and roles named in a trust policy must be there when it is written (IAM User Guide, "Principal").
pub(crate) fn check_principals(tx: &mut Tx<'_>, principals: &[String]) -> Result<(), Fault> {
    for name in principals {
        let exists = match PrincipalName::parse(name) {
            Some(PrincipalName::User(account, path)) => {
                let found = tx.get::<User>(&Scope::global(account.as_str()), &last(&path));
                found.is_some_and(|user| user.arn(&account) == *name)
            }
            Some(PrincipalName::Role(account, path)) => {
                let found = tx.get::<Role>(&Scope::global(account.as_str()), &last(&path));
                found.is_some_and(|role| role.arn(&account) == *name)
            }
            Some(_) => true,
            None => false,
        };
        if !exists {
            return Err(faults::malformed(Malformed::Principal {
                kind: "AWS".to_owned(),
                name: name.clone(),
            }));
        }
    }
    Ok(())
}

/// The record's id in a path with a name.
fn last(path: &str) -> String {
    path.rsplit('/').next().unwrap_or_default().to_lowercase()
}
