"""Network ACLs: what clients see of them, and what packets meet at the border of a subnet."""

import json
from threading import Thread

import pytest
from conftest import needs_root, wait_for
from probes import ask_udp, reach, shell
from test_network_api import code, ec2, gateway, main_table, subnet, vpc  # noqa: F401  (ec2 and vpc are fixtures)
from test_packets import ANYWHERE, World
from test_machines import terminate


def default_acl(ec2, vpc):
    wanted = [{"Name": "vpc-id", "Values": [vpc]}, {"Name": "default", "Values": ["true"]}]
    (acl,) = ec2.describe_network_acls(Filters=wanted)["NetworkAcls"]
    return acl


def entry(acl, number, action="allow", egress=False, **more):
    words = dict(NetworkAclId=acl, RuleNumber=number, RuleAction=action, Egress=egress, Protocol="-1")
    return words | (more if "Ipv6CidrBlock" in more else {"CidrBlock": ANYWHERE} | more)


def test_a_vpc_is_born_with_an_acl_that_lets_everything_pass(ec2, vpc):
    acl = default_acl(ec2, vpc)
    assert [(e["Egress"], e["RuleNumber"], e["RuleAction"], e["CidrBlock"], e["Protocol"]) for e in acl["Entries"]] == [
        (True, 100, "allow", ANYWHERE, "-1"), (True, 32767, "deny", ANYWHERE, "-1"),
        (False, 100, "allow", ANYWHERE, "-1"), (False, 32767, "deny", ANYWHERE, "-1")]
    made = subnet(ec2, vpc)
    (association,) = default_acl(ec2, vpc)["Associations"]
    assert association["SubnetId"] == made and association["NetworkAclAssociationId"].startswith("aclassoc-")
    assert code(ec2.delete_network_acl, NetworkAclId=acl["NetworkAclId"]) == "InvalidParameterValue"
    ec2.associate_vpc_cidr_block(VpcId=vpc, AmazonProvidedIpv6CidrBlock=True)
    numbers = [e["RuleNumber"] for e in default_acl(ec2, vpc)["Entries"] if not e["Egress"]]
    assert numbers == [100, 101, 32767, 32768]


def test_the_command_line_speaks_of_entries(cloud, ec2, vpc):
    key = {"AWS_ACCESS_KEY_ID": ec2._request_signer._credentials.access_key}
    acl = cloud.aws("ec2", "create-network-acl", "--vpc-id", vpc, **key)["NetworkAcl"]["NetworkAclId"]
    cloud.aws("ec2", "create-network-acl-entry", "--network-acl-id", acl, "--ingress", "--rule-number", "100", "--protocol",
              "udp", "--port-range", "From=53,To=53", "--cidr-block", ANYWHERE, "--rule-action", "allow", **key)
    cloud.aws("ec2", "create-network-acl-entry", "--network-acl-id", acl, "--egress", "--rule-number", "7", "--protocol", "icmp",
              "--icmp-type-code", "Type=8,Code=-1", "--cidr-block", "10.1.2.3/8", "--rule-action", "deny", **key)
    (shown,) = cloud.aws("ec2", "describe-network-acls", "--network-acl-ids", acl, **key)["NetworkAcls"]
    first, last = [e for e in shown["Entries"] if e["RuleNumber"] < 32767]
    assert first == {"CidrBlock": "10.0.0.0/8", "Egress": True, "IcmpTypeCode": {"Code": -1, "Type": 8}, "Protocol": "1",
                     "RuleAction": "deny", "RuleNumber": 7}, json.dumps(shown)
    assert last == {"CidrBlock": ANYWHERE, "Egress": False, "PortRange": {"From": 53, "To": 53}, "Protocol": "17",
                    "RuleAction": "allow", "RuleNumber": 100}


@pytest.mark.parametrize("operation, words, expected", [
    ("create_network_acl_entry", {"RuleNumber": 0}, "InvalidParameterValue"),
    ("create_network_acl_entry", {"RuleNumber": 32767}, "InvalidParameterValue"),
    ("create_network_acl_entry", {"RuleNumber": 5}, "NetworkAclEntryAlreadyExists"),
    ("create_network_acl_entry", {"RuleNumber": 6, "Protocol": "6"}, "MissingParameter"),
    ("create_network_acl_entry", {"RuleNumber": 6, "CidrBlock": "10.0.0.0/33"}, "InvalidParameterValue"),
    ("replace_network_acl_entry", {"RuleNumber": 6}, "InvalidNetworkAclEntry.NotFound"),
    ("replace_network_acl_entry", {"NetworkAclId": "acl-00000000"}, "InvalidNetworkAclID.NotFound"),
])
def test_bad_entries_change_nothing(ec2, vpc, operation, words, expected):
    acl = ec2.create_network_acl(VpcId=vpc)["NetworkAcl"]["NetworkAclId"]
    ec2.create_network_acl_entry(**entry(acl, 5))
    before = ec2.describe_network_acls()["NetworkAcls"]
    assert code(getattr(ec2, operation), **(entry(acl, 5) | words)) == expected
    assert ec2.describe_network_acls()["NetworkAcls"] == before


def test_pages_joined_are_the_whole(ec2, vpc):
    for _ in range(12):
        ec2.create_network_acl(VpcId=vpc)
    whole = [a["NetworkAclId"] for a in ec2.describe_network_acls()["NetworkAcls"]]
    pages = ec2.get_paginator("describe_network_acls").paginate(PaginationConfig={"PageSize": 5})
    assert [a["NetworkAclId"] for p in pages for a in p["NetworkAcls"]] == whole and len(whole) == 14


def test_routes_name_every_kind_of_gateway(ec2):
    v6 = ec2.create_vpc(CidrBlock="10.0.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    out = ec2.create_egress_only_internet_gateway(VpcId=v6)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    vgw = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    ec2.attach_vpn_gateway(VpnGatewayId=vgw, VpcId=v6)
    table = main_table(ec2, v6)["RouteTableId"]
    ec2.create_route(RouteTableId=table, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=out)
    ec2.create_route(RouteTableId=table, DestinationCidrBlock="192.168.0.0/16", GatewayId=vgw)
    ec2.enable_vgw_route_propagation(RouteTableId=table, GatewayId=vgw)
    shown = main_table(ec2, v6)
    assert [r["State"] for r in shown["Routes"]] == ["active"] * 4 and shown["PropagatingVgws"] == [{"GatewayId": vgw}]
    ec2.detach_vpn_gateway(VpnGatewayId=vgw, VpcId=v6)
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=out)
    shown = main_table(ec2, v6)
    assert [r["State"] for r in shown["Routes"]] == ["active"] * 2 + ["blackhole"] * 2 and not shown["PropagatingVgws"]


# --- packets ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def border(cloud):
    """A caller and a neighbour in one subnet, and a server in another, all in groups that let everything pass."""
    world = World(cloud)
    everything = world.group(("-1", -1, ANYWHERE))
    world.caller, world.neighbour = world.machine(world.public, everything), world.machine(world.public, everything)
    world.server = world.machine(world.private, everything)
    yield world
    terminate(world.ec2, world.ids)


@pytest.fixture
def guarded(border):
    """The server's subnet under an ACL of its own: (world, ACL id). Afterwards it is under the default one again."""
    acl = border.ec2.create_network_acl(VpcId=border.vpc)["NetworkAcl"]["NetworkAclId"]
    default = default_acl(border.ec2, border.vpc)
    (association,) = [a["NetworkAclAssociationId"] for a in default["Associations"] if a["SubnetId"] == border.private]
    moved = border.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]
    yield border, acl
    border.ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=default["NetworkAclId"])
    border.ec2.delete_network_acl(NetworkAclId=acl)


@needs_root
def test_an_empty_acl_denies_and_the_lowest_number_decides(cloud, guarded):
    world, acl = guarded
    caller, server = world.caller[0], world.server[1]
    assert reach(cloud, caller, server) == "silent"
    world.ec2.create_network_acl_entry(**entry(acl, 200))
    world.ec2.create_network_acl_entry(**entry(acl, 200, egress=True))
    assert reach(cloud, caller, server) == "open" and ask_udp(cloud, caller, server) == world.caller[1]
    web = dict(Protocol="6", PortRange={"From": 80, "To": 80})
    world.ec2.create_network_acl_entry(**entry(acl, 300, "deny", **web))
    assert reach(cloud, caller, server) == "open", "an entry behind the one that matches means nothing"
    world.ec2.create_network_acl_entry(**entry(acl, 100, "deny", **web))
    assert reach(cloud, caller, server) == "silent" and reach(cloud, caller, server, 81) == "open"
    world.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=100, Egress=False)
    assert reach(cloud, caller, server) == "open"


@needs_root
def test_nothing_is_remembered_answers_need_an_entry_too(cloud, guarded):
    world, acl = guarded
    caller, server = world.caller[0], world.server[1]
    world.ec2.create_network_acl_entry(**entry(acl, 100, Protocol="6", PortRange={"From": 80, "To": 80}))
    assert reach(cloud, caller, server) == "silent", "the answer to a high port is not let out"
    high = dict(Protocol="6", PortRange={"From": 1024, "To": 65535})
    world.ec2.create_network_acl_entry(**entry(acl, 100, egress=True, **high))
    assert reach(cloud, caller, server) == "open"
    # A connection that stands is cut by a deny at once.
    talk = (f"bash -c 'exec 3<>/dev/tcp/{server}/80; echo a >&3; read -t 30 x <&3 && echo first; "
            "touch /root/talking; while [ -e /root/talking ]; do sleep 0.05; done; echo b >&3; read -t 2 x <&3 && echo second; true'")
    heard = []
    speaker = Thread(target=lambda: heard.append(shell(cloud, caller, talk)))
    speaker.start()
    wait_for(lambda: shell(cloud, caller, "test -e /root/talking && echo yes; true") == "yes", 60, "the first answer")
    world.ec2.replace_network_acl_entry(**entry(acl, 100, "deny", egress=True, **high))
    shell(cloud, caller, "rm /root/talking")
    speaker.join(120)
    assert heard == ["first"]


@needs_root
def test_neighbours_of_one_subnet_never_meet_the_acl(cloud, border):
    acl = border.ec2.create_network_acl(VpcId=border.vpc)["NetworkAcl"]["NetworkAclId"]
    default = default_acl(border.ec2, border.vpc)
    (association,) = [a["NetworkAclAssociationId"] for a in default["Associations"] if a["SubnetId"] == border.public]
    moved = border.ec2.replace_network_acl_association(AssociationId=association, NetworkAclId=acl)["NewAssociationId"]
    try:
        assert reach(cloud, border.caller[0], border.neighbour[1]) == "open"
        assert reach(cloud, border.caller[0], border.server[1]) == "silent"
    finally:
        border.ec2.replace_network_acl_association(AssociationId=moved, NetworkAclId=default["NetworkAclId"])
