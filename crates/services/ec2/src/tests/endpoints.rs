//! Interface endpoints as records; the host's part is played by its transitions.

use super::Cloud;
use super::cloud::all;
use records::{NetworkInterface, VpcEndpoint, transitions};

const EC2: &str = "com.amazonaws.us-east-1.ec2";

/// A VPC with names and a subnet in each of two zones.
async fn world() -> (Cloud, String, [String; 2]) {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    cloud.ok("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true")).await;
    let subnet = |cidr: &'static str, zone: &'static str| {
        format!("VpcId={vpc}&CidrBlock={cidr}&AvailabilityZone={zone}")
    };
    let a = cloud.get("CreateSubnet", &subnet("10.0.0.0/24", "us-east-1a"), "subnetId").await;
    let b = cloud.get("CreateSubnet", &subnet("10.0.1.0/24", "us-east-1b"), "subnetId").await;
    (cloud, vpc, [a, b])
}

fn request(vpc: &str, service: &str) -> String {
    format!("VpcId={vpc}&ServiceName={service}&VpcEndpointType=Interface")
}

fn record(cloud: &Cloud, id: &str) -> VpcEndpoint {
    VpcEndpoint::clone(&cloud.world.store().get(&cloud.world.scope(), id).expect("an endpoint"))
}

/// The host has done what the record says.
async fn host_follows(cloud: &Cloud, id: &str) {
    let scope = cloud.world.scope();
    let done = cloud.world.ec2.platform.transact(|tx| {
        Ok(transitions::mark_endpoint_deleted(tx, &scope, id)
            || transitions::mark_endpoint_available(tx, &scope, id))
    });
    assert!(done.await.expect("a step").value);
}

#[tokio::test]
async fn from_creation_to_deletion() {
    let (cloud, vpc, [a, b]) = world().await;
    let group = cloud.group(&vpc, "api").await;
    let parameters = format!(
        "{}&SubnetId.1={a}&SubnetId.2={b}&SecurityGroupId.1={group}&ClientToken=once\
         &SubnetConfiguration.1.SubnetId={a}&SubnetConfiguration.1.Ipv4=10.0.0.77\
         &TagSpecification.1.ResourceType=vpc-endpoint&TagSpecification.1.Tag.1.Key=Name",
        request(&vpc, EC2)
    );
    let xml = cloud.ok("CreateVpcEndpoint", &parameters).await;
    let id = all(&xml, "vpcEndpointId").remove(0);
    let tail = &id[id.len() - 8..];
    assert_eq!(
        all(&xml, "dnsName"),
        [
            format!("{id}-{tail}.ec2.us-east-1.vpce.amazonaws.com"),
            format!("{id}-{tail}-us-east-1a.ec2.us-east-1.vpce.amazonaws.com"),
            format!("{id}-{tail}-us-east-1b.ec2.us-east-1.vpce.amazonaws.com"),
            "ec2.us-east-1.amazonaws.com".to_owned(),
        ]
    );
    for expected in [
        "<state>pending</state>",
        "<privateDnsEnabled>true</privateDnsEnabled>",
        "<groupName>api</groupName>",
    ] {
        assert!(xml.contains(expected), "{expected}: {xml}");
    }
    assert_eq!(
        cloud.get("CreateVpcEndpoint", &parameters, "vpcEndpointId").await,
        id,
        "the token makes no second one"
    );

    let made = record(&cloud, &id);
    assert_eq!(made.network_interface_ids.len(), 2);
    let parameters = format!("NetworkInterfaceId.1={}", made.network_interface_ids[0]);
    let seen = cloud.ok("DescribeNetworkInterfaces", &parameters).await;
    for expected in [
        "<privateIpAddress>10.0.0.77</privateIpAddress>",
        "<interfaceType>vpc_endpoint</interfaceType>",
        "<requesterManaged>true</requesterManaged>",
        "<status>in-use</status>",
        &format!("<description>VPC Endpoint Interface {id}</description>"),
    ] {
        assert!(seen.contains(expected), "{expected}: {seen}");
    }
    host_follows(&cloud, &id).await;
    for (filter, value, count) in [
        ("vpc-endpoint-state", "available", 1),
        ("vpc-endpoint-type", "Gateway", 0),
        ("service-name", "*.ec2", 1),
        ("service-region", "us-east-1", 1),
        ("ip-address-type", "ipv4", 1),
        ("vpc-id", &vpc, 1),
        ("vpc-endpoint-id", &id, 1),
        ("tag-key", "Name", 1),
    ] {
        let parameters = format!("Filter.1.Name={filter}&Filter.1.Value.1={value}");
        assert_eq!(
            cloud.list("DescribeVpcEndpoints", &parameters, "vpcEndpointId").await.len(),
            count,
            "{filter}"
        );
    }
    assert_eq!(cloud.code("DeleteSecurityGroup", &format!("GroupId={group}")).await, "DependencyViolation");

    let xml =
        cloud.ok("DeleteVpcEndpoints", &format!("VpcEndpointId.1={id}&VpcEndpointId.2=vpce-00000000")).await;
    assert_eq!(all(&xml, "code"), ["InvalidVpcEndpointId.NotFound"]);
    assert_eq!(all(&xml, "message"), ["The Vpc Endpoint Id 'vpce-00000000' does not exist"]);
    assert_eq!(record(&cloud, &id).state, "deleting");
    let change = format!("VpcEndpointId={id}&ResetPolicy=true");
    assert_eq!(cloud.code("ModifyVpcEndpoint", &change).await, "IncorrectState");
    host_follows(&cloud, &id).await;
    assert!(cloud.world.store().list::<NetworkInterface>(&cloud.world.scope()).is_empty());
    let code = cloud.code("DescribeVpcEndpoints", &format!("VpcEndpointId.1={id}")).await;
    assert_eq!(code, "InvalidVpcEndpointId.NotFound");
}

#[tokio::test]
async fn bad_requests() {
    let (cloud, vpc, [a, _]) = world().await;
    let other = cloud.vpc("10.1.0.0/16").await;
    let foreign = cloud.subnet(&other, "10.1.0.0/24").await;
    let twin = cloud.subnet(&vpc, "10.0.9.0/24").await;
    let good = request(&vpc, EC2);
    let s3 = "com.amazonaws.us-east-1.s3";
    for (parameters, code) in [
        (format!("VpcId={vpc}&ServiceName={s3}"), "InvalidServiceName"),
        (format!("VpcId={vpc}&ServiceName=com.amazonaws.us-east-1.dynamodb"), "InvalidServiceName"),
        (request(&vpc, "com.amazonaws.eu-west-1.ec2"), "InvalidServiceName"),
        (format!("VpcId={vpc}&ServiceName={EC2}"), "InvalidParameter"),
        (format!("VpcId={vpc}&ServiceName={EC2}&VpcEndpointType=GatewayLoadBalancer"), "InvalidParameter"),
        (format!("VpcId={vpc}&VpcEndpointType=Interface"), "MissingParameter"),
        (request("vpc-00000000", EC2), "InvalidVpcID.NotFound"),
        (request(&other, EC2), "InvalidParameter"),
        (format!("{good}&RouteTableId.1=rtb-00000000"), "InvalidParameter"),
        (format!("{good}&SubnetId.1=subnet-00000000"), "InvalidSubnetID.NotFound"),
        (format!("{good}&SubnetId.1={foreign}"), "InvalidParameter"),
        (format!("{good}&SubnetId.1={a}&SubnetId.2={twin}"), "DuplicateSubnetsInSameZone"),
        (format!("{good}&SecurityGroupId.1=sg-00000000"), "InvalidGroup.NotFound"),
        (format!("{good}&PolicyDocument={{"), "InvalidPolicyDocument"),
        (format!("{good}&IpAddressType=dualstack"), "InvalidParameter"),
        (format!("{good}&DnsOptions.DnsRecordIpType=ipv6"), "InvalidParameter"),
        (format!("{good}&DnsOptions.PrivateDnsOnlyForInboundResolverEndpoint=true"), "InvalidParameter"),
        (format!("{good}&ServiceRegion=eu-west-1"), "UnsupportedOperation"),
        (
            format!("{good}&SubnetConfiguration.1.SubnetId={a}&SubnetConfiguration.1.Ipv4=10.0.0.9"),
            "InvalidParameter",
        ),
        (
            format!(
                "{good}&SubnetId.1={a}&SubnetConfiguration.1.SubnetId={a}&SubnetConfiguration.1.Ipv4=10.0.0.1"
            ),
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(cloud.code("CreateVpcEndpoint", &parameters).await, code, "{parameters}");
    }
    let fault = cloud.fault("CreateVpcEndpoint", &format!("VpcId={vpc}&ServiceName={s3}")).await;
    assert_eq!(fault.message, format!("The Vpc Endpoint Service '{s3}' does not exist"));
    let fault = cloud.fault("CreateVpcEndpoint", &format!("VpcId={vpc}&ServiceName={EC2}")).await;
    assert_eq!(
        fault.message,
        "Endpoint type (Gateway) does not match available service types ([Interface])."
    );
    // A name leads to one place only.
    cloud.ok("CreateVpcEndpoint", &good).await;
    let fault = cloud.fault("CreateVpcEndpoint", &good).await;
    assert!(fault.message.contains("conflicting DNS domain for ec2.us-east-1.amazonaws.com"), "{fault}");
    cloud.ok("CreateVpcEndpoint", &format!("{good}&PrivateDnsEnabled=false")).await;
    cloud.ok("CreateVpcEndpoint", &format!("{}&PrivateDnsEnabled=false", request(&other, EC2))).await;
    assert_eq!(cloud.code("DeleteVpcEndpoints", "VpcEndpointId.1=x").await, "InvalidVpcEndpointId.Malformed");
    let parameters = format!("VpcId={other}");
    cloud.ok("DeleteSubnet", &format!("SubnetId={foreign}")).await;
    assert_eq!(cloud.code("DeleteVpc", &parameters).await, "DependencyViolation");
}

#[tokio::test]
async fn changes() {
    let (cloud, vpc, [a, b]) = world().await;
    let id = cloud
        .get("CreateVpcEndpoint", &format!("{}&SubnetId.1={a}", request(&vpc, EC2)), "vpcEndpointId")
        .await;
    host_follows(&cloud, &id).await;
    let (first, second) = (cloud.group(&vpc, "one").await, cloud.group(&vpc, "two").await);
    let modify = |rest: &str| format!("VpcEndpointId={id}&{rest}");
    let default = record(&cloud, &id).group_ids.remove(0);
    let groups = modify(&format!(
        "AddSecurityGroupId.1={first}&AddSecurityGroupId.2={second}&RemoveSecurityGroupId.1={default}"
    ));
    cloud.settled();
    cloud.ok("ModifyVpcEndpoint", &groups).await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    let made = record(&cloud, &id);
    assert_eq!(made.group_ids, [first.clone(), second.clone()]);
    let interface = |id: &str| cloud.world.store().get::<NetworkInterface>(&cloud.world.scope(), id);
    assert_eq!(interface(&made.network_interface_ids[0]).expect("an interface").groups, made.group_ids);

    cloud.ok("ModifyVpcEndpoint", &modify(&format!("AddSubnetId.1={b}&RemoveSubnetId.1={a}"))).await;
    let moved = record(&cloud, &id);
    assert_eq!(moved.subnet_ids, [b.as_str()]);
    assert!(interface(&made.network_interface_ids[0]).is_none(), "the old interface is gone");
    assert_eq!(interface(&moved.network_interface_ids[0]).expect("an interface").groups, made.group_ids);

    let narrow =
        r#"{"Statement":{"Effect":"Allow","Principal":"*","Action":"ec2:Describe*","Resource":"*"}}"#;
    cloud.ok("ModifyVpcEndpoint", &modify(&format!("PolicyDocument={narrow}&PrivateDnsEnabled=false"))).await;
    assert_eq!(record(&cloud, &id).policy, narrow);
    assert!(!cloud.ok("DescribeVpcEndpoints", "").await.contains("<dnsName>ec2.us-east-1.amazonaws.com"));
    cloud.ok("ModifyVpcEndpoint", &modify("ResetPolicy=true&PrivateDnsEnabled=true")).await;
    assert!(record(&cloud, &id).policy.contains("\"Action\": \"*\""));
    for (rest, code) in [
        (format!("RemoveSubnetId.1={a}"), "InvalidParameter"),
        (format!("RemoveSecurityGroupId.1={default}"), "InvalidParameter"),
        (format!("RemoveSecurityGroupId.1={first}&RemoveSecurityGroupId.2={second}"), "InvalidParameter"),
        ("AddRouteTableId.1=rtb-00000000".to_owned(), "InvalidParameter"),
        ("PolicyDocument=x".to_owned(), "InvalidPolicyDocument"),
        (format!("PolicyDocument={narrow}&ResetPolicy=true"), "InvalidParameterCombination"),
    ] {
        assert_eq!(cloud.code("ModifyVpcEndpoint", &modify(&rest)).await, code, "{rest}");
    }
    let unknown = "VpcEndpointId=vpce-00000000&ResetPolicy=true";
    assert_eq!(cloud.code("ModifyVpcEndpoint", unknown).await, "InvalidVpcEndpointId.NotFound");
}

#[tokio::test]
async fn services_are_those_that_exist() {
    let cloud = Cloud::new();
    let xml = cloud.ok("DescribeVpcEndpointServices", "").await;
    let names = all(&all(&xml, "serviceNameSet")[0], "item");
    assert_eq!(names.len(), records::vpc_endpoint::SERVICES.len(), "{names:?}");
    assert!(
        names.contains(&EC2.to_owned())
            && xml.contains("<privateDnsName>ec2.us-east-1.amazonaws.com</privateDnsName>")
    );
    for (parameters, count) in [
        (format!("ServiceName.1={EC2}"), 1),
        ("Filter.1.Name=service-type&Filter.1.Value.1=Gateway".to_owned(), 0),
        ("Filter.1.Name=owner&Filter.1.Value.1=amazon".to_owned(), names.len()),
        ("Filter.1.Name=service-name&Filter.1.Value.1=*.sts".to_owned(), 1),
        ("ServiceRegion.1=eu-west-1".to_owned(), 0),
    ] {
        let found = cloud.list("DescribeVpcEndpointServices", &parameters, "serviceId").await;
        assert_eq!(found.len(), count, "{parameters}");
    }
    let unknown = "ServiceName.1=com.amazonaws.us-east-1.s3";
    assert_eq!(cloud.code("DescribeVpcEndpointServices", unknown).await, "InvalidServiceName");
    let west = cloud.world.call_from("000000000000", "eu-west-1");
    let there = cloud.ask_as(&west, "DescribeVpcEndpointServices", "").await.expect("services");
    assert!(there.contains("com.amazonaws.eu-west-1.ssm") && !there.contains("com.amazonaws.iam"));
}
