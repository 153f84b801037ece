//! What users, groups, roles, instance profiles and customer policies have in common.

use crate::{Iam, faults};
use aws_schema::Fault;
use records::iam::{Group, InstanceProfile, Policies, Policy, Role, User};
use state_store::typed::{Record, Scope, Tx};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A record found by name.
pub(crate) trait Named: Record {
    /// The fault when there is none.
    fn missing(name: &str) -> Fault;
}

/// A named record with policies.
pub(crate) trait Holder: Named {
    /// As messages name it: `user`.
    const WORD: &'static str;
    /// As quotas name it: `User`.
    const QUOTA: &'static str;
    /// Most bytes of all its inline policies together (IAM User Guide, "IAM and AWS STS quotas").
    const INLINE: usize;
    /// Its policies.
    fn policies(&self) -> &Policies;
    /// The same, to change.
    fn policies_mut(&mut self) -> &mut Policies;
    /// Path, name and unique id.
    fn identity(&self) -> (&str, &str, &str);
}

/// A record with tags.
pub(crate) trait Tagged: Record {
    /// As quotas name it: `User`.
    const QUOTA: &'static str;
    /// Its tags.
    fn tags_mut(&mut self) -> &mut BTreeMap<String, String>;
}

macro_rules! named {
    ($type:ty, $message:literal) => {
        impl Named for $type {
            fn missing(name: &str) -> Fault {
                faults::no_such_entity(format!($message, name))
            }
        }
    };
}
named!(User, "The user with name {} cannot be found.");
named!(Group, "The group with name {} cannot be found.");
named!(Role, "The role with name {} cannot be found.");
named!(InstanceProfile, "Instance Profile {} cannot be found.");

macro_rules! holder {
    ($type:ty, $word:literal, $quota:literal, $inline:literal, $id:ident) => {
        impl Holder for $type {
            const WORD: &'static str = $word;
            const QUOTA: &'static str = $quota;
            const INLINE: usize = $inline;
            fn policies(&self) -> &Policies {
                &self.policies
            }
            fn policies_mut(&mut self) -> &mut Policies {
                &mut self.policies
            }
            fn identity(&self) -> (&str, &str, &str) {
                (&self.path, &self.name, &self.$id)
            }
        }
    };
}
holder!(User, "user", "User", 2048, user_id);
holder!(Group, "group", "Group", 5120, group_id);
holder!(Role, "role", "Role", 10_240, role_id);

macro_rules! tagged {
    ($type:ty, $quota:literal) => {
        impl Tagged for $type {
            const QUOTA: &'static str = $quota;
            fn tags_mut(&mut self) -> &mut BTreeMap<String, String> {
                &mut self.tags
            }
        }
    };
}
tagged!(User, "User");
tagged!(Role, "Role");
tagged!(InstanceProfile, "InstanceProfile");
tagged!(Policy, "Policy");

/// The record of this name, read in a transaction.
pub(crate) fn find<R: Named>(tx: &mut Tx<'_>, scope: &Scope, name: &str) -> Result<Arc<R>, Fault> {
    tx.get::<R>(scope, &name.to_lowercase()).ok_or_else(|| R::missing(name))
}

impl Iam {
    /// The record of this name.
    pub(crate) fn get<R: Named>(&self, scope: &Scope, name: &str) -> Result<Arc<R>, Fault> {
        self.platform.store.get::<R>(scope, &name.to_lowercase()).ok_or_else(|| R::missing(name))
    }

    /// Changes the record of this name in one transaction; the change may read more in it.
    pub(crate) async fn edit<R: Named>(
        &self,
        scope: &Scope,
        name: &str,
        change: impl Fn(&mut Tx<'_>, &mut R) -> Result<(), Fault> + Send + Sync,
    ) -> Result<R, Fault> {
        let done = self.platform.transact(|tx| {
            let mut record = R::clone(&*find::<R>(tx, scope, name)?);
            change(tx, &mut record)?;
            tx.put(scope, record.clone());
            Ok(record)
        });
        Ok(done.await?.value)
    }
}
