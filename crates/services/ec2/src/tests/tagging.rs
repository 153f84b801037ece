use super::Cloud;

#[tokio::test]
async fn tags_come_with_creation_change_and_go_with_the_resource() {
    let cloud = Cloud::new();
    let vpc = cloud
        .get(
            "CreateVpc",
            "CidrBlock=10.0.0.0/16&TagSpecification.1.ResourceType=vpc\
             &TagSpecification.1.Tag.1.Key=Name&TagSpecification.1.Tag.1.Value=main",
            "vpcId",
        )
        .await;
    cloud
        .ok("CreateTags", &format!("ResourceId.1={vpc}&Tag.1.Key=Name&Tag.1.Value=other&Tag.2.Key=Empty"))
        .await;
    let mine = format!("Filter.1.Name=resource-id&Filter.1.Value.1={vpc}");
    assert_eq!(cloud.list("DescribeTags", &mine, "key").await, ["Empty", "Name"]);
    assert_eq!(cloud.list("DescribeTags", &mine, "value").await, ["", "other"]);
    assert_eq!(
        cloud.list("DescribeVpcs", "Filter.1.Name=tag:Name&Filter.1.Value.1=oth*", "vpcId").await,
        [vpc.as_str()]
    );
    assert_eq!(
        cloud.list("DescribeVpcs", "Filter.1.Name=tag-key&Filter.1.Value.1=Empty", "vpcId").await,
        [vpc.as_str()]
    );
    // A value narrows a deletion.
    cloud.ok("DeleteTags", &format!("ResourceId.1={vpc}&Tag.1.Key=Name&Tag.1.Value=wrong")).await;
    assert_eq!(cloud.list("DescribeTags", &mine, "key").await.len(), 2);
    cloud.ok("DeleteTags", &format!("ResourceId.1={vpc}&Tag.1.Key=Name")).await;
    assert_eq!(cloud.list("DescribeTags", &mine, "key").await, ["Empty"]);
    cloud.ok("DeleteTags", &format!("ResourceId.1={vpc}")).await;
    assert!(cloud.list("DescribeTags", &mine, "key").await.is_empty());
    cloud.ok("CreateTags", &format!("ResourceId.1={vpc}&Tag.1.Key=Name&Tag.1.Value=again")).await;
    cloud.ok("DeleteVpc", &format!("VpcId={vpc}")).await;
    assert!(cloud.list("DescribeTags", "", "key").await.is_empty());
}

#[tokio::test]
async fn every_kind_can_be_tagged() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.0.0/24").await;
    let group = cloud.group(&vpc, "web").await;
    let ids = [
        vpc.clone(),
        subnet.clone(),
        group.clone(),
        cloud.interface(&subnet).await,
        cloud.get("AllocateAddress", "", "allocationId").await,
        cloud.get("CreateInternetGateway", "", "internetGatewayId").await,
        cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await,
        cloud.get("DescribeDhcpOptions", "", "dhcpOptionsId").await,
        cloud
            .get(
                "DescribeSecurityGroupRules",
                &format!("Filter.1.Name=group-id&Filter.1.Value.1={group}"),
                "securityGroupRuleId",
            )
            .await,
        cloud
            .get(
                "CreateManagedPrefixList",
                "PrefixListName=a&MaxEntries=1&AddressFamily=IPv4",
                "prefixListId",
            )
            .await,
    ];
    let all: Vec<String> =
        ids.iter().enumerate().map(|(n, id)| format!("ResourceId.{}={id}", n + 1)).collect();
    cloud.ok("CreateTags", &format!("{}&Tag.1.Key=a&Tag.1.Value=b", all.join("&"))).await;
    let types: std::collections::BTreeSet<String> =
        cloud.list("DescribeTags", "", "resourceType").await.into_iter().collect();
    assert_eq!(
        types.into_iter().collect::<Vec<_>>(),
        [
            "dhcp-options",
            "elastic-ip",
            "internet-gateway",
            "network-interface",
            "prefix-list",
            "route-table",
            "security-group",
            "security-group-rule",
            "subnet",
            "vpc"
        ]
    );
}

#[tokio::test]
async fn bad_tags() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let many: Vec<String> = (1..=51).map(|n| format!("Tag.{n}.Key=k{n}")).collect();
    for (rest, code) in [
        (String::new(), "MissingParameter"),
        ("Tag.1.Key=aws:x".to_owned(), "InvalidParameterValue"),
        ("Tag.1.Key=AWS:x".to_owned(), "InvalidParameterValue"),
        ("Tag.1.Value=x".to_owned(), "InvalidParameterValue"),
        ("Tag.1.Key=a&Tag.2.Key=a".to_owned(), "InvalidParameterValue"),
        (format!("Tag.1.Key={}", "x".repeat(129)), "InvalidParameterValue"),
        (format!("Tag.1.Key=a&Tag.1.Value={}", "x".repeat(257)), "InvalidParameterValue"),
        (many.join("&"), "TagLimitExceeded"),
    ] {
        assert_eq!(cloud.code("CreateTags", &format!("ResourceId.1={vpc}&{rest}")).await, code, "{rest}");
    }
    // One unknown resource: nothing changes on the known one.
    for (id, code) in [
        ("vpc-00000000", "InvalidVpcID.NotFound"),
        ("i-00000000", "InvalidInstanceID.NotFound"),
        ("vol-00000000", "InvalidVolume.NotFound"),
        ("banana", "InvalidID"),
    ] {
        let parameters = format!("ResourceId.1={vpc}&ResourceId.2={id}&Tag.1.Key=a");
        assert_eq!(cloud.code("CreateTags", &parameters).await, code);
    }
    let half: Vec<String> = (1..=30).map(|n| format!("Tag.{n}.Key=a{n}")).collect();
    cloud.ok("CreateTags", &format!("ResourceId.1={vpc}&{}", half.join("&"))).await;
    let rest: Vec<String> = (1..=21).map(|n| format!("Tag.{n}.Key=b{n}")).collect();
    let parameters = format!("ResourceId.1={vpc}&{}", rest.join("&"));
    assert_eq!(cloud.code("CreateTags", &parameters).await, "TagLimitExceeded");
}

#[tokio::test]
async fn more_resources_than_one_transaction_takes() {
    let cloud = Cloud::new();
    let mut ids = Vec::new();
    for _ in 0..150 {
        ids.push(cloud.get("CreateInternetGateway", "", "internetGatewayId").await);
    }
    let all: Vec<String> =
        ids.iter().enumerate().map(|(n, id)| format!("ResourceId.{}={id}", n + 1)).collect();
    let unknown = format!("{}&ResourceId.151=igw-00000000&Tag.1.Key=a", all.join("&"));
    assert_eq!(cloud.code("CreateTags", &unknown).await, "InvalidInternetGatewayID.NotFound");
    cloud.ok("CreateTags", &format!("{}&Tag.1.Key=a", all.join("&"))).await;
    assert_eq!(cloud.list("DescribeTags", "", "key").await.len(), 150);
}
