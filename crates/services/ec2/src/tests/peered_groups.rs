//! Rules that name groups of other VPCs.

use super::Cloud;
use super::cloud::all;

/// Two peered VPCs with a group each: connection, VPCs, groups.
struct Pair {
    cloud: Cloud,
    pcx: String,
    vpcs: [String; 2],
    groups: [String; 2],
}

async fn pair() -> Pair {
    let cloud = Cloud::new();
    let vpcs = [cloud.vpc("10.0.0.0/16").await, cloud.vpc("10.1.0.0/16").await];
    let groups = [cloud.group(&vpcs[0], "web").await, cloud.group(&vpcs[1], "db").await];
    let pcx = peer(&cloud, &vpcs).await;
    Pair { cloud, pcx, vpcs, groups }
}

async fn peer(cloud: &Cloud, vpcs: &[String; 2]) -> String {
    let parameters = format!("VpcId={}&PeerVpcId={}", vpcs[0], vpcs[1]);
    let pcx = cloud.get("CreateVpcPeeringConnection", &parameters, "vpcPeeringConnectionId").await;
    cloud.ok("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}")).await;
    pcx
}

/// A rule of `group` that lets `other` reach port 5432.
fn rule(group: &str, other: &str) -> String {
    format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=5432&IpPermissions.1.ToPort=5432\
         &IpPermissions.1.Groups.1.GroupId={other}"
    )
}

#[tokio::test]
async fn groups_across_a_peering_connection() {
    let Pair { cloud, pcx, vpcs, groups } = pair().await;
    let xml = cloud.ok("AuthorizeSecurityGroupIngress", &rule(&groups[1], &groups[0])).await;
    for expected in [
        format!("<vpcId>{}</vpcId>", vpcs[0]),
        format!("<vpcPeeringConnectionId>{pcx}</vpcPeeringConnectionId>"),
        "<peeringStatus>active</peeringStatus>".to_owned(),
    ] {
        assert!(xml.contains(&expected), "{xml}");
        let seen = cloud.ok("DescribeSecurityGroups", &format!("GroupId.1={}", groups[1])).await;
        assert!(seen.contains(&expected), "{seen}");
    }
    let parameters = rule(&groups[1], &groups[0]);
    assert_eq!(cloud.code("AuthorizeSecurityGroupIngress", &parameters).await, "InvalidPermission.Duplicate");

    let seen = cloud.ok("DescribeSecurityGroupReferences", &format!("GroupId.1={}", groups[0])).await;
    assert_eq!(all(&seen, "referencingVpcId"), [vpcs[1].as_str()]);
    assert_eq!(all(&seen, "vpcPeeringConnectionId"), [pcx.as_str()]);
    let none = cloud.ok("DescribeSecurityGroupReferences", &format!("GroupId.1={}", groups[1])).await;
    assert!(!none.contains("referencingVpcId"));
    assert_eq!(
        cloud.code("DescribeSecurityGroupReferences", "GroupId.1=sg-00000000").await,
        "InvalidGroup.NotFound"
    );
    assert_eq!(cloud.code("DescribeSecurityGroupReferences", "").await, "MissingParameter");
}

#[tokio::test]
async fn out_of_reach_means_different_networks() {
    let Pair { cloud, pcx, vpcs, groups } = pair().await;
    let far = cloud.vpc("10.2.0.0/16").await;
    let stranger = cloud.group(&far, "stranger").await;
    let fault = cloud.fault("AuthorizeSecurityGroupIngress", &rule(&groups[1], &stranger)).await;
    assert_eq!(fault.code, "InvalidGroup.NotFound");
    assert_eq!(fault.message, "You have specified two resources that belong to different networks.");
    for wrong in [
        format!("&IpPermissions.1.Groups.1.VpcPeeringConnectionId={}", pcx.replace("pcx-", "pcx-f")),
        format!("&IpPermissions.1.Groups.1.VpcId={far}"),
        "&IpPermissions.1.Groups.1.UserId=222222222222".to_owned(),
    ] {
        let parameters = rule(&groups[1], &groups[0]) + &wrong;
        assert_eq!(cloud.code("AuthorizeSecurityGroupIngress", &parameters).await, "InvalidGroup.NotFound");
    }
    let right = format!(
        "{}&IpPermissions.1.Groups.1.VpcPeeringConnectionId={pcx}&IpPermissions.1.Groups.1.VpcId={}",
        rule(&groups[1], &groups[0]),
        vpcs[0]
    );
    cloud.ok("AuthorizeSecurityGroupIngress", &right).await;
}

#[tokio::test]
async fn rules_become_stale_and_can_be_revoked() {
    let Pair { cloud, pcx, vpcs, groups } = pair().await;
    let of_vpc = format!("VpcId={}", vpcs[1]);
    cloud.ok("AuthorizeSecurityGroupIngress", &rule(&groups[1], &groups[0])).await;
    cloud.ok("AuthorizeSecurityGroupEgress", &rule(&groups[1], &groups[0])).await;
    assert!(!cloud.ok("DescribeStaleSecurityGroups", &of_vpc).await.contains("sg-"));

    cloud.ok("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}")).await;
    let stale = cloud.ok("DescribeStaleSecurityGroups", &of_vpc).await;
    assert_eq!(all(&stale, "groupName"), ["db"]);
    assert_eq!(all(&stale, "peeringStatus"), ["deleted", "deleted"], "one of each direction: {stale}");
    assert!(stale.contains("<staleIpPermissions><item><fromPort>5432"), "{stale}");
    assert!(!cloud.ok("DescribeStaleSecurityGroups", &format!("VpcId={}", vpcs[0])).await.contains("sg-"));

    // A new connection brings the rule back to life, and deleting the group makes it stale again.
    let again = peer(&cloud, &vpcs).await;
    let seen = cloud.ok("DescribeSecurityGroups", &format!("GroupId.1={}", groups[1])).await;
    assert!(seen.contains(&again) && seen.contains("<peeringStatus>active</peeringStatus>"));
    assert!(!cloud.ok("DescribeStaleSecurityGroups", &of_vpc).await.contains("sg-"));
    cloud.ok("DeleteSecurityGroup", &format!("GroupId={}", groups[0])).await;
    assert!(cloud.ok("DescribeStaleSecurityGroups", &of_vpc).await.contains(&groups[1]));

    let parameters = rule(&groups[1], &groups[0]);
    assert_eq!(cloud.code("AuthorizeSecurityGroupIngress", &parameters).await, "InvalidGroup.NotFound");
    cloud.ok("RevokeSecurityGroupIngress", &parameters).await;
    cloud.ok("RevokeSecurityGroupEgress", &parameters).await;
    assert!(!cloud.ok("DescribeStaleSecurityGroups", &of_vpc).await.contains("sg-"));
    let left = cloud.world.store().list::<records::PeeredRule>(&cloud.world.scope());
    assert!(left.is_empty(), "nothing stays behind: {left:?}");
}

#[tokio::test]
async fn groups_of_another_account() {
    let cloud = Cloud::new();
    let mine = cloud.vpc("10.0.0.0/16").await;
    let group = cloud.group(&mine, "web").await;
    let other = cloud.world.call_from("222222222222", "us-east-1");
    let ask = async |action: &str, parameters: &str, element: &str| {
        let xml = cloud.ask_as(&other, action, parameters).await.expect("an answer");
        all(&xml, element).remove(0)
    };
    let theirs = ask("CreateVpc", "CidrBlock=10.1.0.0/16", "vpcId").await;
    let parameters = format!("VpcId={theirs}&GroupName=db&GroupDescription=d");
    let remote = ask("CreateSecurityGroup", &parameters, "groupId").await;
    let parameters = format!("VpcId={mine}&PeerVpcId={theirs}&PeerOwnerId=222222222222");
    let pcx = cloud.get("CreateVpcPeeringConnection", &parameters, "vpcPeeringConnectionId").await;
    let with_account = format!("{}&IpPermissions.1.Groups.1.UserId=222222222222", rule(&group, &remote));
    assert_eq!(cloud.code("AuthorizeSecurityGroupIngress", &with_account).await, "InvalidGroup.NotFound");
    ask("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={pcx}"), "code").await;
    assert_eq!(
        cloud.code("AuthorizeSecurityGroupIngress", &rule(&group, &remote)).await,
        "InvalidGroup.NotFound",
        "without the account's id it is looked for in one's own"
    );
    let xml = cloud.ok("AuthorizeSecurityGroupIngress", &with_account).await;
    assert!(xml.contains("<userId>222222222222</userId>"), "{xml}");
    let id = all(&xml, "securityGroupRuleId").remove(0);
    let change = format!(
        "GroupId={group}&SecurityGroupRule.1.SecurityGroupRuleId={id}&SecurityGroupRule.1.SecurityGroupRule.IpProtocol=-1\
         &SecurityGroupRule.1.SecurityGroupRule.ReferencedGroupId={remote}"
    );
    cloud.ok("ModifySecurityGroupRules", &change).await;
    let seen =
        ask("DescribeSecurityGroupReferences", &format!("GroupId.1={remote}"), "referencingVpcId").await;
    assert_eq!(seen, mine);
}

#[tokio::test]
async fn groups_for_a_vpc() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let mut made = vec![];
    for n in 0..6 {
        made.push(cloud.group(&vpc, &format!("g{n}")).await);
    }
    let of_vpc = format!("VpcId={vpc}");
    assert_eq!(
        cloud.list("GetSecurityGroupsForVpc", &of_vpc, "groupId").await.len(),
        7,
        "with the default one"
    );
    for (filter, value, count) in [
        ("group-name", "g?", 6),
        ("group-id", &made[2], 1),
        ("description", "test", 6),
        ("primary-vpc-id", &vpc, 7),
        ("owner-id", "000000000000", 7),
    ] {
        let parameters = format!("{of_vpc}&Filter.1.Name={filter}&Filter.1.Value.1={value}");
        assert_eq!(
            cloud.list("GetSecurityGroupsForVpc", &parameters, "groupId").await.len(),
            count,
            "{filter}"
        );
    }
    let first = cloud.ok("GetSecurityGroupsForVpc", &format!("{of_vpc}&MaxResults=5")).await;
    let token = all(&first, "nextToken").remove(0);
    let rest = cloud
        .list("GetSecurityGroupsForVpc", &format!("{of_vpc}&MaxResults=5&NextToken={token}"), "groupId")
        .await;
    assert_eq!((all(&first, "groupId").len(), rest.len()), (5, 2));
    for (parameters, code) in [
        ("VpcId=vpc-00000000", "InvalidVpcID.NotFound"),
        ("VpcId=x", "InvalidVpcID.Malformed"),
        ("VpcId=vpc-00000000&Filter.1.Name=x&Filter.1.Value.1=y", "InvalidParameterValue"),
    ] {
        assert_eq!(cloud.code("GetSecurityGroupsForVpc", parameters).await, code);
    }
}
