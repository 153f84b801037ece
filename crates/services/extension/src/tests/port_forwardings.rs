use super::Cloud;
use super::cloud::*;
use records::{InternetGateway, NatGatewayState, PortForwarding};
use serde_json::{Value, json};

/// A request that succeeds, with some members changed; null takes one away.
fn with(changes: Value) -> Value {
    let mut input = json!({
        "GatewayId": INTERNET, "AllocationId": ELASTIC, "Protocol": "tcp", "Port": 1978,
        "ToAddress": "10.0.1.20", "ToPort": 3389,
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(input.as_object_mut().unwrap().remove(name)),
            other => input[name] = other.clone(),
        }
    }
    input
}

fn nat(changes: Value) -> Value {
    let mut input = with(json!({ "GatewayId": NAT, "AllocationId": null }));
    for (name, value) in changes.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

#[tokio::test]
async fn a_forwarded_port_is_recorded_as_the_data_plane_reads_it() {
    let cloud = Cloud::new().await;
    let made = cloud.ok("CreatePortForwarding", with(json!({ "Masquerade": true }))).await;
    assert_eq!(cloud.settled(), [VPC]);
    let shown = &made["PortForwarding"];
    let id = shown["PortForwardingId"].as_str().unwrap();
    let record = cloud.store.get::<PortForwarding>(&cloud.scope, id).unwrap();
    let expected = PortForwarding {
        id: id.to_owned(),
        gateway_id: INTERNET.to_owned(),
        vpc_id: VPC.to_owned(),
        protocol: 6,
        public_ip: "198.18.0.1".parse().unwrap(),
        allocation_id: Some(ELASTIC.to_owned()),
        port: 1978,
        to_address: "10.0.1.20".parse().unwrap(),
        to_port: 3389,
        masquerade: true,
        created: 1_795_168_800_000,
    };
    assert_eq!(*record, expected);
    assert_eq!((&shown["Address"], &shown["ToPort"]), (&json!("198.18.0.1"), &json!(3389)));
    let listed = cloud.ok("DescribePortForwardings", json!({ "PortForwardingIds": [id] })).await;
    assert_eq!(listed["PortForwardings"][0], *shown);
    cloud.ok("DeletePortForwarding", json!({ "PortForwardingId": id })).await;
    assert_eq!(cloud.settled(), [VPC]);
    let code = cloud.code("DeletePortForwarding", json!({ "PortForwardingId": id })).await;
    assert_eq!(code, "InvalidPortForwardingID.NotFound");
}

#[tokio::test]
async fn defaults_and_the_nat_gateways_own_address() {
    let cloud = Cloud::new().await;
    let made = cloud.ok("CreatePortForwarding", nat(json!({ "ToPort": null, "Protocol": "udp" }))).await;
    let shown = &made["PortForwarding"];
    assert_eq!((&shown["ToPort"], &shown["Masquerade"]), (&json!(1978), &json!(false)));
    assert_eq!((&shown["Address"], &shown["Protocol"]), (&json!("198.18.0.9"), &json!("udp")));
    assert!(shown["AllocationId"].is_null());
    // The firewalld recipe of NET-30: out again, with masquerading.
    let out = nat(json!({ "ToAddress": "1.2.3.4", "Masquerade": true }));
    cloud.ok("CreatePortForwarding", out).await;
}

#[tokio::test]
async fn bad_requests() {
    let cloud = Cloud::new().await;
    for (input, code) in [
        (with(json!({ "GatewayId": "igw-0000000f" })), "InvalidInternetGatewayID.NotFound"),
        (with(json!({ "GatewayId": "vgw-00000001" })), "InvalidInternetGatewayId.Malformed"),
        (with(json!({ "GatewayId": LOOSE_INTERNET })), "Gateway.NotAttached"),
        (with(json!({ "AllocationId": null })), "MissingParameter"),
        (with(json!({ "AllocationId": "eipalloc-0000000f" })), "InvalidAllocationID.NotFound"),
        (with(json!({ "AllocationId": "x" })), "InvalidAllocationID.NotFound"),
        (with(json!({ "Protocol": "icmp" })), "ValidationException"),
        (with(json!({ "Protocol": null })), "ValidationException"),
        (with(json!({ "Port": 0 })), "ValidationException"),
        (with(json!({ "Port": 65_536 })), "ValidationException"),
        (with(json!({ "ToPort": 0 })), "ValidationException"),
        (with(json!({ "ToAddress": "10.0.1.020" })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "::1" })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "127.0.0.1" })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "169.254.169.254" })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "1.2.3.4" })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "1.2.3.4", "Masquerade": true })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "10.0.2.20" })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "10.0.1.2" })), "InvalidParameterValue"),
        (with(json!({ "ToAddress": "10.0.1.255" })), "InvalidParameterValue"),
        (nat(json!({ "AllocationId": ELASTIC })), "InvalidParameterCombination"),
        (nat(json!({ "ToAddress": "10.0.1.9" })), "InvalidParameterValue"),
        (nat(json!({ "ToAddress": "198.18.0.9", "Masquerade": true })), "InvalidParameterValue"),
        (nat(json!({ "ToAddress": "1.2.3.4" })), "InvalidParameterValue"),
        (nat(json!({ "ToAddress": "10.0.2.20", "Masquerade": true })), "InvalidParameterValue"),
        (nat(json!({ "GatewayId": "nat-0000000f" })), "NatGatewayNotFound"),
        (nat(json!({ "GatewayId": "nat-x" })), "NatGatewayMalformed"),
    ] {
        assert_eq!(cloud.code("CreatePortForwarding", input.clone()).await, code, "{input}");
    }
    for (state, code) in [
        (NatGatewayState::Pending, "IncorrectState"),
        (NatGatewayState::Failed, "IncorrectState"),
        (NatGatewayState::Deleting, "NatGatewayNotFound"),
        (NatGatewayState::Deleted, "NatGatewayNotFound"),
    ] {
        cloud.put(nat_gateway(state)).await;
        assert_eq!(cloud.code("CreatePortForwarding", nat(json!({}))).await, code);
    }
    let code = cloud.code("DeletePortForwarding", json!({ "PortForwardingId": "pfw-x" })).await;
    assert_eq!(code, "InvalidPortForwardingID.Malformed");
}

#[tokio::test]
async fn a_port_leads_to_one_place_and_an_address_to_one_gateway() {
    let cloud = Cloud::new().await;
    cloud.ok("CreatePortForwarding", with(json!({}))).await;
    let again = with(json!({ "ToAddress": "10.0.1.21" }));
    assert_eq!(cloud.code("CreatePortForwarding", again).await, "PortForwardingAlreadyExists");
    cloud.ok("CreatePortForwarding", with(json!({ "Protocol": "udp" }))).await;
    cloud.ok("CreatePortForwarding", with(json!({ "Port": 1979 }))).await;
    cloud.put(InternetGateway { id: LOOSE_INTERNET.to_owned(), vpc_id: Some(OTHER_VPC.to_owned()) }).await;
    let elsewhere = with(json!({ "GatewayId": LOOSE_INTERNET, "Port": 9, "ToAddress": "10.1.1.20" }));
    assert_eq!(cloud.code("CreatePortForwarding", elsewhere).await, "Resource.AlreadyAssociated");
    let mut taken = elastic("eipalloc-00000002", 2);
    taken.association_id = Some("eipassoc-00000002".to_owned());
    cloud.put(taken).await;
    let input = with(json!({ "AllocationId": "eipalloc-00000002" }));
    assert_eq!(cloud.code("CreatePortForwarding", input).await, "Resource.AlreadyAssociated");
}

#[tokio::test]
async fn a_gateway_has_fifty() {
    let cloud = Cloud::new().await;
    for port in 1..=50 {
        cloud.ok("CreatePortForwarding", with(json!({ "Port": port }))).await;
    }
    let more = with(json!({ "Port": 51 }));
    assert_eq!(cloud.code("CreatePortForwarding", more).await, "PortForwardingLimitExceeded");
    cloud.ok("CreatePortForwarding", nat(json!({}))).await;
}

#[tokio::test]
async fn the_kernels_refusal_is_told() {
    let cloud = Cloud::new().await;
    cloud.refuse("no such table");
    let fault = cloud.ask("CreatePortForwarding", with(json!({}))).await.unwrap_err();
    assert_eq!((fault.code.as_ref(), fault.status), ("InternalError", 500));
    assert!(fault.message.contains("no such table"), "{fault}");
}
