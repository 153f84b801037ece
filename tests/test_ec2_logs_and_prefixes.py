"""Flow logs as records, delegated prefixes and reservations, spoken to by boto3."""

import ipaddress

from test_network_api import code, ec2, subnet, vpc  # noqa: F401  (ec2 and vpc are fixtures)

ROLE = "arn:aws:iam::000000000000:role/logs"


def create(ec2, kind, *ids, group="flows", **more):
    return ec2.create_flow_logs(ResourceType=kind, ResourceIds=list(ids), TrafficType="ALL", LogGroupName=group,
                                DeliverLogsPermissionArn=ROLE, **more)


def test_flow_logs(ec2, vpc):
    inner = [subnet(ec2, vpc, f"10.0.{n}.0/24") for n in range(6)]
    made = create(ec2, "Subnet", *inner, "subnet-00000000", MaxAggregationInterval=60)
    assert len(made["FlowLogIds"]) == 6
    (failed,) = made["Unsuccessful"]
    assert (failed["ResourceId"], failed["Error"]["Code"]) == ("subnet-00000000", "InvalidSubnetID.NotFound")
    again = create(ec2, "Subnet", inner[0])
    assert not again["FlowLogIds"] and again["Unsuccessful"][0]["Error"]["Code"] == "FlowLogAlreadyExists"
    pages = list(ec2.get_paginator("describe_flow_logs").paginate(PaginationConfig={"PageSize": 5}))
    assert [len(p["FlowLogs"]) for p in pages] == [5, 1]
    log = ec2.describe_flow_logs(Filters=[{"Name": "resource-id", "Values": [inner[2]]}])["FlowLogs"][0]
    assert log["FlowLogStatus"] == "ACTIVE" and log["MaxAggregationInterval"] == 60
    assert log["LogFormat"].startswith("${version} ${account-id} ${interface-id} ${srcaddr}")
    assert code(ec2.create_flow_logs, ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL", LogGroupName="g",
                DeliverLogsPermissionArn=ROLE, LogFormat="${colour}") == "InvalidParameter"
    assert code(ec2.create_flow_logs, ResourceType="VPC", ResourceIds=[vpc], TrafficType="ALL",
                LogDestinationType="s3", LogDestination="arn:aws:s3:::bucket") == "UnsupportedOperation"
    ec2.delete_flow_logs(FlowLogIds=made["FlowLogIds"])
    assert code(ec2.delete_flow_logs, FlowLogIds=made["FlowLogIds"][:1]) == "InvalidFlowLogId.NotFound"


def test_prefixes_and_reservations(ec2, vpc):
    inner = subnet(ec2, vpc)
    reserved = ec2.create_subnet_cidr_reservation(SubnetId=inner, Cidr="10.0.1.32/27", ReservationType="prefix")
    reservation = reserved["SubnetCidrReservation"]["SubnetCidrReservationId"]
    made = ec2.create_network_interface(SubnetId=inner, PrivateIpAddress="10.0.1.20", Ipv4PrefixCount=2)["NetworkInterface"]
    prefixes = [ipaddress.ip_network(p["Ipv4Prefix"]) for p in made["Ipv4Prefixes"]]
    assert sorted(prefixes) == [ipaddress.ip_network(n) for n in ("10.0.1.32/28", "10.0.1.48/28")]
    interface = made["NetworkInterfaceId"]
    named = {"NetworkInterfaceId": interface, "Ipv4Prefixes": ["10.0.1.128/28"]}
    given = ec2.assign_private_ip_addresses(**named)["AssignedIpv4Prefixes"]
    assert given == [{"Ipv4Prefix": "10.0.1.128/28"}]
    assert code(ec2.assign_private_ip_addresses, **named) == "InvalidIPAddress.InUse"
    assert code(ec2.assign_private_ip_addresses, NetworkInterfaceId=interface, Ipv4PrefixCount=14) == "InsufficientCidrBlocks"
    ec2.unassign_private_ip_addresses(**named)
    shown = ec2.get_subnet_cidr_reservations(SubnetId=inner)["SubnetIpv4CidrReservations"]
    assert [r["Cidr"] for r in shown] == ["10.0.1.32/27"]
    gone = ec2.delete_subnet_cidr_reservation(SubnetCidrReservationId=reservation)["DeletedSubnetCidrReservation"]
    assert gone["ReservationType"] == "prefix"


def test_idle_timeouts(ec2, vpc):
    made = ec2.create_network_interface(
        SubnetId=subnet(ec2, vpc), ConnectionTrackingSpecification={"TcpEstablishedTimeout": 350}
    )["NetworkInterface"]
    ec2.modify_network_interface_attribute(
        NetworkInterfaceId=made["NetworkInterfaceId"], ConnectionTrackingSpecification={"UdpTimeout": 45}
    )
    (seen,) = ec2.describe_network_interfaces(NetworkInterfaceIds=[made["NetworkInterfaceId"]])["NetworkInterfaces"]
    assert seen["ConnectionTrackingConfiguration"] == {"TcpEstablishedTimeout": 350, "UdpTimeout": 45}
