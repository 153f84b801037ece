"""The network as records: shapes, defaults and the exact error codes, spoken to by boto3."""

import ipaddress
import itertools

import pytest
from botocore.exceptions import ClientError

ACCOUNTS = itertools.count(300000000001)


@pytest.fixture
def ec2(cloud):
    """A fresh account: nobody else's VPCs stand in the way of a limit or a list."""
    return cloud.client("ec2", key=str(next(ACCOUNTS)))


@pytest.fixture
def vpc(ec2):
    return ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]


def code(call, **words):
    """The error code a call ends with; a call that succeeds is the test's failure."""
    with pytest.raises(ClientError) as caught:
        call(**words)
    error = caught.value.response
    assert error["Error"]["Message"] and error["ResponseMetadata"]["RequestId"]
    assert 400 <= error["ResponseMetadata"]["HTTPStatusCode"] < 500
    return error["Error"]["Code"]


def subnet(ec2, vpc, cidr="10.0.1.0/24", **more):
    return ec2.create_subnet(VpcId=vpc, CidrBlock=cidr, **more)["Subnet"]["SubnetId"]


def group(ec2, vpc, name="web"):
    return ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]


def gateway(ec2, vpc):
    made = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=made, VpcId=vpc)
    return made


def main_table(ec2, vpc):
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "association.main", "Values": ["true"]}]
    (table,) = ec2.describe_route_tables(Filters=wanted)["RouteTables"]
    return table


def state_of_everything(ec2):
    """What a refused call must not have changed."""
    return [ec2.describe_vpcs()["Vpcs"], ec2.describe_subnets()["Subnets"], ec2.describe_route_tables()["RouteTables"],
            ec2.describe_security_groups()["SecurityGroups"], ec2.describe_network_interfaces()["NetworkInterfaces"]]


# --- VPCs and subnets ---------------------------------------------------------------------------------------------

@pytest.mark.parametrize("cidr, expected", [
    ("10.0.0.0/15", "InvalidVpc.Range"), ("10.0.0.0/29", "InvalidVpc.Range"), ("10.0.0.0/0", "InvalidVpc.Range"),
    ("10.0.0.0", "InvalidParameterValue"), ("10.0.0.0/33", "InvalidParameterValue"), ("10.0.0.256/24", "InvalidParameterValue"),
    ("ten", "InvalidParameterValue"), ("10.0.0.0/16/16", "InvalidParameterValue"), ("::/0", "InvalidParameterValue"),
    ("", ("InvalidParameterValue", "MissingParameter")),
])
def test_bad_vpc_ranges(ec2, cidr, expected):
    before = state_of_everything(ec2)
    assert code(ec2.create_vpc, CidrBlock=cidr) in ([expected] if isinstance(expected, str) else expected)
    assert state_of_everything(ec2) == before


@pytest.mark.parametrize("asked, kept", [("10.1.0.0/16", "10.1.0.0/16"), ("10.1.2.3/16", "10.1.0.0/16"),
                                         ("8.8.0.0/16", "8.8.0.0/16"), ("192.168.7.16/28", "192.168.7.16/28")])
def test_accepted_vpc_ranges_are_made_canonical(ec2, asked, kept):
    assert ec2.create_vpc(CidrBlock=asked)["Vpc"]["CidrBlock"] == kept


@pytest.mark.parametrize("cidr, expected", [
    ("10.1.0.0/24", "InvalidSubnet.Range"), ("10.0.0.0/15", "InvalidSubnet.Range"), ("10.0.0.0/29", "InvalidSubnet.Range"),
    ("10.0.1.0/24", "InvalidSubnet.Conflict"), ("10.0.1.128/25", "InvalidSubnet.Conflict"),
    ("10.0.0.0/23", "InvalidSubnet.Conflict"), ("10.0.0.0/16", "InvalidSubnet.Conflict"), ("x", "InvalidParameterValue"),
])
def test_bad_subnet_ranges(ec2, vpc, cidr, expected):
    subnet(ec2, vpc, "10.0.1.0/24")
    before = state_of_everything(ec2)
    assert code(ec2.create_subnet, VpcId=vpc, CidrBlock=cidr) == expected
    assert state_of_everything(ec2) == before


def test_a_subnet_reserves_five_addresses(ec2, vpc):
    made = ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.9.0/28")["Subnet"]
    assert made["AvailableIpAddressCount"] == 11
    for address in ("10.0.9.0", "10.0.9.1", "10.0.9.2", "10.0.9.3", "10.0.9.15", "10.0.8.4", "nonsense"):
        asked = dict(SubnetId=made["SubnetId"], PrivateIpAddress=address)
        assert code(ec2.create_network_interface, **asked) == "InvalidParameterValue"
    ec2.create_network_interface(SubnetId=made["SubnetId"], PrivateIpAddress="10.0.9.4")
    again = dict(SubnetId=made["SubnetId"], PrivateIpAddress="10.0.9.4")
    assert code(ec2.create_network_interface, **again) == "InvalidIPAddress.InUse"
    given = {ec2.create_network_interface(SubnetId=made["SubnetId"])["NetworkInterface"]["PrivateIpAddress"] for _ in range(10)}
    assert given == {f"10.0.9.{n}" for n in range(5, 15)}
    assert code(ec2.create_network_interface, SubnetId=made["SubnetId"]) == "InsufficientFreeAddressesInSubnet"


def test_secondary_ranges(ec2, vpc):
    for cidr, expected in [("198.19.0.0/16", "InvalidVpc.Range"), ("192.168.0.0/16", "InvalidVpc.Range"),
                           ("10.0.128.0/20", "InvalidVpc.Range"), ("10.0.0.0/15", "InvalidVpc.Range")]:
        assert code(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock=cidr) == expected, cidr
    for second in range(1, 5):
        ec2.associate_vpc_cidr_block(VpcId=vpc, CidrBlock=f"10.{second}.0.0/16")
    assert code(ec2.associate_vpc_cidr_block, VpcId=vpc, CidrBlock="10.9.0.0/16") == "CidrLimitExceeded"
    ranges = ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlockAssociationSet"]
    primary = next(r["AssociationId"] for r in ranges if r["CidrBlock"] == "10.0.0.0/16")
    assert code(ec2.disassociate_vpc_cidr_block, AssociationId=primary) == "OperationNotPermitted"
    subnet(ec2, vpc, "10.4.1.0/24")
    used = next(r["AssociationId"] for r in ranges if r["CidrBlock"] == "10.4.0.0/16")
    assert code(ec2.disassociate_vpc_cidr_block, AssociationId=used) == "DependencyViolation"


def test_ipv6_ranges(ec2):
    made = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    (six,) = ec2.describe_vpcs(VpcIds=[made])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"]
    whole = ipaddress.ip_network(six["Ipv6CidrBlock"])
    assert whole.prefixlen == 56
    first, second = itertools.islice(whole.subnets(new_prefix=64), 2)
    ec2.create_subnet(VpcId=made, CidrBlock="10.0.1.0/24", Ipv6CidrBlock=str(first))
    taken = dict(VpcId=made, CidrBlock="10.0.2.0/24", Ipv6CidrBlock=str(first))
    assert code(ec2.create_subnet, **taken) == "InvalidSubnet.Conflict"
    outside = dict(VpcId=made, CidrBlock="10.0.2.0/24", Ipv6CidrBlock="2001:db8::/64")
    assert code(ec2.create_subnet, **outside) == "InvalidSubnet.Range"
    made = ec2.create_subnet(VpcId=made, CidrBlock="10.0.2.0/24", Ipv6CidrBlock=str(second))["Subnet"]
    assert made["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"] == str(second)


def test_the_default_vpc(ec2):
    (found,) = ec2.describe_vpcs()["Vpcs"]
    assert (found["CidrBlock"], found["IsDefault"]) == ("172.31.0.0/16", True)
    zones = {z["ZoneName"] for z in ec2.describe_availability_zones()["AvailabilityZones"]}
    subnets = ec2.describe_subnets()["Subnets"]
    assert {s["AvailabilityZone"] for s in subnets} == zones and len(subnets) == len(zones)
    assert all(s["DefaultForAz"] and s["MapPublicIpOnLaunch"] and s["CidrBlock"].endswith("/20") for s in subnets)
    (edge,) = ec2.describe_internet_gateways()["InternetGateways"]
    assert edge["Attachments"][0]["VpcId"] == found["VpcId"]
    routes = {r["DestinationCidrBlock"]: r["GatewayId"] for r in main_table(ec2, found["VpcId"])["Routes"]}
    assert routes == {"172.31.0.0/16": "local", "0.0.0.0/0": edge["InternetGatewayId"]}
    assert code(ec2.create_default_vpc) == "DefaultVpcAlreadyExists"
    zone = subnets[0]["AvailabilityZone"]
    assert code(ec2.create_default_subnet, AvailabilityZone=zone) == "DefaultSubnetAlreadyExistsInAvailabilityZone"


def test_a_zone_that_is_not_here(ec2, vpc):
    asked = dict(VpcId=vpc, CidrBlock="10.0.1.0/24", AvailabilityZone="eu-west-9z")
    assert code(ec2.create_subnet, **asked) == "InvalidParameterValue"


def test_dependencies_hold_a_vpc(ec2, vpc):
    inner, outer = subnet(ec2, vpc), gateway(ec2, vpc)
    assert code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    interface = ec2.create_network_interface(SubnetId=inner)["NetworkInterface"]["NetworkInterfaceId"]
    assert code(ec2.delete_subnet, SubnetId=inner) == "DependencyViolation"
    assert code(ec2.delete_internet_gateway, InternetGatewayId=outer) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=interface)
    ec2.delete_subnet(SubnetId=inner)
    assert code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.detach_internet_gateway(InternetGatewayId=outer, VpcId=vpc)
    ec2.delete_internet_gateway(InternetGatewayId=outer)
    own = group(ec2, vpc)
    assert code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    ec2.delete_security_group(GroupId=own)
    ec2.delete_vpc(VpcId=vpc)
    assert code(ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"


# --- unknown ids, dry runs, other accounts -----------------------------------------------------------------------

ABSENT = [
    ("describe_vpcs", dict(VpcIds=["vpc-0123456789abcdef0"]), "InvalidVpcID.NotFound"),
    ("delete_vpc", dict(VpcId="vpc-0123456789abcdef0"), "InvalidVpcID.NotFound"),
    ("create_subnet", dict(VpcId="vpc-0123456789abcdef0", CidrBlock="10.0.0.0/24"), "InvalidVpcID.NotFound"),
    ("describe_subnets", dict(SubnetIds=["subnet-0123456789abcdef0"]), "InvalidSubnetID.NotFound"),
    ("delete_subnet", dict(SubnetId="subnet-0123456789abcdef0"), "InvalidSubnetID.NotFound"),
    ("describe_route_tables", dict(RouteTableIds=["rtb-0123456789abcdef0"]), "InvalidRouteTableID.NotFound"),
    ("delete_route_table", dict(RouteTableId="rtb-0123456789abcdef0"), "InvalidRouteTableID.NotFound"),
    ("describe_internet_gateways", dict(InternetGatewayIds=["igw-0123456789abcdef0"]), "InvalidInternetGatewayID.NotFound"),
    ("delete_internet_gateway", dict(InternetGatewayId="igw-0123456789abcdef0"), "InvalidInternetGatewayID.NotFound"),
    ("describe_security_groups", dict(GroupIds=["sg-0123456789abcdef0"]), "InvalidGroup.NotFound"),
    ("delete_security_group", dict(GroupId="sg-0123456789abcdef0"), "InvalidGroup.NotFound"),
    ("describe_security_group_rules", dict(SecurityGroupRuleIds=["sgr-0123456789abcdef0"]), "InvalidSecurityGroupRuleId.NotFound"),
    ("describe_network_interfaces", dict(NetworkInterfaceIds=["eni-0123456789abcdef0"]), "InvalidNetworkInterfaceID.NotFound"),
    ("delete_network_interface", dict(NetworkInterfaceId="eni-0123456789abcdef0"), "InvalidNetworkInterfaceID.NotFound"),
    ("describe_addresses", dict(AllocationIds=["eipalloc-0123456789abcdef0"]), "InvalidAllocationID.NotFound"),
    ("release_address", dict(AllocationId="eipalloc-0123456789abcdef0"), "InvalidAllocationID.NotFound"),
    ("disassociate_address", dict(AssociationId="eipassoc-0123456789abcdef0"), "InvalidAssociationID.NotFound"),
    ("disassociate_route_table", dict(AssociationId="rtbassoc-0123456789abcdef0"), "InvalidAssociationID.NotFound"),
    ("describe_managed_prefix_lists", dict(PrefixListIds=["pl-0123456789abcdef0"]), "InvalidPrefixListID.NotFound"),
    ("delete_managed_prefix_list", dict(PrefixListId="pl-0123456789abcdef0"), "InvalidPrefixListID.NotFound"),
    ("describe_dhcp_options", dict(DhcpOptionsIds=["dopt-0123456789abcdef0"]), "InvalidDhcpOptionID.NotFound"),
    ("describe_instances", dict(InstanceIds=["i-0123456789abcdef0"]), "InvalidInstanceID.NotFound"),
    ("terminate_instances", dict(InstanceIds=["i-0123456789abcdef0"]), "InvalidInstanceID.NotFound"),
    ("describe_vpcs", dict(VpcIds=["nonsense"]), "InvalidVpcID.Malformed"),
    ("describe_subnets", dict(SubnetIds=["nonsense"]), "InvalidSubnetID.Malformed"),
    ("describe_security_groups", dict(GroupIds=["nonsense"]), "InvalidGroupId.Malformed"),
    ("terminate_instances", dict(InstanceIds=["i-xyz"]), "InvalidInstanceID.Malformed"),
]


@pytest.mark.parametrize("operation, words, expected", ABSENT, ids=[f"{o}-{e}" for o, _, e in ABSENT])
def test_what_does_not_exist(cloud, operation, words, expected):
    assert code(getattr(cloud.client("ec2"), operation), **words) == expected


def test_dry_runs_change_nothing(ec2, vpc):
    inner, own = subnet(ec2, vpc), group(ec2, vpc)
    before = state_of_everything(ec2)
    for call, words in [
        (ec2.create_vpc, dict(CidrBlock="10.5.0.0/16")), (ec2.delete_vpc, dict(VpcId=vpc)),
        (ec2.create_subnet, dict(VpcId=vpc, CidrBlock="10.0.7.0/24")), (ec2.delete_subnet, dict(SubnetId=inner)),
        (ec2.create_security_group, dict(GroupName="n", Description="n", VpcId=vpc)),
        (ec2.delete_security_group, dict(GroupId=own)), (ec2.create_internet_gateway, {}),
        (ec2.authorize_security_group_ingress, dict(GroupId=own, IpProtocol="-1", CidrIp="0.0.0.0/0")),
        (ec2.create_network_interface, dict(SubnetId=inner)), (ec2.allocate_address, {}),
        (ec2.run_instances, dict(ImageId="ami-12345678", MinCount=1, MaxCount=1, SubnetId=inner)),
    ]:
        with pytest.raises(ClientError) as caught:
            call(DryRun=True, **words)
        answer = caught.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("DryRunOperation", 412)
    assert state_of_everything(ec2) == before and not ec2.describe_addresses()["Addresses"]


def test_two_accounts_do_not_see_each_other(cloud, ec2, vpc):
    other = cloud.client("ec2", key=str(next(ACCOUNTS)))
    inner = subnet(ec2, vpc)
    assert vpc not in [v["VpcId"] for v in other.describe_vpcs()["Vpcs"]]
    assert code(other.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
    assert code(other.delete_subnet, SubnetId=inner) == "InvalidSubnetID.NotFound"
    assert code(other.create_network_interface, SubnetId=inner) == "InvalidSubnetID.NotFound"
    # The same holds for regions of one account.
    elsewhere = cloud.client("ec2", region="eu-west-1", key=ec2._request_signer._credentials.access_key)
    assert code(elsewhere.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"


# --- routes and gateways ------------------------------------------------------------------------------------------

def test_routes(ec2, vpc):
    edge, main = gateway(ec2, vpc), main_table(ec2, vpc)["RouteTableId"]
    assert code(ec2.delete_route_table, RouteTableId=main) == "DependencyViolation"
    assert code(ec2.delete_route, RouteTableId=main, DestinationCidrBlock="10.0.0.0/16") == "InvalidParameterValue"
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="192.0.2.77/24", GatewayId=edge)
    destinations = {r["DestinationCidrBlock"] for r in main_table(ec2, vpc)["Routes"]}
    assert destinations == {"10.0.0.0/16", "192.0.2.0/24"}
    absent = dict(RouteTableId=main, DestinationCidrBlock="192.0.3.0/24", GatewayId=edge)
    assert code(ec2.replace_route, **absent) == "InvalidParameterValue"
    detached = absent | {"GatewayId": gateway_of_nobody(ec2)}
    assert code(ec2.create_route, **detached) in ("InvalidParameterValue", "InvalidGatewayID.NotFound", "Gateway.NotAttached")
    assert code(ec2.delete_route, RouteTableId=main, DestinationCidrBlock="192.0.3.0/24") == "InvalidRoute.NotFound"
    assert code(ec2.create_route, RouteTableId=main, DestinationCidrBlock="x/24", GatewayId=edge) == "InvalidParameterValue"
    ec2.delete_route(RouteTableId=main, DestinationCidrBlock="192.0.2.0/24")
    assert len(main_table(ec2, vpc)["Routes"]) == 1


def gateway_of_nobody(ec2):
    return ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]


def test_one_destination_has_one_route(ec2, vpc):
    inner, edge, main = subnet(ec2, vpc), gateway(ec2, vpc), main_table(ec2, vpc)["RouteTableId"]
    interface = ec2.create_network_interface(SubnetId=inner)["NetworkInterface"]["NetworkInterfaceId"]
    ec2.create_route(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", GatewayId=edge)
    second = dict(RouteTableId=main, DestinationCidrBlock="0.0.0.0/0", NetworkInterfaceId=interface)
    assert code(ec2.create_route, **second) == "RouteAlreadyExists"
    ec2.replace_route(**second)
    found = [r for r in main_table(ec2, vpc)["Routes"] if r["DestinationCidrBlock"] == "0.0.0.0/0"]
    assert [r["NetworkInterfaceId"] for r in found] == [interface]


def test_associations_of_tables(ec2, vpc):
    inner = subnet(ec2, vpc)
    own = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    made = ec2.associate_route_table(RouteTableId=own, SubnetId=inner)["AssociationId"]
    other = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    assert code(ec2.associate_route_table, RouteTableId=other, SubnetId=inner) == "Resource.AlreadyAssociated"
    assert code(ec2.delete_route_table, RouteTableId=own) == "DependencyViolation"
    ec2.disassociate_route_table(AssociationId=made)
    ec2.delete_route_table(RouteTableId=own)


def test_gateways_attach_once(ec2, vpc):
    edge = gateway(ec2, vpc)
    second = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    assert code(ec2.attach_internet_gateway, InternetGatewayId=edge, VpcId=second) == "Resource.AlreadyAssociated"
    assert code(ec2.detach_internet_gateway, InternetGatewayId=edge, VpcId=second) == "Gateway.NotAttached"
    spare = gateway_of_nobody(ec2)
    assert code(ec2.detach_internet_gateway, InternetGatewayId=spare, VpcId=second) == "Gateway.NotAttached"


def test_a_mapped_address_holds_the_gateway(ec2, vpc):
    inner, edge = subnet(ec2, vpc), gateway(ec2, vpc)
    interface = ec2.create_network_interface(SubnetId=inner)["NetworkInterface"]["NetworkInterfaceId"]
    address = ec2.allocate_address(Domain="vpc")["AllocationId"]
    mapped = ec2.associate_address(AllocationId=address, NetworkInterfaceId=interface)["AssociationId"]
    assert code(ec2.detach_internet_gateway, InternetGatewayId=edge, VpcId=vpc) == "DependencyViolation"
    assert code(ec2.release_address, AllocationId=address) == "InvalidIPAddress.InUse"
    other = ec2.create_network_interface(SubnetId=inner)["NetworkInterface"]["NetworkInterfaceId"]
    moved = dict(AllocationId=address, NetworkInterfaceId=other)
    assert code(ec2.associate_address, AllowReassociation=False, **moved) == "Resource.AlreadyAssociated"
    mapped = ec2.associate_address(AllowReassociation=True, **moved)["AssociationId"]
    ec2.disassociate_address(AssociationId=mapped)
    ec2.detach_internet_gateway(InternetGatewayId=edge, VpcId=vpc)
    ec2.release_address(AllocationId=address)


# --- security groups and prefix lists -----------------------------------------------------------------------------

def only(ec2, group_id):
    return ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"][0]


def default_group(ec2, vpc):
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "group-name", "Values": ["default"]}]
    return ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]


def test_first_rules(ec2, vpc):
    default, fresh = default_group(ec2, vpc), only(ec2, group(ec2, vpc))
    (inward,) = default["IpPermissions"]
    assert inward["IpProtocol"] == "-1" and [p["GroupId"] for p in inward["UserIdGroupPairs"]] == [default["GroupId"]]
    assert fresh["IpPermissions"] == []
    for found in (default, fresh):
        (outward,) = found["IpPermissionsEgress"]
        assert outward["IpProtocol"] == "-1" and outward["IpRanges"] == [{"CidrIp": "0.0.0.0/0"}]


def test_duplicates_and_absentees(ec2, vpc):
    own, rule = group(ec2, vpc), dict(IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="10.0.0.0/8")
    ec2.authorize_security_group_ingress(GroupId=own, **rule)
    assert code(ec2.authorize_security_group_ingress, GroupId=own, **rule) == "InvalidPermission.Duplicate"
    absent = rule | {"FromPort": 81, "ToPort": 81}
    assert code(ec2.revoke_security_group_ingress, GroupId=own, **absent) == "InvalidPermission.NotFound"
    ec2.revoke_security_group_ingress(GroupId=own, **rule)
    assert only(ec2, own)["IpPermissions"] == []
    assert code(ec2.create_security_group, GroupName="web", Description="web", VpcId=vpc) == "InvalidGroup.Duplicate"


@pytest.mark.parametrize("rule, expected", [
    (dict(IpProtocol="tcp", FromPort=90, ToPort=80, CidrIp="10.0.0.0/8"), "InvalidParameterValue"),
    (dict(IpProtocol="tcp", FromPort=-5, ToPort=80, CidrIp="10.0.0.0/8"), "InvalidParameterValue"),
    (dict(IpProtocol="tcp", FromPort=1, ToPort=65536, CidrIp="10.0.0.0/8"), "InvalidParameterValue"),
    (dict(IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="10.0.0.0/99"), "InvalidParameterValue"),
    (dict(IpProtocol="carrier-pigeon", FromPort=80, ToPort=80, CidrIp="10.0.0.0/8"), "InvalidParameterValue"),
    (dict(IpProtocol="tcp", FromPort=80, ToPort=80), ("MissingParameter", "InvalidParameterValue", "InvalidRequest")),
])
def test_bad_rules(ec2, vpc, rule, expected):
    own = group(ec2, vpc)
    assert code(ec2.authorize_security_group_ingress, GroupId=own, **rule) in ([expected] if isinstance(expected, str) else expected)
    assert only(ec2, own)["IpPermissions"] == []


def test_one_bad_rule_spoils_the_batch(ec2, vpc):
    own = group(ec2, vpc)
    good = {"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}
    bad = good | {"FromPort": 2, "ToPort": 1}
    assert code(ec2.authorize_security_group_ingress, GroupId=own, IpPermissions=[good, bad]) == "InvalidParameterValue"
    assert only(ec2, own)["IpPermissions"] == []


def test_sixty_rules(ec2, vpc):
    own = group(ec2, vpc)
    ranges = [{"CidrIp": f"10.0.{n}.0/24"} for n in range(60)]
    ec2.authorize_security_group_ingress(
        GroupId=own, IpPermissions=[{"IpProtocol": "tcp", "FromPort": 1, "ToPort": 1, "IpRanges": ranges}])
    one_more = dict(GroupId=own, IpProtocol="tcp", FromPort=1, ToPort=1, CidrIp="10.1.0.0/24")
    assert code(ec2.authorize_security_group_ingress, **one_more) == "RulesPerSecurityGroupLimitExceeded"


def test_what_holds_a_group(ec2, vpc):
    default, own, other = default_group(ec2, vpc)["GroupId"], group(ec2, vpc), group(ec2, vpc, "other")
    assert code(ec2.delete_security_group, GroupId=default) == "CannotDelete"
    reference = [{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": own}]}]
    ec2.authorize_security_group_ingress(GroupId=other, IpPermissions=reference)
    assert code(ec2.delete_security_group, GroupId=own) == "DependencyViolation"
    ec2.revoke_security_group_ingress(GroupId=other, IpPermissions=reference)
    interface = ec2.create_network_interface(SubnetId=subnet(ec2, vpc), Groups=[own])["NetworkInterface"]["NetworkInterfaceId"]
    assert code(ec2.delete_security_group, GroupId=own) == "DependencyViolation"
    ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=[other])
    ec2.delete_security_group(GroupId=own)


def test_five_groups_per_interface(ec2, vpc):
    inner, groups = subnet(ec2, vpc), [group(ec2, vpc, f"g{n}") for n in range(6)]
    assert code(ec2.create_network_interface, SubnetId=inner, Groups=groups) == "SecurityGroupsPerInterfaceLimitExceeded"
    made = ec2.create_network_interface(SubnetId=inner, Groups=groups[:5])["NetworkInterface"]["NetworkInterfaceId"]
    asked = dict(NetworkInterfaceId=made, Groups=groups)
    assert code(ec2.modify_network_interface_attribute, **asked) == "SecurityGroupsPerInterfaceLimitExceeded"


def test_a_group_of_another_vpc(ec2, vpc):
    second = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    foreign = group(ec2, second)
    before = state_of_everything(ec2)
    assert code(ec2.create_network_interface, SubnetId=subnet(ec2, vpc), Groups=[foreign]) == "InvalidParameter"
    assert state_of_everything(ec2)[-1] == before[-1]


def test_rules_by_their_ids(ec2, vpc):
    own = group(ec2, vpc)
    (made,) = ec2.authorize_security_group_ingress(
        GroupId=own, IpPermissions=[{"IpProtocol": "udp", "FromPort": 53, "ToPort": 53, "IpRanges": [
            {"CidrIp": "10.0.0.0/8", "Description": "names"}]}])["SecurityGroupRules"]
    changed = {"IpProtocol": "udp", "FromPort": 54, "ToPort": 55, "CidrIpv4": "10.0.0.0/9", "Description": "other"}
    ec2.modify_security_group_rules(GroupId=own, SecurityGroupRules=[
        {"SecurityGroupRuleId": made["SecurityGroupRuleId"], "SecurityGroupRule": changed}])
    (found,) = ec2.describe_security_group_rules(SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])["SecurityGroupRules"]
    assert {k: found[k] for k in changed} == changed
    ec2.revoke_security_group_ingress(GroupId=own, SecurityGroupRuleIds=[made["SecurityGroupRuleId"]])
    assert only(ec2, own)["IpPermissions"] == []


def test_prefix_lists(ec2, vpc):
    made = ec2.create_managed_prefix_list(
        PrefixListName="office", AddressFamily="IPv4", MaxEntries=2, Entries=[{"Cidr": "10.7.0.0/16", "Description": "a"}]
    )["PrefixList"]
    name = made["PrefixListId"]
    ec2.modify_managed_prefix_list(PrefixListId=name, CurrentVersion=made["Version"], AddEntries=[{"Cidr": "10.8.0.0/16"}])
    entries = ec2.get_managed_prefix_list_entries(PrefixListId=name)["Entries"]
    assert {e["Cidr"] for e in entries} == {"10.7.0.0/16", "10.8.0.0/16"}
    (now,) = ec2.describe_managed_prefix_lists(PrefixListIds=[name])["PrefixLists"]
    more = dict(PrefixListId=name, AddEntries=[{"Cidr": "10.9.0.0/16"}])
    assert code(ec2.modify_managed_prefix_list, CurrentVersion=now["Version"], **more) == "PrefixListMaxEntriesExceeded"
    assert code(ec2.modify_managed_prefix_list, CurrentVersion=99, **more) in ("PrefixListVersionMismatch", "IncorrectState")
    own = group(ec2, vpc)
    ec2.authorize_security_group_ingress(
        GroupId=own, IpPermissions=[{"IpProtocol": "-1", "PrefixListIds": [{"PrefixListId": name}]}])
    assert code(ec2.delete_managed_prefix_list, PrefixListId=name) == "DependencyViolation"
    ec2.delete_security_group(GroupId=own)
    ec2.delete_managed_prefix_list(PrefixListId=name)
