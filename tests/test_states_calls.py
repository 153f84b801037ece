"""Calls that tasks make inside the cloud: effects exactly once over `kill -9`, roles, and their trace in the audit log."""

import json
import random
import time

import pytest
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError
from conftest import Cloud, free_pool, needs_root, wait_for
from test_states import end, history, machine, single, types

DOWN = (ClientError, ConnectionError, HTTPClientError)


def call(action, parameters, **more):
    return {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{action}", "Parameters": parameters, **more}


NOTHING = {"vpcs": 0, "tagged": 0, "tables": 0, "versions": 0}


def tagged(kind):
    return [{"ResourceType": kind, "Tags": [{"Key": "execution", "Value.$": "$$.Execution.Name"}]}]


def effects(lasting):
    """{name of an execution: how often each of its calls took effect}"""
    found = {}
    ec2, ssm = lasting.client("ec2"), lasting.client("ssm")
    for page in ec2.get_paginator("describe_vpcs").paginate():
        for vpc in page["Vpcs"]:
            tags = {tag["Key"]: tag["Value"] for tag in vpc.get("Tags", [])}
            if "execution" in tags:
                counts = found.setdefault(tags["execution"], dict(NOTHING))
                counts["vpcs"] += 1
                counts["tagged"] += tags.get("tagged") == "yes"
    for page in ec2.get_paginator("describe_route_tables").paginate():
        for table in page["RouteTables"]:
            for tag in table.get("Tags", []):
                found[tag["Value"]]["tables"] += tag["Key"] == "execution"
    for page in ssm.get_paginator("describe_parameters").paginate():
        for parameter in page["Parameters"]:
            found[parameter["Name"].removeprefix("/once/")]["versions"] = parameter["Version"]
    return found


@needs_root
def test_kill_9_between_effects_and_answers(lasting):
    """An attempt that succeeded took effect once; one that failed says that its effect is there, and it is, once."""
    states = lasting.client("stepfunctions")
    arn = machine(states, "effects", {
        "StartAt": "Vpc",
        "States": {
            "Vpc": call("ec2:createVpc", {"CidrBlock": "10.0.0.0/16", "TagSpecifications": tagged("vpc")},
                        ResultPath="$.made", Next="Tags"),
            "Tags": call("ec2:createTags", {"Resources.$": "States.Array($.made.Vpc.VpcId)",
                                            "Tags": [{"Key": "tagged", "Value": "yes"}]}, ResultPath=None, Next="Table"),
            # Known again by its token: even an answer that got lost comes.
            "Table": call("ec2:createRouteTable", {"VpcId.$": "$.made.Vpc.VpcId", "TagSpecifications": tagged("route-table")},
                          Next="Put"),
            # Every further call would make a further version.
            "Put": call("ssm:putParameter", {"Name.$": "States.Format('/once/{}', $$.Execution.Name)", "Value": "v",
                                             "Type": "String", "Overwrite": True}, End=True),
        }})
    started = []
    for round_number in range(6):
        deadline = time.monotonic() + random.uniform(0.2, 0.8)
        while time.monotonic() < deadline:
            name = f"{round_number}-{len(started)}"
            try:
                states.start_execution(stateMachineArn=arn, name=name)
                started.append(name)
            except DOWN:
                time.sleep(0.02)
        lasting.kill()
        lasting.start()
    assert started
    ended = {name: end(states, arn.replace(":stateMachine:", ":execution:") + f":{name}", 240) for name in started}
    found = effects(lasting)
    for name, shown in ended.items():
        counts = found.get(name, NOTHING)
        if shown["status"] == "SUCCEEDED":
            assert counts == {"vpcs": 1, "tagged": 1, "tables": 1, "versions": 1}, name
            continue
        assert (shown["status"], shown["error"]) == ("FAILED", "States.TaskFailed"), shown
        assert "the effect is there once" in shown["cause"], shown
        lost = [event for event in history(states, shown["executionArn"]) if event["type"] == "TaskStateEntered"]
        state = lost[-1]["stateEnteredEventDetails"]["name"]
        assert state != "Table", shown
        put = int(state == "Put")
        assert counts == {"vpcs": 1, "tagged": int(state != "Vpc"), "tables": put, "versions": put}, (name, state)
    assert any(shown["status"] == "SUCCEEDED" for shown in ended.values())


@needs_root
def test_a_call_that_waits_for_its_token_outlives_a_restart(lasting):
    """The call was made and answered before the restart: it is not made again, and the token is still good."""
    states = lasting.client("stepfunctions")
    put = call("ssm:putParameter.waitForTaskToken", {"Name": "/token", "Value.$": "$$.Task.Token", "Type": "String",
                                                     "Tier": "Advanced", "Overwrite": True}, End=True)
    execution = states.start_execution(stateMachineArn=machine(states, "token", single(put)))["executionArn"]
    wait_for(lambda: "TaskSubmitted" in types(states, execution), what="the call")
    lasting.kill()
    lasting.start()
    parameter = lasting.client("ssm").get_parameter(Name="/token")["Parameter"]
    states.send_task_success(taskToken=parameter["Value"], output='"done"')
    assert end(states, execution)["output"] == '"done"'
    assert types(states, execution).count("TaskSubmitted") == 1 and parameter["Version"] == 1


@needs_root
def test_an_execution_started_by_a_call_is_started_at_most_once(lasting):
    """What a call does outside the store is marked before it begins."""
    states = lasting.client("stepfunctions")
    child = machine(states, "child", single({"Type": "Pass", "End": True}))
    parent = machine(states, "parent", single(call("sfn:startExecution", {"StateMachineArn": child}, End=True)))
    started = []
    for _ in range(3):
        deadline = time.monotonic() + random.uniform(0.2, 0.6)
        while time.monotonic() < deadline:
            try:
                started.append(states.start_execution(stateMachineArn=parent)["executionArn"])
            except DOWN:
                time.sleep(0.02)
        lasting.kill()
        lasting.start()
    ended = [end(states, execution, 120) for execution in started]
    succeeded = {json.loads(shown["output"])["ExecutionArn"] for shown in ended if shown["status"] == "SUCCEEDED"}
    for shown in ended:
        assert shown["status"] == "SUCCEEDED" or "is not known" in shown["cause"], shown
    pages = states.get_paginator("list_executions").paginate(stateMachineArn=child)
    children = {one["executionArn"] for page in pages for one in page["executions"]}
    assert succeeded <= children and len(succeeded) == sum(shown["status"] == "SUCCEEDED" for shown in ended)
    # A start that was acknowledged to nobody may have begun its execution: one for each that failed, at most.
    assert len(children) <= len(started) + 3, "the parents' own starts may be acknowledged to nobody, one a round"


TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
NOT_ASSUMABLE = ("Neither the global service principal states.amazonaws.com, nor the regional one is authorized to "
                 "assume the provided role.")


@pytest.fixture
def strict():
    """A cloud that enforces rights, with clients of its root."""
    cloud = Cloud("--enforce", "--public-pool", free_pool()).start()
    root = cloud.ready["root_key"]
    words = {"key": root["access_key_id"], "secret": root["secret_access_key"]}
    yield lambda service: cloud.client(service, **words)
    assert cloud.stop() == 0, cloud.log_text()


def trust(**principal):
    return json.dumps({**TRUST, "Statement": [{**TRUST["Statement"][0], "Principal": principal}]})


def test_a_machine_needs_a_role_that_trusts_the_service(strict):
    states, iam = strict("stepfunctions"), strict("iam")
    definition = json.dumps(single({"Type": "Pass", "End": True}))
    other = iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust(Service="ec2.amazonaws.com"))["Role"]["Arn"]
    for role in (other, "arn:aws:iam::000000000000:role/missing"):
        with pytest.raises(ClientError) as refused:
            states.create_state_machine(name="m", definition=definition, roleArn=role)
        error = refused.value.response["Error"]
        assert (error["Code"], error["Message"]) == ("AccessDeniedException", NOT_ASSUMABLE)
    assert states.list_state_machines()["stateMachines"] == []
    iam.update_assume_role_policy(RoleName="other", PolicyDocument=json.dumps(TRUST))
    arn = states.create_state_machine(name="m", definition=definition, roleArn=other)["stateMachineArn"]
    missing = "arn:aws:iam::000000000000:role/missing"
    with pytest.raises(ClientError) as refused:
        states.update_state_machine(stateMachineArn=arn, roleArn=missing)
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert states.describe_state_machine(stateMachineArn=arn)["roleArn"] == other


def test_a_task_whose_role_cannot_be_assumed_any_more_does_not_start(strict):
    states, iam = strict("stepfunctions"), strict("iam")
    role = iam.create_role(RoleName="states", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]

    def made(name, state):
        return states.create_state_machine(name=name, definition=json.dumps(single(state)), roleArn=role)["stateMachineArn"]

    service = made("service", call("ec2:describeVpcs", {}, End=True))
    function = made("function", {"Type": "Task", "End": True,
                                 "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f"})

    def run(machine_arn):
        execution = states.start_execution(stateMachineArn=machine_arn)["executionArn"]
        return end(states, execution), types(states, execution)

    assert run(service)[0]["status"] == "SUCCEEDED"
    iam.update_assume_role_policy(RoleName="states", PolicyDocument=trust(Service="ec2.amazonaws.com"))
    for arn, event in ((service, "TaskStartFailed"), (function, "LambdaFunctionStartFailed")):
        shown, told = run(arn)
        assert (shown["status"], shown["error"], shown["cause"]) == ("FAILED", "States.Permissions", NOT_ASSUMABLE)
        assert told[-2:] == [event, "ExecutionFailed"]
    iam.update_assume_role_policy(RoleName="states", PolicyDocument=json.dumps(TRUST))
    assert run(service)[0]["status"] == "SUCCEEDED"


def test_the_role_of_a_task_must_admit_the_machines_role(strict):
    states, iam = strict("stepfunctions"), strict("iam")
    own = iam.create_role(RoleName="own", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    target = iam.create_role(RoleName="target", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    task = call("sts:getCallerIdentity", {}, Credentials={"RoleArn": target}, End=True)
    arn = states.create_state_machine(name="m", definition=json.dumps(single(task)), roleArn=own)["stateMachineArn"]

    def run():
        execution = states.start_execution(stateMachineArn=arn)["executionArn"]
        return end(states, execution)

    refused = run()
    assert (refused["status"], refused["error"]) == ("FAILED", "States.Permissions") and target in refused["cause"]
    # The machine is the external id (developer guide, "Accessing resources in other AWS accounts").
    admitted = json.loads(trust(AWS=own))
    admitted["Statement"][0]["Condition"] = {"StringEquals": {"sts:ExternalId": arn}}
    iam.update_assume_role_policy(RoleName="target", PolicyDocument=json.dumps(admitted))
    shown = run()
    assert json.loads(shown["output"])["Arn"].startswith("arn:aws:sts::000000000000:assumed-role/target/"), shown


def test_calls_of_tasks_are_in_the_audit_log(tmp_path):
    log = tmp_path / "audit.jsonl"
    cloud = Cloud("--public-pool", free_pool(), "--audit-log", str(log)).start()
    try:
        states, iam = cloud.client("stepfunctions"), cloud.client("iam")
        role = iam.create_role(RoleName="states", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]
        child = machine(states, "child", single({"Type": "Pass", "End": True}))
        definition = {"StartAt": "Ask", "States": {
            "Ask": call("ec2:describeVpcs", {}, Next="Make"),
            "Make": call("ec2:createVpc", {"CidrBlock": "10.7.0.0/16"}, Next="Fail"),
            "Fail": call("ec2:deleteVpc", {"VpcId": "vpc-0123456789abcdef0"}, Next="Start",
                         Catch=[{"ErrorEquals": ["States.ALL"], "Next": "Start"}]),
            "Start": {"Type": "Task", "Resource": "arn:aws:states:::states:startExecution", "End": True,
                      "Parameters": {"StateMachineArn": child}}}}
        arn = states.create_state_machine(name="m", definition=json.dumps(definition), roleArn=role["Arn"])["stateMachineArn"]
        assert end(states, states.start_execution(stateMachineArn=arn)["executionArn"])["status"] == "SUCCEEDED"

        def of_tasks():
            told = [json.loads(line) for line in log.read_text().splitlines()]
            return [one for one in told if one["sourceIPAddress"] == "states.amazonaws.com"]

        made, deleted, started = wait_for(lambda: len(found := of_tasks()) == 3 and found, what="the entries")
        assert [one["eventName"] for one in (made, deleted, started)] == ["CreateVpc", "DeleteVpc", "StartExecution"]
        assert made["requestParameters"] == {"cidrBlock": "10.7.0.0/16"} and "errorCode" not in made
        assert deleted["errorCode"] == "Client.InvalidVpcID.NotFound"
        assert started["requestParameters"]["stateMachineArn"] == child
        for one in (made, deleted, started):
            who = one["userIdentity"]
            assert (one["userAgent"], who["invokedBy"]) == ("states.amazonaws.com", "states.amazonaws.com")
            assert who["type"] == "AssumedRole" and ":assumed-role/states/" in who["arn"]
            assert who["sessionContext"]["sessionIssuer"]["principalId"] == role["RoleId"]
    finally:
        assert cloud.stop() == 0, cloud.log_text()
