use super::*;
use crate::NetworkInterface;
use state_store::StoreError;
use state_store::typed::{Scope, Store};

fn interface(id: &str, zone: &str, address: &str) -> NetworkInterface {
    serde_json::from_value(serde_json::json!({
        "id": id, "subnet_id": "subnet-1", "vpc_id": "vpc-1", "availability_zone": zone, "description": "",
        "mac_address": "0a:00:00:00:00:01", "source_dest_check": true, "groups": [], "interface_type": "vpc_endpoint",
        "private_addresses": [{"address": address, "primary": true}], "created": 0
    }))
    .expect("an interface")
}

fn vpc(id: &str, hostnames: bool) -> crate::Vpc {
    serde_json::from_value(serde_json::json!({
        "id": id, "cidr_block": "10.0.0.0/16", "cidr_associations": [], "dhcp_options_id": "default",
        "instance_tenancy": "default", "is_default": false, "enable_dns_support": true,
        "enable_dns_hostnames": hostnames, "created": 0
    }))
    .expect("a VPC")
}

fn endpoint(service_name: &str, state: &str) -> VpcEndpoint {
    VpcEndpoint {
        id: "vpce-0123456789abcdef0".to_owned(),
        vpc_id: "vpc-1".to_owned(),
        service_name: service_name.to_owned(),
        interface: true,
        state: state.to_owned(),
        route_table_ids: Vec::new(),
        subnet_ids: Vec::new(),
        network_interface_ids: vec!["eni-1".to_owned(), "eni-2".to_owned()],
        group_ids: Vec::new(),
        private_dns: true,
        ip_address_type: "ipv4".to_owned(),
        policy: String::new(),
        created: 0,
    }
}

async fn world(endpoint: VpcEndpoint) -> (Store, Scope) {
    let (store, scope) = (Store::in_memory(), Scope::new("000000000000", "us-east-1"));
    let put = |tx: &mut state_store::typed::Tx<'_>| {
        tx.put(&scope, vpc("vpc-1", true));
        tx.put(&scope, vpc("vpc-2", true));
        tx.put(&scope, interface("eni-1", "us-east-1a", "10.0.0.5"));
        tx.put(&scope, interface("eni-2", "us-east-1b", "10.0.1.5"));
        tx.put(&scope, endpoint.clone());
        Ok::<_, StoreError>(())
    };
    store.transact(put).await.expect("records");
    (store, scope)
}

#[test]
fn services_by_region() {
    let names = |region: &str| SERVICES.iter().filter_map(|s| s.service_name(region)).collect::<Vec<_>>();
    assert!(names("us-east-1").contains(&"com.amazonaws.iam".to_owned()));
    assert!(!names("eu-west-1").contains(&"com.amazonaws.iam".to_owned()));
    for region in ["us-east-1", "eu-west-1"] {
        for name in names(region) {
            let found = service(region, &name).expect("a service");
            assert_eq!(service_by_name(&name), Some(found), "{name}");
        }
    }
    for none in ["com.amazonaws.us-east-1.s3", "com.amazonaws.us-east-1.iam", "com.amazonaws.ec2", "ec2", ""]
    {
        assert_eq!((service("us-east-1", none), service_by_name(none)), (None, None), "{none}");
    }
    assert_eq!(service("us-east-1", "com.amazonaws.eu-west-1.ec2"), None, "of another region");
}

#[tokio::test]
async fn names_lead_to_interfaces() {
    let (store, scope) = world(endpoint("com.amazonaws.us-east-1.ec2", "available")).await;
    let both = ["10.0.0.5", "10.0.1.5"];
    for (vpc, name, expected) in [
        ("vpc-1", "ec2.us-east-1.amazonaws.com", Some(&both[..])),
        ("vpc-2", "ec2.us-east-1.amazonaws.com", None),
        ("vpc-3", "ec2.us-east-1.amazonaws.com", None),
        ("vpc-1", "ssm.us-east-1.amazonaws.com", None),
        ("vpc-1", "ec2.us-east-2.amazonaws.com", None),
        ("vpc-1", "vpce-0123456789abcdef0-9abcdef0.ec2.us-east-1.vpce.amazonaws.com", Some(&both[..])),
        ("vpc-2", "vpce-0123456789abcdef0-9abcdef0.ec2.us-east-1.vpce.amazonaws.com", Some(&both[..])),
        (
            "vpc-1",
            "vpce-0123456789abcdef0-9abcdef0-us-east-1b.ec2.us-east-1.vpce.amazonaws.com",
            Some(&both[1..]),
        ),
        ("vpc-1", "vpce-0123456789abcdef0-9abcdef0-us-east-1c.ec2.us-east-1.vpce.amazonaws.com", None),
        ("vpc-1", "vpce-0123456789abcdef0-9abcdef0.ssm.us-east-1.vpce.amazonaws.com", None),
        ("vpc-1", "vpce-0123456789abcdef1-9abcdef1.ec2.us-east-1.vpce.amazonaws.com", None),
        ("vpc-1", ".vpce.amazonaws.com", None),
        ("vpc-1", "amazonaws.com", None),
        ("vpc-1", "example.com", None),
    ] {
        let found = private_names(&store, &scope, vpc, name);
        let texts = found.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
        let expected = expected.map(|all| all.iter().map(|a| (*a).to_owned()).collect::<Vec<_>>());
        assert_eq!(texts, expected, "{vpc} {name}");
    }
}

#[tokio::test]
async fn only_endpoints_that_answer_have_names() {
    let own = "vpce-0123456789abcdef0-9abcdef0.ec2.us-east-1.vpce.amazonaws.com";
    for state in ["pending", "deleting", "failed"] {
        let (store, scope) = world(endpoint("com.amazonaws.us-east-1.ec2", state)).await;
        assert_eq!(private_names(&store, &scope, "vpc-1", "ec2.us-east-1.amazonaws.com"), None);
        assert_eq!(
            private_names(&store, &scope, "vpc-1", own),
            Some(Vec::new()),
            "it exists, without addresses"
        );
    }
    let silent = VpcEndpoint { private_dns: false, ..endpoint("com.amazonaws.us-east-1.ec2", "available") };
    let (store, scope) = world(silent).await;
    assert_eq!(private_names(&store, &scope, "vpc-1", "ec2.us-east-1.amazonaws.com"), None);
    assert!(private_names(&store, &scope, "vpc-1", own).is_some_and(|found| found.len() == 2));
    let off = |tx: &mut state_store::typed::Tx<'_>| {
        tx.put(&scope, vpc("vpc-1", false));
        tx.put(&scope, endpoint("com.amazonaws.us-east-1.ec2", "available"));
        Ok::<_, StoreError>(())
    };
    store.transact(off).await.expect("records");
    let usual = private_names(&store, &scope, "vpc-1", "ec2.us-east-1.amazonaws.com");
    assert_eq!(usual, None, "the VPC has no names");
}
