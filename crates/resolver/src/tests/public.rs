use super::world::{ASKER, World, from, question};
use crate::wire::record::Kind;
use hickory_proto::op::ResponseCode::NXDomain;
use records::VpcPeering;
use serde_json::json;

/// A machine here and one in another VPC, both with public addresses.
fn two_vpcs() -> World {
    let world = World::new();
    world.machine(1, "vpc-1", "10.20.1.5", &[], Some("198.18.0.1"));
    world.vpc("vpc-2", "10.30.0.0/16", true, true);
    world.machine(2, "vpc-2", "10.30.1.5", &[], Some("198.18.0.2"));
    world
}

const OWN: &str = "ec2-198-18-0-1.compute-1.amazonaws.com";
const FOREIGN: &str = "ec2-198-18-0-2.compute-1.amazonaws.com";

#[test]
fn the_own_vpc_sees_the_private_address_and_others_the_public_one() {
    let world = two_vpcs();
    assert_eq!(world.ask(OWN, Kind::A).answers(), [format!("{OWN}. A 10.20.1.5")]);
    assert_eq!(world.ask(FOREIGN, Kind::A).answers(), [format!("{FOREIGN}. A 198.18.0.2")]);
    // Without host names a VPC's machines have no public names.
    world.vpc("vpc-2", "10.30.0.0/16", true, false);
    assert_eq!(world.ask(FOREIGN, Kind::A).code(), NXDomain);
    for absent in ["ec2-198-18-0-3.compute-1.amazonaws.com", "ec2-198-18-0-1.eu-west-1.compute.amazonaws.com"]
    {
        assert_eq!(world.ask(absent, Kind::A).code(), NXDomain, "{absent}");
    }
}

#[test]
fn a_peer_that_allows_it_is_seen_by_its_private_address() {
    let world = two_vpcs();
    let peering = |status: &str, allow: bool| {
        let side = |vpc: &str, allow| json!({"account": "000000000000", "region": "us-east-1", "vpc_id": vpc, "cidrs": [], "allow_remote_dns": allow});
        world.put::<VpcPeering>(from(json!({
            "id": "pcx-1", "requester": side("vpc-1", false), "accepter": side("vpc-2", allow),
            "status": status, "status_message": "", "expires": 0, "changed": 0,
        })));
        world.ask(FOREIGN, Kind::A).answers()
    };
    let (private, public) =
        (vec![format!("{FOREIGN}. A 10.30.1.5")], vec![format!("{FOREIGN}. A 198.18.0.2")]);
    assert_eq!(peering("active", true), private);
    assert_eq!(peering("active", false), public);
    assert_eq!(peering("deleted", true), public);
}

#[test]
fn public_addresses_have_names_too() {
    let world = two_vpcs();
    let back = "1.0.18.198.in-addr.arpa";
    assert_eq!(world.ask(back, Kind::PTR).answers(), [format!("{back}. PTR {OWN}.")]);
    assert_eq!(world.ask("9.0.18.198.in-addr.arpa", Kind::PTR).code(), NXDomain);
    // An elastic address may have been given a name of its own.
    world.put(records::Address {
        id: "eipalloc-1".to_owned(),
        public_ip: "198.18.0.1".parse().unwrap(),
        network_interface_id: None,
        private_ip: None,
        association_id: None,
        reverse_name: Some("mail.example.com.".to_owned()),
    });
    assert_eq!(world.ask(back, Kind::PTR).answers(), [format!("{back}. PTR mail.example.com.")]);
}

#[test]
fn amazon_s_own_names_are_asked_upstream() {
    let world = two_vpcs();
    for name in [
        "ec2-54-1-2-3.compute-1.amazonaws.com",
        "www.ec2-198-18-0-1.compute-1.amazonaws.com",
        "ec2-198-18-0-1.compute-2.amazonaws.com",
        "s3.amazonaws.com",
        "example.com",
    ] {
        assert!(world.step(ASKER, &question(name, Kind::A)).is_none(), "{name}");
    }
}
