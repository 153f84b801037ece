use super::Cloud;

#[tokio::test]
async fn routes_come_change_and_go() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let gateway = cloud.gateway(&vpc).await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    let table = cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    let with = |rest: &str| format!("RouteTableId={table}&{rest}");
    cloud.settled();
    cloud.ok("CreateRoute", &with(&format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"))).await;
    assert_eq!(cloud.settled(), [vpc.as_str()], "the answer waited for the data plane");
    let again = with(&format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"));
    let fault = cloud.fault("CreateRoute", &again).await;
    assert_eq!(fault.code, "RouteAlreadyExists");
    assert_eq!(fault.message, "The route identified by 0.0.0.0/0 already exists.");
    // Host bits are cleared; an interface without machine is a blackhole.
    cloud
        .ok(
            "CreateRoute",
            &with(&format!("DestinationCidrBlock=192.168.7.7/24&NetworkInterfaceId={interface}")),
        )
        .await;
    let shown = cloud.ok("DescribeRouteTables", &format!("RouteTableId.1={table}")).await;
    assert_eq!(
        super::cloud::all(&shown, "destinationCidrBlock"),
        ["10.0.0.0/16", "0.0.0.0/0", "192.168.7.0/24"]
    );
    assert_eq!(super::cloud::all(&shown, "state"), ["active", "active", "blackhole"]);
    cloud
        .ok("ReplaceRoute", &with(&format!("DestinationCidrBlock=192.168.7.0/24&GatewayId={gateway}")))
        .await;
    let blackholes = "Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
    assert!(cloud.list("DescribeRouteTables", blackholes, "routeTableId").await.is_empty());
    cloud.ok("DetachInternetGateway", &format!("InternetGatewayId={gateway}&VpcId={vpc}")).await;
    assert_eq!(cloud.list("DescribeRouteTables", blackholes, "routeTableId").await, [table.as_str()]);
    cloud.ok("DeleteRoute", &with("DestinationCidrBlock=192.168.7.0/24")).await;
    let fault = cloud.fault("DeleteRoute", &with("DestinationCidrBlock=192.168.7.0/24")).await;
    assert_eq!(fault.code, "InvalidRoute.NotFound");
    assert_eq!(
        fault.message,
        format!("no route with destination-cidr-block 192.168.7.0/24 in route table {table}")
    );
}

#[tokio::test]
async fn bad_routes() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let other = cloud.vpc("10.0.0.0/16").await;
    let foreign = cloud.gateway(&other).await;
    let gateway = cloud.gateway(&vpc).await;
    let loose = cloud.get("CreateInternetGateway", "", "internetGatewayId").await;
    let table = cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    for (rest, code) in [
        (format!("GatewayId={gateway}"), "MissingParameter"),
        ("DestinationCidrBlock=0.0.0.0/0".to_owned(), "MissingParameter"),
        (format!("DestinationCidrBlock=x&GatewayId={gateway}"), "InvalidParameterValue"),
        (format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={foreign}"), "InvalidParameterValue"),
        (format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={loose}"), "InvalidParameterValue"),
        (format!("DestinationCidrBlock=10.0.5.0/24&GatewayId={gateway}"), "InvalidParameterValue"),
        (format!("DestinationCidrBlock=10.0.0.0/16&GatewayId={gateway}"), "RouteAlreadyExists"),
        (
            format!("DestinationCidrBlock=1.0.0.0/8&DestinationIpv6CidrBlock=::/0&GatewayId={gateway}"),
            "InvalidParameterCombination",
        ),
        (
            "DestinationCidrBlock=0.0.0.0/0&GatewayId=igw-00000000".to_owned(),
            "InvalidInternetGatewayID.NotFound",
        ),
        ("DestinationCidrBlock=0.0.0.0/0&GatewayId=vgw-00000000".to_owned(), "InvalidGatewayID.NotFound"),
        ("DestinationCidrBlock=0.0.0.0/0&NatGatewayId=nat-1".to_owned(), "NatGatewayMalformed"),
        ("DestinationCidrBlock=0.0.0.0/0&InstanceId=i-00000000".to_owned(), "InvalidInstanceID.NotFound"),
        (
            "DestinationCidrBlock=0.0.0.0/0&NetworkInterfaceId=eni-00000000".to_owned(),
            "InvalidNetworkInterfaceID.NotFound",
        ),
        (
            format!("DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}&InstanceId=i-00000000"),
            "InvalidParameterCombination",
        ),
        (format!("DestinationPrefixListId=pl-00000000&GatewayId={gateway}"), "InvalidPrefixListID.NotFound"),
    ] {
        let parameters = format!("RouteTableId={table}&{rest}");
        assert_eq!(cloud.code("CreateRoute", &parameters).await, code, "{rest}");
    }
    let missing = format!("RouteTableId={table}&DestinationCidrBlock=9.0.0.0/8&GatewayId={gateway}");
    assert_eq!(cloud.code("ReplaceRoute", &missing).await, "InvalidParameterValue");
    let local = format!("RouteTableId={table}&DestinationCidrBlock=10.0.0.0/16");
    let fault = cloud.fault("DeleteRoute", &local).await;
    assert_eq!(fault.message, format!("cannot remove local route 10.0.0.0/16 in route table {table}"));
    let nowhere = format!("RouteTableId=rtb-00000000&DestinationCidrBlock=9.0.0.0/8&GatewayId={gateway}");
    assert_eq!(cloud.code("CreateRoute", &nowhere).await, "InvalidRouteTableID.NotFound");
}

#[tokio::test]
async fn associations() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let main = cloud.get("DescribeRouteTables", &filter, "routeTableId").await;
    let main_association = cloud.get("DescribeRouteTables", &filter, "routeTableAssociationId").await;
    let first = cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    let second = cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    let associate = format!("RouteTableId={first}&SubnetId={subnet}");
    let association = cloud.get("AssociateRouteTable", &associate, "associationId").await;
    assert_eq!(cloud.get("AssociateRouteTable", &associate, "associationId").await, association);
    let conflict = format!("RouteTableId={second}&SubnetId={subnet}");
    assert_eq!(cloud.code("AssociateRouteTable", &conflict).await, "Resource.AlreadyAssociated");
    assert_eq!(cloud.code("DeleteRouteTable", &format!("RouteTableId={first}")).await, "DependencyViolation");
    assert_eq!(cloud.code("DeleteRouteTable", &format!("RouteTableId={main}")).await, "DependencyViolation");
    let replaced = cloud
        .get(
            "ReplaceRouteTableAssociation",
            &format!("AssociationId={association}&RouteTableId={second}"),
            "newAssociationId",
        )
        .await;
    cloud.ok("DeleteRouteTable", &format!("RouteTableId={first}")).await;
    cloud.ok("DisassociateRouteTable", &format!("AssociationId={replaced}")).await;
    let gone = format!("AssociationId={replaced}");
    assert_eq!(cloud.code("DisassociateRouteTable", &gone).await, "InvalidAssociationID.NotFound");
    // The main association moves, it never ends.
    let fixed = format!("AssociationId={main_association}");
    assert_eq!(cloud.code("DisassociateRouteTable", &fixed).await, "InvalidParameterValue");
    cloud
        .ok(
            "ReplaceRouteTableAssociation",
            &format!("AssociationId={main_association}&RouteTableId={second}"),
        )
        .await;
    cloud.ok("DeleteRouteTable", &format!("RouteTableId={main}")).await;
    assert_eq!(
        cloud.code("DeleteRouteTable", &format!("RouteTableId={second}")).await,
        "DependencyViolation"
    );
    // Other networks.
    let other = cloud.vpc("10.0.0.0/16").await;
    let foreign = cloud.get("CreateRouteTable", &format!("VpcId={other}"), "routeTableId").await;
    let wrong = format!("RouteTableId={foreign}&SubnetId={subnet}");
    assert_eq!(cloud.code("AssociateRouteTable", &wrong).await, "InvalidParameterValue");
}

#[tokio::test]
async fn a_client_token_makes_one_table() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let other = cloud.vpc("10.1.0.0/16").await;
    let create = format!("VpcId={vpc}&ClientToken=abc");
    let first = cloud.get("CreateRouteTable", &create, "routeTableId").await;
    assert_eq!(cloud.get("CreateRouteTable", &create, "routeTableId").await, first);
    let mismatch = format!("VpcId={other}&ClientToken=abc");
    assert_eq!(cloud.code("CreateRouteTable", &mismatch).await, "IdempotentParameterMismatch");
    cloud.world.clock.advance(25 * 3600 * 1000);
    assert_ne!(cloud.get("CreateRouteTable", &create, "routeTableId").await, first, "forgotten after a day");
    let long = format!("VpcId={vpc}&ClientToken={}", "x".repeat(65));
    assert_eq!(cloud.code("CreateRouteTable", &long).await, "InvalidParameterValue");
}

#[tokio::test]
async fn a_refusal_of_the_kernel_is_told() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let gateway = cloud.gateway(&vpc).await;
    let filter = format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}");
    let table = cloud.get("DescribeRouteTables", &filter, "routeTableId").await;
    *cloud.world.seams.refusal.lock() = Some("no memory".to_owned());
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}");
    let fault = cloud.ask("CreateRoute", &route).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.status), ("InternalError", 500));
    assert!(fault.message.contains("no memory") && fault.message.contains(&vpc), "{}", fault.message);
    let routes = cloud.list("DescribeRouteTables", &filter, "destinationCidrBlock").await;
    assert_eq!(routes, ["10.0.0.0/16"], "what is not enforced is not recorded");
    *cloud.world.seams.refusal.lock() = None;
    cloud.ok("CreateRoute", &route).await;
}
