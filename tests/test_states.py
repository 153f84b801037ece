"""Step Functions by boto3 and the aws CLI: the tour of the documents, restarts, and bad days."""

import json
import random
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from conftest import BINARY, needs_root, wait_for

ROLE = "arn:aws:iam::000000000000:role/states"
ENDED = ("SUCCEEDED", "FAILED", "TIMED_OUT", "ABORTED")


@pytest.fixture
def states(cloud):
    return cloud.client("stepfunctions")


def machine(states, name, definition, **more):
    made = states.create_state_machine(name=name, definition=json.dumps(definition), roleArn=ROLE, **more)
    return made["stateMachineArn"]


def single(state):
    return {"StartAt": "S", "States": {"S": state}}


def end(states, execution, seconds=60):
    def ended():
        shown = states.describe_execution(executionArn=execution)
        return shown if shown["status"] in ENDED else None
    return wait_for(ended, seconds, "the end of the execution")


def history(states, execution, **more):
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution, **more)
    return [event for page in pages for event in page["events"]]


def types(states, execution):
    return [event["type"] for event in history(states, execution)]


def code(call, **parameters):
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    return refused.value.response["Error"]["Code"]


def tour(one, two):
    """Hello, two branches side by side, Goodbye: the machine of the documents."""
    def branch(name, activity):
        return {"StartAt": name, "States": {name: {"Type": "Task", "Resource": activity, "End": True}}}
    return {
        "StartAt": "Hello",
        "States": {
            "Hello": {"Type": "Pass", "Next": "Parallel"},
            "Parallel": {"Type": "Parallel", "Branches": [branch("p1", one), branch("p2", two)], "Next": "Goodbye"},
            "Goodbye": {"Type": "Pass", "End": True},
        },
    }


def test_the_tour_by_boto3(states):
    one, two = (states.create_activity(name=name)["activityArn"] for name in ("p1", "p2"))
    execution = states.start_execution(
        stateMachineArn=machine(states, "tour", tour(one, two)), input='{"who":"world"}')["executionArn"]

    def work(activity):
        task = states.get_activity_task(activityArn=activity, workerName="worker")
        output = {"by": activity.rsplit(":", 1)[1], "input": json.loads(task["input"])}
        states.send_task_success(taskToken=task["taskToken"], output=json.dumps(output))

    with ThreadPoolExecutor() as pool:
        list(pool.map(work, (two, one)))
    shown = end(states, execution)
    assert shown["status"] == "SUCCEEDED"
    # The branches' outputs stand in the order of the branches, whoever was first.
    assert json.loads(shown["output"]) == [{"by": b, "input": {"who": "world"}} for b in ("p1", "p2")]
    seen = types(states, execution)
    assert seen[:4] == ["ExecutionStarted", "PassStateEntered", "PassStateExited", "ParallelStateEntered"]
    assert seen.count("ActivityScheduled") == seen.count("ActivityStarted") == seen.count("ActivitySucceeded") == 2
    assert seen[-4:] == ["ParallelStateExited", "PassStateEntered", "PassStateExited", "ExecutionSucceeded"]
    backwards = history(states, execution, reverseOrder=True)
    assert [event["id"] for event in backwards] == list(range(len(seen), 0, -1))


def test_the_tour_by_the_cli(cloud, tmp_path):
    def aws(*words):
        return cloud.aws("stepfunctions", *words)

    one, two = (aws("create-activity", "--name", name)["activityArn"] for name in ("c1", "c2"))
    file = tmp_path / "tour.asl.json"
    file.write_text(json.dumps(tour(one, two)))
    lint = subprocess.run([BINARY, "states", "lint", str(file)], capture_output=True, text=True, timeout=60)
    assert (lint.returncode, lint.stdout) == (0, "")

    def picture(*words):
        done = subprocess.run([BINARY, "states", "graph", *words], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return done.stdout

    preview = picture(str(file))
    assert all(name in preview for name in ("Hello", "p1", "p2", "Goodbye"))
    assert picture(str(file), "--svg").lstrip().startswith("<svg")
    arn = aws("create-state-machine", "--name", "cli", "--role-arn", ROLE, "--definition", f"file://{file}")["stateMachineArn"]
    execution = aws("start-execution", "--state-machine-arn", arn, "--name", "first")["executionArn"]
    running = picture("--execution", execution, "--endpoint", cloud.endpoint)
    for activity in (one, two):
        task = aws("get-activity-task", "--activity-arn", activity, "--worker-name", "cli")
        aws("send-task-success", "--task-token", task["taskToken"], "--task-output", '"done"')
    shown = wait_for(lambda: (d := aws("describe-execution", "--execution-arn", execution))["status"] in ENDED and d)
    assert (shown["status"], shown["output"]) == ("SUCCEEDED", '["done","done"]')
    assert "Goodbye" in running and picture("--execution", execution, "--endpoint", cloud.endpoint) != running
    events = aws("get-execution-history", "--execution-arn", execution, "--max-items", "3")
    assert [event["id"] for event in events["events"]] == [1, 2, 3] and events["NextToken"]


def test_updates_are_seen_by_new_executions_only(states):
    activity = states.create_activity(name="update")["activityArn"]
    first = {"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": activity, "Next": "B"},
                                        "B": {"Type": "Pass", "Result": "old", "End": True}}}
    arn = machine(states, "update", first)
    old = states.start_execution(stateMachineArn=arn)["executionArn"]
    task = states.get_activity_task(activityArn=activity)
    states.update_state_machine(stateMachineArn=arn, definition=json.dumps(single({"Type": "Pass", "Result": "new", "End": True})))
    new = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.send_task_success(taskToken=task["taskToken"], output="{}")
    assert (end(states, old)["output"], end(states, new)["output"]) == ('"old"', '"new"')
    of_old = states.describe_state_machine_for_execution(executionArn=old)
    assert json.loads(of_old["definition"]) == first
    newest = [e["executionArn"] for e in states.list_executions(stateMachineArn=arn)["executions"]]
    assert set(newest) == {old, new}


def test_a_failed_execution_is_redriven_where_it_failed(states):
    activity = states.create_activity(name="redrive")["activityArn"]
    definition = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"},
                                             "B": {"Type": "Task", "Resource": activity, "End": True}}}
    execution = states.start_execution(stateMachineArn=machine(states, "redrive", definition))["executionArn"]
    assert code(states.redrive_execution, executionArn=execution) == "ExecutionNotRedrivable"
    states.send_task_failure(taskToken=states.get_activity_task(activityArn=activity)["taskToken"], error="E", cause="c")
    failed = end(states, execution)
    assert (failed["status"], failed["error"], failed["redriveStatus"]) == ("FAILED", "E", "REDRIVABLE")
    states.redrive_execution(executionArn=execution)
    states.send_task_success(taskToken=states.get_activity_task(activityArn=activity)["taskToken"], output='"well"')
    shown = end(states, execution)
    assert (shown["status"], shown["output"], shown["redriveCount"]) == ("SUCCEEDED", '"well"', 1)
    seen = types(states, execution)
    assert seen.count("PassStateEntered") == 1 and "ExecutionRedriven" in seen


def test_map_runs(states):
    inner = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
             "StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}}}
    arn = machine(states, "map", single({"Type": "Map", "ItemProcessor": inner, "Label": "all", "End": True}))
    execution = states.start_execution(stateMachineArn=arn, input=json.dumps(list(range(25))))["executionArn"]
    shown = end(states, execution)
    assert json.loads(shown["output"]) == list(range(25))
    (run,) = states.list_map_runs(executionArn=execution)["mapRuns"]
    told = states.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (told["status"], told["itemCounts"]["succeeded"], told["executionCounts"]["total"]) == ("SUCCEEDED", 25, 25)
    pages = states.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"], PaginationConfig={"PageSize": 10})
    children = [child for page in pages for child in page["executions"]]
    assert len({child["executionArn"] for child in children}) == 25
    assert code(states.update_map_run, mapRunArn=run["mapRunArn"], maxConcurrency=5) == "ValidationException"
    child = states.describe_state_machine_for_execution(executionArn=children[0]["executionArn"])
    assert (child["mapRunArn"], child["label"]) == (run["mapRunArn"], "all")


def test_tasks_call_this_clouds_services(cloud, states):
    call = single({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:describeInstances",
                   "Parameters": {"InstanceIds.$": "$.ids"}, "End": True})
    arn = machine(states, "sdk", call)
    execution = states.start_execution(stateMachineArn=arn, input='{"ids":[]}')["executionArn"]
    assert json.loads(end(states, execution)["output"])["Reservations"] == []
    execution = states.start_execution(stateMachineArn=arn, input='{"ids":["i-0123456789abcdef0"]}')["executionArn"]
    shown = end(states, execution)
    assert (shown["status"], shown["error"]) == ("FAILED", "Ec2.InvalidInstanceIdNotFoundException")
    put = single({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:putParameter",
                  "Parameters": {"Name": "/by/states", "Value.$": "$.value", "Type": "String"}, "End": True})
    execution = states.start_execution(stateMachineArn=machine(states, "put", put), input='{"value":"v"}')["executionArn"]
    assert end(states, execution)["status"] == "SUCCEEDED"
    assert cloud.client("ssm").get_parameter(Name="/by/states")["Parameter"]["Value"] == "v"


def test_stopping_a_parent_stops_the_child_it_waits_for(states):
    child = machine(states, "waiting-child", single({"Type": "Wait", "Seconds": 600, "End": True}))
    parent = machine(states, "waiting-parent", single({
        "Type": "Task", "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Parameters": {"StateMachineArn": child, "Name": "it"}, "End": True}))
    execution = states.start_execution(stateMachineArn=parent)["executionArn"]
    wait_for(lambda: "TaskSubmitted" in types(states, execution), what="the child's start")
    states.stop_execution(executionArn=execution)
    started = child.replace(":stateMachine:", ":execution:") + ":it"
    assert end(states, started)["status"] == "ABORTED"


def test_sync_executions_come_with_their_host_prefix(cloud, monkeypatch):
    """The SDKs put `sync-` before the endpoint's name, which no name server knows."""
    known = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *more, **other: known(
        host.removeprefix("sync-") if isinstance(host, str) else host, *more, **other))
    states = cloud.client("stepfunctions")
    arn = machine(states, "express", single({"Type": "Pass", "End": True}), type="EXPRESS")
    done = states.start_sync_execution(stateMachineArn=arn, input='{"a":1}')
    assert (done["status"], done["output"], done["billingDetails"]["billedMemoryUsedInMB"]) == ("SUCCEEDED", '{"a":1}', 64)


def test_a_machine_logs_what_its_level_admits(cloud, states):
    group = "arn:aws:logs:us-east-1:000000000000:log-group:/states/test:*"
    fail = single({"Type": "Fail", "Error": "E", "Cause": "secret"})
    for level in ("ALL", "FATAL"):
        arn = machine(states, f"log-{level}", fail, loggingConfiguration={
            "level": level, "includeExecutionData": False, "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]})
        end(states, states.start_execution(stateMachineArn=arn, input='{"hidden":1}')["executionArn"])

    def lines(level):
        files = Path(cloud.ready["data_dir"], "logs").rglob(f"*log-{level}*")
        return [json.loads(line) for file in files if file.is_file() for line in file.read_text().splitlines()]

    told = wait_for(lambda: len(found := lines("ALL")) == 3 and found, what="the log")
    assert [line["type"] for line in told] == ["ExecutionStarted", "FailStateEntered", "ExecutionFailed"]
    assert told[1]["details"] == {"name": "S"} and "hidden" not in json.dumps(told)
    assert told[2]["details"] == {"error": "E", "cause": "secret"}
    assert [line["type"] for line in wait_for(lambda: lines("FATAL"), what="the log")] == ["ExecutionFailed"]


def test_answers_twice_late_and_with_foreign_tokens(states):
    activity = states.create_activity(name="answers")["activityArn"]
    task_state = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 1, "End": True}
    arn = machine(states, "answers", single(task_state))
    assert code(states.send_task_success, taskToken="foreign", output="{}") == "InvalidToken"
    late = states.start_execution(stateMachineArn=arn)["executionArn"]
    token = states.get_activity_task(activityArn=activity)["taskToken"]
    shown = end(states, late)
    assert (shown["status"], shown["error"]) == ("FAILED", "States.Timeout")
    for call, more in ((states.send_task_success, {"output": "{}"}), (states.send_task_failure, {}), (states.send_task_heartbeat, {})):
        assert code(call, taskToken=token, **more) == "TaskTimedOut"
    half = token[: len(token) // 2]
    assert code(states.send_task_success, taskToken=half, output="{}") == "InvalidToken"
    patient = machine(states, "patient", single({**task_state, "TimeoutSeconds": 600}))
    execution = states.start_execution(stateMachineArn=patient)["executionArn"]
    token = states.get_activity_task(activityArn=activity)["taskToken"]
    states.send_task_success(taskToken=token, output='"first"')
    assert code(states.send_task_success, taskToken=token, output='"second"') == "TaskTimedOut"
    assert end(states, execution)["output"] == '"first"'


def test_garbage_is_refused_with_a_reason(states):
    sound = json.dumps(tour("arn:aws:states:us-east-1:000000000000:activity:a", "arn:aws:states:us-east-1:000000000000:activity:b"))
    draw = random.Random(4)
    texts = ["{", "[]", "null", '"x"', "{}" * 3, "\u0000", sound[:-1], "[" * 5000, '{"a":' * 5000]
    for _ in range(150):
        text = list(sound)
        for _ in range(draw.randrange(1, 4)):
            at = draw.randrange(len(text))
            text[at : at + draw.randrange(3)] = draw.choice(["", "{", '"', "States", "\\", "}", ",", "é"])
        texts.append("".join(text))
    for number, text in enumerate(texts):
        told = states.validate_state_machine_definition(definition=text)
        try:
            states.create_state_machine(name=f"garbage-{number}", definition=text, roleArn=ROLE)
            assert told["result"] == "OK", text
        except ClientError as error:
            assert error.response["Error"]["Code"] == "InvalidDefinition", (text, error)
            assert told["result"] == "FAIL" and told["diagnostics"], text


def test_a_burst_of_starts_is_taken_or_refused(states):
    arn = machine(states, "burst", single({"Type": "Pass", "End": True}))

    def start(number):
        try:
            return states.start_execution(stateMachineArn=arn, name=f"n{number}", input=json.dumps(number))["executionArn"]
        except ClientError as error:
            assert error.response["Error"]["Code"] == "ThrottlingException"
            return None

    with ThreadPoolExecutor(16) as pool:
        taken = [execution for execution in pool.map(start, range(500)) if execution]
    assert taken
    for execution in taken[:: max(1, len(taken) // 20)]:
        assert end(states, execution)["status"] == "SUCCEEDED"
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=arn)
    assert {e["executionArn"] for page in pages for e in page["executions"]} == set(taken)


class Worker(threading.Thread):
    """Takes tasks of an activity and answers them; counts what it was given and what was taken from it."""

    def __init__(self, cloud, activity):
        super().__init__(daemon=True)
        self.states, self.activity = cloud.client("stepfunctions"), activity
        self.given, self.taken = [], []
        self.stopped = False

    def run(self):
        while not self.stopped:
            try:
                task = self.states.get_activity_task(activityArn=self.activity)
                if not task.get("taskToken"):
                    continue
                self.given.append(task["taskToken"])
                self.states.send_task_success(taskToken=task["taskToken"], output=task["input"])
                self.taken.append(task["taskToken"])
            except (ClientError, ConnectionError, HTTPClientError):
                time.sleep(0.02)  # the cloud is down or comes up: the very point of the test


@needs_root
def test_kill_9_under_load(lasting):
    """Nothing acknowledged is lost, nothing is handed out twice, every execution ends well."""
    states = lasting.client("stepfunctions")
    activity = states.create_activity(name="count")["activityArn"]
    # What was handed out when the cloud died may never have reached the worker: only its time-out can tell.
    step = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 5,
            "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 20, "BackoffRate": 1}], "End": True}
    arn = machine(states, "count", single(step))
    workers = [Worker(lasting, activity) for _ in range(3)]
    for worker in workers:
        worker.start()
    started = []
    for round_number in range(3):
        deadline = time.monotonic() + random.uniform(0.3, 1.0)
        while time.monotonic() < deadline:
            number = len(started)
            try:
                states.start_execution(stateMachineArn=arn, name=f"{round_number}-{number}", input=json.dumps(number))
                started.append((f"{round_number}-{number}", number))
            except (ClientError, ConnectionError, HTTPClientError):
                time.sleep(0.02)
        lasting.kill()
        lasting.start()
    assert started
    for name, number in started:
        execution = arn.replace(":stateMachine:", ":execution:") + f":{name}"
        shown = end(states, execution, 120)
        assert (shown["status"], shown["output"]) == ("SUCCEEDED", json.dumps(number))
        seen = types(states, execution)
        assert seen.count("ActivityStarted") <= seen.count("ActivityScheduled")
        assert seen.count("ActivitySucceeded") == 1
    for worker in workers:
        worker.stopped = True
    given = [token for worker in workers for token in worker.given]
    assert len(given) == len(set(given)), "a task was handed out twice"


@needs_root
def test_sleepers_and_workers_outlive_a_restart(lasting):
    states = lasting.client("stepfunctions")
    activity = states.create_activity(name="outlive")["activityArn"]
    wait = machine(states, "sleep", single({"Type": "Wait", "Seconds": 4, "End": True}))
    work = machine(states, "work", single({"Type": "Task", "Resource": activity, "End": True}))
    sleeper = states.start_execution(stateMachineArn=wait)["executionArn"]
    worked = states.start_execution(stateMachineArn=work, input='"mine"')["executionArn"]
    waiting = states.start_execution(stateMachineArn=work, input='"next"')["executionArn"]
    mine = states.get_activity_task(activityArn=activity)
    lasting.kill()
    lasting.start()
    # The token of before is good, and the other task is handed out now.
    states.send_task_success(taskToken=mine["taskToken"], output=mine["input"])
    task = states.get_activity_task(activityArn=activity)
    states.send_task_success(taskToken=task["taskToken"], output=task["input"])
    assert {end(states, one)["output"] for one in (worked, waiting)} == {'"mine"', '"next"'}
    slept = end(states, sleeper)
    assert (slept["stopDate"] - slept["startDate"]).total_seconds() >= 4
