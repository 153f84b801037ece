//! Managed policies attached to users, groups and roles.

use crate::entity::Holder;
use crate::paging::{Asked, Listed};
use crate::{Iam, faults, managed, names, show};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::iam;
use state_store::typed::Tx;

/// Policies attached to one identity.
pub(crate) const ATTACHED: usize = 10;

/// Attaches; a policy attached already stays so.
async fn attach<H: Holder>(call: &Call<Iam>, name: &str, arn: &str) -> Result<(), Fault> {
    let scope = call.caller.global();
    let change = |tx: &mut Tx<'_>, record: &mut H| {
        if managed::find_in(tx, &scope, arn)?.is_none() {
            return Err(faults::not_attachable(arn));
        }
        let attached = &mut record.policies_mut().attached;
        if attached.iter().any(|held| held == arn) {
            return Ok(());
        }
        if attached.len() >= ATTACHED {
            return Err(faults::quota(&format!("PoliciesPer{}", H::QUOTA), ATTACHED));
        }
        attached.push(arn.to_owned());
        Ok(())
    };
    call.edit::<H>(&scope, name, change).await.map(|_| ())
}

async fn detach<H: Holder>(call: &Call<Iam>, name: &str, arn: &str) -> Result<(), Fault> {
    let change = |_: &mut Tx<'_>, record: &mut H| {
        let attached = &mut record.policies_mut().attached;
        let before = attached.len();
        attached.retain(|held| held != arn);
        if attached.len() == before { Err(faults::no_such_policy(arn)) } else { Ok(()) }
    };
    call.edit::<H>(&call.caller.global(), name, change).await.map(|_| ())
}

fn list<H: Holder>(
    call: &Call<Iam>,
    name: &str,
    prefix: Option<&str>,
    asked: Asked<'_>,
) -> Result<Listed<AttachedPolicy>, Fault> {
    let (prefix, scope) = (names::check_prefix(prefix)?, call.caller.global());
    let record = call.get::<H>(&scope, name)?;
    let mut shown = show::attached(record.policies());
    shown.retain(|policy| {
        let found =
            managed::find(&call.platform.store, &scope, policy.policy_arn.as_deref().unwrap_or_default());
        found.is_ok_and(|policy| policy.path().starts_with(&prefix))
    });
    let asked = Asked { list: format!("{}\0{prefix}", record.id()), ..asked };
    call.page_in_order(&call.caller, asked, shown)
}

macro_rules! attach_operations {
    ($record:ty, $name:ident, $attach:ident($attach_input:ty), $detach:ident($detach_input:ty),
     $list:ident($operation:literal, $list_input:ty) -> $list_output:ident) => {
        #[doc = concat!("Attaches a managed policy; holder by `", stringify!($name), "`.")]
        pub(crate) async fn $attach(call: Call<Iam>, input: $attach_input) -> Reply<Unit> {
            attach::<$record>(&call, input.$name(), input.policy_arn()).await?;
            Ok(Unit)
        }

        #[doc = concat!("Detaches a managed policy; holder by `", stringify!($name), "`.")]
        pub(crate) async fn $detach(call: Call<Iam>, input: $detach_input) -> Reply<Unit> {
            detach::<$record>(&call, input.$name(), input.policy_arn()).await?;
            Ok(Unit)
        }

        #[doc = concat!($operation, ".")]
        pub(crate) async fn $list(call: Call<Iam>, input: $list_input) -> Reply<$list_output> {
            let asked = Asked {
                operation: $operation,
                list: String::new(),
                marker: input.marker.as_deref(),
                max_items: input.max_items,
            };
            let page = list::<$record>(&call, input.$name(), input.path_prefix.as_deref(), asked)?;
            Ok($list_output {
                attached_policies: Some(page.items),
                is_truncated: page.is_truncated,
                marker: page.marker,
            })
        }
    };
}

attach_operations!(
    iam::User, user_name, attach_user_policy(AttachUserPolicyRequest), detach_user_policy(DetachUserPolicyRequest),
    list_attached_user_policies("ListAttachedUserPolicies", ListAttachedUserPoliciesRequest)
        -> ListAttachedUserPoliciesResponse
);
attach_operations!(
    iam::Group, group_name, attach_group_policy(AttachGroupPolicyRequest),
    detach_group_policy(DetachGroupPolicyRequest),
    list_attached_group_policies("ListAttachedGroupPolicies", ListAttachedGroupPoliciesRequest)
        -> ListAttachedGroupPoliciesResponse
);
attach_operations!(
    iam::Role, role_name, attach_role_policy(AttachRolePolicyRequest), detach_role_policy(DetachRolePolicyRequest),
    list_attached_role_policies("ListAttachedRolePolicies", ListAttachedRolePoliciesRequest)
        -> ListAttachedRolePoliciesResponse
);
