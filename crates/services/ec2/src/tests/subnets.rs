use super::Cloud;

#[tokio::test]
async fn places_and_conflicts() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let xml = cloud
        .ok("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.1.7/24&AvailabilityZone=us-east-1b"))
        .await;
    for part in [
        "<cidrBlock>10.0.1.0/24</cidrBlock>",
        "<availabilityZone>us-east-1b</availabilityZone>",
        "<availabilityZoneId>use1-az2</availabilityZoneId>",
        "<availableIpAddressCount>251</availableIpAddressCount>",
        "<mapPublicIpOnLaunch>false</mapPublicIpOnLaunch>",
    ] {
        assert!(xml.contains(part), "{part} in {xml}");
    }
    for (parameters, code) in [
        ("CidrBlock=10.0.1.128/25", "InvalidSubnet.Conflict"),
        ("CidrBlock=10.0.0.0/16", "InvalidSubnet.Conflict"),
        ("CidrBlock=10.1.0.0/24", "InvalidSubnet.Range"),
        ("CidrBlock=10.0.0.0/15", "InvalidSubnet.Range"),
        ("CidrBlock=10.0.9.0/29", "InvalidSubnet.Range"),
        ("CidrBlock=x", "InvalidParameterValue"),
        ("CidrBlock=10.0.9.0/24&AvailabilityZone=us-east-1z", "InvalidParameterValue"),
        ("CidrBlock=10.0.9.0/24&Ipv6CidrBlock=2001:db8::/64", "InvalidSubnet.Range"),
        ("", "MissingParameter"),
    ] {
        let parameters = format!("VpcId={vpc}&{parameters}");
        let code = if parameters.contains("10.0.0.0/16") { "InvalidSubnet.Conflict" } else { code };
        assert_eq!(cloud.code("CreateSubnet", &parameters).await, code, "{parameters}");
    }
    let none = "VpcId=vpc-00000000&CidrBlock=10.0.0.0/24";
    assert_eq!(cloud.code("CreateSubnet", none).await, "InvalidVpcID.NotFound");
    let smallest = cloud.ok("CreateSubnet", &format!("VpcId={vpc}&CidrBlock=10.0.2.0/28")).await;
    assert!(smallest.contains("<availableIpAddressCount>11</availableIpAddressCount>"));
}

#[tokio::test]
async fn attributes_and_filters() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let modify = |rest: &str| format!("SubnetId={subnet}&{rest}");
    cloud.ok("ModifySubnetAttribute", &modify("MapPublicIpOnLaunch.Value=true")).await;
    cloud.ok("ModifySubnetAttribute", &modify("PrivateDnsHostnameTypeOnLaunch=resource-name")).await;
    let filters = format!(
        "Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}&Filter.2.Name=map-public-ip-on-launch&Filter.2.Value.1=true\
         &Filter.3.Name=private-dns-name-options-on-launch.hostname-type&Filter.3.Value.1=resource-name"
    );
    assert_eq!(cloud.list("DescribeSubnets", &filters, "subnetId").await, [subnet.as_str()]);
    for (rest, code) in [
        ("", "InvalidParameterCombination"),
        ("MapPublicIpOnLaunch.Value=true&EnableDns64.Value=true", "InvalidParameterCombination"),
        ("AssignIpv6AddressOnCreation.Value=true", "InvalidParameterValue"),
        ("EnableLniAtDeviceIndex=1", "UnsupportedOperation"),
    ] {
        assert_eq!(cloud.code("ModifySubnetAttribute", &modify(rest)).await, code, "{rest}");
    }
}

#[tokio::test]
async fn ipv6() {
    let cloud = Cloud::new();
    let xml = cloud.ok("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true").await;
    let vpc = super::cloud::all(&xml, "vpcId").remove(0);
    let block = super::cloud::all(&xml, "ipv6CidrBlock").remove(0).replace("/56", "/64");
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let other = cloud.subnet(&vpc, "10.0.2.0/24").await;
    let wanted = format!("SubnetId={subnet}&Ipv6CidrBlock={block}");
    let association = cloud.get("AssociateSubnetCidrBlock", &wanted, "associationId").await;
    let conflict = format!("SubnetId={other}&Ipv6CidrBlock={block}");
    assert_eq!(cloud.code("AssociateSubnetCidrBlock", &conflict).await, "InvalidSubnet.Conflict");
    let wrong = format!("SubnetId={other}&Ipv6CidrBlock=2600::/64");
    assert_eq!(cloud.code("AssociateSubnetCidrBlock", &wrong).await, "InvalidSubnet.Range");
    cloud
        .ok("ModifySubnetAttribute", &format!("SubnetId={subnet}&AssignIpv6AddressOnCreation.Value=true"))
        .await;
    let interface = cloud.interface(&subnet).await;
    let shown = cloud.ok("DescribeNetworkInterfaces", &format!("NetworkInterfaceId.1={interface}")).await;
    assert!(shown.contains("<ipv6Address>2001:db8:"), "{shown}");
    let remove = format!("AssociationId={association}");
    assert_eq!(cloud.code("DisassociateSubnetCidrBlock", &remove).await, "DependencyViolation");
    cloud.ok("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}")).await;
    cloud.ok("DisassociateSubnetCidrBlock", &remove).await;
}

#[tokio::test]
async fn deletion() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let table = cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    cloud.ok("AssociateRouteTable", &format!("RouteTableId={table}&SubnetId={subnet}")).await;
    let interface = cloud.interface(&subnet).await;
    let delete = format!("SubnetId={subnet}");
    let fault = cloud.fault("DeleteSubnet", &delete).await;
    assert_eq!(fault.code, "DependencyViolation");
    assert_eq!(fault.message, format!("The subnet '{subnet}' has dependencies and cannot be deleted."));
    cloud.ok("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}")).await;
    cloud.ok("DeleteSubnet", &delete).await;
    // Its association went with it, so the table can go.
    cloud.ok("DeleteRouteTable", &format!("RouteTableId={table}")).await;
    assert_eq!(cloud.code("DeleteSubnet", &delete).await, "InvalidSubnetID.NotFound");
    assert_eq!(cloud.code("DeleteSubnet", "SubnetId=x").await, "InvalidSubnetID.Malformed");
}
