"""Names inside a VPC as real machines see them: instance names, reverse zones, and names of the world beyond."""

import random
import socket
import struct
import threading

import pytest
from conftest import Cloud, end_edge, end_keeper, free_pool, needs_root, run_shell, terminate_all, wait_for
from probes import shell

pytestmark = needs_root

A, CNAME, SOA, PTR, TXT, AAAA, OPT = 1, 5, 6, 12, 16, 28, 41
NOERROR, SERVFAIL, NXDOMAIN = 0, 2, 3

# Arguments: server, udp or tcp, question in hex, seconds. Prints the answer in hex, or nothing after that time.
CLIENT = r"""perl -MIO::Socket::IP -e 'my ($server, $way, $hex, $patience) = @ARGV; my $q = pack("H*", $hex);
my $s = IO::Socket::IP->new(PeerHost => $server, PeerPort => 53, Proto => $way, Timeout => $patience) or exit;
print $s ($way eq "tcp" ? pack("n", length $q) . $q : $q); $s->flush; my $a = ""; my $want = 12;
while (1) { vec(my $r = "", fileno $s, 1) = 1; last unless select($r, undef, undef, $patience);
last unless sysread($s, my $part, 65536); $a .= $part; last if $way eq "udp" or length($a) >= 2 + unpack("n", $a) }
print unpack("H*", $way eq "tcp" ? substr($a, 2) : $a)' """


def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".") if label) + b"\0"


def question(name, kind, edns=None):
    head = struct.pack(">6H", random.randrange(65536), 0x100, 1, 0, 0, 1 if edns else 0)
    opt = b"\0" + struct.pack(">HHIH", OPT, edns, 0, 0) if edns else b""
    return head + wire(name) + struct.pack(">HH", kind, 1) + opt


def read_name(packet, at):
    labels, end = [], None
    for _ in range(130):
        length = packet[at]
        if length >= 0xC0:
            end = end or at + 2
            at = (length & 0x3F) << 8 | packet[at + 1]
        elif length == 0:
            return ".".join(labels), end or at + 1
        else:
            labels.append(packet[at + 1:at + 1 + length].decode())
            at += 1 + length
    raise ValueError("a loop")


class Answer:
    """A DNS message taken apart: code, flags, name of the question, records as (name, type, ttl, data)."""

    def __init__(self, packet):
        self.id, flags, _, *counts = struct.unpack(">6H", packet[:12])
        self.code, self.truncated, self.authoritative = flags & 15, bool(flags & 0x200), bool(flags & 0x400)
        self.question, at = read_name(packet, 12)
        at += 4
        self.sections = []
        for count in counts:
            records = []
            for _ in range(count):
                name, at = read_name(packet, at)
                kind, _, ttl, length = struct.unpack(">HHIH", packet[at:at + 10])
                at += 10
                records.append((name, kind, ttl, self.data(packet, kind, at, length)))
                at += length
            self.sections.append(records)
        self.size = len(packet)

    @staticmethod
    def data(packet, kind, at, length):
        raw = packet[at:at + length]
        if kind in (A, AAAA):
            return socket.inet_ntop(socket.AF_INET if kind == A else socket.AF_INET6, raw)
        return read_name(packet, at)[0] if kind in (CNAME, PTR) else raw

    @property
    def values(self):
        return [record[3] for record in self.sections[0]]


class Upstream:
    """The world's name server, as the tests want it: on loopback, UDP and TCP on one port."""

    def __init__(self):
        while True:
            self.tcp = socket.create_server(("127.0.0.1", 0))
            self.address = self.tcp.getsockname()
            self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                self.udp.bind(self.address)
                break
            except OSError:
                self.tcp.close()
        self.asked, self.aliases = [], {}
        for serve in (self.serve_udp, self.serve_tcp):
            threading.Thread(target=serve, daemon=True).start()

    def count(self, name):
        return sum(asked == name for asked, _ in self.asked)

    def reply(self, packet, tcp):
        """The packets that go back."""
        name, end = read_name(packet, 12)
        lower, (kind, _) = name.lower(), struct.unpack(">HH", packet[end:end + 4])
        self.asked.append((lower, "tcp" if tcp else "udp"))
        body = packet[12:end + 4]

        def message(records, code=0, flags=0, authority=()):
            head = packet[:2] + struct.pack(">5H", 0x8180 | flags | code, 1, len(records), len(authority), 0)
            rows = b"".join(wire(n) + struct.pack(">HHIH", k, 1, ttl, len(d)) + d for n, k, ttl, d in
                            [*records, *authority])
            return head + body + rows

        def address(last, ttl=300):
            return (lower, A, ttl, bytes([192, 0, 2, last]))

        absent = ("example.test", SOA, 60, wire("ns.example.test") + wire("admin.example.test") +
                  struct.pack(">5I", 1, 2, 3, 4, 60))
        if lower in self.aliases and kind == A:
            target = self.aliases[lower]
            return [message([(lower, CNAME, 300, wire(target)), (target, A, 300, bytes([203, 0, 113, 9]))])]
        if lower == "dead.example.test":
            return []
        if lower == "big.example.test":
            texts = [(lower, TXT, 300, b"\xc8" + bytes([n]) + b"x" * 199) for n in range(40)]
            return [message(texts) if tcp else message([], flags=0x200)]
        if lower == "forged.example.test" and kind == A:
            lie = message([(lower, A, 300, bytes([6, 6, 6, 6]))])
            other_case = lie[:12] + bytes(b ^ 0x20 if chr(b).isalpha() else b for b in lie[12:end]) + lie[end:]
            return [message([address(4)])] if tcp else [bytes([lie[0] ^ 1]) + lie[1:], other_case]
        if lower.startswith("www") and lower.endswith(".example.test"):
            return [message([address(10)] if kind == A else [], authority=() if kind == A else [absent])]
        return [message([], code=NXDOMAIN, authority=[absent])]

    def serve_udp(self):
        while True:
            packet, peer = self.udp.recvfrom(2000)
            for reply in self.reply(packet, False):
                self.udp.sendto(reply, peer)

    def serve_tcp(self):
        while True:
            stream, _ = self.tcp.accept()
            with stream:
                length = struct.unpack(">H", stream.recv(2, socket.MSG_WAITALL))[0]
                for reply in self.reply(stream.recv(length, socket.MSG_WAITALL), True):
                    stream.sendall(struct.pack(">H", len(reply)) + reply)


class Names:
    """A VPC with DNS host names, a public subnet, and machines."""

    def __init__(self, cloud, upstream):
        self.cloud, self.upstream, self.ec2 = cloud, upstream, cloud.client("ec2")
        self.vpc = self.ec2.create_vpc(CidrBlock="10.40.0.0/16")["Vpc"]["VpcId"]
        self.attribute(EnableDnsHostnames=True)
        self.subnet = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock="10.40.1.0/24")["Subnet"]["SubnetId"]

    def attribute(self, vpc=None, **values):
        for name, value in values.items():
            self.ec2.modify_vpc_attribute(VpcId=vpc or self.vpc, **{name: {"Value": value}})

    def machine(self, subnet=None, wait=True, public=False, **more):
        card = {"DeviceIndex": 0, "SubnetId": subnet or self.subnet, "AssociatePublicIpAddress": public}
        made = self.ec2.run_instances(ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1,
                                      NetworkInterfaces=[card], **more)["Instances"][0]
        if wait:
            waiter = self.ec2.get_waiter("instance_running")
            waiter.wait(InstanceIds=[made["InstanceId"]], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        return made["InstanceId"], made["PrivateIpAddress"]

    def ask(self, machine, name, kind=A, server="10.40.0.2", way="udp", edns=None, patience=20):
        """The answer that a machine gets; None is silence for so many seconds."""
        asked = question(name, kind, edns)
        got = shell(self.cloud, machine, f"{CLIENT} {server} {way} {asked.hex()} {patience}")
        if not got:
            return None
        answer = Answer(bytes.fromhex(got))
        assert answer.id == int.from_bytes(asked[:2], "big") and answer.question == name
        return answer


@pytest.fixture(scope="module")
def names():
    upstream = Upstream()
    cloud = Cloud("--public-pool", free_pool(), "--dns-upstream", "%s:%d" % upstream.address).start()
    yield Names(cloud, upstream)
    assert cloud.stop() == 0, cloud.log_text()


@pytest.fixture(scope="module")
def machine(names):
    """The machine that asks: (id, address)."""
    return names.machine()


def dashed(address, prefix="ip-", domain="ec2.internal"):
    return f"{prefix}{address.replace('.', '-')}.{domain}"


def back(address):
    return ".".join(reversed(address.split("."))) + ".in-addr.arpa"


def test_the_system_s_resolver_finds_machines_and_the_world(names, machine):
    asker, _ = machine
    _, other = names.machine()
    name = dashed(other)
    assert shell(names.cloud, asker, f"getent hosts {name}").split() == [other, name]
    assert shell(names.cloud, asker, f"getent hosts {dashed(other, domain='')[:-1]}").split()[0] == other, "by search"
    assert shell(names.cloud, asker, f"getent hosts {other}").split() == [other, name]
    assert shell(names.cloud, asker, "getent hosts www.example.test").split()[0] == "192.0.2.10"
    conf = shell(names.cloud, asker, "cat /etc/resolv.conf").splitlines()
    assert {"search ec2.internal", "nameserver 10.40.0.2"} <= set(conf)


def test_every_address_of_the_server_answers_over_both_transports(names, machine):
    asker, address = machine
    for server in ("10.40.0.2", "10.40.1.2", "169.254.169.253"):
        for way in ("udp", "tcp"):
            answer = names.ask(asker, dashed(address), server=server, way=way)
            assert (answer.code, answer.values, answer.authoritative) == (NOERROR, [address], True), (server, way)
    # The case of the letters comes back: some clients hide a secret in it.
    assert names.ask(asker, "InStance-DATA.ec2.Internal").values == ["169.254.169.254"]


def test_ipv6_machines_ask_at_the_ipv6_address(names):
    vpc = names.ec2.create_vpc(CidrBlock="10.41.0.0/16", AmazonProvidedIpv6CidrBlock=True)["Vpc"]["VpcId"]
    names.attribute(vpc, EnableDnsHostnames=True)
    block = names.ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
    subnet = names.ec2.create_subnet(VpcId=vpc, CidrBlock="10.41.1.0/24", Ipv6CidrBlock=block.replace("/56", "/64"))
    subnet = subnet["Subnet"]["SubnetId"]
    names.ec2.modify_subnet_attribute(SubnetId=subnet, AssignIpv6AddressOnCreation={"Value": True})
    names.ec2.modify_subnet_attribute(SubnetId=subnet, EnableDns64={"Value": True})
    asker, address = names.machine(subnet)
    for way in ("udp", "tcp"):
        answer = names.ask(asker, dashed(address), server="fd00:ec2::253", way=way)
        assert answer.values == [address], way
    assert names.ask(asker, "www.example.test", AAAA, server="fd00:ec2::253").values == ["64:ff9b::c000:20a"]


def test_names_come_and_go_with_their_records(names, machine):
    asker, _ = machine
    card = names.ec2.create_network_interface(SubnetId=names.subnet)["NetworkInterface"]
    address = card["PrivateIpAddress"]
    # The very next question sees it: nothing of one's own is cached.
    assert names.ask(asker, dashed(address)).values == [address]
    assert names.ask(asker, back(address), PTR).values == [dashed(address)]
    absent = names.ask(asker, dashed(address), AAAA)
    assert (absent.code, absent.values, absent.sections[1][0][0]) == (NOERROR, [], "ec2.internal")
    names.ec2.delete_network_interface(NetworkInterfaceId=card["NetworkInterfaceId"])
    gone = names.ask(asker, dashed(address))
    assert (gone.code, gone.sections[1][0][:2]) == (NXDOMAIN, ("ec2.internal", SOA))
    assert names.ask(asker, back(address), PTR).code == NXDOMAIN


def test_resource_names_as_the_launch_asked_for(names, machine):
    asker, _ = machine
    options = {"HostnameType": "resource-name", "EnableResourceNameDnsARecord": True}
    instance, address = names.machine(wait=False, PrivateDnsNameOptions=options)
    assert names.ask(asker, f"{instance}.ec2.internal").values == [address]
    assert names.ask(asker, dashed(address)).values == [address], "always answered"
    assert names.ask(asker, back(address), PTR).values == [f"{instance}.ec2.internal"]


def test_public_names_are_private_inside_and_public_outside(names, machine):
    asker, _ = machine
    ec2 = names.ec2
    _, address = inside = names.machine(public=True)
    shown = ec2.describe_instances(InstanceIds=[inside[0]])["Reservations"][0]["Instances"][0]
    public, name = shown["PublicIpAddress"], shown["PublicDnsName"]
    assert name == dashed(public, "ec2-", "compute-1.amazonaws.com")
    assert names.ask(asker, name).values == [address]
    other = ec2.create_vpc(CidrBlock="10.42.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.42.1.0/24")["Subnet"]["SubnetId"]
    outside, _ = names.machine(subnet)
    assert names.ask(outside, name, server="10.42.0.2").values == [public]
    # An alias in the world that leads to the machine leads to its private address in the VPC.
    names.upstream.aliases["shop.example.test"] = name
    asked = set()
    for _ in range(2):
        assert names.ask(asker, "shop.example.test").values == [name, address]
        asked.add(names.upstream.count("shop.example.test"))
        assert names.ask(outside, "shop.example.test", server="10.42.0.2").values == [name, public]
    assert asked == {names.upstream.count("shop.example.test")}, "one cache for all VPCs"


def test_an_interface_endpoint_takes_the_name_of_its_service(names, machine):
    asker, _ = machine
    ec2, name = names.ec2, "ssm.us-east-1.amazonaws.com"
    assert names.ask(asker, name).code == NXDOMAIN, "what the world says"
    made = ec2.create_vpc_endpoint(VpcId=names.vpc, ServiceName="com.amazonaws.us-east-1.ssm",
                                   VpcEndpointType="Interface", SubnetIds=[names.subnet])["VpcEndpoint"]
    card = ec2.describe_network_interfaces(NetworkInterfaceIds=made["NetworkInterfaceIds"])["NetworkInterfaces"][0]
    wait_for(lambda: names.ask(asker, name).values == [card["PrivateIpAddress"]], 60, "the endpoint's name")
    for entry in made["DnsEntries"]:
        assert names.ask(asker, entry["DnsName"]).values == [card["PrivateIpAddress"]], entry
    ec2.delete_vpc_endpoints(VpcEndpointIds=[made["VpcEndpointId"]])
    wait_for(lambda: names.ask(asker, name).code == NXDOMAIN, 60, "the world's answer")


def test_the_world_is_asked_once_and_not_believed_blindly(names, machine):
    asker, _ = machine
    counts = set()
    for _ in range(3):
        assert names.ask(asker, "www1.example.test").values == ["192.0.2.10"]
        assert names.ask(asker, "nobody.example.test").code == NXDOMAIN
        counts.add((names.upstream.count("www1.example.test"), names.upstream.count("nobody.example.test")))
    assert len(counts) == 1, "only the first time"
    assert names.ask(asker, "forged.example.test").values == ["192.0.2.4"]
    assert ("forged.example.test", "tcp") in names.upstream.asked, "where guessing is hopeless"
    assert names.ask(asker, "dead.example.test").code == SERVFAIL


def test_long_answers(names, machine):
    asker, _ = machine
    for edns in (None, 1232, 4096):
        cut = names.ask(asker, "big.example.test", TXT, edns=edns)
        assert (cut.truncated, cut.values) == (True, []), edns
    whole = names.ask(asker, "big.example.test", TXT, way="tcp")
    assert (whole.truncated, len(whole.values)) == (False, 40)
    assert {way for name, way in names.upstream.asked if name == "big.example.test"} == {"udp", "tcp"}


def test_the_attributes_of_the_vpc_act_on_the_next_question(names, machine):
    asker, address = machine
    try:
        names.attribute(EnableDnsHostnames=False)
        assert names.ask(asker, dashed(address)).code == NXDOMAIN
        assert names.ask(asker, "www2.example.test").values == ["192.0.2.10"]
        names.attribute(EnableDnsSupport=False)
        assert names.ask(asker, "www2.example.test", patience=2) is None
        assert names.ask(asker, "www2.example.test", server="169.254.169.253", patience=2) is None
    finally:
        names.attribute(EnableDnsSupport=True)
        names.attribute(EnableDnsHostnames=True)
    assert names.ask(asker, dashed(address)).values == [address]


def test_machines_are_told_of_other_servers_by_dhcp_options(names):
    ec2 = names.ec2
    options = ec2.create_dhcp_options(DhcpConfigurations=[
        {"Key": "domain-name", "Values": ["corp.example.test"]},
        {"Key": "domain-name-servers", "Values": ["10.43.1.9", "AmazonProvidedDNS"]},
    ])["DhcpOptions"]["DhcpOptionsId"]
    vpc = ec2.create_vpc(CidrBlock="10.43.0.0/16")["Vpc"]["VpcId"]
    ec2.associate_dhcp_options(VpcId=vpc, DhcpOptionsId=options)
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.43.1.0/24")["Subnet"]["SubnetId"]
    machine, _ = names.machine(subnet)
    conf = shell(names.cloud, machine, "cat /etc/resolv.conf").splitlines()
    servers = [line for line in conf if line.startswith("nameserver")]
    assert (servers, conf.count("search corp.example.test")) == (["nameserver 10.43.1.9", "nameserver 10.43.0.2"], 1)


def test_a_flood_from_one_machine_leaves_its_neighbour_served(names, machine):
    asker, address = machine
    flooder, _ = names.machine()
    # Names of the world that nobody answers, as fast as one process can, for as long as the neighbour asks.
    flood = r"""perl -MIO::Socket::IP -e 'my $s = IO::Socket::IP->new(PeerHost => "10.40.0.2", PeerPort => 53, Proto => "udp");
    my $n = 0; while (-e "/root/flood") { my $l = sprintf("%08d", $n++ % 100000); open(my $f, ">", "/root/flooded") if $n == 20000;
    send($s, pack("n6", $n & 65535, 256, 1, 0, 0, 0) . "\x08$l\x04dead\x07example\x04test\0" . pack("n2", 1, 1), 0) }' """
    shell(names.cloud, flooder, f"touch /root/flood; setsid {flood} >/dev/null 2>&1 </dev/null & echo started")
    try:
        for _ in range(5):
            # A lost packet is asked for again, as every client does.
            wait_for(lambda: names.ask(asker, dashed(address), patience=2), 60, "an answer about a machine")
            wait_for(lambda: names.ask(asker, "www3.example.test", patience=2), 60, "an answer about the world")
        wait_for(lambda: shell(names.cloud, flooder, "test -e /root/flooded && echo yes; true"), 60, "a flood")
    finally:
        shell(names.cloud, flooder, "rm -f /root/flood")
    answer = wait_for(lambda: names.ask(flooder, dashed(address), patience=2), 60, "an answer for the machine that was too loud")
    assert answer.values == [address]


def test_names_are_served_again_after_the_control_plane_was_killed(tmp_path_factory):
    upstream, folder, pool = Upstream(), tmp_path_factory.mktemp("allod-names"), free_pool()
    cloud = Cloud("--public-pool", pool, "--dns-upstream", "%s:%d" % upstream.address, data_dir=folder).start()
    try:
        names = Names(cloud, upstream)
        asker, address = names.machine()
        assert names.ask(asker, dashed(address)).values == [address]
        cloud.kill()
        cloud.start()

        def served():
            status, _, _ = run_shell(cloud, [asker], f"getent hosts {dashed(address)} && getent hosts www.example.test")[asker]
            return status == "Success"

        wait_for(served, 60, "a name after the restart")
    finally:
        if cloud.process.poll() is not None:
            cloud.start()
        terminate_all(cloud)
        cloud.stop()
        end_keeper(folder)
        end_edge(pool)
