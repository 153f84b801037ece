"""A machine turned hostile: what it eats is its own, what it sees is its own, and its neighbours do not notice."""

import os

import pytest
from conftest import needs_root, run_shell, wait_for
from test_machines import describe, launch, one, terminate

pytestmark = needs_root


@pytest.fixture(scope="module")
def machines(cloud):
    """(the hostile one, its neighbour)"""
    ec2 = cloud.client("ec2")
    ids = launch(ec2, 2)
    yield ids
    terminate(ec2, ids)


def start(cloud, instance, command, seconds=120):
    sent = cloud.client("ssm").send_command(
        DocumentName="AWS-RunShellScript", InstanceIds=[instance],
        Parameters={"commands": [command], "executionTimeout": [str(seconds)]})
    return sent["Command"]["CommandId"]


def ended(cloud, command, instance):
    ssm = cloud.client("ssm")
    return wait_for(
        lambda: (got := ssm.get_command_invocation(CommandId=command, InstanceId=instance))["Status"]
        not in ("Pending", "InProgress", "Delayed", "Cancelling") and got, 180, "the end of the command")


def test_a_memory_hog_meets_its_own_limit(cloud, machines):
    hostile, neighbour = machines
    hog = start(cloud, hostile, "perl -e '$x = \"a\" x (1 << 20); push @k, $x . $_ for 1..6000; print \"survived\"'")
    for _ in range(3):
        assert one(cloud, neighbour, "echo alive") == "alive\n"
    got = ended(cloud, hog, hostile)
    assert got["Status"] == "Failed" and "survived" not in got["StandardOutputContent"]
    assert one(cloud, hostile, "echo still here") == "still here\n"  # the hog died, not the machine


def test_memory_files_count_too(cloud, machines):
    hostile, neighbour = machines
    _, out, _ = run_shell(cloud, [hostile], "dd if=/dev/zero of=/dev/shm/fill bs=1M count=4000 2>&1; rm -f /dev/shm/fill; echo end")[hostile]
    assert "No space left" in out or "end" not in out
    assert one(cloud, neighbour, "echo alive") == "alive\n"


def test_a_full_disk_is_the_machines_own(cloud, ec2, machines):
    neighbour = machines[1]
    (filler,) = launch(ec2)  # 8 GiB, the smallest root
    free = os.statvfs("/tmp")
    if free.f_bavail * free.f_frsize < 20 << 30:
        terminate(ec2, [filler])
        pytest.skip("less than 20 GiB free here: a machine may take 8 of them")
    run_shell(cloud, [filler], "echo kept >/root/kept")
    start(cloud, filler, "fallocate -l 9G /root/fill; sleep 60", 90)
    state = wait_for(lambda: (s := describe(ec2, filler)["State"]["Name"]) not in ("running", "stopping") and s, 60, "the limit")
    assert state == "stopped"
    assert "disk" in ec2.get_console_output(InstanceId=filler)["Output"]
    assert one(cloud, neighbour, "dd if=/dev/zero of=/root/mine bs=1M count=10 2>/dev/null && rm /root/mine && echo wrote") == "wrote\n"
    terminate(ec2, [filler])


def test_processes_and_files_of_the_host_are_not_there(cloud, machines, tmp_path):
    hostile = machines[0]
    (tmp_path / "host-secret").write_text("a-word-of-the-host")
    own = f"test -e {tmp_path}/host-secret && echo file; test -d /proc/{os.getpid()} && grep -l pytest /proc/{os.getpid()}/cmdline && echo process; "
    seen = one(cloud, hostile, own + "ls /proc | grep -c '^[0-9]'; kill -0 -1 2>/dev/null; grep -s pytest /proc/[0-9]*/environ; true")
    assert len(seen.split()) == 1 and int(seen) < 40, seen
    assert "a-word-of-the-host" not in one(cloud, hostile, "cat /proc/1/environ /proc/1/mountinfo 2>/dev/null | tr '\\0' ' '")
    # Files reached through the root of the first process or by climbing are the machine's own.
    names = one(cloud, hostile, "for p in / /proc/1/root /../.. /proc/self/cwd/../../..; do cat $p/etc/hostname; done; hostname")
    assert len(set(names.split())) == 1, names


ATTEMPTS = {
    "mount a memory file system": "mount -t tmpfs none /mnt",
    "mount by the system call": "perl -e 'exit(syscall(165, my $a = \"none\", my $b = \"/mnt\", my $c = \"tmpfs\", 0, 0) == 0 ? 0 : 1)'",
    "write to the kernel's settings": "echo 1 >/proc/sys/net/ipv4/ip_forward",
    "write the host's name through them": "echo pwned >/proc/sys/kernel/core_pattern",
    "make a block device": "mknod /root/disk b 8 0 && head -c 1 /root/disk",
    "make a kernel memory device": "mknod /root/mem c 1 1 && head -c 1 /root/mem",
    "read the kernel's memory": "head -c 1 /proc/kcore | grep -q .",
    "ask for a restart of the host": "echo b >/proc/sysrq-trigger",
    "load a module": "perl -e 'exit(syscall(175, \"x\", 1, \"\") == 0 ? 0 : 1)'",
    "set the clock": "date -s 2001-01-01",
    "change an interface": "ip link set eth0 down",
    "add an address": "ip addr add 9.9.9.9/32 dev eth0",
    "change the packet filter": "nft add table inet mine",
    "join the first process's namespaces": "nsenter -t 1 -m -n -p true && mount -t tmpfs none /mnt",
    "make a user namespace and mount in it": "unshare --user --map-root-user --mount mount -t tmpfs none /mnt",
    "write to control groups": "mount -t cgroup2 none /mnt || mount -t cgroup none /mnt || mkdir /sys/fs/cgroup/mine",
    "read the kernel log": "dmesg",
    "use a key of the host": "test -s /proc/keys",
    "trace from outside by bpf": "perl -e 'exit(syscall(321, 5, my $a = \"\\0\" x 128, 128) >= 0 ? 0 : 1)'",
    "raise its own limit of priority": "nice -n -10 true 2>&1 | grep -q . && exit 1; renice -n -15 $$",
    "write to hardware": "test -w /dev/mem -o -w /dev/sda -o -w /dev/vda -o -w /dev/kmsg",
    "change sysfs": "echo 0 >/sys/kernel/mm/ksm/run || mount -o remount,rw /sys",
}


@pytest.mark.parametrize("what", ATTEMPTS)
def test_it_cannot(cloud, machines, what):
    """Each attempt ends in failure as the machine's root, and with the reason of a refusal, not of a missing program."""
    status, out, err = run_shell(cloud, [machines[0]], f"({ATTEMPTS[what]}) </dev/null; echo code=$?")[machines[0]]
    assert status == "Success" and "code=0" not in out, (what, out, err)
    if "not found" in err:
        pytest.skip(f"no program for it in the image: {err.strip()}")


def test_masked_places_are_empty(cloud, machines):
    out = one(cloud, machines[0], "cat /proc/keys /proc/timer_list /proc/interrupts; find /proc/acpi /sys/firmware -mindepth 1 2>/dev/null; true")
    assert out.strip() == ""
    mounts = one(cloud, machines[0], "grep -E ' /(proc/sys|sys|proc/bus|proc/irq|proc/fs) ' /proc/mounts")
    assert len(mounts.splitlines()) >= 3 and all(" ro," in line for line in mounts.splitlines()), mounts


def test_the_root_of_a_machine_is_nobody_on_the_host(cloud, machines):
    uid_map = one(cloud, machines[0], "cat /proc/self/uid_map").split()
    assert uid_map[0] == "0" and int(uid_map[1]) >= 65536, uid_map
    status = one(cloud, machines[0], "cat /proc/self/status")
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert fields["Seccomp"].strip() == "2"
    bits = int(fields["CapBnd"].strip(), 16)
    for name, bit in {"SYS_ADMIN": 21, "SYS_MODULE": 16, "SYS_RAWIO": 17, "NET_ADMIN": 12, "SYS_TIME": 25, "BPF": 39}.items():
        assert not bits >> bit & 1, name


def test_two_machines_share_no_identity_on_the_host(cloud, machines):
    outputs = run_shell(cloud, machines, "awk '{print $2}' /proc/self/uid_map; readlink /proc/self/ns/net /proc/self/ns/pid /proc/self/ns/user /proc/self/ns/ipc /proc/self/ns/uts")
    first, second = (set(outputs[m][1].split()) for m in machines)
    assert len(first) == len(second) == 6
    namespaces = {n for n in first & second if ":" in n}
    assert namespaces == set()


def test_a_flood_of_output_is_kept_within_bounds(cloud, machines):
    hostile, neighbour = machines
    flood = start(cloud, hostile, "yes aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 2)
    assert one(cloud, neighbour, "echo alive") == "alive\n"
    got = ended(cloud, flood, hostile)
    assert got["StatusDetails"] in ("Execution Timed Out", "ExecutionTimedOut") and len(got["StandardOutputContent"]) <= 24_000
