"""Interface VPC endpoints: records through boto3, and the way from a machine to a service of the cloud."""

import json

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from conftest import needs_root, run_shell, wait_for
from probes import reach, shell
from test_machines import terminate
from test_network_api import code, ec2, group, subnet, vpc  # noqa: F401  (ec2 and vpc are fixtures)
from test_packets import World

SERVICE = "com.amazonaws.us-east-1.ec2"
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
READ_ONLY = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "ec2:Describe*", "Resource": "*"}]}


def create(ec2, vpc, **more):
    made = ec2.create_vpc_endpoint(VpcEndpointType="Interface", VpcId=vpc, ServiceName=SERVICE, **more)
    return made["VpcEndpoint"]


def found(ec2, endpoint):
    return ec2.describe_vpc_endpoints(VpcEndpointIds=[endpoint])["VpcEndpoints"][0]


def test_services(ec2):
    listed = ec2.describe_vpc_endpoint_services()
    assert SERVICE in listed["ServiceNames"]
    assert all(s["ServiceType"] == [{"ServiceType": "Interface"}] for s in listed["ServiceDetails"])


def test_bad_requests(ec2, vpc):
    s3 = {"VpcId": vpc, "ServiceName": "com.amazonaws.us-east-1.s3"}
    assert code(ec2.create_vpc_endpoint, **s3) == "InvalidServiceName"
    # Private names are on by default, and this VPC gives none.
    assert code(create, ec2=ec2, vpc=vpc) == "InvalidParameter"
    assert code(create, ec2=ec2, vpc=vpc, PrivateDnsEnabled=False, PolicyDocument="{}") == "InvalidPolicyDocument"
    gone = ec2.delete_vpc_endpoints(VpcEndpointIds=["vpce-00000000"])["Unsuccessful"]
    assert gone[0]["Error"]["Code"] == "InvalidVpcEndpointId.NotFound"


class Inside(World):
    """A VPC without any gateway: what its machine reaches, it reaches inside."""

    def __init__(self, cloud):
        self.cloud, self.ec2, self.ids, self.counter = cloud, cloud.client("ec2"), [], 0
        self.vpc = self.ec2.create_vpc(CidrBlock="10.41.0.0/16")["Vpc"]["VpcId"]
        self.ec2.modify_vpc_attribute(VpcId=self.vpc, EnableDnsHostnames={"Value": True})
        self.inside = self.subnet("10.41.1.0/24")


@pytest.fixture
def profile(cloud):
    """An instance profile with a role: keys that the cloud itself issued."""
    iam = cloud.client("iam")
    iam.create_role(RoleName="endpoint-user", AssumeRolePolicyDocument=json.dumps(TRUST))
    iam.create_instance_profile(InstanceProfileName="endpoint-user")
    iam.add_role_to_instance_profile(InstanceProfileName="endpoint-user", RoleName="endpoint-user")
    yield "endpoint-user"
    iam.remove_role_from_instance_profile(InstanceProfileName="endpoint-user", RoleName="endpoint-user")
    iam.delete_instance_profile(InstanceProfileName="endpoint-user")
    iam.delete_role(RoleName="endpoint-user")


def role_keys(cloud, machine):
    """What the metadata service gives the machine."""
    base = "http://169.254.169.254/latest"
    token = f'$(curl -sX PUT {base}/api/token -H "X-aws-ec2-metadata-token-ttl-seconds: 60")'
    path = f"{base}/meta-data/iam/security-credentials/endpoint-user"
    keys = json.loads(shell(cloud, machine, f'curl -s -H "X-aws-ec2-metadata-token: {token}" {path}'))
    return Credentials(keys["AccessKeyId"], keys["SecretAccessKey"], keys["Token"])


def call(cloud, machine, address, keys, action):
    """A signed request from inside the machine to the endpoint: (HTTP status, body)."""
    url, body = "http://ec2.us-east-1.amazonaws.com/", f"Action={action}&Version=2016-11-15"
    request = AWSRequest("POST", url, data=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
    SigV4Auth(keys, "ec2", "us-east-1").add_auth(request)
    headers = " ".join(f"-H '{name}: {value}'" for name, value in request.headers.items())
    resolve = f"--resolve ec2.us-east-1.amazonaws.com:80:{address}"
    out = shell(cloud, machine, f"curl -s -m 20 {resolve} {headers} -d '{body}' -w '\\n%{{http_code}}' {url}")
    body, status = out.rsplit("\n", 1)
    return int(status), body


@needs_root
def test_a_machine_calls_a_service_through_an_endpoint(cloud, profile):
    world = Inside(cloud)
    ec2 = world.ec2
    try:
        client = world.group()
        door = world.group(("tcp", 80, client))
        machine, _, card = world.machine(world.inside, client)
        ec2.associate_iam_instance_profile(InstanceId=machine, IamInstanceProfile={"Name": profile})
        made = create(ec2, world.vpc, SubnetIds=[world.inside], SecurityGroupIds=[door])
        endpoint = made["VpcEndpointId"]
        wait_for(lambda: found(ec2, endpoint)["State"] == "available", 60, "the endpoint")
        (interface,) = ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])["NetworkInterfaces"]
        assert interface["InterfaceType"] == "vpc_endpoint" and interface["RequesterManaged"]
        address = interface["PrivateIpAddress"]
        keys = wait_for(lambda: role_keys(cloud, machine), 60, "the role's keys")

        status, body = call(cloud, machine, address, keys, "DescribeVpcs")
        assert status == 200 and world.vpc in body, body
        # The keys that open the door on loopback open nothing here, and no other service is behind it.
        status, body = call(cloud, machine, address, Credentials("test", "test"), "DescribeVpcs")
        assert status in (401, 403), body

        # The policy decides at the very next request, and so does the group.
        ec2.modify_vpc_endpoint(VpcEndpointId=endpoint, PolicyDocument=json.dumps(READ_ONLY))
        status, body = call(cloud, machine, address, keys, "DescribeVpcs")
        assert status == 200, body
        status, body = call(cloud, machine, address, keys, "CreateInternetGateway")
        assert status == 403 and "no VPC endpoint policy allows" in body, body
        world.groups_of(card, world.group())
        assert reach(cloud, machine, address) == "silent"
        world.groups_of(card, client)
        assert reach(cloud, machine, address) == "open"

        ec2.delete_vpc_endpoints(VpcEndpointIds=[endpoint])
        gone = {"Name": "vpc-endpoint-id", "Values": [endpoint]}
        wait_for(lambda: not ec2.describe_vpc_endpoints(Filters=[gone])["VpcEndpoints"], 60, "the end of the endpoint")
        assert reach(cloud, machine, address) == "silent"
    finally:
        if world.ids:
            terminate(ec2, world.ids)


@needs_root
def test_an_endpoint_answers_again_after_a_kill(lasting):
    world = Inside(lasting)
    machine, _, _ = world.machine(world.inside, world.group())
    door = world.group(("tcp", 80, "10.41.0.0/16"))
    made = create(world.ec2, world.vpc, SubnetIds=[world.inside], SecurityGroupIds=[door])
    endpoint = made["VpcEndpointId"]
    wait_for(lambda: found(world.ec2, endpoint)["State"] == "available", 60, "the endpoint")
    (interface,) = made["NetworkInterfaceIds"]
    shown = world.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    health = f"curl -s -m 5 http://{shown['PrivateIpAddress']}/_allod/health"
    assert shell(lasting, machine, health)
    lasting.kill()
    lasting.start()

    def answer():
        try:
            return run_shell(lasting, [machine], health)[machine][1]
        except ClientError:
            return None  # the machine is not adopted yet

    wait_for(answer, 60, "the endpoint's answer")
