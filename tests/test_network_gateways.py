"""NAT gateways, peering connections, flow logs, the list of drops and repairs, with real machines and real commands."""

import subprocess
import urllib.request
from pathlib import Path

import pytest
from conftest import needs_root, terminate_all, wait_for
from packet_watch import Witness, drops
from probes import reach, shell
from test_machines import describe, terminate
from test_packets import ANYWHERE, World, outside, world  # noqa: F401 (fixtures)

pytestmark = needs_root


def caller_seen(cloud, name, address):
    """The address under which a machine's server sees a connection from `name`."""
    seen = shell(cloud, name, f"timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/80; echo hi >&3; read -r a <&3; echo $a'")
    return seen.removeprefix("::ffff:")


def nat_state(ec2, gateway):
    return ec2.describe_nat_gateways(NatGatewayIds=[gateway])["NatGateways"][0]["State"]


def make_nat(world):
    """A public NAT gateway in the public subnet that the private one leads out through: (id, table, address)."""
    ec2 = world.ec2
    mapped = ec2.allocate_address(Domain="vpc")
    made = ec2.create_nat_gateway(SubnetId=world.public, AllocationId=mapped["AllocationId"])["NatGateway"]
    gateway = made["NatGatewayId"]
    wait_for(lambda: nat_state(ec2, gateway) == "available", what="the NAT gateway")
    table = ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=world.private)
    world.route(ANYWHERE, table, NatGatewayId=gateway)
    return gateway, table, mapped["PublicIp"]


def test_a_nat_gateway_leads_out_and_not_in(cloud, world, outside):
    ec2 = world.ec2
    group = world.group(("tcp", 80, ANYWHERE))
    name, _, _ = world.machine(world.private, group)
    gateway, table, address = make_nat(world)
    assert caller_seen(cloud, name, outside[1]) == address
    assert reach(cloud, outside[0], address) == "silent", "replies only"
    ec2.delete_nat_gateway(NatGatewayId=gateway)
    wait_for(lambda: nat_state(ec2, gateway) == "deleted", what="the end of the NAT gateway")
    assert reach(cloud, name, outside[1]) == "silent"
    routes = ec2.describe_route_tables(RouteTableIds=[table])["RouteTables"][0]["Routes"]
    assert {r["State"] for r in routes if r.get("NatGatewayId")} == {"blackhole"}
    handles = [path.name for path in Path("/run/allod/net").glob(f"*/{world.vpc}*")]
    assert handles == [world.vpc], "its namespace is gone"


def test_peers_reach_one_another_by_group_and_part_again(cloud):
    """Check 51 of docs/packet-checks.md."""
    ec2 = cloud.client("ec2")
    near, far = World(cloud), None
    try:
        other = ec2.create_vpc(CidrBlock="10.30.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=other, CidrBlock="10.30.1.0/24")["Subnet"]["SubnetId"]
        here = near.group()
        name, address, _ = near.machine(near.private, here)
        made = ec2.create_vpc_peering_connection(VpcId=near.vpc, PeerVpcId=other)["VpcPeeringConnection"]
        peering = made["VpcPeeringConnectionId"]
        ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering)
        main = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [other]}])["RouteTables"][0]
        ec2.create_route(RouteTableId=main["RouteTableId"], DestinationCidrBlock="10.20.0.0/16",
                         VpcPeeringConnectionId=peering)
        mine = ec2.describe_route_tables(Filters=[{"Name": "vpc-id", "Values": [near.vpc]},
                                                  {"Name": "association.main", "Values": ["true"]}])["RouteTables"][0]
        ec2.create_route(RouteTableId=mine["RouteTableId"], DestinationCidrBlock="10.30.0.0/16",
                         VpcPeeringConnectionId=peering)
        far = World.__new__(World)
        far.cloud, far.ec2, far.vpc, far.ids, far.counter = cloud, ec2, other, [], 100
        there = far.group()
        server, server_address, _ = far.machine(subnet, there)
        witness = Witness(near, other)
        assert reach(cloud, name, server_address) == "silent", "no rule admits it"
        one = witness.saw(source=address, destination=server_address)
        assert (one["gate"], one["groups"], one["incoming"]) == ("ingress-denied", [there], peering)
        far.allow(there, "tcp", 80, here)
        assert reach(cloud, name, server_address) == "open"
        assert caller_seen(cloud, name, server_address) == address
        # A new member of the near group is admitted there from the next packet on.
        fresh = near.group()
        second, _, interface = near.machine(near.private, fresh)
        assert reach(cloud, second, server_address) == "silent"
        near.groups_of(interface, here)
        assert reach(cloud, second, server_address) == "open"
        witness = Witness(near)
        ec2.delete_vpc_peering_connection(VpcPeeringConnectionId=peering)
        assert reach(cloud, name, server_address) == "silent"
        one = witness.saw(source=address, destination=server_address)
        assert (one["gate"], one["routeTable"]) == ("no-route", mine["RouteTableId"])
    finally:
        terminate(ec2, near.ids + (far.ids if far else []))


def metrics(cloud):
    with urllib.request.urlopen(f"{cloud.endpoint}/_allod/metrics") as answer:
        lines = [line.split() for line in answer.read().decode().splitlines() if line.startswith("allod_network")]
    return {name: int(value) for name, value in lines}


def test_drops_are_listed_with_what_decided(cloud, world):
    group, closed = world.group(("tcp", 80, ANYWHERE)), world.group()
    name, address, interface = world.machine(world.private, closed)
    client, source, _ = world.machine(world.public, group)
    start = drops(cloud, world.vpc)["last"]
    assert reach(cloud, client, address) == "silent"

    def listed():
        found = drops(cloud, world.vpc, start)["drops"]
        return [one for one in found if one["destination"] == address and one.get("destinationPort") == 80]
    one = wait_for(listed, what="the report of the drop")[0]
    assert (one["gate"], one["interface"], one["groups"]) == ("ingress-denied", interface, [closed])
    assert (one["source"], one["protocol"]) == (source, 6)
    table = world.ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    lonely = world.subnet("10.20.9.0/24")
    world.ec2.associate_route_table(RouteTableId=table, SubnetId=lonely)
    lost, _, interface = world.machine(lonely, group)
    assert reach(cloud, lost, "203.0.113.9") == "silent"

    def unrouted():
        found = drops(cloud, world.vpc, start)["drops"]
        return [one for one in found if one["destination"] == "203.0.113.9"]
    one = wait_for(unrouted, what="the report of the drop")[0]
    assert (one["gate"], one["interface"], one["routeTable"]) == ("no-route", interface, table)


@pytest.mark.parametrize("damage", [
    "nft delete table inet allod",
    "nft flush chain inet allod forward",
    "ip route flush proto 65 table main",
    "ip link set edge down",
])
def test_meddling_is_repaired(cloud, world, outside, damage):
    group = world.group(("tcp", 80, ANYWHERE))
    name, address, _ = world.machine(world.public, group, public=True)
    client, _, _ = world.machine(world.private, group)
    assert reach(cloud, client, address) == "open"
    handle = next(Path("/run/allod/net").glob(f"*/{world.vpc}"))
    before = metrics(cloud)["allod_network_repairs_total"]
    subprocess.run(["nsenter", f"--net={handle}", "sh", "-ec", damage], check=True)
    wait_for(lambda: metrics(cloud)["allod_network_repairs_total"] > before, what="the repair")
    wait_for(lambda: reach(cloud, client, address) == "open", what="the way inside")
    wait_for(lambda: reach(cloud, name, outside[1]) == "open", what="the way out")


def test_flow_logs_are_written(cloud, world):
    """Check 65."""
    ec2 = world.ec2
    open_, closed = world.group(("tcp", 80, ANYWHERE)), world.group()
    server, address, interface = world.machine(world.private, open_)
    _, shut, shut_interface = world.machine(world.private, closed)
    client, source, _ = world.machine(world.public, open_)
    fields = ["interface-id", "srcaddr", "dstaddr", "dstport", "protocol", "action", "flow-direction", "tcp-flags",
              "log-status", "packets"]
    made = ec2.create_flow_logs(
        ResourceIds=[world.vpc], ResourceType="VPC", TrafficType="ALL", LogDestinationType="cloud-watch-logs",
        LogGroupName="flows", DeliverLogsPermissionArn="arn:aws:iam::000000000000:role/flows",
        MaxAggregationInterval=60, LogFormat=" ".join(f"${{{f}}}" for f in fields))
    assert made["FlowLogIds"] and not made["Unsuccessful"]
    logs = Path(cloud.ready["data_dir"]) / "logs"

    def records():
        # What passed before the log began to count belongs to no interval, so packets keep coming.
        assert reach(cloud, client, address) == "open" and reach(cloud, client, shut) == "silent"
        found = []
        for path in logs.rglob("*.log"):
            found += [dict(zip(fields, line.split())) for line in path.read_text().splitlines()]
        wanted = [
            {"interface-id": interface, "srcaddr": source, "dstport": "80", "action": "ACCEPT",
             "flow-direction": "ingress"},
            {"interface-id": shut_interface, "srcaddr": source, "dstaddr": shut, "dstport": "80", "action": "REJECT",
             "flow-direction": "ingress"},
        ]
        return found if all(any(w.items() <= f.items() for f in found) for w in wanted) else None
    found = wait_for(records, 200, "the records")
    assert all(one["log-status"] in ("OK", "NODATA") for one in found)
    ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"])


def test_a_nat_gateway_outlives_a_killed_control_plane(lasting):
    world, other = World(lasting), World(lasting)
    try:
        name, _, _ = world.machine(world.private, world.group(("tcp", 80, ANYWHERE)))
        far, _, _ = other.machine(other.public, other.group(("tcp", 80, ANYWHERE)), public=True)
        address = describe(other.ec2, far)["PublicIpAddress"]
        gateway, _, seen = make_nat(world)
        assert caller_seen(lasting, name, address) == seen
        lasting.kill()
        lasting.start()
        world.ec2 = lasting.client("ec2")
        wait_for(lambda: reach(lasting, name, address) == "open", what="the machine under the new control plane")
        assert caller_seen(lasting, name, address) == seen
        world.ec2.delete_nat_gateway(NatGatewayId=gateway)
        wait_for(lambda: nat_state(world.ec2, gateway) == "deleted", what="the end of the NAT gateway")
        assert reach(lasting, name, address) == "silent"
    finally:
        terminate_all(lasting)
