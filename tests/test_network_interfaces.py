"""Interfaces that come to and go from machines while they run."""

import pytest
from conftest import needs_root, wait_for
from probes import reach, shell
from test_packets import ANYWHERE, world  # noqa: F401 (world is a fixture)

pytestmark = needs_root


def attachment(ec2, interface):
    found = ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"][0]
    return found.get("Attachment", {}).get("Status"), found["Status"]


def links(cloud, name):
    return shell(cloud, name, "ls /sys/class/net | tr '\\n' ' '").split()


def test_an_interface_comes_to_a_running_machine_and_goes_again(cloud, world):
    ec2 = world.ec2
    group = world.group(("tcp", 80, ANYWHERE))
    name, _, _ = world.machine(world.public, group)
    client, _, _ = world.machine(world.public, group)
    second = ec2.create_network_interface(SubnetId=world.private, Groups=[group])["NetworkInterface"]
    interface, address = second["NetworkInterfaceId"], second["PrivateIpAddress"]
    assert reach(cloud, client, address) == "silent"
    plugged = ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=name, DeviceIndex=1)["AttachmentId"]
    wait_for(lambda: attachment(ec2, interface) == ("attached", "in-use"), what="the attachment")
    assert links(cloud, name) == ["eth0", "eth1", "lo"]
    # Asked at the second interface's address it answers through the second interface.
    assert reach(cloud, client, address) == "open"
    assert address in shell(cloud, name, "hostname -I")
    with pytest.raises(ec2.exceptions.ClientError, match="OperationNotPermitted"):
        first = ec2.describe_instances(InstanceIds=[name])["Reservations"][0]["Instances"][0]["NetworkInterfaces"]
        primary = next(one for one in first if one["Attachment"]["DeviceIndex"] == 0)
        ec2.detach_network_interface(AttachmentId=primary["Attachment"]["AttachmentId"])
    ec2.detach_network_interface(AttachmentId=plugged)
    wait_for(lambda: attachment(ec2, interface) == (None, "available"), what="the detachment")
    assert links(cloud, name) == ["eth0", "lo"]
    assert reach(cloud, client, address) == "silent"
    # It goes to another machine, which is reached under the same address then.
    other, _, _ = world.machine(world.public, group)
    ec2.attach_network_interface(NetworkInterfaceId=interface, InstanceId=other, DeviceIndex=1)
    wait_for(lambda: attachment(ec2, interface)[0] == "attached", what="the move")
    assert reach(cloud, client, address) == "open"


def test_a_machine_starts_with_several_interfaces_and_keeps_them_over_a_stop(cloud, world):
    ec2 = world.ec2
    group = world.group(("tcp", 80, ANYWHERE))
    card = {"DeviceIndex": 1, "SubnetId": world.private, "Groups": [group]}
    made = ec2.run_instances(
        ImageId="ami-12345678", InstanceType="t3.micro", MinCount=1, MaxCount=1,
        NetworkInterfaces=[{"DeviceIndex": 0, "SubnetId": world.public, "Groups": [group]}, card],
    )["Instances"][0]
    name = made["InstanceId"]
    world.ids.append(name)
    waiter = {"Delay": 1, "MaxAttempts": 60}
    ec2.get_waiter("instance_running").wait(InstanceIds=[name], WaiterConfig=waiter)
    addresses = {one["PrivateIpAddress"] for one in made["NetworkInterfaces"]}
    wait_for(lambda: addresses <= set(shell(cloud, name, "hostname -I").split()), what="both addresses")
    third = ec2.create_network_interface(SubnetId=world.private, Groups=[group])["NetworkInterface"]
    with pytest.raises(ec2.exceptions.ClientError, match="AttachmentLimitExceeded"):
        ec2.attach_network_interface(
            NetworkInterfaceId=third["NetworkInterfaceId"], InstanceId=name, DeviceIndex=2)
    ec2.stop_instances(InstanceIds=[name])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[name], WaiterConfig=waiter)
    ec2.start_instances(InstanceIds=[name])
    ec2.get_waiter("instance_running").wait(InstanceIds=[name], WaiterConfig=waiter)
    assert links(cloud, name) == ["eth0", "eth1", "lo"]
