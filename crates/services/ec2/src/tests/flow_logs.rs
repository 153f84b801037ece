//! Flow logs as records; what they write is the host's affair.

use super::Cloud;
use super::cloud::all;

const ROLE: &str = "arn:aws:iam::000000000000:role/logs";

/// A request for a VPC's flow log without its ids.
fn request(kind: &str, group: &str) -> String {
    format!(
        "ResourceType={kind}&TrafficType=ALL&LogGroupName={group}&DeliverLogsPermissionArn={ROLE}&ResourceId.1="
    )
}

#[tokio::test]
async fn from_creation_to_deletion() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    cloud.settled();
    let parameters = format!(
        "{}{vpc}&MaxAggregationInterval=60&LogFormat=${{srcaddr}} ${{flow-direction}}&ClientToken=t\
         &TagSpecification.1.ResourceType=vpc-flow-log&TagSpecification.1.Tag.1.Key=a",
        request("VPC", "flows")
    );
    let id = cloud.get("CreateFlowLogs", &parameters, "flowLogIdSet").await;
    let id = all(&id, "item").remove(0);
    assert_eq!(cloud.settled(), [vpc.as_str()], "flows are written from the answer on");
    assert!(cloud.ok("CreateFlowLogs", &parameters).await.contains(&id), "the token makes nothing new");
    let xml = cloud.ok("DescribeFlowLogs", &format!("FlowLogId.1={id}")).await;
    for expected in [
        "<deliverLogsPermissionArn>arn:aws:iam::000000000000:role/logs</deliverLogsPermissionArn>",
        "<deliverLogsStatus>SUCCESS</deliverLogsStatus>",
        "<flowLogStatus>ACTIVE</flowLogStatus>",
        "<logDestinationType>cloud-watch-logs</logDestinationType>",
        "<logDestination>arn:aws:logs:us-east-1:000000000000:log-group:flows</logDestination>",
        "<logFormat>${srcaddr} ${flow-direction}</logFormat>",
        "<logGroupName>flows</logGroupName>",
        "<maxAggregationInterval>60</maxAggregationInterval>",
        "<creationTime>2026-11-20T10:00:00",
        "<key>a</key>",
    ] {
        assert!(xml.contains(expected), "{expected}: {xml}");
    }
    for (filter, value, count) in [
        ("resource-id", vpc.as_str(), 1),
        ("traffic-type", "REJECT", 0),
        ("log-group-name", "fl*", 1),
        ("deliver-log-status", "SUCCESS", 1),
        ("log-destination-type", "s3", 0),
        ("flow-log-id", &id, 1),
        ("tag-key", "a", 1),
    ] {
        let parameters = format!("Filter.1.Name={filter}&Filter.1.Value.1={value}");
        let found = cloud.list("DescribeFlowLogs", &parameters, "flowLogId").await;
        assert_eq!(found.len(), count, "{filter}");
    }
    cloud.ok("DeleteFlowLogs", &format!("FlowLogId.1={id}")).await;
    let fault = cloud.fault("DeleteFlowLogs", &format!("FlowLogId.1={id}&FlowLogId.2=fl-1")).await;
    assert_eq!(fault.code, "InvalidFlowLogId.NotFound");
    let expected = format!("These flow log ids in the input list are not found: [TotalCount: 2] {id}, fl-1");
    assert_eq!(fault.message, expected);
    assert_eq!(
        cloud.code("DescribeFlowLogs", &format!("FlowLogId.1={id}")).await,
        "InvalidFlowLogId.NotFound"
    );
    assert!(!cloud.ok("DescribeTags", "").await.contains(&id));
}

#[tokio::test]
async fn each_resource_succeeds_or_fails_for_itself() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let (a, b) = (cloud.subnet(&vpc, "10.0.0.0/24").await, cloud.subnet(&vpc, "10.0.1.0/24").await);
    let one = request("Subnet", "flows");
    cloud.ok("CreateFlowLogs", &format!("{one}{a}")).await;
    let three = format!("{one}{a}&ResourceId.2=subnet-00000000&ResourceId.3={b}");
    let xml = cloud.ok("CreateFlowLogs", &three).await;
    assert_eq!(all(&all(&xml, "flowLogIdSet")[0], "item").len(), 1);
    assert_eq!(all(&xml, "code"), ["FlowLogAlreadyExists", "InvalidSubnetID.NotFound"]);
    assert_eq!(all(&xml, "resourceId"), [a.as_str(), "subnet-00000000"]);

    // Another destination is another flow log; two are AWS's limit.
    cloud.ok("CreateFlowLogs", &format!("{}{a}", request("Subnet", "more"))).await;
    let xml = cloud.ok("CreateFlowLogs", &format!("{}{a}", request("Subnet", "yet-more"))).await;
    assert_eq!(all(&xml, "code"), ["FlowLogsLimitExceeded"]);
    let first = cloud.ok("DescribeFlowLogs", "MaxResults=5").await;
    assert_eq!(all(&first, "flowLogId").len(), 3);
    cloud.ok("DeleteSubnet", &format!("SubnetId={a}")).await;
    assert_eq!(
        cloud.list("DescribeFlowLogs", "", "resourceId").await,
        [b.as_str()],
        "they end with the subnet"
    );
}

#[tokio::test]
async fn they_end_with_interfaces_and_vpcs() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.0.0/24").await;
    let interface = cloud.interface(&subnet).await;
    cloud.ok("CreateFlowLogs", &format!("{}{interface}", request("NetworkInterface", "a"))).await;
    cloud.ok("CreateFlowLogs", &format!("{}{vpc}", request("VPC", "a"))).await;
    cloud.ok("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}")).await;
    assert_eq!(cloud.list("DescribeFlowLogs", "", "resourceId").await, [vpc.as_str()]);
    cloud.ok("DeleteSubnet", &format!("SubnetId={subnet}")).await;
    cloud.ok("DeleteVpc", &format!("VpcId={vpc}")).await;
    assert!(cloud.list("DescribeFlowLogs", "", "resourceId").await.is_empty());
}

#[tokio::test]
async fn bad_requests() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let good = format!("{}{vpc}", request("VPC", "flows"));
    let without = |part: &str| good.replace(part, "");
    let arn = "arn:aws:logs:us-east-1:000000000000:log-group:x";
    for (parameters, code) in [
        (without(&format!("&ResourceId.1={vpc}")), "MissingParameter"),
        (without("&TrafficType=ALL"), "MissingParameter"),
        (without("&LogGroupName=flows"), "InvalidParameter"),
        (without(&format!("&DeliverLogsPermissionArn={ROLE}")), "InvalidParameter"),
        (good.replace(ROLE, "role/logs"), "InvalidParameter"),
        (good.replace("=flows", "=fl:ows"), "InvalidParameter"),
        (format!("{good}&LogDestination={arn}"), "InvalidParameter"),
        (good.replace("LogGroupName=flows", "LogDestination=arn:aws:s3:::bucket"), "InvalidParameter"),
        (format!("{good}&LogDestinationType=s3"), "InvalidParameter"),
        (
            without("&LogGroupName=flows") + "&LogDestinationType=s3&LogDestination=arn:aws:s3:::bucket",
            "UnsupportedOperation",
        ),
        (format!("{good}&MaxAggregationInterval=300"), "InvalidParameter"),
        (format!("{good}&LogFormat=${{colour}}"), "InvalidParameter"),
        (format!("{good}&ResourceId.2={vpc}"), "InvalidParameter"),
        (format!("{good}&ResourceId.2=subnet-00000000"), "InvalidVpcID.Malformed"),
        (good.replace("=VPC", "=TransitGateway"), "UnsupportedOperation"),
        (format!("{good}&DestinationOptions.FileFormat=parquet"), "InvalidParameter"),
        (format!("{good}&DeliverCrossAccountRole={ROLE}"), "UnsupportedOperation"),
    ] {
        assert_eq!(cloud.code("CreateFlowLogs", &parameters).await, code, "{parameters}");
    }
    let by_arn = good.replace("LogGroupName=flows", &format!("LogDestination={arn}:*"));
    cloud.ok("CreateFlowLogs", &by_arn).await;
    assert_eq!(cloud.list("DescribeFlowLogs", "", "logGroupName").await, ["x"]);
    assert_eq!(cloud.code("DeleteFlowLogs", "").await, "MissingParameter");
    assert_eq!(
        cloud.code("DescribeFlowLogs", "Filter.1.Name=x&Filter.1.Value.1=y").await,
        "InvalidParameterValue"
    );
}
