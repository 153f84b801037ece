"""The list of dropped packets as a witness: a packet that does not arrive was dropped by a component with a name.

Check numbers are those of the table in docs/packet-checks.md.
"""

import json
import time
import urllib.request

from conftest import wait_for
from probes import shell
from test_packets import World

# Arguments: protocol number, destination, payload. A packet of any protocol; prints "sent".
SEND = r"""perl -MSocket -e 'socket(my $s, AF_INET, SOCK_RAW, $ARGV[0]) or die "no raw socket: $!"; setsockopt($s, SOL_SOCKET, SO_BROADCAST, 1);
defined send($s, $ARGV[2], 0, sockaddr_in(0, inet_aton($ARGV[1]))) or die "not sent: $!"; print "sent"' """


def drops(cloud, vpc, after=0):
    """The packets dropped in a VPC behind a number, and the number to ask with next."""
    with urllib.request.urlopen(f"{cloud.endpoint}/_allod/network/drops?vpc={vpc}&after={after}") as answer:
        return json.load(answer)


class Watched(World):
    """A VPC whose drops are listed from the start."""

    def __init__(self, cloud, **more):
        super().__init__(cloud, **more)
        drops(cloud, self.vpc)

    def main_table(self):
        wanted = [{"Name": "vpc-id", "Values": [self.vpc]}, {"Name": "association.main", "Values": ["true"]}]
        return self.ec2.describe_route_tables(Filters=wanted)["RouteTables"][0]["RouteTableId"]

    def table_for(self, subnet):
        """A new table under a subnet: (table, association)."""
        table = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        return table, self.ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)["AssociationId"]

    def forgets(self, group):
        """Takes away the rule that lets everything out."""
        everything = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
        self.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=everything)

    def unchecked(self, interface, check=False):
        self.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface, SourceDestCheck={"Value": check})


class Witness:
    """What was dropped in a VPC since it was made."""

    def __init__(self, world, vpc=None):
        self.cloud, self.vpc = world.cloud, vpc or world.vpc
        # What was sent before may still be on its way into the list: it begins when nothing more comes.
        self.start, known = -1, drops(self.cloud, self.vpc)["last"]
        while self.start != known:
            time.sleep(0.06)
            self.start, known = known, drops(self.cloud, self.vpc, known)["last"]

    def now(self, **wanted):
        found = drops(self.cloud, self.vpc, self.start)["drops"]
        return [one for one in found if all(one.get(name) == value for name, value in wanted.items())]

    def saw(self, **wanted):
        """The first drop since then with these fields; there must be one."""
        try:
            return wait_for(lambda: self.now(**wanted), 60, f"a drop {wanted}")[0]
        except AssertionError as error:
            error.add_note(str([{**one, "packet": ""} for one in self.now()]))
            raise


class Line:
    """A TCP connection from a machine that goes on word by word, while the test changes the network under it."""

    counter = 0

    def __init__(self, cloud, machine, address, port=7):
        Line.counter += 1
        self.cloud, self.machine, self.place = cloud, machine, f"/root/line-{Line.counter}"
        script = (f"exec 3<>/dev/tcp/{address}/{port} || exit; mkfifo {self.place}; exec 4<>{self.place}; "
                  f"while read -r word <&4; do echo $word >&3; read -t 2 -r answer <&3 && echo $word >>{self.place}.heard; "
                  f"echo $word >>{self.place}.said; done")
        shell(cloud, machine, f"setsid bash -c '{script}' >/dev/null 2>&1 </dev/null & true")
        wait_for(lambda: shell(cloud, machine, f"test -p {self.place} && echo up; true") == "up", 60, "the connection")

    def says(self, word):
        """Whether the other end answers this word in time."""
        out = shell(self.cloud, self.machine,
                    f"echo {word} >{self.place}; until grep -qx {word} {self.place}.said 2>/dev/null; do sleep 0.02; done; "
                    f"grep -cx {word} {self.place}.heard; true")
        return out == "1"
