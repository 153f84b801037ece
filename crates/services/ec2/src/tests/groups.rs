use super::Cloud;

#[tokio::test]
async fn a_new_group_lets_everything_out_and_nothing_in() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let group = cloud.group(&vpc, "web").await;
    let xml = cloud.ok("DescribeSecurityGroups", &format!("GroupId.1={group}")).await;
    assert!(xml.contains("<ipPermissions/>") || xml.contains("<ipPermissions></ipPermissions>"), "{xml}");
    assert_eq!(super::cloud::all(&xml, "cidrIp"), ["0.0.0.0/0"]);
    assert_eq!(super::cloud::all(&xml, "ipProtocol"), ["-1"]);
    let v6 = cloud.get("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId").await;
    let dual = cloud.group(&v6, "web").await;
    let xml = cloud.ok("DescribeSecurityGroups", &format!("GroupId.1={dual}")).await;
    assert_eq!(super::cloud::all(&xml, "cidrIpv6"), ["::/0"]);
}

#[tokio::test]
async fn bad_groups() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    cloud.group(&vpc, "web").await;
    for (parameters, code) in [
        (format!("VpcId={vpc}&GroupDescription=d"), "MissingParameter"),
        (format!("VpcId={vpc}&GroupName=a"), "MissingParameter"),
        (format!("VpcId={vpc}&GroupName=web&GroupDescription=d"), "InvalidGroup.Duplicate"),
        (format!("VpcId={vpc}&GroupName=default&GroupDescription=d"), "InvalidGroup.Reserved"),
        (format!("VpcId={vpc}&GroupName=sg-mine&GroupDescription=d"), "InvalidParameterValue"),
        (format!("VpcId={vpc}&GroupName=ü&GroupDescription=d"), "InvalidParameterValue"),
        (format!("VpcId={vpc}&GroupName={}&GroupDescription=d", "x".repeat(256)), "InvalidParameterValue"),
        (format!("VpcId={vpc}&GroupName=a&GroupDescription=<b>"), "InvalidParameterValue"),
        ("VpcId=vpc-00000000&GroupName=a&GroupDescription=d".to_owned(), "InvalidVpcID.NotFound"),
    ] {
        assert_eq!(cloud.code("CreateSecurityGroup", &parameters).await, code, "{parameters}");
    }
    let fault =
        cloud.fault("CreateSecurityGroup", &format!("VpcId={vpc}&GroupName=web&GroupDescription=d")).await;
    assert_eq!(fault.message, format!("The security group 'web' already exists for VPC '{vpc}'"));
}

#[tokio::test]
async fn deletion_waits_for_users() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.0.0/24").await;
    let (web, db) = (cloud.group(&vpc, "web").await, cloud.group(&vpc, "db").await);
    let from_web = format!(
        "GroupId={db}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=5432&IpPermissions.1.ToPort=5432\
         &IpPermissions.1.Groups.1.GroupId={web}"
    );
    cloud.ok("AuthorizeSecurityGroupIngress", &from_web).await;
    let delete = |id: &str| format!("GroupId={id}");
    let fault = cloud.fault("DeleteSecurityGroup", &delete(&web)).await;
    assert_eq!(fault.code, "DependencyViolation");
    assert_eq!(fault.message, format!("resource {web} has a dependent object"));
    let create = format!("SubnetId={subnet}&SecurityGroupId.1={db}");
    let interface = cloud.get("CreateNetworkInterface", &create, "networkInterfaceId").await;
    assert_eq!(cloud.code("DeleteSecurityGroup", &delete(&db)).await, "DependencyViolation");
    cloud.ok("DeleteNetworkInterface", &format!("NetworkInterfaceId={interface}")).await;
    cloud.ok("DeleteSecurityGroup", &delete(&db)).await;
    cloud.ok("DeleteSecurityGroup", &delete(&web)).await;
    assert_eq!(cloud.code("DeleteSecurityGroup", &delete(&web)).await, "InvalidGroup.NotFound");
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let default = cloud.get("DescribeSecurityGroups", &filter, "groupId").await;
    assert_eq!(cloud.code("DeleteSecurityGroup", &delete(&default)).await, "CannotDelete");
    assert_eq!(cloud.code("DeleteSecurityGroup", "").await, "MissingParameter");
    assert_eq!(cloud.code("DeleteSecurityGroup", "GroupId=x").await, "InvalidGroupId.Malformed");
    assert_eq!(cloud.code("DeleteSecurityGroup", "GroupName=nobody").await, "InvalidGroup.NotFound");
}

#[tokio::test]
async fn filters_look_into_rules() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let (web, db) = (cloud.group(&vpc, "web").await, cloud.group(&vpc, "db").await);
    let web_rule = format!("GroupId={web}&IpProtocol=tcp&FromPort=443&ToPort=443&CidrIp=198.51.100.7/24");
    cloud.ok("AuthorizeSecurityGroupIngress", &web_rule).await;
    let from_web =
        format!("GroupId={db}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.Groups.1.GroupId={web}");
    cloud.ok("AuthorizeSecurityGroupIngress", &from_web).await;
    for (name, value, expected) in [
        ("ip-permission.cidr", "198.51.100.0/24", &web),
        ("ip-permission.from-port", "443", &web),
        ("ip-permission.protocol", "tcp", &web),
        ("ip-permission.group-id", &web, &db),
        ("ip-permission.group-name", "web", &db),
        ("group-name", "d?", &db),
    ] {
        let filter = format!(
            "Filter.1.Name={name}&Filter.1.Value.1={value}&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
        );
        let xml = cloud.ok("DescribeSecurityGroups", &filter).await;
        assert!(xml.contains(&format!("<groupId>{expected}</groupId>")), "{name}: {xml}");
        assert_eq!(super::cloud::all(&xml, "groupDescription").len(), 1, "{name}");
    }
    let egress = format!(
        "Filter.1.Name=egress.ip-permission.cidr&Filter.1.Value.1=0.0.0.0/0&Filter.2.Name=vpc-id&Filter.2.Value.1={vpc}"
    );
    assert_eq!(cloud.list("DescribeSecurityGroups", &egress, "groupDescription").await.len(), 3);
}
