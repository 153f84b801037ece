"""Packet checks: internet, NAT and egress-only gateways, addresses that move (30, 32, 34–38)."""

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import needs_root, wait_for
from packet_watch import Line, Watched, Witness
from probes import ask_udp, reach, seen, shell
from test_ec2_nat import public_nat, settled
from test_machines import connects, describe, terminate
from test_network_api import code
from test_packets import ANYWHERE

pytestmark = needs_root

PORTS = 10_000

# A UDP server on port 6000 that gives every datagram back with a count of the different senders it has had.
COUNTER = r"""perl -MSocket -e 'socket(my $s, AF_INET, SOCK_DGRAM, 17); setsockopt($s, SOL_SOCKET, SO_RCVBUF, 4 << 20);
bind($s, sockaddr_in(6000, INADDR_ANY)) or die $!; my (%ports, %hosts); open(my $r, ">", "/root/counting"); close $r;
while (defined(my $from = recv($s, my $d, 200, 0))) { my ($p, $h) = sockaddr_in($from); $ports{"$h $p"} = 1;
  $hosts{inet_ntoa($h)} = 1; send($s, "$d " . keys(%ports) . " " . join(",", sort keys %hosts), 0, $from) }' """

# From each of so many local ports a word to the counter; every socket waits for its own word. Prints how many got it,
# and the last answer. A datagram may be lost on a busy host, so each is sent up to five times.
# Arguments: address, first port, number, name.
MANY = r"""perl -MSocket -e 'my ($to, $first, $count, $name) = @ARGV; my $peer = sockaddr_in(6000, inet_aton($to)); my ($good, $last) = (0, "");
for (my $at = $first; $at < $first + $count; $at += 200) { my %open;
  for my $port ($at .. $at + 199) { socket(my $s, AF_INET, SOCK_DGRAM, 17) or die $!;
    bind($s, sockaddr_in($port, INADDR_ANY)) or die "bind $port $!"; connect($s, $peer) or die $!; $open{$port} = $s }
  for my $try (1..5) { last unless %open; send($open{$_}, "$name-$_", 0) for keys %open;
    while (%open) { my $r = ""; vec($r, fileno $open{$_}, 1) = 1 for keys %open; last unless select($r, undef, undef, 1);
      for my $port (keys %open) { next unless vec($r, fileno $open{$port}, 1); recv($open{$port}, my $d, 300, 0);
        $d =~ s/^(\S+) // or next; die "$port was given $1" if $1 ne "$name-$port"; $last = $d; $good++; delete $open{$port} } } } }
print "$good $last"' """


def six(world, machine):
    (address,) = [a["Ipv6Address"] for a in describe(world.ec2, machine[0])["NetworkInterfaces"][0]["Ipv6Addresses"]]
    return address


def dual(cloud):
    """A world with IPv6 in both of its subnets, the public one's table leading out by both families."""
    world = Watched(cloud, ipv6=True)
    whole = world.ec2.describe_vpcs(VpcIds=[world.vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    for number, subnet in enumerate((world.public, world.private)):
        part = whole.replace("00::/56", f"0{number}::/64")
        world.ec2.associate_subnet_cidr_block(SubnetId=subnet, Ipv6CidrBlock=part)
    world.ec2.create_route(RouteTableId=world.table, DestinationIpv6CidrBlock="::/0", GatewayId=world.edge)
    world.open = world.group(("-1", -1, ANYWHERE), ("-1", -1, "::/0"))
    return world


@pytest.fixture(scope="module")
def world(cloud):
    """A public machine, and two private ones whose subnet has a table of its own, empty but for tests' routes."""
    world = dual(cloud)
    world.inner = world.table_for(world.private)[0]
    world.front = world.machine(world.public, world.open, public=True, Ipv6AddressCount=1)
    world.back, world.second = (world.machine(world.private, world.open, Ipv6AddressCount=1) for _ in range(2))
    yield world
    terminate(world.ec2, world.ids)


@pytest.fixture(scope="module")
def outside(cloud):
    """A machine of another VPC: to the world under test it is the internet. (id, IPv4 address, IPv6 address)"""
    other = dual(cloud)
    machine = other.machine(other.public, other.open, public=True, Ipv6AddressCount=1)
    yield machine[0], describe(other.ec2, machine[0])["PublicIpAddress"], six(other, machine)
    terminate(other.ec2, other.ids)


@pytest.fixture(scope="module")
def nat(world):
    """A NAT gateway that the private subnet leads out through: (id, its address)."""
    made, mapped = public_nat(world.ec2, world.public)
    settled(world.ec2, made, "available")
    world.route(ANYWHERE, world.inner, NatGatewayId=made)
    yield made, mapped["PublicIp"]
    world.ec2.delete_route(RouteTableId=world.inner, DestinationCidrBlock=ANYWHERE)
    world.ec2.delete_nat_gateway(NatGatewayId=made)


def test_30_a_way_out_is_a_route_and_an_address(cloud, world, outside):
    ec2, (name, own, card) = world.ec2, world.second
    mapped = ec2.allocate_address(Domain="vpc")
    witness = Witness(world)
    assert reach(cloud, name, outside[1]) == "silent"
    one = witness.saw(source=own, destination=outside[1])
    assert (one["gate"], one["routeTable"]) == ("no-route", world.inner), "neither"
    world.route(ANYWHERE, world.inner, GatewayId=world.edge)
    try:
        witness = Witness(world)
        assert reach(cloud, name, outside[1]) == "silent"
        assert witness.saw(source=own, destination=outside[1])["gate"] == "no-public-address", "a route without an address"
        joined = ec2.associate_address(AllocationId=mapped["AllocationId"], NetworkInterfaceId=card)["AssociationId"]
        assert reach(cloud, name, outside[1]) == "open" and connects(mapped["PublicIp"], 80)
        ec2.delete_route(RouteTableId=world.inner, DestinationCidrBlock=ANYWHERE)
        witness = Witness(world)
        assert not connects(mapped["PublicIp"], 80, 0.5)
        one = witness.saw(source=own, sourcePort=80)
        assert (one["gate"], one["routeTable"]) == ("no-route", world.inner), "an address without a route: no answer leaves"
        world.route(ANYWHERE, world.inner, GatewayId=world.edge)
        ec2.disassociate_address(AssociationId=joined)
    finally:
        ec2.delete_route(RouteTableId=world.inner, DestinationCidrBlock=ANYWHERE)
    ec2.release_address(AllocationId=mapped["AllocationId"])


def answered(line):
    """Whether anything more comes on a connection before its time is up; a reset and an end are no answers."""
    try:
        return bool(line.recv(100))
    except (TimeoutError, ConnectionError):
        return False


def test_32_an_address_that_moves(cloud, world, outside):
    ec2 = world.ec2
    other = world.machine(world.public, world.open)
    mapped = ec2.allocate_address(Domain="vpc")
    join = dict(AllocationId=mapped["AllocationId"], AllowReassociation=True)
    public = mapped["PublicIp"]
    ec2.associate_address(NetworkInterfaceId=other[2], **join)
    ask_udp(cloud, outside[0], public, "first-32")
    wait_for(lambda: (outside[1], other[1], "first-32") in seen(cloud, other[0]), what="the first packet")
    with socket.create_connection((public, 7), timeout=5) as line:
        line.sendall(b"one\n")
        assert line.recv(100)
        witness = Witness(world)
        ec2.associate_address(NetworkInterfaceId=world.back[2], **join)
        world.route(ANYWHERE, world.inner, GatewayId=world.edge)
        try:
            # New flows reach the new machine from the next packet on.
            ask_udp(cloud, outside[0], public, "second-32")
            wait_for(lambda: (outside[1], world.back[1], "second-32") in seen(cloud, world.back[0]), what="the next packet")
            assert "second-32" not in [payload for _, _, payload in seen(cloud, other[0])]
            assert reach(cloud, outside[0], public) == "open"
            # The old flow dies: what its machine still says has no address to leave with, and nobody answers it.
            line.settimeout(2)
            line.sendall(b"two\n")
            assert not answered(line)
            # The machine that lost it still begins what it wants; it is that address which is gone.
            assert reach(cloud, other[0], outside[1]) == "silent"
            assert witness.saw(source=other[1], destination=outside[1])["gate"] == "no-public-address"
        finally:
            ec2.delete_route(RouteTableId=world.inner, DestinationCidrBlock=ANYWHERE)
    ec2.disassociate_address(PublicIp=public)
    ec2.release_address(AllocationId=mapped["AllocationId"])


def test_34_a_nat_gateway_lets_in_answers_only(cloud, world, outside, nat):
    # First two flows that begin inside and are answered, then the same from outside, which nobody inside sees.
    assert ask_udp(cloud, world.back[0], outside[1], "out-34").removeprefix("::ffff:") == nat[1]
    assert reach(cloud, world.back[0], outside[1]) == "open"
    before, witness = len(seen(cloud, world.back[0])), Witness(world)
    for word in ("in-34", "again-34"):
        assert ask_udp(cloud, outside[0], nat[1], word) == ""
    assert reach(cloud, outside[0], nat[1]) in ("silent", "refused")
    for protocol in (17, 6):
        witness.saw(gate="nat-refused", natGateway=nat[0], protocol=protocol)
    assert seen(cloud, world.back[0])[before:] == []
    assert not {"in-34", "again-34"} & {payload for _, _, payload in seen(cloud, world.second[0])}


def test_35_a_nat_gateway_tells_equal_ports_apart(cloud, world, outside, nat):
    """Two machines with the same 10,000 source ports to one port of one address: 20,000 flows, each with its answers."""
    shell(cloud, outside[0], f"setsid {COUNTER} >/dev/null 2>&1 </dev/null & true")
    wait_for(lambda: shell(cloud, outside[0], "test -e /root/counting && echo up; true") == "up", what="the counter")
    with ThreadPoolExecutor() as threads:
        talks = [threads.submit(shell, cloud, machine[0], f"{MANY} {outside[1]} 20000 {PORTS} {name}")
                 for name, machine in (("one", world.back), ("two", world.second))]
        ended = [talk.result().split() for talk in talks]
    assert [int(good) for good, _, _ in ended] == [PORTS, PORTS], ended
    assert max(int(flows) for _, flows, _ in ended) == 2 * PORTS, "as many as there are, seen from outside"
    assert {addresses for _, _, addresses in ended} == {nat[1]}, "all from the gateway's address"


def test_36_an_address_in_use_stays_and_without_one_there_is_no_gateway(cloud, world, outside):
    """An elastic address cannot be released under its gateway, and a gateway is not made of one that is gone."""
    ec2, name = world.ec2, world.second[0]
    made, mapped = public_nat(ec2, world.public)
    settled(ec2, made, "available")
    table = world.inner
    held = [r for r in ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
            if r.get("DestinationCidrBlock") == ANYWHERE]
    change = ec2.replace_route if held else ec2.create_route
    change(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=made)
    try:
        assert code(ec2.release_address, AllocationId=mapped["AllocationId"]) == "InvalidIPAddress.InUse"
        assert reach(cloud, name, outside[1]) == "open", "and nothing has changed"
        ec2.delete_nat_gateway(NatGatewayId=made)
        settled(ec2, made, "deleted")
        ec2.release_address(AllocationId=mapped["AllocationId"])
        witness = Witness(world)
        assert reach(cloud, name, outside[1]) == "silent"
        one = witness.saw(destination=outside[1])
        assert (one["gate"], one["routeTable"]) == ("no-route", table)
        late = ec2.create_nat_gateway(SubnetId=world.public, AllocationId=mapped["AllocationId"])["NatGateway"]["NatGatewayId"]
        assert settled(ec2, late, "failed")["FailureCode"] == "InvalidAllocationID.NotFound"
        # What failed is nobody's way out: a route to it is refused, and the packets go on being dropped.
        assert code(ec2.replace_route, RouteTableId=table, DestinationCidrBlock=ANYWHERE,
                    NatGatewayId=late) == "InvalidNatGatewayID.NotFound"
        witness = Witness(world)
        assert reach(cloud, name, outside[1]) == "silent"
        assert witness.saw(destination=outside[1])["gate"] == "no-route"
    finally:
        if held:
            ec2.replace_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE, NatGatewayId=held[0]["NatGatewayId"])
        else:
            ec2.delete_route(RouteTableId=table, DestinationCidrBlock=ANYWHERE)


def test_37_an_egress_only_gateway_lets_nothing_begin_from_outside(cloud, world, outside):
    ec2, own = world.ec2, six(world, world.back)
    witness = Witness(world)
    assert reach(cloud, world.back[0], outside[2]) == "silent"
    one = witness.saw(source=own, destination=outside[2])
    assert (one["gate"], one["routeTable"]) == ("no-route", world.inner)
    made = ec2.create_egress_only_internet_gateway(VpcId=world.vpc)["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]
    ec2.create_route(RouteTableId=world.inner, DestinationIpv6CidrBlock="::/0", EgressOnlyInternetGatewayId=made)
    assert reach(cloud, world.back[0], outside[2]) == "open"
    line = Line(cloud, world.back[0], outside[2])
    assert line.says("one")
    witness = Witness(world)
    assert reach(cloud, outside[0], own) == "silent"
    one = witness.saw(source=outside[2], destination=own)
    assert (one["gate"], one["interface"]) == ("egress-only", world.back[2])
    assert line.says("two"), "what began inside goes on"
    ec2.delete_route(RouteTableId=world.inner, DestinationIpv6CidrBlock="::/0")
    ec2.delete_egress_only_internet_gateway(EgressOnlyInternetGatewayId=made)


def test_38_ipv6_needs_no_translation(cloud, world, outside):
    own = six(world, world.front)
    ask = f"timeout 5 bash -c 'exec 3<>/dev/tcp/{outside[2]}/80; echo hi >&3; read -r a <&3; echo $a'"
    assert shell(cloud, world.front[0], ask) == own, "the other side sees the machine's own address"
    assert own in shell(cloud, world.front[0], "ip -6 addr show dev eth0")
    assert reach(cloud, outside[0], own) == "open", "and comes in under it"
