"""What the kernel refuses is not recorded: the call fails, and records and packets are as before."""

import pytest
from botocore.exceptions import ClientError
from conftest import Cloud, free_pool, needs_root, terminate_all
from probes import reach
from test_packets import World

pytestmark = needs_root


@pytest.fixture
def small():
    """A cloud whose kernel takes at most 32 elements into one set of a VPC."""
    cloud = Cloud("--public-pool", free_pool(), "--no-uplink", "--network-set-limit", "32").start()
    yield cloud
    terminate_all(cloud)
    cloud.stop()


def test_a_refused_rule_is_neither_recorded_nor_enforced(small):
    world = World(small)
    ec2 = world.ec2
    group = world.group(("tcp", 80, "10.20.0.0/16"), ("tcp", 22, "10.20.0.0/16"))
    first, *_ = world.machine(world.public, group)
    _, address, _ = world.machine(world.private, group)
    assert (reach(small, first, address, 80), reach(small, first, address, 81)) == ("open", "silent")

    def rules():
        found = ec2.describe_security_group_rules(Filters=[{"Name": "group-id", "Values": [group]}])
        return sorted(rule["SecurityGroupRuleId"] for rule in found["SecurityGroupRules"])

    before = rules()
    many = [{"IpProtocol": "tcp", "FromPort": 81, "ToPort": 81,
             "IpRanges": [{"CidrIp": f"10.20.{number}.1/32"} for number in range(1, 50)]}]
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=many)
        answer = refused.value.response
        assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("InternalError", 500)
        assert "was not made" in answer["Error"]["Message"] and "full" in answer["Error"]["Message"], answer
        assert rules() == before, "what is not enforced is not recorded"
    assert (reach(small, first, address, 80), reach(small, first, address, 81)) == ("open", "silent")

    # A list that groups of the VPC name: the refused version is not there either.
    listed = ec2.create_managed_prefix_list(PrefixListName="few", MaxEntries=50, AddressFamily="IPv4",
                                            Entries=[{"Cidr": "10.99.0.1/32"}])["PrefixList"]["PrefixListId"]
    world.allow(group, "tcp", 7, listed)
    with pytest.raises(ClientError) as refused:
        ec2.modify_managed_prefix_list(PrefixListId=listed, CurrentVersion=1,
                                       AddEntries=[{"Cidr": f"10.99.{n}.1/32"} for n in range(1, 49)])
    assert "was not made" in refused.value.response["Error"]["Message"]
    entries = ec2.get_managed_prefix_list_entries(PrefixListId=listed)["Entries"]
    assert [entry["Cidr"] for entry in entries] == ["10.99.0.1/32"]

    world.allow(group, "tcp", 81, "10.20.0.0/16")
    assert (reach(small, first, address, 80), reach(small, first, address, 81)) == ("open", "open")
    world.forbid(group, "tcp", 80, "10.20.0.0/16")
    assert reach(small, first, address, 80) == "silent"
