"""Machines are real: processes, files, networks, limits — seen from inside by commands and from outside by packets."""

import base64
import socket
import time

import pytest
from botocore.exceptions import WaiterError
from conftest import needs_root, run_shell, story, wait_for

pytestmark = needs_root

SERVER = """#!/bin/sh
echo booted >/root/first-boot
perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(LocalPort => 80, Listen => 16, ReuseAddr => 1) or die;
  while (my $c = $s->accept) { print $c "HTTP/1.0 200 OK\\r\\n\\r\\nhello"; close $c }' >/dev/null 2>&1 </dev/null &
"""


def launch(ec2, count=1, wait=True, **more):
    made = ec2.run_instances(ImageId="ami-12345678", InstanceType="t3.micro", MinCount=count, MaxCount=count, **more)
    ids = [i["InstanceId"] for i in made["Instances"]]
    if wait:
        try:
            ec2.get_waiter("instance_running").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
        except WaiterError as error:
            error.add_note(str([describe(ec2, instance).get("StateReason") for instance in ids]))
            raise
    return ids


def describe(ec2, instance_id):
    return ec2.describe_instances(InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]


def terminate(ec2, ids):
    ec2.terminate_instances(InstanceIds=ids)
    ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 60})


@pytest.fixture(scope="module")
def machines(cloud):
    ec2 = cloud.client("ec2")
    ids = launch(ec2, 2, UserData=SERVER)
    yield ids
    terminate(ec2, ids)


def one(cloud, instance, command):
    status, out, err = run_shell(cloud, [instance], command)[instance]
    assert status == "Success", (status, out, err)
    return out


def answers(cloud, instance, question="echo again"):
    """Waits until a machine can fork and run a command again."""
    try:
        wait_for(lambda: run_shell(cloud, [instance], question)[instance][1] == "again\n", 240)
    except AssertionError as error:
        error.add_note(story(cloud, [instance]))
        raise


def connects(address, port, seconds=2.0):
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return True
    except OSError:
        return False


def test_each_has_its_own_identity(cloud, ec2, machines):
    outputs = run_shell(cloud, machines, "hostname; cat /etc/machine-id; cat /proc/1/comm; id -u")
    seen = set()
    for instance in machines:
        status, out, err = outputs[instance]
        assert status == "Success", err
        name, machine_id, init, uid = out.split()
        assert describe(ec2, instance)["PrivateDnsName"].split(".")[0] == name
        assert len(machine_id) == 32 and uid == "0"
        seen.add((name, machine_id))
    assert len(seen) == 2


def test_user_data_ran_once(cloud, ec2, machines):
    instance = machines[0]
    wait_for(lambda: run_shell(cloud, [instance], "cat /root/first-boot")[instance][1].strip() == "booted", what="user-data")
    one(cloud, instance, "echo changed >/root/first-boot; touch /run/before")
    ec2.reboot_instances(InstanceIds=[instance])
    # /run is empty after a reboot; whoever goes on before that meets the reboot in the middle of the next test.
    answers(cloud, instance, "test -e /run/before || echo again")
    wait_for(lambda: "boot finished" in ec2.get_console_output(InstanceId=instance).get("Output", "").partition("boot 2")[2],
             what="the second boot")
    assert one(cloud, instance, "cat /root/first-boot") == "changed\n"


def test_the_type_limits_memory_and_processors(cloud, machines):
    status, out, err = run_shell(
        cloud, [machines[0]], "perl -e '$x = \"a\" x (1024*1024); push @k, $x . $_ for 1..3000; print \"survived\"'"
    )[machines[0]]
    assert "survived" not in out  # 3 GB do not fit in a t3.micro
    assert one(cloud, machines[1], "echo alive") == "alive\n"


def test_metadata_by_version_two(cloud, machines):
    script = """t=$(curl -s -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' http://169.254.169.254/latest/api/token)
    curl -s -H "X-aws-ec2-metadata-token: $t" http://169.254.169.254/latest/meta-data/instance-id"""
    assert one(cloud, machines[0], script).strip() == machines[0]
    assert one(cloud, machines[1], script).strip() == machines[1]


def test_a_fork_bomb_leaves_the_neighbour_alone(cloud, machines):
    ssm = cloud.client("ssm")
    bomb = ssm.send_command(
        DocumentName="AWS-RunShellScript",
        InstanceIds=[machines[0]],
        # The shell becomes the sleep: one that had to fork for it would fail and end the command before its time.
        Parameters={"commands": ["bash -c ':(){ :|:& };:' & exec sleep 30"], "executionTimeout": ["5"]},
    )["Command"]["CommandId"]
    for _ in range(3):
        assert one(cloud, machines[1], "echo alive") == "alive\n"
    final = wait_for(
        lambda: (got := ssm.get_command_invocation(CommandId=bomb, InstanceId=machines[0]))["Status"]
        not in ("Pending", "InProgress", "Delayed") and got,
        60,
    )
    assert final["Status"] in ("TimedOut", "Failed")
    # The tree is gone: the machine can fork again.
    answers(cloud, machines[0])
    assert describe(cloud.client("ec2"), machines[0])["State"]["Name"] == "running"


def test_a_reboot_cures_a_machine_that_a_bomb_holds(cloud, ec2, machines):
    # The command is over at once, and what it left behind is nobody's any more, as on EC2.
    run_shell(cloud, [machines[0]], "touch /run/before; bash -c ':(){ :|:& };:' >/dev/null 2>&1 & exit 0")
    ec2.reboot_instances(InstanceIds=[machines[0]])
    # /run is empty after a reboot; a command may get through the bomb, too.
    answers(cloud, machines[0], "test -e /run/before || echo again")
    assert describe(ec2, machines[0])["State"]["Name"] == "running"


def test_nothing_of_the_host_is_visible(cloud, machines):
    out = one(
        cloud,
        machines[0],
        "cat /etc/shadow | grep -c '\\$' ; ls /var/lib/allod /work /home/*/.ssh/id_* /root/.ssh/id_* 2>/dev/null | wc -l; "
        "mount -o remount,rw /proc/sys 2>/dev/null && echo remounted; "
        "echo 1 > /proc/sys/kernel/panic 2>/dev/null && echo sysctl; "
        "mknod /tmp/disk b 254 0 2>/dev/null && head -c1 /tmp/disk 2>/dev/null && echo disk; true",
    )
    assert out.split() == ["0", "0"], out


def test_stop_keeps_disk_and_address_start_brings_them_back(cloud, ec2):
    (instance,) = launch(ec2)
    address = describe(ec2, instance)["PrivateIpAddress"]
    one(cloud, instance, "echo kept >/root/kept")
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    ec2.start_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert describe(ec2, instance)["PrivateIpAddress"] == address
    assert one(cloud, instance, "cat /root/kept") == "kept\n"
    terminate(ec2, [instance])


def test_console_output_holds_what_user_data_said(cloud, ec2):
    (instance,) = launch(ec2, UserData="#!/bin/sh\necho a-word-for-the-console\n")
    text = wait_for(
        lambda: (out := ec2.get_console_output(InstanceId=instance).get("Output", "")) and "a-word" in out and out
    )
    assert "a-word-for-the-console" in text
    terminate(ec2, [instance])


def test_shutdown_from_inside_stops_the_instance(cloud, ec2):
    (instance,) = launch(ec2)
    run_shell(cloud, [instance], "(sleep 0.2; kill -TERM 1 || poweroff -f) >/dev/null 2>&1 &")
    state = wait_for(lambda: (s := describe(ec2, instance)["State"]["Name"]) not in ("running", "stopping") and s)
    assert state == "stopped"
    terminate(ec2, [instance])


def test_a_rule_meets_the_very_next_packet(cloud, ec2, machines):
    instance = describe(ec2, machines[1])  # the other one was rebooted, and user-data runs once
    public, group = instance["PublicIpAddress"], instance["SecurityGroups"][0]["GroupId"]
    assert not connects(public, 80, 0.3)  # the default group lets only its own members in
    rule = dict(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    ec2.authorize_security_group_ingress(**rule)
    assert connects(public, 80)
    ec2.revoke_security_group_ingress(**rule)
    assert not connects(public, 80, 0.3)


def test_ssh_with_the_key_pair(cloud, ec2, tmp_path):
    import subprocess

    key = ec2.create_key_pair(KeyName=f"key-{time.time_ns()}", KeyType="ed25519")
    path = tmp_path / "key"
    path.write_text(key["KeyMaterial"])
    path.chmod(0o600)
    group = ec2.create_security_group(GroupName=f"ssh-{time.time_ns()}", Description="ssh")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=22, ToPort=22, CidrIp="0.0.0.0/0")
    (instance,) = launch(ec2, KeyName=key["KeyName"], SecurityGroupIds=[group])
    address = describe(ec2, instance)["PublicIpAddress"]

    def login():
        done = subprocess.run(
            ["ssh", "-i", str(path), "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
             "-o", "BatchMode=yes", "-o", "ConnectTimeout=10", f"ec2-user@{address}", "hostname"],
            capture_output=True, text=True)
        return done.stdout.strip() if done.returncode == 0 else None

    assert wait_for(login, what="ssh login") == describe(ec2, instance)["PrivateDnsName"].split(".")[0]
    terminate(ec2, [instance])


def test_cloud_config_and_encodings(cloud, ec2):
    import gzip

    config = b"#cloud-config\nwrite_files:\n- path: /root/written\n  content: by-cloud-config\nruncmd:\n- [sh, -c, 'echo ran >/root/ran']\n"
    (instance,) = launch(ec2, UserData=gzip.compress(config))
    wait_for(lambda: run_shell(cloud, [instance], "cat /root/written; echo; cat /root/ran")[instance][1].split()
             == ["by-cloud-config", "ran"], what="cloud-config")
    encoded = ec2.describe_instance_attribute(InstanceId=instance, Attribute="userData")["UserData"]["Value"]
    assert gzip.decompress(base64.b64decode(encoded)) == config
    terminate(ec2, [instance])
