"""Network Insights and `allod reach`: what an analysis says is what a connection inside the machines does."""

import json
import subprocess
import uuid

import pytest
from conftest import BINARY, needs_root, wait_for
from probes import reach
from test_machines import describe
from test_packets import ANYWHERE, fresh, world  # noqa: F401 (fixtures)

pytestmark = needs_root


@pytest.fixture(scope="module")
def pair(world):
    """As that of the packet tests; the caller has a public address."""
    return world.machine(world.public, world.group(), public=True), world.machine(world.private, world.group())


def analysis(ec2, source, destination, port=None, **more):
    """The finished analysis of a path of TCP packets; both are taken away again."""
    ends = {"Source": source, "Destination": destination, "Protocol": "tcp", "ClientToken": str(uuid.uuid4())}
    ends |= {"DestinationPort": port} if port else {}
    path = ec2.create_network_insights_path(**ends | more)["NetworkInsightsPath"]["NetworkInsightsPathId"]
    begun = ec2.start_network_insights_analysis(NetworkInsightsPathId=path, ClientToken=str(uuid.uuid4()))
    name = begun["NetworkInsightsAnalysis"]["NetworkInsightsAnalysisId"]

    def ended():
        found = ec2.describe_network_insights_analyses(NetworkInsightsAnalysisIds=[name])["NetworkInsightsAnalyses"][0]
        return found if found["Status"] != "running" else None

    done = wait_for(ended, 60, "the end of the analysis")
    assert done["Status"] == "succeeded", done
    ec2.delete_network_insights_analysis(NetworkInsightsAnalysisId=name)
    ec2.delete_network_insights_path(NetworkInsightsPathId=path)
    return done


def codes(found):
    return [e["ExplanationCode"] for e in found.get("Explanations", [])]


def agree(world, caller, server, port=80):
    """Asks the explainer and the kernel; both must say the same, which is returned with the codes."""
    found = analysis(world.ec2, caller[0], server[0], port)
    through = reach(world.cloud, caller[0], server[1], port) == "open"
    assert found["NetworkPathFound"] == through, found
    return through, codes(found)


def test_groups(world, fresh):
    caller, server, _, group = fresh
    assert agree(world, caller, server) == (False, ["SG_HAS_NO_RULES"])
    world.allow(group, "tcp", 80, f"{caller[1]}/32")
    assert agree(world, caller, server) == (True, [])
    assert agree(world, caller, server, 81) == (False, ["ENI_SG_RULES_MISMATCH"])
    assert agree(world, server, caller)[0] is False
    world.forbid(group, "tcp", 80, f"{caller[1]}/32")
    world.allow(group, "tcp", 80, "10.20.99.0/24")
    assert agree(world, caller, server) == (False, ["ENI_SG_RULES_MISMATCH"])


def test_acls_in_both_directions(world, fresh):
    ec2 = world.ec2
    caller, server, _, group = fresh
    world.allow(group, "tcp", 80, ANYWHERE)
    acls = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [world.private]}])
    old = acls["NetworkAcls"][0]
    held = next(a for a in old["Associations"] if a["SubnetId"] == world.private)["NetworkAclAssociationId"]
    acl = ec2.create_network_acl(VpcId=world.vpc)["NetworkAcl"]["NetworkAclId"]
    held = ec2.replace_network_acl_association(AssociationId=held, NetworkAclId=acl)["NewAssociationId"]
    try:
        assert agree(world, caller, server) == (False, ["SUBNET_ACL_RESTRICTION"])
        entry = {"NetworkAclId": acl, "RuleNumber": 10, "Protocol": "6", "RuleAction": "allow", "CidrBlock": ANYWHERE}
        ec2.create_network_acl_entry(**entry, Egress=False, PortRange={"From": 80, "To": 80})
        # The packet arrives and its answer does not leave: an ACL has no memory.
        assert agree(world, caller, server) == (False, ["SUBNET_ACL_RESTRICTION"])
        ec2.create_network_acl_entry(**entry, Egress=True, PortRange={"From": 1024, "To": 65535})
        assert agree(world, caller, server) == (True, [])
    finally:
        ec2.replace_network_acl_association(AssociationId=held, NetworkAclId=old["NetworkAclId"])


def test_a_blackhole_and_a_stopped_end(world, fresh):
    ec2 = world.ec2
    caller, server, _, group = fresh
    world.allow(group, "tcp", 80, ANYWHERE)
    found = analysis(ec2, caller[0], world.edge, 80)
    assert found["NetworkPathFound"], found
    found = analysis(ec2, server[0], world.edge, 80)
    assert not found["NetworkPathFound"] and codes(found) == ["NO_ROUTE_TO_DESTINATION"]
    found = analysis(ec2, world.edge, caller[0], 80)
    assert not found["NetworkPathFound"] and codes(found) == ["SG_HAS_NO_RULES"]


def test_what_an_answer_holds(world, fresh):
    caller, server, _, group = fresh
    world.allow(group, "tcp", 80, ANYWHERE)
    found = analysis(world.ec2, caller[0], server[0], 80)
    forward, back = found["ForwardPathComponents"], found["ReturnPathComponents"]
    assert [c["SequenceNumber"] for c in forward] == list(range(1, len(forward) + 1))
    assert (forward[0]["Component"]["Id"], forward[-1]["Component"]["Id"]) == (caller[0], server[0])
    assert (back[0]["Component"]["Id"], back[-1]["Component"]["Id"]) == (server[0], caller[0])
    rule = next(c["SecurityGroupRule"] for c in forward if c["Component"]["Id"] == group)
    assert rule["Direction"] == "ingress" and rule["PortRange"] == {"From": 80, "To": 80}
    route = next(c["RouteTableRoute"] for c in forward if "RouteTableRoute" in c)
    assert route["GatewayId"] == "local" and route["DestinationCidr"] == "10.20.0.0/16"
    header = forward[-1]["InboundHeader"]
    assert header["Protocol"] == "6" and header["DestinationAddresses"] == [f"{server[1]}/32"]


def tell(cloud, *words):
    """`allod reach`: (exit status, what it printed)."""
    done = subprocess.run([BINARY, "reach", *words, "--endpoint", cloud.endpoint], capture_output=True, text=True,
                          env=cloud.environment(), timeout=120)
    return done.returncode, done.stdout + done.stderr


def test_the_command(world, fresh, tmp_path):
    cloud, ec2 = world.cloud, world.ec2
    caller, server, _, group = fresh
    ec2.create_tags(Resources=[caller[0]], Tags=[{"Key": "Name", "Value": "caller"}])
    status, text = tell(cloud, "caller", server[0], "--port", "80")
    assert status == 1 and "SG_HAS_NO_RULES" in text.splitlines()[0] and group in text
    world.allow(group, "tcp", 80, ANYWHERE)
    picture = tmp_path / "path.svg"
    status, text = tell(cloud, "caller", server[1], "--port", "80", "--svg", str(picture))
    assert status == 0 and text.startswith("Reachable: caller →") and "Back:" in text, text
    assert picture.read_text().startswith("<svg") and (tmp_path / "path-return.svg").exists()
    status, text = tell(cloud, caller[2], server[2], "--port", "81", "--json")
    told = json.loads(text)
    assert status == 1 and told["reachable"] is False and told["codes"] == ["ENI_SG_RULES_MISMATCH"]
    assert tell(cloud, "caller", "internet", "--port", "443")[0] == 0
    assert tell(cloud, "internet", "caller", "--port", "443")[0] == 1
    assert tell(cloud, server[0], "internet", "--port", "443")[0] == 1
    assert tell(cloud, "caller", server[0], "--protocol", "icmp")[0] == 1
    world.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[
        {"IpProtocol": "icmp", "FromPort": 8, "ToPort": -1, "IpRanges": [{"CidrIp": ANYWHERE}]}])
    assert tell(cloud, "caller", server[0], "--protocol", "icmp")[0] == 0
    public = describe(ec2, caller[0])["PublicIpAddress"]
    assert tell(cloud, "203.0.113.9", public, "--port", "443")[0] == 1
    assert not ec2.describe_network_insights_paths()["NetworkInsightsPaths"], "nothing is left behind"


@pytest.mark.parametrize("words", [
    ["caller-that-is-not-there", "internet"],
    ["internet", "internet"],
    ["i-00000000", "1.2.3.4"],
    ["internet", "1.2.3.4", "--protocol", "icmp", "--port", "1"],
    ["internet", "1.2.3.4", "--port", "70000"],
    ["internet"],
])
def test_the_command_refuses(cloud, words):
    status, text = tell(cloud, *words)
    assert status == 2 and "error:" in text, text
