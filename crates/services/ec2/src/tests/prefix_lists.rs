use super::Cloud;
use super::cloud::all;

const CREATE: &str = "PrefixListName=offices&MaxEntries=3&AddressFamily=IPv4\
    &Entry.1.Cidr=10.1.2.3/16&Entry.1.Description=berlin&Entry.2.Cidr=10.2.0.0/16";

async fn list(cloud: &Cloud) -> String {
    cloud.get("CreateManagedPrefixList", CREATE, "prefixListId").await
}

#[tokio::test]
async fn versions() {
    let cloud = Cloud::new();
    let id = list(&cloud).await;
    let entries = async |version: &str| {
        let parameters = format!("PrefixListId={id}{version}");
        cloud.list("GetManagedPrefixListEntries", &parameters, "cidr").await
    };
    assert_eq!(entries("").await, ["10.1.0.0/16", "10.2.0.0/16"]);
    cloud
        .ok(
            "ModifyManagedPrefixList",
            &format!("PrefixListId={id}&CurrentVersion=1&AddEntry.1.Cidr=10.3.0.0/16&RemoveEntry.1.Cidr=10.1.0.0/16"),
        )
        .await;
    assert_eq!(entries("").await, ["10.2.0.0/16", "10.3.0.0/16"]);
    assert_eq!(entries("&TargetVersion=1").await, ["10.1.0.0/16", "10.2.0.0/16"]);
    let restore = format!("PrefixListId={id}&PreviousVersion=1&CurrentVersion=2");
    cloud.ok("RestoreManagedPrefixListVersion", &restore).await;
    assert_eq!(entries("").await, ["10.1.0.0/16", "10.2.0.0/16"]);
    let shown = cloud.ok("DescribeManagedPrefixLists", &format!("PrefixListId.1={id}")).await;
    assert!(shown.contains("<version>3</version>") && shown.contains("restore-complete"), "{shown}");
    for (rest, code) in [
        ("CurrentVersion=1&AddEntry.1.Cidr=9.0.0.0/8", "PrefixListVersionMismatch"),
        ("AddEntry.1.Cidr=9.0.0.0/8", "MissingParameter"),
        (
            "CurrentVersion=3&AddEntry.1.Cidr=9.0.0.0/8&AddEntry.2.Cidr=8.0.0.0/8",
            "PrefixListMaxEntriesExceeded",
        ),
        ("CurrentVersion=3&RemoveEntry.1.Cidr=9.0.0.0/8", "InvalidParameterValue"),
        ("CurrentVersion=3&AddEntry.1.Cidr=::/0", "InvalidParameterValue"),
        ("CurrentVersion=3&AddEntry.1.Cidr=9.0.0.0/8&AddEntry.2.Cidr=9.1.0.0/8", "InvalidParameterValue"),
        ("MaxEntries=1", "InvalidParameterValue"),
        ("PrefixListName=com.amazonaws.mine", "InvalidParameterValue"),
    ] {
        let parameters = format!("PrefixListId={id}&{rest}");
        assert_eq!(cloud.code("ModifyManagedPrefixList", &parameters).await, code, "{rest}");
    }
    let absent = format!("PrefixListId={id}&TargetVersion=9");
    assert_eq!(cloud.code("GetManagedPrefixListEntries", &absent).await, "InvalidParameterValue");
}

#[tokio::test]
async fn rules_and_routes_follow_the_list() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let gateway = cloud.gateway(&vpc).await;
    let group = cloud.group(&vpc, "web").await;
    let id = list(&cloud).await;
    let rule = format!(
        "GroupId={group}&IpPermissions.1.IpProtocol=tcp&IpPermissions.1.FromPort=1&IpPermissions.1.ToPort=1\
         &IpPermissions.1.PrefixListIds.1.PrefixListId={id}"
    );
    cloud.ok("AuthorizeSecurityGroupIngress", &rule).await;
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let table = cloud.get("DescribeRouteTables", &filter, "routeTableId").await;
    cloud
        .ok("CreateRoute", &format!("RouteTableId={table}&DestinationPrefixListId={id}&GatewayId={gateway}"))
        .await;
    let shown = cloud.ok("DescribeRouteTables", &filter).await;
    assert_eq!(all(&shown, "destinationPrefixListId"), [id.as_str()], "one route, whatever the entries");
    let mut users =
        cloud.list("GetManagedPrefixListAssociations", &format!("PrefixListId={id}"), "resourceId").await;
    users.sort();
    let mut expected = vec![group.clone(), table.clone()];
    expected.sort();
    assert_eq!(users, expected);
    cloud.settled();
    cloud
        .ok(
            "ModifyManagedPrefixList",
            &format!("PrefixListId={id}&CurrentVersion=1&AddEntry.1.Cidr=10.3.0.0/16"),
        )
        .await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    let stored = cloud.world.store().get::<records::RouteTable>(&cloud.world.scope(), &table).unwrap();
    let of_list = stored.routes.iter().filter(|r| r.prefix_list.is_some());
    assert_eq!(
        of_list.map(|r| r.destination.to_string()).collect::<Vec<_>>(),
        ["10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"]
    );
    // The list's largest size counts against the group's rules.
    let grow = format!("PrefixListId={id}&MaxEntries=61");
    assert_eq!(cloud.code("ModifyManagedPrefixList", &grow).await, "RulesPerSecurityGroupLimitExceeded");
    let delete = format!("PrefixListId={id}");
    assert_eq!(cloud.code("DeleteManagedPrefixList", &delete).await, "DependencyViolation");
    cloud.ok("RevokeSecurityGroupIngress", &rule).await;
    cloud.ok("DeleteRoute", &format!("RouteTableId={table}&DestinationPrefixListId={id}")).await;
    cloud.ok("DeleteManagedPrefixList", &delete).await;
    assert_eq!(cloud.code("DeleteManagedPrefixList", &delete).await, "InvalidPrefixListID.NotFound");
}

#[tokio::test]
async fn bad_lists() {
    let cloud = Cloud::new();
    for (parameters, code) in [
        ("MaxEntries=3&AddressFamily=IPv4", "MissingParameter"),
        ("PrefixListName=a&MaxEntries=0&AddressFamily=IPv4", "InvalidParameterValue"),
        ("PrefixListName=a&MaxEntries=1001&AddressFamily=IPv4", "InvalidParameterValue"),
        ("PrefixListName=a&MaxEntries=1&AddressFamily=IPv5", "InvalidParameterValue"),
        ("PrefixListName=a&MaxEntries=1&AddressFamily=IPv4&Entry.1.Cidr=x", "InvalidParameterValue"),
        (
            "PrefixListName=a&MaxEntries=1&AddressFamily=IPv4&Entry.1.Cidr=1.0.0.0/8&Entry.2.Cidr=2.0.0.0/8",
            "PrefixListMaxEntriesExceeded",
        ),
    ] {
        assert_eq!(cloud.code("CreateManagedPrefixList", parameters).await, code, "{parameters}");
    }
    assert_eq!(
        cloud.code("GetManagedPrefixListEntries", "PrefixListId=x").await,
        "InvalidPrefixListId.Malformed"
    );
}
