"""VPC peering, and rules that reach through it, spoken to by boto3."""

import pytest
from conftest import needs_root, wait_for
from probes import reach
from test_machines import terminate
from test_network_api import ACCOUNTS, code, ec2, group, subnet, vpc  # noqa: F401  (ec2 and vpc are fixtures)
from test_packets import World


def request(ec2, ours, theirs, **more):
    made = ec2.create_vpc_peering_connection(VpcId=ours, PeerVpcId=theirs, **more)["VpcPeeringConnection"]
    assert made["Status"]["Code"] == "initiating-request"
    return made["VpcPeeringConnectionId"]


def status(ec2, pcx):
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[pcx])["VpcPeeringConnections"]
    return found[0]["Status"]["Code"]


def permission(group, port=5432, **more):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "UserIdGroupPairs": [{"GroupId": group} | more]}]


def test_one_account(ec2, vpc):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    tags = [{"ResourceType": "vpc-peering-connection", "Tags": [{"Key": "Name", "Value": "link"}]}]
    pcx = request(ec2, vpc, other, TagSpecifications=tags)
    ec2.get_waiter("vpc_peering_connection_exists").wait(VpcPeeringConnectionIds=[pcx])
    assert status(ec2, pcx) == "pending-acceptance"
    assert code(ec2.create_vpc_peering_connection, VpcId=other, PeerVpcId=vpc) == "VpcPeeringConnectionAlreadyExists"
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    found = ec2.describe_vpc_peering_connections(Filters=[{"Name": "tag:Name", "Values": ["link"]}])
    (shown,) = found["VpcPeeringConnections"]
    assert shown["Status"] == {"Code": "active", "Message": "Active"}
    assert shown["AccepterVpcInfo"]["CidrBlockSet"] == [{"CidrBlock": "10.1.0.0/16"}]
    options = {"AllowDnsResolutionFromRemoteVpc": True}
    ec2.modify_vpc_peering_connection_options(
        VpcPeeringConnectionId=pcx, RequesterPeeringConnectionOptions=options, AccepterPeeringConnectionOptions=options
    )
    assert code(ec2.reject_vpc_peering_connection, VpcPeeringConnectionId=pcx) == "InvalidStateTransition"

    # A route through the connection outlives it as a blackhole.
    table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="10.1.0.0/16", VpcPeeringConnectionId=pcx)

    def state():
        routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
        return next(r["State"] for r in routes if r.get("VpcPeeringConnectionId") == pcx)

    assert state() == "active"
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    ec2.get_waiter("vpc_peering_connection_deleted").wait(VpcPeeringConnectionIds=[pcx])
    assert state() == "blackhole"


def test_overlap_fails(ec2, vpc):
    inside = ec2.create_vpc(CidrBlock="10.0.7.0/24")["Vpc"]["VpcId"]
    assert status(ec2, request(ec2, vpc, inside)) == "failed"


def test_two_accounts_in_two_regions(cloud, ec2, vpc):
    account = str(next(ACCOUNTS))
    theirs = cloud.client("ec2", key=account, region="eu-west-1")
    other = theirs.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    pcx = request(ec2, vpc, other, PeerOwnerId=account, PeerRegion="eu-west-1")
    assert code(ec2.accept_vpc_peering_connection, VpcPeeringConnectionId=pcx) == "OperationNotPermitted"
    accepted = theirs.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)["VpcPeeringConnection"]
    assert accepted["AccepterVpcInfo"]["Region"] == "eu-west-1" and accepted["AccepterVpcInfo"]["OwnerId"] == account
    assert status(ec2, pcx) == status(theirs, pcx) == "active"
    theirs.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    found = ec2.describe_vpc_peering_connections(VpcPeeringConnectionIds=[pcx])["VpcPeeringConnections"][0]
    assert found["Status"] == {"Code": "deleted", "Message": f"Deleted by {account}"}


def test_rules_reach_through_and_become_stale(ec2, vpc):
    other = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
    web, db = group(ec2, vpc, "web"), group(ec2, other, "db")
    ingress = {"GroupId": db, "IpPermissions": permission(web)}
    assert code(ec2.authorize_security_group_ingress, **ingress) == "InvalidGroup.NotFound"
    pcx = request(ec2, vpc, other)
    ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    ec2.authorize_security_group_ingress(**ingress)
    pair = ec2.describe_security_groups(GroupIds=[db])["SecurityGroups"][0]["IpPermissions"][0]["UserIdGroupPairs"][0]
    assert (pair["VpcId"], pair["VpcPeeringConnectionId"], pair["PeeringStatus"]) == (vpc, pcx, "active")
    (reference,) = ec2.describe_security_group_references(GroupId=[web])["SecurityGroupReferenceSet"]
    assert reference["ReferencingVpcId"] == other
    ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)
    (stale,) = ec2.describe_stale_security_groups(VpcId=other)["StaleSecurityGroupSet"]
    assert stale["GroupId"] == db and stale["StaleIpPermissions"][0]["FromPort"] == 5432
    ec2.revoke_security_group_ingress(**ingress)
    assert not ec2.describe_stale_security_groups(VpcId=other)["StaleSecurityGroupSet"]


class Peered(World):
    """Like the world of packet tests, elsewhere."""

    def __init__(self, cloud, block):
        self.cloud, self.ec2, self.ids, self.counter = cloud, cloud.client("ec2"), [], 0
        self.vpc = self.ec2.create_vpc(CidrBlock=f"{block}.0.0/16")["Vpc"]["VpcId"]
        self.inside = self.subnet(f"{block}.1.0/24")
        tables = self.ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [self.vpc]}])["RouteTables"]
        self.table = tables[0]["RouteTableId"]


@needs_root
def test_packets_pass_while_the_connection_stands(cloud):
    left, right = Peered(cloud, "10.31"), Peered(cloud, "10.32")
    try:
        client, _, card = left.machine(left.inside, left.group())
        member = left.group()
        closed = right.group()
        server, address, _ = right.machine(right.inside, closed)
        pcx = request(left.ec2, left.vpc, right.vpc)
        left.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=pcx)
        left.route("10.32.0.0/16", VpcPeeringConnectionId=pcx)
        right.route("10.31.0.0/16", VpcPeeringConnectionId=pcx)
        right.allow(closed, "tcp", 80, member)
        assert reach(cloud, client, address) == "silent", "the client is no member of the group yet"
        left.groups_of(card, member)
        assert reach(cloud, client, address) == "open"
        assert reach(cloud, client, address, 81) == "silent"
        left.ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=pcx)
        assert reach(cloud, client, address) == "silent"
    finally:
        if left.ids + right.ids:
            terminate(left.ec2, left.ids + right.ids)
