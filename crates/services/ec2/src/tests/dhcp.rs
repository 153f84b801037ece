use super::Cloud;

const SET: &str = "DhcpConfiguration.1.Key=domain-name&DhcpConfiguration.1.Value.1=example.org\
    &DhcpConfiguration.2.Key=domain-name-servers&DhcpConfiguration.2.Value.1=10.0.0.5&DhcpConfiguration.2.Value.2=10.0.0.6";

#[tokio::test]
async fn option_sets() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let set = cloud.get("CreateDhcpOptions", SET, "dhcpOptionsId").await;
    cloud.ok("AssociateDhcpOptions", &format!("DhcpOptionsId={set}&VpcId={vpc}")).await;
    let filter = format!("Filter.1.Name=dhcp-options-id&Filter.1.Value.1={set}");
    assert_eq!(cloud.list("DescribeVpcs", &filter, "vpcId").await, [vpc.as_str()]);
    let by_value = "Filter.1.Name=value&Filter.1.Value.1=example.*";
    assert_eq!(cloud.list("DescribeDhcpOptions", by_value, "dhcpOptionsId").await, [set.as_str()]);
    let delete = format!("DhcpOptionsId={set}");
    assert_eq!(cloud.code("DeleteDhcpOptions", &delete).await, "DependencyViolation");
    cloud.ok("AssociateDhcpOptions", &format!("DhcpOptionsId=default&VpcId={vpc}")).await;
    cloud.ok("DeleteDhcpOptions", &delete).await;
    assert_eq!(cloud.code("DeleteDhcpOptions", &delete).await, "InvalidDhcpOptionID.NotFound");
}

#[tokio::test]
async fn bad_options() {
    let cloud = Cloud::new();
    for (key, values) in [
        ("colour", "DhcpConfiguration.1.Value.1=red"),
        ("domain-name-servers", "DhcpConfiguration.1.Value.1=nonsense"),
        ("domain-name-servers", "DhcpConfiguration.1.Value.1=1.1.1.1,2.2.2.2,3.3.3.3,4.4.4.4,5.5.5.5"),
        ("netbios-node-type", "DhcpConfiguration.1.Value.1=3"),
        ("ipv6-address-preferred-lease-time", "DhcpConfiguration.1.Value.1=10"),
        ("domain-name", ""),
    ] {
        let parameters = format!("DhcpConfiguration.1.Key={key}&{values}");
        assert_eq!(
            cloud.code("CreateDhcpOptions", &parameters).await,
            "InvalidParameterValue",
            "{parameters}"
        );
    }
    assert_eq!(cloud.code("CreateDhcpOptions", "").await, "MissingParameter");
}
