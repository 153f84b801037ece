use super::Cloud;

#[tokio::test]
async fn a_vpc_comes_with_table_and_group_and_goes_with_them() {
    let cloud = Cloud::new();
    let xml = cloud.ok("CreateVpc", "CidrBlock=10.1.2.3/16").await;
    assert!(xml.contains("<cidrBlock>10.1.0.0/16</cidrBlock>") && xml.contains("<state>pending</state>"));
    let vpc = super::cloud::all(&xml, "vpcId").remove(0);
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    assert!(cloud.ok("DescribeVpcs", &filter).await.contains("<state>available</state>"));
    assert_eq!(cloud.list("DescribeSecurityGroups", &filter, "groupName").await, ["default"]);
    assert_eq!(cloud.list("DescribeRouteTables", &filter, "main").await, ["true"]);
    cloud.ok("DeleteVpc", &format!("VpcId={vpc}")).await;
    for list in ["DescribeVpcs", "DescribeSecurityGroups", "DescribeRouteTables"] {
        assert!(!cloud.ok(list, &filter).await.contains(&vpc), "{list}");
    }
    assert_eq!(cloud.code("DeleteVpc", &format!("VpcId={vpc}")).await, "InvalidVpcID.NotFound");
}

#[tokio::test]
async fn bad_requests() {
    let cloud = Cloud::new();
    for (parameters, code) in [
        ("", "MissingParameter"),
        ("CidrBlock=10.0.0.0", "InvalidParameterValue"),
        ("CidrBlock=10.0.0.0/33", "InvalidParameterValue"),
        ("CidrBlock=010.0.0.0/16", "InvalidParameterValue"),
        ("CidrBlock=2001:db8::/56", "InvalidParameterValue"),
        ("CidrBlock=10.0.0.0/15", "InvalidVpc.Range"),
        ("CidrBlock=10.0.0.0/29", "InvalidVpc.Range"),
        ("CidrBlock=224.0.0.0/16", "InvalidVpc.Range"),
        ("CidrBlock=10.0.0.0/16&InstanceTenancy=host", "InvalidParameterValue"),
        ("CidrBlock=10.0.0.0/16&Ipv4IpamPoolId=ipam-pool-1", "UnsupportedOperation"),
        (
            "CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=subnet&TagSpecification.1.Tag.1.Key=a",
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(cloud.code("CreateVpc", parameters).await, code, "{parameters}");
    }
    let fault = cloud.fault("CreateVpc", "CidrBlock=10.0.0.0/8").await;
    assert_eq!(fault.message, "The CIDR '10.0.0.0/8' is invalid.");
    for (parameters, code, message) in [
        ("VpcId.1=nonsense", "InvalidVpcID.Malformed", "Invalid id: \"nonsense\" (expecting \"vpc-...\")"),
        ("VpcId.1=vpc-00000000", "InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000' does not exist"),
        (
            "VpcId.1=vpc-00000000&VpcId.2=vpc-11111111",
            "InvalidVpcID.NotFound",
            "The vpc IDs 'vpc-00000000, vpc-11111111' do not exist",
        ),
    ] {
        let fault = cloud.fault("DescribeVpcs", parameters).await;
        assert_eq!((fault.code.as_ref(), fault.message.as_str()), (code, message));
    }
}

#[tokio::test]
async fn attributes() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let read = async |name: &str| {
        cloud.get("DescribeVpcAttribute", &format!("VpcId={vpc}&Attribute={name}"), "value").await
    };
    assert_eq!(read("enableDnsSupport").await, "true");
    assert_eq!(read("enableDnsHostnames").await, "false");
    cloud.ok("ModifyVpcAttribute", &format!("VpcId={vpc}&EnableDnsHostnames.Value=true")).await;
    assert_eq!(read("enableDnsHostnames").await, "true");
    assert_eq!(read("enableNetworkAddressUsageMetrics").await, "false");
    let two = format!("VpcId={vpc}&EnableDnsHostnames.Value=true&EnableDnsSupport.Value=true");
    assert_eq!(cloud.code("ModifyVpcAttribute", &two).await, "InvalidParameterCombination");
    assert_eq!(
        cloud.code("ModifyVpcAttribute", &format!("VpcId={vpc}")).await,
        "InvalidParameterCombination"
    );
    assert_eq!(
        cloud.code("ModifyVpcTenancy", &format!("VpcId={vpc}&InstanceTenancy=dedicated")).await,
        "InvalidParameterValue"
    );
    cloud.ok("ModifyVpcTenancy", &format!("VpcId={vpc}&InstanceTenancy=default")).await;
}

#[tokio::test]
async fn secondary_blocks() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let add = |cidr: &str| format!("VpcId={vpc}&CidrBlock={cidr}");
    let association = cloud.get("AssociateVpcCidrBlock", &add("10.1.0.0/16"), "associationId").await;
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    assert_eq!(
        cloud.list("DescribeRouteTables", &filter, "destinationCidrBlock").await,
        ["10.0.0.0/16", "10.1.0.0/16"]
    );
    for (cidr, code) in [
        ("10.1.0.0/20", "InvalidVpc.Range"),
        ("192.168.0.0/16", "InvalidVpc.Range"),
        ("10.2.0.0/15", "InvalidVpc.Range"),
        ("banana", "InvalidParameterValue"),
    ] {
        assert_eq!(cloud.code("AssociateVpcCidrBlock", &add(cidr)).await, code, "{cidr}");
    }
    for n in 2..5 {
        cloud.ok("AssociateVpcCidrBlock", &add(&format!("10.{n}.0.0/16"))).await;
    }
    let fault = cloud.fault("AssociateVpcCidrBlock", &add("10.9.0.0/16")).await;
    assert_eq!(fault.code, "CidrLimitExceeded");
    // A subnet holds its block.
    let subnet = cloud.subnet(&vpc, "10.1.5.0/24").await;
    let remove = format!("AssociationId={association}");
    assert_eq!(cloud.code("DisassociateVpcCidrBlock", &remove).await, "DependencyViolation");
    cloud.ok("DeleteSubnet", &format!("SubnetId={subnet}")).await;
    let gone = cloud.ok("DisassociateVpcCidrBlock", &remove).await;
    assert!(gone.contains("<state>disassociating</state>"), "{gone}");
    assert_eq!(
        cloud.code("DisassociateVpcCidrBlock", &remove).await,
        "InvalidVpcCidrBlockAssociationID.NotFound"
    );
    let primary = cloud.list("DescribeVpcs", &filter, "associationId").await.remove(0);
    let primary = format!("AssociationId={primary}");
    assert_eq!(cloud.code("DisassociateVpcCidrBlock", &primary).await, "OperationNotPermitted");
}

#[tokio::test]
async fn ipv6_blocks_are_unique_in_the_whole_cloud() {
    let cloud = Cloud::new();
    let mut seen = std::collections::HashSet::new();
    for account in ["000000000000", "111111111111"] {
        let call = cloud.world.call_from(account, "us-east-1");
        for _ in 0..20 {
            let parameters = "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true";
            let xml = cloud.ask_as(&call, "CreateVpc", parameters).await.unwrap();
            let block = super::cloud::all(&xml, "ipv6CidrBlock").remove(0);
            assert!(block.ends_with("/56") && seen.insert(block));
        }
    }
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let xml =
        cloud.ok("AssociateVpcCidrBlock", &format!("VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true")).await;
    let association = super::cloud::all(&xml, "associationId").remove(0);
    cloud.ok("DisassociateVpcCidrBlock", &format!("AssociationId={association}")).await;
    cloud.ok("DeleteVpc", &format!("VpcId={vpc}")).await;
}
