//! Inline policies of users, groups and roles.

use crate::entity::Holder;
use crate::paging::Asked;
use crate::{Iam, faults, names, show};
use api_iam::*;
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use iam_policy::PolicyUse;
use records::iam;
use state_store::typed::Tx;

fn missing<H: Holder>(policy: &str) -> Fault {
    faults::no_such_entity(format!("The {} policy with name {policy} cannot be found.", H::WORD))
}

/// Writes a policy; the sizes of all of an identity's inline policies count together.
async fn put<H: Holder>(call: &Call<Iam>, name: &str, policy: &str, document: &str) -> Result<(), Fault> {
    names::check_name("policyName", policy)?;
    names::check_document(document)?;
    iam_policy::parse(document, PolicyUse::Identity).map_err(faults::malformed)?;
    let change = |_: &mut Tx<'_>, record: &mut H| {
        let inline = &mut record.policies_mut().inline;
        inline.insert(policy.to_owned(), document.to_owned());
        if inline.values().map(|text| iam_policy::size(text)).sum::<usize>() > H::INLINE {
            let (word, limit) = (H::WORD, H::INLINE);
            return Err(faults::limit_exceeded(format!(
                "Maximum policy size of {limit} bytes exceeded for {word} {name}"
            )));
        }
        Ok(())
    };
    call.edit::<H>(&call.caller.global(), name, change).await.map(|_| ())
}

async fn delete<H: Holder>(call: &Call<Iam>, name: &str, policy: &str) -> Result<(), Fault> {
    let change = |_: &mut Tx<'_>, record: &mut H| {
        let removed = record.policies_mut().inline.remove(policy);
        removed.map(|_| ()).ok_or_else(|| missing::<H>(policy))
    };
    call.edit::<H>(&call.caller.global(), name, change).await.map(|_| ())
}

/// Name of the holder as written, and the document.
fn get<H: Holder>(call: &Call<Iam>, name: &str, policy: &str) -> Result<(String, String), Fault> {
    let record = call.get::<H>(&call.caller.global(), name)?;
    let document = record.policies().inline.get(policy).ok_or_else(|| missing::<H>(policy))?;
    Ok((record.identity().1.to_owned(), show::document(document)))
}

macro_rules! inline_operations {
    ($record:ty, $name:ident, $put:ident($put_input:ty), $get:ident($get_input:ty) -> $get_output:ident,
     $delete:ident($delete_input:ty), $list:ident($operation:literal, $list_input:ty) -> $list_output:ident) => {
        #[doc = concat!("Writes an inline policy; holder by `", stringify!($name), "`.")]
        pub(crate) async fn $put(call: Call<Iam>, input: $put_input) -> Reply<Unit> {
            put::<$record>(&call, input.$name(), input.policy_name(), input.policy_document()).await?;
            Ok(Unit)
        }

        #[doc = concat!("Reads an inline policy; holder by `", stringify!($name), "`.")]
        pub(crate) async fn $get(call: Call<Iam>, input: $get_input) -> Reply<$get_output> {
            let (name, document) = get::<$record>(&call, input.$name(), input.policy_name())?;
            Ok($get_output {
                $name: Some(name),
                policy_name: input.policy_name,
                policy_document: Some(document),
            })
        }

        #[doc = concat!("Deletes an inline policy; holder by `", stringify!($name), "`.")]
        pub(crate) async fn $delete(call: Call<Iam>, input: $delete_input) -> Reply<Unit> {
            delete::<$record>(&call, input.$name(), input.policy_name()).await?;
            Ok(Unit)
        }

        #[doc = concat!($operation, ".")]
        pub(crate) async fn $list(call: Call<Iam>, input: $list_input) -> Reply<$list_output> {
            let record = call.get::<$record>(&call.caller.global(), input.$name())?;
            let asked = Asked {
                operation: $operation,
                list: record.id.clone(),
                marker: input.marker.as_deref(),
                max_items: input.max_items,
            };
            let policies = record.policies.inline.keys().cloned().collect();
            let page = call.page(&call.caller, asked, policies, String::clone)?;
            Ok($list_output {
                policy_names: Some(page.items),
                is_truncated: page.is_truncated,
                marker: page.marker,
            })
        }
    };
}

inline_operations!(
    iam::User, user_name, put_user_policy(PutUserPolicyRequest),
    get_user_policy(GetUserPolicyRequest) -> GetUserPolicyResponse,
    delete_user_policy(DeleteUserPolicyRequest),
    list_user_policies("ListUserPolicies", ListUserPoliciesRequest) -> ListUserPoliciesResponse
);
inline_operations!(
    iam::Group, group_name, put_group_policy(PutGroupPolicyRequest),
    get_group_policy(GetGroupPolicyRequest) -> GetGroupPolicyResponse,
    delete_group_policy(DeleteGroupPolicyRequest),
    list_group_policies("ListGroupPolicies", ListGroupPoliciesRequest) -> ListGroupPoliciesResponse
);
inline_operations!(
    iam::Role, role_name, put_role_policy(PutRolePolicyRequest),
    get_role_policy(GetRolePolicyRequest) -> GetRolePolicyResponse,
    delete_role_policy(DeleteRolePolicyRequest),
    list_role_policies("ListRolePolicies", ListRolePoliciesRequest) -> ListRolePoliciesResponse
);
