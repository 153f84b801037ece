use super::world::{ASKER, World, instance, question};
use crate::wire::record::Kind;
use hickory_proto::op::ResponseCode::{NXDomain, NoError};
use serde_json::json;

#[test]
fn addresses_of_the_vpc_have_names() {
    let world = World::new();
    world.machine(1, "vpc-1", "10.20.1.5", &["2001:db8:1:1::5"], None);
    let back = "5.1.20.10.in-addr.arpa";
    assert_eq!(world.ask(back, Kind::PTR).answers(), [format!("{back}. PTR ip-10-20-1-5.ec2.internal.")]);
    assert_eq!(world.ask(back, Kind::A).code(), NoError);
    world.put(instance(1, "vpc-1", &json!({"hostname_type": "resource-name", "resource_name_aaaa": true})));
    assert_eq!(world.ask(back, Kind::PTR).answers(), [format!("{back}. PTR i-1.ec2.internal.")]);
    let back = "5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa";
    assert_eq!(world.ask(back, Kind::PTR).answers(), [format!("{back}. PTR i-1.ec2.internal.")]);
}

#[test]
fn absent_names_and_names_between() {
    let world = World::new();
    for (name, code, zone) in [
        ("6.1.20.10.in-addr.arpa", NXDomain, "10.in-addr.arpa."),
        // Nobody stands at a block, but it is on the way to addresses of the VPC.
        ("1.20.10.in-addr.arpa", NoError, "10.in-addr.arpa."),
        ("10.in-addr.arpa", NoError, "10.in-addr.arpa."),
        // Elsewhere in private space, and below an address.
        ("1.0.168.192.in-addr.arpa", NXDomain, "168.192.in-addr.arpa."),
        ("1.0.31.172.in-addr.arpa", NXDomain, "31.172.in-addr.arpa."),
        ("x.5.1.20.10.in-addr.arpa", NXDomain, "10.in-addr.arpa."),
        ("lb._dns-sd._udp.0.1.20.10.in-addr.arpa", NXDomain, "10.in-addr.arpa."),
        ("1.0.0.2.ip6.arpa.1.0.0.10.in-addr.arpa", NXDomain, "10.in-addr.arpa."),
        ("1.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", NoError, "0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."),
        ("f.1.0.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", NoError, "0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."),
        ("x.0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", NXDomain, "0.0.1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa."),
        ("0.0.d.f.ip6.arpa", NXDomain, "d.f.ip6.arpa."),
    ] {
        let seen = world.ask(name, Kind::PTR);
        assert_eq!((seen.code(), seen.zone().as_deref()), (code, Some(zone)), "{name}");
    }
}

#[test]
fn services_have_names_and_foreign_addresses_are_foreign() {
    let world = World::new();
    let metadata = world.ask("254.169.254.169.in-addr.arpa", Kind::PTR).answers();
    assert_eq!(metadata, ["254.169.254.169.in-addr.arpa. PTR instance-data.ec2.internal."]);
    assert_eq!(
        world.ask("1.0.0.127.in-addr.arpa", Kind::PTR).answers(),
        ["1.0.0.127.in-addr.arpa. PTR localhost."]
    );
    for foreign in
        ["8.8.8.8.in-addr.arpa", "in-addr.arpa", "172.in-addr.arpa", "arpa", "8.b.d.0.1.0.0.2.ip6.arpa"]
    {
        assert!(world.step(ASKER, &question(foreign, Kind::PTR)).is_none(), "{foreign} is asked upstream");
    }
}
