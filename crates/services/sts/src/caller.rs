//! The caller as trust policies and sessions see it.

use crate::Sts;
use crate::session::sessions_scope;
use contracts::{Call, Caller, PrincipalKind};
use iam_policy::{Context, TrustCaller};
use records::iam::{Role, Session};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The session the call was signed with, if its key is a temporary one.
pub(crate) fn session(call: &Call<Sts>) -> Option<Arc<Session>> {
    call.platform.store.get::<Session>(&sessions_scope(), &call.caller.access_key_id)
}

/// Every ARN that names the caller: a role's session is named by its own and by its role's.
pub(crate) fn identity(call: &Call<Sts>) -> TrustCaller {
    let caller: &Caller = &call.caller;
    let mut arns = vec![caller.principal.arn.clone()];
    if let PrincipalKind::AssumedRole { role, role_id, .. } = &caller.principal.kind {
        let record = call.platform.store.get::<Role>(&caller.global(), &role.to_lowercase());
        arns.extend(record.filter(|r| r.role_id == *role_id).map(|role| role.arn(caller.account())));
    }
    TrustCaller::Identity { account: caller.account().to_owned(), arns }
}

/// The identity as one trust policy sees it: an ARN counts only if its user or role is still the one it named when the
/// policy was written. `trusted` has the unique ids of that time.
pub(crate) fn as_trusted(
    call: &Call<Sts>,
    identity: &TrustCaller,
    trusted: &BTreeMap<String, String>,
) -> TrustCaller {
    let own = match &call.caller.principal.kind {
        PrincipalKind::User { id, .. } => id.as_str(),
        PrincipalKind::AssumedRole { role_id, .. } => role_id.as_str(),
        _ => "",
    };
    let mut identity = identity.clone();
    if let TrustCaller::Identity { arns, .. } = &mut identity {
        arns.retain(|arn| trusted.get(arn).is_none_or(|id| id == own));
    }
    identity
}

/// What conditions can ask about the caller (IAM User Guide, "AWS global condition context keys").
pub(crate) fn context(call: &Call<Sts>, identity: &TrustCaller, session: Option<&Session>) -> Context {
    let caller: &Caller = &call.caller;
    let mut context = Context::default();
    context.set("aws:PrincipalAccount", caller.account());
    context.set("aws:userid", &caller.principal.user_id);
    context.set("aws:RequestedRegion", caller.region());
    // A role's session is known to conditions by its role.
    if let TrustCaller::Identity { arns, .. } = identity
        && let Some(arn) = arns.last()
    {
        context.set("aws:PrincipalArn", arn);
    }
    let kind = match &caller.principal.kind {
        PrincipalKind::Root => "Account",
        PrincipalKind::User { name, .. } => {
            context.set("aws:username", name);
            "User"
        }
        PrincipalKind::AssumedRole { .. } => "AssumedRole",
        PrincipalKind::FederatedUser { .. } => "FederatedUser",
        PrincipalKind::Anonymous => "Anonymous",
    };
    context.set("aws:PrincipalType", kind);
    if let Some(ip) = caller.source_ip {
        context.set("aws:SourceIp", ip.to_string());
    }
    if let Some(session) = session {
        context.set("aws:MultiFactorAuthPresent", "false");
        for (key, value) in &session.tags {
            context.set(&format!("aws:PrincipalTag/{key}"), value);
        }
        if let Some(source) = &session.source_identity {
            context.set("aws:SourceIdentity", source);
        }
    }
    context
}
