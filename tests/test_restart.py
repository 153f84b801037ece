"""kill -9 of the control plane, the keeper and a machine's init: what was acknowledged stays, machines live on."""

import os
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from conftest import needs_root, routes, run_shell, wait_for
from test_machines import SERVER, connects, describe, launch, one, terminate

pytestmark = needs_root


def keeper_pid(cloud):
    out = subprocess.run(["pgrep", "-f", f"keeper {cloud.data_dir}/run"], capture_output=True, text=True).stdout.split()
    # Machines are forks of the keeper and show its command line: the keeper is the oldest.
    return min(map(int, out))


def init_pid(instance):
    """The host's number of the process that is 1 inside the machine; its control group carries the instance's id."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            numbers = [line for line in (folder / "status").read_text().splitlines() if line.startswith("NSpid:")]
            if numbers[0].split()[-1] == "1" and instance in (folder / "cgroup").read_text():
                return int(folder.name)
        except OSError:
            pass
    raise AssertionError(f"no first process of {instance}")


def test_records_survive(lasting):
    ec2 = lasting.client("ec2")
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    lasting.client("ssm").put_parameter(Name="/a", Value="secret-word", Type="SecureString")
    lasting.kill()
    lasting.start()
    assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"] == "10.9.0.0/16"
    got = lasting.client("ssm").get_parameter(Name="/a", WithDecryption=True)
    assert got["Parameter"]["Value"] == "secret-word"
    found = subprocess.run(["grep", "-rl", "secret-word", str(lasting.data_dir)], capture_output=True, text=True)
    assert found.stdout == "", "the secret stands in plain on the disk"


def test_machines_and_their_network_live_on(lasting):
    ec2 = lasting.client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    (instance,) = launch(ec2, UserData=SERVER, SecurityGroupIds=[group])
    address = describe(ec2, instance)["PublicIpAddress"]
    wait_for(lambda: connects(address, 80), what="the server")
    boot = one(lasting, instance, "cat /proc/sys/kernel/random/boot_id /etc/machine-id; ps -o lstart= -p 1 2>/dev/null; true")
    lasting.kill()
    assert connects(address, 80), "traffic must flow while the control plane is down"
    lasting.start()
    assert describe(ec2, instance)["State"]["Name"] == "running"
    assert connects(address, 80)
    assert one(lasting, instance, "cat /proc/sys/kernel/random/boot_id /etc/machine-id; ps -o lstart= -p 1 2>/dev/null; true") == boot
    # And it is still governed: the rule can be taken away.
    ec2.revoke_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    assert not connects(address, 80, 0.3)


def test_what_a_killed_cloud_left_on_the_host_goes_with_the_next_one(lasting):
    ec2, pool = lasting.client("ec2"), lasting.words[lasting.words.index("--public-pool") + 1].split("/")[0]
    vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
    terminate(ec2, launch(ec2, SubnetId=subnet))
    (router,) = Path("/run/allod/net").glob(f"*/{vpc}")
    lasting.kill()
    lasting.start()
    # No machine is left, so nothing of the network is open: the router is not in the way, and stays.
    ec2.delete_subnet(SubnetId=subnet)
    ec2.delete_vpc(VpcId=vpc)
    assert router.exists()
    (instance,) = launch(ec2)
    assert not router.exists(), "the next machine's cloud knows no such VPC"
    terminate(ec2, [instance])
    assert pool in routes()
    lasting.kill()
    lasting.start()
    assert lasting.stop() == 0, lasting.log_text()
    assert pool not in routes() and not router.parent.exists(), "the host has its own back"


def test_a_command_in_flight_ends_once_and_truly(lasting):
    ec2, ssm = lasting.client("ec2"), lasting.client("ssm")
    (instance,) = launch(ec2)
    sent = ssm.send_command(
        DocumentName="AWS-RunShellScript", InstanceIds=[instance],
        Parameters={"commands": ["echo x >>/root/ran; sleep 3; echo done; exit 7"]})["Command"]["CommandId"]
    wait_for(lambda: ssm.get_command_invocation(CommandId=sent, InstanceId=instance)["Status"] == "InProgress")
    lasting.kill()
    lasting.start()
    final = wait_for(
        lambda: (g := ssm.get_command_invocation(CommandId=sent, InstanceId=instance))["Status"]
        not in ("Pending", "InProgress", "Delayed") and g)
    assert (final["Status"], final["ResponseCode"]) == ("Failed", 7)
    assert "done" in final["StandardOutputContent"]
    assert one(lasting, instance, "wc -l </root/ran").strip() == "1"


def test_killed_during_launches(lasting):
    ec2 = lasting.client("ec2")
    ids = launch(ec2, 6, wait=False)
    time.sleep(0.05)
    lasting.kill()
    lasting.start()
    ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    outputs = run_shell(lasting, ids, "hostname")
    assert {status for status, _, _ in outputs.values()} == {"Success"}
    assert len({out for _, out, _ in outputs.values()}) == 6


def test_the_keeper_may_die(lasting):
    ec2 = lasting.client("ec2")
    (instance,) = launch(ec2)
    one(lasting, instance, "echo here >/root/mark")
    os.kill(keeper_pid(lasting), signal.SIGKILL)
    assert wait_for(lambda: run_shell(lasting, [instance], "cat /root/mark")[instance][1] == "here\n", 60)
    assert describe(ec2, instance)["State"]["Name"] == "running"


def test_a_machines_init_may_die(lasting):
    ec2 = lasting.client("ec2")
    first, second = launch(ec2, 2)
    init = init_pid(first)
    os.kill(init, signal.SIGKILL)
    states = wait_for(
        lambda: (s := sorted(describe(ec2, i)["State"]["Name"] for i in (first, second))) == ["running", "stopped"] and s)
    assert states


def test_acknowledged_rules_survive_kills_while_they_change(lasting):
    ec2 = lasting.client("ec2")
    group = ec2.create_security_group(GroupName="busy", Description="busy")["GroupId"]
    acknowledged, stop = [], threading.Event()

    def change():
        port = 1000
        client = lasting.client("ec2")
        while not stop.is_set() and port < 1050:
            try:
                client.authorize_security_group_ingress(
                    GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="10.0.0.0/8")
                acknowledged.append(port)
                port += 1
            except Exception:
                time.sleep(0.01)
                port += 1

    worker = threading.Thread(target=change)
    worker.start()
    for _ in range(3):
        time.sleep(0.15)
        lasting.kill()
        lasting.start()
    stop.set()
    worker.join()
    rules = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])["SecurityGroupRules"]
    ports = {r["FromPort"] for r in rules if not r["IsEgress"]}
    assert acknowledged and set(acknowledged) <= ports
