"""Map Runs by boto3: redrive of the same children, counters, lists, limits changed under way, stops, kill -9.

What is expected comes from the developer guide ("Redriving Map Runs", "ItemBatcher") and the API reference
(`DescribeMapRun`, `UpdateMapRun`, `ListExecutions`)."""

import json
import threading
import time

import pytest
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from conftest import needs_root, wait_for
from test_states import ENDED, code, end, types

ROLE = "arn:aws:iam::000000000000:role/states"


@pytest.fixture
def states(cloud):
    return cloud.client("stepfunctions")


def mapped(states, name, child, kind="STANDARD", **fields):
    """A machine of one distributed Map whose children run one state."""
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind}, "StartAt": "C", "States": {"C": child}}
    state = {"Type": "Map", "Label": name, "ItemProcessor": processor, "End": True, **fields}
    definition = json.dumps({"StartAt": "M", "States": {"M": state}})
    return states.create_state_machine(name=name, definition=definition, roleArn=ROLE)["stateMachineArn"]


def worked(states, name, **fields):
    """The same with an activity that does the items; also the activity."""
    activity = states.create_activity(name=name)["activityArn"]
    return mapped(states, name, {"Type": "Task", "Resource": activity, "End": True}, **fields), activity


def begin(states, machine, items):
    return states.start_execution(stateMachineArn=machine, input=json.dumps(items))["executionArn"]


def run_of(states, execution):
    (run,) = wait_for(lambda: states.list_map_runs(executionArn=execution)["mapRuns"], what="the Map Run")
    return run["mapRunArn"]


def told(states, run):
    return states.describe_map_run(mapRunArn=run)


def children(states, run, **filters):
    pages = states.get_paginator("list_executions").paginate(
        mapRunArn=run, PaginationConfig={"PageSize": 3}, **filters)
    return [child for page in pages for child in page["executions"]]


def counts(shown):
    """Items by their state, where there are any."""
    return {state: number for state, number in shown["itemCounts"].items() if number}


def take(states, activity):
    return wait_for(lambda: (task := states.get_activity_task(activityArn=activity)).get("taskToken") and task, what="a task")


def well(states, task):
    states.send_task_success(taskToken=task["taskToken"], output=task["input"])


def badly(states, task):
    states.send_task_failure(taskToken=task["taskToken"], error="Bad", cause="item")


def redrive(states, execution):
    """A run that was stopped may still stop its children; the redrive itself must be taken."""
    states.redrive_execution(executionArn=execution)


def test_a_redrive_goes_on_with_the_same_children(states):
    machine, activity = worked(states, "same", MaxConcurrency=1, ToleratedFailureCount=1)
    execution = begin(states, machine, [1, 2, 3, 4, 5])
    for answer in (well, badly, badly):
        answer(states, take(states, activity))
    failed = end(states, execution)
    assert (failed["status"], failed["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    run = run_of(states, execution)
    shown = told(states, run)
    assert (shown["status"], shown["redriveCount"]) == ("FAILED", 0) and "redriveDate" not in shown
    # Items that no child was begun for wait for the redrive.
    assert counts(shown) == {"total": 5, "succeeded": 1, "resultsWritten": 1, "failed": 2, "pending": 2}
    bad = children(states, run, statusFilter="FAILED")
    assert len(bad) == 2 and all(child["redriveCount"] == 0 and child["itemCount"] == 1 for child in bad)
    for child in bad:
        one = states.describe_execution(executionArn=child["executionArn"])
        assert one["redriveStatus"] == "REDRIVABLE_BY_MAP_RUN" and one["mapRunArn"] == run
        assert code(states.redrive_execution, executionArn=child["executionArn"]) == "ExecutionNotRedrivable"

    redrive(states, execution)
    task = take(states, activity)
    # One runs, and the other one waits for the redrive to come to it.
    (waiting,) = wait_for(lambda: children(states, run, statusFilter="PENDING_REDRIVE"), what="a child that waits")
    assert waiting["executionArn"] in {child["executionArn"] for child in bad}
    assert states.describe_execution(executionArn=waiting["executionArn"])["status"] == "PENDING_REDRIVE"
    assert children(states, run, statusFilter="FAILED") == []
    shown = told(states, run)
    assert (shown["status"], shown["redriveCount"]) == ("RUNNING", 1) and "stopDate" not in shown
    assert shown["redriveDate"] >= failed["stopDate"] > shown["startDate"]
    assert counts(shown) == {"total": 5, "succeeded": 1, "resultsWritten": 1, "running": 1, "pendingRedrive": 1, "pending": 2}
    assert shown["executionCounts"] == shown["itemCounts"]
    well(states, task)
    for _ in range(3):
        well(states, take(states, activity))
    done = end(states, execution)
    assert (json.loads(done["output"]), done["redriveCount"]) == ([1, 2, 3, 4, 5], 1)
    shown = told(states, run)
    assert counts(shown) == {"total": 5, "succeeded": 5, "resultsWritten": 5} and shown["redriveDate"] == done["redriveDate"]
    assert len(children(states, run)) == 5
    redriven = children(states, run, redriveFilter="REDRIVEN")
    assert {child["executionArn"] for child in redriven} == {child["executionArn"] for child in bad}
    assert len(children(states, run, redriveFilter="NOT_REDRIVEN")) == 3
    for child in redriven:
        assert (child["status"], child["redriveCount"]) == ("SUCCEEDED", 1) and child["redriveDate"] >= child["startDate"]
        assert types(states, child["executionArn"]) == [
            "ExecutionStarted", "TaskStateEntered", "ActivityScheduled", "ActivityStarted", "ActivityFailed",
            "ExecutionFailed", "ExecutionRedriven", "ActivityScheduled", "ActivityStarted", "ActivitySucceeded",
            "TaskStateExited", "ExecutionSucceeded"]
    # Another redrive has nothing to do.
    assert code(states.redrive_execution, executionArn=execution) == "ExecutionNotRedrivable"
    refused = {"stateMachineArn": machine, "statusFilter": "PENDING_REDRIVE"}
    assert code(states.list_executions, **refused) == "ValidationException"


def test_children_that_cannot_be_redriven_stay_as_they_are(states):
    """A Pass that follows itself fills the history; what is full is not attempted again, and counts as failed."""
    spin = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "A", "States": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$", "NumericEquals": 1, "Next": "B"}], "Default": "F"},
        "B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "Next": "B"}, "F": {"Type": "Fail", "Error": "E"}}}
    state = {"Type": "Map", "ItemProcessor": spin, "ToleratedFailureCount": 1, "End": True}
    machine = states.create_state_machine(
        name="full", definition=json.dumps({"StartAt": "M", "States": {"M": state}}), roleArn=ROLE)["stateMachineArn"]
    execution = begin(states, machine, [1, 2])
    assert end(states, execution)["status"] == "FAILED"
    run = run_of(states, execution)
    assert counts(told(states, run)) == {"total": 2, "failed": 2, "failuresNotRedrivable": 1}
    redrive(states, execution)
    assert end(states, execution)["redriveCount"] == 1
    shown = told(states, run)
    assert (shown["status"], counts(shown)) == ("FAILED", {"total": 2, "failed": 2, "failuresNotRedrivable": 1})
    by = {child["redriveCount"]: child["executionArn"] for child in children(states, run)}
    full = states.describe_execution(executionArn=by[0])
    assert (full["redriveStatus"], full["redriveStatusReason"]) == ("NOT_REDRIVABLE", "Execution history event limit exceeded")
    assert types(states, by[1]).count("ExecutionRedriven") == 1


def test_batches(states):
    fields = {"ItemBatcher": {"MaxItemsPerBatch": 3, "BatchInput": {"b.$": "$.length()"}}, "ToleratedFailurePercentage": 100}
    execution = begin(states, mapped(states, "batches", {"Type": "Pass", "End": True}, **fields), list(range(7)))
    batches = json.loads(end(states, execution)["output"])
    assert batches == [{"BatchInput": {"b": 7}, "Items": items} for items in ([0, 1, 2], [3, 4, 5], [6])]
    run = run_of(states, execution)
    shown = told(states, run)
    assert (shown["itemCounts"]["succeeded"], shown["executionCounts"]["succeeded"]) == (7, 3)
    assert sorted(child["itemCount"] for child in children(states, run)) == [1, 3, 3]
    # By bytes: of a child's whole input.
    fields = {"ItemBatcher": {"MaxInputBytesPerBatch": 60}}
    execution = begin(states, mapped(states, "bytes", {"Type": "Pass", "End": True}, **fields), ["x" * 18] * 5)
    batches = json.loads(end(states, execution)["output"])
    assert [len(batch["Items"]) for batch in batches] == [2, 2, 1]
    assert all(len(json.dumps(batch, separators=(",", ":"))) <= 60 for batch in batches)


def test_an_item_that_no_child_can_have_fails_the_run(states):
    selector = {"ItemSelector": {"twice.$": "States.Array($, $)"}}
    execution = begin(states, mapped(states, "large", {"Type": "Pass", "End": True}, **selector), ["x" * 140_000])
    failed = end(states, execution)
    assert (failed["status"], failed["error"]) == ("FAILED", "States.DataLimitExceeded")
    assert children(states, run_of(states, execution)) == []


def test_limits_are_changed_under_way(states):
    machine, activity = worked(states, "limits", MaxConcurrency=1)
    execution = begin(states, machine, list(range(6)))
    run = run_of(states, execution)
    wait_for(lambda: told(states, run)["itemCounts"]["running"] == 1, what="the first child")
    states.update_map_run(mapRunArn=run, maxConcurrency=3)
    shown = wait_for(lambda: (now := told(states, run))["itemCounts"]["running"] == 3 and now, what="more children")
    assert (shown["maxConcurrency"], shown["itemCounts"]["pending"]) == (3, 3)
    states.update_map_run(mapRunArn=run, toleratedFailureCount=2, toleratedFailurePercentage=60.0)
    for _ in range(2):
        badly(states, take(states, activity))
    wait_for(lambda: told(states, run)["itemCounts"]["failed"] == 2, what="two failures that are tolerated")
    assert told(states, run)["status"] == "RUNNING"
    states.update_map_run(mapRunArn=run, toleratedFailureCount=1)
    failed = end(states, execution)
    assert (failed["status"], failed["error"]) == ("FAILED", "States.ExceedToleratedFailureThreshold")
    shown = told(states, run)
    assert (shown["toleratedFailureCount"], shown["toleratedFailurePercentage"]) == (1, 60.0)
    assert counts(shown) == {"total": 6, "failed": 2, "aborted": 3, "pending": 1}
    assert code(states.update_map_run, mapRunArn=run, maxConcurrency=1) == "ValidationException"
    for more in ({}, {"maxConcurrency": -1}, {"toleratedFailurePercentage": 100.5}, {"toleratedFailureCount": -1}):
        assert code(states.update_map_run, mapRunArn=run, **more) == "ValidationException"


def test_a_stopped_parent_stops_its_children_and_is_redriven_with_them(states):
    machine, activity = worked(states, "stop", MaxConcurrency=2)
    execution = begin(states, machine, ["a", "b", "c"])
    run = run_of(states, execution)
    stale = take(states, activity)
    wait_for(lambda: told(states, run)["itemCounts"]["running"] == 2, what="two children")
    states.stop_execution(executionArn=execution, error="Enough", cause="for today")
    wait_for(lambda: told(states, run)["status"] == "ABORTED", what="the end of the run")
    assert counts(told(states, run)) == {"total": 3, "aborted": 2, "pending": 1}
    wait_for(lambda: len(children(states, run, statusFilter="ABORTED")) == 2, what="the end of the children")
    assert code(states.send_task_success, taskToken=stale["taskToken"], output="1") == "TaskTimedOut"
    assert types(states, execution)[-2:] == ["MapRunAborted", "ExecutionAborted"]
    redrive(states, execution)
    for _ in range(3):
        well(states, take(states, activity))
    assert json.loads(end(states, execution)["output"]) == ["a", "b", "c"]
    assert len(children(states, run)) == 3 and len(children(states, run, redriveFilter="REDRIVEN")) == 2


def test_express_children_begin_anew(cloud, states):
    """Express children that did not do well are started again; the others keep their results."""
    get = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ssm:getParameter",
           "Parameters": {"Name.$": "$"}, "OutputPath": "$.Parameter.Value", "End": True}
    machine = mapped(states, "express-again", get, kind="EXPRESS", MaxConcurrency=1)
    ssm = cloud.client("ssm")
    ssm.put_parameter(Name="/runs/one", Value="1", Type="String")
    execution = begin(states, machine, ["/runs/one", "/runs/two", "/runs/one"])
    assert end(states, execution)["status"] == "FAILED"
    run = run_of(states, execution)
    assert counts(told(states, run)) == {"total": 3, "succeeded": 1, "resultsWritten": 1, "failed": 1, "pending": 1}
    listed = {child["status"]: child for child in children(states, run)}
    assert set(listed) == {"SUCCEEDED", "FAILED"} and listed["FAILED"]["itemCount"] == 1
    ssm.put_parameter(Name="/runs/two", Value="2", Type="String")
    ssm.put_parameter(Name="/runs/one", Value="3", Type="String", Overwrite=True)
    redrive(states, execution)
    # The first one is not asked again.
    assert json.loads(end(states, execution)["output"]) == ["1", "2", "3"]
    shown = told(states, run)
    assert (shown["status"], shown["redriveCount"]) == ("SUCCEEDED", 1)
    again = children(states, run, statusFilter="SUCCEEDED")
    assert len(again) == len(children(states, run)) == 3
    # The same names as before.
    assert {child["executionArn"] for child in listed.values()} < {child["executionArn"] for child in again}


def test_results_go_to_no_store_yet(states):
    writer = {"ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}}
    execution = begin(states, mapped(states, "writer", {"Type": "Pass", "End": True}, **writer), [1])
    failed = end(states, execution)
    assert (failed["status"], failed["error"]) == ("FAILED", "States.ResultWriterFailed")


class Worker(threading.Thread):
    """Does items; the first time it fails those in `bad`. Counts what was taken from it for each item."""

    def __init__(self, cloud, activity, bad):
        super().__init__(daemon=True)
        self.states, self.activity, self.bad = cloud.client("stepfunctions"), activity, bad
        self.done, self.given, self.stopped = [], [], False

    def run(self):
        while not self.stopped:
            try:
                task = self.states.get_activity_task(activityArn=self.activity)
                if not task.get("taskToken"):
                    continue
                self.given.append(task["taskToken"])
                item = json.loads(task["input"])
                if item in self.bad:
                    badly(self.states, task)
                    self.bad.discard(item)
                else:
                    well(self.states, task)
                    self.done.append(item)
            except (ClientError, ConnectionError, HTTPClientError):
                time.sleep(0.02)  # the cloud is down or comes up: the very point of the test


@needs_root
def test_kill_9_in_a_run_and_in_its_redrive(lasting):
    """No item is lost, none has two results; children are redriven, not begun anew."""
    states = lasting.client("stepfunctions")
    count = 60
    activity = states.create_activity(name="killed")["activityArn"]
    # What was handed out when the cloud died may never have reached the worker: only its time-out can tell.
    step = {"Type": "Task", "Resource": activity, "TimeoutSeconds": 4, "End": True,
            "Retry": [{"ErrorEquals": ["States.Timeout"], "IntervalSeconds": 1, "MaxAttempts": 30, "BackoffRate": 1}]}
    machine = mapped(states, "killed", step, MaxConcurrency=10, ToleratedFailureCount=3)
    workers = [Worker(lasting, activity, set(range(number, count, 6))) for number in range(2)]
    for worker in workers:
        worker.start()
    execution = begin(states, machine, list(range(count)))
    run = run_of(states, execution)
    redrives = 0
    for round_number in range(40):
        done = sum(len(worker.done) for worker in workers)
        if round_number < 6:
            # In the middle of something, whatever it is.
            wait_for(lambda: sum(len(worker.done) for worker in workers) > done + 2
                     or states.describe_execution(executionArn=execution)["status"] in ENDED, what="some progress")
            lasting.kill()
            lasting.start()
        shown = states.describe_execution(executionArn=execution) if round_number < 6 else end(states, execution)
        if shown["status"] == "SUCCEEDED":
            break
        if shown["status"] == "FAILED":
            assert shown["error"] == "States.ExceedToleratedFailureThreshold", shown
            redrive(states, execution)
            redrives += 1
    done = end(states, execution)
    for worker in workers:
        worker.stopped = True
    shown = told(states, run)
    failed = shown["itemCounts"]["failed"]
    # In the order of the items, each once, but for those whose failure is tolerated.
    output = json.loads(done["output"])
    assert output == sorted(set(output)) and len(output) == count - failed
    assert failed <= 3 and shown["itemCounts"]["succeeded"] == count - failed
    assert (shown["redriveCount"], done["redriveCount"]) == (redrives, redrives) and redrives > 0
    every = children(states, run)
    assert len(every) == count
    for child in every:
        seen = types(states, child["executionArn"])
        assert seen.count("ExecutionStarted") == 1 and seen.count("ActivitySucceeded") == (child["status"] == "SUCCEEDED")
    given = [token for worker in workers for token in worker.given]
    assert len(given) == len(set(given)), "a task was handed out twice"
