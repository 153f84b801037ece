//! The role executions act with.

use crate::faults;
use aws_schema::Fault;
use contracts::Platform;
use execution_engine::Dispatch;
use iam_policy::{Context, PolicyUse, TrustCaller, Verdict};
use records::iam::Role;
use state_machine::history::Failure;
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

/// The role with this ARN, whomever it trusts.
pub(crate) fn named(platform: &Platform, arn: &str) -> Option<Arc<Role>> {
    let (account, id) = parts(arn)?;
    platform.store.get::<Role>(&Scope::global(account), &id)
}

/// Whether a role lets this caller assume it.
fn admits(role: &Role, caller: &TrustCaller, context: &Context) -> bool {
    let trust = iam_policy::parse(&role.trust_policy, PolicyUse::Trust);
    trust.is_ok_and(|trust| iam_policy::decide(&trust, "sts:AssumeRole", caller, context) == Verdict::Allowed)
}

/// The role with this ARN, where it exists and trusts Step Functions.
pub(crate) fn find(platform: &Platform, arn: &str) -> Option<Arc<Role>> {
    let service = TrustCaller::Service(PRINCIPAL.to_owned());
    named(platform, arn).filter(|role| admits(role, &service, &Context::default()))
}

/// ARN of the role a task acts with: that of its `Credentials`, or the execution's.
pub(crate) fn of_task(dispatch: &Dispatch) -> &Arc<str> {
    dispatch.task.role.as_ref().unwrap_or(&dispatch.execution.role_arn)
}

/// Account and region in which the calls of a task act: with a role of another account it is that one.
pub(crate) fn scope_of_task(dispatch: &Dispatch, own: &Scope) -> Scope {
    let account = of_task(dispatch).split(':').nth(4).filter(|account| !account.is_empty());
    Scope::new(account.unwrap_or(&own.account), own.region.clone())
}

/// Whether the role of a task can be assumed now; asked in an enforced cloud only. A role of `Credentials` is assumed by
/// the execution's role, which tells the state machine as external id (developer guide, "Accessing resources in other
/// AWS accounts").
pub(crate) fn check_task(platform: &Platform, dispatch: &Dispatch) -> Result<(), Failure> {
    if platform.config.open {
        return Ok(());
    }
    let refused = |why: String| Err(Failure::new("States.Permissions", why));
    let start = &dispatch.execution;
    if find(platform, &start.role_arn).is_none() {
        return refused(faults::role_not_assumable().message);
    }
    let Some(wanted) = &dispatch.task.role else { return Ok(()) };
    let account = start.role_arn.split(':').nth(4).unwrap_or_default().to_owned();
    let caller = TrustCaller::Identity { account, arns: vec![start.role_arn.to_string()] };
    let mut context = Context::default();
    context.set("sts:ExternalId", &*start.machine_arn);
    match named(platform, wanted) {
        Some(role) if admits(&role, &caller, &context) => Ok(()),
        _ => refused(format!(
            "The role {} is not authorized to assume the task state's role, {wanted}.",
            start.role_arn
        )),
    }
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
