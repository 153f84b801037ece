"""A cloud per test module: the real binary on a port of its own, spoken to by unmodified clients."""

import atexit
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

BINARY = os.environ.get("ALLOD_BINARY", "target/debug/allod")
REGION = "us-east-1"


def free_port():
    """A port that nobody has, from below those the kernel gives to connections: a cloud keeps it over its restarts."""
    while True:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", random.randrange(12_000, 32_000)))
            except OSError:
                continue
            return s.getsockname()[1]


# Names that only one socket of this host can have: pools chosen here, which no cloud shows yet.
CLAIMS = []


def free_pool():
    """A /22 of 198.18.0.0/16 that nothing on this host is routed to, and that no other worker chooses now.
    (proc(5): addresses in the host's byte order.)"""
    del CLAIMS[:-8]
    for third in random.sample(range(0, 256, 4), 64):
        claim = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            claim.bind(f"\0allod-pool-198.18.{third}.0")
        except OSError:
            continue
        CLAIMS.append(claim)
        routed = {int(line.split()[1], 16).to_bytes(4, sys.byteorder)
                  for line in Path("/proc/net/route").read_text().splitlines()[1:]}
        if third not in {a[2] & 0xFC for a in routed if a[:2] == bytes((198, 18))}:
            return f"198.18.{third}.0/22"
    raise RuntimeError("every pool is taken")


class Cloud:
    """`allod up` as a child process; restarts on the same data directory and port."""

    def __init__(self, *words, data_dir=None):
        self.words = list(words)
        self.data_dir = data_dir
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.log = tempfile.NamedTemporaryFile(prefix="allod-test-", suffix=".log", delete=False)
        atexit.register(Path(self.log.name).unlink, missing_ok=True)
        self.process = None
        self.ready = None

    def start(self):
        with tempfile.TemporaryDirectory(prefix="allod-ready-") as folder:
            self.launch(Path(folder) / "ready.json")
        return self

    def launch(self, ready):
        place = ["--data-dir", str(self.data_dir)] if self.data_dir else ["--ephemeral"]
        command = [BINARY, "up", *place, "--listen", f"127.0.0.1:{self.port}", "--ready-file", str(ready), *self.words]
        self.process = self.spawn(command, ready.parent)
        deadline = time.monotonic() + 60
        while not ready.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the cloud did not start:\n{self.log_text()}")
            time.sleep(0.005)
        self.ready = json.loads(ready.read_text())

    def spawn(self, command, ready_folder):
        # Should this process be killed, its clouds end by themselves, as far as they know how to.
        command = ["setpriv", "--pdeathsig", "TERM", *command]
        return subprocess.Popen(command, stdout=self.log, stderr=self.log, start_new_session=True)

    def kill(self):
        """kill -9: nothing is told to anybody."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode

    def log_text(self):
        return Path(self.log.name).read_text(errors="replace")[-8000:]

    def client(self, service, region=REGION, key="test", secret="test", token=None, **options):
        config = Config(retries={"total_max_attempts": 1}, parameter_validation=False, read_timeout=120, **options)
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
            config=config,
        )

    def environment(self, **more):
        env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        env.update(
            AWS_ENDPOINT_URL=self.endpoint,
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
            AWS_DEFAULT_REGION=REGION,
            AWS_PAGER="",
            AWS_CONFIG_FILE="/nonexistent",
            AWS_SHARED_CREDENTIALS_FILE="/nonexistent",
        )
        env.update(more)
        return env

    def aws(self, *words, check=True, **environment):
        """The aws CLI; its JSON output, or the finished process when `check` is off."""
        program = str(Path(os.sys.executable).parent / "aws")
        done = subprocess.run(
            [program, *words], env=self.environment(**environment), capture_output=True, text=True, timeout=120
        )
        if not check:
            return done
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None


def terminate_all(cloud):
    """Machines of a lasting cloud outlive it; a test takes its own away."""
    try:
        ec2 = cloud.client("ec2")
        pages = ec2.get_paginator("describe_instances").paginate()
        ids = [i["InstanceId"] for p in pages for r in p["Reservations"] for i in r["Instances"]
               if i["State"]["Name"] != "terminated"]
        if ids:
            ec2.terminate_instances(InstanceIds=ids)
            ec2.get_waiter("instance_terminated").wait(InstanceIds=ids, WaiterConfig={"Delay": 1, "MaxAttempts": 90})
    except Exception as error:  # the cloud may be dead: its keeper is ended below
        print("clean-up:", error)


def end_keeper(folder):
    """The keeper of a lasting cloud outlives it by design; a test takes its own away, known by its folder."""
    for entry in os.scandir("/proc"):
        try:
            words = Path(entry.path, "cmdline").read_bytes().decode(errors="replace").split("\0")
            if "keeper" in words[1:2] and any(word.startswith(f"{folder}/") for word in words):
                os.kill(int(entry.name), signal.SIGTERM)
        except OSError:
            pass  # no process, or gone meanwhile


def routes():
    """{first address of a range routed on this host: the interface it goes to}"""
    rows = [line.split() for line in Path("/proc/net/route").read_text().splitlines()[1:]]
    return {socket.inet_ntoa(int(row[1], 16).to_bytes(4, sys.byteorder)): row[0] for row in rows}


def end_edge(pool):
    """The last end of a cloud without machines gives the host its links back; where it did not, that is a failure."""
    link = routes().get(pool.split("/")[0])
    if link:
        subprocess.run(["ip", "link", "delete", link], check=False)
        raise AssertionError(f"{link} was left behind")


@pytest.fixture(scope="module")
def cloud():
    cloud = Cloud("--allow-reset").start()
    yield cloud
    code = cloud.stop()
    assert code == 0, cloud.log_text()


@pytest.fixture
def lasting():
    """A cloud on a data directory, for restarts; ends with its machines."""
    folder = Path(tempfile.mkdtemp(prefix="allod-data-"))
    pool = free_pool()
    cloud = Cloud("--public-pool", pool, data_dir=folder)
    cloud.start()
    yield cloud
    if cloud.process.poll() is not None:
        cloud.start()
    terminate_all(cloud)
    cloud.stop()
    end_keeper(folder)
    shutil.rmtree(folder, ignore_errors=True)
    end_edge(pool)


@pytest.fixture
def ec2(cloud):
    return cloud.client("ec2")


@pytest.fixture
def ssm(cloud):
    return cloud.client("ssm")


@pytest.fixture
def iam(cloud):
    return cloud.client("iam")


@pytest.fixture
def sts(cloud):
    return cloud.client("sts")


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: machines with networks and limits")


def wait_for(condition, seconds=60, what="it"):
    """Waits for an effect that comes by itself; the bound is a failure's, not a promise."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def story(cloud, instance_ids):
    """What there is to know about machines that do not do as they should: state, its reason, the console's end."""
    lines = []
    for instance in instance_ids:
        try:
            ec2 = cloud.client("ec2")
            found = ec2.describe_instances(InstanceIds=[instance])["Reservations"][0]["Instances"][0]
            console = ec2.get_console_output(InstanceId=instance).get("Output", "")
            lines.append(f"{instance} is {found['State']['Name']} ({found.get('StateReason')}); console:\n{console[-2000:]}")
        except Exception as error:  # the story is told on top of a failure, which it must not hide
            lines.append(f"{instance}: {error}")
    return "\n".join([*lines, f"log of the cloud:\n{cloud.log_text()}"])


def run_shell(cloud, instance_ids, *commands, **more):
    """AWS-RunShellScript on machines; {id: (status, stdout, stderr)} when all have ended."""
    ssm = cloud.client("ssm")
    try:
        sent = ssm.send_command(
            DocumentName="AWS-RunShellScript", InstanceIds=instance_ids, Parameters={"commands": list(commands)}, **more
        )["Command"]
    except ssm.exceptions.InvalidInstanceId as error:
        error.add_note(story(cloud, instance_ids))
        raise
    ended = {}
    for instance in instance_ids:
        def final(instance=instance):
            try:
                got = ssm.get_command_invocation(CommandId=sent["CommandId"], InstanceId=instance)
            except ssm.exceptions.InvocationDoesNotExist:
                return None
            return got if got["Status"] not in ("Pending", "InProgress", "Delayed", "Cancelling") else None
        try:
            got = wait_for(final, 120, f"the end of the command on {instance}")
        except AssertionError as error:
            told = ssm.list_command_invocations(CommandId=sent["CommandId"], Details=True)["CommandInvocations"]
            error.add_note(f"{told}\n{story(cloud, [instance])}")
            raise
        ended[instance] = (got["Status"], got["StandardOutputContent"], got["StandardErrorContent"])
    return ended
