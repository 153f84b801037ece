use super::Cloud;
use super::cloud::all;

async fn world() -> (Cloud, String, String) {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let group = cloud.group(&vpc, "web").await;
    (cloud, vpc, group)
}

const SSH: &str = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22\
    &IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0";

#[tokio::test]
async fn rules_come_with_ids_and_go_by_id_or_content() {
    let (cloud, vpc, group) = world().await;
    cloud.settled();
    let xml = cloud
        .ok(
            "AuthorizeSecurityGroupIngress",
            &format!(
                "GroupId={group}&{SSH}&IpPermissions.1.IpRanges.1.Description=all of it\
                 &IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0&IpPermissions.2.IpProtocol=icmp\
                 &IpPermissions.2.FromPort=8&IpPermissions.2.ToPort=-1&IpPermissions.2.IpRanges.1.CidrIp=10.0.0.9/8\
                 &TagSpecification.1.ResourceType=security-group-rule&TagSpecification.1.Tag.1.Key=a"
            ),
        )
        .await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    let ids = all(&xml, "securityGroupRuleId");
    assert_eq!(ids.len(), 3);
    assert_eq!(all(&xml, "cidrIpv4"), ["0.0.0.0/0", "10.0.0.0/8"]);
    assert!(
        xml.contains("<return>true</return>") && xml.contains("all of it") && xml.contains("<key>a</key>")
    );
    let mine = format!("Filter.1.Name=group-id&Filter.1.Value.1={group}");
    assert_eq!(cloud.list("DescribeSecurityGroupRules", &mine, "securityGroupRuleId").await.len(), 4);
    let one = cloud.ok("DescribeSecurityGroupRules", &format!("SecurityGroupRuleId.1={}", ids[2])).await;
    assert!(one.contains("<fromPort>8</fromPort>") && one.contains("<toPort>-1</toPort>"), "{one}");
    let gone = cloud
        .ok("RevokeSecurityGroupIngress", &format!("GroupId={group}&SecurityGroupRuleId.1={}", ids[1]))
        .await;
    assert!(gone.contains(&ids[1]), "{gone}");
    cloud.ok("RevokeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    assert!(!cloud.list("DescribeTags", "", "resourceId").await.contains(&ids[0]), "its tags went with it");
    let fault = cloud.fault("RevokeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    assert_eq!(fault.code, "InvalidPermission.NotFound");
    assert_eq!(fault.message, "The specified rule does not exist in this security group.");
    for (parameters, code) in [
        (format!("GroupId={group}&SecurityGroupRuleId.1={}", ids[1]), "InvalidSecurityGroupRuleId.NotFound"),
        (format!("GroupId={group}&SecurityGroupRuleId.1=x"), "InvalidSecurityGroupRuleId.Malformed"),
        (format!("GroupId={group}&SecurityGroupRuleId.1={}&{SSH}", ids[2]), "InvalidParameterCombination"),
        (format!("GroupId={group}"), "MissingParameter"),
    ] {
        assert_eq!(cloud.code("RevokeSecurityGroupIngress", &parameters).await, code, "{parameters}");
    }
    // An ingress rule is not an egress rule.
    let wrong_way = format!("GroupId={group}&SecurityGroupRuleId.1={}", ids[2]);
    assert_eq!(
        cloud.code("RevokeSecurityGroupEgress", &wrong_way).await,
        "InvalidSecurityGroupRuleId.NotFound"
    );
    let all_out =
        format!("GroupId={group}&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0");
    cloud.ok("RevokeSecurityGroupEgress", &all_out).await;
    cloud.ok("AuthorizeSecurityGroupEgress", &all_out).await;
}

#[tokio::test]
async fn revoking_what_is_not_there_in_the_default_vpc_is_told_not_refused() {
    let cloud = Cloud::new();
    let group = cloud.get("CreateSecurityGroup", "GroupName=web&GroupDescription=d", "groupId").await;
    let xml = cloud.ok("RevokeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    assert!(xml.contains("<unknownIpPermissionSet><item>"), "{xml}");
    // By name, with the old form of one permission.
    cloud
        .ok(
            "AuthorizeSecurityGroupIngress",
            "GroupName=web&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0",
        )
        .await;
    cloud
        .ok(
            "RevokeSecurityGroupIngress",
            "GroupName=web&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0",
        )
        .await;
    // A source group without protocol is all of TCP, UDP and ICMP.
    let xml =
        cloud.ok("AuthorizeSecurityGroupIngress", "GroupName=web&SourceSecurityGroupName=default").await;
    assert_eq!(all(&xml, "ipProtocol"), ["tcp", "udp", "icmp"]);
}

#[tokio::test]
async fn bad_rules() {
    let (cloud, vpc, group) = world().await;
    let elsewhere = cloud.vpc("10.1.0.0/16").await;
    let foreign = cloud.group(&elsewhere, "web").await;
    let _ = vpc;
    let tcp = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=22&IpPermissions.1.ToPort=22";
    for (rest, code) in [
        (String::new(), "MissingParameter"),
        (tcp.to_owned(), "MissingParameter"),
        (format!("{tcp}&IpPermissions.1.IpRanges.1.CidrIp=nonsense"), "InvalidParameterValue"),
        (format!("{tcp}&IpPermissions.1.IpRanges.1.CidrIp=10.0.0.1"), "InvalidParameterValue"),
        (format!("{tcp}&IpPermissions.1.Ipv6Ranges.1.CidrIpv6=10.0.0.0/8"), "InvalidParameterValue"),
        (
            format!(
                "{tcp}&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.2.CidrIp=0.0.0.0/0"
            ),
            "InvalidParameterValue",
        ),
        (
            format!(
                "{tcp}&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0&IpPermissions.1.IpRanges.1.Description=<"
            ),
            "InvalidParameterValue",
        ),
        (format!("{tcp}&IpPermissions.1.Groups.1.GroupId=sg-00000000"), "InvalidGroup.NotFound"),
        (format!("{tcp}&IpPermissions.1.Groups.1.GroupId={foreign}"), "InvalidGroup.NotFound"),
        (format!("{tcp}&IpPermissions.1.Groups.1.GroupName=nobody"), "InvalidGroup.NotFound"),
        (
            format!("{tcp}&IpPermissions.1.PrefixListIds.1.PrefixListId=pl-00000000"),
            "InvalidPrefixListID.NotFound",
        ),
        ("IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0".to_owned(), "InvalidParameterValue"),
        (
            "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0".to_owned(),
            "InvalidParameterValue",
        ),
        (format!("{SSH}&IpProtocol=tcp&CidrIp=0.0.0.0/0"), "InvalidParameterCombination"),
    ] {
        let parameters = format!("GroupId={group}&{rest}");
        assert_eq!(cloud.code("AuthorizeSecurityGroupIngress", &parameters).await, code, "{rest}");
    }
    assert_eq!(cloud.code("AuthorizeSecurityGroupIngress", SSH).await, "MissingParameter");
    cloud.ok("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    let fault = cloud.fault("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    assert_eq!(fault.code, "InvalidPermission.Duplicate");
    assert_eq!(
        fault.message,
        "the specified rule \"peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW\" already exists"
    );
}

#[tokio::test]
async fn sixty_rules_for_each_direction_and_family() {
    let (cloud, _, group) = world().await;
    let ranges: Vec<String> =
        (0..60).map(|n| format!("IpPermissions.1.IpRanges.{}.CidrIp=10.{n}.0.0/16", n + 1)).collect();
    let tcp = "IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1";
    cloud.ok("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{tcp}&{}", ranges.join("&"))).await;
    let one = |range: &str| format!("GroupId={group}&{tcp}&{range}");
    let v4 = one("IpPermissions.1.IpRanges.1.CidrIp=11.0.0.0/8");
    assert_eq!(cloud.code("AuthorizeSecurityGroupIngress", &v4).await, "RulesPerSecurityGroupLimitExceeded");
    // A rule with a group counts in both families.
    let by_group = one(&format!("IpPermissions.1.Groups.1.GroupId={group}"));
    assert_eq!(
        cloud.code("AuthorizeSecurityGroupIngress", &by_group).await,
        "RulesPerSecurityGroupLimitExceeded"
    );
    cloud.ok("AuthorizeSecurityGroupIngress", &one("IpPermissions.1.Ipv6Ranges.1.CidrIpv6=::/0")).await;
    cloud.ok("AuthorizeSecurityGroupEgress", &v4).await;
}

#[tokio::test]
async fn rules_are_modified_under_their_ids() {
    let (cloud, vpc, group) = world().await;
    let xml = cloud.ok("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    let id = all(&xml, "securityGroupRuleId").remove(0);
    let modify = |rest: &str| {
        format!(
            "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={id}&{}",
            rest.replace("R.", "SecurityGroupRule.1.SecurityGroupRule.")
        )
    };
    cloud.settled();
    cloud
        .ok(
            "ModifySecurityGroupRules",
            &modify(
                "R.IpProtocol=tcp&R.FromPort=2222&R.ToPort=2222&R.CidrIpv4=10.0.0.0/8&R.Description=moved",
            ),
        )
        .await;
    assert_eq!(cloud.settled(), [vpc]);
    let shown = cloud.ok("DescribeSecurityGroupRules", &format!("SecurityGroupRuleId.1={id}")).await;
    assert!(shown.contains("2222") && shown.contains("10.0.0.0/8") && shown.contains("moved"), "{shown}");
    for (rest, code) in [
        ("R.IpProtocol=tcp&R.FromPort=1&R.ToPort=1", "InvalidParameterCombination"),
        ("R.IpProtocol=tcp&R.FromPort=1&R.ToPort=1&R.CidrIpv6=::/0", "InvalidParameterValue"),
        ("R.IpProtocol=tcp&R.FromPort=9&R.ToPort=1&R.CidrIpv4=0.0.0.0/0", "InvalidParameterValue"),
        ("R.FromPort=1&R.ToPort=1&R.CidrIpv4=0.0.0.0/0", "InvalidParameterValue"),
    ] {
        assert_eq!(cloud.code("ModifySecurityGroupRules", &modify(rest)).await, code, "{rest}");
    }
    cloud.ok("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    let twin = modify("R.IpProtocol=tcp&R.FromPort=22&R.ToPort=22&R.CidrIpv4=0.0.0.0/0");
    assert_eq!(cloud.code("ModifySecurityGroupRules", &twin).await, "InvalidPermission.Duplicate");
    let unknown = twin.replace(&id, "sgr-00000000");
    assert_eq!(cloud.code("ModifySecurityGroupRules", &unknown).await, "InvalidSecurityGroupRuleId.NotFound");
}

#[tokio::test]
async fn descriptions() {
    let (cloud, _, group) = world().await;
    let xml = cloud.ok("AuthorizeSecurityGroupIngress", &format!("GroupId={group}&{SSH}")).await;
    let id = all(&xml, "securityGroupRuleId").remove(0);
    let text = async || {
        let xml = cloud.ok("DescribeSecurityGroupRules", &format!("SecurityGroupRuleId.1={id}")).await;
        all(&xml, "description")
    };
    let by_content = format!("GroupId={group}&{SSH}&IpPermissions.1.IpRanges.1.Description=first");
    cloud.ok("UpdateSecurityGroupRuleDescriptionsIngress", &by_content).await;
    assert_eq!(text().await, ["first"]);
    let by_id = |text: &str| {
        format!(
            "GroupId={group}&SecurityGroupRuleDescription.1.SecurityGroupRuleId={id}\
             &SecurityGroupRuleDescription.1.Description={text}"
        )
    };
    cloud.ok("UpdateSecurityGroupRuleDescriptionsIngress", &by_id("second")).await;
    assert_eq!(text().await, ["second"]);
    cloud.ok("UpdateSecurityGroupRuleDescriptionsIngress", &by_id("")).await;
    assert!(text().await.is_empty());
    assert_eq!(
        cloud.code("UpdateSecurityGroupRuleDescriptionsEgress", &by_id("x")).await,
        "InvalidSecurityGroupRuleId.NotFound"
    );
    let unknown = by_content.replace("ToPort=22", "ToPort=23");
    assert_eq!(
        cloud.code("UpdateSecurityGroupRuleDescriptionsIngress", &unknown).await,
        "InvalidPermission.NotFound"
    );
    let neither = format!("GroupId={group}");
    assert_eq!(cloud.code("UpdateSecurityGroupRuleDescriptionsIngress", &neither).await, "MissingParameter");
}
