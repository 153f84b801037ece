"""An ordinary user's cloud: no root, a user namespace instead; and a clear word where that is forbidden."""

import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
from pathlib import Path

import pytest
from conftest import BINARY, Cloud, run_shell, terminate_all, wait_for
from test_machines import SERVER, describe, launch

NOBODY = 65534
"""Any uid that is not root's; it needs no account."""


class User:
    """Somebody without root, with a home and a copy of the binary that they may read."""

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="allod-user-"))
        self.binary = self.home / "allod"
        shutil.copy(BINARY, self.binary)
        self.prefix = []
        if os.geteuid() == 0:
            self.prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"]
            self.own(self.home)
        self.environment = {**os.environ, "HOME": str(self.home), "TMPDIR": str(self.home)}
        self.environment.pop("XDG_DATA_HOME", None)

    def own(self, path):
        if self.prefix:
            os.chown(path, NOBODY, NOBODY)

    def run(self, *words):
        return subprocess.run([*self.prefix, *words], env=self.environment, cwd="/",
                              capture_output=True, text=True, timeout=120)

    def allod(self, *words):
        return self.run(str(self.binary), *words)

    def may_make_namespaces(self):
        return self.run("unshare", "--user", "--map-root-user", "--net", "true").returncode == 0


class UserCloud(Cloud):
    """`allod up` as that user, on the user's default data directory or without any."""

    def __init__(self, user, lasting=True):
        super().__init__()
        self.user = user
        self.lasting = lasting

    def spawn(self, command, ready_folder):
        self.user.own(ready_folder)
        words = [w for w in command[1:] if w != "--ephemeral" or not self.lasting]
        return subprocess.Popen([*self.user.prefix, str(self.user.binary), *words], env=self.user.environment,
                                cwd="/", stdout=self.log, stderr=self.log, start_new_session=True)

    def inside(self, *words):
        """Runs a program in the cloud's own namespaces, by the command that it announces."""
        enter = ["nsenter", "--preserve-credentials", "--user", "--net", "--target", str(self.process.pid)]
        return self.user.run(*enter, *words)

    def keeper(self):
        """Process id of the keeper, by the kernel's word for who listens on its socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as s:
            try:
                s.connect(str(Path(self.ready["data_dir"]) / "run/keeper.sock"))
            except OSError:
                return None
            return struct.unpack("3i", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]


@pytest.fixture(scope="module")
def user():
    user = User()
    yield user
    shutil.rmtree(user.home, ignore_errors=True)


@pytest.fixture(scope="module")
def capable(user):
    if not user.may_make_namespaces():
        pytest.skip("this machine lets ordinary users make no user namespace")
    return user


@pytest.fixture
def lasting(capable):
    cloud = UserCloud(capable).start()
    yield cloud
    if cloud.process.poll() is not None:
        cloud.start()
    terminate_all(cloud)
    code, keeper = cloud.stop(), cloud.keeper()
    if keeper:
        os.kill(keeper, signal.SIGKILL)
    shutil.rmtree(cloud.ready["data_dir"], ignore_errors=True)
    assert code == 0, cloud.log_text()


def left_behind(user):
    return sorted(p.name for p in user.home.iterdir() if p.name.startswith("allod-"))


def test_the_tour(user):
    done = user.allod("tour", "--plain")
    if user.may_make_namespaces():
        assert done.returncode == 0, done.stdout + done.stderr
        assert "✗" not in done.stdout and "Production" in done.stdout
        assert left_behind(user) == []
    else:
        assert done.returncode == 1 and "user namespace" in done.stderr


def forbidden(user, *words):
    """Runs allod as the user where no user namespace may be made: below one whose limit of them is zero."""
    close = 'echo 0 >/proc/sys/user/max_user_namespaces && exec "$@"'
    # The shell that closes the door is executed after the ids are mapped: only then is it root inside.
    wait = 'echo ready; read go; exec sh -c "$0" sh "$@"'
    process = subprocess.Popen(
        ["unshare", "--user", "--", "sh", "-c", wait, close, *user.prefix, str(user.binary), *words],
        env=user.environment, cwd="/", text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout.readline() == "ready\n"
    for kind in ("uid_map", "gid_map"):
        Path(f"/proc/{process.pid}/{kind}").write_text("0 0 65536")
    out, err = process.communicate("go\n", timeout=60)
    return process.returncode, out, err


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can take namespaces from a user")
def test_where_namespaces_are_forbidden_it_says_so(user):
    for words in (["tour", "--plain"], ["up", "--listen", "127.0.0.1:0"]):
        code, out, err = forbidden(user, *words)
        assert code == 1, out + err
        assert "sudo sysctl -w user.max_user_namespaces" in err
    assert not (user.home / ".local").exists() and left_behind(user) == []
    code, out, err = forbidden(user, "doctor", "--json")
    assert code == 1, err
    found = {f["name"]: f["present"] for f in json.loads(out)}
    assert not found["root or a user namespace"] and not found["user namespaces"]


def test_doctor_tells_a_user_the_truth(capable):
    done = capable.allod("doctor", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    found = {f["name"]: f["present"] for f in json.loads(done.stdout)}
    assert found["nf_tables"] and found["veth"] and found["user namespaces"]
    for absent in ("root", "id ranges", "CAP_SYS_RESOURCE", "sshd", "cgroup memory", "cgroup v2 core"):
        assert not found[absent], absent


def test_clients_of_the_host_reach_it_and_machines_work(lasting):
    assert lasting.aws("sts", "get-caller-identity")["Account"] == "000000000000"
    assert lasting.ready["rootless"] and lasting.ready["data_dir"] == str(lasting.user.home / ".local/share/allod")
    ec2 = lasting.client("ec2")
    group = ec2.create_security_group(GroupName="web", Description="web")["GroupId"]
    ec2.authorize_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    (instance,) = launch(ec2, UserData=SERVER.replace("hello", "rootless"), SecurityGroupIds=[group])
    status, out, err = run_shell(lasting, [instance], "id -u; cat /proc/sys/kernel/random/boot_id | wc -l")[instance]
    assert (status, out.split()) == ("Success", ["0", "1"]), err
    address = describe(ec2, instance)["PublicIpAddress"]
    fetch = ["bash", "-c", f"exec 3<>/dev/tcp/{address}/80 && cat <&3"]
    wait_for(lambda: "rootless" in lasting.inside("timeout", "2", *fetch).stdout, what="the server")
    assert "rootless" not in lasting.user.run("timeout", "0.3", *fetch).stdout, "the host has no way to these addresses"
    ec2.revoke_security_group_ingress(GroupId=group, IpProtocol="tcp", FromPort=80, ToPort=80, CidrIp="0.0.0.0/0")
    assert "rootless" not in lasting.inside("timeout", "0.3", *fetch).stdout


def test_a_killed_cloud_finds_its_machines(lasting):
    ec2 = lasting.client("ec2")
    (instance,) = launch(ec2)
    ask = "echo x >>/root/mark; cat /root/mark; cat /proc/1/stat | cut -d' ' -f22"
    _, before, _ = run_shell(lasting, [instance], ask)[instance]
    keeper = lasting.keeper()
    lasting.kill()
    lasting.start()
    assert lasting.keeper() == keeper
    assert describe(ec2, instance)["State"]["Name"] == "running"
    status, after, err = run_shell(lasting, [instance], ask)[instance]
    assert status == "Success", err
    assert after == "x\n" + before, "the same first process, and one mark more"
    # What is new meets what was there: another machine pings the old one through the network that was found.
    (other,) = launch(ec2)
    address = describe(ec2, instance)["PrivateIpAddress"]
    group = describe(ec2, instance)["SecurityGroups"][0]["GroupId"]
    assert describe(ec2, other)["SecurityGroups"][0]["GroupId"] == group
    status, out, err = run_shell(lasting, [other], f"timeout 5 bash -c 'exec 3<>/dev/tcp/{address}/9'")[other]
    assert "refused" in err, "nobody listens there, but the machine answered"


def test_keeper_and_cloud_may_die_together(lasting):
    """The namespaces between host and machines are lost with both: the machines come back with their disks."""
    ec2 = lasting.client("ec2")
    (instance,) = launch(ec2)
    since = "cut -d' ' -f22 /proc/1/stat"
    _, before, err = run_shell(lasting, [instance], f"echo here >/root/mark; {since}")[instance]
    keeper = lasting.keeper()
    lasting.kill()
    os.kill(keeper, signal.SIGKILL)
    lasting.start()
    ask = f"cat /root/mark; ls /sys/class/net; {since}"
    answer = wait_for(lambda: run_shell(lasting, [instance], ask)[instance][1].split(), 60, "the machine's return")
    assert answer[:-1] == ["here", "eth0", "lo"] and int(answer[-1]) > int(before), (before, err)
    assert describe(ec2, instance)["State"]["Name"] == "running"


def test_an_ephemeral_cloud_leaves_nothing(capable):
    cloud = UserCloud(capable, lasting=False).start()
    launch(cloud.client("ec2"))
    folder = Path(cloud.ready["data_dir"])
    assert folder.parent == capable.home
    assert cloud.stop() == 0, cloud.log_text()
    assert not folder.exists() and left_behind(capable) == []
