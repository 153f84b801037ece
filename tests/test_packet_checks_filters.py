"""Packet checks: security groups and network ACLs (47–50, 52–56, 59–63), with the drop list as witness."""

import pytest
from conftest import needs_root, wait_for
from packet_watch import SEND, Line, Watched, Witness
from probes import ask_udp, ping, reach, shell
from test_ec2_acl import default_acl, entry
from test_machines import describe, terminate
from test_packets import ANYWHERE

pytestmark = needs_root

# Notes the packets of a protocol that arrive: a line per packet, its payload. Argument: protocol number.
LISTEN = r"""perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, $ARGV[0]) or die $!; $| = 1; open(my $f, ">", "/root/raw-$ARGV[0]");
$f->autoflush; print $f "ready\n"; while (recv($s, my $p, 2000, 0)) { print $f substr($p, (ord($p) & 15) * 4), "\n" }' """


@pytest.fixture(scope="module")
def world(cloud):
    """A caller and a neighbour in a subnet, a server in another; all have public addresses and new groups per test."""
    world = Watched(cloud)
    away = world.ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    world.ec2.associate_route_table(RouteTableId=away, SubnetId=world.private)
    world.route(ANYWHERE, away, GatewayId=world.edge)
    world.caller, world.neighbour = (world.machine(world.public, world.group(), public=True) for _ in range(2))
    world.server = world.machine(world.private, world.group(), public=True)
    yield world
    terminate(world.ec2, world.ids)


@pytest.fixture
def fresh(world):
    """New groups without ingress rules: (the caller's, the server's)."""
    first, second = world.group(), world.group()
    world.groups_of(world.caller[2], first)
    world.groups_of(world.server[2], second)
    return first, second


@pytest.fixture
def opened(world):
    """All three machines in groups that let everything pass."""
    everything = world.group(("-1", -1, ANYWHERE))
    for machine in (world.caller, world.neighbour, world.server):
        world.groups_of(machine[2], everything)


@pytest.fixture
def acl(world, opened):
    """An ACL of its own, empty, around the server's subnet while a test lasts."""
    made = world.ec2.create_network_acl(VpcId=world.vpc)["NetworkAcl"]["NetworkAclId"]
    move(world, world.private, made)
    yield made
    move(world, world.private, default_acl(world.ec2, world.vpc)["NetworkAclId"])
    world.ec2.delete_network_acl(NetworkAclId=made)


def move(world, subnet, acl):
    """Puts a subnet under another ACL."""
    found = world.ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [subnet]}])["NetworkAcls"]
    (held,) = [a["NetworkAclAssociationId"] for a in found[0]["Associations"] if a["SubnetId"] == subnet]
    world.ec2.replace_network_acl_association(AssociationId=held, NetworkAclId=acl)


def rule(world, acl, number, action="allow", egress=False, **more):
    world.ec2.create_network_acl_entry(**entry(acl, number, action, egress, **more))


def tcp(first, last=None):
    return {"Protocol": "6", "PortRange": {"From": first, "To": last or first}}


def test_47_groups_only_allow_and_add_up(cloud, world, fresh):
    first, second = fresh
    third = world.group()
    (caller, own, _), (_, address, card) = world.caller, world.server
    world.groups_of(card, second, third)
    world.allow(second, "tcp", 80, f"{own}/32")
    witness = Witness(world)
    assert [reach(cloud, caller, address, port) for port in (80, 81)] == ["open", "silent"]
    one = witness.saw(destination=address, destinationPort=81)
    assert (one["gate"], sorted(one["groups"])) == ("ingress-denied", sorted([second, third])), "none of them allows it"
    world.allow(third, "tcp", 81, f"{own}/32")
    assert [reach(cloud, caller, address, port) for port in (80, 81)] == ["open", "open"]
    world.groups_of(card, third)
    witness = Witness(world)
    assert [reach(cloud, caller, address, port) for port in (80, 81)] == ["silent", "open"]
    assert witness.saw(destination=address, destinationPort=80)["groups"] == [third]


def test_48_the_asked_one_answers_without_an_egress_rule(cloud, world, fresh):
    first, second = fresh
    world.forgets(second)
    world.allow(second, "tcp", 7, f"{world.caller[1]}/32")
    assert Line(cloud, world.caller[0], world.server[1]).says("answer")
    witness = Witness(world)
    assert reach(cloud, world.server[0], world.caller[1]) == "silent", "but begins nothing"
    assert witness.saw(destination=world.caller[1])["gate"] == "egress-denied"


@pytest.mark.parametrize("order", ["ingress first", "egress first"])
def test_49_egress_of_the_sender_and_ingress_of_the_receiver(cloud, world, fresh, order):
    first, second = fresh
    (caller, own, card), (_, address, server_card) = world.caller, world.server
    world.forgets(first)
    out = dict(GroupId=first, IpPermissions=world.permission("tcp", 80, f"{address}/32"))
    witness = Witness(world)
    assert reach(cloud, caller, address) == "silent"
    one = witness.saw(destination=address)
    assert (one["gate"], one["interface"], one["groups"]) == ("egress-denied", card, [first]), "the sender's side comes first"
    witness = Witness(world)
    if order == "ingress first":
        world.allow(second, "tcp", 80, f"{own}/32")
        assert reach(cloud, caller, address) == "silent"
        assert witness.saw(destination=address)["gate"] == "egress-denied"
        world.ec2.authorize_security_group_egress(**out)
    else:
        world.ec2.authorize_security_group_egress(**out)
        assert reach(cloud, caller, address) == "silent"
        one = witness.saw(destination=address)
        assert (one["gate"], one["interface"], one["groups"]) == ("ingress-denied", server_card, [second])
        world.allow(second, "tcp", 80, f"{own}/32")
    assert reach(cloud, caller, address) == "open"


def test_50_a_reference_follows_membership_within_one_return(cloud, world, fresh):
    first, second = fresh
    stranger = world.group()
    world.allow(second, "tcp", 80, first)
    for _ in range(3):
        world.groups_of(world.caller[2], stranger)
        witness = Witness(world)
        assert reach(cloud, world.caller[0], world.server[1]) == "silent"
        assert witness.saw(source=world.caller[1], destination=world.server[1])["groups"] == [second]
        world.groups_of(world.caller[2], first)
        assert reach(cloud, world.caller[0], world.server[1]) == "open"


def test_52_a_reference_means_private_addresses(cloud, world, fresh):
    first, second = fresh
    caller, server = (describe(world.ec2, machine[0])["PublicIpAddress"] for machine in (world.caller, world.server))
    world.allow(second, "tcp", 80, first)
    assert reach(cloud, world.caller[0], world.server[1]) == "open"
    witness = Witness(world)
    # By way of the internet gateway the member comes as its public address, which is no member.
    assert reach(cloud, world.caller[0], server) == "silent"
    one = witness.saw(source=caller, destinationPort=80)
    assert (one["gate"], one["destination"], one["groups"]) == ("ingress-denied", world.server[1], [second])
    world.allow(second, "tcp", 80, f"{caller}/32")
    assert reach(cloud, world.caller[0], server) == "open"


@pytest.mark.parametrize("tracked", [True, False])
def test_53_a_tracked_flow_survives_a_revoke(cloud, world, fresh, tracked):
    """What everybody may begin, and whose every answer may leave, is not tracked (EC2 user guide, "Untracked
    connections")."""
    first, second = fresh
    (caller, own, _), (_, address, card) = world.caller, world.server
    source = f"{own}/32" if tracked else ANYWHERE
    world.allow(second, "tcp", 7, source)
    line = Line(cloud, caller, address)
    assert line.says("before")
    world.forbid(second, "tcp", 7, source)
    witness = Witness(world)
    assert reach(cloud, caller, address, 7) == "silent"
    one = witness.saw(source=own, destination=address, destinationPort=7)
    assert (one["gate"], one["interface"], one["groups"]) == ("ingress-denied", card, [second]), "nothing new begins"
    witness = Witness(world)
    assert line.says("after") == tracked
    if not tracked:
        assert witness.saw(source=own, destinationPort=7)["gate"] == "ingress-denied"


def heard(cloud, machine, number):
    """What a machine's listener for a protocol has noted."""
    return shell(cloud, machine, f"cat /root/raw-{number} 2>/dev/null; true").split()


def test_54_icmp_types_protocol_numbers_and_all(cloud, world, fresh):
    _, second = fresh
    (caller, own, _), (server, address, _) = world.caller, world.server
    for number in (253, 254):
        shell(cloud, server, f"setsid {LISTEN} {number} >/dev/null 2>&1 </dev/null & true")
        wait_for(lambda n=number: "ready" in heard(cloud, server, n), what="the listener")

    def arrives(number, word):
        """Whether a packet of this protocol comes; if not, the receiver's gate must have refused it."""
        witness = Witness(world)
        assert shell(cloud, caller, f"{SEND} {number} {address} {word}") == "sent"
        def verdict():
            if word in heard(cloud, server, number):
                return "heard"
            return "dropped" if witness.now(protocol=number, gate="ingress-denied", groups=[second]) else None
        return wait_for(verdict, what="a verdict") == "heard"

    def permission(protocol, first=-1, last=-1):
        return [{"IpProtocol": protocol, "FromPort": first, "ToPort": last, "IpRanges": [{"CidrIp": f"{own}/32"}]}]

    def change(verb, *words):
        getattr(world.ec2, f"{verb}_security_group_ingress")(GroupId=second, IpPermissions=permission(*words))

    assert not arrives(253, "a") and not arrives(254, "a")
    change("authorize", "253")
    assert arrives(253, "b") and not arrives(254, "b") and reach(cloud, caller, address) == "silent"
    change("revoke", "253")
    change("authorize", "icmp", 8, 1)  # the type of an echo request, another code
    witness = Witness(world)
    assert not ping(cloud, caller, address)
    one = witness.saw(protocol=1, destination=address)
    assert (one["gate"], one["icmpType"], one["icmpCode"]) == ("ingress-denied", 8, 0)
    change("authorize", "icmp", 8, 0)
    assert ping(cloud, caller, address)
    change("revoke", "icmp", 8, 0)
    change("authorize", "-1")
    assert arrives(254, "c") and ping(cloud, caller, address)
    assert reach(cloud, caller, address) == "open" and ask_udp(cloud, caller, address) == own


def test_55_a_prefix_list_counts_as_it_is_now(cloud, world, fresh):
    ec2, (_, second) = world.ec2, fresh
    (caller, own, _), (_, address, _) = world.caller, world.server
    made = ec2.create_managed_prefix_list(PrefixListName="list", AddressFamily="IPv4", MaxEntries=4)["PrefixList"]["PrefixListId"]
    world.allow(second, "tcp", 80, made)

    def change(**entries):
        (now,) = ec2.describe_managed_prefix_lists(PrefixListIds=[made])["PrefixLists"]
        ec2.modify_managed_prefix_list(PrefixListId=made, CurrentVersion=now["Version"], **entries)

    for _ in range(2):
        witness = Witness(world)
        assert reach(cloud, caller, address) == "silent"
        one = witness.saw(source=own, destination=address)
        assert (one["gate"], one["groups"]) == ("ingress-denied", [second])
        change(AddEntries=[{"Cidr": f"{own}/32"}])
        assert reach(cloud, caller, address) == "open"
        change(RemoveEntries=[{"Cidr": f"{own}/32"}])


def test_56_services_of_the_network_are_not_filtered(cloud, world, fresh):
    """Metadata and names with a group that allows nothing, in a subnet whose ACL allows nothing. The address of the time
    service is open in the same way, but nothing answers there: see docs/packet-checks.md."""
    first, _ = fresh
    world.forgets(first)
    empty = world.ec2.create_network_acl(VpcId=world.vpc)["NetworkAcl"]["NetworkAclId"]
    move(world, world.public, empty)
    try:
        name = world.caller[0]
        witness = Witness(world)
        assert reach(cloud, name, world.server[1]) == "silent"
        assert witness.saw(destination=world.server[1])["gate"] == "egress-denied"
        token = "curl -s -o /dev/null -w '%{http_code}' -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "
        assert shell(cloud, name, f"{token} http://169.254.169.254/latest/api/token") == "200"
        own = describe(world.ec2, name)["PrivateDnsName"]
        assert shell(cloud, name, f"getent hosts {own}").split()[0] == world.caller[1]
        witness = Witness(world)
        assert shell(cloud, name, f"bash -c 'echo time >/dev/udp/169.254.169.123/123'; {SEND} 253 169.254.169.123 word") == "sent"
        witness.saw(destination="169.254.169.123", protocol=253, gate="not-a-service")
        assert witness.now(destination="169.254.169.123", protocol=17) == []
    finally:
        move(world, world.public, default_acl(world.ec2, world.vpc)["NetworkAclId"])
        world.ec2.delete_network_acl(NetworkAclId=empty)


def test_59_the_lowest_number_wins(cloud, world, acl):
    caller, address = world.caller[0], world.server[1]
    rule(world, acl, 200)
    rule(world, acl, 200, egress=True)
    rule(world, acl, 300, "deny", **tcp(80))
    assert reach(cloud, caller, address) == "open", "a deny behind the allow means nothing"
    rule(world, acl, 150, "deny", **tcp(80))
    rule(world, acl, 160, **tcp(80))
    witness = Witness(world)
    assert reach(cloud, caller, address) == "silent" and reach(cloud, caller, address, 81) == "open"
    one = witness.saw(destination=address, destinationPort=80)
    assert (one["gate"], one["networkAcl"], one["entry"]) == ("acl-in", acl, 150)


def test_60_a_forgotten_range_of_answers(cloud, world, acl):
    caller, own, _ = world.caller
    rule(world, acl, 100, **tcp(80))
    witness = Witness(world)
    assert reach(cloud, caller, world.server[1]) == "silent"
    one = witness.saw(source=world.server[1], destination=own, sourcePort=80)
    assert (one["gate"], one["networkAcl"], one["entry"]) == ("acl-out", acl, "*"), "the answer is what was dropped"
    rule(world, acl, 100, egress=True, **tcp(1024, 65535))
    assert reach(cloud, caller, world.server[1]) == "open"


def test_61_no_acl_inside_a_subnet(cloud, world, opened):
    empty = world.ec2.create_network_acl(VpcId=world.vpc)["NetworkAcl"]["NetworkAclId"]
    move(world, world.public, empty)
    try:
        witness = Witness(world)
        assert reach(cloud, world.caller[0], world.neighbour[1]) == "open"
        assert ask_udp(cloud, world.neighbour[0], world.caller[1]) == world.neighbour[1]
        assert reach(cloud, world.caller[0], world.server[1]) == "silent"
        one = witness.saw(destination=world.server[1])
        assert (one["gate"], one["networkAcl"], one["entry"]) == ("acl-out", empty, "*")
        assert witness.now(destination=world.neighbour[1]) == []
    finally:
        move(world, world.public, default_acl(world.ec2, world.vpc)["NetworkAclId"])
        world.ec2.delete_network_acl(NetworkAclId=empty)


def test_62_a_deny_cuts_an_established_flow_at_once(cloud, world, acl):
    for egress in (False, True):
        rule(world, acl, 100, egress=egress)
    line = Line(cloud, world.caller[0], world.server[1])
    assert line.says("before")
    rule(world, acl, 50, "deny", CidrBlock=f"{world.caller[1]}/32")
    witness = Witness(world)
    assert not line.says("during")
    one = witness.saw(source=world.caller[1], destinationPort=7)
    assert (one["gate"], one["networkAcl"], one["entry"]) == ("acl-in", acl, 50)
    world.ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=50, Egress=False)
    wait_for(lambda: line.says("after"), 60, "the connection: TCP repeats what was dropped")


def test_63_another_acl_holds_from_the_next_packet_on(cloud, world, opened):
    caller, address = world.caller[0], world.server[1]
    default = default_acl(world.ec2, world.vpc)["NetworkAclId"]
    made = [world.ec2.create_network_acl(VpcId=world.vpc)["NetworkAcl"]["NetworkAclId"] for _ in range(2)]
    rule(world, made[1], 10, "deny")
    line = Line(cloud, caller, address)
    assert line.says("one")
    try:
        for acl, number in ((made[0], "*"), (made[1], 10)):
            move(world, world.private, acl)
            witness = Witness(world)
            assert reach(cloud, caller, address) == "silent"
            one = witness.saw(destination=address, destinationPort=80)
            assert (one["gate"], one["networkAcl"], one["entry"]) == ("acl-in", acl, number)
        move(world, world.private, default)
        assert reach(cloud, caller, address) == "open" and line.says("two")
    finally:
        move(world, world.private, default)
        for acl in made:
            world.ec2.delete_network_acl(NetworkAclId=acl)
