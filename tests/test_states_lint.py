"""`allod states lint` and `allod states graph` as people and CI run them, and a picture of an execution in a cloud."""

import json
import os
import subprocess
import time
import xml.etree.ElementTree as ElementTree

BINARY = os.environ.get("ALLOD_BINARY", "target/debug/allod")
ROLE = "arn:aws:iam::000000000000:role/states"

DANGLING = {"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "Next": "Goodbye"}, "Goodbye": {"Type": "Pass"}}}
GOOD = {
    "QueryLanguage": "JSONata",
    "StartAt": "Hello",
    "States": {
        "Hello": {"Type": "Pass", "Output": "{% $states.input %}", "Next": "Both"},
        "Both": {"Type": "Parallel", "Next": "Good bye", "Branches": [
            {"StartAt": "p1", "States": {"p1": {"Type": "Pass", "End": True}}},
            {"StartAt": "p2", "States": {"p2": {"Type": "Wait", "Seconds": 0, "End": True}}}]},
        "Good bye": {"Type": "Succeed"},
    },
}


def run(*words, env=None):
    done = subprocess.run([BINARY, "states", *map(str, words)], capture_output=True, text=True, check=False,
                          env={**os.environ, **(env or {})})
    return done.returncode, done.stdout, done.stderr


def write(folder, name, machine):
    file = folder / name
    file.write_text(machine if isinstance(machine, str) else json.dumps(machine, indent=2))
    return file


def test_the_sample_of_the_specification(tmp_path):
    file = write(tmp_path, "hello.json", DANGLING)
    expected = (
        "2 errors:\n"
        ' State Machine.States.Goodbye does not have required field "Next"\n'
        " No terminal state found in machine at State Machine.States\n"
    )
    assert run("lint", file) == (1, expected, "")
    assert run("lint", "--statelint", file) == (1, expected, "")


def test_silence_when_all_is_well(tmp_path):
    assert run("lint", write(tmp_path, "good.json", GOOD)) == (0, "", "")


def test_a_variable_that_nothing_assigns_is_a_warning(tmp_path):
    machine = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"seen": 1}, "Output": "{% $seen %}", "Next": "B"},
        "B": {"Type": "Succeed", "Output": "{% $seen %}"}}}
    file = write(tmp_path, "early.json", machine)
    expected = 'One warning:\n State Machine.States.A.Output: variable "$seen" is read here, but no state before assigns it\n'
    assert run("lint", file) == (0, expected, "")
    found = json.loads(run("lint", "--json", file)[1])
    assert [(one["severity"], one["code"], one["location"]) for one in found] == [
        ("WARNING", "UNASSIGNED_VARIABLE", "/States/A/Output")]


def test_all_files_are_checked(tmp_path):
    first, second = write(tmp_path, "a.json", GOOD), write(tmp_path, "b.json", DANGLING)
    third = write(tmp_path, "c.json", '{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Succeed"}}}')
    code, out, _ = run("lint", first, second, third)
    assert code == 1
    assert f"2 errors in {second}:" in out and f"One error in {third}:" in out and str(first) not in out
    assert 'the field "A" is here more than once' in out


def test_what_statelint_cannot_see(tmp_path):
    machine = {
        "StartAt": "A",
        "States": {
            "A": {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:query", "Arguments": {}, "Next": "B"},
            "B": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% 1 + %}", "InputPath": "$", "Next": "C"},
            "C": {"Type": "Map", "Label": "a b", "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "NOW"},
                  "StartAt": "D", "States": {"D": {"Type": "Pass", "Parameters": {"x.$": "$.a["}, "End": True}}}, "End": True},
        },
    }
    code, out, _ = run("lint", "--json", write(tmp_path, "m.json", machine))
    found = {(entry["location"], entry["code"]) for entry in json.loads(out)}
    assert code == 1
    assert {
        ("/States/A/Resource", "SCHEMA_VALIDATION_FAILED"),
        ("/States/A", "SCHEMA_VALIDATION_FAILED"),
        ("/States/B/Output", "SCHEMA_VALIDATION_FAILED"),
        ("/States/B", "SCHEMA_VALIDATION_FAILED"),
        ("/States/C/Label", "INVALID_LABEL_NAME"),
        ("/States/C/ItemProcessor/ProcessorConfig/ExecutionType", "SCHEMA_VALIDATION_FAILED"),
        ("/States/C/ItemProcessor/States/D/Parameters", "SCHEMA_VALIDATION_FAILED"),
    } <= found, found
    assert all(entry["line"] > 1 and entry["column"] >= 1 for entry in json.loads(out))


def test_bad_files(tmp_path):
    code, out, _ = run("lint", write(tmp_path, "bad.json", '{"StartAt": tru}'))
    assert code == 1 and out.startswith("One error:\n Problem reading/parsing JSON: Unrecognized token 'tru'")
    code, _, err = run("lint", tmp_path / "missing.json", write(tmp_path, "good.json", GOOD))
    assert code == 2 and "cannot be read" in err


def test_a_definition_is_previewed_as_a_picture(tmp_path):
    file = write(tmp_path, "good.json", GOOD)
    code, out, _ = run("graph", file)
    assert code == 0 and " Both Parallel " in out and "│ Hello │" in out
    code, out, _ = run("graph", "--svg", file)
    ids = {element.get("id") for element in ElementTree.fromstring(out).iter() if element.get("id")}
    assert {"state-Hello", "state-Both", "state-p1", "state-p2", "state-Good%20bye"} <= ids


def test_an_execution_is_drawn_with_its_colours(cloud):
    states = cloud.client("stepfunctions")
    machine = states.create_state_machine(name="drawn", definition=json.dumps(GOOD), roleArn=ROLE)
    started = states.start_execution(stateMachineArn=machine["stateMachineArn"], input="{}")
    deadline = time.monotonic() + 60
    while states.describe_execution(executionArn=started["executionArn"])["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    env = {"AWS_ENDPOINT_URL": cloud.endpoint}
    code, out, err = run("graph", "--execution", started["executionArn"], env=env)
    assert code == 0, err
    assert out.count("✓") >= 10 and "Good bye" in out
    code, out, err = run("graph", "--svg", "--execution", started["executionArn"], env=env)
    assert code == 0, err
    classes = {e.get("id"): e.get("class") for e in ElementTree.fromstring(out).iter() if (e.get("id") or "").startswith("state-")}
    assert set(classes.values()) == {"state succeeded"} and len(classes) == 5
