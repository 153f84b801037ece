"""IAM and STS through boto3: entities and their policies, sessions, and the enforced mode from outside and inside."""

import json
import urllib.error
import urllib.parse
import urllib.request
from datetime import datetime, timedelta, timezone

import pytest
from botocore.exceptions import ClientError
from conftest import Cloud, end_keeper, needs_root, run_shell, terminate_all, wait_for

ALLOW = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]})


def trust(**principal):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


EC2_TRUST = trust(Service="ec2.amazonaws.com")
OWN_TRUST = trust(AWS="arn:aws:iam::000000000000:root")


def refused(code, call, *words, **arguments):
    """The call fails with this code; its message and status."""
    with pytest.raises(ClientError) as caught:
        call(*words, **arguments)
    response = caught.value.response
    assert response["Error"]["Code"] == code, response
    return response["Error"]["Message"], response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def fresh(cloud):
    """IAM of an account nobody has used yet."""
    fresh.number = getattr(fresh, "number", 500000000000) + 1
    return cloud.client("iam", key=str(fresh.number))


# Users, groups, keys


def test_user_life(fresh):
    user = fresh.create_user(UserName="Anna", Path="/team/", Tags=[{"Key": "a", "Value": "1"}])["User"]
    account = user["Arn"].split(":")[4]
    assert user["Arn"] == f"arn:aws:iam::{account}:user/team/Anna"
    assert user["UserId"].startswith("AIDA") and len(user["UserId"]) == 21
    assert user["Tags"] == [{"Key": "a", "Value": "1"}]
    fresh.get_waiter("user_exists").wait(UserName="Anna")
    message, status = refused("EntityAlreadyExists", fresh.create_user, UserName="anna")
    assert (message, status) == ("User with name anna already exists.", 409)
    assert refused("NoSuchEntity", fresh.get_user, UserName="bob") == ("The user with name bob cannot be found.", 404)
    refused("ValidationError", fresh.create_user, UserName="a b")
    refused("ValidationError", fresh.create_user, UserName="x", Path="team")
    fresh.tag_user(UserName="Anna", Tags=[{"Key": "A", "Value": "2"}, {"Key": "b", "Value": ""}])
    assert fresh.list_user_tags(UserName="Anna")["Tags"] == [{"Key": "A", "Value": "2"}, {"Key": "b", "Value": ""}]
    fresh.untag_user(UserName="Anna", TagKeys=["B"])
    assert len(fresh.get_user(UserName="Anna")["User"]["Tags"]) == 1
    fresh.update_user(UserName="Anna", NewUserName="Bea", NewPath="/")
    assert fresh.get_user(UserName="Bea")["User"]["UserId"] == user["UserId"]
    fresh.delete_user(UserName="Bea")
    refused("NoSuchEntity", fresh.get_user, UserName="Bea")


def test_pages_joined_are_the_list(fresh):
    names = [f"user-{n:02}" for n in range(7)]
    for name in names:
        fresh.create_user(UserName=name, Path="/a/" if name < "user-03" else "/b/")
    pages = list(fresh.get_paginator("list_users").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Users"]) for page in pages] == [3, 3, 1]
    assert [user["UserName"] for page in pages for user in page["Users"]] == names
    assert len(fresh.list_users(PathPrefix="/b")["Users"]) == 4
    first = fresh.list_users(MaxItems=2)
    assert first["IsTruncated"]
    refused("ValidationError", fresh.list_users, Marker="nonsense")
    refused("ValidationError", fresh.list_roles, Marker=first["Marker"])
    refused("ValidationError", fresh.list_users, MaxItems=0)
    details = fresh.get_paginator("get_account_authorization_details")
    found = [u["UserName"] for p in details.paginate(PaginationConfig={"PageSize": 2}) for u in p["UserDetailList"]]
    assert found == names


def test_groups(fresh):
    fresh.create_group(GroupName="Ops")
    fresh.create_user(UserName="anna")
    refused("NoSuchEntity", fresh.add_user_to_group, GroupName="none", UserName="anna")
    fresh.add_user_to_group(GroupName="Ops", UserName="anna")
    fresh.add_user_to_group(GroupName="Ops", UserName="anna")
    assert [u["UserName"] for u in fresh.get_group(GroupName="Ops")["Users"]] == ["anna"]
    fresh.update_group(GroupName="Ops", NewGroupName="Admins")
    assert [g["GroupName"] for g in fresh.list_groups_for_user(UserName="anna")["Groups"]] == ["Admins"]
    message, status = refused("DeleteConflict", fresh.delete_group, GroupName="Admins")
    assert (message, status) == ("Cannot delete entity, must remove users from group first.", 409)
    refused("DeleteConflict", fresh.delete_user, UserName="anna")
    fresh.remove_user_from_group(GroupName="Admins", UserName="anna")
    fresh.delete_group(GroupName="Admins")
    assert fresh.list_groups()["Groups"] == []


def test_access_keys(cloud, fresh):
    fresh.create_user(UserName="anna")
    key = fresh.create_access_key(UserName="anna")["AccessKey"]
    assert key["AccessKeyId"].startswith("AKIA") and len(key["SecretAccessKey"]) == 40 and key["Status"] == "Active"
    sts = cloud.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"])
    me = sts.get_caller_identity()
    assert me["Arn"].endswith(":user/anna") and me["UserId"].startswith("AIDA")
    assert sts.get_access_key_info(AccessKeyId=key["AccessKeyId"])["Account"] == me["Account"]
    own = cloud.client("iam", key=key["AccessKeyId"])
    assert own.get_user()["User"]["UserName"] == "anna"
    used = wait_for(
        lambda: fresh.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"].get("LastUsedDate")
        and fresh.get_access_key_last_used(AccessKeyId=key["AccessKeyId"]),
        what="the last use",
    )
    assert used["UserName"] == "anna" and used["AccessKeyLastUsed"]["ServiceName"] in ("sts", "iam")
    second = own.create_access_key()["AccessKey"]
    assert second["UserName"] == "anna"
    message, status = refused("LimitExceeded", fresh.create_access_key, UserName="anna")
    assert (message, status) == ("Cannot exceed quota for AccessKeysPerUser: 2", 409)
    fresh.update_access_key(UserName="anna", AccessKeyId=second["AccessKeyId"], Status="Inactive")
    listed = fresh.list_access_keys(UserName="anna")["AccessKeyMetadata"]
    assert {k["AccessKeyId"]: k["Status"] for k in listed} == {
        key["AccessKeyId"]: "Active",
        second["AccessKeyId"]: "Inactive",
    }
    assert all("SecretAccessKey" not in k for k in listed)
    message, _ = refused("DeleteConflict", fresh.delete_user, UserName="anna")
    assert message == "Cannot delete entity, must delete access keys first."
    refused("NoSuchEntity", fresh.delete_access_key, UserName="anna", AccessKeyId="AKIAAAAAAAAAAAAAAAAA")
    for k in listed:
        fresh.delete_access_key(UserName="anna", AccessKeyId=k["AccessKeyId"])
    fresh.delete_user(UserName="anna")


# Roles, instance profiles, policies


def test_roles_and_instance_profiles(fresh):
    role = fresh.create_role(RoleName="Web", AssumeRolePolicyDocument=EC2_TRUST, Description="d", Path="/svc/")["Role"]
    assert role["RoleId"].startswith("AROA") and role["MaxSessionDuration"] == 3600
    assert role["AssumeRolePolicyDocument"] == json.loads(EC2_TRUST)
    fresh.get_waiter("role_exists").wait(RoleName="Web")
    profile = fresh.create_instance_profile(InstanceProfileName="web")["InstanceProfile"]
    assert profile["InstanceProfileId"].startswith("AIPA") and profile["Roles"] == []
    fresh.get_waiter("instance_profile_exists").wait(InstanceProfileName="web")
    fresh.add_role_to_instance_profile(InstanceProfileName="web", RoleName="Web")
    fresh.create_role(RoleName="other", AssumeRolePolicyDocument=EC2_TRUST)
    refused("LimitExceeded", fresh.add_role_to_instance_profile, InstanceProfileName="web", RoleName="other")
    held = fresh.get_instance_profile(InstanceProfileName="web")["InstanceProfile"]["Roles"]
    assert [r["Arn"] for r in held] == [role["Arn"]]
    assert len(fresh.list_instance_profiles_for_role(RoleName="Web")["InstanceProfiles"]) == 1
    refused("DeleteConflict", fresh.delete_role, RoleName="Web")
    refused("DeleteConflict", fresh.delete_instance_profile, InstanceProfileName="web")
    fresh.update_role(RoleName="Web", Description="e", MaxSessionDuration=7200)
    fresh.update_assume_role_policy(RoleName="Web", PolicyDocument=OWN_TRUST)
    changed = fresh.get_role(RoleName="Web")["Role"]
    assert (changed["Description"], changed["MaxSessionDuration"]) == ("e", 7200)
    assert changed["AssumeRolePolicyDocument"] == json.loads(OWN_TRUST)
    refused("ValidationError", fresh.update_role, RoleName="Web", MaxSessionDuration=50000)
    fresh.remove_role_from_instance_profile(InstanceProfileName="web", RoleName="Web")
    refused("NoSuchEntity", fresh.remove_role_from_instance_profile, InstanceProfileName="web", RoleName="Web")
    fresh.delete_instance_profile(InstanceProfileName="web")
    fresh.delete_role(RoleName="Web")
    assert [r["RoleName"] for p in fresh.get_paginator("list_roles").paginate() for r in p["Roles"]] == ["other"]


@pytest.mark.parametrize(
    "document",
    [
        "{",
        "[]",
        '{"Version":"2012-10-17"}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}',
        '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:Get","Principal":"*"}]}',
        trust(AWS="nobody"),
        trust(AWS="arn:aws:iam::000000000000:user/does-not-exist"),
        trust(Service="ec2"),
    ],
)
def test_bad_trust_policies_change_nothing(iam, document):
    refused("MalformedPolicyDocument", iam.create_role, RoleName="bad", AssumeRolePolicyDocument=document)
    refused("NoSuchEntity", iam.get_role, RoleName="bad")


def test_managed_policies(fresh):
    policy = fresh.create_policy(PolicyName="P", PolicyDocument=ALLOW, Description="d", Path="/x/")["Policy"]
    arn = policy["Arn"]
    assert policy["PolicyId"].startswith("ANPA") and policy["DefaultVersionId"] == "v1"
    fresh.get_waiter("policy_exists").wait(PolicyArn=arn)
    refused("EntityAlreadyExists", fresh.create_policy, PolicyName="p", PolicyDocument=ALLOW)
    refused("MalformedPolicyDocument", fresh.create_policy, PolicyName="q", PolicyDocument=EC2_TRUST)
    long = json.dumps({"Statement": [{"Effect": "Allow", "Action": "s3:" + "a" * 6200, "Resource": "*"}]})
    refused("LimitExceeded", fresh.create_policy, PolicyName="q", PolicyDocument=long)
    for n in range(4):
        made = fresh.create_policy_version(PolicyArn=arn, PolicyDocument=ALLOW, SetAsDefault=n == 3)["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v5", True)
    refused("LimitExceeded", fresh.create_policy_version, PolicyArn=arn, PolicyDocument=ALLOW)
    refused("DeleteConflict", fresh.delete_policy_version, PolicyArn=arn, VersionId="v5")
    refused("NoSuchEntity", fresh.delete_policy_version, PolicyArn=arn, VersionId="v9")
    assert fresh.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]["Document"] == json.loads(ALLOW)
    fresh.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    pages = fresh.get_paginator("list_policy_versions").paginate(PolicyArn=arn, PaginationConfig={"PageSize": 2})
    assert [v["VersionId"] for p in pages for v in p["Versions"]] == ["v5", "v4", "v3", "v2", "v1"]

    fresh.create_user(UserName="anna")
    fresh.create_group(GroupName="ops")
    fresh.create_role(RoleName="web", AssumeRolePolicyDocument=EC2_TRUST, PermissionsBoundary=arn)
    fresh.attach_user_policy(UserName="anna", PolicyArn=arn)
    fresh.attach_group_policy(GroupName="ops", PolicyArn=arn)
    fresh.attach_group_policy(GroupName="ops", PolicyArn="arn:aws:iam::aws:policy/AdministratorAccess")
    refused("NoSuchEntity", fresh.attach_user_policy, UserName="anna", PolicyArn=arn + "x")
    refused("NoSuchEntity", fresh.attach_user_policy, UserName="anna", PolicyArn="arn:aws:iam::aws:policy/Unheard")
    refused("InvalidInput", fresh.attach_user_policy, UserName="anna", PolicyArn="x" * 30)
    shown = fresh.get_policy(PolicyArn=arn)["Policy"]
    assert (shown["AttachmentCount"], shown["PermissionsBoundaryUsageCount"]) == (2, 1)
    entities = fresh.list_entities_for_policy(PolicyArn=arn)
    assert [len(entities[k]) for k in ("PolicyUsers", "PolicyGroups", "PolicyRoles")] == [1, 1, 1]
    entities = fresh.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    assert [len(entities[k]) for k in ("PolicyUsers", "PolicyGroups", "PolicyRoles")] == [0, 0, 1]
    attached = fresh.list_attached_group_policies(GroupName="ops")["AttachedPolicies"]
    assert [p["PolicyName"] for p in attached] == ["P", "AdministratorAccess"]
    only = fresh.list_policies(OnlyAttached=True)["Policies"]
    assert [p["PolicyName"] for p in only] == ["P", "AdministratorAccess"]
    assert [p["PolicyName"] for p in fresh.list_policies(Scope="Local")["Policies"]] == ["P"]
    message, _ = refused("DeleteConflict", fresh.delete_policy, PolicyArn=arn)
    assert message == "Cannot delete a policy attached to entities."
    fresh.detach_user_policy(UserName="anna", PolicyArn=arn)
    refused("NoSuchEntity", fresh.detach_user_policy, UserName="anna", PolicyArn=arn)
    fresh.detach_group_policy(GroupName="ops", PolicyArn=arn)
    fresh.delete_role_permissions_boundary(RoleName="web")
    for version in ("v1", "v3", "v4", "v5"):
        fresh.delete_policy_version(PolicyArn=arn, VersionId=version)
    fresh.delete_policy(PolicyArn=arn)
    refused("NoSuchEntity", fresh.get_policy, PolicyArn=arn)


def test_policies_of_aws_cannot_be_changed(fresh):
    arn = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    version = fresh.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = fresh.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    assert "ssm:UpdateInstanceInformation" in document["Statement"][0]["Action"]
    refused("InvalidInput", fresh.delete_policy, PolicyArn=arn)
    refused("InvalidInput", fresh.create_policy_version, PolicyArn=arn, PolicyDocument=ALLOW)


def test_inline_policies(fresh):
    fresh.create_role(RoleName="web", AssumeRolePolicyDocument=EC2_TRUST)
    for n in range(3):
        fresh.put_role_policy(RoleName="web", PolicyName=f"p{n}", PolicyDocument=ALLOW)
    assert fresh.get_role_policy(RoleName="web", PolicyName="p1")["PolicyDocument"] == json.loads(ALLOW)
    pages = fresh.get_paginator("list_role_policies").paginate(RoleName="web", PaginationConfig={"PageSize": 2})
    assert [name for page in pages for name in page["PolicyNames"]] == ["p0", "p1", "p2"]
    refused("MalformedPolicyDocument", fresh.put_role_policy, RoleName="web", PolicyName="q", PolicyDocument=EC2_TRUST)
    message, _ = refused("NoSuchEntity", fresh.get_role_policy, RoleName="web", PolicyName="q")
    assert message == "The role policy with name q cannot be found."
    message, _ = refused("DeleteConflict", fresh.delete_role, RoleName="web")
    assert message == "Cannot delete entity, must delete policies first."
    for n in range(3):
        fresh.delete_role_policy(RoleName="web", PolicyName=f"p{n}")
    fresh.delete_role(RoleName="web")


def test_account(fresh, cloud):
    fresh.create_account_alias(AccountAlias="my-cloud")
    assert fresh.list_account_aliases()["AccountAliases"] == ["my-cloud"]
    other = cloud.client("iam", key="599999999999")
    refused("EntityAlreadyExists", other.create_account_alias, AccountAlias="my-cloud")
    refused("ValidationError", other.create_account_alias, AccountAlias="My_Cloud")
    fresh.delete_account_alias(AccountAlias="my-cloud")
    other.create_account_alias(AccountAlias="my-cloud")
    fresh.create_user(UserName="anna")
    summary = fresh.get_account_summary()["SummaryMap"]
    assert (summary["Users"], summary["UsersQuota"], summary["VersionsPerPolicyQuota"]) == (1, 5000, 5)


# STS


def test_assume_role(cloud, iam, sts):
    arn = iam.create_role(RoleName="deployer", AssumeRolePolicyDocument=OWN_TRUST, Path="/ci/")["Role"]["Arn"]
    got = sts.assume_role(RoleArn=arn, RoleSessionName="build-7", DurationSeconds=900)
    assert got["AssumedRoleUser"]["Arn"] == "arn:aws:sts::000000000000:assumed-role/deployer/build-7"
    keys = got["Credentials"]
    left = keys["Expiration"] - datetime.now(timezone.utc)
    assert timedelta(seconds=840) < left <= timedelta(seconds=901)
    inside = cloud.client("sts", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    me = inside.get_caller_identity()
    assert (me["Arn"], me["UserId"]) == (got["AssumedRoleUser"]["Arn"], got["AssumedRoleUser"]["AssumedRoleId"])
    message, status = refused("AccessDenied", sts.assume_role, RoleArn=arn + "x", RoleSessionName="s1")
    assert "not authorized to perform: sts:AssumeRole on resource" in message and status == 403
    refused("AccessDenied", cloud.client("sts", key="111111111111").assume_role, RoleArn=arn, RoleSessionName="s1")
    refused("ValidationError", sts.assume_role, RoleArn=arn, RoleSessionName="s1", DurationSeconds=7200)
    refused("ValidationError", sts.assume_role, RoleArn=arn, RoleSessionName="a b")
    refused("ValidationError", sts.assume_role, RoleArn="arn:aws:iam::000000000000:user/x", RoleSessionName="s1")
    refused("MalformedPolicyDocument", sts.assume_role, RoleArn=arn, RoleSessionName="s1", Policy="{}")
    # Tags need sts:TagSession in the trust policy.
    refused("AccessDenied", sts.assume_role, RoleArn=arn, RoleSessionName="s1", Tags=[{"Key": "a", "Value": "b"}])
    refused("AccessDenied", inside.get_session_token)


def test_trust_with_external_id_and_chain(cloud, iam, sts):
    first = iam.create_role(RoleName="first", AssumeRolePolicyDocument=OWN_TRUST)["Role"]["Arn"]
    document = json.loads(trust(AWS=first))
    document["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": "secret-7"}}
    second = iam.create_role(RoleName="second", AssumeRolePolicyDocument=json.dumps(document))["Role"]["Arn"]
    refused("AccessDenied", sts.assume_role, RoleArn=second, RoleSessionName="s1", ExternalId="secret-7")
    keys = sts.assume_role(RoleArn=first, RoleSessionName="s1")["Credentials"]
    inside = cloud.client("sts", key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"])
    refused("AccessDenied", inside.assume_role, RoleArn=second, RoleSessionName="s2")
    refused("AccessDenied", inside.assume_role, RoleArn=second, RoleSessionName="s2", ExternalId="other")
    got = inside.assume_role(RoleArn=second, RoleSessionName="s2", ExternalId="secret-7")
    assert got["AssumedRoleUser"]["Arn"].endswith("assumed-role/second/s2")


def test_a_namesake_is_not_trusted(cloud, iam, sts):
    def keys_of_new_user():
        iam.create_user(UserName="zoe")
        key = iam.create_access_key(UserName="zoe")["AccessKey"]
        return cloud.client("sts", key=key["AccessKeyId"], secret=key["SecretAccessKey"]), key["AccessKeyId"]

    zoe, key = keys_of_new_user()
    document = trust(AWS="arn:aws:iam::000000000000:user/zoe")
    arn = iam.create_role(RoleName="of-zoe", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    zoe.assume_role(RoleArn=arn, RoleSessionName="s1")
    iam.delete_access_key(UserName="zoe", AccessKeyId=key)
    iam.delete_user(UserName="zoe")
    namesake, _ = keys_of_new_user()
    refused("AccessDenied", namesake.assume_role, RoleArn=arn, RoleSessionName="s1")
    iam.update_assume_role_policy(RoleName="of-zoe", PolicyDocument=document)
    namesake.assume_role(RoleArn=arn, RoleSessionName="s1")


def test_session_and_federation_tokens(cloud, sts):
    keys = sts.get_session_token()["Credentials"]
    assert keys["AccessKeyId"].startswith("ASIA")
    fed = sts.get_federation_token(Name="bob", Policy=ALLOW)
    assert fed["FederatedUser"]["Arn"] == "arn:aws:sts::000000000000:federated-user/bob"
    assert fed["PackedPolicySize"] >= 1
    fed = fed["Credentials"]
    inside = cloud.client("sts", key=fed["AccessKeyId"], secret=fed["SecretAccessKey"], token=fed["SessionToken"])
    assert inside.get_caller_identity()["UserId"] == "000000000000:bob"


def test_providers_that_do_not_exist(cloud, sts):
    arn = "arn:aws:iam::000000000000:role/x"
    web = sts.assume_role_with_web_identity
    message, _ = refused("InvalidIdentityToken", web, RoleArn=arn, RoleSessionName="s1", WebIdentityToken="none")
    assert "not a valid JWT" in message
    token = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2ln"
    message, _ = refused("InvalidIdentityToken", web, RoleArn=arn, RoleSessionName="s1", WebIdentityToken=token)
    assert message == "No OpenIDConnect provider found in your account for https://id.example"
    refused("InvalidAuthorizationMessageException", sts.decode_authorization_message, EncodedMessage="abcd")
    refused("AccessDenied", sts.assume_root, TargetPrincipal="111111111111", TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/x"})


def test_unsigned_calls_are_refused_in_open_mode(cloud):
    body = urllib.parse.urlencode({"Action": "GetCallerIdentity", "Version": "2011-06-15"}).encode()
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(cloud.endpoint + "/", data=body))
    assert caught.value.code == 403 and b"MissingAuthenticationToken" in caught.value.read()


# Enforced mode


class Strict(Cloud):
    """Enforced: clients sign with the root key unless told otherwise."""

    def client(self, service, *words, **options):
        if "key" not in options:
            root = self.ready["root_key"]
            options.update(key=root["access_key_id"], secret=root["secret_access_key"])
        return super().client(service, *words, **options)

    def session(self, keys, service="sts", **changed):
        keys = {**keys, **changed}
        return self.client(
            service, key=keys["AccessKeyId"], secret=keys["SecretAccessKey"], token=keys["SessionToken"]
        )


@pytest.fixture(scope="module")
def strict():
    cloud = Strict("--enforce").start()
    yield cloud
    assert cloud.stop() == 0, cloud.log_text()


def test_root_is_allowed_and_strangers_are_not(strict):
    assert strict.client("sts").get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:root"
    assert strict.client("ec2").describe_vpcs()["Vpcs"]
    root = strict.ready["root_key"]
    wrong = strict.client("sts", key=root["access_key_id"], secret="x" * 40)
    assert refused("SignatureDoesNotMatch", wrong.get_caller_identity)[1] == 403
    for key in ("test", "000000000000", "AKIAIOSFODNN7EXAMPLE"):
        refused("InvalidClientTokenId", strict.client("sts", key=key, secret="test").get_caller_identity)
        refused("AuthFailure", strict.client("ec2", key=key, secret="test").describe_vpcs)
        refused("UnrecognizedClientException", strict.client("ssm", key=key, secret="test").describe_parameters)


def test_a_flipped_signature_is_refused(strict):
    sts = strict.client("sts")

    def flip(request, **_):
        header = request.headers["Authorization"]
        header = header.decode() if isinstance(header, bytes) else header
        request.headers["Authorization"] = header[:-1] + ("0" if header[-1] != "0" else "1")

    sts.meta.events.register("before-send.sts.*", flip)
    refused("SignatureDoesNotMatch", sts.get_caller_identity)


def test_a_user_key_is_known_but_may_do_nothing_yet(strict):
    iam = strict.client("iam")
    iam.create_user(UserName="anna")
    key = iam.create_access_key(UserName="anna")["AccessKey"]
    words = {"key": key["AccessKeyId"], "secret": key["SecretAccessKey"]}
    arn = "arn:aws:iam::000000000000:user/anna"
    sts = strict.client("sts", **words)
    assert sts.get_caller_identity()["Arn"] == arn
    message, status = refused("AccessDenied", strict.client("iam", **words).list_users)
    assert message == (
        f"User: {arn} is not authorized to perform: iam:ListUsers because no identity-based policy allows the "
        "iam:ListUsers action"
    )
    assert status == 403
    refused("AccessDeniedException", strict.client("ssm", **words).describe_parameters)
    message, _ = refused("UnauthorizedOperation", strict.client("ec2", **words).describe_vpcs)
    encoded = message.rsplit(" ", 1)[1]
    decoded = strict.client("sts").decode_authorization_message(EncodedMessage=encoded)["DecodedMessage"]
    assert json.loads(decoded)["context"]["action"] == "ec2:DescribeVpcs"
    # A session of the user is no way around that.
    session = sts.get_session_token()["Credentials"]
    assert strict.session(session).get_caller_identity()["Arn"] == arn
    refused("AccessDenied", strict.session(session, "iam").list_users)
    iam.update_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    refused("InvalidClientTokenId", sts.get_caller_identity)
    iam.update_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"], Status="Active")
    assert sts.get_caller_identity()["Arn"] == arn
    iam.delete_access_key(UserName="anna", AccessKeyId=key["AccessKeyId"])
    refused("InvalidClientTokenId", sts.get_caller_identity)
    iam.delete_user(UserName="anna")
    refused("InvalidClientTokenId", strict.session(session).get_caller_identity)


def test_a_role_session_may_act_until_its_role_goes(strict):
    iam = strict.client("iam")
    arn = iam.create_role(RoleName="op", AssumeRolePolicyDocument=OWN_TRUST)["Role"]["Arn"]
    keys = strict.client("sts").assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]
    other = strict.client("sts").assume_role(RoleArn=arn, RoleSessionName="s2")["Credentials"]
    assert strict.session(keys, "ec2").describe_vpcs()["Vpcs"]
    for token in (None, other["SessionToken"], keys["SessionToken"][:-2], "x"):
        refused("InvalidClientTokenId", strict.session(keys, SessionToken=token).get_caller_identity)
    refused("SignatureDoesNotMatch", strict.session(keys, SecretAccessKey="x" * 40).get_caller_identity)
    wait_for(lambda: iam.get_role(RoleName="op")["Role"]["RoleLastUsed"].get("Region") == "us-east-1", what="last use")
    iam.delete_role(RoleName="op")
    refused("InvalidClientTokenId", strict.session(keys).get_caller_identity)
    # Another role of the same name is another role.
    iam.create_role(RoleName="op", AssumeRolePolicyDocument=OWN_TRUST)
    refused("InvalidClientTokenId", strict.session(keys).get_caller_identity)
    iam.delete_role(RoleName="op")


def test_keys_and_sessions_outlive_a_kill(tmp_path):
    cloud = Strict("--enforce", data_dir=tmp_path / "data").start()
    try:
        root = cloud.ready["root_key"]
        iam = cloud.client("iam")
        arn = iam.create_role(RoleName="op", AssumeRolePolicyDocument=OWN_TRUST)["Role"]["Arn"]
        keys = cloud.client("sts").assume_role(RoleArn=arn, RoleSessionName="s1")["Credentials"]
        cloud.kill()
        cloud.start()
        assert "root_key" not in cloud.ready, "a root key is shown once"
        cloud.ready["root_key"] = root
        assert cloud.session(keys).get_caller_identity()["Arn"].endswith("assumed-role/op/s1")
        assert cloud.client("sts").get_caller_identity()["Arn"].endswith(":root")
        assert keys["SecretAccessKey"].encode() not in b"".join(
            f.read_bytes() for f in (tmp_path / "data" / "records").rglob("*") if f.is_file()
        )
    finally:
        cloud.stop()
        end_keeper(tmp_path / "data")


@needs_root
def test_role_credentials_from_inside_a_machine(strict):
    iam, ec2 = strict.client("iam"), strict.client("ec2")
    iam.create_role(RoleName="machine", AssumeRolePolicyDocument=EC2_TRUST)
    iam.create_instance_profile(InstanceProfileName="machine")
    iam.add_role_to_instance_profile(InstanceProfileName="machine", RoleName="machine")
    image = next(i for i in ec2.describe_images()["Images"] if i["State"] == "available")["ImageId"]
    made = ec2.run_instances(
        ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1, IamInstanceProfile={"Name": "machine"}
    )
    instance = made["Instances"][0]["InstanceId"]
    try:
        ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        script = (
            "T=$(curl -sf -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)\n"
            'M() { curl -sf -H "X-aws-ec2-metadata-token: $T" http://169.254.169.254/latest/meta-data/iam/$1; }\n'
            "M security-credentials/$(M security-credentials/)"
        )
        status, out, err = run_shell(strict, [instance], script)[instance]
        assert status == "Success", (out, err)
        given = json.loads(out)
        assert (given["Code"], given["Type"]) == ("Success", "AWS-HMAC")
        inside = strict.client(
            "sts", key=given["AccessKeyId"], secret=given["SecretAccessKey"], token=given["Token"]
        )
        me = inside.get_caller_identity()
        assert me["Arn"] == f"arn:aws:sts::000000000000:assumed-role/machine/{instance}"
        # Where the endpoint listens, on the host's own loopback, a machine cannot reach it.
        status, _, _ = run_shell(strict, [instance], f"curl -s -m 2 {strict.endpoint}/")[instance]
        assert status == "Failed"
    finally:
        terminate_all(strict)
