"""The linter's `statelint` mode against awslabs' statelint itself: the same sentences, letter for letter.

Needs Ruby; the gem `statelint` is installed into the test's own folder if it is missing (or taken from its sources:
STATELINT_LIBS names the folders for Ruby's -I, separated by colons). Without them the test is skipped and says so. Machines: every definition in the recordings, a handful written here, and
machines made from all of these by dropping, renaming, retyping and moving fields.
STATELINT_CASES sets how many are made (default 3,000; a release is checked with 100,000).
"""

import copy
import json
import os
import pathlib
import random
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
DRIVER = """
require 'json'
require 'statelint'
STDOUT.sync = true
linter = StateMachineLint::Linter.new
STDIN.each_line do |line|
  machine = JSON.parse(line)
  problems = machine['definition'].is_a?(Hash) ? linter.validate(machine['definition']) : []
  puts JSON.generate({ 'id' => machine['id'], 'problems' => problems })
end
"""

VERSION = "0.8.0"

MACHINES = [
    {"StartAt": "Hello", "States": {"Hello": {"Type": "Pass", "Next": "Goodbye"}, "Goodbye": {"Type": "Pass"}}},
    {
        "StartAt": "A",
        "TimeoutSeconds": 99999999,
        "States": {
            "A": {"Type": "Task", "Resource": "arn:aws:lambda:x", "TimeoutSeconds": 5, "TimeoutSecondsPath": "$.t",
                  "Retry": [{"ErrorEquals": ["States.ALL", "x"], "BackoffRate": 2}, {"ErrorEquals": []}],
                  "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B", "ResultPath": "$[0]"}],
                  "Parameters": {"a.$": "nope", "b": [{"c.$": "States.Format('{}', $.x)"}]}, "Next": "B"},
            "B": {"Type": "Choice", "Choices": [
                {"Variable": "$.x", "NumericEquals": "1", "Next": "C"},
                {"And": [{"Variable": "x", "IsNull": 1}, {"Not": {"Variable": "$$.a", "StringEquals": "s"}}], "Next": "D"},
                {"Or": [], "Next": "M"}], "Default": "W"},
            "C": {"Type": "Succeed", "End": True, "Next": "A"},
            "D": {"Type": "Fail", "InputPath": "$", "Error": "e", "ErrorPath": "$.e", "Next": "A", "End": True},
            "M": {"Type": "Map", "ItemsPath": None, "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Pass"}}},
                  "Iterator": {}, "MaxConcurrency": 1.5, "End": True, "ItemSelector": {}, "Parameters": {}},
            "W": {"Type": "Wait", "Seconds": 0, "Timestamp": "2024-02-30T00:00:00Z", "Next": "P"},
            "P": {"Type": "Parallel", "Branches": [{"StartAt": "Q", "States": {"R": {"Type": "Wait", "End": True}}}], "Next": "Z"},
        },
    },
]
VALUES = [
    None, True, False, 0, 1, -1, 1.5, 2.0, 1e20, 1e-7, 99999999, 10**30, "", "$", "$.a", "$$.a", "$.a[0]", "$.a[*]",
    "$.a[0,1]", "$.a[-1:2]", "$..b", "$['c'].d", "$.a-b", "$.\u00e4_1", "$.a[0][1]", "x:", "arn:aws:x", "States.UUID()",
    "States.Format('a')", "States.Array()", "2024-01-01T00:00:00Z", "2024-01-01t24:00:00+01:00", "2023-02-29T00:00:00Z",
    "2024-02-29 10:00:60.5Z", "\u00e9\n$.a", 'quo"te', "#{x}", "tab\t", [], ["States.ALL"], ["a", 1, None], [{}], {}, {"a": 1},
]
NAMES = [
    "Type", "Next", "End", "Comment", "InputPath", "OutputPath", "ResultPath", "Parameters", "ResultSelector", "Resource",
    "Retry", "Catch", "Choices", "Default", "Variable", "And", "Or", "Not", "StringEquals", "IsNull", "Seconds",
    "SecondsPath", "Timestamp", "Branches", "Iterator", "ItemProcessor", "ItemsPath", "ItemSelector", "MaxConcurrency",
    "States", "StartAt", "ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds",
    "JitterStrategy", "Credentials", "Error", "ErrorPath", "Cause", "CausePath", "TimeoutSeconds", "HeartbeatSeconds",
    "HeartbeatSecondsPath", "Result", "Nonsense", "QueryLanguage", "Label", "x.$",
]
TYPES = ["Pass", "Succeed", "Fail", "Task", "Choice", "Wait", "Parallel", "Map", "Nothing"]


def oracle(gems):
    """The command that runs statelint, or the reason why there is none. `gems` is a folder for the gem, where it is missing."""
    ruby = shutil.which("ruby")
    if not ruby:
        return None, "no Ruby here"
    libraries = [folder for folder in os.environ.get("STATELINT_LIBS", "").split(":") if folder]
    command = [ruby, *[word for folder in libraries for word in ("-I", folder)]]
    look = [*command, "-e", "require 'statelint'"]
    if subprocess.run(look, capture_output=True, check=False).returncode == 0:
        return [*command, "-e", DRIVER], None
    os.environ["GEM_HOME"] = str(gems)
    install = ["gem", "install", "--no-document", "statelint", "-v", VERSION]
    try:
        done = subprocess.run(install, capture_output=True, text=True, check=False, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"Ruby is here, the gem statelint is not: {error}"
    if done.returncode != 0 or subprocess.run(look, capture_output=True, check=False).returncode != 0:
        return None, "Ruby is here, the gem statelint is not: " + done.stderr.strip()[:200]
    return [*command, "-e", DRIVER], None


def own_program():
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    program = target / "debug" / "examples" / "statelint_lines"
    if not program.exists():
        subprocess.run(
            ["cargo", "build", "-q", "-p", "state-machine", "--example", "statelint_lines"], cwd=ROOT, check=True
        )
    return program


def recorded():
    """Every definition somebody sent to AWS in the recordings."""
    for file in sorted((ROOT / "tests/recordings/stepfunctions").rglob("*.json")):
        for step in json.loads(file.read_text()).get("steps", []):
            definition = (step.get("params") or {}).get("definition")
            if isinstance(definition, str):
                try:
                    machine = json.loads(definition)
                except ValueError:
                    continue
                if isinstance(machine, dict):
                    yield machine


def objects(node):
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from objects(value)
    elif isinstance(node, list):
        for value in node:
            yield from objects(value)


def changed(machine, draw):
    machine = copy.deepcopy(machine)
    for _ in range(draw.choice([1, 1, 1, 2, 3, 6])):
        target = draw.choice(list(objects(machine)))
        keys = list(target)
        kind = draw.randrange(6)
        if kind == 0 and keys:
            del target[draw.choice(keys)]
        elif kind == 1 and keys:
            target[draw.choice(NAMES)] = target.pop(draw.choice(keys))
        elif kind == 2 and keys:
            target[draw.choice(keys)] = copy.deepcopy(draw.choice(VALUES))
        elif kind == 3:
            target[draw.choice(NAMES)] = copy.deepcopy(draw.choice(VALUES))
        elif kind == 4 and "Type" in target:
            target["Type"] = draw.choice(TYPES)
        elif keys:
            inner = target[draw.choice(keys)]
            if isinstance(inner, (dict, list)) and inner:
                target[draw.choice(NAMES)] = copy.deepcopy(inner)
    return machine


def problems(command, lines):
    answer = subprocess.run(command, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr[-2000:]
    return {entry["id"]: entry["problems"] for entry in map(json.loads, answer.stdout.strip("\n").split("\n"))}


def plain(sentence):
    """Ruby 3.4 shows hashes with blanks around the arrow and half its escapes differently."""
    return re.sub(r" => ", "=>", sentence)


def test_the_same_sentences_as_statelint(tmp_path, monkeypatch):
    monkeypatch.setenv("GEM_HOME", os.environ.get("GEM_HOME", str(tmp_path)))
    command, reason = oracle(tmp_path)
    if command is None:
        pytest.skip(reason)
    draw = random.Random(20261120)
    base = MACHINES + list(recorded())
    cases = base + [changed(draw.choice(base), draw) for _ in range(int(os.environ.get("STATELINT_CASES", "3000")))]
    theirs = problems(command, [json.dumps({"id": n, "definition": case}) for n, case in enumerate(cases)])
    own = problems([own_program()], [json.dumps({"id": n, "text": json.dumps(case)}) for n, case in enumerate(cases)])
    different = [
        (json.dumps(cases[n]), theirs[n], own[n])
        for n in range(len(cases))
        if list(map(plain, theirs[n])) != list(map(plain, own[n]))
    ]
    told = "\n\n".join(f"{case}\n statelint: {a}\n own:       {b}" for case, a, b in different[:5])
    assert not different, f"{len(different)} of {len(cases)} differ:\n{told}"
    assert sum(map(len, theirs.values())) > len(cases)
