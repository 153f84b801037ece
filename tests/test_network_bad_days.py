"""The network's bad days with real machines: frames that are no packets, two clouds on one host, a kernel that refuses."""

import json
import subprocess
import sys
import threading
import urllib.error
from pathlib import Path

import botocore
import pytest
from conftest import Cloud, needs_root, wait_for
from packet_watch import Witness, drops
from probes import ping, reach, shell
from test_network_gateways import metrics
from test_packets import ANYWHERE, World, world  # noqa: F401 (world is a fixture)

pytestmark = needs_root

# Frames of up to 1,300 bytes straight onto the link, for two seconds by the machine's own clock: of unknown protocols
# to everybody, broken IPv4, IPv6 and ARP to the router. Prints how many went out, and their bits.
GARBAGE = r"""perl -MSocket -e 'open(my $f, "<", "/sys/class/net/eth0/ifindex") or die $!; my $index = <$f>;
socket(my $s, 17, SOCK_RAW, 0) or die "no packet socket: $!"; srand(7);
my @frames = map { my $r = pack("C*", map { int rand 256 } 1..(14 + int rand 1300)); my $k = $_ % 4;
  substr($r, 0, 6) = "\xff" x 6 if $k == 0; substr($r, 12, 2) = ("\x12\x34", "\x08\x00", "\x86\xdd", "\x08\x06")[$k]; $r } 1..256;
my $to = pack("SnlSCCa8", 17, 0, $index, 0, 0, 6, "\xff" x 6); my ($sent, $bits) = (0, 0); my $until = time + 3;
while (time < $until) { for my $r (@frames) { if (defined send($s, $r, 0, $to)) { $sent++; $bits += 8 * length $r } } }
print "$sent $bits"' """


def handle(vpc):
    """The router of a VPC, by its path."""
    return next(Path("/run/allod/net").glob(f"*/{vpc}"))


def in_router(vpc, script):
    return subprocess.run(["nsenter", f"--net={handle(vpc)}", "sh", "-ec", script], check=True, capture_output=True,
                          text=True).stdout


def received(cloud, instance):
    return int(shell(cloud, instance, "cat /sys/class/net/eth0/statistics/rx_packets"))


def test_a_machine_that_sends_garbage_disturbs_nobody(cloud, world):
    group = world.group(("-1", -1, "10.20.0.0/16"))
    noisy, _, _ = world.machine(world.private, group)
    (first, near, _), (second, far, _) = world.machine(world.private, group), world.machine(world.public, group)
    before, said = received(cloud, first), []
    noise = threading.Thread(target=lambda: said.append(shell(cloud, noisy, GARBAGE)))
    noise.start()
    rounds = 0
    while noise.is_alive() or not rounds:
        # Neighbours and the API go on, both while it lasts.
        assert ping(cloud, first, far) and reach(cloud, second, near) == "open"
        assert world.ec2.describe_vpcs(VpcIds=[world.vpc])["Vpcs"]
        rounds += 1
    noise.join()
    sent, bits = map(int, said[0].split())
    assert sent > 1000 and bits > 1e6
    assert received(cloud, first) - before < sent / 2, "a neighbour hears what was meant for nobody"
    # And who stops is heard again.
    assert reach(cloud, noisy, near) == "open"


def test_two_clouds_on_one_host_leave_each_other_alone(cloud, world):
    other = Cloud().start()
    try:
        theirs = World(other)
        group = theirs.group(("tcp", 80, "10.20.0.0/16"))
        (client, _, _), (_, address, _) = (theirs.machine(theirs.private, group) for _ in range(2))
        mine = world.group(("tcp", 80, "10.20.0.0/16"))
        (caller, _, _), (_, target, _) = (world.machine(world.private, mine) for _ in range(2))
        before = metrics(cloud)["allod_network_repairs_total"]
        # What one cloud repairs is its own; the ranges of the VPCs are the same, and they do not meet.
        in_router(theirs.vpc, "nft delete table inet allod")
        wait_for(lambda: metrics(other)["allod_network_repairs_total"] > 0, what="the repair")
        wait_for(lambda: reach(other, client, address) == "open", what="the way")
        assert reach(cloud, caller, target) == "open"
        other.client("ec2").revoke_security_group_ingress(
            GroupId=group, IpPermissions=theirs.permission("tcp", 80, "10.20.0.0/16"))
        assert reach(other, client, address) == "silent" and reach(cloud, caller, target) == "open"
        assert metrics(cloud)["allod_network_repairs_total"] == before
    finally:
        code = other.stop()
    assert code == 0, other.log_text()
    # The end of one, with all its namespaces and tables, is nothing to the other.
    assert reach(cloud, caller, target) == "open"
    world.forbid(mine, "tcp", 80, "10.20.0.0/16")
    assert reach(cloud, caller, target) == "silent"


class Owner:
    """Somebody whose table has our name and belongs to his process alone (nft(8), flag `owner`): the kernel refuses our
    batches. When he ends, his table ends with him."""

    def __init__(self, vpc):
        self.process = subprocess.Popen(["nsenter", f"--net={handle(vpc)}", "nft", "-i"], stdin=subprocess.PIPE,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True)
        self.process.stdin.write("delete table inet allod; add table inet allod { flags owner; }\n")
        self.process.stdin.flush()
        wait_for(lambda: "flags owner" in in_router(vpc, "nft list table inet allod || true"), what="the table")

    def end(self):
        self.process.stdin.close()
        self.process.wait(30)


def test_a_refusal_of_the_kernel_is_said_and_made_good_when_it_can_be(cloud, world):
    group = world.group(("tcp", 80, "10.20.0.0/16"))
    (client, _, _), (_, address, _) = (world.machine(world.private, group) for _ in range(2))
    assert reach(cloud, client, address) == "open" and reach(cloud, client, address, 81) == "silent"
    refusals = metrics(cloud)["allod_network_refusals_total"]
    owner = Owner(world.vpc)
    try:
        with pytest.raises(botocore.exceptions.ClientError) as caught:
            world.allow(group, "tcp", 81, "10.20.0.0/16")
        said = caught.value.response["Error"]
        assert said["Code"] == "InternalError" and world.vpc in said["Message"]
        assert "was not made, because the host's network refused to enforce it" in said["Message"]
        # All or nothing: his table holds what he put there, which is nothing.
        assert "chain" not in in_router(world.vpc, "nft list table inet allod")
        wait_for(lambda: metrics(cloud)["allod_network_refusals_total"] > refusals, what="the count of the refusal")
        # Other VPCs are not held up, and what was refused is not recorded.
        elsewhere = World(cloud)
        elsewhere.group(("tcp", 80, ANYWHERE))
        (shown,) = world.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
        assert {rule["FromPort"] for rule in shown["IpPermissions"]} == {80}
    finally:
        owner.end()
    # Nobody has to ask again: the kernel is made equal to the records as soon as it lets itself be.
    wait_for(lambda: "chain" in in_router(world.vpc, "nft list table inet allod || true"), 60,
             "the repair")
    assert reach(cloud, client, address, 81) == "silent" and reach(cloud, client, address) == "open"
    world.allow(group, "tcp", 81, "10.20.0.0/16")
    assert reach(cloud, client, address, 81) == "open"
    world.forbid(group, "tcp", 81, "10.20.0.0/16")
    assert reach(cloud, client, address, 81) == "silent" and reach(cloud, client, address) == "open"


def test_an_interface_whose_link_somebody_removed_comes_back(cloud, world):
    group = world.group(("tcp", 80, "10.20.0.0/16"))
    (client, _, _), (_, address, interface) = (world.machine(world.private, group) for _ in range(2))
    assert reach(cloud, client, address) == "open"
    links = json.loads(in_router(world.vpc, "ip -j link"))
    (link,) = [one["ifname"] for one in links if interface.removeprefix("eni-") in one.get("ifalias", "")]
    in_router(world.vpc, f"ip link delete {link}")
    wait_for(lambda: reach(cloud, client, address) == "open", 60, "the way to the machine")
    assert reach(cloud, client, address, 81) == "silent", "under the rules it had"


# Takes the log group of a network namespace, which only one socket can have (nfnetlink_log: NFULNL_CFG_CMD_BIND).
LISTENER = """
import socket, struct, sys
log = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
log.send(struct.pack("=IHHIIBBHHHB3x", 28, 0x401, 5, 1, 0, 0, 0, socket.htons(4100), 5, 1, 1))
print(struct.unpack_from("=i", log.recv(100), 16)[0], flush=True)
sys.stdin.read()
"""


def test_who_listens_to_the_edge_makes_nobody_deaf_to_routers(cloud, world):
    closed = world.group()
    (client, _, _), (_, address, _) = (world.machine(world.private, closed) for _ in range(2))
    edge = handle(world.vpc).with_name("edge")
    with subprocess.Popen(["nsenter", f"--net={edge}", sys.executable, "-c", LISTENER], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "0\n"
        with pytest.raises(urllib.error.HTTPError):
            drops(cloud, "edge")
        witness = Witness(world)
        assert reach(cloud, client, address) == "silent"
        assert witness.saw(destination=address)["gate"] == "ingress-denied"
        other.stdin.close()
    assert "last" in drops(cloud, "edge")
