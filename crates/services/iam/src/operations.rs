//! Which function means which operation.

use crate::{
    Iam, access_key, account, attached, boundary, details, group, inline, instance_profile, managed, role,
    tags, user,
};
use api_iam::ops;
use contracts::ServiceTable;
use std::sync::Arc;

/// Fills the table.
pub(crate) fn add(table: &mut ServiceTable, service: &Arc<Iam>) {
    contracts::operations!(table, service, {
        CreateUser => user::create_user,
        GetUser => user::get_user,
        ListUsers => user::list_users,
        UpdateUser => user::update_user,
        DeleteUser => user::delete_user,
        CreateGroup => group::create_group,
        GetGroup => group::get_group,
        ListGroups => group::list_groups,
        UpdateGroup => group::update_group,
        DeleteGroup => group::delete_group,
        AddUserToGroup => group::add_user_to_group,
        RemoveUserFromGroup => group::remove_user_from_group,
        ListGroupsForUser => group::list_groups_for_user,
        CreateRole => role::create_role,
        GetRole => role::get_role,
        ListRoles => role::list_roles,
        UpdateRole => role::update_role,
        UpdateRoleDescription => role::update_role_description,
        UpdateAssumeRolePolicy => role::update_assume_role_policy,
        DeleteRole => role::delete_role,
        CreateInstanceProfile => instance_profile::create_instance_profile,
        GetInstanceProfile => instance_profile::get_instance_profile,
        ListInstanceProfiles => instance_profile::list_instance_profiles,
        ListInstanceProfilesForRole => instance_profile::list_instance_profiles_for_role,
        AddRoleToInstanceProfile => instance_profile::add_role_to_instance_profile,
        RemoveRoleFromInstanceProfile => instance_profile::remove_role_from_instance_profile,
        DeleteInstanceProfile => instance_profile::delete_instance_profile,
        CreateAccessKey => access_key::create_access_key,
        ListAccessKeys => access_key::list_access_keys,
        UpdateAccessKey => access_key::update_access_key,
        DeleteAccessKey => access_key::delete_access_key,
        GetAccessKeyLastUsed => access_key::get_access_key_last_used,
        CreateAccountAlias => account::create_account_alias,
        DeleteAccountAlias => account::delete_account_alias,
        ListAccountAliases => account::list_account_aliases,
        GetAccountSummary => account::get_account_summary,
        GetAccountAuthorizationDetails => details::get_account_authorization_details,
    });
    policies(table, service);
    tagging(table, service);
}

fn policies(table: &mut ServiceTable, service: &Arc<Iam>) {
    contracts::operations!(table, service, {
        CreatePolicy => managed::create_policy,
        GetPolicy => managed::get_policy,
        DeletePolicy => managed::delete_policy,
        ListPolicies => managed::list_policies,
        ListEntitiesForPolicy => managed::list_entities_for_policy,
        CreatePolicyVersion => managed::create_policy_version,
        GetPolicyVersion => managed::get_policy_version,
        ListPolicyVersions => managed::list_policy_versions,
        DeletePolicyVersion => managed::delete_policy_version,
        SetDefaultPolicyVersion => managed::set_default_policy_version,
        AttachUserPolicy => attached::attach_user_policy,
        DetachUserPolicy => attached::detach_user_policy,
        ListAttachedUserPolicies => attached::list_attached_user_policies,
        AttachGroupPolicy => attached::attach_group_policy,
        DetachGroupPolicy => attached::detach_group_policy,
        ListAttachedGroupPolicies => attached::list_attached_group_policies,
        AttachRolePolicy => attached::attach_role_policy,
        DetachRolePolicy => attached::detach_role_policy,
        ListAttachedRolePolicies => attached::list_attached_role_policies,
        PutUserPolicy => inline::put_user_policy,
        GetUserPolicy => inline::get_user_policy,
        DeleteUserPolicy => inline::delete_user_policy,
        ListUserPolicies => inline::list_user_policies,
        PutGroupPolicy => inline::put_group_policy,
        GetGroupPolicy => inline::get_group_policy,
        DeleteGroupPolicy => inline::delete_group_policy,
        ListGroupPolicies => inline::list_group_policies,
        PutRolePolicy => inline::put_role_policy,
        GetRolePolicy => inline::get_role_policy,
        DeleteRolePolicy => inline::delete_role_policy,
        ListRolePolicies => inline::list_role_policies,
        PutUserPermissionsBoundary => boundary::put_user_permissions_boundary,
        DeleteUserPermissionsBoundary => boundary::delete_user_permissions_boundary,
        PutRolePermissionsBoundary => boundary::put_role_permissions_boundary,
        DeleteRolePermissionsBoundary => boundary::delete_role_permissions_boundary,
    });
}

fn tagging(table: &mut ServiceTable, service: &Arc<Iam>) {
    contracts::operations!(table, service, {
        TagUser => tags::tag_user,
        UntagUser => tags::untag_user,
        ListUserTags => tags::list_user_tags,
        TagRole => tags::tag_role,
        UntagRole => tags::untag_role,
        ListRoleTags => tags::list_role_tags,
        TagInstanceProfile => tags::tag_instance_profile,
        UntagInstanceProfile => tags::untag_instance_profile,
        ListInstanceProfileTags => tags::list_instance_profile_tags,
        TagPolicy => tags::tag_policy,
        UntagPolicy => tags::untag_policy,
        ListPolicyTags => tags::list_policy_tags,
    });
}
