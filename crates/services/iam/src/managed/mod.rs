//! Managed policies: the account's own and those AWS offers.

mod catalogue;
mod create;
mod entities;
mod list;
mod versions;

pub(crate) use create::{POLICIES, SIZE, create_policy, delete_policy, get_policy};
pub(crate) use entities::list_entities_for_policy;
pub(crate) use list::{details, list_policies};
pub(crate) use versions::{
    VERSIONS, create_policy_version, delete_policy_version, get_policy_version, list_policy_versions,
    set_default_policy_version,
};

use crate::{Iam, faults, show, tags};
use api_iam::Tag;
use aws_schema::Fault;
use catalogue::{AwsPolicy, CATALOGUE};
use contracts::Call;
use records::iam::{Group, Policy, Role, User};
use state_store::typed::{Scope, Store, Tx};
use std::sync::Arc;

/// A managed policy.
pub(crate) enum Managed {
    /// One of AWS's.
    Aws(&'static AwsPolicy),
    /// One of the account's.
    Own(Arc<Policy>),
}

/// Where an ARN points.
enum Place<'a> {
    Aws(&'static AwsPolicy),
    Own(&'a str),
    Nowhere,
}

fn place<'a>(scope: &Scope, arn: &'a str) -> Result<Place<'a>, Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", "aws", "iam", "", account, resource] = parts.as_slice() else {
        return Err(faults::invalid_input(format!("ARN {arn} is not valid.")));
    };
    let Some(path) = resource.strip_prefix("policy").filter(|path| path.starts_with('/')) else {
        return Err(faults::invalid_input(format!("ARN {arn} is not valid.")));
    };
    if *account == "aws" {
        let found = CATALOGUE.iter().find(|policy| policy.path_and_name() == path);
        return Ok(found.map_or(Place::Nowhere, Place::Aws));
    }
    let name = path.rsplit('/').next().filter(|name| !name.is_empty() && *account == &*scope.account);
    Ok(name.map_or(Place::Nowhere, Place::Own))
}

/// The policy of this ARN.
pub(crate) fn find(store: &Store, scope: &Scope, arn: &str) -> Result<Managed, Fault> {
    match place(scope, arn)? {
        Place::Aws(policy) => Some(Managed::Aws(policy)),
        Place::Own(name) => store.get(scope, &name.to_lowercase()).and_then(|p| own(scope, p, arn)),
        Place::Nowhere => None,
    }
    .ok_or_else(|| faults::no_such_policy(arn))
}

/// The same, read in a transaction; nothing when there is none.
pub(crate) fn find_in(tx: &mut Tx<'_>, scope: &Scope, arn: &str) -> Result<Option<Managed>, Fault> {
    Ok(match place(scope, arn)? {
        Place::Aws(policy) => Some(Managed::Aws(policy)),
        Place::Own(name) => tx.get(scope, &name.to_lowercase()).and_then(|p| own(scope, p, arn)),
        Place::Nowhere => None,
    })
}

/// Names are unique in an account, paths are not part of them, but an ARN has both.
fn own(scope: &Scope, policy: Arc<Policy>, arn: &str) -> Option<Managed> {
    (policy.arn(&scope.account) == arn).then_some(Managed::Own(policy))
}

/// Changes one of the account's own policies in one transaction.
pub(crate) async fn edit(
    call: &Call<Iam>,
    arn: &str,
    change: impl Fn(&mut Policy) -> Result<(), Fault> + Send + Sync,
) -> Result<Policy, Fault> {
    let scope = call.caller.global();
    let done = call.platform.transact(|tx| {
        let mut policy = own_in(tx, &scope, arn)?;
        change(&mut policy)?;
        tx.put(&scope, policy.clone());
        Ok(policy)
    });
    Ok(done.await?.value)
}

/// A copy of one of the account's own policies, read in a transaction.
pub(crate) fn own_in(tx: &mut Tx<'_>, scope: &Scope, arn: &str) -> Result<Policy, Fault> {
    match find_in(tx, scope, arn)? {
        Some(Managed::Own(policy)) => Ok(Policy::clone(&policy)),
        Some(Managed::Aws(_)) => Err(faults::invalid_input("Policy is outside your own account.")),
        None => Err(faults::no_such_policy(arn)),
    }
}

/// How often a policy is attached, and how often it is a boundary.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Uses {
    pub(crate) attached: i32,
    pub(crate) boundaries: i32,
}

impl Uses {
    /// Counted in the indexes.
    pub(crate) fn count(store: &Store, scope: &Scope, arn: &str) -> Uses {
        let mut uses = Uses::default();
        for user in store.by_index::<User>(scope, "policy", arn) {
            uses.add(&user.policies, arn);
        }
        for role in store.by_index::<Role>(scope, "policy", arn) {
            uses.add(&role.policies, arn);
        }
        for group in store.by_index::<Group>(scope, "policy", arn) {
            uses.add(&group.policies, arn);
        }
        uses
    }

    fn add(&mut self, policies: &records::iam::Policies, arn: &str) {
        self.attached += i32::from(policies.attached.iter().any(|held| held == arn));
        self.boundaries += i32::from(policies.boundary.as_deref() == Some(arn));
    }
}

impl Managed {
    /// Its ARN.
    pub(crate) fn arn(&self, account: &str) -> String {
        match self {
            Managed::Aws(policy) => policy.arn(),
            Managed::Own(policy) => policy.arn(account),
        }
    }

    /// Its path.
    pub(crate) fn path(&self) -> &str {
        match self {
            Managed::Aws(policy) => policy.path,
            Managed::Own(policy) => &policy.path,
        }
    }

    /// Its tags; AWS's own have none.
    pub(crate) fn tags(&self) -> Vec<Tag> {
        match self {
            Managed::Aws(_) => Vec::new(),
            Managed::Own(policy) => tags::show(&policy.tags),
        }
    }

    /// The API's form; lists leave description and tags away.
    pub(crate) fn show(&self, store: &Store, scope: &Scope, whole: bool) -> api_iam::Policy {
        let arn = self.arn(&scope.account);
        let uses = Uses::count(store, scope, &arn);
        let shown = api_iam::Policy {
            arn: Some(arn),
            path: Some(self.path().to_owned()),
            attachment_count: Some(uses.attached),
            permissions_boundary_usage_count: Some(uses.boundaries),
            is_attachable: Some(true),
            tags: Some(self.tags()).filter(|tags| whole && !tags.is_empty()),
            ..Default::default()
        };
        match self {
            Managed::Aws(policy) => api_iam::Policy {
                policy_name: Some(policy.name.to_owned()),
                policy_id: Some(policy.id()),
                default_version_id: Some(policy.version.to_owned()),
                description: whole.then(|| policy.description.to_owned()).filter(|text| !text.is_empty()),
                create_date: policy.created().map(show::time),
                update_date: policy.updated().map(show::time),
                ..shown
            },
            Managed::Own(policy) => api_iam::Policy {
                policy_name: Some(policy.name.clone()),
                policy_id: Some(policy.policy_id.clone()),
                default_version_id: Some(format!("v{}", policy.default_version)),
                description: policy.description.clone().filter(|_| whole),
                create_date: Some(show::time(policy.created)),
                update_date: Some(show::time(policy.updated)),
                ..shown
            },
        }
    }
}
