use super::Cloud;
use super::cloud::*;
use serde_json::{Value, json};

/// Three lists with twelve entries each.
async fn full() -> Cloud {
    let cloud = Cloud::new().await;
    for number in 0..12 {
        let forwarding =
            json!({ "GatewayId": NAT, "Protocol": "tcp", "Port": 100 + number, "ToAddress": "10.0.1.20" });
        cloud.ok("CreatePortForwarding", forwarding).await;
        let group = json!({ "VpcId": VPC, "Name": format!("group-{number}") });
        cloud.ok("CreateNetworkSecurityGroup", group).await;
        let route =
            json!({ "DestinationCidrBlock": format!("9.{number}.0.0/16"), "NetworkInterfaceId": INTERFACE });
        cloud.ok("PutLearnedRoutes", json!({ "VpnGatewayId": VPN, "Routes": [route] })).await;
    }
    cloud
}

const LISTS: [(&str, &str); 3] = [
    ("DescribePortForwardings", "PortForwardings"),
    ("DescribeNetworkSecurityGroups", "NetworkSecurityGroups"),
    ("DescribeLearnedRoutes", "LearnedRoutes"),
];

#[tokio::test]
async fn pages_joined_are_the_list() {
    let cloud = full().await;
    for (operation, member) in LISTS {
        let whole = cloud.ok(operation, json!({})).await;
        assert!(whole["NextToken"].is_null());
        let whole = whole[member].as_array().unwrap().clone();
        assert_eq!(whole.len(), 12);
        let (mut joined, mut token) = (Vec::new(), Value::Null);
        loop {
            let page = cloud.ok(operation, json!({ "MaxResults": 5, "NextToken": token })).await;
            joined.extend(page[member].as_array().unwrap().clone());
            token = page["NextToken"].clone();
            if token.is_null() {
                break;
            }
            // A token continues the list it was made for and no other.
            let other = json!({ "NextToken": token, "Filters": [{ "Name": FILTER[operation_index(operation)], "Values": ["*"] }] });
            assert_eq!(cloud.code(operation, other).await, "InvalidNextToken");
        }
        assert_eq!(joined, whole, "{operation}");
        assert_eq!(cloud.code(operation, json!({ "NextToken": "x" })).await, "InvalidNextToken");
        for max in [4, 1001] {
            assert_eq!(cloud.code(operation, json!({ "MaxResults": max })).await, "ValidationException");
        }
    }
}

const FILTER: [&str; 3] = ["gateway-id", "vpc-id", "vpn-gateway-id"];

fn operation_index(operation: &str) -> usize {
    LISTS.iter().position(|(name, _)| *name == operation).unwrap()
}

#[tokio::test]
async fn filters() {
    let cloud = full().await;
    for (list, filter, values, count) in [
        (0, "port", vec!["10?"], 10),
        (0, "port", vec!["100", "111", "7"], 2),
        (0, "gateway-id", vec![NAT], 12),
        (0, "gateway-id", vec![INTERNET], 0),
        (0, "vpc-id", vec!["vpc-*"], 12),
        (0, "protocol", vec!["tcp"], 12),
        (0, "protocol", vec!["udp"], 0),
        (0, "address", vec!["198.18.0.9"], 12),
        (0, "allocation-id", vec!["*"], 0),
        (0, "to-address", vec!["10.0.1.20"], 12),
        (0, "to-port", vec!["105"], 1),
        (0, "port-forwarding-id", vec!["pfw-*"], 12),
        (1, "name", vec!["group-1*"], 3),
        (1, "vpc-id", vec![OTHER_VPC], 0),
        (1, "subnet-id", vec!["*"], 0),
        (1, "network-interface-id", vec!["*"], 0),
        (1, "network-security-group-id", vec!["nsg-*"], 12),
        (2, "destination-cidr-block", vec!["9.1*"], 3),
        (2, "network-interface-id", vec![INTERFACE], 12),
        (2, "vpn-gateway-id", vec![VPN], 12),
        (2, "state", vec!["blackhole"], 12),
        (2, "state", vec!["active"], 0),
    ] {
        let (operation, member) = LISTS[list];
        let found = cloud.ok(operation, json!({ "Filters": [{ "Name": filter, "Values": values }] })).await;
        assert_eq!(found[member].as_array().unwrap().len(), count, "{operation} {filter} {values:?}");
    }
    for (operation, _) in LISTS {
        let unknown = json!({ "Filters": [{ "Name": "colour", "Values": ["red"] }] });
        assert_eq!(cloud.code(operation, unknown).await, "InvalidParameterValue");
        let many = json!({ "Filters": [{ "Name": "vpc-id", "Values": vec!["x"; 201] }] });
        let code = cloud.code(operation, many).await;
        assert!(matches!(code.as_str(), "FilterLimitExceeded" | "InvalidParameterValue"), "{code}");
    }
}

#[tokio::test]
async fn unknown_ids() {
    let cloud = full().await;
    for (operation, member, absent, bad, codes) in [
        ("DescribePortForwardings", "PortForwardingIds", "pfw-0000000f", "x", "InvalidPortForwardingID"),
        (
            "DescribeNetworkSecurityGroups",
            "NetworkSecurityGroupIds",
            "nsg-0000000f",
            "x",
            "InvalidNetworkSecurityGroupID",
        ),
        ("DescribeLearnedRoutes", "VpnGatewayIds", "vgw-0000000f", "x", "InvalidVpnGatewayID"),
    ] {
        assert_eq!(cloud.code(operation, json!({ member: [absent] })).await, format!("{codes}.NotFound"));
        assert_eq!(cloud.code(operation, json!({ member: [bad] })).await, format!("{codes}.Malformed"));
    }
    let none = cloud.ok("DescribeLearnedRoutes", json!({ "VpnGatewayIds": [LOOSE_VPN] })).await;
    assert_eq!(none["LearnedRoutes"], json!([]));
}
