//! AssumeRole.

use crate::{Sts, caller, faults, input, session};
use api_sts::{AssumeRoleRequest, AssumeRoleResponse, AssumedRoleUser};
use aws_schema::Fault;
use contracts::{Call, PrincipalKind, Reply};
use iam_policy::{Context, PolicyUse, PrincipalName, TrustCaller, Verdict};
use records::iam::{Role, Session};
use state_store::typed::Scope;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Seconds of a session, unless the caller asks otherwise.
const USUAL: i32 = 3600;
/// Seconds of a session that was made from a role's session (STS API Reference, role chaining).
const CHAINED: i32 = 3600;

/// What was asked for, checked as far as it can be without the role.
struct Asked {
    role_arn: String,
    account: String,
    /// The role's record.
    role_id: String,
    session_name: String,
    seconds: i32,
    external_id: Option<String>,
    source_identity: Option<String>,
    /// Tags of this session, inherited ones included.
    tags: BTreeMap<String, String>,
    /// Tags the caller names in this very call.
    new_tags: BTreeMap<String, String>,
    transitive: Vec<String>,
}

/// AssumeRole. The trust policy of the role must admit the caller.
///
/// AWS does not let an account's root assume roles. Here it may where the trust policy names its account: in open mode
/// every caller is root, and in enforced mode root is the one identity that can act before policies are evaluated.
pub(crate) async fn assume_role(call: Call<Sts>, mut input: AssumeRoleRequest) -> Reply<AssumeRoleResponse> {
    let from = caller::session(&call);
    let policies = input::policies(input.policy.take(), input.policy_arns.take())?;
    let token_size = input::token_size(input.minimum_session_token_size);
    let asked = read(&call, from.as_deref(), input)?;
    let packed = input::packed(&policies, &asked.tags)?;
    session::check_room(&call.platform, &asked.account)?;
    let keys = session::mint(&call.platform, &asked.account, asked.seconds.into(), token_size)?;
    let who = caller::identity(&call);
    let context = context(&call, &who, from.as_deref(), &asked);
    let scope = Scope::global(asked.account.as_str());
    let done = call.platform.transact(|tx| {
        let role = tx.get::<Role>(&scope, &asked.role_id);
        let role = admit(&call, role, &asked, &who, &context)?;
        let user = AssumedRoleUser {
            assumed_role_id: Some(format!("{}:{}", role.role_id, asked.session_name)),
            arn: Some(format!(
                "arn:aws:sts::{}:assumed-role/{}/{}",
                asked.account, role.name, asked.session_name
            )),
        };
        let actor = session::Actor {
            account: asked.account.clone(),
            kind: "role",
            name: role.name.clone(),
            session_name: asked.session_name.clone(),
            arn: user.arn.clone().unwrap_or_default(),
            user_id: user.assumed_role_id.clone().unwrap_or_default(),
            bound_to: Some(role.role_id.clone()),
            policies: policies.clone(),
            tags: asked.tags.clone(),
            transitive_tags: asked.transitive.clone(),
            source_identity: asked.source_identity.clone(),
        };
        session::put(tx, &keys, actor);
        Ok(user)
    });
    let user = done.await?.value;
    Ok(AssumeRoleResponse {
        credentials: Some(input::show(&keys)),
        assumed_role_user: Some(user),
        packed_policy_size: packed,
        source_identity: asked.source_identity,
        session_token_utilization: None,
        session_token_size: input::shown_size(&keys),
    })
}

fn read(call: &Call<Sts>, from: Option<&Session>, input: AssumeRoleRequest) -> Result<Asked, Fault> {
    let role_arn = input.role_arn.unwrap_or_default();
    let Some(PrincipalName::Role(account, path)) = PrincipalName::parse(&role_arn) else {
        return Err(faults::validation(format!("{role_arn} is invalid")));
    };
    let session_name = input.role_session_name.unwrap_or_default();
    input::check_name("roleSessionName", &session_name)?;
    input::check_name("sourceIdentity", input.source_identity.as_deref().unwrap_or_default())?;
    input::no_second_factor(input.serial_number.as_deref(), input.token_code.as_deref())?;
    if input.provided_contexts.is_some() {
        return Err(faults::validation("There is no provider of contexts in this account."));
    }
    let seconds = input.duration_seconds.unwrap_or(USUAL);
    if matches!(call.caller.principal.kind, PrincipalKind::AssumedRole { .. }) && seconds > CHAINED {
        return Err(faults::validation(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining",
        ));
    }
    let new_tags = input::tags(input.tags)?;
    let mut transitive = input.transitive_tag_keys.unwrap_or_default();
    if let Some(key) = transitive.iter().find(|key| !new_tags.contains_key(*key)) {
        return Err(faults::validation(format!(
            "The specified transitive tag key must be included in the requested tags: {key}"
        )));
    }
    let mut tags = new_tags.clone();
    for key in from.iter().flat_map(|from| &from.transitive_tags) {
        // A tag that travels along a chain of roles cannot be given another value on the way.
        if new_tags.keys().any(|new| new.eq_ignore_ascii_case(key)) {
            return Err(faults::validation(format!(
                "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from the calling session: {key}"
            )));
        }
        if let Some(value) = from.and_then(|from| from.tags.get(key)) {
            tags.insert(key.clone(), value.clone());
            transitive.push(key.clone());
        }
    }
    let inherited = from.and_then(|from| from.source_identity.clone());
    if let (Some(new), Some(old)) = (&input.source_identity, &inherited)
        && new != old
    {
        return Err(faults::not_authorized(&call.caller, "sts:SetSourceIdentity", &role_arn));
    }
    Ok(Asked {
        account,
        role_id: path.rsplit('/').next().unwrap_or_default().to_lowercase(),
        role_arn,
        session_name,
        seconds,
        external_id: input.external_id,
        source_identity: input.source_identity.or(inherited),
        tags,
        new_tags,
        transitive,
    })
}

fn context(call: &Call<Sts>, who: &TrustCaller, from: Option<&Session>, asked: &Asked) -> Context {
    let mut context = caller::context(call, who, from);
    context.set("sts:RoleSessionName", &asked.session_name);
    if let Some(id) = &asked.external_id {
        context.set("sts:ExternalId", id);
    }
    if let Some(source) = &asked.source_identity {
        context.set("sts:SourceIdentity", source);
    }
    for (key, value) in &asked.new_tags {
        context.set(&format!("aws:RequestTag/{key}"), value);
    }
    context
}

/// The role, if it is there and its trust policy admits the caller with all that is asked.
fn admit(
    call: &Call<Sts>,
    role: Option<Arc<Role>>,
    asked: &Asked,
    who: &TrustCaller,
    context: &Context,
) -> Result<Arc<Role>, Fault> {
    let denied = |action: &str| faults::not_authorized(&call.caller, action, &asked.role_arn);
    let role = role.filter(|role| role.arn(&asked.account) == asked.role_arn);
    let role = role.ok_or_else(|| denied("sts:AssumeRole"))?;
    let trust = iam_policy::parse(&role.trust_policy, PolicyUse::Trust);
    let trust = trust.map_err(|_| denied("sts:AssumeRole"))?;
    let who = caller::as_trusted(call, who, &role.trusted);
    let mut actions = vec!["sts:AssumeRole"];
    if !asked.new_tags.is_empty() {
        actions.push("sts:TagSession");
    }
    if asked.source_identity.is_some() {
        actions.push("sts:SetSourceIdentity");
    }
    for action in actions {
        if iam_policy::decide(&trust, action, &who, context) != Verdict::Allowed {
            return Err(denied(action));
        }
    }
    if asked.seconds > role.max_session_duration {
        return Err(faults::validation(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.",
        ));
    }
    Ok(role)
}
