use super::Cloud;
use super::cloud::all;
use records::{AccountNetwork, NetworkAcl};

fn of_vpc(vpc: &str) -> String {
    format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}")
}

async fn acl(cloud: &Cloud, vpc: &str) -> String {
    cloud.get("CreateNetworkAcl", &format!("VpcId={vpc}"), "networkAclId").await
}

fn entry(acl: &str, number: i32, rest: &str) -> String {
    format!("NetworkAclId={acl}&RuleNumber={number}&Egress=false&RuleAction=allow&{rest}")
}

const ALL: &str = "Protocol=-1&CidrBlock=0.0.0.0/0";

#[tokio::test]
async fn every_vpc_has_a_default_acl_and_every_subnet_an_association() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let shown = cloud.ok("DescribeNetworkAcls", &of_vpc(&vpc)).await;
    assert_eq!(all(&shown, "ruleNumber"), ["100", "32767", "100", "32767"]);
    assert_eq!(all(&shown, "egress"), ["true", "true", "false", "false"]);
    assert_eq!(all(&shown, "ruleAction"), ["allow", "deny", "allow", "deny"]);
    assert!(shown.contains("<default>true</default>") && !shown.contains("aclassoc-"), "{shown}");
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let shown = cloud.ok("DescribeNetworkAcls", &of_vpc(&vpc)).await;
    assert_eq!(all(&shown, "subnetId"), [subnet.as_str()]);
    cloud.ok("DeleteSubnet", &format!("SubnetId={subnet}")).await;
    let shown = cloud.ok("DescribeNetworkAcls", &of_vpc(&vpc)).await;
    assert!(all(&shown, "subnetId").is_empty(), "{shown}");
    // The default VPC's subnets are guarded from the start, the one made anew too.
    let default = "Filter.1.Name=default-for-az&Filter.1.Value.1=true";
    let subnets = cloud.list("DescribeSubnets", default, "subnetId").await;
    let guarded = async |subnet: &str| {
        let filter = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
        cloud.list("DescribeNetworkAcls", &filter, "networkAclId").await.len()
    };
    for subnet in &subnets {
        // The ACL's own id and the one inside of each association.
        assert_eq!(guarded(subnet).await, 1 + subnets.len(), "{subnet}");
    }
    let zone = format!("{default}&Filter.2.Name=availability-zone&Filter.2.Value.1=us-east-1a");
    let first = cloud.get("DescribeSubnets", &zone, "subnetId").await;
    cloud.ok("DeleteSubnet", &format!("SubnetId={first}")).await;
    let again = cloud.get("CreateDefaultSubnet", "AvailabilityZone=us-east-1a", "subnetId").await;
    assert_eq!(guarded(&again).await, 1 + subnets.len());
    // The default ACL goes with its VPC; another one keeps the VPC.
    let custom = acl(&cloud, &vpc).await;
    assert_eq!(cloud.code("DeleteVpc", &format!("VpcId={vpc}")).await, "DependencyViolation");
    cloud.ok("DeleteNetworkAcl", &format!("NetworkAclId={custom}")).await;
    cloud.ok("DeleteVpc", &format!("VpcId={vpc}")).await;
    assert!(cloud.list("DescribeNetworkAcls", &of_vpc(&vpc), "networkAclId").await.is_empty());
}

#[tokio::test]
async fn ipv6_comes_into_an_untouched_direction_only() {
    let cloud = Cloud::new();
    let born =
        cloud.get("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId").await;
    let numbers = cloud.list("DescribeNetworkAcls", &of_vpc(&born), "ruleNumber").await;
    assert_eq!(numbers, ["100", "101", "32767", "32768", "100", "101", "32767", "32768"]);
    let vpc = cloud.vpc("10.1.0.0/16").await;
    let default = cloud.get("DescribeNetworkAcls", &of_vpc(&vpc), "networkAclId").await;
    cloud.ok("CreateNetworkAclEntry", &entry(&default, 50, "Protocol=50&CidrBlock=9.0.0.0/8")).await;
    cloud.ok("AssociateVpcCidrBlock", &format!("VpcId={vpc}&AmazonProvidedIpv6CidrBlock=true")).await;
    let numbers = cloud.list("DescribeNetworkAcls", &of_vpc(&vpc), "ruleNumber").await;
    assert_eq!(numbers, ["100", "101", "32767", "32768", "50", "100", "32767", "32768"]);
}

#[tokio::test]
async fn entries_come_change_and_go() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let id = acl(&cloud, &vpc).await;
    cloud.settled();
    cloud
        .ok(
            "CreateNetworkAclEntry",
            &entry(&id, 10, "Protocol=6&CidrBlock=10.9.8.7/8&PortRange.From=80&PortRange.To=90"),
        )
        .await;
    assert_eq!(cloud.settled(), [vpc.as_str()], "the answer waited for the data plane");
    let list = format!("NetworkAclId.1={id}");
    let shown = cloud.ok("DescribeNetworkAcls", &list).await;
    assert!(
        shown.contains("<from>80</from><to>90</to>") && shown.contains("<cidrBlock>10.0.0.0/8</cidrBlock>"),
        "{shown}"
    );
    let fault = cloud.fault("CreateNetworkAclEntry", &entry(&id, 10, ALL)).await;
    assert_eq!(fault.code, "NetworkAclEntryAlreadyExists");
    assert_eq!(fault.message, "The network acl entry identified by 10 already exists.");
    // The same number may stand in the other direction.
    let outbound = format!("NetworkAclId={id}&RuleNumber=10&Egress=true&RuleAction=deny&{ALL}");
    cloud.ok("CreateNetworkAclEntry", &outbound).await;
    cloud
        .ok(
            "ReplaceNetworkAclEntry",
            &entry(&id, 10, "Protocol=icmp&CidrBlock=0.0.0.0/0&Icmp.Type=8&Icmp.Code=-1"),
        )
        .await;
    let shown = cloud.ok("DescribeNetworkAcls", &list).await;
    assert!(!shown.contains("portRange") && shown.contains("<type>8</type>"), "{shown}");
    for (filter, value, hits) in [
        ("entry.protocol", "icmp", 1),
        ("entry.protocol", "1", 1),
        ("entry.icmp.type", "8", 1),
        ("entry.icmp.type", "9", 0),
        ("entry.rule-number", "32767", 2),
        ("entry.port-range.from", "80", 0),
        ("default", "false", 1),
    ] {
        let filters = format!("{}&Filter.2.Name={filter}&Filter.2.Value.1={value}", of_vpc(&vpc));
        assert_eq!(
            cloud.list("DescribeNetworkAcls", &filters, "networkAclId").await.len(),
            hits,
            "{filter} {value}"
        );
    }
    let gone = format!("NetworkAclId={id}&RuleNumber=10&Egress=false");
    cloud.ok("DeleteNetworkAclEntry", &gone).await;
    assert_eq!(cloud.code("DeleteNetworkAclEntry", &gone).await, "InvalidNetworkAclEntry.NotFound");
    assert_eq!(
        cloud.code("ReplaceNetworkAclEntry", &entry(&id, 10, ALL)).await,
        "InvalidNetworkAclEntry.NotFound"
    );
    // The other direction's entry is still there.
    assert_eq!(cloud.list("DescribeNetworkAcls", &list, "ruleNumber").await, ["10", "32767", "32767"]);
}

#[tokio::test]
async fn each_direction_and_family_has_its_quota() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let id = acl(&cloud, &vpc).await;
    for number in 1..20 {
        cloud.ok("CreateNetworkAclEntry", &entry(&id, number, ALL)).await;
    }
    let fault = cloud.fault("CreateNetworkAclEntry", &entry(&id, 20, ALL)).await;
    assert_eq!(fault.code, "NetworkAclEntryLimitExceeded");
    cloud.ok("CreateNetworkAclEntry", &entry(&id, 20, "Protocol=-1&Ipv6CidrBlock=::/0")).await;
    // Replacing needs no room, unless the entry changes its family.
    cloud.ok("ReplaceNetworkAclEntry", &entry(&id, 19, "Protocol=50&CidrBlock=0.0.0.0/0")).await;
    let moved = entry(&id, 20, ALL);
    assert_eq!(cloud.code("ReplaceNetworkAclEntry", &moved).await, "NetworkAclEntryLimitExceeded");
    for _ in 0..198 {
        acl(&cloud, &vpc).await;
    }
    assert_eq!(cloud.code("CreateNetworkAcl", &format!("VpcId={vpc}")).await, "NetworkAclLimitExceeded");
}

#[tokio::test]
async fn a_subnet_changes_its_acl_and_is_never_without() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let default = cloud.get("DescribeNetworkAcls", &of_vpc(&vpc), "networkAclId").await;
    let id = acl(&cloud, &vpc).await;
    let first = cloud.get("DescribeNetworkAcls", &of_vpc(&vpc), "networkAclAssociationId").await;
    cloud.settled();
    let replace = format!("AssociationId={first}&NetworkAclId={id}");
    let second = cloud.get("ReplaceNetworkAclAssociation", &replace, "newAssociationId").await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    assert_ne!(first, second);
    assert_eq!(cloud.code("ReplaceNetworkAclAssociation", &replace).await, "InvalidAssociationID.NotFound");
    let filter = format!("Filter.1.Name=association.subnet-id&Filter.1.Value.1={subnet}");
    assert_eq!(cloud.get("DescribeNetworkAcls", &filter, "networkAclId").await, id);
    assert_eq!(cloud.code("DeleteNetworkAcl", &format!("NetworkAclId={id}")).await, "DependencyViolation");
    // Again the same ACL: nothing changes, the association keeps its id.
    let same = format!("AssociationId={second}&NetworkAclId={id}");
    assert_eq!(cloud.get("ReplaceNetworkAclAssociation", &same, "newAssociationId").await, second);
    let other = cloud.vpc("10.0.0.0/16").await;
    let foreign = acl(&cloud, &other).await;
    let fault = cloud
        .fault("ReplaceNetworkAclAssociation", &format!("AssociationId={second}&NetworkAclId={foreign}"))
        .await;
    assert_eq!(fault.code, "InvalidParameterValue");
    assert!(fault.message.contains("belong to different networks"), "{}", fault.message);
    let fault = cloud.fault("DeleteNetworkAcl", &format!("NetworkAclId={default}")).await;
    assert_eq!(
        (fault.code.as_ref(), fault.message),
        ("InvalidParameterValue", format!("cannot delete default network ACL {default}"))
    );
}

#[tokio::test]
async fn bad_acl_requests() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let id = acl(&cloud, &vpc).await;
    for (action, parameters, code) in [
        ("CreateNetworkAcl", String::new(), "MissingParameter"),
        ("CreateNetworkAcl", "VpcId=vpc-00000000".to_owned(), "InvalidVpcID.NotFound"),
        ("DeleteNetworkAcl", "NetworkAclId=acl-00000000".to_owned(), "InvalidNetworkAclID.NotFound"),
        ("DeleteNetworkAcl", "NetworkAclId=banana".to_owned(), "InvalidNetworkAclId.Malformed"),
        ("DescribeNetworkAcls", "NetworkAclId.1=acl-00000000".to_owned(), "InvalidNetworkAclID.NotFound"),
        (
            "DescribeNetworkAcls",
            "Filter.1.Name=colour&Filter.1.Value.1=x".to_owned(),
            "InvalidParameterValue",
        ),
        ("DescribeNetworkAcls", "MaxResults=4".to_owned(), "InvalidParameterValue"),
        ("CreateNetworkAclEntry", entry("acl-00000000", 1, ALL), "InvalidNetworkAclID.NotFound"),
        ("CreateNetworkAclEntry", entry(&id, 0, ALL), "InvalidParameterValue"),
        ("CreateNetworkAclEntry", entry(&id, 32_767, ALL), "InvalidParameterValue"),
        ("CreateNetworkAclEntry", entry(&id, 1, "Protocol=-1"), "MissingParameter"),
        ("CreateNetworkAclEntry", entry(&id, 1, "Protocol=tcp&CidrBlock=0.0.0.0/0"), "MissingParameter"),
        ("CreateNetworkAclEntry", entry(&id, 1, "Protocol=-1&CidrBlock=10.0.0.0"), "InvalidParameterValue"),
        (
            "CreateNetworkAclEntry",
            entry(&id, 1, &format!("{ALL}&Ipv6CidrBlock=::/0")),
            "InvalidParameterCombination",
        ),
        (
            "DeleteNetworkAclEntry",
            format!("NetworkAclId={id}&RuleNumber=32767&Egress=true"),
            "InvalidParameterValue",
        ),
        (
            "DeleteNetworkAclEntry",
            format!("NetworkAclId={id}&RuleNumber=5&Egress=true"),
            "InvalidNetworkAclEntry.NotFound",
        ),
        (
            "ReplaceNetworkAclAssociation",
            format!("NetworkAclId={id}&AssociationId=aclassoc-00000000"),
            "InvalidAssociationID.NotFound",
        ),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, code, "{action} {parameters}");
    }
    let once = format!(
        "VpcId={vpc}&ClientToken=abc&TagSpecification.1.ResourceType=network-acl&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b"
    );
    let made = cloud.get("CreateNetworkAcl", &once, "networkAclId").await;
    assert_eq!(cloud.get("CreateNetworkAcl", &once, "networkAclId").await, made);
    assert_eq!(
        cloud.list("DescribeNetworkAcls", "Filter.1.Name=tag:a&Filter.1.Value.1=b", "networkAclId").await,
        [made]
    );
}

#[tokio::test]
async fn a_data_directory_from_before_acls_gets_them_with_the_first_request() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let scope = cloud.world.scope();
    cloud
        .world
        .store()
        .transact(|tx| {
            for acl in tx.list::<NetworkAcl>(&scope) {
                tx.delete::<NetworkAcl>(&scope, &acl.id);
            }
            tx.update::<AccountNetwork>(&scope, AccountNetwork::ID, |network| network.has_acls = false);
            Ok::<_, state_store::StoreError>(())
        })
        .await
        .unwrap();
    let shown = cloud.ok("DescribeNetworkAcls", &of_vpc(&vpc)).await;
    assert_eq!(all(&shown, "subnetId"), [subnet.as_str()]);
    let vpcs = cloud.list("DescribeVpcs", "", "vpcId").await.len();
    assert_eq!(cloud.world.store().list::<NetworkAcl>(&scope).len(), vpcs);
    assert!(cloud.world.store().get::<AccountNetwork>(&scope, AccountNetwork::ID).unwrap().has_acls);
}
