"""The audit log: what changed, who asked for it, who was turned away — read from the file, as an operator would."""

import json
import stat
import urllib.request

import pytest
from botocore.exceptions import ClientError
from conftest import Cloud, end_edge, end_keeper, free_pool, wait_for

HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS"


def records(path):
    """The whole lines of a log; each must be a record."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text().splitlines()]


def named(path, name, count=1):
    """Waits until the log has this many records of an operation: it is written behind the answers."""
    return wait_for(lambda: (found := [r for r in records(path) if r["eventName"] == name])[count - 1:] and found,
                    what=f"{count} records of {name}")


def code(call, **words):
    with pytest.raises(ClientError) as caught:
        call(**words)
    return caught.value.response["Error"]["Code"]


@pytest.fixture
def log(tmp_path):
    return tmp_path / "audit.jsonl"


@pytest.fixture
def audited(log):
    cloud = Cloud("--audit-log", str(log)).start()
    yield cloud
    assert cloud.stop() == 0, cloud.log_text()


def test_changes_are_recorded_and_questions_are_not(audited, log):
    ec2, sts = audited.client("ec2"), audited.client("sts")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")
    for _ in range(20):
        sts.get_caller_identity()
        ec2.describe_vpcs()
    ec2.delete_vpc(VpcId=vpc["Vpc"]["VpcId"])
    (deleted,) = named(log, "DeleteVpc")
    (made,) = named(log, "CreateVpc")
    # Written in order: nothing that came between may still be on its way.
    assert [r["eventName"] for r in records(log)] == ["CreateVpc", "DeleteVpc"]
    assert deleted["requestParameters"] == {"vpcId": vpc["Vpc"]["VpcId"]}
    assert made["requestParameters"]["cidrBlock"] == "10.9.0.0/16"
    assert made["requestID"] == vpc["ResponseMetadata"]["RequestId"]
    assert made["userIdentity"] == {
        "type": "Root", "principalId": "000000000000", "arn": "arn:aws:iam::000000000000:root",
        "accountId": "000000000000", "accessKeyId": "test"}
    for name, value in {"eventVersion": "1.11", "eventSource": "ec2.amazonaws.com", "awsRegion": "us-east-1",
                        "sourceIPAddress": "127.0.0.1", "readOnly": False, "eventType": "AwsApiCall",
                        "recipientAccountId": "000000000000", "responseElements": None}.items():
        assert made[name] == value
    assert "Boto3" in made["userAgent"] and made["eventTime"].endswith("Z") and "errorCode" not in made


def test_secrets_stay_out_and_errors_come_in(audited, log):
    ssm, ec2 = audited.client("ssm"), audited.client("ec2")
    ssm.put_parameter(Name="/secret", Value="hunter2-is-secret", Type="SecureString")
    (put,) = named(log, "PutParameter")
    assert put["requestParameters"] == {"name": "/secret", "value": HIDDEN, "type": "SecureString"}
    assert code(ssm.send_command, DocumentName="AWS-RunShellScript", InstanceIds=["i-0123456789abcdef0"],
                Parameters={"commands": ["echo another-secret"]}) == "InvalidInstanceId"
    (sent,) = named(log, "SendCommand")
    assert sent["requestParameters"]["parameters"] == HIDDEN
    assert sent["errorCode"] == "InvalidInstanceId" and "not in a valid state" in sent["errorMessage"]
    assert code(ec2.delete_vpc, VpcId="vpc-0123456789abcdef0") == "InvalidVpcID.NotFound"
    assert named(log, "DeleteVpc")[0]["errorCode"] == "Client.InvalidVpcID.NotFound"
    assert code(ec2.delete_vpc, VpcId="vpc-0123456789abcdef0", DryRun=True) == "DryRunOperation"
    assert named(log, "DeleteVpc", 2)[1]["errorCode"] == "Client.DryRunOperation"
    text = log.read_text()
    assert "hunter2" not in text and "another-secret" not in text
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_who_is_turned_away_is_recorded_even_for_a_question(tmp_path):
    pool, data = free_pool(), tmp_path / "data"
    cloud = Cloud("--public-pool", pool, "--enforce", "--no-uplink", data_dir=data).start()
    try:
        key = cloud.ready["root_key"]
        words = dict(key=key["access_key_id"], secret=key["secret_access_key"])
        iam = cloud.client("iam", **words)
        iam.create_user(UserName="nobody")
        made = iam.create_access_key(UserName="nobody")["AccessKey"]
        nobody = cloud.client("ec2", key=made["AccessKeyId"], secret=made["SecretAccessKey"])
        assert code(nobody.describe_vpcs) == "UnauthorizedOperation"
        liar = cloud.client("sts", key=key["access_key_id"], secret="a-wrong-secret")
        assert code(liar.get_caller_identity) == "SignatureDoesNotMatch"
        (path,) = (data / "audit").iterdir()
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        (refused,) = named(path, "DescribeVpcs")
        assert refused["errorCode"] == "Client.UnauthorizedOperation" and refused["readOnly"] is True
        assert refused["userIdentity"]["userName"] == "nobody" and refused["requestParameters"] is None
        (lied,) = named(path, "GetCallerIdentity")
        assert lied["errorCode"] == "SignatureDoesNotMatch"
        assert lied["userIdentity"] == {"type": "Unknown", "accessKeyId": key["access_key_id"]}
        assert made["SecretAccessKey"] not in path.read_text()
        before = len(records(path))
        # A log outlives its process, however that ends.
        cloud.kill()
        cloud.start()
        cloud.client("iam", **words).delete_access_key(UserName="nobody", AccessKeyId=made["AccessKeyId"])
        named(path, "DeleteAccessKey")
        assert len(records(path)) == before + 1
    finally:
        cloud.stop()
        end_keeper(data)
        end_edge(pool)


def test_a_full_disk_costs_entries_and_no_request(tmp_path):
    # /dev/full takes nothing (full(4)).
    cloud = Cloud("--audit-log", "/dev/full").start()
    try:
        ec2 = cloud.client("ec2")
        for number in range(3):
            ec2.create_vpc(CidrBlock=f"10.{number}.0.0/16")

        def lost():
            with urllib.request.urlopen(f"{cloud.endpoint}/_allod/metrics") as answer:
                return "\nallod_audit_lost_total 3\n" in answer.read().decode()

        wait_for(lost, what="the count of lost entries")
    finally:
        assert cloud.stop() == 0


def test_a_log_that_cannot_be_opened_is_said_at_the_start(tmp_path):
    cloud = Cloud("--audit-log", str(tmp_path / "missing" / "log"))
    with pytest.raises(RuntimeError, match="the audit log .* cannot be opened"):
        cloud.start()
