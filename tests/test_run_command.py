"""Run Command as it is seen from inside the machines: how many at once, when it stops, what is cut and what is kept."""

import json
import time

import pytest
from botocore.exceptions import ClientError
from conftest import needs_root, run_shell, wait_for
from test_machines import launch, one, terminate

pytestmark = needs_root

SHELL = "AWS-RunShellScript"
OPEN = ("Pending", "InProgress", "Delayed", "Cancelling")


@pytest.fixture(scope="module")
def fleet(cloud):
    ec2 = cloud.client("ec2")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "Mode", "Value": "Production"}]}]
    ids = launch(ec2, 6, TagSpecifications=tags)
    yield ids
    terminate(ec2, ids)


def send(ssm, commands, document=SHELL, parameters=None, **more):
    words = {"commands": [commands] if isinstance(commands, str) else commands} if commands else {}
    return ssm.send_command(DocumentName=document, Parameters=words | (parameters or {}), **more)["Command"]["CommandId"]


def finished(ssm, command, seconds=120):
    def look():
        (found,) = ssm.list_commands(CommandId=command)["Commands"]
        return found["Status"] not in OPEN and found
    return wait_for(look, seconds, "the end of the command")


def invocations(ssm, command):
    pages = ssm.get_paginator("list_command_invocations").paginate(CommandId=command, Details=True)
    return {i["InstanceId"]: i for p in pages for i in p["CommandInvocations"]}


def invocation(ssm, command, instance):
    return ssm.get_command_invocation(CommandId=command, InstanceId=instance)


def code(call, **words):
    with pytest.raises(ClientError) as caught:
        call(**words)
    return caught.value.response["Error"]["Code"]


# --- rate control -------------------------------------------------------------------------------------------------

def most_at_once(intervals):
    edges = sorted([(start, 1) for start, _ in intervals] + [(end, -1) for _, end in intervals])
    now = most = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most


@pytest.mark.parametrize("limit, allowed", [("1", 1), ("2", 2), ("50%", 3), ("40%", 2), ("1%", 1)])
def test_never_more_at_once_than_allowed(cloud, ssm, fleet, limit, allowed):
    # On a machine that is busy with other things short commands may miss one another: then longer ones.
    for seconds in (0.3, 2, 8):
        command = send(ssm, f"date +%s%N; sleep {seconds}; date +%s%N", InstanceIds=fleet, MaxConcurrency=limit)
        assert finished(ssm, command)["Status"] == "Success"
        intervals = [tuple(map(int, invocation(ssm, command, i)["StandardOutputContent"].split())) for i in fleet]
        assert len(intervals) == 6 and most_at_once(intervals) <= allowed
        if allowed == 1 or most_at_once(intervals) > 1:
            return
    pytest.fail("a limit above one is there to be used")


@pytest.mark.parametrize("errors, ran", [("0", 1), ("1", 2), ("40%", 3), ("1%", 1)])
def test_too_many_errors_stop_the_rest(cloud, ssm, fleet, errors, ran):
    mark = f"/root/mark-{time.time_ns()}"
    command = send(ssm, f"touch {mark}; exit 3", InstanceIds=fleet, MaxConcurrency="1", MaxErrors=errors)
    final = finished(ssm, command)
    assert (final["Status"], final["ErrorCount"]) == ("Failed", ran)
    marked = [i for i, (_, out, _) in run_shell(cloud, fleet, f"test -e {mark} && echo ran; true").items() if out == "ran\n"]
    assert len(marked) == ran
    failed = [i for i, found in invocations(ssm, command).items() if found["Status"] == "Failed"]
    assert sorted(failed) == sorted(marked)


def test_errors_below_the_limit_do_not_stop(ssm, fleet):
    command = send(ssm, "exit 1", InstanceIds=fleet, MaxConcurrency="2", MaxErrors="6")
    final = finished(ssm, command)
    assert (final["TargetCount"], final["CompletedCount"], final["ErrorCount"]) == (6, 6, 6)


@pytest.mark.parametrize("words", [
    {"MaxConcurrency": "0"}, {"MaxConcurrency": "101%"}, {"MaxConcurrency": "many"}, {"MaxErrors": "-1"}, {"MaxErrors": "101%"},
    {"TimeoutSeconds": 29}, {"TimeoutSeconds": 2592001}, {"Comment": "c" * 101},
])
def test_limits_out_of_range(ssm, fleet, words):
    before = len(ssm.list_commands()["Commands"])
    assert code(ssm.send_command, DocumentName=SHELL, Parameters={"commands": ["true"]}, InstanceIds=fleet[:1], **words) == "ValidationException"
    assert len(ssm.list_commands()["Commands"]) == before


# --- targets ------------------------------------------------------------------------------------------------------

def test_targets_by_tag(cloud, ssm, ec2, fleet):
    chosen = fleet[:2]
    ec2.create_tags(Resources=chosen, Tags=[{"Key": "Role", "Value": "db"}])
    command = send(ssm, "hostname", Targets=[{"Key": "tag:Role", "Values": ["db", "cache"]}])
    assert finished(ssm, command)["TargetCount"] == 2 and sorted(invocations(ssm, command)) == sorted(chosen)
    both = send(ssm, "hostname", Targets=[{"Key": "tag:Mode", "Values": ["Production"]}, {"Key": "tag:Role", "Values": ["db"]}])
    finished(ssm, both)
    assert sorted(invocations(ssm, both)) == sorted(chosen)
    keys = send(ssm, "hostname", Targets=[{"Key": "tag-key", "Values": ["Role"]}])
    finished(ssm, keys)
    assert sorted(invocations(ssm, keys)) == sorted(chosen)


def test_who_is_not_there(ssm):
    words = dict(DocumentName=SHELL, Parameters={"commands": ["true"]})
    assert code(ssm.send_command, InstanceIds=["i-0123456789abcdef0"], **words) == "InvalidInstanceId"
    assert code(ssm.send_command, DocumentName="Nothing", InstanceIds=["i-0123456789abcdef0"]) == "InvalidDocument"
    assert code(ssm.get_command_invocation, CommandId="11111111-1111-1111-1111-111111111111",
                InstanceId="i-0123456789abcdef0") == "InvocationDoesNotExist"


def test_a_stopped_machine_takes_no_command(ec2, ssm):
    (instance,) = launch(ec2)
    ec2.stop_instances(InstanceIds=[instance])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    words = dict(DocumentName=SHELL, Parameters={"commands": ["true"]})
    assert code(ssm.send_command, InstanceIds=[instance], **words) == "InvalidInstanceId"
    terminate(ec2, [instance])


@pytest.mark.parametrize("comes_back", [False, True])
def test_a_machine_that_stops_before_its_turn(cloud, ec2, ssm, fleet, comes_back):
    """It is waited for; what was not delivered in time never runs."""
    (late,) = launch(ec2)
    go = f"/root/go-{late}"  # until it is there, the first one has its turn
    command = send(ssm, f"test $AWS_SSM_INSTANCE_ID = {late} && echo arrived || until test -e {go}; do sleep 0.1; done",
                   InstanceIds=[fleet[0], late], MaxConcurrency="1", TimeoutSeconds=300 if comes_back else 45)
    wait_for(lambda: invocation(ssm, command, fleet[0])["Status"] == "InProgress", what="the first one's turn")
    ec2.stop_instances(InstanceIds=[late])
    ec2.get_waiter("instance_stopped").wait(InstanceIds=[late], WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    assert invocation(ssm, command, late)["Status"] in OPEN
    one(cloud, fleet[0], f"touch {go}")
    if comes_back:
        wait_for(lambda: invocation(ssm, command, late)["StatusDetails"] == "Delayed", what="the wait for the machine")
        ec2.start_instances(InstanceIds=[late])
    final = finished(ssm, command, 90)
    got = invocation(ssm, command, late)
    if comes_back:
        assert (got["Status"], got["StandardOutputContent"]) == ("Success", "arrived\n")
    else:
        assert (got["Status"], got["StatusDetails"], got["StandardOutputContent"]) == ("TimedOut", "DeliveryTimedOut", "")
        assert final["DeliveryTimedOutCount"] == 1
    terminate(ec2, [late])


# --- ends ---------------------------------------------------------------------------------------------------------

TREE = "for i in 1 2 3; do (setsid sh -c 'sleep 7777' &) ; (sh -c 'trap \"\" TERM HUP INT; sleep 7777' &) ; done; echo started; sleep 7777"
LEFT = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' ' | grep -o 'sleep [7]777' | wc -l"


def test_cancelling_takes_the_whole_tree(cloud, ssm, fleet):
    instance = fleet[0]
    command = send(ssm, TREE, InstanceIds=[instance])
    wait_for(lambda: int(one(cloud, instance, LEFT)) >= 7, what="the tree")
    ssm.cancel_command(CommandId=command)
    assert finished(ssm, command)["Status"] == "Cancelled"
    assert invocation(ssm, command, instance)["Status"] == "Cancelled"
    wait_for(lambda: one(cloud, instance, LEFT).strip() == "0", what="the end of the tree")


def test_cancelling_at_the_moment_it_starts(ssm, fleet):
    """The machine may not know the command yet when the word to stop it comes: it must not be lost."""
    for _ in range(5):
        command = send(ssm, "sleep 600", InstanceIds=fleet, MaxConcurrency="2")
        ssm.cancel_command(CommandId=command)
        assert finished(ssm, command)["Status"] == "Cancelled"
        assert {i["Status"] for i in invocations(ssm, command).values()} == {"Cancelled"}


def test_the_execution_timeout_takes_the_whole_tree(cloud, ssm, fleet):
    instance = fleet[1]
    command = send(ssm, TREE, InstanceIds=[instance], parameters={"executionTimeout": ["5"]})
    final = finished(ssm, command)
    got = invocation(ssm, command, instance)
    assert final["Status"] in ("TimedOut", "Failed")
    assert (got["Status"], got["StatusDetails"]) in [("TimedOut", "ExecutionTimedOut"), ("TimedOut", "Execution Timed Out")]
    assert got["StandardOutputContent"].startswith("started")
    wait_for(lambda: one(cloud, instance, LEFT).strip() == "0", what="the end of the tree")


def test_exit_codes_and_streams(ssm, fleet):
    command = send(ssm, ["echo out; echo err >&2", "exit 42"], InstanceIds=fleet[:1])
    assert finished(ssm, command)["Status"] == "Failed"
    got = invocation(ssm, command, fleet[0])
    assert (got["ResponseCode"], got["StandardOutputContent"]) == (42, "out\n")
    assert got["StandardErrorContent"].startswith("err\n")


def test_long_output_is_cut_in_the_answer_and_whole_on_disk(cloud, ssm, fleet):
    length = 200_000
    command = send(ssm, f"perl -e 'print \"x\" x {length}; print STDERR \"e\" x {length}'", InstanceIds=fleet[:1])
    finished(ssm, command)
    got = invocation(ssm, command, fleet[0])
    assert len(got["StandardOutputContent"]) <= 24_000 and got["StandardOutputContent"].startswith("x" * 20_000)
    assert "truncated" in got["StandardOutputContent"] and len(got["StandardErrorContent"]) <= 24_000
    short = invocations(ssm, command)[fleet[0]]["CommandPlugins"][0]["Output"]
    assert len(short) <= 2_500
    from pathlib import Path
    folder = Path(cloud.ready["data_dir"])
    kept = [f for f in folder.rglob("stdout") if command in str(f) and f.stat().st_size == length]
    assert len(kept) == 1 and kept[0].read_text() == "x" * length


# --- documents ----------------------------------------------------------------------------------------------------

def document(say, **parameters):
    return json.dumps({
        "schemaVersion": "2.2", "description": "says a word",
        "parameters": {"word": {"type": "String", "default": "nothing"} | parameters},
        "mainSteps": [{"action": "aws:runShellScript", "name": "say", "inputs": {"runCommand": [say]}}],
    })


def test_own_documents_and_their_versions(ssm, fleet):
    name = f"Say-{time.time_ns()}"
    made = ssm.create_document(Name=name, Content=document("echo one {{ word }}"), DocumentType="Command")["DocumentDescription"]
    assert (made["DocumentVersion"], made["DefaultVersion"]) == ("1", "1")
    assert code(ssm.create_document, Name=name, Content=document("true"), DocumentType="Command") == "DocumentAlreadyExists"
    ssm.update_document(Name=name, Content=document("echo two {{ word }}"), DocumentVersion="$LATEST")
    assert code(ssm.update_document, Name=name, Content=document("echo two {{ word }}"), DocumentVersion="$LATEST") == "DuplicateDocumentContent"

    def said(**more):
        command = send(ssm, None, name, {"word": ["hello"]}, InstanceIds=fleet[:1], **more)
        assert finished(ssm, command)["Status"] == "Success"
        return invocation(ssm, command, fleet[0])["StandardOutputContent"]

    assert said() == "one hello\n"
    assert said(DocumentVersion="2") == "two hello\n" and said(DocumentVersion="$LATEST") == "two hello\n"
    ssm.update_document_default_version(Name=name, DocumentVersion="2")
    assert said() == "two hello\n" and said(DocumentVersion="1") == "one hello\n"
    assert len(ssm.list_document_versions(Name=name)["DocumentVersions"]) == 2
    assert code(ssm.send_command, DocumentName=name, DocumentVersion="9", InstanceIds=fleet[:1]) == "InvalidDocumentVersion"
    ssm.delete_document(Name=name)
    assert code(ssm.send_command, DocumentName=name, InstanceIds=fleet[:1]) == "InvalidDocument"


@pytest.mark.parametrize("rule, value", [
    ({"allowedValues": ["a", "b"]}, "c"), ({"allowedPattern": "^[a-z]+$"}, "A1"), ({"maxChars": 3}, "four"), ({"minChars": 3}, "ab"),
])
def test_parameters_are_held_to_their_rules(ssm, fleet, rule, value):
    name = f"Rule-{time.time_ns()}"
    rule = {"default": "a" if "allowedValues" in rule else "abc"} | rule
    ssm.create_document(Name=name, Content=document("echo {{ word }}", **rule), DocumentType="Command")
    words = dict(DocumentName=name, InstanceIds=fleet[:1])
    assert code(ssm.send_command, Parameters={"word": [value]}, **words) == "InvalidParameters"
    assert code(ssm.send_command, Parameters={"other": ["x"]}, **words) == "InvalidParameters"
    ssm.delete_document(Name=name)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"schemaVersion": "9.9"}', '{"schemaVersion": "2.2", "mainSteps": []}', "x" * 70_000])
def test_documents_that_are_none(ssm, content):
    refused = code(ssm.create_document, Name=f"Bad-{time.time_ns()}", Content=content, DocumentType="Command")
    assert refused in ("InvalidDocumentContent", "InvalidDocumentSchemaVersion", "MaxDocumentSizeExceeded", "ValidationException")


# --- parameters of the store --------------------------------------------------------------------------------------

def test_a_parameter_of_the_store_in_a_command(cloud, ssm, fleet):
    name = f"/app/{time.time_ns()}/greeting"
    ssm.put_parameter(Name=name, Value="hello from the store", Type="String")
    command = send(ssm, f"echo '{{{{ssm:{name}}}}}'", InstanceIds=fleet[:1])
    assert finished(ssm, command)["Status"] == "Success"
    assert invocation(ssm, command, fleet[0])["StandardOutputContent"] == "hello from the store\n"
    missing = dict(DocumentName=SHELL, InstanceIds=fleet[:1], Parameters={"commands": ["echo {{ssm:/not/there}}"]})
    assert code(ssm.send_command, **missing) in ("InvalidParameters", "ParameterNotFound")


def test_the_aws_cli_does_the_same(cloud, fleet):
    name = f"/cli/{time.time_ns()}"
    assert cloud.aws("ssm", "put-parameter", "--name", name, "--type", "SecureString", "--value", "s3cret")["Version"] == 1
    assert cloud.aws("ssm", "get-parameter", "--name", name)["Parameter"]["Value"] != "s3cret"
    assert cloud.aws("ssm", "get-parameter", "--name", name, "--with-decryption")["Parameter"]["Value"] == "s3cret"
    sent = cloud.aws("ssm", "send-command", "--document-name", SHELL, "--parameters", 'commands=["echo $((6*7))"]',
                     "--targets", f"Key=InstanceIds,Values={fleet[0]}", "--comment", "from the CLI")["Command"]
    wait_for(lambda: cloud.aws("ssm", "list-commands", "--command-id", sent["CommandId"])["Commands"][0]["Status"] == "Success")
    got = cloud.aws("ssm", "get-command-invocation", "--command-id", sent["CommandId"], "--instance-id", fleet[0])
    assert (got["StandardOutputContent"], got["Comment"]) == ("42\n", "from the CLI")
