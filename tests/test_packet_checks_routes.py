"""Packet checks: the VPC's own addresses, routes, appliances, peering, MTU (17, 25–28, 64, 66)."""

import re
from pathlib import Path

import pytest
from conftest import needs_root, routes, wait_for
from packet_watch import SEND, Line, Watched, Witness
from probes import ask_udp, forge, reach, seen, shell
from test_ec2_peering import Peered, request
from test_machines import describe, terminate
from test_network_api import main_table
from test_packets import ANYWHERE

pytestmark = needs_root

# A datagram with DF (ip(7): IP_MTU_DISCOVER 10 = IP_PMTUDISC_DO 2) to a port, again until it is refused or ten are out;
# then what the kernel has learned of the path (IP_MTU, 14). Arguments: address, bytes.
PATH_MTU = r"""perl -MSocket -e 'socket(my $s, AF_INET, SOCK_DGRAM, 17); setsockopt($s, 0, 10, pack("i", 2));
connect($s, sockaddr_in(5555, inet_aton($ARGV[0]))) or die $!; my $refused = 0;
for (1..10) { defined send($s, "x" x $ARGV[1], 0) or do { $refused = $! + 0; last }; select(undef, undef, undef, 0.2) }
print unpack("i", getsockopt($s, 0, 14)), $refused == 90 ? " too long" : $refused ? " error $refused" : " sent"' """

# A question for the address of "localhost."; prints "answer" when something with its number comes back.
DNS_QUESTION = (r'my $u = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => 53, Proto => "udp"); '
                r'$u->send(pack("n6", 4711, 256, 1, 0, 0, 0) . "\x09localhost\0" . pack("n2", 1, 1)); '
                r'vec(my $r = "", fileno $u, 1) = 1; if (select($r, undef, undef, 10)) { $u->recv(my $a, 600); '
                r'print "answer" if unpack("n", $a) == 4711 }')


@pytest.fixture(scope="module")
def world(cloud):
    """Everything is open to everybody inside; the two subnets, one public, and a third for appliances."""
    world = Watched(cloud)
    world.open = world.group(("-1", -1, ANYWHERE))
    world.third = world.subnet("10.20.3.0/24")
    world.caller = world.machine(world.public, world.open, public=True)
    world.server = world.machine(world.private, world.open)
    world.appliance = world.machine(world.third, world.open)
    yield world
    terminate(world.ec2, world.ids)


def test_17_the_addresses_a_subnet_reserves_and_groups_of_machines(cloud, world):
    name, own, _ = world.caller
    assert re.search(r"default via 10\.20\.1\.1 ", shell(cloud, name, "ip route"))
    for server in ("10.20.0.2", "10.20.1.2", "169.254.169.253"):
        question = f"perl -MIO::Socket::IP -e '{DNS_QUESTION}' {server}"
        assert shell(cloud, name, question) == "answer", server
    token = "curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "
    assert shell(cloud, name, f"{token} http://169.254.169.254/latest/api/token") == "200"
    witness = Witness(world)
    for group in ("255.255.255.255", "224.0.0.251", "239.1.2.3"):
        assert shell(cloud, name, f"{SEND} 253 {group} word") == "sent"
        assert witness.saw(destination=group)["gate"] == "multicast"
    # The last address of another subnet is nobody's: no machine hears it.
    assert shell(cloud, name, f"{SEND} 253 10.20.2.255 word") == "sent"
    assert witness.saw(destination="10.20.2.255")["gate"] == "no-route"


def test_25_a_target_that_is_gone_leaves_a_silent_blackhole(cloud, world):
    ec2 = world.ec2
    card = ec2.create_network_interface(SubnetId=world.third, Groups=[world.open])["NetworkInterface"]["NetworkInterfaceId"]
    world.route("198.51.100.0/24", NetworkInterfaceId=card)
    ec2.delete_network_interface(NetworkInterfaceId=card)
    (table,) = ec2.describe_route_tables(RouteTableIds=[world.table])["RouteTables"]
    assert {r["State"] for r in table["Routes"] if r["DestinationCidrBlock"] == "198.51.100.0/24"} == {"blackhole"}
    witness = Witness(world)
    # Silent, and not by the default route, which would have led to the internet.
    assert reach(cloud, world.caller[0], "198.51.100.7") == "silent"
    one = witness.saw(destination="198.51.100.7")
    assert (one["gate"], one["routeTable"], one["interface"]) == ("no-route", world.table, world.caller[2])
    ec2.delete_route(RouteTableId=world.table, DestinationCidrBlock="198.51.100.0/24")


def test_26_a_changed_table_takes_a_live_flow_along(cloud, world):
    ec2, (name, own, _) = world.ec2, world.caller
    world.unchecked(world.appliance[2])
    world.unchecked(world.server[2])
    try:
        world.route("198.51.100.0/24", NetworkInterfaceId=world.appliance[2])
        flow = ("perl -MIO::Socket::IP -e 'IO::Socket::IP->new(LocalPort => 4000, PeerHost => \"198.51.100.9\", "
                "PeerPort => 5555, Proto => \"udp\")->send($ARGV[0])'")
        shell(cloud, name, f"{flow} before")
        wait_for(lambda: (own, "198.51.100.9", "before") in seen(cloud, world.appliance[0]), what="the first packet")
        ec2.replace_route(RouteTableId=world.table, DestinationCidrBlock="198.51.100.0/24", NetworkInterfaceId=world.server[2])
        shell(cloud, name, f"{flow} after")  # the same addresses and ports: the same flow
        wait_for(lambda: (own, "198.51.100.9", "after") in seen(cloud, world.server[0]), what="the next packet")
        assert "after" not in [payload for _, _, payload in seen(cloud, world.appliance[0])]
        witness = Witness(world)
        ec2.delete_route(RouteTableId=world.table, DestinationCidrBlock="198.51.100.0/24")
        ec2.delete_route(RouteTableId=world.table, DestinationCidrBlock=ANYWHERE)
        shell(cloud, name, f"{flow} nowhere")
        one = witness.saw(destination="198.51.100.9", sourcePort=4000)
        assert (one["gate"], one["routeTable"]) == ("no-route", world.table)
    finally:
        world.route(ANYWHERE, GatewayId=world.edge)
        world.unchecked(world.appliance[2], True)
        world.unchecked(world.server[2], True)


def test_27_a_subnet_without_association_uses_the_main_table(cloud, world):
    ec2, (name, own, _) = world.ec2, world.server
    main = main_table(ec2, world.vpc)["RouteTableId"]
    witness = Witness(world)
    ask_udp(cloud, name, "198.51.100.20", "early")
    assert witness.saw(destination="198.51.100.20")["routeTable"] == main
    world.unchecked(world.appliance[2])
    world.route("198.51.100.0/24", main, NetworkInterfaceId=world.appliance[2])
    ask_udp(cloud, name, "198.51.100.20", "main")
    wait_for(lambda: (own, "198.51.100.20", "main") in seen(cloud, world.appliance[0]), what="the packet by the main table")
    # An association of its own takes it away from the main table, and its end brings it back.
    table, joined = world.table_for(world.private)
    witness = Witness(world)
    ask_udp(cloud, name, "198.51.100.20", "own")
    assert witness.saw(destination="198.51.100.20")["routeTable"] == table
    ec2.disassociate_route_table(AssociationId=joined)
    ask_udp(cloud, name, "198.51.100.20", "again")
    wait_for(lambda: (own, "198.51.100.20", "again") in seen(cloud, world.appliance[0]), what="the packet by the main table")
    ec2.delete_route(RouteTableId=main, DestinationCidrBlock="198.51.100.0/24")
    world.unchecked(world.appliance[2], True)


def test_28_an_appliance_carries_both_directions(cloud, world):
    ec2, (inspector, _, card) = world.ec2, world.appliance
    table, joined = world.table_for(world.private)
    world.route("10.20.2.0/24", NetworkInterfaceId=card)
    world.route("10.20.1.0/24", table, NetworkInterfaceId=card)
    try:
        witness = Witness(world)
        assert reach(cloud, world.caller[0], world.server[1]) == "silent"
        one = witness.saw(source=world.caller[1], destination=world.server[1])
        assert (one["gate"], one["interface"]) == ("misdelivered", card), "the check on destinations stands"
        world.unchecked(card)
        # A machine cannot change its kernel's settings; it has the host's, which the cloud made forward for the edge.
        assert shell(cloud, inspector, "cat /proc/sys/net/ipv4/ip_forward") == "1"
        before = packets(cloud, inspector)
        assert reach(cloud, world.caller[0], world.server[1]) == "open"
        line = Line(cloud, world.caller[0], world.server[1])
        assert line.says("one") and line.says("two")
        after = packets(cloud, inspector)
        assert all(later - sooner >= 6 for sooner, later in zip(before, after)), "both directions came past it"
        world.unchecked(card, True)
        witness = Witness(world)
        assert not line.says("three")
        assert witness.saw(interface=card)["gate"] == "misdelivered"
    finally:
        world.unchecked(card, True)
        ec2.delete_route(RouteTableId=world.table, DestinationCidrBlock="10.20.2.0/24")
        ec2.disassociate_route_table(AssociationId=joined)


def packets(cloud, machine):
    """What a machine's interface has received and sent."""
    return [int(n) for n in shell(cloud, machine, "cd /sys/class/net/eth0/statistics; cat rx_packets tx_packets").split()]


def test_64_a_forged_source_is_dropped_until_the_check_is_off(cloud, world):
    name, own, card = world.caller
    witness = Witness(world)
    assert forge(cloud, name, "192.0.2.77", world.server[1], "forged-64") == "sent"
    one = witness.saw(source="192.0.2.77", destination=world.server[1])
    assert (one["gate"], one["incoming"]) == ("spoofed", card)
    world.unchecked(card)
    assert forge(cloud, name, "192.0.2.77", world.server[1], "allowed-64") == "sent"
    wait_for(lambda: ("192.0.2.77", world.server[1], "allowed-64") in seen(cloud, world.server[0]), what="the packet")
    assert "forged-64" not in [payload for _, _, payload in seen(cloud, world.server[0])]
    world.unchecked(card, True)


def test_64_secondary_addresses_belong_to_the_interface(cloud, world):
    """The machine's system is not told of them, as on EC2; the network carries them in and out."""
    (caller, own, _), (server, _, card) = world.caller, world.server
    witness = Witness(world)
    ask_udp(cloud, caller, "10.20.2.77", "early-77")
    assert witness.saw(destination="10.20.2.77")["gate"] == "no-route"
    assert forge(cloud, server, "10.20.2.77", own, "early-out") == "sent"
    assert witness.saw(source="10.20.2.77")["gate"] == "spoofed"
    world.ec2.assign_private_ip_addresses(NetworkInterfaceId=card, PrivateIpAddresses=["10.20.2.77"])
    ask_udp(cloud, caller, "10.20.2.77", "late-77")
    wait_for(lambda: (own, "10.20.2.77", "late-77") in seen(cloud, server), what="the packet in")
    assert forge(cloud, server, "10.20.2.77", own, "late-out") == "sent"
    wait_for(lambda: ("10.20.2.77", own, "late-out") in seen(cloud, caller), what="the packet out")
    world.ec2.unassign_private_ip_addresses(NetworkInterfaceId=card, PrivateIpAddresses=["10.20.2.77"])
    witness = Witness(world)
    ask_udp(cloud, caller, "10.20.2.77", "gone-77")
    assert witness.saw(destination="10.20.2.77")["gate"] == "no-route"


def test_64_peering_is_not_transitive(cloud, world):
    ec2, middle, far = world.ec2, Peered(cloud, "10.61"), Peered(cloud, "10.62")
    main = main_table(ec2, world.vpc)["RouteTableId"]
    try:
        between, near_address, _ = middle.machine(middle.inside, middle.group(("-1", -1, ANYWHERE)))
        end, far_address, _ = far.machine(far.inside, far.group(("-1", -1, ANYWHERE)))
        first, second = request(ec2, world.vpc, middle.vpc), request(ec2, middle.vpc, far.vpc)
        for made in (first, second):
            ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=made)
        # Every table knows every way; our table sends what is for the far VPC to the middle one.
        for block in ("10.61.0.0/16", "10.62.0.0/16"):
            world.route(block, main, VpcPeeringConnectionId=first)
        middle.route("10.20.0.0/16", VpcPeeringConnectionId=first)
        middle.route("10.62.0.0/16", VpcPeeringConnectionId=second)
        far.route("10.61.0.0/16", VpcPeeringConnectionId=second)
        far.route("10.20.0.0/16", VpcPeeringConnectionId=second)
        caller, own, _ = world.server
        assert reach(cloud, caller, near_address) == "open" and reach(cloud, between, far_address) == "open"
        Witness(middle)  # the first question begins the watch
        witness = Witness(middle)
        assert ask_udp(cloud, caller, far_address, "through") == ""
        one = witness.saw(source=own, destination=far_address)
        assert (one["gate"], one["incoming"]) == ("no-route", first), one
        assert seen(cloud, end) == []
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=first)
        witness = Witness(world)
        assert reach(cloud, caller, near_address) == "silent"
        one = witness.saw(destination=near_address)
        assert (one["gate"], one["routeTable"]) == ("no-route", main)
    finally:
        terminate(ec2, middle.ids + far.ids)


def test_66_jumbo_frames_inside_and_1500_at_the_gateway(cloud, world):
    name, own, _ = world.caller
    assert shell(cloud, name, "cat /sys/class/net/eth0/mtu") == "9001"
    assert shell(cloud, name, f"{PATH_MTU} {world.server[1]} 8973") == "9001 sent"  # and 28 bytes of headers
    wait_for(lambda: any(s[0] == own and len(s[2]) >= 1900 for s in seen(cloud, world.server[0])), what="the jumbo frame")
    # Its own public address lies behind the gateway, which says "fragmentation needed": it carries 1500 bytes, or what
    # the host's own way out does where that is less.
    uplink = routes().get("0.0.0.0")
    most = min(1500, int(Path(f"/sys/class/net/{uplink}/mtu").read_text())) if uplink else 1500
    public = describe(world.ec2, name)["PublicIpAddress"]
    assert shell(cloud, name, f"{PATH_MTU} {public} 8973") == f"{most} too long"
    assert shell(cloud, name, f"{PATH_MTU} {public} {most - 28}") == f"{most} sent"
    wait_for(lambda: any(s[0] == public and len(s[2]) == most - 28 for s in seen(cloud, name)), what="the longest packet")
