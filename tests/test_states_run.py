"""`allod states run`: one execution of a machine without a cloud."""

import json
import subprocess

from conftest import BINARY

HELLO = {
    "StartAt": "Hello",
    "States": {
        "Hello": {"Type": "Pass", "Result": "hello", "ResultPath": "$.word", "Next": "Both"},
        "Both": {
            "Type": "Parallel",
            "Branches": [
                {"StartAt": "P1", "States": {"P1": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": True,
                                                    "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 300}]}}},
                {"StartAt": "P2", "States": {"P2": {"Type": "Wait", "Seconds": 86400, "End": True}}},
            ],
            "Next": "Goodbye",
        },
        "Goodbye": {"Type": "Succeed"},
    },
}


def run(tmp_path, machine, *words):
    file = tmp_path / "hello.json"
    file.write_text(json.dumps(machine) if isinstance(machine, dict) else machine)
    return subprocess.run([BINARY, "states", "run", str(file), *words], capture_output=True, text=True, timeout=60)


def test_events_come_one_a_line(tmp_path):
    mocks = tmp_path / "mocks.json"
    mocks.write_text(json.dumps({"P1": [{"error": "Busy"}, {"result": {"MessageId": "m"}}]}))
    done = run(tmp_path, HELLO, "--input", '{"a": 1}', "--mocks", str(mocks), "--fast", "--json")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["id"] for event in events] == list(range(1, len(events) + 1))
    types = [event["type"] for event in events]
    assert types[0] == "ExecutionStarted" and types[-1] == "ExecutionSucceeded"
    assert types.count("TaskScheduled") == 2 and "WaitStateExited" in types
    assert json.loads(events[-1]["output"]) == [{"MessageId": "m"}, {"a": 1, "word": "hello"}]
    assert events[-1]["timestamp"] - events[0]["timestamp"] >= 86400 * 1000


def test_a_task_without_a_mock_fails_and_says_why(tmp_path):
    done = run(tmp_path, HELLO, "--fast")
    assert done.returncode == 1
    assert "ExecutionFailed" in done.stdout and "--mocks" in done.stdout


def test_a_wait_is_waited_for(tmp_path):
    machine = {"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": True}}}
    done = run(tmp_path, machine, "--json")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert events[-1]["timestamp"] - events[0]["timestamp"] >= 1000


def test_distributed_children_run_too(tmp_path):
    machine = {
        "StartAt": "M",
        "States": {"M": {"Type": "Map", "End": True, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "I", "States": {"I": {"Type": "Pass", "End": True}}}}},
    }
    done = run(tmp_path, machine, "--input", "[1, 2, 3]")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("PassStateEntered") == 3 and "[1,2,3]" in done.stdout


def test_what_the_service_takes_is_run(tmp_path):
    """A state that nothing leads to but itself is an error for the linter alone."""
    island = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Pass", "Next": "B"}}}
    assert run(tmp_path, island).returncode == 0


def test_what_cannot_be_run_is_said(tmp_path):
    broken = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}}
    for machine, words in ((broken, ()), ("{", ()), (HELLO, ("--input", "{"))):
        done = run(tmp_path, machine, *words)
        assert done.returncode != 0 and done.stderr and not done.stdout, (machine, words)
