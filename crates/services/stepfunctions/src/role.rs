//! The role executions act with.

use crate::faults;
use aws_schema::Fault;
use contracts::Platform;
use iam_policy::{Context, PolicyUse, TrustCaller, Verdict};
use records::iam::Role;
use state_store::typed::Scope;
use std::sync::Arc;

/// The service in trust policies.
const PRINCIPAL: &str = "states.amazonaws.com";

/// Account and record id of a role's ARN; `None` when it is none.
fn parts(arn: &str) -> Option<(&str, String)> {
    let (account, name) = arn.strip_prefix("arn:aws:iam::")?.split_once(":role/")?;
    let name = name.rsplit('/').next().filter(|name| !name.is_empty())?;
    let sound = account.len() == 12 && account.bytes().all(|c| c.is_ascii_digit());
    sound.then(|| (account, name.to_lowercase()))
}

/// The role with this ARN, where it exists and trusts Step Functions.
pub(crate) fn find(platform: &Platform, arn: &str) -> Option<Arc<Role>> {
    let (account, id) = parts(arn)?;
    let role = platform.store.get::<Role>(&Scope::global(account), &id)?;
    let service = TrustCaller::Service(PRINCIPAL.to_owned());
    let trust = iam_policy::parse(&role.trust_policy, PolicyUse::Trust).ok()?;
    let verdict = iam_policy::decide(&trust, "sts:AssumeRole", &service, &Context::default());
    (verdict == Verdict::Allowed).then_some(role)
}

/// Checks a role named in a request. An open cloud, where any key is root's, takes every ARN of a role; an enforced
/// one only a role of the caller's account that trusts Step Functions.
pub(crate) fn check(platform: &Platform, account: &str, arn: &str) -> Result<(), Fault> {
    let (owner, _) = parts(arn).ok_or_else(|| faults::invalid_role_arn(arn))?;
    if platform.config.open {
        return Ok(());
    }
    if owner != account {
        return Err(Fault::sender("AccessDeniedException", "Cross-account pass role is not allowed."));
    }
    find(platform, arn).map(|_| ()).ok_or_else(faults::role_not_assumable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_roles() {
        assert_eq!(
            parts("arn:aws:iam::111122223333:role/path/Name"),
            Some(("111122223333", "name".to_owned()))
        );
        for bad in [
            "",
            "x",
            "arn:aws:iam::1:role/a",
            "arn:aws:iam::111122223333:role/",
            "arn:aws:iam::111122223333:user/a",
        ] {
            assert_eq!(parts(bad), None, "{bad}");
        }
    }
}
