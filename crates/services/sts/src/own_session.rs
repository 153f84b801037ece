//! Sessions of users and root themselves: GetSessionToken and GetFederationToken.

use crate::{Sts, faults, input, session};
use api_sts::*;
use aws_schema::Fault;
use contracts::{Call, PrincipalKind, Reply};
use records::iam::{SessionPolicies, User};
use std::collections::BTreeMap;

/// Seconds of a session, unless the caller asks otherwise.
const USUAL: i32 = 43_200;
/// Seconds of a session of root at most; longer ones become this (STS API Reference).
const ROOT: i32 = 3600;

/// Kind and unique id of a caller with a long-lived key; `operation` for the message to others.
fn holder(call: &Call<Sts>, operation: &str) -> Result<(&'static str, Option<String>), Fault> {
    let cannot = || faults::denied(format!("Cannot call {operation} with session credentials"));
    if crate::caller::session(call).is_some() {
        return Err(cannot());
    }
    match &call.caller.principal.kind {
        PrincipalKind::Root => Ok(("root", None)),
        PrincipalKind::User { id, .. } => Ok(("user", Some(id.clone()))),
        _ => Err(cannot()),
    }
}

fn seconds(kind: &str, asked: Option<i32>) -> i32 {
    let seconds = asked.unwrap_or(USUAL);
    if kind == "root" { seconds.min(ROOT) } else { seconds }
}

async fn put(
    call: &Call<Sts>,
    keys: &session::Keys,
    actor: impl Fn() -> session::Actor + Send + Sync,
) -> Result<(), Fault> {
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let actor = actor();
        // The user may have gone since the signature was checked; in open mode there may never have been one.
        if let (Some(id), PrincipalKind::User { name, .. }) = (&actor.bound_to, &call.caller.principal.kind)
            && tx.get::<User>(&scope, &name.to_lowercase()).is_none_or(|user| user.user_id != *id)
        {
            return Err(Fault::sender(
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            )
            .with_status(403));
        }
        session::put(tx, keys, actor);
        Ok(())
    });
    done.await.map(|_| ())
}

/// GetSessionToken.
pub(crate) async fn get_session_token(
    call: Call<Sts>,
    input: GetSessionTokenRequest,
) -> Reply<GetSessionTokenResponse> {
    input::no_second_factor(input.serial_number.as_deref(), input.token_code.as_deref())?;
    let (kind, bound_to) = holder(&call, "GetSessionToken")?;
    let account = call.caller.account();
    session::check_room(&call.platform, account)?;
    let (seconds, size) =
        (seconds(kind, input.duration_seconds), input::token_size(input.minimum_session_token_size));
    let keys = session::mint(&call.platform, account, seconds.into(), size)?;
    let principal = &call.caller.principal;
    let actor = || session::Actor {
        account: account.to_owned(),
        kind,
        name: match &principal.kind {
            PrincipalKind::User { name, .. } => name.clone(),
            _ => String::new(),
        },
        session_name: String::new(),
        arn: principal.arn.clone(),
        user_id: principal.user_id.clone(),
        bound_to: bound_to.clone(),
        policies: SessionPolicies::default(),
        tags: BTreeMap::new(),
        transitive_tags: Vec::new(),
        source_identity: None,
    };
    put(&call, &keys, actor).await?;
    Ok(GetSessionTokenResponse {
        credentials: Some(input::show(&keys)),
        session_token_utilization: None,
        session_token_size: input::shown_size(&keys),
    })
}

/// GetFederationToken: a session for somebody outside, named by the caller.
pub(crate) async fn get_federation_token(
    call: Call<Sts>,
    input: GetFederationTokenRequest,
) -> Reply<GetFederationTokenResponse> {
    let name = input.name.unwrap_or_default();
    input::check_name("name", &name)?;
    let policies = input::policies(input.policy, input.policy_arns)?;
    let tags = input::tags(input.tags)?;
    let packed = input::packed(&policies, &tags)?;
    let (kind, bound_to) = holder(&call, "GetFederationToken")?;
    let account = call.caller.account();
    session::check_room(&call.platform, account)?;
    let (seconds, size) =
        (seconds(kind, input.duration_seconds), input::token_size(input.minimum_session_token_size));
    let keys = session::mint(&call.platform, account, seconds.into(), size)?;
    let arn = format!("arn:aws:sts::{account}:federated-user/{name}");
    let id = format!("{account}:{name}");
    let actor = || session::Actor {
        account: account.to_owned(),
        kind: "federated",
        name: name.clone(),
        session_name: String::new(),
        arn: arn.clone(),
        user_id: id.clone(),
        bound_to: bound_to.clone(),
        policies: policies.clone(),
        tags: tags.clone(),
        transitive_tags: Vec::new(),
        source_identity: None,
    };
    put(&call, &keys, actor).await?;
    Ok(GetFederationTokenResponse {
        credentials: Some(input::show(&keys)),
        federated_user: Some(FederatedUser { federated_user_id: Some(id.clone()), arn: Some(arn.clone()) }),
        packed_policy_size: packed,
        session_token_utilization: None,
        session_token_size: input::shown_size(&keys),
    })
}
