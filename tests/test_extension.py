"""The `allod` service: its model in unmodified clients, and what it does to real packets."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from conftest import BINARY, REGION, needs_root, wait_for
from probes import ask_udp, reach, seen, shell
from test_machines import terminate
from test_network_api import code, gateway, subnet, vpc  # noqa: F401  (vpc is a fixture)
from test_packets import ANYWHERE, World, outside  # noqa: F401  (outside is a fixture)


def printed(*words):
    return subprocess.run([BINARY, "model", *words], capture_output=True, text=True, check=True, timeout=60).stdout


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    """A boto3 session that has the model the binary prints."""
    folder = tmp_path_factory.mktemp("models")
    place = folder / "allod" / "2026-11-01"
    place.mkdir(parents=True)
    (place / "service-2.json").write_text(printed())
    (place / "paginators-1.json").write_text(printed("--paginators"))
    session = boto3.Session(region_name=REGION)
    session._loader.search_paths.append(str(folder))
    return session


def client(session, cloud, key="test"):
    config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=120)
    return session.client("allod", endpoint_url=cloud.endpoint, aws_access_key_id=key, aws_secret_access_key="test",
                          config=config)


@pytest.fixture(scope="module")
def allod(cloud, session):
    return client(session, cloud)


def test_the_stock_cli_learns_the_service(cloud, tmp_path):
    model = tmp_path / "allod.json"
    model.write_text(printed())
    home = {"HOME": str(tmp_path)}
    cloud.aws("configure", "add-model", "--service-model", f"file://{model}", "--service-name", "allod", **home)
    assert cloud.aws("allod", "describe-port-forwardings", **home) == {"PortForwardings": []}
    done = cloud.aws("allod", "delete-port-forwarding", "--port-forwarding-id", "pfw-00000000", check=False, **home)
    assert "(InvalidPortForwardingID.NotFound)" in done.stderr


def test_coverage_lists_the_service():
    rows = json.loads(subprocess.run([BINARY, "coverage", "allod", "--json"], capture_output=True, check=True).stdout)
    assert {row["state"] for row in rows} == {"built"}
    assert "CreatePortForwarding" in {row["operation"] for row in rows}


def test_dry_runs_pages_and_two_accounts(cloud, session, allod, ec2, vpc):  # noqa: F811
    make = allod.create_network_security_group
    assert code(make, VpcId=vpc, Name="web", DryRun=True) == "DryRunOperation"
    made = {make(VpcId=vpc, Name=f"web-{n}")["NetworkSecurityGroup"]["NetworkSecurityGroupId"] for n in range(12)}
    wanted = [{"Name": "vpc-id", "Values": [vpc]}]
    pages = allod.get_paginator("describe_network_security_groups").paginate(
        Filters=wanted, PaginationConfig={"PageSize": 5})
    found = [[g["NetworkSecurityGroupId"] for g in page["NetworkSecurityGroups"]] for page in pages]
    assert [len(page) for page in found] == [5, 5, 2] and {i for page in found for i in page} == made
    stranger = client(session, cloud, "222222222222")
    assert stranger.describe_network_security_groups()["NetworkSecurityGroups"] == []
    assert code(stranger.delete_network_security_group, NetworkSecurityGroupId=min(made)).endswith(".NotFound")
    assert code(ec2.delete_vpc, VpcId=vpc) == "DependencyViolation"
    for one in made:
        allod.delete_network_security_group(NetworkSecurityGroupId=one)
    ec2.delete_vpc(VpcId=vpc)


def test_an_address_whose_ports_are_forwarded_stands_for_nothing_else(allod, ec2, vpc):  # noqa: F811
    edge, inside = gateway(ec2, vpc), subnet(ec2, vpc)
    mapped = ec2.allocate_address(Domain="vpc")["AllocationId"]
    card = ec2.create_network_interface(SubnetId=inside)["NetworkInterface"]["NetworkInterfaceId"]
    asked = {"GatewayId": edge, "AllocationId": mapped, "Protocol": "tcp", "Port": 80, "ToAddress": "10.0.1.10"}
    made = allod.create_port_forwarding(**asked)["PortForwarding"]
    assert made["ToPort"] == 80 and made["Masquerade"] is False
    assert code(allod.create_port_forwarding, **asked) == "PortForwardingAlreadyExists"
    assert code(ec2.release_address, AllocationId=mapped) == "InvalidIPAddress.InUse"
    assert code(ec2.associate_address, AllocationId=mapped, NetworkInterfaceId=card) == "Resource.AlreadyAssociated"
    nat = ec2.create_nat_gateway(SubnetId=inside, AllocationId=mapped)["NatGateway"]["NatGatewayId"]
    state = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]
    assert (state["State"], state["FailureCode"]) == ("failed", "Resource.AlreadyAssociated")
    assert code(ec2.detach_internet_gateway, InternetGatewayId=edge, VpcId=vpc) == "DependencyViolation"
    allod.delete_port_forwarding(PortForwardingId=made["PortForwardingId"])
    ec2.associate_address(AllocationId=mapped, NetworkInterfaceId=card)
    assert code(allod.create_port_forwarding, **asked) == "Resource.AlreadyAssociated"


def test_what_is_deleted_is_guarded_by_nobody(allod, ec2, vpc):  # noqa: F811
    inside = subnet(ec2, vpc)
    card = ec2.create_network_interface(SubnetId=inside)["NetworkInterface"]["NetworkInterfaceId"]
    group = allod.create_network_security_group(VpcId=vpc, Name="web")["NetworkSecurityGroup"]["NetworkSecurityGroupId"]
    allod.associate_network_security_group(NetworkSecurityGroupId=group, SubnetId=inside)
    allod.associate_network_security_group(NetworkSecurityGroupId=group, NetworkInterfaceId=card)
    assert code(allod.delete_network_security_group, NetworkSecurityGroupId=group) == "DependencyViolation"
    ec2.delete_network_interface(NetworkInterfaceId=card)
    ec2.delete_subnet(SubnetId=inside)
    (left,) = allod.describe_network_security_groups(NetworkSecurityGroupIds=[group])["NetworkSecurityGroups"]
    assert left["SubnetIds"] == [] and left["NetworkInterfaceIds"] == []
    allod.delete_network_security_group(NetworkSecurityGroupId=group)


# Packets. Notes every UDP packet that a namespace's interfaces see, in and out: "source port destination port".
CAPTURE = r"""
import socket, struct, sys
s = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
print("ready", flush=True)
while True:
    p, where = s.recvfrom(2048)
    if where[1] == 0x0800 and len(p) > 28 and p[9] == 17:
        at = (p[0] & 15) * 4
        a, b = struct.unpack("!HH", p[at:at + 4])
        print(socket.inet_ntoa(p[12:16]), a, socket.inet_ntoa(p[16:20]), b, flush=True)
"""

# Arguments: address, port, payload. Sends a UDP packet and notes what its own interface sees until the answer is there.
CLIENT = r"""perl -MIO::Socket::IP -MSocket -e 'socket(my $raw, 17, SOCK_DGRAM, 768) or die $!;
my $u = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => $ARGV[1], Proto => "udp"); $u->send($ARGV[2]);
vec(my $r = "", fileno $u, 1) = 1; my $answered = select($r, undef, undef, 5);
while (1) { vec(my $q = "", fileno $raw, 1) = 1; last unless select($q, undef, undef, 0.2); recv($raw, my $p, 2000, 0);
  my $h = (ord($p) & 15) * 4; next unless length($p) >= $h + 8 && ord(substr($p, 9, 1)) == 17;
  print join(" ", inet_ntoa(substr($p, 12, 4)), unpack("n", substr($p, $h, 2)), inet_ntoa(substr($p, 16, 4)),
             unpack("n", substr($p, $h + 2, 2))), "\n" }' """


class Capture:
    """What passes through a network namespace while it is open."""

    def __init__(self, handle):
        words = ["nsenter", f"--net={handle}", sys.executable, "-c", CAPTURE]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "ready\n"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()

    def packets_until(self, wanted):
        """Every packet up to the last of `wanted`; pytest's limit ends it if one never comes."""
        found, missing = [], set(wanted)
        while missing:
            line = self.process.stdout.readline().split()
            assert line, f"the capture ended without {missing}"
            found.append((line[0], int(line[1]), line[2], int(line[3])))
            missing.discard(found[-1])
        return found


def outlives(cloud, client, made, word):
    """Whether an open connection through the forwarded port still speaks after the port was taken back."""
    script = (f"exec 3<>/dev/tcp/{made['Address']}/{made['Port']}; echo a >&3; read -r x <&3; touch /root/up-{word}; "
              f"until test -e /root/go-{word}; do sleep 0.05; done; echo b >&3; read -t 5 -r y <&3 && echo goes on; true")
    with ThreadPoolExecutor() as threads:
        talk = threads.submit(shell, cloud, client, f"bash -c '{script}'")
        wait_for(lambda: shell(cloud, client, f"test -e /root/up-{word} && echo up; true") == "up", what="the connection")
        yield
        shell(cloud, client, f"touch /root/go-{word}")
        yield talk.result() == "goes on"


def namespaces(vpc):  # noqa: F811
    """{name: path} of the VPC's namespace and those of its NAT gateways."""
    return {path.name: path for path in Path("/run/allod/net").glob(f"*/{vpc}*")}


@pytest.fixture(scope="module")
def world(cloud, allod):
    """A VPC with a server in either subnet; what the groups of the machines let through is not the question here."""
    world = World(cloud)
    world.allod = allod
    world.inner = world.ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    world.ec2.associate_route_table(RouteTableId=world.inner, SubnetId=world.private)
    world.open = world.group(("-1", -1, ANYWHERE))
    world.front = world.machine(world.public, world.open)
    world.back = world.machine(world.private, world.open)
    world.elastic = world.ec2.allocate_address(Domain="vpc")
    yield world
    terminate(world.ec2, world.ids)


def forward(world, **more):
    """A forwarded port of the internet gateway unless told otherwise; taken back with `DeletePortForwarding`."""
    asked = {"GatewayId": world.edge, "AllocationId": world.elastic["AllocationId"], "Protocol": "udp", "Port": 1978}
    asked = {name: value for name, value in (asked | more).items() if value is not None}
    return world.allod.create_port_forwarding(**asked)["PortForwarding"]


def sent_through(cloud, world, outside, made, namespace, sender):  # noqa: F811
    """One packet and its answer, seen at the client, at the gateway and at the server, which sees `sender`."""
    client, public = outside
    server, inside, _ = world.back if made["ToAddress"] == world.back[1] else world.front
    word = made["PortForwardingId"]
    with Capture(namespace) as capture:
        lines = shell(cloud, client, f"{CLIENT} {made['Address']} {made['Port']} {word}").splitlines()
        own = shell(cloud, client, "hostname -I").split()[0]
        (port,) = {int(line.split()[1]) for line in lines if line.startswith(f"{own} ")
                   and line.endswith(f" {made['Address']} {made['Port']}")}
        at_client = [(own, port, made["Address"], made["Port"]), (made["Address"], made["Port"], own, port)]
        assert {" ".join(map(str, one)) for one in at_client} <= set(lines), lines
        outer = made["Address"] if made.get("AllocationId") else made["inner_address"]
        passed = capture.packets_until([(outer, made["Port"], public, port)])
    before = (public, port, outer, made["Port"])
    (behind,) = {one for one in passed if one[0] == sender and one[2:] == (inside, made["ToPort"])}
    answer = (inside, made["ToPort"], sender, behind[1])
    assert before in passed and answer in passed, passed
    assert passed.index(before) < passed.index(behind) < passed.index(answer)
    assert (sender, inside, word) in seen(cloud, server)


@needs_root
@pytest.mark.parametrize("masquerade", [False, True])
def test_a_port_of_an_internet_gateway_leads_inside(cloud, world, outside, masquerade):  # noqa: F811
    # With masquerading the server needs no way to the internet: answers go back to the gateway.
    server, inside, _ = world.back if masquerade else world.front
    sender = "10.20.2.1" if masquerade else outside[1]
    made = forward(world, ToAddress=inside, ToPort=5555, Masquerade=masquerade)
    assert made["Address"] == world.elastic["PublicIp"]
    sent_through(cloud, world, outside, made, namespaces(world.vpc)[world.vpc], sender)
    web = forward(world, Protocol="tcp", ToAddress=inside, ToPort=80, Masquerade=masquerade)
    assert reach(cloud, outside[0], made["Address"], 1978) == "open"
    assert reach(cloud, outside[0], made["Address"], 80) == "silent", "that port only"
    connection = outlives(cloud, outside[0], web, web["PortForwardingId"])
    next(connection)
    for one in (made, web):
        world.allod.delete_port_forwarding(PortForwardingId=one["PortForwardingId"])
    assert next(connection) is False, "no answer leaves without the forwarding"
    assert reach(cloud, outside[0], made["Address"], 1978) == "silent"


@needs_root
def test_a_port_of_a_nat_gateway_leads_inside(cloud, world, outside):  # noqa: F811
    ec2 = world.ec2
    mapped = ec2.allocate_address(Domain="vpc")
    nat = ec2.create_nat_gateway(SubnetId=world.public, AllocationId=mapped["AllocationId"])["NatGateway"]["NatGatewayId"]
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    (address,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["NatGatewayAddresses"]
    world.route(ANYWHERE, world.inner, NatGatewayId=nat)
    (namespace,) = [path for name, path in namespaces(world.vpc).items() if name != world.vpc]
    for masquerade in (False, True):
        made = forward(world, GatewayId=nat, AllocationId=None, ToAddress=world.back[1], ToPort=5555, Masquerade=masquerade)
        assert made["Address"] == mapped["PublicIp"]
        made["inner_address"] = address["PrivateIp"]
        sender = address["PrivateIp"] if masquerade else outside[1]
        sent_through(cloud, world, outside, made, namespace, sender)
        world.allod.delete_port_forwarding(PortForwardingId=made["PortForwardingId"])
    web = forward(world, GatewayId=nat, AllocationId=None, Protocol="tcp", ToAddress=world.back[1], ToPort=80)
    assert reach(cloud, outside[0], mapped["PublicIp"], 1978) == "open"
    assert reach(cloud, outside[0], mapped["PublicIp"], 80) == "silent"
    connection = outlives(cloud, outside[0], web, web["PortForwardingId"])
    next(connection)
    world.allod.delete_port_forwarding(PortForwardingId=web["PortForwardingId"])
    assert next(connection) is True and reach(cloud, outside[0], mapped["PublicIp"], 1978) == "silent"
    web = forward(world, GatewayId=nat, AllocationId=None, Protocol="tcp", ToAddress=world.back[1], ToPort=80)
    # What is forwarded goes with the gateway.
    ec2.delete_nat_gateway(NatGatewayId=nat)
    assert reach(cloud, outside[0], mapped["PublicIp"], 1978) == "silent"
    assert code(world.allod.delete_port_forwarding, PortForwardingId=web["PortForwardingId"]) == "InvalidPortForwardingID.NotFound"
    ec2.delete_route(RouteTableId=world.inner, DestinationCidrBlock=ANYWHERE)


@needs_root
def test_a_network_security_group_judges_by_priority_at_interface_and_subnet(cloud, world, outside):  # noqa: F811
    allod, (server, inside, card), (neighbour, _, _) = world.allod, world.front, world.back
    made = forward(world, Protocol="tcp", ToAddress=inside, ToPort=80)

    def group(name):
        return allod.create_network_security_group(VpcId=world.vpc, Name=name)["NetworkSecurityGroup"]["NetworkSecurityGroupId"]

    def rule(which, name, priority, access="Allow", direction="Inbound", protocol="Tcp", **more):
        allod.put_network_security_group_rule(NetworkSecurityGroupId=which, Name=name, Priority=priority, Access=access,
                                              Direction=direction, Protocol=protocol, **more)

    def from_outside():
        return reach(cloud, outside[0], made["Address"], 1978)

    assert from_outside() == "open"
    own, fence = group("own"), group("fence")
    allod.associate_network_security_group(NetworkSecurityGroupId=own, NetworkInterfaceId=card)
    # Default rules: the VPC may come in, the internet may not; out to the internet is free.
    assert from_outside() == "silent" and reach(cloud, neighbour, inside) == "open"
    rule(own, "web", 200, SourceAddressPrefixes=[outside[1]], DestinationPortRanges=["80"])
    assert from_outside() == "open"
    rule(own, "shut", 100, "Deny", SourceAddressPrefixes=[f"{outside[1]}/32"], DestinationPortRanges=["1-100"])
    assert from_outside() == "silent", "the lower number decides"
    rule(own, "shut", 300, "Deny", SourceAddressPrefixes=[f"{outside[1]}/32"], DestinationPortRanges=["1-100"])
    assert from_outside() == "open"
    rule(own, "neighbours", 110, "Deny", protocol="*", SourceAddressPrefixes=["VirtualNetwork"])
    assert reach(cloud, neighbour, inside) == "silent"
    allod.delete_network_security_group_rule(NetworkSecurityGroupId=own, Name="neighbours")
    assert reach(cloud, neighbour, inside) == "open"
    # It is stateful: answers pass where nothing may begin.
    rule(own, "still", 100, "Deny", "Outbound", "*")
    assert reach(cloud, server, world.back[1]) == "silent" and from_outside() == "open"
    # Both the subnet's and the interface's must admit it.
    allod.associate_network_security_group(NetworkSecurityGroupId=fence, SubnetId=world.public)
    assert from_outside() == "silent"
    rule(fence, "web", 4096, DestinationPortRanges=["80"])
    assert from_outside() == "open"
    (shown,) = allod.describe_network_security_groups(NetworkSecurityGroupIds=[own])["NetworkSecurityGroups"]
    assert [(r["Name"], r["Priority"]) for r in shown["Rules"]] == [("web", 200), ("shut", 300), ("still", 100)]
    assert [r["Name"] for r in shown["DefaultRules"]][:2] == ["AllowVnetInBound", "DenyAllInBound"]
    allod.disassociate_network_security_group(NetworkSecurityGroupId=own, NetworkInterfaceId=card)
    allod.disassociate_network_security_group(NetworkSecurityGroupId=fence, SubnetId=world.public)
    assert from_outside() == "open" and reach(cloud, server, world.back[1]) == "open"
    allod.delete_port_forwarding(PortForwardingId=made["PortForwardingId"])


@needs_root
def test_a_learned_route_loses_to_a_static_one_and_leaves_the_vpc_its_own(cloud, world):
    """Checks 24 and 29 of docs/packet-checks.md."""
    ec2, allod, client = world.ec2, world.allod, world.back[0]
    first, second = world.machine(world.public, world.open), world.machine(world.public, world.open)
    for _, _, card in (first, second):
        ec2.modify_network_interface_attribute(NetworkInterfaceId=card, SourceDestCheck={"Value": False})
    vpn = ec2.create_vpn_gateway(Type="ipsec.1")["VpnGateway"]["VpnGatewayId"]
    route = {"DestinationCidrBlock": "192.0.2.0/24", "NetworkInterfaceId": first[2]}
    assert code(allod.put_learned_routes, VpnGatewayId=vpn, Routes=[route]) == "Gateway.NotAttached"
    ec2.attach_vpn_gateway(VpnGatewayId=vpn, VpcId=world.vpc)
    (told,) = allod.put_learned_routes(VpnGatewayId=vpn, Routes=[route])["LearnedRoutes"]
    assert told["State"] == "active"
    counter = iter(range(100))

    def taken_by(target="192.0.2.9"):
        """Who sees a packet of the client's to an address: the names of first, second and front."""
        word = f"word-{next(counter)}"
        ask_udp(cloud, client, target, word)
        names = {"first": first, "second": second, "front": world.front}
        return {name for name, machine in names.items() if any(s[1:] == (target, word) for s in seen(cloud, machine[0]))}

    assert taken_by() == set(), "no table propagates the gateway"
    ec2.enable_vgw_route_propagation(RouteTableId=world.inner, GatewayId=vpn)
    assert taken_by() == {"first"}
    (table,) = ec2.describe_route_tables(RouteTableIds=[world.inner])["RouteTables"]
    (shown,) = [r for r in table["Routes"] if r.get("DestinationCidrBlock") == "192.0.2.0/24"]
    assert (shown["Origin"], shown["State"]) == ("EnableVgwRoutePropagation", "active")
    # A static route of the same length wins; a shorter one does not.
    world.route("192.0.2.0/24", world.inner, NetworkInterfaceId=second[2])
    assert taken_by() == {"second"}
    ec2.delete_route(RouteTableId=world.inner, DestinationCidrBlock="192.0.2.0/24")
    world.route("192.0.0.0/16", world.inner, NetworkInterfaceId=second[2])
    assert taken_by() == {"first"}
    ec2.delete_route(RouteTableId=world.inner, DestinationCidrBlock="192.0.0.0/16")
    # The speaker finds another way.
    allod.put_learned_routes(VpnGatewayId=vpn, Routes=[route | {"NetworkInterfaceId": second[2]}])
    assert taken_by() == {"second"}
    # Of the VPC's own blocks nothing can be learned away, however long the prefix (VPC guide, "Route priority").
    own = [f"{world.front[1]}/32", "10.20.0.0/16"]
    allod.put_learned_routes(VpnGatewayId=vpn, Routes=[route | {"DestinationCidrBlock": block} for block in own])
    assert taken_by(world.front[1]) == {"front"}
    allod.withdraw_learned_routes(VpnGatewayId=vpn, DestinationCidrBlocks=own)
    # A default route is learned like any other, and withdrawn as quickly.
    allod.put_learned_routes(VpnGatewayId=vpn, Routes=[route | {"DestinationCidrBlock": ANYWHERE}])
    assert taken_by("203.0.113.9") == {"first"}
    allod.withdraw_learned_routes(VpnGatewayId=vpn, DestinationCidrBlocks=[ANYWHERE])
    assert taken_by("203.0.113.9") == set()
    ec2.disable_vgw_route_propagation(RouteTableId=world.inner, GatewayId=vpn)
    assert taken_by() == set()
    # Elsewhere the gateway does not lead back to this VPC's appliance.
    def states():
        return [route["State"] for route in allod.describe_learned_routes(VpnGatewayIds=[vpn])["LearnedRoutes"]]

    assert states() == ["active"]
    ec2.detach_vpn_gateway(VpnGatewayId=vpn, VpcId=world.vpc)
    assert states() == ["blackhole"]
    elsewhere = ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
    ec2.attach_vpn_gateway(VpnGatewayId=vpn, VpcId=elsewhere)
    assert states() == ["blackhole"]
    ec2.detach_vpn_gateway(VpnGatewayId=vpn, VpcId=elsewhere)
    ec2.delete_vpn_gateway(VpnGatewayId=vpn)
    assert allod.describe_learned_routes()["LearnedRoutes"] == []
