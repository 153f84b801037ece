"""Step Functions on bad days: a full file system, a burst beyond measure, the limits."""

import http.client
import json
import os
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from conftest import Cloud, end_keeper, free_pool, wait_for
from test_bad_days import fill
from test_hostile_clients import signed
from test_states import code, end, machine, single, types


def healthy(cloud):
    with urllib.request.urlopen(f"{cloud.endpoint}/_allod/health", timeout=30) as answer:
        return answer.status == 200


# --- the file system is full --------------------------------------------------------------------------------------

SEGMENT = 64 << 20  # what a shard's log takes from the disk at a time; there is a shard per core


@pytest.fixture
def small_disk(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("needs root: mounts a small file system")
    folder = tmp_path / "small"
    folder.mkdir()
    size = len(os.sched_getaffinity(0)) * 2 * SEGMENT + (200 << 20)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip(f"no right to mount here: {done.stderr.strip()}")
    yield folder
    end_keeper(folder)
    subprocess.run(["umount", "-l", str(folder)], check=True)


class Load(threading.Thread):
    """Starts executions with inputs of many sizes, one after the other, and notes what became of it."""

    def __init__(self, cloud, arn, number):
        super().__init__(daemon=True)
        self.states, self.arn, self.number = cloud.client("stepfunctions"), arn, number
        self.taken, self.refused, self.unknown = {}, {}, []
        self.stopped = False

    def run(self):
        count = 0
        while not self.stopped:
            count += 1
            name, size = f"l{self.number}-{count}", (10, 3_000, 60_000, 250_000)[count % 4]
            text = json.dumps({"name": name, "pad": "p" * size})
            try:
                started = self.states.start_execution(stateMachineArn=self.arn, name=name, input=text)
                self.taken[started["executionArn"]] = text
                time.sleep(0.02)  # the disk shall be full of other things than these
            except ClientError as error:
                self.refused[name] = error.response
                time.sleep(0.05)
            except (ConnectionError, HTTPClientError):
                self.unknown.append(name)  # the cloud was killed: nobody knows
                time.sleep(0.05)


def full(answer):
    """An answer that says what is wrong and what to do."""
    error, status = answer["Error"], answer["ResponseMetadata"]["HTTPStatusCode"]
    return (error["Code"], status) == ("InternalFailure", 500) and "Free space" in error["Message"]


def behind(answer):
    """Ended executions wait for an archive that has no space."""
    return answer["Error"]["Code"] == "ThrottlingException"


def refusal(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response


def test_a_full_disk_stops_nobody_for_ever(small_disk):
    """What was acknowledged is there and ends, what was refused is not; all goes on by itself when there is space."""
    cloud = Cloud("--public-pool", free_pool(), data_dir=small_disk / "data").start()
    loads = []
    try:
        states, ssm = cloud.client("stepfunctions"), cloud.client("ssm")
        activity = states.create_activity(name="work")["activityArn"]
        work = machine(states, "work", single({"Type": "Task", "Resource": activity, "End": True}))
        nap = machine(states, "nap", single({"Type": "Wait", "Seconds": 2, "End": True}))
        worked = [states.start_execution(stateMachineArn=work, name=f"w{n}", input=json.dumps(n))["executionArn"]
                  for n in range(3)]
        token = states.get_activity_task(activityArn=activity)["taskToken"]
        ended = states.start_execution(stateMachineArn=nap, name="before", input="1")["executionArn"]
        end(states, ended)

        def begin_load():
            more = [Load(cloud, nap, len(loads) + number) for number in range(4)]
            loads.extend(more)
            for load in more:
                load.start()
            wait_for(lambda: all(len(load.taken) > 3 for load in more), what="some load")
            return more

        def wait_until_full(of):
            fill(small_disk)
            wait_for(lambda: all(len(load.refused) > 3 for load in of), 120, "a refusal of every writer")
            fill(small_disk)

        wait_until_full(begin_load())
        assert cloud.process.poll() is None and healthy(cloud)
        # Whoever asks is told at once, and what was written is read.
        assert full(refusal(states.stop_execution, executionArn=worked[1]))
        assert full(refusal(states.send_task_success, taskToken=token, output="1"))
        assert refusal(ssm.put_parameter, Name="/p", Value="v" * 4000, Type="String")["ResponseMetadata"]["HTTPStatusCode"] == 500
        assert states.describe_execution(executionArn=worked[0])["status"] == "RUNNING"
        assert types(states, worked[0])[-1] == "ActivityStarted"
        assert states.describe_execution(executionArn=ended)["output"] == "1" and len(types(states, ended)) == 4
        assert states.list_executions(stateMachineArn=nap)["executions"]
        newest = [list(load.taken)[-1] for load in loads]
        assert all(states.describe_execution(executionArn=one)["status"] in ("RUNNING", "SUCCEEDED") for one in newest)

        (small_disk / "filler").unlink()
        taken = sum(len(load.taken) for load in loads)
        wait_for(lambda: sum(len(load.taken) for load in loads) > taken + 8, 60, "starts after space was freed")
        states.send_task_success(taskToken=token, output="1")
        assert end(states, worked[0])["output"] == "1"
        states.stop_execution(executionArn=worked[1])
        for load in loads:
            load.stopped = True
        for load in loads:
            load.join()

        # Full once more, and killed while it is; it starts on the full disk, too, and reads.
        wait_until_full(begin_load())
        cloud.kill()
        cloud.start()
        assert states.describe_execution(executionArn=worked[0])["output"] == "1"
        assert states.describe_execution(executionArn=worked[2])["status"] == "RUNNING"
        refused = sum(len(load.refused) for load in loads)
        wait_for(lambda: sum(len(load.refused) for load in loads) > refused + 8, 60, "refusals after the restart")
        (small_disk / "filler").unlink()
        taken = sum(len(load.taken) for load in loads)
        wait_for(lambda: sum(len(load.taken) for load in loads) > taken + 8, 60, "starts after the second time")
        for load in loads:
            load.stopped = True
        for load in loads:
            load.join()
        for load in loads:
            assert all(full(answer) or behind(answer) for answer in load.refused.values()), load.refused
            for execution, text in load.taken.items():
                shown = end(states, execution, 120)
                assert (shown["status"], shown["output"]) == ("SUCCEEDED", text), shown["name"]
            for name in load.refused:
                gone = nap.replace(":stateMachine:", ":execution:") + f":{name}"
                assert code(states.describe_execution, executionArn=gone) == "ExecutionDoesNotExist"
        last = states.get_activity_task(activityArn=activity)
        states.send_task_success(taskToken=last["taskToken"], output=last["input"])
        assert end(states, worked[2])["output"] == "2"
    except BaseException as error:
        error.add_note(cloud.log_text())
        error.add_note(subprocess.run(["find", str(small_disk), "-size", "+256k", "-ls"], capture_output=True, text=True).stdout)
        error.add_note(subprocess.run(["df", str(small_disk)], capture_output=True, text=True).stdout)
        raise
    finally:
        for load in loads:
            load.stopped = True
        (small_disk / "filler").unlink(missing_ok=True)
        if cloud.process.poll() is None:
            cloud.stop()


# --- a burst ------------------------------------------------------------------------------------------------------

SECONDS = 20  # how long the burst lasts; so many starts as the machine does in that time (thousands, of a debug build)
LINES = 48  # connections
MEMORY = 512 << 20  # bytes of memory that the server may have had at most


def memory(cloud):
    """Most memory the process of the cloud ever had, in bytes."""
    status = Path(f"/proc/{cloud.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


class Starter(threading.Thread):
    """Starts executions on one connection as fast as it goes: many small inputs, some large."""

    def __init__(self, cloud, arn, number, until):
        super().__init__(daemon=True)
        self.cloud, self.arn, self.number, self.until = cloud, arn, number, until
        self.taken, self.refused, self.problems = set(), 0, []

    def run(self):
        kind, target = "application/x-amz-json-1.0", "AWSStepFunctions.StartExecution"
        headers = dict(line.split(": ", 1) for line in signed(self.cloud, "states", b"{}", kind, target))
        line = http.client.HTTPConnection("127.0.0.1", self.cloud.port, timeout=60)
        count = 0
        try:
            while time.monotonic() < self.until:
                count += 1
                name = f"b{self.number}-{count}"
                text = json.dumps("x" * (200_000 if count % 50 == 0 else 20))
                # Open mode takes every signature, so one will do for all.
                line.request("POST", "/", json.dumps({"stateMachineArn": self.arn, "name": name, "input": text}), headers)
                answer = line.getresponse()
                body = json.loads(answer.read())
                if answer.status == 200:
                    self.taken.add(body["executionArn"])
                elif (answer.status, body["__type"].split("#")[-1]) == (400, "ThrottlingException"):
                    self.refused += 1
                else:
                    self.problems.append((answer.status, body))
        except Exception as error:
            self.problems.append(error)


def test_a_burst_over_many_connections(tmp_path):
    """As many starts as there is time for: every one is taken and ends, or is refused; others are served meanwhile."""
    words = ["--public-pool", free_pool()] if os.geteuid() == 0 else []
    cloud = Cloud(*words, data_dir=tmp_path / "data").start()
    try:
        states = cloud.client("stepfunctions")
        arn = machine(states, "burst", single({"Type": "Pass", "End": True}))
        until = time.monotonic() + SECONDS
        starters = [Starter(cloud, arn, number, until) for number in range(LINES)]
        for starter in starters:
            starter.start()
        served = 0
        while time.monotonic() < until:
            assert healthy(cloud) and states.list_activities()["activities"] == []
            served += 1
        for starter in starters:
            starter.join(120)
        assert [starter.problems for starter in starters if starter.problems] == []
        taken = set().union(*(starter.taken for starter in starters))
        refused = sum(starter.refused for starter in starters)
        assert served > 5 and len(taken) > LINES
        running = {"stateMachineArn": arn, "statusFilter": "RUNNING"}
        wait_for(lambda: not states.list_executions(**running)["executions"], 120, "the end of the last one")
        pages = states.get_paginator("list_executions").paginate(
            stateMachineArn=arn, statusFilter="SUCCEEDED", PaginationConfig={"PageSize": 1000})
        found = {execution["executionArn"] for page in pages for execution in page["executions"]}
        assert taken == found, f"{len(taken - found)} of {len(taken)} are lost, {len(found - taken)} come from nowhere"
        print(f"{len(taken)} starts taken, {refused} refused, {served} others served, {memory(cloud) >> 20} MiB")
        assert memory(cloud) < MEMORY
    except BaseException as error:
        error.add_note(cloud.log_text())
        raise
    finally:
        cloud.stop()
        end_keeper(tmp_path)


# --- workers ------------------------------------------------------------------------------------------------------

ANSWERS = (("send_task_success", {"output": "1"}), ("send_task_failure", {"error": "E"}), ("send_task_heartbeat", {}))


@pytest.fixture
def small_cloud(tmp_path):
    """A cloud on a data directory."""
    words = ["--public-pool", free_pool()] if os.geteuid() == 0 else []
    cloud = Cloud(*words, data_dir=tmp_path / "data").start()
    yield cloud
    cloud.stop()
    end_keeper(tmp_path)


def refused(states, token, *codes):
    """Each kind of answer to this task is refused with this error."""
    for name, more in ANSWERS:
        assert code(getattr(states, name), taskToken=token, **more) in codes


@pytest.mark.parametrize("kind", ["activity", "callback"])
def test_answers_twice_late_and_of_others_also_after_a_restart(small_cloud, kind):
    states = small_cloud.client("stepfunctions")
    activity = states.create_activity(name="work")["activityArn"]
    if kind == "activity":
        task = {"Type": "Task", "Resource": activity, "End": True}
    else:
        # The token goes to a child, which hands it to the activity: whoever has it answers for the parent.
        child = machine(states, "child", single({"Type": "Task", "Resource": activity, "End": True}))
        task = {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution.waitForTaskToken", "End": True,
                "Parameters": {"StateMachineArn": child, "Input": {"token.$": "$$.Task.Token"}}}
    patient = machine(states, "patient", single({**task, "TimeoutSeconds": 600}))
    hasty = machine(states, "hasty", single({**task, "TimeoutSeconds": 1}))

    def begin(arn):
        execution = states.start_execution(stateMachineArn=arn)["executionArn"]
        given = states.get_activity_task(activityArn=activity)
        if kind == "activity":
            return execution, given["taskToken"]
        states.send_task_success(taskToken=given["taskToken"], output="0")
        return execution, json.loads(given["input"])["token"]

    answered, twice = begin(patient)
    states.send_task_success(taskToken=twice, output='"first"')
    timed_out, late = begin(hasty)
    assert end(states, timed_out)["error"] == "States.Timeout"
    stopped, dead = begin(patient)
    states.stop_execution(executionArn=stopped)
    one, of_one = begin(patient)
    other, of_other = begin(patient)
    # What another account or region sends is no token there.
    for elsewhere in ({"key": "111122223333"}, {"region": "eu-west-1"}):
        refused(small_cloud.client("stepfunctions", **elsewhere), of_one, "InvalidToken")
    # Nor is what another cloud made, or somebody has cut or changed.
    changed = of_one[:20] + ("A" if of_one[20] != "A" else "B") + of_one[21:]
    for foreign in ("foreign", of_one[:-4], of_one + "AAAA", changed):
        refused(states, foreign, "InvalidToken")
    for restarted in (False, True):
        if restarted:
            small_cloud.kill()
            small_cloud.start()
        for token in (twice, late, dead):
            refused(states, token, "TaskTimedOut", "TaskDoesNotExist")
    states.send_task_heartbeat(taskToken=of_one)
    states.send_task_success(taskToken=of_one, output='"one"')
    states.send_task_failure(taskToken=of_other, error="E", cause="other")
    assert (end(states, one)["output"], end(states, other)["cause"]) == ('"one"', "other")
    assert end(states, answered)["output"] == '"first"'
    refused(states, of_one, "TaskTimedOut", "TaskDoesNotExist")
    for execution in (answered, one):
        seen = types(states, execution)
        assert seen.count("ActivitySucceeded") + seen.count("TaskSucceeded") == 1, seen


# --- limits -------------------------------------------------------------------------------------------------------

PAYLOAD = 262_144  # bytes in UTF-8 encoding
DEFINITION = 1_048_576


def text_of(length, letter="x"):
    """JSON of so many bytes."""
    size = len(letter.encode())
    text = '"' + letter * ((length - 2) // size) + "x" * ((length - 2) % size) + '"'
    assert len(text.encode()) == length
    return text


def test_payloads_of_256_kibibytes_and_no_byte_more(cloud):
    states = cloud.client("stepfunctions")
    activity = states.create_activity(name="payload")["activityArn"]
    echo = machine(states, "echo", single({"Type": "Pass", "End": True}))
    work = machine(states, "payload", single({"Type": "Task", "Resource": activity, "End": True}))
    express = machine(states, "express", single({"Type": "Pass", "End": True}), type="EXPRESS")
    sync = cloud.client("stepfunctions", inject_host_prefix=False).start_sync_execution
    for letter in "xé€":
        longest = text_of(PAYLOAD, letter)
        assert end(states, states.start_execution(stateMachineArn=echo, input=longest)["executionArn"])["output"] == longest
        assert sync(stateMachineArn=express, input=longest)["output"] == longest
        execution = states.start_execution(stateMachineArn=work)["executionArn"]
        token = states.get_activity_task(activityArn=activity)["taskToken"]
        longer = text_of(PAYLOAD + 1, letter)
        # Beyond it in characters already: the model refuses that for every operation alike.
        beyond = {"ValidationException"} if letter == "x" else {"InvalidExecutionInput", "InvalidOutput"}
        assert code(states.start_execution, stateMachineArn=echo, input=longer) in beyond
        assert code(states.start_execution, stateMachineArn=express, input=longer) in beyond
        assert code(sync, stateMachineArn=express, input=longer) in beyond
        assert code(states.send_task_success, taskToken=token, output=longer) in beyond
        states.send_task_success(taskToken=token, output=longest)
        assert end(states, execution)["output"] == longest


def inner(name):
    return {"StartAt": name, "States": {name: {"Type": "Pass", "End": True}}}


STATE_OUTPUTS = {
    "Pass": {"Type": "Pass", "Parameters": {"a.$": "$", "b.$": "$"}},
    "Pass in JSONata": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% [$states.input, $states.input] %}"},
    "Parallel": {"Type": "Parallel", "Branches": [inner("P"), inner("Q")]},
    "Map": {"Type": "Map", "ItemsPath": "$.items", "ItemSelector": {"whole.$": "$"},
            "ItemProcessor": inner("P")},
    "ResultPath": {"Type": "Pass", "InputPath": "$.pad", "ResultPath": "$.more"},
}


@pytest.mark.parametrize("kind", STATE_OUTPUTS)
def test_outputs_of_states_are_limited_too(cloud, kind):
    states = cloud.client("stepfunctions")
    definition = {"StartAt": "S", "States": {"S": {**STATE_OUTPUTS[kind], "Next": "T"}, "T": {"Type": "Succeed"}}}
    arn = machine(states, f"output-{list(STATE_OUTPUTS).index(kind)}", definition)
    for size, status in ((1_000, "SUCCEEDED"), (PAYLOAD * 3 // 5, "FAILED")):
        text = json.dumps({"items": [1, 2], "pad": "x" * size})
        shown = end(states, states.start_execution(stateMachineArn=arn, input=text)["executionArn"])
        assert shown["status"] == status, shown
    assert shown["error"] == "States.DataLimitExceeded" and "size exceeding the maximum" in shown["cause"]


def test_errors_and_causes_of_workers(cloud):
    states = cloud.client("stepfunctions")
    activity = states.create_activity(name="causes")["activityArn"]
    arn = machine(states, "causes", single({"Type": "Task", "Resource": activity, "End": True}))
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    token = states.get_activity_task(activityArn=activity)["taskToken"]
    for more in ({"error": "e" * 257}, {"cause": "c" * 32_769}):
        assert code(states.send_task_failure, taskToken=token, **more) == "ValidationException"
        assert code(states.stop_execution, executionArn=execution, **more) == "ValidationException"
    states.send_task_failure(taskToken=token, error="e" * 256, cause="c" * 32_768)
    shown = end(states, execution)
    assert (len(shown["error"]), len(shown["cause"])) == (256, 32_768)


def test_definitions_of_a_megabyte_and_of_a_depth(cloud):
    states = cloud.client("stepfunctions")

    def of(length):
        bare = json.dumps(single({"Type": "Pass", "End": True, "Comment": ""}))
        return bare.replace('"Comment": ""', '"Comment": "' + "c" * (length - len(bare)) + '"')

    make = {"roleArn": "arn:aws:iam::000000000000:role/states"}
    largest = states.create_state_machine(name="largest", definition=of(DEFINITION), **make)["stateMachineArn"]
    assert len(states.describe_state_machine(stateMachineArn=largest)["definition"]) == DEFINITION
    end(states, states.start_execution(stateMachineArn=largest)["executionArn"])
    larger = of(DEFINITION + 1)
    assert code(states.create_state_machine, name="larger", definition=larger, **make) == "ValidationException"
    assert code(states.update_state_machine, stateMachineArn=largest, definition=larger) == "ValidationException"
    # In characters it fits, in bytes it does not.
    wide = of(DEFINITION).replace("c" * 10, "é" * 10)
    assert code(states.create_state_machine, name="wide", definition=wide, **make) == "InvalidDefinition"

    def nested(depth):
        return "[" * depth + "]" * depth

    for depth in (100, 500):
        result = json.dumps(single({"Type": "Pass", "Result": 0, "End": True})).replace("0", nested(depth))
        deep = states.create_state_machine(name=f"deep-{depth}", definition=result, **make)["stateMachineArn"]
        shown = end(states, states.start_execution(stateMachineArn=deep, input=nested(depth))["executionArn"])
        assert shown["output"] == nested(depth)
    for depth in (1_000, 100_000):
        result = json.dumps(single({"Type": "Pass", "Result": 0, "End": True})).replace("0", nested(depth))
        assert code(states.create_state_machine, name="deeper", definition=result, **make) == "InvalidDefinition"
        assert code(states.start_execution, stateMachineArn=deep, input=nested(depth)) == "InvalidExecutionInput"
    # States in states in states.
    tower = inner("P")
    for floor in range(200):
        name = f"F{floor}"
        tower = {"StartAt": name, "States": {name: {"Type": "Parallel", "Branches": [tower], "End": True}}}
    assert code(states.create_state_machine, name="tower", definition=json.dumps(tower), **make) == "InvalidDefinition"


# --- bombs --------------------------------------------------------------------------------------------------------

ENDLESS = "{% ($f := function($x) { $f($x + 1) }; $f(1)) %}"
BOMBS = {
    "tail-recursion": ENDLESS,
    "doubled-text": "{% ($f := function($x) { $f($x & $x) }; $f('bomb')) %}",
    "lists-of-lists": "{% $map([1..100000], function($i) { [1..100000] }) %}",
    "regular-expression": "{% $match($pad('', 200000, '01'), /[01]*1[01]{900}x/) %}",
}


def jsonata(**fields):
    return {"QueryLanguage": "JSONata", **single({"Type": "Pass", "End": True, **fields})}


def test_bombs_keep_nobody_waiting_and_fail_by_themselves(cloud):
    states = cloud.client("stepfunctions")
    machines = {name: machine(states, f"bomb-{name}", jsonata(Output=text)) for name, text in BOMBS.items()}
    # Retried for ever, on every shard: there is always one more to be run.
    branch = {"StartAt": "T", "States": {"T": {"Type": "Pass", "Output": ENDLESS, "End": True}}}
    stubborn = {
        "QueryLanguage": "JSONata",
        **single({
            "Type": "Parallel", "End": True, "Branches": [branch],
            "Retry": [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 99_999}],
        }),
    }
    again = machine(states, "bomb-again", stubborn)
    bombs = [states.start_execution(stateMachineArn=again)["executionArn"] for _ in range(24)]
    once = {name: states.start_execution(stateMachineArn=arn)["executionArn"] for name, arn in machines.items()}
    quick = machine(states, "bombed", jsonata(Output="{% $states.input.a + 1 %}"))
    for number in range(50):
        shown = end(states, states.start_execution(stateMachineArn=quick, input='{"a":%d}' % number)["executionArn"])
        assert (shown["status"], shown["output"]) == ("SUCCEEDED", str(number + 1))
    status = [states.describe_execution(executionArn=bomb)["status"] for bomb in bombs]
    assert status == ["RUNNING"] * len(bombs)
    # Who stops one does not wait for the others.
    for bomb in bombs:
        states.stop_execution(executionArn=bomb)
        assert states.describe_execution(executionArn=bomb)["status"] == "ABORTED"
    for name, execution in once.items():
        shown = end(states, execution, 300)
        assert (shown["status"], shown["error"]) == ("FAILED", "States.QueryEvaluationError"), (name, shown)
    assert "Check for infinite loop" in states.describe_execution(executionArn=once["tail-recursion"])["cause"]
