"""Step Functions: each operation of the model answers well, and refuses with one of its documented errors."""

import json

import boto3
import pytest
from botocore.exceptions import ClientError
from conftest import REGION, wait_for

ROLE = "arn:aws:iam::000000000000:role/states"
HERE = f"arn:aws:states:{REGION}:000000000000"
PASS = json.dumps({"StartAt": "S", "States": {"S": {"Type": "Pass", "End": True}}})
MODEL = boto3.client("stepfunctions", region_name=REGION).meta.service_model


@pytest.fixture(scope="module")
def states(cloud):
    # `sync-` before the endpoint's name is known to no name server.
    return cloud.client("stepfunctions", inject_host_prefix=False)


def task(resource):
    return json.dumps({"StartAt": "S", "States": {"S": {"Type": "Task", "Resource": resource, "End": True}}})


def distributed(inner):
    processor = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, **json.loads(inner)}
    return json.dumps({"StartAt": "M", "States": {"M": {"Type": "Map", "ItemProcessor": processor, "End": True}}})


def status(states, execution, expected):
    return wait_for(lambda: states.describe_execution(executionArn=execution)["status"] == expected, what=expected)


def machines_aliases_and_versions(states):
    assert states.validate_state_machine_definition(definition=PASS)["result"] == "OK"
    arn = states.create_state_machine(name="all", definition=PASS, roleArn=ROLE)["stateMachineArn"]
    assert arn in [one["stateMachineArn"] for one in states.list_state_machines()["stateMachines"]]
    first = states.publish_state_machine_version(stateMachineArn=arn)["stateMachineVersionArn"]
    second = states.update_state_machine(
        stateMachineArn=arn, definition=PASS.replace('"S"', '"T"'), publish=True)["stateMachineVersionArn"]
    assert (first, second) == (f"{arn}:1", f"{arn}:2")
    assert json.loads(states.describe_state_machine(stateMachineArn=arn)["definition"])["StartAt"] == "T"
    listed = states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]
    assert [one["stateMachineVersionArn"] for one in listed] == [second, first]
    route = [{"stateMachineVersionArn": first, "weight": 100}]
    alias = states.create_state_machine_alias(name="live", routingConfiguration=route)["stateMachineAliasArn"]
    route[0]["stateMachineVersionArn"] = second
    states.update_state_machine_alias(stateMachineAliasArn=alias, routingConfiguration=route)
    assert states.describe_state_machine_alias(stateMachineAliasArn=alias)["routingConfiguration"] == route
    aliases = states.list_state_machine_aliases(stateMachineArn=arn)["stateMachineAliases"]
    assert [one["stateMachineAliasArn"] for one in aliases] == [alias]
    states.delete_state_machine_alias(stateMachineAliasArn=alias)
    states.delete_state_machine_version(stateMachineVersionArn=first)
    assert len(states.list_state_machine_versions(stateMachineArn=arn)["stateMachineVersions"]) == 1
    states.tag_resource(resourceArn=arn, tags=[{"key": "a", "value": "1"}, {"key": "b", "value": "2"}])
    states.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert states.list_tags_for_resource(resourceArn=arn)["tags"] == [{"key": "b", "value": "2"}]
    states.delete_state_machine(stateMachineArn=arn)


def activities_and_executions(states):
    activity = states.create_activity(name="all")["activityArn"]
    assert activity in [one["activityArn"] for one in states.list_activities()["activities"]]
    assert states.describe_activity(activityArn=activity)["name"] == "all"
    arn = states.create_state_machine(name="work", definition=task(activity), roleArn=ROLE)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn, input='{"a":1}')["executionArn"]
    token = states.get_activity_task(activityArn=activity)["taskToken"]
    states.send_task_heartbeat(taskToken=token)
    states.send_task_failure(taskToken=token, error="E", cause="c")
    status(states, execution, "FAILED")
    states.redrive_execution(executionArn=execution)
    again = states.get_activity_task(activityArn=activity)
    states.send_task_success(taskToken=again["taskToken"], output=again["input"])
    status(states, execution, "SUCCEEDED")
    told = [event["type"] for event in states.get_execution_history(executionArn=execution)["events"]]
    assert (told[0], told[-1], told.count("ExecutionRedriven")) == ("ExecutionStarted", "ExecutionSucceeded", 1)
    assert states.describe_state_machine_for_execution(executionArn=execution)["stateMachineArn"] == arn
    stopped = states.start_execution(stateMachineArn=arn)["executionArn"]
    states.stop_execution(executionArn=stopped, error="Mine")
    status(states, stopped, "ABORTED")
    listed = states.list_executions(stateMachineArn=arn)["executions"]
    assert {one["executionArn"] for one in listed} == {execution, stopped}
    map_runs(states, activity)
    states.delete_activity(activityArn=activity)
    assert activity not in [one["activityArn"] for one in states.list_activities()["activities"]]


def map_runs(states, activity):
    arn = states.create_state_machine(name="map", definition=distributed(task(activity)), roleArn=ROLE)["stateMachineArn"]
    execution = states.start_execution(stateMachineArn=arn, input="[1]")["executionArn"]
    (run,) = wait_for(lambda: states.list_map_runs(executionArn=execution)["mapRuns"], what="the map run")
    states.update_map_run(mapRunArn=run["mapRunArn"], maxConcurrency=7)
    shown = states.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (shown["status"], shown["maxConcurrency"]) == ("RUNNING", 7)
    states.stop_execution(executionArn=execution)


def without_a_trace(states):
    arn = states.create_state_machine(name="express", definition=PASS, roleArn=ROLE, type="EXPRESS")["stateMachineArn"]
    assert states.start_sync_execution(stateMachineArn=arn, input='{"a":1}')["output"] == '{"a":1}'
    tested = states.test_state(definition='{"Type":"Pass","Result":7,"End":true}', roleArn=ROLE)
    assert (tested["status"], tested["output"]) == ("SUCCEEDED", "7")


def test_every_operation_answers(states):
    answered = set()

    def seen(model, parsed, **_):
        if parsed["ResponseMetadata"]["HTTPStatusCode"] == 200:
            answered.add(model.name)

    states.meta.events.register("after-call.*.*", seen)
    machines_aliases_and_versions(states)
    activities_and_executions(states)
    without_a_trace(states)
    assert len(MODEL.operation_names) == 37
    assert answered == set(MODEL.operation_names)


MACHINE, ACTIVITY, EXECUTION = f"{HERE}:stateMachine:none", f"{HERE}:activity:none", f"{HERE}:execution:none:none"
RUN = f"{HERE}:mapRun:none/none:5e0b2f4c-7a43-4f44-8d5c-7c0c54c8f0a1"
ROUTE = [{"stateMachineVersionArn": f"{MACHINE}:1", "weight": 100}]

# Operation: a request that names what is not there or is no name at all, and the error it gets.
REFUSED = {
    "CreateActivity": ({"name": "a b"}, "InvalidName"),
    "CreateStateMachine": ({"name": "m", "definition": "{", "roleArn": ROLE}, "InvalidDefinition"),
    "CreateStateMachineAlias": ({"name": "a", "routingConfiguration": ROUTE}, "ResourceNotFound"),
    "DeleteActivity": ({"activityArn": MACHINE}, "InvalidArn"),
    "DeleteStateMachine": ({"stateMachineArn": "machine"}, "InvalidArn"),
    "DeleteStateMachineAlias": ({"stateMachineAliasArn": "alias"}, "InvalidArn"),
    "DeleteStateMachineVersion": ({"stateMachineVersionArn": "version"}, "InvalidArn"),
    "DescribeActivity": ({"activityArn": ACTIVITY}, "ActivityDoesNotExist"),
    "DescribeExecution": ({"executionArn": EXECUTION}, "ExecutionDoesNotExist"),
    "DescribeMapRun": ({"mapRunArn": RUN}, "ResourceNotFound"),
    "DescribeStateMachine": ({"stateMachineArn": MACHINE}, "StateMachineDoesNotExist"),
    "DescribeStateMachineAlias": ({"stateMachineAliasArn": f"{MACHINE}:live"}, "ResourceNotFound"),
    "DescribeStateMachineForExecution": ({"executionArn": EXECUTION}, "ExecutionDoesNotExist"),
    "GetActivityTask": ({"activityArn": ACTIVITY}, "ActivityDoesNotExist"),
    "GetExecutionHistory": ({"executionArn": EXECUTION}, "ExecutionDoesNotExist"),
    "ListActivities": ({"nextToken": "page"}, "InvalidToken"),
    "ListExecutions": ({"stateMachineArn": MACHINE}, "StateMachineDoesNotExist"),
    "ListMapRuns": ({"executionArn": EXECUTION}, "ExecutionDoesNotExist"),
    "ListStateMachineAliases": ({"stateMachineArn": MACHINE}, "StateMachineDoesNotExist"),
    "ListStateMachineVersions": ({"stateMachineArn": "machine"}, "InvalidArn"),
    "ListStateMachines": ({"nextToken": "page"}, "InvalidToken"),
    "ListTagsForResource": ({"resourceArn": MACHINE}, "ResourceNotFound"),
    "PublishStateMachineVersion": ({"stateMachineArn": MACHINE}, "StateMachineDoesNotExist"),
    "RedriveExecution": ({"executionArn": EXECUTION}, "ExecutionDoesNotExist"),
    "SendTaskFailure": ({"taskToken": "token"}, "InvalidToken"),
    "SendTaskHeartbeat": ({"taskToken": "token"}, "InvalidToken"),
    "SendTaskSuccess": ({"taskToken": "token", "output": "{}"}, "InvalidToken"),
    "StartExecution": ({"stateMachineArn": MACHINE}, "StateMachineDoesNotExist"),
    "StartSyncExecution": ({"stateMachineArn": MACHINE}, "StateMachineDoesNotExist"),
    "StopExecution": ({"executionArn": EXECUTION}, "ExecutionDoesNotExist"),
    "TagResource": ({"resourceArn": MACHINE, "tags": [{"key": "a", "value": "1"}]}, "ResourceNotFound"),
    "TestState": ({"definition": "{", "roleArn": ROLE}, "InvalidDefinition"),
    "UntagResource": ({"resourceArn": MACHINE, "tagKeys": ["a"]}, "ResourceNotFound"),
    "UpdateMapRun": ({"mapRunArn": RUN, "maxConcurrency": 1}, "ResourceNotFound"),
    "UpdateStateMachine": ({"stateMachineArn": MACHINE, "definition": PASS}, "StateMachineDoesNotExist"),
    "UpdateStateMachineAlias": ({"stateMachineAliasArn": f"{MACHINE}:live", "description": "d"}, "ResourceNotFound"),
    "ValidateStateMachineDefinition": ({"definition": PASS, "maxResults": 101}, "ValidationException"),
}


def everything(states):
    return states.list_state_machines()["stateMachines"], states.list_activities()["activities"]


def test_the_table_names_every_operation():
    assert set(REFUSED) == set(MODEL.operation_names)


@pytest.mark.parametrize("operation", REFUSED)
def test_every_operation_refuses_with_a_documented_error(states, operation):
    parameters, expected = REFUSED[operation]
    assert expected in [error.name for error in MODEL.operation_model(operation).error_shapes]
    before = everything(states)
    method = next(name for name, of in states.meta.method_to_api_mapping.items() if of == operation)
    with pytest.raises(ClientError) as refused:
        getattr(states, method)(**parameters)
    error = refused.value.response["Error"]
    assert error["Code"] == expected and error["Message"], error
    assert everything(states) == before
