use super::Cloud;
use super::cloud::all;
use records::LearnedRoute;
use records::transitions::propagate_gateway;
use state_store::StoreError;

async fn gateway(cloud: &Cloud) -> String {
    cloud.get("CreateVpnGateway", "Type=ipsec.1", "vpnGatewayId").await
}

/// What the extension service does when a speaker tells a prefix.
async fn learn(cloud: &Cloud, gateway: &str, destination: &str, interface: &str) {
    let scope = cloud.world.scope();
    let destination = destination.parse().unwrap();
    let route = LearnedRoute {
        id: LearnedRoute::id_of(gateway, &destination),
        gateway_id: gateway.to_owned(),
        destination,
        network_interface_id: interface.to_owned(),
        learned: 0,
    };
    let step = cloud.world.store().transact(|tx| {
        tx.put(&scope, route.clone());
        Ok::<_, StoreError>(propagate_gateway(tx, &scope, gateway))
    });
    step.await.unwrap();
}

#[tokio::test]
async fn one_gateway_for_one_vpc() {
    let cloud = Cloud::new();
    let (vpc, other) = (cloud.vpc("10.0.0.0/16").await, cloud.vpc("10.1.0.0/16").await);
    let xml = cloud.ok("CreateVpnGateway", "Type=ipsec.1&AmazonSideAsn=65001").await;
    assert!(
        xml.contains("<amazonSideAsn>65001</amazonSideAsn>") && xml.contains("<state>available</state>"),
        "{xml}"
    );
    let id = all(&xml, "vpnGatewayId").remove(0);
    let second = gateway(&cloud).await;
    let with = |gateway: &str, vpc: &str| format!("VpnGatewayId={gateway}&VpcId={vpc}");
    let attached = cloud.ok("AttachVpnGateway", &with(&id, &vpc)).await;
    assert!(attached.contains("<state>attaching</state>"), "{attached}");
    cloud.ok("AttachVpnGateway", &with(&id, &vpc)).await;
    let filter = format!("Filter.1.Name=attachment.vpc-id&Filter.1.Value.1={vpc}");
    assert_eq!(cloud.list("DescribeVpnGateways", &filter, "vpnGatewayId").await, [id.as_str()]);
    for (action, parameters, code) in [
        ("AttachVpnGateway", with(&id, &other), "VpnGatewayAttachmentLimitExceeded"),
        ("AttachVpnGateway", with(&second, &vpc), "VpnGatewayAttachmentLimitExceeded"),
        ("AttachVpnGateway", with("vgw-00000000", &vpc), "InvalidVpnGatewayID.NotFound"),
        ("AttachVpnGateway", with(&second, "vpc-00000000"), "InvalidVpcID.NotFound"),
        ("DetachVpnGateway", with(&id, &other), "InvalidVpnGatewayAttachment.NotFound"),
        ("DetachVpnGateway", with(&second, &vpc), "InvalidVpnGatewayAttachment.NotFound"),
        ("DeleteVpnGateway", format!("VpnGatewayId={id}"), "IncorrectState"),
        ("DeleteVpnGateway", "VpnGatewayId=x".to_owned(), "InvalidVpnGatewayID.Malformed"),
        ("CreateVpnGateway", "Type=ipsec.1&AmazonSideAsn=7".to_owned(), "InvalidParameterValue"),
        ("CreateVpnGateway", "Type=ipsec.1&AvailabilityZone=mars-1a".to_owned(), "InvalidParameterValue"),
        ("CreateVpnGateway", String::new(), "MissingParameter"),
        ("DescribeVpnGateways", "VpnGatewayId.1=vgw-00000000".to_owned(), "InvalidVpnGatewayID.NotFound"),
        ("DeleteVpc", format!("VpcId={vpc}"), "DependencyViolation"),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, code, "{action} {parameters}");
    }
    cloud.ok("DetachVpnGateway", &with(&id, &vpc)).await;
    cloud.ok("DeleteVpnGateway", &format!("VpnGatewayId={id}")).await;
    cloud.ok("DeleteVpc", &format!("VpcId={vpc}")).await;
}

#[tokio::test]
async fn tables_take_over_what_a_gateway_learns() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    let id = gateway(&cloud).await;
    let table = cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    let propagation = format!("RouteTableId={table}&GatewayId={id}");
    let fault = cloud.fault("EnableVgwRoutePropagation", &propagation).await;
    assert_eq!(fault.code, "Gateway.NotAttached");
    let attachment = format!("VpnGatewayId={id}&VpcId={vpc}");
    cloud.ok("AttachVpnGateway", &attachment).await;
    learn(&cloud, &id, "192.168.0.0/16", &interface).await;
    let routes = async || {
        let shown = cloud.ok("DescribeRouteTables", &format!("RouteTableId.1={table}")).await;
        all(&shown, "destinationCidrBlock")
    };
    assert_eq!(routes().await, ["10.0.0.0/16"]);
    cloud.settled();
    cloud.ok("EnableVgwRoutePropagation", &propagation).await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    cloud.ok("EnableVgwRoutePropagation", &propagation).await;
    learn(&cloud, &id, "192.168.5.0/24", &interface).await;
    assert_eq!(routes().await, ["10.0.0.0/16", "192.168.0.0/16", "192.168.5.0/24"]);
    let shown = cloud.ok("DescribeRouteTables", &format!("RouteTableId.1={table}")).await;
    assert_eq!(all(&shown, "origin")[1..], ["EnableVgwRoutePropagation", "EnableVgwRoutePropagation"]);
    assert!(shown.contains("<propagatingVgwSet>") && shown.contains(&id), "{shown}");
    // Nobody deletes or replaces what the gateway brought, but a static route may stand beside it.
    let learned = format!("RouteTableId={table}&DestinationCidrBlock=192.168.0.0/16");
    let fault = cloud.fault("DeleteRoute", &learned).await;
    assert_eq!(fault.code, "InvalidParameterValue");
    assert_eq!(
        fault.message,
        format!("cannot remove propagated route 192.168.0.0/16 in route table {table}")
    );
    let fixed = format!("{learned}&NetworkInterfaceId={interface}");
    assert_eq!(cloud.code("ReplaceRoute", &fixed).await, "InvalidParameterValue");
    cloud.ok("CreateRoute", &fixed).await;
    assert_eq!(cloud.code("CreateRoute", &fixed).await, "RouteAlreadyExists");
    assert_eq!(routes().await.len(), 4);
    cloud.ok("DeleteRoute", &learned).await;
    assert_eq!(routes().await.len(), 3);
    cloud.ok("DisableVgwRoutePropagation", &propagation).await;
    assert_eq!(routes().await, ["10.0.0.0/16"]);
    cloud.ok("EnableVgwRoutePropagation", &propagation).await;
    // A static route to the gateway is a blackhole without it; what it had learned leaves the tables.
    cloud.ok("CreateRoute", &format!("{propagation}&DestinationCidrBlock=9.0.0.0/8")).await;
    cloud.ok("DetachVpnGateway", &attachment).await;
    assert_eq!(routes().await, ["10.0.0.0/16", "9.0.0.0/8"]);
    let shown = cloud.ok("DescribeRouteTables", &format!("RouteTableId.1={table}")).await;
    assert!(
        shown.contains("blackhole") && !all(&shown, "propagatingVgwSet").concat().contains(&id),
        "{shown}"
    );
    cloud.ok("DeleteVpnGateway", &format!("VpnGatewayId={id}")).await;
    assert!(cloud.world.store().list::<LearnedRoute>(&cloud.world.scope()).is_empty());
}

#[tokio::test]
async fn the_table_of_an_internet_gateway_propagates_nothing() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let edge = cloud.gateway(&vpc).await;
    let id = gateway(&cloud).await;
    cloud.ok("AttachVpnGateway", &format!("VpnGatewayId={id}&VpcId={vpc}")).await;
    let table = cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await;
    let propagation = format!("RouteTableId={table}&GatewayId={id}");
    let association = format!("RouteTableId={table}&GatewayId={edge}");
    cloud.ok("EnableVgwRoutePropagation", &propagation).await;
    assert_eq!(cloud.code("AssociateRouteTable", &association).await, "InvalidParameterValue");
    cloud.ok("DisableVgwRoutePropagation", &propagation).await;
    cloud.ok("AssociateRouteTable", &association).await;
    assert_eq!(cloud.code("EnableVgwRoutePropagation", &propagation).await, "InvalidParameterValue");
}
