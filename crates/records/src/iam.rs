//! Users, groups, roles, instance profiles, policies, access keys and sessions. All in the scope (account, `global`),
//! but keys and sessions, which must be found by their id alone and live in (`allod`, `global`).

use crate::{Millis, record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The policies of an identity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policies {
    /// Inline policies: name to document, as sent.
    #[serde(default)]
    pub inline: BTreeMap<String, String>,
    /// ARNs of attached managed policies, in order of attachment.
    #[serde(default)]
    pub attached: Vec<String>,
    /// ARN of the permissions boundary.
    #[serde(default)]
    pub boundary: Option<String>,
}

/// An IAM user; the record's id is its name in lower case, since names are unique without regard to case.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct User {
    /// Lower-case name.
    pub id: String,
    /// Name as given.
    pub name: String,
    /// `AIDA…`.
    pub user_id: String,
    /// `/`, `/division/`, …
    pub path: String,
    /// When.
    pub created: Millis,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Policies.
    #[serde(default)]
    pub policies: Policies,
    /// Groups it is in, by lower-case name.
    #[serde(default)]
    pub groups: Vec<String>,
}
record!(
    User,
    "iam/user",
    "group" => |u| u.groups.clone(),
    "user-id" => |u| vec![u.user_id.clone()],
    "policy" => |u| u.policies.attached.iter().chain(&u.policies.boundary).cloned().collect(),
);

impl User {
    /// `arn:aws:iam::<account>:user/<path><name>`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:user{}{}", self.path, self.name)
    }
}

/// A group of users.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Group {
    /// Lower-case name.
    pub id: String,
    /// Name as given.
    pub name: String,
    /// `AGPA…`.
    pub group_id: String,
    /// Path.
    pub path: String,
    /// When.
    pub created: Millis,
    /// Policies.
    #[serde(default)]
    pub policies: Policies,
}
record!(Group, "iam/group", "policy" => |g| g.policies.attached.clone());

impl Group {
    /// `arn:aws:iam::<account>:group/<path><name>`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:group{}{}", self.path, self.name)
    }
}

/// A role.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Role {
    /// Lower-case name.
    pub id: String,
    /// Name as given.
    pub name: String,
    /// `AROA…`.
    pub role_id: String,
    /// Path.
    pub path: String,
    /// Trust policy, as sent.
    pub trust_policy: String,
    /// Unique ids that the users and roles named in the trust policy had when it was written, by ARN: whoever comes
    /// later under the same name is not trusted.
    #[serde(default)]
    pub trusted: BTreeMap<String, String>,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// Longest session in seconds.
    pub max_session_duration: i32,
    /// When.
    pub created: Millis,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Policies.
    #[serde(default)]
    pub policies: Policies,
    /// Last use: when and in which region.
    #[serde(default)]
    pub last_used: Option<(Millis, String)>,
}
record!(
    Role,
    "iam/role",
    "policy" => |r| r.policies.attached.iter().chain(&r.policies.boundary).cloned().collect(),
);

impl Role {
    /// `arn:aws:iam::<account>:role/<path><name>`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.path, self.name)
    }
}

/// An instance profile: the holder of one role for instances.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct InstanceProfile {
    /// Lower-case name.
    pub id: String,
    /// Name as given.
    pub name: String,
    /// `AIPA…`.
    pub profile_id: String,
    /// Path.
    pub path: String,
    /// The role in it, by lower-case name.
    #[serde(default)]
    pub role: Option<String>,
    /// When.
    pub created: Millis,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}
record!(
    InstanceProfile,
    "iam/instance-profile",
    "role" => |p| p.role.iter().cloned().collect(),
    "profile-id" => |p| vec![p.profile_id.clone()],
);

impl InstanceProfile {
    /// `arn:aws:iam::<account>:instance-profile/<path><name>`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:instance-profile{}{}", self.path, self.name)
    }
}

/// One version of a managed policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// 1 for `v1`.
    pub number: u32,
    /// The document, as sent.
    pub document: String,
    /// When.
    pub created: Millis,
}

/// A customer-managed policy.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Policy {
    /// Lower-case name.
    pub id: String,
    /// Name as given.
    pub name: String,
    /// `ANPA…`.
    pub policy_id: String,
    /// Path.
    pub path: String,
    /// Free text.
    #[serde(default)]
    pub description: Option<String>,
    /// At most five.
    pub versions: Vec<PolicyVersion>,
    /// Number of the default version.
    pub default_version: u32,
    /// Number of the next version; never used again after a deletion.
    pub next_version: u32,
    /// When.
    pub created: Millis,
    /// Last change.
    pub updated: Millis,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}
record!(Policy, "iam/policy");

impl Policy {
    /// `arn:aws:iam::<account>:policy/<path><name>`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:policy{}{}", self.path, self.name)
    }
}

/// A long-lived access key, in the scope (`allod`, `global`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessKey {
    /// `AKIA…`.
    pub id: String,
    /// Account it belongs to.
    pub account: String,
    /// Lower-case user name; nothing for the account's root.
    #[serde(default)]
    pub user: Option<String>,
    /// The secret, sealed with the record's id as context.
    pub sealed_secret: Vec<u8>,
    /// `Inactive` otherwise.
    pub active: bool,
    /// When.
    pub created: Millis,
    /// Last use: when, service, region.
    #[serde(default)]
    pub last_used: Option<(Millis, String, String)>,
}
record!(
    AccessKey,
    "iam/access-key",
    "holder" => |k| vec![format!("{}/{}", k.account, k.user.as_deref().unwrap_or_default())],
);

/// A temporary key, in the scope (`allod`, `global`).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// `ASIA…`.
    pub id: String,
    /// Account it acts in.
    pub account: String,
    /// ARN of who it acts as.
    pub arn: String,
    /// `UserId` of GetCallerIdentity.
    pub user_id: String,
    /// `role`, `user`, `root` or `federated`.
    pub kind: String,
    /// Name of the role, user or federated user.
    pub name: String,
    /// Session name of a role's session.
    #[serde(default)]
    pub session_name: String,
    /// The secret, sealed with the record's id as context.
    pub sealed_secret: Vec<u8>,
    /// The session token, sealed likewise.
    pub sealed_token: Vec<u8>,
    /// When.
    pub created: Millis,
    /// End.
    pub expires: Millis,
    /// Unique id (`AROA…`, `AIDA…`) of the role or user whose end ends this session; nothing for root's.
    #[serde(default)]
    pub bound_to: Option<String>,
    /// Session policies that narrow its rights.
    #[serde(default)]
    pub policies: SessionPolicies,
    /// Session tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Tags that a session made from this one inherits.
    #[serde(default)]
    pub transitive_tags: Vec<String>,
    /// `SourceIdentity`; stays along a chain of roles.
    #[serde(default)]
    pub source_identity: Option<String>,
}
record!(Session, "sts/session", "account" => |s| vec![s.account.clone()]);

/// What narrows a session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionPolicies {
    /// Inline document, as sent.
    #[serde(default)]
    pub inline: Option<String>,
    /// ARNs of managed policies.
    #[serde(default)]
    pub managed: Vec<String>,
}

/// The alias of an account, in the scope (`allod`, `global`): no two accounts share one.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccountAlias {
    /// The alias.
    pub id: String,
    /// Account id.
    pub account: String,
}
record!(AccountAlias, "iam/account-alias", "account" => |a| vec![a.account.clone()]);
