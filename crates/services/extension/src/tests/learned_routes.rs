use super::Cloud;
use super::cloud::*;
use records::{LearnedRoute, RouteOrigin, RouteTable, RouteTarget};
use serde_json::{Value, json};

fn tell(destinations: &[&str]) -> Value {
    let one = |d: &&str| json!({ "DestinationCidrBlock": d, "NetworkInterfaceId": INTERFACE });
    json!({ "VpnGatewayId": VPN, "Routes": destinations.iter().map(one).collect::<Vec<_>>() })
}

/// Destinations of the propagated routes of the table.
fn propagated(cloud: &Cloud) -> Vec<String> {
    let table = cloud.store.get::<RouteTable>(&cloud.scope, TABLE).unwrap();
    let learned = table.routes.iter().filter(|r| r.origin == RouteOrigin::EnableVgwRoutePropagation);
    learned
        .inspect(|r| assert_eq!(r.target, RouteTarget::NetworkInterface(INTERFACE.to_owned())))
        .map(|r| r.destination.to_string())
        .collect()
}

#[tokio::test]
async fn what_is_told_is_in_the_tables_and_what_is_withdrawn_is_not() {
    let cloud = Cloud::new().await;
    let told = cloud.ok("PutLearnedRoutes", tell(&["192.168.1.7/16", "2001:db8::/32", "0.0.0.0/0"])).await;
    assert_eq!(cloud.settled(), [VPC]);
    let route = &told["LearnedRoutes"][1];
    assert_eq!(route["DestinationCidrBlock"], "192.168.0.0/16");
    assert_eq!(route["State"], "blackhole", "nobody runs behind the interface");
    assert_eq!(propagated(&cloud), ["0.0.0.0/0", "192.168.0.0/16", "2001:db8::/32"]);
    // The VPC's own block may be told, too; the plan leaves it to the system's route.
    cloud.ok("PutLearnedRoutes", tell(&["10.0.0.0/16", "0.0.0.0/0"])).await;
    assert_eq!(propagated(&cloud).len(), 4);
    let some = json!({ "VpnGatewayId": VPN, "DestinationCidrBlocks": ["192.168.0.0/16", "0.0.0.0/0"] });
    cloud.settled();
    cloud.ok("WithdrawLearnedRoutes", some.clone()).await;
    assert_eq!(cloud.settled(), [VPC]);
    assert_eq!(propagated(&cloud), ["10.0.0.0/16", "2001:db8::/32"]);
    assert_eq!(cloud.code("WithdrawLearnedRoutes", some).await, "InvalidRoute.NotFound");
    let half = json!({ "VpnGatewayId": VPN, "DestinationCidrBlocks": ["10.0.0.0/16", "9.0.0.0/8"] });
    assert_eq!(cloud.code("WithdrawLearnedRoutes", half).await, "InvalidRoute.NotFound");
}

#[tokio::test]
async fn bad_announcements() {
    let cloud = Cloud::new().await;
    let with = |gateway: &str, destination: &str, interface: &str| {
        json!({ "VpnGatewayId": gateway,
                "Routes": [{ "DestinationCidrBlock": destination, "NetworkInterfaceId": interface }] })
    };
    for (input, code) in [
        (with("vgw-0000000f", "9.0.0.0/8", INTERFACE), "InvalidVpnGatewayID.NotFound"),
        (with("igw-00000001", "9.0.0.0/8", INTERFACE), "InvalidVpnGatewayID.Malformed"),
        (with(LOOSE_VPN, "9.0.0.0/8", INTERFACE), "Gateway.NotAttached"),
        (with(VPN, "9.0.0.0/8", "eni-0000000f"), "InvalidNetworkInterfaceID.NotFound"),
        (with(VPN, "9.0.0.0/8", OTHER_INTERFACE), "InvalidParameterValue"),
        (with(VPN, "9.0.0.0", INTERFACE), "InvalidParameterValue"),
        (with(VPN, "224.0.0.0/4", INTERFACE), "InvalidParameterValue"),
        (with(VPN, "169.254.0.0/16", INTERFACE), "InvalidParameterValue"),
        (with(VPN, "fe80::/10", INTERFACE), "InvalidParameterValue"),
        (tell(&["9.0.0.0/8", "9.1.0.0/8"]), "InvalidParameterValue"),
        (tell(&[]), "ValidationException"),
        (
            json!({ "VpnGatewayId": VPN, "Routes": [{ "NetworkInterfaceId": INTERFACE }] }),
            "ValidationException",
        ),
    ] {
        assert_eq!(cloud.code("PutLearnedRoutes", input.clone()).await, code, "{input}");
    }
    let many: Vec<String> = (0..26).map(|n| format!("9.{n}.0.0/16")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(cloud.code("PutLearnedRoutes", tell(&many)).await, "ValidationException");
}

#[tokio::test]
async fn a_gateway_learns_a_hundred_prefixes() {
    let cloud = Cloud::new().await;
    for chunk in 0..4 {
        let blocks: Vec<String> = (0..25).map(|n| format!("9.{}.0.0/16", chunk * 25 + n)).collect();
        let blocks: Vec<&str> = blocks.iter().map(String::as_str).collect();
        cloud.ok("PutLearnedRoutes", tell(&blocks)).await;
    }
    assert_eq!(propagated(&cloud).len(), LearnedRoute::MOST);
    assert_eq!(cloud.code("PutLearnedRoutes", tell(&["8.0.0.0/8"])).await, "LearnedRouteLimitExceeded");
    cloud.ok("PutLearnedRoutes", tell(&["9.0.0.0/16"])).await;
}
