use super::world::{ASKER, World, from, instance, interface, question};
use crate::ResolverConfig;
use crate::wire::record::Kind;
use hickory_proto::op::ResponseCode::{NXDomain, NoError};
use records::{NetworkInterface, VpcEndpoint};
use serde_json::json;

#[test]
fn an_instance_is_found_by_its_address_in_its_name() {
    let world = World::new();
    world.machine(1, "vpc-1", "10.20.1.5", &["2001:db8:1:1::5"], None);
    let seen = world.ask("ip-10-20-1-5.ec2.internal", Kind::A);
    assert_eq!(seen.answers(), ["ip-10-20-1-5.ec2.internal. A 10.20.1.5"]);
    assert!(seen.message.metadata.authoritative && seen.message.metadata.recursion_available);
    // The name exists, but has no other records; a name without a machine does not exist.
    let seen = world.ask("ip-10-20-1-5.ec2.internal", Kind::AAAA);
    assert_eq!(
        (seen.code(), seen.answers().len(), seen.zone().as_deref()),
        (NoError, 0, Some("ec2.internal."))
    );
    for absent in ["ip-10-20-1-6.ec2.internal", "a.ip-10-20-1-5.ec2.internal", "web.ec2.internal"] {
        let seen = world.ask(absent, Kind::A);
        assert_eq!((seen.code(), seen.zone().as_deref()), (NXDomain, Some("ec2.internal.")), "{absent}");
    }
}

#[test]
fn a_changed_record_is_seen_by_the_next_question() {
    let world = World::new();
    let code = || world.ask("ip-10-20-1-9.ec2.internal", Kind::A).code();
    assert_eq!(code(), NXDomain);
    world.machine(9, "vpc-1", "10.20.1.9", &[], None);
    assert_eq!(code(), NoError);
    world.delete::<NetworkInterface>("eni-9");
    assert_eq!(code(), NXDomain);
    world.machine(9, "vpc-1", "10.20.1.9", &[], None);
    assert_eq!(code(), NoError);
    world.vpc("vpc-1", "10.20.0.0/16", true, false);
    assert_eq!(code(), NXDomain, "enableDnsHostnames is off");
    world.vpc("vpc-1", "10.20.0.0/16", false, true);
    assert!(world.step(ASKER, &question("ip-10-20-1-9.ec2.internal", Kind::A)).is_none(), "no name server");
    assert_eq!(world.view.counters.read().unserved, 1);
}

#[test]
fn the_case_of_the_question_comes_back() {
    let world = World::new();
    world.machine(1, "vpc-1", "10.20.1.5", &[], None);
    let packet = question("iP-10-20-1-5.eC2.InTernal", Kind::A);
    let seen = world.step(ASKER, &packet).unwrap();
    assert_eq!(seen.bytes[12..packet.len()], packet[12..]);
    assert_eq!(seen.answers(), ["iP-10-20-1-5.eC2.InTernal. A 10.20.1.5"]);
}

#[test]
fn a_vpc_does_not_know_its_neighbour_s_machines() {
    let world = World::new();
    world.vpc("vpc-2", "10.20.0.0/16", true, true);
    world.machine(2, "vpc-2", "10.20.1.5", &[], None);
    assert_eq!(world.ask("ip-10-20-1-5.ec2.internal", Kind::A).code(), NXDomain);
    world.put(instance(2, "vpc-2", &json!({"resource_name_a": true})));
    assert_eq!(world.ask("i-2.ec2.internal", Kind::A).code(), NXDomain);
}

#[test]
fn resource_names_answer_what_the_launch_asked_for() {
    let world = World::new();
    world.put(interface(7, "vpc-1", "10.20.1.7", &["2001:db8:1:1::7"], None));
    let answers = |options: serde_json::Value, kind| {
        world.put(instance(7, "vpc-1", &options));
        let seen = world.ask("i-7.ec2.internal", kind);
        (seen.code(), seen.answers())
    };
    let (a, aaaa) = (json!({"resource_name_a": true}), json!({"resource_name_aaaa": true}));
    assert_eq!(answers(json!({}), Kind::A), (NXDomain, vec![]));
    assert_eq!(answers(a.clone(), Kind::A), (NoError, vec!["i-7.ec2.internal. A 10.20.1.7".to_owned()]));
    assert_eq!(answers(a, Kind::AAAA), (NoError, vec![]));
    let v6 = vec!["i-7.ec2.internal. AAAA 2001:db8:1:1::7".to_owned()];
    assert_eq!(answers(aaaa.clone(), Kind::AAAA), (NoError, v6));
    assert_eq!(answers(aaaa, Kind::A), (NoError, vec![]));
    let mut ended = instance(7, "vpc-1", &json!({"resource_name_a": true}));
    ended.state = records::InstanceState::Terminated;
    world.put(ended);
    assert_eq!(world.ask("i-7.ec2.internal", Kind::A).code(), NXDomain);
}

#[test]
fn regions_have_domains_of_their_own() {
    let world = World::of_region("eu-west-1", ResolverConfig::default());
    world.machine(1, "vpc-1", "10.20.1.5", &[], None);
    let name = "ip-10-20-1-5.eu-west-1.compute.internal";
    assert_eq!(world.ask(name, Kind::A).answers(), [format!("{name}. A 10.20.1.5")]);
    for (name, kind, code) in [
        ("ip-10-20-1-5.ec2.internal", Kind::A, NXDomain),
        ("ip-10-20-1-5.eu-west-2.compute.internal", Kind::A, NXDomain),
        ("instance-data.ec2.internal", Kind::A, NoError),
        ("eu-west-1.compute.internal", Kind::SOA, NoError),
        ("compute.internal", Kind::A, NoError),
    ] {
        assert_eq!(world.ask(name, kind).code(), code, "{name}");
    }
}

#[test]
fn names_for_everybody() {
    let world = World::new();
    assert_eq!(
        world.ask("instance-data.ec2.internal", Kind::A).answers(),
        ["instance-data.ec2.internal. A 169.254.169.254"]
    );
    assert_eq!(world.ask("localhost", Kind::AAAA).answers(), ["localhost. AAAA ::1"]);
    assert_eq!(world.ask("a.localhost", Kind::A).answers(), ["a.localhost. A 127.0.0.1"]);
    assert_eq!(world.ask("a.invalid", Kind::A).code(), NXDomain);
    let top = world.ask("ec2.internal", Kind::SOA);
    assert_eq!((top.answers().len(), top.zone()), (1, None));
    assert_eq!(world.ask("ec2.internal", Kind::A).zone().as_deref(), Some("ec2.internal."));
}

#[test]
fn an_interface_endpoint_takes_the_name_of_its_service() {
    let world = World::new();
    world.put(interface(3, "vpc-1", "10.20.1.30", &[], None));
    let endpoint = |private_dns: bool| {
        world.put::<VpcEndpoint>(from(json!({
            "id": "vpce-1", "vpc_id": "vpc-1", "service_name": "com.amazonaws.us-east-1.ssm", "interface": true,
            "state": "available", "network_interface_ids": ["eni-3"], "private_dns": private_dns,
            "ip_address_type": "ipv4", "policy": "", "created": 0,
        })));
    };
    endpoint(true);
    let name = "ssm.us-east-1.amazonaws.com";
    let own = "vpce-1-1.ssm.us-east-1.vpce.amazonaws.com";
    for name in [name, own] {
        assert_eq!(world.ask(name, Kind::A).answers(), [format!("{name}. A 10.20.1.30")]);
        assert_eq!(world.ask(name, Kind::AAAA).code(), NoError);
    }
    endpoint(false);
    assert!(world.step(ASKER, &question(name, Kind::A)).is_none(), "asked upstream");
}
