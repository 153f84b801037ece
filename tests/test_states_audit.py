"""Step Functions as its API reference tells it, operation by operation: pages, repeated requests, wrong names, limits."""

import json
import subprocess
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from conftest import BINARY, REGION, wait_for

ROLE = "arn:aws:iam::000000000000:role/states"
HERE = f"arn:aws:states:{REGION}:000000000000"
MODEL = boto3.client("stepfunctions", region_name=REGION).meta.service_model


def single(**state):
    return json.dumps({"StartAt": "S", "States": {"S": {**state, "End": True}}})


PASS, SLEEP = single(Type="Pass"), single(Type="Wait", Seconds=3600)


@pytest.fixture(scope="module")
def states(cloud):
    # `sync-` before the endpoint's name is known to no name server.
    return cloud.client("stepfunctions", inject_host_prefix=False)


def machine(states, name, definition=PASS, **more):
    return states.create_state_machine(name=name, definition=definition, roleArn=ROLE, **more)["stateMachineArn"]


def code(call, **parameters):
    """The code of the error a call is refused with."""
    with pytest.raises(ClientError) as refused:
        call(**parameters)
    status = refused.value.response["ResponseMetadata"]["HTTPStatusCode"]
    assert status == 400 and refused.value.response["Error"]["Message"], refused.value
    return refused.value.response["Error"]["Code"]


def ended(states, execution):
    def look():
        shown = states.describe_execution(executionArn=execution)
        return shown if shown["status"] != "RUNNING" else None

    return wait_for(look, what="the end of an execution")


def method(states, operation):
    return getattr(states, next(name for name, of in states.meta.method_to_api_mapping.items() if of == operation))


# --- lists -----------------------------------------------------------------------------------------------------------


def pages(call, result, size, **parameters):
    """All items, in pages of at most so many."""
    items, token = [], {}
    while True:
        page = call(maxResults=size, **token, **parameters)
        assert len(page[result]) <= size
        items += page[result]
        if not page.get("nextToken"):
            return items
        token = {"nextToken": page["nextToken"]}


def in_pages(call, result, key, count, **parameters):
    """The keys of a list, which is the same in pages of any size; tokens of others are refused."""
    whole = [item[key] for item in pages(call, result, 1000, **parameters)]
    assert len(whole) == len(set(whole)) == count
    for size in (1, 3, count, count + 1):
        assert [item[key] for item in pages(call, result, size, **parameters)] == whole, size
    assert [item[key] for item in call(maxResults=0, **parameters)[result]] == whole[:100]
    assert code(call, nextToken="nobody's", **parameters) == "InvalidToken"
    assert code(call, maxResults=1001, **parameters) == "ValidationException"
    return whole


def test_every_list_is_the_same_in_pages_of_any_size(states):
    def arn(kind, name):
        return f"{HERE}:{kind}:{name}"

    for number in range(7):
        states.create_activity(name=f"page{number}")
        machine(states, f"page{number}")
    of_activities = in_pages(states.list_activities, "activities", "activityArn", 7)
    assert of_activities == [arn("activity", f"page{number}") for number in range(7)]
    of_machines = in_pages(states.list_state_machines, "stateMachines", "stateMachineArn", 7)
    assert of_machines == [arn("stateMachine", f"page{number}") for number in range(7)]
    one = of_machines[0]
    for number in range(5):
        states.update_state_machine(stateMachineArn=one, definition=single(Type="Pass", Result=number), publish=True)
    versions = in_pages(states.list_state_machine_versions, "stateMachineVersions", "stateMachineVersionArn", 5,
                        stateMachineArn=one)
    assert versions == [f"{one}:{number}" for number in (5, 4, 3, 2, 1)], "newest first"
    for name in "cab":
        states.create_state_machine_alias(
            name=name, routingConfiguration=[{"stateMachineVersionArn": f"{one}:1", "weight": 100}])
    aliases = in_pages(states.list_state_machine_aliases, "stateMachineAliases", "stateMachineAliasArn", 3,
                       stateMachineArn=one)
    assert aliases == [f"{one}:{name}" for name in "abc"]
    assert states.list_state_machine_aliases(stateMachineArn=f"{one}:1")["stateMachineAliases"]
    assert not states.list_state_machine_aliases(stateMachineArn=f"{one}:2")["stateMachineAliases"]
    for number in range(9):
        execution = states.start_execution(stateMachineArn=f"{one}:b" if number % 3 else one, name=f"e{number}")
        ended(states, execution["executionArn"])
    executions = in_pages(states.list_executions, "executions", "executionArn", 9, stateMachineArn=one)
    assert executions == [arn("execution", f"page0:e{number}") for number in range(8, -1, -1)], "newest first"
    for qualifier in ("b", "1"):
        in_pages(states.list_executions, "executions", "executionArn", 6, stateMachineArn=f"{one}:{qualifier}")
    in_pages(states.list_executions, "executions", "executionArn", 9, stateMachineArn=one, statusFilter="SUCCEEDED")
    assert not states.list_executions(stateMachineArn=one, statusFilter="FAILED")["executions"]
    token = states.list_executions(stateMachineArn=one, maxResults=1)["nextToken"]
    assert code(states.list_executions, stateMachineArn=of_machines[1], nextToken=token) == "InvalidToken"
    assert code(states.list_executions, stateMachineArn=one, statusFilter="PENDING_REDRIVE") == "ValidationException"
    ids = in_pages(states.get_execution_history, "events", "id", 4, executionArn=executions[0])
    assert ids == [1, 2, 3, 4]
    backwards = in_pages(states.get_execution_history, "events", "id", 4, executionArn=executions[0], reverseOrder=True)
    assert backwards == [4, 3, 2, 1]


def test_map_runs_and_their_children_in_pages(states):
    each = {"StartAt": "P", "States": {"P": {"Type": "Pass", "End": True}},
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}

    def branch(number):
        processor = json.loads(json.dumps(each).replace('"P"', f'"P{number}"'))
        run = {"Type": "Map", "ItemProcessor": processor, "End": True}
        return {"StartAt": f"M{number}", "States": {f"M{number}": run}}

    branches = [branch(number) for number in range(4)]
    arn = machine(states, "runs", single(Type="Parallel", Branches=branches))
    execution = states.start_execution(stateMachineArn=arn, input="[1,2,3,4,5]")["executionArn"]
    assert ended(states, execution)["status"] == "SUCCEEDED"
    runs = in_pages(states.list_map_runs, "mapRuns", "mapRunArn", 4, executionArn=execution)
    for one in runs:
        in_pages(states.list_executions, "executions", "executionArn", 5, mapRunArn=one)
    states.delete_state_machine(stateMachineArn=arn)


# --- the same request again ------------------------------------------------------------------------------------------


def test_creations_are_idempotent(states):
    tags = [{"key": "k", "value": "v"}]
    first = states.create_activity(name="same")
    assert states.create_activity(name="same", tags=tags)["creationDate"] == first["creationDate"]
    assert states.list_tags_for_resource(resourceArn=first["activityArn"])["tags"] == []
    first = states.create_state_machine(name="same", definition=PASS, roleArn=ROLE)
    again = states.create_state_machine(name="same", definition=PASS, roleArn=f"{ROLE}2", tags=tags)
    assert (again["stateMachineArn"], again["creationDate"]) == (first["stateMachineArn"], first["creationDate"])
    arn = first["stateMachineArn"]
    assert states.describe_state_machine(stateMachineArn=arn)["roleArn"] == ROLE
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == []
    for other in ({"definition": SLEEP}, {"type": "EXPRESS"}, {"publish": True}, {"tracingConfiguration": {"enabled": True}}):
        request = {"name": "same", "definition": PASS, "roleArn": ROLE, **other}
        assert code(states.create_state_machine, **request) == "StateMachineAlreadyExists", other
    versions = {states.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"] for _ in range(2)}
    assert versions == {f"{arn}:1"}
    assert code(states.publish_state_machine_version, stateMachineArn=arn, revisionId="other") == "ConflictException"
    alias = {"name": "live", "routingConfiguration": [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]}
    first = states.create_state_machine_alias(**alias)
    assert states.create_state_machine_alias(**alias)["creationDate"] == first["creationDate"]
    assert code(states.create_state_machine_alias, **alias, description="other") == "ConflictException"
    for _ in range(2):
        states.delete_state_machine_alias(stateMachineAliasArn=f"{arn}:live")
        states.delete_state_machine_version(stateMachineVersionArn=f"{arn}:1")
        states.delete_activity(activityArn=f"{HERE}:activity:same")


def test_starts_stops_and_redrives_are_idempotent(states):
    arn = machine(states, "again", SLEEP)
    start = {"stateMachineArn": arn, "name": "one", "input": '{"a":1}'}
    first = states.start_execution(**start)
    again = states.start_execution(**start)
    assert (again["executionArn"], again["startDate"]) == (first["executionArn"], first["startDate"])
    assert code(states.start_execution, **{**start, "input": '{"a":2}'}) == "ExecutionAlreadyExists"
    execution = first["executionArn"]
    stopped = states.stop_execution(executionArn=execution, error="Mine")["stopDate"]
    assert states.stop_execution(executionArn=execution, error="Other")["stopDate"] == stopped
    assert states.describe_execution(executionArn=execution)["error"] == "Mine"
    assert code(states.start_execution, **start) == "ExecutionAlreadyExists", "it is closed"
    wait_for(lambda: states.describe_execution(executionArn=execution)["redriveStatus"] == "REDRIVABLE", what="its end")
    redriven = states.redrive_execution(executionArn=execution, clientToken="token")["redriveDate"]
    assert states.redrive_execution(executionArn=execution, clientToken="token")["redriveDate"] == redriven
    assert code(states.redrive_execution, executionArn=execution, clientToken="other") == "ExecutionNotRedrivable"
    assert states.describe_execution(executionArn=execution)["redriveCount"] == 1
    express = machine(states, "express-again", type="EXPRESS")
    both = {states.start_execution(stateMachineArn=express, name="one")["executionArn"] for _ in range(2)}
    assert len(both) == 2, "an Express name is used as often as one likes"


def test_what_cannot_be_redriven_says_why(states):
    arn = machine(states, "reasons")
    done = states.start_execution(stateMachineArn=arn)["executionArn"]
    shown = ended(states, done)
    reason = "Execution is SUCCEEDED and cannot be redriven"
    assert (shown["redriveStatus"], shown["redriveStatusReason"]) == ("NOT_REDRIVABLE", reason)
    with pytest.raises(ClientError, match=reason):
        states.redrive_execution(executionArn=done)
    # 25,000 events leave no room for another.
    way_out = {"Variable": "$.end", "IsPresent": True, "Next": "Z"}
    loop = {"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "C"}, "Z": {"Type": "Succeed"},
                                       "C": {"Type": "Choice", "Choices": [way_out], "Default": "A"}}}
    endless = states.start_execution(stateMachineArn=machine(states, "endless", json.dumps(loop)))["executionArn"]
    shown = ended(states, endless)
    reason = "Execution history event limit exceeded"
    assert (shown["status"], shown["redriveStatusReason"]) == ("FAILED", reason)
    with pytest.raises(ClientError, match=reason):
        states.redrive_execution(executionArn=endless)
    last = states.get_execution_history(executionArn=endless, reverseOrder=True, maxResults=1)["events"][0]
    assert (last["id"], last["type"]) == (25_000, "ExecutionFailed")


# --- a machine goes --------------------------------------------------------------------------------------------------


def test_a_machine_is_deleted_while_executions_run(states):
    arn = machine(states, "going", SLEEP)
    running = [states.start_execution(stateMachineArn=arn, name=f"e{number}")["executionArn"] for number in range(30)]
    states.delete_state_machine(stateMachineArn=arn)
    states.delete_state_machine(stateMachineArn=arn)
    gone = {"StateMachineDeleting", "StateMachineDoesNotExist"}
    assert code(states.start_execution, stateMachineArn=arn) in gone
    assert code(states.update_state_machine, stateMachineArn=arn, definition=PASS) in gone

    wait_for(lambda: code_or(states.describe_state_machine, stateMachineArn=arn) == "StateMachineDoesNotExist", what="its end")
    assert {code(states.describe_execution, executionArn=one) for one in running} == {"ExecutionDoesNotExist"}
    again = machine(states, "going")
    assert ended(states, states.start_execution(stateMachineArn=again, name="e0")["executionArn"])["status"] == "SUCCEEDED"


def code_or(call, **parameters):
    """The error code of a call that may as well be answered."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]


def test_a_machine_deleted_twice_takes_nothing_of_its_successor(states):
    """A second deletion that was still at it forgot executions of the machine made under the name since."""
    for number in range(15):
        arn = machine(states, "successor", SLEEP)
        for name in ("a", "b", "c"):
            states.start_execution(stateMachineArn=arn, name=name)
        for _ in range(4):
            states.delete_state_machine(stateMachineArn=arn)
        wait_for(lambda: code_or(states.describe_state_machine, stateMachineArn=arn) == "StateMachineDoesNotExist", what="its end")
        machine(states, "successor")
        shown = ended(states, states.start_execution(stateMachineArn=arn, name="a")["executionArn"])
        assert shown["status"] == "SUCCEEDED", number
        states.delete_state_machine(stateMachineArn=arn)
        wait_for(lambda: code_or(states.describe_state_machine, stateMachineArn=arn) == "StateMachineDoesNotExist", what="its end")


# --- names that name nothing -----------------------------------------------------------------------------------------

ARNS = {name: [member for member in MODEL.operation_model(name).input_shape.members if member.endswith("Arn")]
        for name in MODEL.operation_names}
TAKEN = {
    "activityArn": f"{HERE}:activity:none",
    "executionArn": f"{HERE}:execution:none:none",
    "mapRunArn": f"{HERE}:mapRun:none/none:5e0b2f4c-7a43-4f44-8d5c-7c0c54c8f0a1",
    "resourceArn": f"{HERE}:stateMachine:none",
    "stateMachineAliasArn": f"{HERE}:stateMachine:none:live",
    "stateMachineArn": f"{HERE}:stateMachine:none",
    "stateMachineVersionArn": f"{HERE}:stateMachine:none:1",
}
OTHERS = {"definition": PASS, "name": "n", "tags": [], "tagKeys": [], "maxConcurrency": 1, "description": "d"}


def request(operation, member, value):
    """A request that is in order but for this ARN."""
    shape = MODEL.operation_model(operation).input_shape
    others = {name: OTHERS[name] for name in shape.members if name in OTHERS}
    return {**others, member: value}


@pytest.mark.parametrize("operation, member", [(name, member) for name, members in ARNS.items() for member in members
                                               if member in TAKEN])
def test_wrong_arns_are_refused(states, operation, member):
    call, good = method(states, operation), TAKEN[member]
    kinds = {f"{HERE}:queue:q", f"{HERE}:express:m:n:i"}
    if member != "activityArn" and operation not in ("TagResource", "UntagResource", "ListTagsForResource"):
        kinds.add(TAKEN["activityArn"])
    if "executionArn" != member:
        kinds.add(TAKEN["executionArn"])
    if not member.startswith("stateMachine") and member != "resourceArn":
        kinds.add(TAKEN["stateMachineArn"])
    elsewhere = {good.replace("000000000000", "111122223333"), good.replace(REGION, "eu-west-1"),
                 good.replace(":states:", ":sqs:"), good.replace("arn:aws:", "arn:other:")}
    for wrong in {"none", "arn:aws:states", "arn:aws:iam::000000000000:role/r", f"{good}:a:b:c", *kinds, *elsewhere}:
        found = code(call, **request(operation, member, wrong))
        # An execution's ARN may hold further colons.
        assert found == "InvalidArn" or (wrong == f"{good}:a:b:c" and found.endswith(("DoesNotExist", "NotFound"))), wrong
    assert code(call, **request(operation, member, f"{good}{'x' * 2000}")) == "ValidationException"
    assert code(call, **request(operation, member, "")) == "ValidationException"


QUALIFIED = ["DeleteStateMachine", "DescribeStateMachine", "StartExecution", "StartSyncExecution", "UpdateStateMachine"]


@pytest.mark.parametrize("operation", QUALIFIED)
def test_the_arn_of_a_distributed_map_names_no_machine(states, operation):
    arn = f"{HERE}:stateMachine:none/label"
    assert code(method(states, operation), **request(operation, "stateMachineArn", arn)) == "ValidationException"


# --- limits of the model ---------------------------------------------------------------------------------------------


def bounded():
    """Each member of each request that has a length or a range: one step beyond its bounds."""
    for operation in MODEL.operation_names:
        for name, shape in MODEL.operation_model(operation).input_shape.members.items():
            limits = shape.metadata
            if shape.type_name == "string" and not limits.get("enum"):
                yield from ((operation, name, "x" * (limits[end] + by))
                            for end, by in (("max", 1), ("min", -1)) if limits.get(end))
            elif shape.type_name in ("integer", "long", "float"):
                yield from ((operation, name, limits[end] + by)
                            for end, by in (("max", 1), ("min", -1)) if end in limits)
            elif shape.type_name == "string":
                yield operation, name, "NEITHER"


def beyond(values):
    return [pytest.param(*one, id=f"{one[0]}-{one[1]}-{len(str(one[2]))}") for one in values]


@pytest.mark.parametrize("operation, member, value", beyond(bounded()))
def test_nothing_passes_the_bounds_of_the_model(states, operation, member, value):
    shape = MODEL.operation_model(operation).input_shape
    good = {**TAKEN, **OTHERS, "roleArn": ROLE, "taskToken": "t", "output": "{}"}
    required = {name: good[name] for name in shape.required_members if name in good}
    assert code(method(states, operation), **{**required, member: value}) == "ValidationException"


@pytest.mark.parametrize("operation", [name for name in MODEL.operation_names
                                       if MODEL.operation_model(name).input_shape.required_members])
def test_what_is_required_is_missed(states, operation):
    assert code(method(states, operation)) == "ValidationException"


# --- quotas ----------------------------------------------------------------------------------------------------------


def test_a_resource_has_fifty_tags(states):
    fifty = [{"key": f"k{number}", "value": "v"} for number in range(50)]
    arns = [machine(states, "tagged", tags=fifty), states.create_activity(name="tagged", tags=fifty)["activityArn"]]
    more = {"tags": [*fifty, {"key": "more", "value": "v"}]}
    assert code(states.create_activity, name="too-many", **more) == "TooManyTags"
    assert code(states.create_state_machine, name="too-many", definition=PASS, roleArn=ROLE, **more) == "TooManyTags"
    for arn in arns:
        assert code(states.tag_resource, resourceArn=arn, tags=[{"key": "more", "value": "v"}]) == "TooManyTags"
        states.tag_resource(resourceArn=arn, tags=[{"key": "k7", "value": "w"}])
        tags = {tag["key"]: tag["value"] for tag in states.list_tags_for_resource(resourceArn=arn)["tags"]}
        assert (len(tags), tags["k7"]) == (50, "w")
        states.untag_resource(resourceArn=arn, tagKeys=["k7", "none"])
        states.tag_resource(resourceArn=arn, tags=[{"key": "more", "value": "v"}])
        assert code(states.tag_resource, resourceArn=arn, tags=[{"key": "aws:x", "value": "v"}]) == "ValidationException"
        assert len(states.list_tags_for_resource(resourceArn=arn)["tags"]) == 50


def test_a_machine_has_a_hundred_aliases_and_a_thousand_versions(states):
    arn = machine(states, "many")
    for number in range(1000):
        states.update_state_machine(stateMachineArn=arn, definition=single(Type="Pass", Result=number), publish=True)
    beyond = {"stateMachineArn": arn, "definition": single(Type="Pass", Result="more"), "publish": True}
    assert code(states.update_state_machine, **beyond) == "ServiceQuotaExceededException"
    shown = json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])
    assert shown["States"]["S"]["Result"] == 999, "a refused update changes nothing"
    route = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    for number in range(100):
        states.create_state_machine_alias(name=f"a{number}", routingConfiguration=route)
    more = {"name": "more", "routingConfiguration": route}
    assert code(states.create_state_machine_alias, **more) == "ServiceQuotaExceededException"
    states.delete_state_machine_alias(stateMachineAliasArn=f"{arn}:a7")
    states.create_state_machine_alias(**more)
    states.delete_state_machine_version(stateMachineVersionArn=f"{arn}:2")
    made = states.update_state_machine(**beyond)["stateMachineVersionArn"]
    assert made == f"{arn}:1001", "a number is used once"


def test_an_alias_chooses_by_its_weights(states):
    arn = machine(states, "weighed", type="EXPRESS")
    for number in (1, 2):
        states.update_state_machine(stateMachineArn=arn, definition=single(Type="Pass", Result=number), publish=True)

    def routes(*weights):
        return [{"stateMachineVersionArn": f"{arn}:{number}", "weight": weight} for number, weight in enumerate(weights, 1)]

    alias = states.create_state_machine_alias(name="live", routingConfiguration=routes(50, 50))["stateMachineAliasArn"]

    def chosen(count):
        return {states.start_sync_execution(stateMachineArn=alias)["output"] for _ in range(count)}

    assert chosen(100) == {"1", "2"}
    for weights, expected in (((0, 100), {"2"}), ((100,), {"1"})):
        states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=routes(*weights))
        assert chosen(20) == expected
    for weights in ((50, 49), (100, 1), (99,), ()):
        refused = code(states.create_state_machine_alias, name="wrong", routingConfiguration=routes(*weights))
        assert refused == "ValidationException", weights
    twice = [*routes(50), *routes(50)]
    assert code(states.create_state_machine_alias, name="wrong", routingConfiguration=twice) == "ValidationException"
    assert code(states.delete_state_machine_version, stateMachineVersionArn=f"{arn}:1") == "ConflictException"


# --- data ------------------------------------------------------------------------------------------------------------


def test_data_is_shown_only_where_it_is_asked_for(states):
    arn = machine(states, "data", single(Type="Pass", Result={"secret": 1}))
    execution = states.start_execution(stateMachineArn=arn, input='{"secret":2}')["executionArn"]
    assert ended(states, execution)["output"] == '{"secret":1}'
    for call in (states.describe_execution, states.describe_state_machine_for_execution):
        assert "secret" in str(call(executionArn=execution))
        assert "secret" not in str(call(executionArn=execution, includedData="METADATA_ONLY"))
    assert "secret" in str(states.describe_state_machine(stateMachineArn=arn))
    assert "secret" not in str(states.describe_state_machine(stateMachineArn=arn, includedData="METADATA_ONLY"))
    whole = states.get_execution_history(executionArn=execution)["events"]
    bare = states.get_execution_history(executionArn=execution, includeExecutionData=False)["events"]
    assert "secret" in str(whole) and "secret" not in str(bare)
    assert [(one["id"], one["type"]) for one in whole] == [(one["id"], one["type"]) for one in bare]


def test_log_lines_count_redrives(cloud, states):
    group = f"arn:aws:logs:{REGION}:000000000000:log-group:/states/redrives:*"
    arn = machine(states, "log-redrives", single(Type="Wait", Seconds=3600), loggingConfiguration={
        "level": "ALL", "includeExecutionData": True,
        "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]})
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.stop_execution(executionArn=execution)
    wait_for(lambda: states.describe_execution(executionArn=execution)["redriveStatus"] == "REDRIVABLE", what="its end")
    states.redrive_execution(executionArn=execution)
    states.stop_execution(executionArn=execution)

    def lines():
        files = [file for file in Path(cloud.ready["data_dir"], "logs").rglob("*log-redrives*") if file.is_file()]
        return [json.loads(line) for file in files for line in file.read_text().splitlines()]

    told = wait_for(lambda: len(found := lines()) >= 5 and found, what="the log")
    counts = {line["type"]: line["redrive_count"] for line in told}
    assert (counts["ExecutionStarted"], counts["ExecutionRedriven"], counts["ExecutionAborted"]) == ("0", "1", "1")


# --- tasks -----------------------------------------------------------------------------------------------------------


def types(states, execution):
    return [event["type"] for event in pages(states.get_execution_history, "events", 1000, executionArn=execution)]


FUNCTION = f"arn:aws:lambda:{REGION}:000000000000:function:f"


@pytest.mark.parametrize("task, scheduled", [
    ({"Resource": FUNCTION}, "LambdaFunctionScheduled"),
    ({"Resource": "arn:aws:states:::lambda:invoke", "Parameters": {"FunctionName": FUNCTION}}, "TaskScheduled"),
    ({"Resource": "arn:aws:states:::sqs:sendMessage", "Parameters": {"QueueUrl": "q", "MessageBody": "m"}}, "TaskScheduled"),
])
def test_services_that_are_not_there_are_a_task_failure(states, task, scheduled):
    caught = {"Catch": [{"ErrorEquals": ["States.TaskFailed"], "Next": "Z"}]}
    definition = {"StartAt": "S", "States": {"S": {"Type": "Task", **task, **caught, "End": True}, "Z": {"Type": "Succeed"}}}
    arn = machine(states, task["Resource"].replace(":", "-"), json.dumps(definition))
    execution = states.start_execution(stateMachineArn=arn)["executionArn"]
    shown = ended(states, execution)
    assert shown["status"] == "SUCCEEDED" and "Error" in json.loads(shown["output"]), shown
    assert scheduled in types(states, execution)


def test_a_callback_answers_with_the_token_it_was_given(states):
    child = machine(states, "callback-child", SLEEP)
    parent = machine(states, "callback-parent", single(
        Type="Task", Resource="arn:aws:states:::states:startExecution.waitForTaskToken", HeartbeatSeconds=600,
        Parameters={"StateMachineArn": child, "Input": {"token.$": "$$.Task.Token"}}))
    execution = states.start_execution(stateMachineArn=parent)["executionArn"]
    (begun,) = wait_for(lambda: states.list_executions(stateMachineArn=child)["executions"], what="the child")
    token = json.loads(states.describe_execution(executionArn=begun["executionArn"])["input"])["token"]
    wait_for(lambda: "TaskSubmitted" in types(states, execution), what="the submission")
    states.send_task_heartbeat(taskToken=token)
    states.send_task_success(taskToken=token, output='{"well":1}')
    assert (ended(states, execution)["status"], ended(states, execution)["output"]) == ("SUCCEEDED", '{"well":1}')
    assert code(states.send_task_success, taskToken=token, output="{}") == "TaskTimedOut"
    assert states.describe_execution(executionArn=begun["executionArn"])["status"] == "RUNNING", "nobody waits for it"


def test_a_tested_state_calls_this_cloud(states):
    task = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:ec2:describeVpcs", "End": True}
    told = states.test_state(definition=json.dumps(task), roleArn=ROLE)
    assert told["status"] == "SUCCEEDED" and json.loads(told["output"])["Vpcs"], told
    task["Parameters"] = {"VpcIds": ["vpc-0123456789abcdef0"]}
    told = states.test_state(definition=json.dumps(task), roleArn=ROLE)
    assert (told["status"], told["error"]) == ("FAILED", "Ec2.InvalidVpcIdNotFoundException")


def built():
    """The operations that are built, by the name a task has for their service."""
    told = subprocess.run([BINARY, "coverage"], capture_output=True, text=True, check=True).stdout
    service = None
    for line in told.splitlines():
        if line[:1].strip():
            service = {"states": "sfn", "stepfunctions": "sfn"}.get(line.split(":")[0], line.split(":")[0])
        elif line.strip().startswith("✓") and service != "allod":
            name = line.split()[1]
            yield f"{service}:{name[0].lower()}{name[1:]}"


def test_every_built_operation_is_an_action_of_tasks(states):
    """Called with a parameter it does not have, which is said of a known action only."""
    actions = list(built())
    assert {action.split(":")[0] for action in actions} >= {"ec2", "iam", "sfn", "ssm", "sts"} and len(actions) > 300
    task = {"Type": "Task", "Parameters": {"NoSuchMember": 1}, "End": True}
    for action in actions:
        task["Resource"] = f"arn:aws:states:::aws-sdk:{action}"
        told = states.test_state(definition=json.dumps(task), roleArn=ROLE)
        assert 'The field "NoSuchMember" is not supported' in told["cause"], (action, told)
