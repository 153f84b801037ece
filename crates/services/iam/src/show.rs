//! Records in the API's form. Every operation shows an entity alike, but lists leave some members away, as AWS does.

use crate::Iam;
use crate::tags;
use api_iam::*;
use aws_schema::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use records::{Millis, iam};
use state_store::typed::Scope;

/// Everything but the unreserved characters of RFC 3986, section 2.3.
const RESERVED: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A time. IAM tells whole seconds.
pub(crate) fn time(millis: Millis) -> Timestamp {
    Timestamp::from_seconds(millis.div_euclid(1000))
}

/// A policy document as IAM sends it: URL-encoded (IAM API Reference, `GetPolicyVersion`).
pub(crate) fn document(text: &str) -> String {
    utf8_percent_encode(text, &RESERVED).to_string()
}

/// A permissions boundary.
pub(crate) fn boundary(policies: &iam::Policies) -> Option<AttachedPermissionsBoundary> {
    policies.boundary.as_ref().map(|arn| AttachedPermissionsBoundary {
        // AWS answers `Policy`, though its model names another constant.
        permissions_boundary_type: Some("Policy".into()),
        permissions_boundary_arn: Some(arn.clone()),
    })
}

/// Attached policies.
pub(crate) fn attached(policies: &iam::Policies) -> Vec<AttachedPolicy> {
    let form = |arn: &String| AttachedPolicy {
        policy_name: arn.rsplit('/').next().map(str::to_owned),
        policy_arn: Some(arn.clone()),
    };
    policies.attached.iter().map(form).collect()
}

/// Inline policies with their documents.
pub(crate) fn inline(policies: &iam::Policies) -> Vec<PolicyDetail> {
    let form = |(name, text): (&String, &String)| PolicyDetail {
        policy_name: Some(name.clone()),
        policy_document: Some(document(text)),
    };
    policies.inline.iter().map(form).collect()
}

/// A user; lists leave boundary and tags away.
pub(crate) fn user(account: &str, user: &iam::User, whole: bool) -> User {
    User {
        path: Some(user.path.clone()),
        user_name: Some(user.name.clone()),
        user_id: Some(user.user_id.clone()),
        arn: Some(user.arn(account)),
        create_date: Some(time(user.created)),
        password_last_used: None,
        permissions_boundary: boundary(&user.policies).filter(|_| whole),
        tags: tags::show_some(&user.tags).filter(|_| whole),
    }
}

/// A group.
pub(crate) fn group(account: &str, group: &iam::Group) -> Group {
    Group {
        path: Some(group.path.clone()),
        group_name: Some(group.name.clone()),
        group_id: Some(group.group_id.clone()),
        arn: Some(group.arn(account)),
        create_date: Some(time(group.created)),
    }
}

/// When and where a role was last used; empty for a role never used.
pub(crate) fn last_used(role: &iam::Role) -> RoleLastUsed {
    RoleLastUsed {
        last_used_date: role.last_used.as_ref().map(|(at, _)| time(*at)),
        region: role.last_used.as_ref().map(|(_, region)| region.clone()),
    }
}

/// A role; lists leave boundary, tags and last use away.
pub(crate) fn role(account: &str, role: &iam::Role, whole: bool) -> Role {
    Role {
        path: Some(role.path.clone()),
        role_name: Some(role.name.clone()),
        role_id: Some(role.role_id.clone()),
        arn: Some(role.arn(account)),
        create_date: Some(time(role.created)),
        assume_role_policy_document: Some(document(&role.trust_policy)),
        description: role.description.clone(),
        max_session_duration: Some(role.max_session_duration),
        permissions_boundary: boundary(&role.policies).filter(|_| whole),
        tags: tags::show_some(&role.tags).filter(|_| whole),
        role_last_used: whole.then(|| last_used(role)),
        source_role_template: None,
    }
}

impl Iam {
    /// An instance profile with its role; lists leave tags away.
    pub(crate) fn show_profile(
        &self,
        scope: &Scope,
        profile: &iam::InstanceProfile,
        whole: bool,
    ) -> InstanceProfile {
        let held = profile.role.as_deref().and_then(|name| self.platform.store.get::<iam::Role>(scope, name));
        InstanceProfile {
            path: Some(profile.path.clone()),
            instance_profile_name: Some(profile.name.clone()),
            instance_profile_id: Some(profile.profile_id.clone()),
            arn: Some(profile.arn(&scope.account)),
            create_date: Some(time(profile.created)),
            roles: Some(held.iter().map(|held| role(&scope.account, held, false)).collect()),
            tags: tags::show_some(&profile.tags).filter(|_| whole),
        }
    }
}
