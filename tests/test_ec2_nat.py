"""NAT gateways: their life as boto3 sees it, and packets that leave through one."""

import pytest
from conftest import needs_root, wait_for
from probes import reach, shell
from test_network_api import code, ec2, gateway, subnet, vpc  # noqa: F401  (ec2 and vpc are fixtures)
from test_packets import ANYWHERE, World, outside  # noqa: F401  (outside is a fixture)
from test_machines import terminate

pytestmark = needs_root


def shown(ec2, nat):
    (found,) = ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"]
    return found


def settled(ec2, nat, state):
    wait_for(lambda: shown(ec2, nat)["State"] == state, 60, f"the state {state}")
    return shown(ec2, nat)


def public_nat(ec2, inside):
    mapped = ec2.allocate_address(Domain="vpc")
    made = ec2.create_nat_gateway(SubnetId=inside, AllocationId=mapped["AllocationId"])["NatGateway"]
    assert made["State"] == "pending"
    return made["NatGatewayId"], mapped


def test_the_life_of_a_gateway(ec2, vpc):
    gateway(ec2, vpc)
    inside = subnet(ec2, vpc)
    nat, mapped = public_nat(ec2, inside)
    ec2.get_waiter("nat_gateway_available").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    (address,) = shown(ec2, nat)["NatGatewayAddresses"]
    assert address["PublicIp"] == mapped["PublicIp"] and address["IsPrimary"] and address["Status"] == "succeeded"
    assert code(ec2.release_address, AllocationId=mapped["AllocationId"]) == "InvalidIPAddress.InUse"
    assert code(ec2.delete_network_interface, NetworkInterfaceId=address["NetworkInterfaceId"]) in (
        "OperationNotPermitted", "InvalidParameterValue")
    ec2.delete_nat_gateway(NatGatewayId=nat)
    ec2.get_waiter("nat_gateway_deleted").wait(NatGatewayIds=[nat], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ec2.release_address(AllocationId=mapped["AllocationId"])
    ec2.delete_subnet(SubnetId=inside)


def test_a_gateway_that_cannot_be_says_why(ec2, vpc):
    inside = subnet(ec2, vpc)
    nat, _ = public_nat(ec2, inside)
    failed = settled(ec2, nat, "failed")
    assert failed["FailureCode"] == "Gateway.NotAttached"
    assert failed["FailureMessage"] == f"Network {vpc} has no Internet gateway attached"
    assert code(ec2.create_route, RouteTableId=ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"],
                DestinationCidrBlock=ANYWHERE, NatGatewayId=nat) == "InvalidNatGatewayID.NotFound"


@pytest.fixture(scope="module")
def behind(cloud):
    """A machine without public address whose subnet leads out through a NAT gateway."""
    world = World(cloud)
    world.nat, world.mapped = public_nat(world.ec2, world.public)
    settled(world.ec2, world.nat, "available")
    world.inner = world.ec2.create_route_table(VpcId=world.vpc)["RouteTable"]["RouteTableId"]
    world.ec2.associate_route_table(RouteTableId=world.inner, SubnetId=world.private)
    world.route(ANYWHERE, world.inner, NatGatewayId=world.nat)
    world.client = world.machine(world.private, world.group(("-1", -1, ANYWHERE)))
    yield world
    terminate(world.ec2, world.ids)


def test_the_outside_sees_the_gateway_and_cannot_come_in(cloud, behind, outside):
    name = behind.client[0]
    ask = f"bash -c 'exec 3<>/dev/tcp/{outside[1]}/80; echo hi >&3; head -1 <&3'"
    assert shell(cloud, name, ask).endswith(behind.mapped["PublicIp"])
    assert reach(cloud, outside[0], behind.mapped["PublicIp"]) in ("silent", "refused")
    # Without the gateway's route there is no way; the very next packet knows.
    behind.ec2.delete_route(RouteTableId=behind.inner, DestinationCidrBlock=ANYWHERE)
    assert reach(cloud, name, outside[1]) == "silent"
    behind.route(ANYWHERE, behind.inner, NatGatewayId=behind.nat)
    assert reach(cloud, name, outside[1]) == "open"


def test_a_deleted_gateway_leaves_a_blackhole(cloud, behind, outside):
    second, mapped = public_nat(behind.ec2, behind.public)
    settled(behind.ec2, second, "available")
    behind.ec2.replace_route(RouteTableId=behind.inner, DestinationCidrBlock=ANYWHERE, NatGatewayId=second)
    name = behind.client[0]
    ask = f"bash -c 'exec 3<>/dev/tcp/{outside[1]}/80; echo hi >&3; head -1 <&3'"
    assert shell(cloud, name, ask).endswith(mapped["PublicIp"])
    behind.ec2.delete_nat_gateway(NatGatewayId=second)
    assert reach(cloud, name, outside[1]) == "silent"
    (table,) = behind.ec2.describe_route_tables(RouteTableIds=[behind.inner])["RouteTables"]
    assert [r["State"] for r in table["Routes"]] == ["active", "blackhole"]
    settled(behind.ec2, second, "deleted")
    behind.ec2.release_address(AllocationId=mapped["AllocationId"])
    behind.ec2.replace_route(RouteTableId=behind.inner, DestinationCidrBlock=ANYWHERE, NatGatewayId=behind.nat)
    assert reach(cloud, name, outside[1]) == "open"
