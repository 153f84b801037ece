"""Bad days: a full disk, sudden deaths, orderly ends. What was acknowledged stays, what was refused left nothing."""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading

import pytest
from botocore.exceptions import ClientError
from conftest import BINARY, Cloud, end_keeper, free_pool, needs_root, wait_for
from test_machines import describe, launch, one


@pytest.fixture
def data_dir(tmp_path):
    yield tmp_path / "data"
    end_keeper(tmp_path)


# --- the disk of the store is full --------------------------------------------------------------------------------

@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m", "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no right to mount here: {done.stderr.strip()}")
    yield folder
    end_keeper(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    """A file that takes what is left, to the last block."""
    with open(folder / "filler", "ab", buffering=0) as filler:
        for size in (1 << 20, 4096):
            try:
                while True:
                    filler.write(b"x" * size)
            except OSError:
                pass


@needs_root
def test_a_full_disk_refuses_writes_and_serves_reads(small_disk):
    cloud = Cloud("--public-pool", free_pool(), data_dir=small_disk / "data").start()
    try:
        ssm, ec2 = cloud.client("ssm"), cloud.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.1.0.0/16")["Vpc"]["VpcId"]
        kept, refused = {}, {}

        def put(number):
            name, value = f"/n/{number}", f"{number}-" + "v" * 4000
            try:
                ssm.put_parameter(Name=name, Value=value, Type="String")
                kept[name] = value
                return None
            except ClientError as error:
                refused[name] = error.response
                return error.response

        for number in range(20):
            assert put(number) is None
        fill(small_disk)
        answers = [put(number) for number in range(20, 60)]
        failed = [a for a in answers if a]
        assert failed, "a full disk must refuse writes"
        for answer in failed:
            assert answer["ResponseMetadata"]["HTTPStatusCode"] >= 500 and answer["Error"]["Message"], answer
        # A VPC is several records: all or none of them, whichever the space left by a failed write allows.
        vpcs = 2
        try:
            ec2.create_vpc(CidrBlock="10.2.0.0/16")
            vpcs += 1
        except ClientError as error:
            assert error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500
        # Reads go on, and show nothing that was refused.
        assert cloud.process.poll() is None
        assert ec2.describe_vpcs(VpcIds=[vpc])["Vpcs"][0]["CidrBlock"] == "10.1.0.0/16"

        def everything():
            pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/n")
            return {p["Name"]: p["Value"] for page in pages for p in page["Parameters"]}

        assert everything() == kept
        (small_disk / "filler").unlink()
        wait_for(lambda: put(100) is None, 60, "a write after space was freed")
        assert everything() == kept
        cloud.kill()
        cloud.start()
        assert everything() == kept
        ids = {v["VpcId"] for v in ec2.describe_vpcs()["Vpcs"]}
        assert len(ids) == vpcs and put(101) is None
        assert {t["VpcId"] for t in ec2.describe_route_tables()["RouteTables"]} == ids
        assert {g["VpcId"] for g in ec2.describe_security_groups()["SecurityGroups"]} == ids
    finally:
        if cloud.process.poll() is None:
            cloud.stop()


# --- sudden and orderly ends --------------------------------------------------------------------------------------

def test_killed_again_and_again_amid_calls(data_dir):
    """Several writers, six kills: what was acknowledged is there, deletions too, and nothing exists by halves."""
    words = ["--public-pool", free_pool()] if os.geteuid() == 0 else []
    cloud = Cloud(*words, data_dir=data_dir).start()
    stop, there, gone, problems = threading.Event(), {}, set(), []

    def writer(number):
        key = f"{400000000000 + number}"
        ssm, ec2 = cloud.client("ssm", key=key), cloud.client("ec2", key=key)
        chance, count = random.Random(number), 0
        while not stop.is_set():
            count += 1
            name = f"/{number}/{count}"
            try:
                ssm.put_parameter(Name=name, Value=name, Type="String")
                there[key, name] = True
                if chance.random() < 0.4:
                    # Between the call and its answer both outcomes are right; afterwards only one.
                    there.pop((key, name))
                    ssm.delete_parameter(Name=name)
                    gone.add((key, name))
                if chance.random() < 0.3:
                    vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
                    there[key, vpc] = True
            except ClientError as error:
                problems.append(error.response["Error"])
            except Exception:
                stop.wait(0.01)  # killed under our hands

    writers = [threading.Thread(target=writer, args=(n,)) for n in range(4)]
    for thread in writers:
        thread.start()
    try:
        for round_ in range(6):
            before = len(there)
            wait_for(lambda: len(there) > before + 10, 60, "progress between kills")
            cloud.kill()
            cloud.start()
    finally:
        stop.set()
        for thread in writers:
            thread.join()
    assert [p for p in problems if p["Code"] not in ("ParameterAlreadyExists",)] == []
    cloud.kill()
    cloud.start()
    for key in {key for key, _ in there}:
        ssm, ec2 = cloud.client("ssm", key=key), cloud.client("ec2", key=key)
        pages = ssm.get_paginator("describe_parameters").paginate()
        names = {p["Name"] for page in pages for p in page["Parameters"]}
        vpcs = {v["VpcId"]: v for page in ec2.get_paginator("describe_vpcs").paginate() for v in page["Vpcs"]}
        wanted = {name for owner, name in there if owner == key}
        assert wanted <= names | set(vpcs), wanted - names - set(vpcs)
        assert not {name for owner, name in gone if owner == key} & names
        # A VPC comes with its main route table and default group, or not at all.
        tables = {t["VpcId"] for page in ec2.get_paginator("describe_route_tables").paginate() for t in page["RouteTables"]}
        groups = {g["VpcId"] for page in ec2.get_paginator("describe_security_groups").paginate() for g in page["SecurityGroups"]}
        assert tables == groups == set(vpcs)
    assert cloud.stop() == 0


@needs_root
def test_machines_outlive_an_orderly_end(lasting):
    ec2 = lasting.client("ec2")
    (instance,) = launch(ec2)
    one(lasting, instance, "setsid sh -c 'while :; do sleep 0.1; date +%s%N >/root/beat; done' >/dev/null 2>&1 </dev/null &")
    born = one(lasting, instance, "awk '{print $22}' /proc/1/stat")
    assert lasting.stop() == 0
    lasting.start()
    assert describe(ec2, instance)["State"]["Name"] == "running"
    assert one(lasting, instance, "awk '{print $22}' /proc/1/stat") == born
    first = one(lasting, instance, "cat /root/beat")
    wait_for(lambda: one(lasting, instance, "cat /root/beat") != first, what="the machine's own process beating on")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_both_polite_signals_end_it_cleanly(number):
    cloud = Cloud().start()
    cloud.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")
    cloud.process.send_signal(number)
    assert cloud.process.wait(60) == 0
    assert not os.path.exists(cloud.ready["data_dir"])
    # The keeper was told to go: that it went is no news.
    assert "lost the keeper" not in cloud.log_text()


def test_an_ephemeral_cloud_that_cannot_start_leaves_no_folder(tmp_path):
    # A socket's path has 108 bytes (unix(7)).
    deep = tmp_path / ("d" * 100)
    deep.mkdir()
    done = subprocess.run([BINARY, "up", "--ephemeral", "--listen", "127.0.0.1:0"], capture_output=True, text=True,
                          env={**os.environ, "TMPDIR": str(deep)}, timeout=60)
    assert done.returncode != 0 and "too long" in done.stderr, done.stderr
    assert not list(deep.iterdir())


KILLED = """
import json, time
from conftest import Cloud
cloud = Cloud().start()
print(json.dumps(cloud.ready), flush=True)
time.sleep(600)
"""


def test_a_test_that_is_killed_takes_its_cloud_along():
    """Nobody else would end it."""
    with tempfile.TemporaryDirectory(prefix="allod-") as folder:
        here = {**os.environ, "PYTHONPATH": os.path.dirname(__file__), "TMPDIR": folder}
        test = subprocess.Popen([sys.executable, "-c", KILLED], env=here, stdout=subprocess.PIPE, text=True)
        with test:
            ready = json.loads(test.stdout.readline())
            assert os.path.exists(f"/proc/{ready['pid']}") and os.path.exists(ready["data_dir"])
            test.kill()
        wait_for(lambda: not os.path.exists(f"/proc/{ready['pid']}"), what="the end of the cloud")
        assert not os.path.exists(ready["data_dir"])


def test_a_data_directory_has_one_cloud(data_dir):
    words = ["--public-pool", free_pool()] if os.geteuid() == 0 else []
    first = Cloud(*words, data_dir=data_dir).start()
    try:
        with pytest.raises(RuntimeError) as caught:
            Cloud(*words, data_dir=data_dir).start()
        assert "did not start" in str(caught.value) and first.process.poll() is None
        assert first.client("sts").get_caller_identity()["Account"] == "000000000000"
    finally:
        assert first.stop() == 0


@needs_root
def test_a_launch_the_host_cannot_carry_out_says_why():
    pool = free_pool()
    first, second = Cloud("--public-pool", pool), Cloud("--public-pool", pool)
    try:
        launch(first.start().client("ec2"))
        ec2 = second.start().client("ec2")
        (instance,) = launch(ec2, wait=False)
        # The pool belongs to the first cloud's edge: the second cannot make a network.
        wait_for(lambda: describe(ec2, instance)["State"]["Name"] == "terminated", 60, "the end of the launch")
        assert "public pool" in describe(ec2, instance)["StateReason"]["Message"]
    finally:
        first.stop()
        second.stop()
