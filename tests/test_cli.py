"""The stock aws CLI and the binary's own commands, as a user types them."""

import json
import os
import subprocess

from conftest import BINARY


def allod(*words):
    return subprocess.run([BINARY, *words], capture_output=True, text=True, timeout=60)


def test_who_am_i(cloud):
    assert cloud.aws("sts", "get-caller-identity")["Arn"] == "arn:aws:iam::000000000000:root"
    other = cloud.aws("sts", "get-caller-identity", AWS_ACCESS_KEY_ID="123456789012")
    assert other["Account"] == "123456789012"


def test_region_comes_from_the_signature(cloud):
    zones = cloud.aws("ec2", "describe-availability-zones", AWS_DEFAULT_REGION="eu-central-1")
    assert {z["RegionName"] for z in zones["AvailabilityZones"]} == {"eu-central-1"}


def test_default_network_of_each_account_and_region(cloud):
    seen = set()
    for account in ("000000000000", "111111111111"):
        for region in ("us-east-1", "eu-west-1"):
            vpcs = cloud.aws("ec2", "describe-vpcs", AWS_ACCESS_KEY_ID=account, AWS_DEFAULT_REGION=region)["Vpcs"]
            assert [(v["CidrBlock"], v["IsDefault"], v["OwnerId"]) for v in vpcs] == [("172.31.0.0/16", True, account)]
            seen.add(vpcs[0]["VpcId"])
    assert len(seen) == 4


def test_a_dry_run_changes_nothing(cloud):
    before = len(cloud.aws("ec2", "describe-vpcs")["Vpcs"])
    done = cloud.aws("ec2", "create-vpc", "--cidr-block", "10.0.0.0/16", "--dry-run", check=False)
    assert done.returncode != 0 and "(DryRunOperation)" in done.stderr
    assert len(cloud.aws("ec2", "describe-vpcs")["Vpcs"]) == before


def test_error_codes_reach_the_user(cloud):
    for words, code in [
        (("ec2", "describe-vpcs", "--vpc-ids", "vpc-0123456789abcdef0"), "InvalidVpcID.NotFound"),
        (("ec2", "create-vpc", "--cidr-block", "10.0.0.0/8"), "InvalidVpc.Range"),
        (("ec2", "describe-instances", "--instance-ids", "i-0123456789abcdef0"), "InvalidInstanceID.NotFound"),
        (("ec2", "describe-instances", "--instance-ids", "nonsense"), "InvalidInstanceID.Malformed"),
        (("ssm", "get-parameter", "--name", "/none"), "ParameterNotFound"),
        (("iam", "get-user", "--user-name", "nobody"), "NoSuchEntity"),
    ]:
        done = cloud.aws(*words, check=False)
        assert done.returncode != 0 and f"({code})" in done.stderr, (words, done.stderr)


def test_the_exports_are_all_the_cli_needs(cloud):
    """The name with `sync-` before it, which SDKs make of the endpoint for this call, is known nowhere."""
    exports = json.loads(allod("env", "--endpoint", cloud.endpoint, "--json").stdout)
    states = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    made = cloud.aws("stepfunctions", "create-state-machine", "--name", "said-at-once", "--type", "EXPRESS", "--role-arn",
                     "arn:aws:iam::000000000000:role/any", "--definition", json.dumps(states), **exports)
    done = cloud.aws("stepfunctions", "start-sync-execution", "--state-machine-arn", made["stateMachineArn"], "--input", "[1]",
                     **exports)
    assert (done["status"], done["output"]) == ("SUCCEEDED", "[1]")


def test_own_commands():
    assert allod("version").stdout.startswith("allod ")
    assert json.loads(allod("version", "--json").stdout)["version"]
    assert "export AWS_ENDPOINT_URL=http://127.0.0.1:4566" in allod("env").stdout
    findings = json.loads(allod("doctor", "--json").stdout)
    assert {"area", "name", "present", "why"} <= set(findings[0])
    rows = json.loads(allod("coverage", "--json").stdout)
    assert {"service": "ec2", "operation": "RunInstances", "state": "built"} in rows
    assert allod("up", "--account-id", "12").returncode == 2


def test_two_clouds_on_one_port(cloud):
    done = allod("up", "--ephemeral", "--listen", f"127.0.0.1:{cloud.port}")
    assert done.returncode == 1 and "cannot listen" in done.stderr


def test_reset_only_when_allowed(cloud):
    import urllib.error
    import urllib.request

    from conftest import Cloud

    cloud.aws("ec2", "create-vpc", "--cidr-block", "10.77.0.0/16")
    urllib.request.urlopen(urllib.request.Request(cloud.endpoint + "/_allod/reset", method="POST")).read()
    assert len(cloud.aws("ec2", "describe-vpcs")["Vpcs"]) == 1
    strict = Cloud().start()
    try:
        urllib.request.urlopen(urllib.request.Request(strict.endpoint + "/_allod/reset", method="POST"))
        raise AssertionError("the reset was taken")
    except urllib.error.HTTPError as error:
        assert error.code in (403, 404)
    finally:
        assert strict.stop() == 0


def test_nothing_is_left_of_an_ephemeral_cloud():
    from conftest import Cloud

    short = Cloud().start()
    folder = short.ready["data_dir"]
    assert os.path.isdir(folder)
    assert short.stop() == 0 and not os.path.exists(folder)


def test_a_reset_keeps_the_root_key():
    import urllib.request

    from conftest import Cloud

    strict = Cloud("--enforce", "--allow-reset").start()
    root = strict.ready["root_key"]
    ec2 = strict.client("ec2", key=root["access_key_id"], secret=root["secret_access_key"])
    try:
        ec2.create_vpc(CidrBlock="10.5.0.0/16")
        urllib.request.urlopen(urllib.request.Request(strict.endpoint + "/_allod/reset", method="POST")).read()
        assert [v["CidrBlock"] for v in ec2.describe_vpcs()["Vpcs"]] == ["172.31.0.0/16"]
    finally:
        assert strict.stop() == 0
