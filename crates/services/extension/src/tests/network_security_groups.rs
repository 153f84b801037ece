use super::Cloud;
use super::cloud::*;
use records::{NetworkSecurityGroup, NsgRule};
use serde_json::{Value, json};

async fn group(cloud: &Cloud, name: &str) -> String {
    let made = cloud.ok("CreateNetworkSecurityGroup", json!({ "VpcId": VPC, "Name": name })).await;
    made["NetworkSecurityGroup"]["NetworkSecurityGroupId"].as_str().unwrap().to_owned()
}

fn rule(id: &str, changes: Value) -> Value {
    let mut input = json!({
        "NetworkSecurityGroupId": id, "Name": "web", "Priority": 100, "Direction": "Inbound", "Access": "Allow",
        "Protocol": "Tcp",
    });
    for (name, value) in changes.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

fn stored(cloud: &Cloud, id: &str) -> NetworkSecurityGroup {
    NetworkSecurityGroup::clone(&cloud.store.get::<NetworkSecurityGroup>(&cloud.scope, id).unwrap())
}

#[tokio::test]
async fn rules_are_recorded_in_order_and_replaced_by_name() {
    let cloud = Cloud::new().await;
    let id = group(&cloud, "front").await;
    cloud.settled();
    let late = json!({ "Name": "late", "Priority": 4096, "Access": "Deny", "Protocol": "*" });
    cloud.ok("PutNetworkSecurityGroupRule", rule(&id, late)).await;
    assert_eq!(cloud.settled(), [VPC]);
    let out = json!({ "Name": "out", "Direction": "Outbound", "Protocol": "Icmp" });
    cloud.ok("PutNetworkSecurityGroupRule", rule(&id, out)).await;
    let web = json!({
        "SourceAddressPrefixes": ["10.9.0.1/16", "VirtualNetwork", "192.0.2.7", "10.9.0.0/16"],
        "SourcePortRanges": ["*"], "DestinationPortRanges": ["80", "8000-8080"],
    });
    let answer = cloud.ok("PutNetworkSecurityGroupRule", rule(&id, web)).await;
    let rules = stored(&cloud, &id).rules;
    assert_eq!(rules.iter().map(|r| r.name.as_str()).collect::<Vec<_>>(), ["web", "late", "out"]);
    let expected = NsgRule {
        name: "web".to_owned(),
        priority: 100,
        outbound: false,
        allow: true,
        protocol: 6,
        sources: vec!["10.9.0.0/16".parse().unwrap(), "192.0.2.7/32".parse().unwrap()],
        source_is_vpc: true,
        source_ports: Vec::new(),
        destinations: Vec::new(),
        destination_is_vpc: false,
        destination_ports: vec![(80, 80), (8000, 8080)],
    };
    assert_eq!(rules[0], expected);
    assert_eq!((rules[1].protocol, rules[1].allow), (-1, false));
    assert_eq!((rules[2].protocol, rules[2].outbound), (1, true));
    let shown = &answer["NetworkSecurityGroup"]["Rules"][0];
    assert_eq!(shown["SourceAddressPrefixes"], json!(["10.9.0.0/16", "192.0.2.7/32", "VirtualNetwork"]));
    assert_eq!(shown["DestinationAddressPrefixes"], json!(["*"]));
    assert_eq!(shown["DestinationPortRanges"], json!(["80", "8000-8080"]));
    // Again under the same name: replaced, not added.
    cloud.ok("PutNetworkSecurityGroupRule", rule(&id, json!({ "Priority": 200, "Access": "Deny" }))).await;
    let rules = stored(&cloud, &id).rules;
    assert_eq!((rules.len(), rules[0].priority, rules[0].allow), (3, 200, false));
    cloud.ok("DeleteNetworkSecurityGroupRule", json!({ "NetworkSecurityGroupId": id, "Name": "web" })).await;
    let gone = json!({ "NetworkSecurityGroupId": id, "Name": "web" });
    let code = cloud.code("DeleteNetworkSecurityGroupRule", gone).await;
    assert_eq!(code, "InvalidNetworkSecurityGroupRule.NotFound");
}

#[tokio::test]
async fn default_rules_are_shown_and_not_stored() {
    let cloud = Cloud::new().await;
    let id = group(&cloud, "front").await;
    let listed = cloud.ok("DescribeNetworkSecurityGroups", json!({})).await;
    let shown = &listed["NetworkSecurityGroups"][0];
    let facts = |r: &Value| (r["Direction"].clone(), r["Priority"].clone(), r["Access"].clone());
    let all: Vec<_> = shown["DefaultRules"].as_array().unwrap().iter().map(facts).collect();
    let expected = [
        ("Inbound", 65_000, "Allow"),
        ("Inbound", 65_500, "Deny"),
        ("Outbound", 65_000, "Allow"),
        ("Outbound", 65_001, "Allow"),
        ("Outbound", 65_500, "Deny"),
    ];
    assert_eq!(all, expected.map(|(d, p, a)| (json!(d), json!(p), json!(a))));
    assert!(stored(&cloud, &id).rules.is_empty());
}

#[tokio::test]
async fn bad_rules() {
    let cloud = Cloud::new().await;
    let id = group(&cloud, "front").await;
    cloud.ok("PutNetworkSecurityGroupRule", rule(&id, json!({}))).await;
    let prefixes = |texts: &[&str]| json!({ "Name": "b", "Priority": 200, "SourceAddressPrefixes": texts });
    let ports = |texts: &[&str]| json!({ "Name": "b", "Priority": 200, "DestinationPortRanges": texts });
    for (changes, code) in [
        (json!({ "Name": "other" }), "NetworkSecurityGroupRulePriorityInUse"),
        (json!({ "Priority": 99 }), "ValidationException"),
        (json!({ "Priority": 4097 }), "ValidationException"),
        (json!({ "Direction": "Sideways" }), "ValidationException"),
        (json!({ "Access": "Perhaps" }), "ValidationException"),
        (json!({ "Protocol": "6" }), "ValidationException"),
        (json!({ "Name": "" }), "ValidationException"),
        (json!({ "Name": "a b" }), "InvalidParameterValue"),
        (json!({ "Name": "-a" }), "InvalidParameterValue"),
        (prefixes(&["10.0.0.0/33"]), "InvalidParameterValue"),
        (prefixes(&["Internet"]), "InvalidParameterValue"),
        (prefixes(&["*", "10.0.0.0/8"]), "InvalidParameterValue"),
        (prefixes(&["10.0.0.0/8"; 101]), "ValidationException"),
        (prefixes(&[]), "ValidationException"),
        (ports(&["90-80"]), "InvalidParameterValue"),
        (ports(&["65536"]), "InvalidParameterValue"),
        (ports(&["*", "80"]), "InvalidParameterValue"),
        (
            json!({ "Name": "b", "Priority": 200, "Protocol": "Icmp", "DestinationPortRanges": ["8"] }),
            "InvalidParameterCombination",
        ),
        (
            json!({ "Name": "b", "Priority": 200, "SourceAddressPrefixes": ["10.0.0.0/8"],
                    "DestinationAddressPrefixes": ["2001:db8::/32"] }),
            "InvalidParameterCombination",
        ),
        (json!({ "NetworkSecurityGroupId": "nsg-0000000f" }), "InvalidNetworkSecurityGroupID.NotFound"),
        (json!({ "NetworkSecurityGroupId": "sg-0000000f" }), "InvalidNetworkSecurityGroupID.Malformed"),
    ] {
        assert_eq!(
            cloud.code("PutNetworkSecurityGroupRule", rule(&id, changes.clone())).await,
            code,
            "{changes}"
        );
    }
    assert_eq!(stored(&cloud, &id).rules.len(), 1);
    // The other direction has its own priorities.
    cloud.ok("PutNetworkSecurityGroupRule", rule(&id, json!({ "Name": "o", "Direction": "Outbound" }))).await;
}

#[tokio::test]
async fn quotas_and_names() {
    let cloud = Cloud::new().await;
    let id = group(&cloud, "front").await;
    let again = json!({ "VpcId": VPC, "Name": "front" });
    let code = cloud.code("CreateNetworkSecurityGroup", again).await;
    assert_eq!(code, "InvalidNetworkSecurityGroup.Duplicate");
    let elsewhere = json!({ "VpcId": OTHER_VPC, "Name": "front" });
    cloud.ok("CreateNetworkSecurityGroup", elsewhere).await;
    for number in 0..200 {
        let changes = json!({ "Name": format!("r{number}"), "Priority": 100 + number });
        cloud.ok("PutNetworkSecurityGroupRule", rule(&id, changes)).await;
    }
    let more = rule(&id, json!({ "Name": "more", "Priority": 4000 }));
    let code = cloud.code("PutNetworkSecurityGroupRule", more).await;
    assert_eq!(code, "NetworkSecurityGroupRuleLimitExceeded");
    for number in 1..100 {
        group(&cloud, &format!("g{number}")).await;
    }
    let more = json!({ "VpcId": VPC, "Name": "more" });
    let code = cloud.code("CreateNetworkSecurityGroup", more).await;
    assert_eq!(code, "NetworkSecurityGroupLimitExceeded");
    let nowhere = json!({ "VpcId": "vpc-0000000f", "Name": "a" });
    assert_eq!(cloud.code("CreateNetworkSecurityGroup", nowhere).await, "InvalidVpcID.NotFound");
}

#[tokio::test]
async fn a_place_has_one_group() {
    let cloud = Cloud::new().await;
    let (first, second) = (group(&cloud, "first").await, group(&cloud, "second").await);
    cloud.settled();
    let at = |id: &str, place: Value| {
        let mut input = place;
        input["NetworkSecurityGroupId"] = json!(id);
        input
    };
    let subnet = || json!({ "SubnetId": SUBNET });
    let interface = || json!({ "NetworkInterfaceId": INTERFACE });
    let associate = "AssociateNetworkSecurityGroup";
    cloud.ok(associate, at(&first, subnet())).await;
    cloud.ok(associate, at(&first, subnet())).await;
    cloud.ok(associate, at(&first, interface())).await;
    assert_eq!(cloud.settled(), [VPC, VPC, VPC]);
    assert_eq!(
        (stored(&cloud, &first).subnet_ids, stored(&cloud, &first).network_interface_ids),
        (vec![SUBNET.to_owned()], vec![INTERFACE.to_owned()])
    );
    for (place, code) in [
        (subnet(), "Resource.AlreadyAssociated"),
        (interface(), "Resource.AlreadyAssociated"),
        (json!({ "SubnetId": OTHER_SUBNET }), "InvalidParameterValue"),
        (json!({ "NetworkInterfaceId": OTHER_INTERFACE }), "InvalidParameterValue"),
        (json!({ "NetworkInterfaceId": NAT_INTERFACE }), "OperationNotPermitted"),
        (json!({ "SubnetId": "subnet-0000000f" }), "InvalidSubnetID.NotFound"),
        (json!({ "NetworkInterfaceId": "eni-x" }), "InvalidNetworkInterfaceId.Malformed"),
        (json!({}), "MissingParameter"),
        (json!({ "SubnetId": SUBNET, "NetworkInterfaceId": INTERFACE }), "InvalidParameterCombination"),
    ] {
        assert_eq!(cloud.code(associate, at(&second, place.clone())).await, code, "{place}");
    }
    let moved = json!({ "SubnetId": SUBNET, "AllowReassociation": true });
    cloud.ok(associate, at(&second, moved)).await;
    assert_eq!((stored(&cloud, &first).subnet_ids.len(), stored(&cloud, &second).subnet_ids.len()), (0, 1));
    let delete = "DeleteNetworkSecurityGroup";
    assert_eq!(cloud.code(delete, json!({ "NetworkSecurityGroupId": second })).await, "DependencyViolation");
    let disassociate = "DisassociateNetworkSecurityGroup";
    assert_eq!(cloud.code(disassociate, at(&first, subnet())).await, "InvalidAssociation.NotFound");
    cloud.ok(disassociate, at(&second, subnet())).await;
    cloud.ok(delete, json!({ "NetworkSecurityGroupId": second })).await;
    let code = cloud.code(delete, json!({ "NetworkSecurityGroupId": second })).await;
    assert_eq!(code, "InvalidNetworkSecurityGroupID.NotFound");
}
