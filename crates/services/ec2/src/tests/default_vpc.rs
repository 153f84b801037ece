use super::Cloud;

#[tokio::test]
async fn it_is_made_once_as_aws_makes_it() {
    let cloud = Cloud::new();
    let vpc = cloud.get("DescribeVpcs", "Filter.1.Name=is-default&Filter.1.Value.1=true", "vpcId").await;
    let xml = cloud.ok("DescribeVpcs", "").await;
    assert!(xml.contains("<cidrBlock>172.31.0.0/16</cidrBlock>"), "{xml}");
    let subnets = cloud.ok("DescribeSubnets", &format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}")).await;
    assert_eq!(subnets.matches("<defaultForAz>true</defaultForAz>").count(), 6);
    assert_eq!(subnets.matches("<mapPublicIpOnLaunch>true</mapPublicIpOnLaunch>").count(), 6);
    assert_eq!(subnets.matches("<availableIpAddressCount>4091</availableIpAddressCount>").count(), 6);
    assert!(subnets.contains("<cidrBlock>172.31.80.0/20</cidrBlock>"));
    let routes = cloud.ok("DescribeRouteTables", "").await;
    assert_eq!(super::cloud::all(&routes, "destinationCidrBlock"), ["172.31.0.0/16", "0.0.0.0/0"]);
    assert_eq!(super::cloud::all(&routes, "state"), ["associated", "active", "active"]);
    let groups = cloud.ok("DescribeSecurityGroups", "GroupName.1=default").await;
    assert!(groups.contains("default VPC security group"));
    let hostnames =
        cloud.ok("DescribeVpcAttribute", &format!("VpcId={vpc}&Attribute=enableDnsHostnames")).await;
    assert!(hostnames.contains("<value>true</value>"), "{hostnames}");
    let options = cloud.ok("DescribeDhcpOptions", "").await;
    assert!(options.contains("ec2.internal") && options.contains("AmazonProvidedDNS"));
    assert_eq!(cloud.list("DescribeVpcs", "", "vpcId").await, [vpc]);
}

#[tokio::test]
async fn every_account_and_region_has_its_own() {
    let cloud = Cloud::new();
    let here = cloud.get("DescribeVpcs", "", "vpcId").await;
    for (account, region) in [("111111111111", "us-east-1"), ("000000000000", "eu-west-1")] {
        let call = cloud.world.call_from(account, region);
        let xml = cloud.ask_as(&call, "DescribeVpcs", "").await.unwrap();
        assert!(!xml.contains(&here) && xml.contains("172.31.0.0/16"));
        let fault = cloud.ask_as(&call, "DescribeVpcs", &format!("VpcId.1={here}")).await.unwrap_err();
        assert_eq!(fault.code, "InvalidVpcID.NotFound");
    }
}

#[tokio::test]
async fn once_deleted_it_comes_back_only_when_asked_for() {
    let cloud = Cloud::new();
    let vpc = cloud.get("DescribeVpcs", "", "vpcId").await;
    assert_eq!(cloud.code("CreateDefaultVpc", "").await, "DefaultVpcAlreadyExists");
    assert_eq!(
        cloud.code("CreateDefaultSubnet", "AvailabilityZone=us-east-1a").await,
        "DefaultSubnetAlreadyExistsInAvailabilityZone"
    );
    assert_eq!(cloud.code("DeleteVpc", &format!("VpcId={vpc}")).await, "DependencyViolation");
    let in_zone = "Filter.1.Name=availability-zone&Filter.1.Value.1=us-east-1a";
    let subnet = cloud.get("DescribeSubnets", in_zone, "subnetId").await;
    cloud.ok("DeleteSubnet", &format!("SubnetId={subnet}")).await;
    assert!(cloud.list("DescribeSubnets", in_zone, "subnetId").await.is_empty());
    let again = cloud.ok("CreateDefaultSubnet", "AvailabilityZone=us-east-1a").await;
    assert!(again.contains("<cidrBlock>172.31.0.0/20</cidrBlock>"), "{again}");
    assert!(again.contains("<defaultForAz>true</defaultForAz>"));
}

#[tokio::test]
async fn a_region_without_default_vpc() {
    let cloud = Cloud::new();
    let vpc = cloud.get("DescribeVpcs", "", "vpcId").await;
    for subnet in cloud.list("DescribeSubnets", "", "subnetId").await {
        cloud.ok("DeleteSubnet", &format!("SubnetId={subnet}")).await;
    }
    let gateway = cloud.get("DescribeInternetGateways", "", "internetGatewayId").await;
    cloud.ok("DetachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}")).await;
    cloud.ok("DeleteVpc", &format!("VpcId={vpc}")).await;
    assert!(cloud.list("DescribeVpcs", "", "vpcId").await.is_empty());
    assert!(cloud.list("DescribeRouteTables", "", "routeTableId").await.is_empty());
    assert!(cloud.list("DescribeSecurityGroups", "", "groupId").await.is_empty());
    let group = "GroupName=web&GroupDescription=d";
    assert_eq!(cloud.code("CreateSecurityGroup", group).await, "VPCIdNotSpecified");
    assert_eq!(
        cloud.code("CreateDefaultSubnet", "AvailabilityZone=us-east-1a").await,
        "DefaultVpcDoesNotExist"
    );
    let attributes = cloud.ok("DescribeAccountAttributes", "AttributeName.1=default-vpc").await;
    assert!(attributes.contains("none"), "{attributes}");
    let new = cloud.get("CreateDefaultVpc", "", "vpcId").await;
    assert_ne!(new, vpc);
    assert_eq!(cloud.list("DescribeSubnets", "", "subnetId").await.len(), 6);
    // The option set was not the VPC's own, so it is still the one and only.
    assert_eq!(cloud.list("DescribeDhcpOptions", "", "dhcpOptionsId").await.len(), 1);
}
