"""Real packets between real machines: what the records say is what the kernel does, from the very next packet on."""

import socket

import pytest
from conftest import needs_root, run_shell, wait_for
from probes import READY, SERVER, ask_udp, forge, ping, reach, seen, shell
from test_machines import connects, describe, terminate

pytestmark = needs_root

ANYWHERE = "0.0.0.0/0"


class World:
    """A VPC with a public and a private subnet, and machines in it that answer."""

    def __init__(self, cloud, ipv6=False):
        self.cloud, self.ec2, self.ids, self.counter = cloud, cloud.client("ec2"), [], 0
        made = self.ec2.create_vpc(CidrBlock="10.20.0.0/16", AmazonProvidedIpv6CidrBlock=ipv6)["Vpc"]
        self.vpc = made["VpcId"]
        self.public = self.subnet("10.20.1.0/24")
        self.private = self.subnet("10.20.2.0/24")
        self.edge = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=self.edge, VpcId=self.vpc)
        self.table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=self.table, SubnetId=self.public)
        self.route(ANYWHERE, GatewayId=self.edge)

    def subnet(self, cidr, **more):
        return self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=cidr, **more)["Subnet"]["SubnetId"]

    def route(self, destination, table=None, **target):
        self.ec2.create_route(RouteTableId=table or self.table, DestinationCidrBlock=destination, **target)

    def group(self, *ingress):
        """A group with ingress rules (protocol, port, source), the source a range or a group."""
        self.counter += 1
        name = f"group-{self.counter}"
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=self.vpc)["GroupId"]
        for rule in ingress:
            self.allow(made, *rule)
        return made

    def permission(self, protocol, port, source):
        kinds = {"sg-": ("UserIdGroupPairs", "GroupId"), "pl-": ("PrefixListIds", "PrefixListId")}
        member, key = kinds.get(source[:3], ("Ipv6Ranges", "CidrIpv6") if ":" in source else ("IpRanges", "CidrIp"))
        return [{"IpProtocol": protocol, "FromPort": port, "ToPort": port, member: [{key: source}]}]

    def allow(self, group, *rule):
        self.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=self.permission(*rule))

    def forbid(self, group, *rule):
        self.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=self.permission(*rule))

    def machine(self, subnet, *groups, public=False, **more):
        """A machine that answers already: (instance id, private address, interface id)."""
        card = {"DeviceIndex": 0, "SubnetId": subnet, "Groups": list(groups), "AssociatePublicIpAddress": public} | more
        made = self.ec2.run_instances(ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1,
                                      NetworkInterfaces=[card], UserData=SERVER)["Instances"][0]
        name = made["InstanceId"]
        self.ids.append(name)
        self.ec2.get_waiter("instance_running").wait(InstanceIds=[name], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        wait_for(lambda: run_shell(self.cloud, [name], READY)[name][1] == "up\n", 60, "the server")
        return name, made["PrivateIpAddress"], made["NetworkInterfaces"][0]["NetworkInterfaceId"]

    def groups_of(self, interface, *groups):
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, Groups=list(groups))


@pytest.fixture(scope="module")
def world(cloud):
    world = World(cloud)
    yield world
    terminate(world.ec2, world.ids)


@pytest.fixture(scope="module")
def outside(cloud):
    """A machine of another VPC with a public address: to the world under test it is the internet."""
    other = World(cloud)
    name, _, _ = other.machine(other.public, other.group(("tcp", 80, ANYWHERE)), public=True)
    yield name, describe(other.ec2, name)["PublicIpAddress"]
    terminate(other.ec2, other.ids)


@pytest.fixture(scope="module")
def pair(world):
    """A caller and a server in different subnets, each in a group of its own without ingress rules."""
    return world.machine(world.public, world.group()), world.machine(world.private, world.group())


@pytest.fixture
def fresh(world, pair):
    """The pair with new groups: (caller, server, the caller's group, the server's)."""
    caller, server = pair
    first, second = world.group(), world.group()
    world.groups_of(caller[2], first)
    world.groups_of(server[2], second)
    return caller, server, first, second


def test_private_means_no_way_out_and_no_way_in(cloud, world, outside):
    name, address, _ = world.machine(world.private, world.group(("-1", -1, ANYWHERE)))
    assert reach(cloud, name, outside[1]) == "silent"
    assert reach(cloud, outside[0], address) == "silent"


@pytest.mark.parametrize("where", ["address without a route", "route without an address"])
def test_half_a_way_is_none(cloud, world, outside, where):
    group = world.group(("tcp", 80, ANYWHERE))
    if where == "route without an address":
        name, _, _ = world.machine(world.public, group)
        assert reach(cloud, name, outside[1]) == "silent"
        return
    name, _, interface = world.machine(world.private, group)
    mapped = world.ec2.allocate_address(Domain="vpc")
    world.ec2.associate_address(AllocationId=mapped["AllocationId"], NetworkInterfaceId=interface)
    assert reach(cloud, name, outside[1]) == "silent"
    assert not connects(mapped["PublicIp"], 80, 0.5)
    # The missing half makes it whole, at once and both ways; taken away it is closed again.
    table = world.ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    world.route(ANYWHERE, table, GatewayId=world.edge)
    joined = world.ec2.associate_route_table(RouteTableId=table, SubnetId=world.private)["AssociationId"]
    assert reach(cloud, name, outside[1]) == "open" and connects(mapped["PublicIp"], 80)
    world.ec2.disassociate_route_table(AssociationId=joined)
    assert reach(cloud, name, outside[1]) == "silent" and not connects(mapped["PublicIp"], 80, 0.5)


def test_a_public_address_is_what_the_other_side_sees(cloud, world, outside):
    """Check 31 of docs/packet-checks.md."""
    name, private, _ = world.machine(world.public, world.group(("tcp", 80, ANYWHERE)), public=True)
    public = describe(world.ec2, name)["PublicIpAddress"]
    assert shell(cloud, name, f"bash -c 'exec 3<>/dev/tcp/{outside[1]}/80; echo hi >&3; head -1 <&3'").endswith(public)
    assert private in shell(cloud, name, "hostname -I") and public not in shell(cloud, name, "hostname -I")
    assert connects(public, 80)


def test_a_reference_follows_membership(cloud, world, fresh):
    caller, server, first, second = fresh
    world.allow(second, "tcp", 80, first)  # membership first, rule second
    assert reach(cloud, caller[0], server[1]) == "open"
    stranger = world.group()
    world.groups_of(caller[2], stranger)
    assert reach(cloud, caller[0], server[1]) == "silent"
    world.groups_of(caller[2], stranger, first)  # rule first, membership second
    assert reach(cloud, caller[0], server[1]) == "open"
    world.forbid(second, "tcp", 80, first)
    assert reach(cloud, caller[0], server[1]) == "silent"


def test_a_reference_holds_for_machines_born_later(cloud, world, fresh):
    _, server, first, second = fresh
    world.allow(second, "tcp", 80, first)
    late, _, _ = world.machine(world.private, first)
    assert reach(cloud, late, server[1]) == "open" and reach(cloud, late, server[1], 81) == "silent"


def test_a_default_group_is_one_of_members(cloud, world, fresh):
    caller, server, _, _ = fresh
    wanted = [{"Name": "vpc-id", "Values": [world.vpc]}, {"Name": "group-name", "Values": ["default"]}]
    default = world.ec2.describe_security_groups(Filters=wanted)["SecurityGroups"][0]["GroupId"]
    world.groups_of(server[2], default)
    assert reach(cloud, caller[0], server[1]) == "silent"
    world.groups_of(caller[2], default)
    assert reach(cloud, caller[0], server[1]) == "open"


def test_both_gates_must_let_it_through(cloud, world, fresh):
    caller, server, first, second = fresh
    for port in (80, 81):
        world.allow(second, "tcp", port, ANYWHERE)
    everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": ANYWHERE}]}]
    world.ec2.revoke_security_group_egress(GroupId=first, IpPermissions=everything)
    assert [reach(cloud, caller[0], server[1], p) for p in (80, 81)] == ["silent", "silent"]
    world.ec2.authorize_security_group_egress(GroupId=first, IpPermissions=world.permission("tcp", 80, f"{server[1]}/32"))
    assert [reach(cloud, caller[0], server[1], p) for p in (80, 81)] == ["open", "silent"]
    world.forbid(second, "tcp", 80, ANYWHERE)  # the sender may still, the receiver does not want it
    assert reach(cloud, caller[0], server[1]) == "silent"
    # Answers need no egress rule of the one who was asked.
    world.ec2.revoke_security_group_egress(GroupId=second, IpPermissions=everything)
    world.allow(second, "tcp", 80, ANYWHERE)
    assert reach(cloud, caller[0], server[1]) == "open"


def test_groups_add_up(cloud, world, fresh):
    caller, server, _, second = fresh
    world.allow(second, "tcp", 80, f"{caller[1]}/32")
    world.groups_of(server[2], second, world.group(("tcp", 81, f"{caller[1]}/32")))
    assert [reach(cloud, caller[0], server[1], p) for p in (80, 81, 7)] == ["open", "open", "silent"]


def test_echo_requests(cloud, world, fresh):
    caller, server, _, second = fresh
    world.allow(second, "tcp", 80, ANYWHERE)
    assert not ping(cloud, caller[0], server[1])
    echo = [{"IpProtocol": "icmp", "FromPort": 8, "ToPort": 0, "IpRanges": [{"CidrIp": ANYWHERE}]}]
    world.ec2.authorize_security_group_ingress(GroupId=second, IpPermissions=echo)
    assert ping(cloud, caller[0], server[1])
    world.ec2.revoke_security_group_ingress(GroupId=second, IpPermissions=echo)
    unreachable = [{"IpProtocol": "icmp", "FromPort": 3, "ToPort": -1, "IpRanges": [{"CidrIp": ANYWHERE}]}]
    world.ec2.authorize_security_group_ingress(GroupId=second, IpPermissions=unreachable)
    assert not ping(cloud, caller[0], server[1])


def test_datagrams(cloud, world, fresh):
    caller, server, _, second = fresh
    world.allow(second, "tcp", 5555, ANYWHERE)  # the same port of another protocol opens nothing
    assert ask_udp(cloud, caller[0], server[1]) == ""
    world.allow(second, "udp", 5555, ANYWHERE)
    assert ask_udp(cloud, caller[0], server[1]) == caller[1]


def test_a_prefix_list_is_as_long_as_it_is_now(cloud, world, fresh):
    caller, server, _, second = fresh
    made = world.ec2.create_managed_prefix_list(PrefixListName="p", AddressFamily="IPv4", MaxEntries=4)["PrefixList"]
    world.allow(second, "tcp", 80, made["PrefixListId"])
    assert reach(cloud, caller[0], server[1]) == "silent"
    entry = {"Cidr": f"{caller[1]}/32"}
    changed = world.ec2.modify_managed_prefix_list(
        PrefixListId=made["PrefixListId"], CurrentVersion=made["Version"], AddEntries=[entry])["PrefixList"]
    assert reach(cloud, caller[0], server[1]) == "open"
    version = world.ec2.describe_managed_prefix_lists(PrefixListIds=[changed["PrefixListId"]])["PrefixLists"][0]["Version"]
    world.ec2.modify_managed_prefix_list(
        PrefixListId=made["PrefixListId"], CurrentVersion=version, RemoveEntries=[entry])
    assert reach(cloud, caller[0], server[1]) == "silent"


@pytest.mark.parametrize("source", ["198.18.0.0/15", ANYWHERE])
def test_what_is_under_way_outlives_its_rule_if_it_is_tracked(world, source):
    """The host, whose end of the link to the edge lies in the public pool, calls a machine. A flow that everybody may
    begin and every answer may leave is not tracked (EC2 user guide, "Untracked connections"): it ends with its rule."""
    group = world.group(("tcp", 7, source))
    name, _, _ = world.machine(world.public, group, public=True)
    public = describe(world.ec2, name)["PublicIpAddress"]
    with socket.create_connection((public, 7), timeout=5) as line:
        line.sendall(b"one\n")
        assert line.recv(100)
        world.forbid(group, "tcp", 7, source)
        assert not connects(public, 7, 0.5)
        line.settimeout(1 if source == ANYWHERE else 10)
        line.sendall(b"two\n")
        if source == ANYWHERE:
            with pytest.raises(TimeoutError):
                line.recv(100)
        else:
            assert line.recv(100), "a tracked connection must live on"


def route_targets(world, count):
    """Machines that take packets meant for others, and the table of a caller whose routes point at them."""
    open_group = world.group(("-1", -1, ANYWHERE))
    targets = []
    for _ in range(count):
        target = world.machine(world.private, open_group)
        world.ec2.modify_network_interface_attribute(NetworkInterfaceId=target[2], SourceDestCheck={"Value": False})
        targets.append(target)
    return targets


def test_the_longest_prefix_wins(cloud, world, fresh):
    """Check 23 of docs/packet-checks.md."""
    caller = fresh[0]
    wide, narrow = route_targets(world, 2)
    world.route("198.51.100.0/24", NetworkInterfaceId=wide[2])
    world.route("198.51.100.128/25", NetworkInterfaceId=narrow[2])
    for address in ("198.51.100.5", "198.51.100.200"):
        ask_udp(cloud, caller[0], address, f"to-{address}")
    assert seen(cloud, wide[0]) == [(caller[1], "198.51.100.5", "to-198.51.100.5")]
    assert seen(cloud, narrow[0]) == [(caller[1], "198.51.100.200", "to-198.51.100.200")]
    world.ec2.delete_route(RouteTableId=world.table, DestinationCidrBlock="198.51.100.128/25")
    ask_udp(cloud, caller[0], "198.51.100.200", "again")
    assert seen(cloud, wide[0])[-1] == (caller[1], "198.51.100.200", "again")
    # With the check on again nothing but its own addresses reaches the machine.
    world.ec2.modify_network_interface_attribute(NetworkInterfaceId=wide[2], SourceDestCheck={"Value": True})
    ask_udp(cloud, caller[0], "198.51.100.5", "checked")
    assert "checked" not in [payload for _, _, payload in seen(cloud, wide[0])]
    world.ec2.delete_route(RouteTableId=world.table, DestinationCidrBlock="198.51.100.0/24")


def test_a_route_to_nothing_is_a_black_hole(cloud, world, fresh):
    caller = fresh[0]
    (target,) = route_targets(world, 1)
    world.route("203.0.113.0/24", NetworkInterfaceId=target[2])
    ask_udp(cloud, caller[0], "203.0.113.9", "alive")
    assert seen(cloud, target[0])[-1][1:] == ("203.0.113.9", "alive")
    terminate(world.ec2, [target[0]])
    (table,) = world.ec2.describe_route_tables(RouteTableIds=[world.table])["RouteTables"]
    states = {r["DestinationCidrBlock"]: r["State"] for r in table["Routes"]}
    assert states["203.0.113.0/24"] == "blackhole" and states[ANYWHERE] == "active"
    assert reach(cloud, caller[0], "203.0.113.9") == "silent"  # not refused, and not by the default route
    world.ec2.delete_route(RouteTableId=world.table, DestinationCidrBlock="203.0.113.0/24")


def test_nobody_speaks_under_another_name(cloud, world, fresh):
    caller, server, _, second = fresh
    world.allow(second, "udp", 5555, ANYWHERE)
    third = world.machine(world.public, world.group())
    for number, source in enumerate((third[1], "10.20.2.99", "8.8.8.8", server[1], "127.0.0.1")):
        assert forge(cloud, caller[0], source, server[1], f"forged-{number}") == "sent"
    # The same way of sending under its own name arrives, so the others were stopped on the way.
    assert forge(cloud, caller[0], caller[1], server[1], "honest") == "sent"
    wait_for(lambda: (caller[1], server[1], "honest") in seen(cloud, server[0]), what="the honest packet")
    assert [p for _, _, p in seen(cloud, server[0]) if p.startswith("forged")] == []


def test_each_sees_its_own_metadata(cloud, world, fresh):
    caller, server, _, _ = fresh
    url = "http://169.254.169.254/latest"
    for name, address, _ in (caller, server):
        other = server[1] if address == caller[1] else caller[1]
        forged = f"-H 'X-Forwarded-For: {other}' -H 'Forwarded: for={other}' -H 'X-Real-IP: {other}' -H 'Host: {other}'"
        out = shell(cloud, name, f"""
            t=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {url}/api/token)
            curl -s -H "X-aws-ec2-metadata-token: $t" {url}/meta-data/instance-id; echo
            curl -s -H "X-aws-ec2-metadata-token: $t" {url}/meta-data/local-ipv4; echo
            curl -s -H "X-aws-ec2-metadata-token: $t" {forged} {url}/meta-data/instance-id; echo
            curl -s -o /dev/null -w '%{{http_code}}' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' -H 'X-Forwarded-For: {other}' {url}/api/token""")
        own, local, through, status = out.split()
        assert (own, local, through, status) == (name, address, name, "403")
    # And a token of one is worth nothing to the other.
    token = shell(cloud, caller[0], f"curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' {url}/api/token")
    borrowed = f"curl -s -o /dev/null -w '%{{http_code}}' -H 'X-aws-ec2-metadata-token: {token}' {url}/meta-data/instance-id"
    assert shell(cloud, caller[0], borrowed) == "200" and shell(cloud, server[0], borrowed) == "401"


def test_ipv6_has_rules_of_its_own(cloud):
    dual = World(cloud, ipv6=True)
    try:
        whole = dual.ec2.describe_vpcs(VpcIds=[dual.vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
        six = dual.subnet("10.20.6.0/24", Ipv6CidrBlock=whole.replace("/56", "/64"))
        group = dual.group(("tcp", 80, ANYWHERE))
        caller, server = (dual.machine(six, group, Ipv6AddressCount=1) for _ in range(2))
        (address,) = [a["Ipv6Address"] for a in describe(dual.ec2, server[0])["NetworkInterfaces"][0]["Ipv6Addresses"]]
        assert reach(cloud, caller[0], server[1]) == "open" and reach(cloud, caller[0], address) == "silent"
        dual.allow(group, "tcp", 80, "::/0")
        assert reach(cloud, caller[0], address) == "open" and reach(cloud, caller[0], address, 81) == "silent"
    finally:
        terminate(dual.ec2, dual.ids)
