"""Lists of the network's records through boto3: pages, filters, waiters and tags."""

import pytest
from test_network_api import code, ec2, group, subnet, vpc  # noqa: F401  (ec2 and vpc are fixtures)


@pytest.mark.parametrize("operation, key, identity, extra", [
    ("describe_subnets", "Subnets", "SubnetId", {}),
    ("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", {}),
    ("describe_security_groups", "SecurityGroups", "GroupId", {}),
    ("describe_security_group_rules", "SecurityGroupRules", "SecurityGroupRuleId", {}),
    ("describe_route_tables", "RouteTables", "RouteTableId", {}),
    ("describe_tags", "Tags", "ResourceId", {}),
])
def test_pages_joined_are_the_whole(ec2, vpc, operation, key, identity, extra):
    inner = subnet(ec2, vpc)
    for n in range(12):
        subnet(ec2, vpc, f"10.0.{n + 20}.0/24")
        group(ec2, vpc, f"g{n}")
        ec2.create_network_interface(SubnetId=inner)
        tagged = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.create_tags(Resources=[tagged], Tags=[{"Key": "n", "Value": str(n)}])
    whole = [r[identity] for r in getattr(ec2, operation)(**extra)[key]]
    pages = list(ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5}, **extra))
    assert len(pages) == -(-len(whole) // 5) and all(len(p[key]) <= 5 for p in pages)
    assert [r[identity] for p in pages for r in p[key]] == whole and len(set(whole)) == len(whole)
    assert code(getattr(ec2, operation), NextToken="forged", MaxResults=5) in ("InvalidNextToken", "InvalidParameterValue")


def test_filters(ec2, vpc):
    tags = [{"ResourceType": "subnet", "Tags": [{"Key": "Tier", "Value": "front"}]}]
    front = subnet(ec2, vpc, "10.0.1.0/24", TagSpecifications=tags, AvailabilityZone="us-east-1b")
    back = subnet(ec2, vpc, "10.0.2.0/24", AvailabilityZone="us-east-1a")

    def found(*filters):
        pairs = [{"Name": n, "Values": v} for n, v in (("vpc-id", [vpc]), *filters)]
        return {s["SubnetId"] for s in ec2.describe_subnets(Filters=pairs)["Subnets"]}

    assert found() == {front, back}
    assert found(("tag:Tier", ["front", "other"])) == {front}
    assert found(("tag-key", ["Tier"])) == {front}
    assert found(("tag:Tier", ["fr*"])) == {front} and found(("tag:Tier", ["fr?nt"])) == {front}
    assert found(("tag:Tier", ["FRONT"])) == set()
    assert found(("availability-zone", ["us-east-1a"]), ("cidr-block", ["10.0.2.0/24"])) == {back}
    assert found(("availability-zone", ["us-east-1a"]), ("tag:Tier", ["front"])) == set()
    assert code(ec2.describe_subnets, Filters=[{"Name": "colour", "Values": ["red"]}]) == "InvalidParameterValue"


def test_waiters_end(ec2, vpc):
    ec2.get_waiter("vpc_available").wait(VpcIds=[vpc])
    ec2.get_waiter("vpc_exists").wait(VpcIds=[vpc])
    inner = subnet(ec2, vpc)
    ec2.get_waiter("subnet_available").wait(SubnetIds=[inner])
    made = ec2.create_network_interface(SubnetId=inner)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.get_waiter("network_interface_available").wait(NetworkInterfaceIds=[made])
    ec2.get_waiter("security_group_exists").wait(GroupIds=[group(ec2, vpc)])


@pytest.mark.parametrize("kind, make", [
    ("vpc", lambda e, v, t: e.create_vpc(CidrBlock="10.3.0.0/16", TagSpecifications=t)["Vpc"]),
    ("route-table", lambda e, v, t: e.create_route_table(VpcId=v, TagSpecifications=t)["RouteTable"]),
    ("internet-gateway", lambda e, v, t: e.create_internet_gateway(TagSpecifications=t)["InternetGateway"]),
    ("security-group", lambda e, v, t: e.create_security_group(GroupName="t", Description="t", VpcId=v, TagSpecifications=t)),
    ("prefix-list", lambda e, v, t: e.create_managed_prefix_list(
        PrefixListName="t", AddressFamily="IPv4", MaxEntries=1, TagSpecifications=t)["PrefixList"]),
])
def test_tags_at_birth(ec2, vpc, kind, make):
    made = make(ec2, vpc, [{"ResourceType": kind, "Tags": [{"Key": "Name", "Value": "n"}]}])
    assert made["Tags"] == [{"Key": "Name", "Value": "n"}]
    (tag,) = ec2.describe_tags(Filters=[{"Name": "resource-type", "Values": [kind]}])["Tags"]
    assert (tag["Key"], tag["Value"]) == ("Name", "n") and tag["ResourceId"] in made.values()
    ec2.delete_tags(Resources=[tag["ResourceId"]], Tags=[{"Key": "Name"}])
    assert ec2.describe_tags()["Tags"] == []


def test_bad_tags(ec2, vpc):
    for tags in ([{"Key": "aws:mine", "Value": "x"}], [{"Key": "k" * 129, "Value": "x"}], [{"Key": "k", "Value": "v" * 257}]):
        assert code(ec2.create_tags, Resources=[vpc], Tags=tags) == "InvalidParameterValue"
    many = [{"Key": f"k{n}", "Value": ""} for n in range(51)]
    assert code(ec2.create_tags, Resources=[vpc], Tags=many) == "TagLimitExceeded"
    assert ec2.describe_tags()["Tags"] == []
