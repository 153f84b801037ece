use super::Cloud;
use super::cloud::all;
use super::interfaces::instance;
use records::{NatGateway, NatGatewayState};
use state_store::StoreError;

fn of_vpc(vpc: &str) -> String {
    format!("Filter.1.Name=vpc-id&Filter.1.Value.1={vpc}")
}

async fn table(cloud: &Cloud, vpc: &str) -> String {
    cloud.get("CreateRouteTable", &format!("VpcId={vpc}"), "routeTableId").await
}

/// The states of a table's routes, in order.
async fn states(cloud: &Cloud, table: &str) -> Vec<String> {
    let shown = cloud.ok("DescribeRouteTables", &format!("RouteTableId.1={table}")).await;
    let routes = shown.split("<routeSet>").nth(1).and_then(|rest| rest.split("</routeSet>").next());
    all(routes.unwrap_or_default(), "state")
}

async fn ipv6_vpc(cloud: &Cloud) -> String {
    cloud.get("CreateVpc", "CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=true", "vpcId").await
}

#[tokio::test]
async fn a_route_to_a_nat_gateway_dies_with_it() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let nat = cloud
        .get("CreateNatGateway", &format!("SubnetId={subnet}&ConnectivityType=private"), "natGatewayId")
        .await;
    let table = table(&cloud, &vpc).await;
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
    cloud.settled();
    cloud.ok("CreateRoute", &route).await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    assert_eq!(states(&cloud, &table).await, ["active", "active"]);
    let filter = format!("Filter.1.Name=route.nat-gateway-id&Filter.1.Value.1={nat}");
    assert_eq!(cloud.get("DescribeRouteTables", &filter, "routeTableId").await, table);
    // NAT gateways may stand before a subnet of the VPC.
    let inside = format!("RouteTableId={table}&DestinationCidrBlock=10.0.1.0/24&NatGatewayId={nat}");
    cloud.ok("CreateRoute", &inside).await;
    let v6 = format!("RouteTableId={table}&DestinationIpv6CidrBlock=64:ff9b::/96&NatGatewayId={nat}");
    assert_eq!(cloud.code("CreateRoute", &v6).await, "UnsupportedOperation");
    let other = cloud.vpc("10.0.0.0/16").await;
    let foreign = self::table(&cloud, &other).await;
    let wrong = format!("RouteTableId={foreign}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
    assert_eq!(cloud.code("CreateRoute", &wrong).await, "InvalidParameterValue");
    cloud.ok("DeleteNatGateway", &format!("NatGatewayId={nat}")).await;
    assert_eq!(states(&cloud, &table).await, ["active", "blackhole", "blackhole"]);
    let again = format!("RouteTableId={table}&DestinationCidrBlock=9.0.0.0/8&NatGatewayId={nat}");
    let fault = cloud.fault("CreateRoute", &again).await;
    assert_eq!(fault.code, "InvalidNatGatewayID.NotFound");
    assert_eq!(fault.message, format!("The natGateway ID '{nat}' does not exist"));
}

#[tokio::test]
async fn egress_only_gateways_lead_ipv6_out() {
    let cloud = Cloud::new();
    let vpc = ipv6_vpc(&cloud).await;
    let create = format!("VpcId={vpc}&ClientToken=once");
    let gateway = cloud.get("CreateEgressOnlyInternetGateway", &create, "egressOnlyInternetGatewayId").await;
    assert_eq!(
        cloud.get("CreateEgressOnlyInternetGateway", &create, "egressOnlyInternetGatewayId").await,
        gateway
    );
    let second = format!("VpcId={vpc}");
    assert_eq!(
        cloud.code("CreateEgressOnlyInternetGateway", &second).await,
        "EgressOnlyInternetGatewayLimitExceeded"
    );
    let table = table(&cloud, &vpc).await;
    let to = format!("RouteTableId={table}&EgressOnlyInternetGatewayId={gateway}");
    cloud.ok("CreateRoute", &format!("{to}&DestinationIpv6CidrBlock=::/0")).await;
    assert_eq!(
        cloud.code("CreateRoute", &format!("{to}&DestinationCidrBlock=0.0.0.0/0")).await,
        "InvalidParameterValue"
    );
    let list = format!("EgressOnlyInternetGatewayId.1={gateway}");
    let shown = cloud.ok("DescribeEgressOnlyInternetGateways", &list).await;
    assert!(shown.contains(&vpc) && shown.contains("<state>attached</state>"), "{shown}");
    cloud.ok("CreateTags", &format!("ResourceId.1={gateway}&Tag.1.Key=a&Tag.1.Value=b")).await;
    let tagged = "Filter.1.Name=tag:a&Filter.1.Value.1=b";
    assert_eq!(
        cloud.list("DescribeEgressOnlyInternetGateways", tagged, "egressOnlyInternetGatewayId").await,
        [gateway.as_str()]
    );
    assert_eq!(cloud.code("DeleteVpc", &format!("VpcId={vpc}")).await, "DependencyViolation");
    cloud.settled();
    let delete = format!("EgressOnlyInternetGatewayId={gateway}");
    cloud.ok("DeleteEgressOnlyInternetGateway", &delete).await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    assert_eq!(states(&cloud, &table).await, ["active", "active", "blackhole"]);
    for (action, parameters, code) in [
        ("DeleteEgressOnlyInternetGateway", delete, "InvalidEgressOnlyInternetGatewayId.NotFound"),
        ("DescribeEgressOnlyInternetGateways", list, "InvalidEgressOnlyInternetGatewayId.NotFound"),
        ("DescribeEgressOnlyInternetGateways", "MaxResults=256".to_owned(), "InvalidParameterValue"),
        (
            "DescribeEgressOnlyInternetGateways",
            "Filter.1.Name=vpc-id&Filter.1.Value.1=x".to_owned(),
            "InvalidParameterValue",
        ),
        ("CreateEgressOnlyInternetGateway", "VpcId=vpc-00000000".to_owned(), "InvalidVpcID.NotFound"),
        (
            "CreateRoute",
            format!("{to}&DestinationIpv6CidrBlock=2001::/32"),
            "InvalidEgressOnlyInternetGatewayId.NotFound",
        ),
    ] {
        assert_eq!(cloud.code(action, &parameters).await, code, "{action} {parameters}");
    }
}

#[tokio::test]
async fn a_route_to_a_peer_waits_for_the_answer() {
    let cloud = Cloud::new();
    let (vpc, peer) = (cloud.vpc("10.0.0.0/16").await, cloud.vpc("10.1.0.0/16").await);
    let request = format!("VpcId={vpc}&PeerVpcId={peer}");
    let peering = cloud.get("CreateVpcPeeringConnection", &request, "vpcPeeringConnectionId").await;
    let table = table(&cloud, &vpc).await;
    let route =
        format!("RouteTableId={table}&DestinationCidrBlock=10.1.0.0/16&VpcPeeringConnectionId={peering}");
    cloud.ok("CreateRoute", &route).await;
    assert_eq!(states(&cloud, &table).await, ["active", "blackhole"]);
    cloud.ok("AcceptVpcPeeringConnection", &format!("VpcPeeringConnectionId={peering}")).await;
    assert_eq!(states(&cloud, &table).await, ["active", "active"]);
    let third = cloud.vpc("10.2.0.0/16").await;
    let foreign = self::table(&cloud, &third).await;
    let wrong =
        format!("RouteTableId={foreign}&DestinationCidrBlock=10.1.0.0/16&VpcPeeringConnectionId={peering}");
    assert_eq!(cloud.code("CreateRoute", &wrong).await, "InvalidParameterValue");
    cloud.ok("DeleteVpcPeeringConnection", &format!("VpcPeeringConnectionId={peering}")).await;
    assert_eq!(states(&cloud, &table).await, ["active", "blackhole"]);
    let late =
        format!("RouteTableId={table}&DestinationCidrBlock=9.0.0.0/8&VpcPeeringConnectionId={peering}");
    assert_eq!(cloud.code("CreateRoute", &late).await, "InvalidVpcPeeringConnectionID.NotFound");
}

#[tokio::test]
async fn inside_of_the_vpc_only_whole_subnets_and_only_to_machines() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let gateway = cloud.gateway(&vpc).await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    let table = table(&cloud, &vpc).await;
    let to = |cidr: &str, target: &str| format!("RouteTableId={table}&DestinationCidrBlock={cidr}&{target}");
    let appliance = format!("NetworkInterfaceId={interface}");
    let out = format!("GatewayId={gateway}");
    for (cidr, target) in [
        ("10.0.1.0/24", &out),
        ("10.0.1.0/25", &appliance),
        ("10.0.0.0/17", &appliance),
        ("10.0.2.0/24", &appliance),
        ("169.254.168.0/22", &appliance),
        ("169.254.169.254/32", &out),
    ] {
        assert_eq!(cloud.code("CreateRoute", &to(cidr, target)).await, "InvalidParameterValue", "{cidr}");
    }
    cloud.ok("CreateRoute", &to("10.0.1.0/24", &appliance)).await;
    cloud.ok("CreateRoute", &to("10.0.0.0/8", &out)).await;
    // The local route itself may be sent to a machine and back; nobody deletes it.
    cloud.ok("ReplaceRoute", &to("10.0.0.0/16", &appliance)).await;
    assert_eq!(cloud.code("DeleteRoute", &to("10.0.0.0/16", "")).await, "InvalidParameterValue");
    assert_eq!(cloud.code("ReplaceRoute", &to("10.0.0.0/16", &out)).await, "InvalidParameterValue");
    cloud.ok("ReplaceRoute", &to("10.0.0.0/16", "LocalTarget=true")).await;
    assert_eq!(
        cloud.code("ReplaceRoute", &to("10.0.1.0/24", "LocalTarget=true")).await,
        "InvalidParameterValue"
    );
    let nat = cloud
        .get("CreateNatGateway", &format!("SubnetId={subnet}&ConnectivityType=private"), "natGatewayId")
        .await;
    let service =
        cloud.get("DescribeNatGateways", &format!("NatGatewayId.1={nat}"), "networkInterfaceId").await;
    let managed = format!("NetworkInterfaceId={service}");
    assert_eq!(cloud.code("CreateRoute", &to("9.0.0.0/8", &managed)).await, "InvalidParameterValue");
}

#[tokio::test]
async fn a_gateway_has_a_table_into_the_vpc() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let gateway = cloud.gateway(&vpc).await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let interface = cloud.interface(&subnet).await;
    instance(&cloud, &interface, "running").await;
    let table = table(&cloud, &vpc).await;
    let with = format!("RouteTableId={table}&GatewayId={gateway}");
    // A table that leads out is none for a gateway.
    let default = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0");
    cloud.ok("CreateRoute", &format!("{default}&GatewayId={gateway}")).await;
    assert_eq!(cloud.code("AssociateRouteTable", &with).await, "InvalidParameterValue");
    cloud.ok("DeleteRoute", &default).await;
    cloud.settled();
    let association = cloud.get("AssociateRouteTable", &with, "associationId").await;
    assert_eq!(cloud.settled(), [vpc.as_str()]);
    assert_eq!(cloud.get("AssociateRouteTable", &with, "associationId").await, association);
    let filter = format!("Filter.1.Name=association.gateway-id&Filter.1.Value.1={gateway}");
    assert_eq!(cloud.get("DescribeRouteTables", &filter, "routeTableId").await, table);
    let second = self::table(&cloud, &vpc).await;
    let conflict = format!("RouteTableId={second}&GatewayId={gateway}");
    assert_eq!(cloud.code("AssociateRouteTable", &conflict).await, "Resource.AlreadyAssociated");
    // Only to machines, and only into the VPC.
    let to = |cidr: &str, target: &str| format!("RouteTableId={table}&DestinationCidrBlock={cidr}&{target}");
    let appliance = format!("NetworkInterfaceId={interface}");
    for (cidr, target) in [
        ("0.0.0.0/0", &appliance),
        ("9.0.0.0/8", &appliance),
        ("10.0.1.0/24", &format!("GatewayId={gateway}")),
        ("10.0.1.0/26", &appliance),
    ] {
        assert_eq!(cloud.code("CreateRoute", &to(cidr, target)).await, "InvalidParameterValue", "{cidr}");
    }
    cloud.ok("CreateRoute", &to("10.0.1.0/24", &appliance)).await;
    cloud.ok("ReplaceRoute", &to("10.0.0.0/16", &appliance)).await;
    assert_eq!(states(&cloud, &table).await, ["active", "active"]);
    let detach = format!("InternetGatewayId={gateway}&VpcId={vpc}");
    assert_eq!(cloud.code("DetachInternetGateway", &detach).await, "DependencyViolation");
    // The association moves to a table that is fit for it, and ends.
    cloud
        .ok(
            "CreateRoute",
            &format!("RouteTableId={second}&DestinationCidrBlock=0.0.0.0/0&GatewayId={gateway}"),
        )
        .await;
    let replace = format!("AssociationId={association}&RouteTableId={second}");
    assert_eq!(cloud.code("ReplaceRouteTableAssociation", &replace).await, "InvalidParameterValue");
    cloud.ok("DeleteRoute", &format!("RouteTableId={second}&DestinationCidrBlock=0.0.0.0/0")).await;
    let moved = cloud.get("ReplaceRouteTableAssociation", &replace, "newAssociationId").await;
    cloud.ok("DisassociateRouteTable", &format!("AssociationId={moved}")).await;
    cloud.ok("DetachInternetGateway", &detach).await;
    for (parameters, code) in [
        (with.clone(), "InvalidParameterValue"),
        (format!("{with}&SubnetId={subnet}"), "InvalidParameterCombination"),
        (format!("RouteTableId={table}"), "MissingParameter"),
        (format!("RouteTableId={table}&GatewayId=vgw-00000000"), "UnsupportedOperation"),
        (format!("RouteTableId={table}&GatewayId=igw-00000000"), "InvalidInternetGatewayID.NotFound"),
    ] {
        assert_eq!(cloud.code("AssociateRouteTable", &parameters).await, code, "{parameters}");
    }
}

#[tokio::test]
async fn a_prefix_list_weighs_what_it_may_hold() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let gateway = cloud.gateway(&vpc).await;
    let table = table(&cloud, &vpc).await;
    let list = async |n: i32, max: i32| {
        let entry = format!("Entry.1.Cidr=9.{n}.0.0/16");
        let create = format!("PrefixListName=l{n}&MaxEntries={max}&AddressFamily=IPv4&{entry}");
        cloud.get("CreateManagedPrefixList", &create, "prefixListId").await
    };
    let to = |list: &str| format!("RouteTableId={table}&DestinationPrefixListId={list}&GatewayId={gateway}");
    cloud.ok("CreateRoute", &to(&list(1, 499).await)).await;
    assert_eq!(cloud.code("CreateRoute", &to(&list(2, 1).await)).await, "RouteLimitExceeded");
    let one = format!("RouteTableId={table}&DestinationCidrBlock=8.0.0.0/8&GatewayId={gateway}");
    assert_eq!(cloud.code("CreateRoute", &one).await, "RouteLimitExceeded");
}

#[tokio::test]
async fn a_pending_gateway_is_on_its_way_and_a_failed_one_is_not() {
    let cloud = Cloud::new();
    let vpc = cloud.vpc("10.0.0.0/16").await;
    let subnet = cloud.subnet(&vpc, "10.0.1.0/24").await;
    let nat = cloud
        .get("CreateNatGateway", &format!("SubnetId={subnet}&AllocationId=eipalloc-00000000"), "natGatewayId")
        .await;
    let table = cloud.get("DescribeRouteTables", &of_vpc(&vpc), "routeTableId").await;
    let route = format!("RouteTableId={table}&DestinationCidrBlock=0.0.0.0/0&NatGatewayId={nat}");
    assert_eq!(cloud.code("CreateRoute", &route).await, "InvalidNatGatewayID.NotFound");
    let scope = cloud.world.scope();
    let step = cloud.world.store().transact(|tx| {
        tx.update::<NatGateway>(&scope, &nat, |gateway| gateway.state = NatGatewayState::Pending);
        Ok::<_, StoreError>(())
    });
    step.await.unwrap();
    cloud.ok("CreateRoute", &route).await;
}
