//! Aliases across zones, private zones, and DNS64.

use super::server::Server;
use super::world::{World, name};
use crate::wire::answer::Rcode;
use crate::wire::name::Name;
use crate::wire::record::{Kind, Record};
use crate::{PrivateZones, VpcKey, ZoneAnswer};
use hickory_proto::op::ResponseCode::{NXDomain, NoError, ServFail};
use std::net::IpAddr;
use std::sync::Arc;

/// `corp.example` of vpc-1: `web` has an address, `out` is an alias of a public name, `self` of itself, `own` of an
/// instance, `a0` … `a29` are a chain.
struct Corp;

impl PrivateZones for Corp {
    fn lookup(&self, vpc: &VpcKey, asked: &Name, kind: Kind) -> ZoneAnswer {
        let zone = name("corp.example");
        if &*vpc.vpc_id != "vpc-1" || !asked.is_under(&zone) {
            return ZoneAnswer::NotCovered;
        }
        let soa = Record::soa(&zone, 60, &name("ns.corp.example"), &name("admin.corp.example"), 5);
        let alias = |to: &str| ZoneAnswer::Records(vec![Record::cname(asked, 60, &name(to))]);
        let label = asked.labels().next().map(|label| String::from_utf8_lossy(label).into_owned());
        match label.as_deref().unwrap_or_default() {
            "web" if kind == Kind::A => {
                ZoneAnswer::Records(vec![Record::a(asked, 60, [10, 20, 9, 9].into())])
            }
            "web" => ZoneAnswer::NoData(soa),
            "out" => alias("www.example"),
            "own" => alias("ip-10-20-1-5.ec2.internal"),
            "self" => alias("self.corp.example"),
            link if link.starts_with('a') => match link[1..].parse::<u32>() {
                Ok(number) => alias(&format!("a{}.corp.example", number + 1)),
                Err(_) => ZoneAnswer::NoSuchName(soa),
            },
            _ => ZoneAnswer::NoSuchName(soa),
        }
    }
}

fn server() -> Server {
    Server::start(|asked| {
        let alias = |from: &str, to: &str| Record::cname(&name(from), 300, &name(to));
        let address = |text: &str| Record::a(&name(text), 300, [192, 0, 2, 1].into());
        let public = "ec2-198-18-0-1.compute-1.amazonaws.com";
        vec![match (asked.name.as_str(), asked.kind) {
            ("www.example.", Kind::A) => asked.reply(&[address("www.example")]),
            ("six.example.", Kind::AAAA) => asked.reply(&[Record::aaaa(
                &name("six.example"),
                300,
                "2001:db8::1".parse().expect("an address"),
            )]),
            ("gone.example.", _) => asked.reply_with(Rcode::NxDomain, &[], None),
            // To a machine of the VPC by its public name; what upstream says of that name itself must not count.
            ("machine.example.", Kind::A) => {
                asked.reply(&[alias("machine.example", public), address(public)])
            }
            // Only the alias: its target is asked for in a second step.
            ("step.example.", Kind::A) => asked.reply(&[alias("step.example", "www.example")]),
            ("chain.example.", Kind::A) => asked.reply(&[
                alias("chain.example", "b.example"),
                address("www.example"),
                alias("b.example", "www.example"),
            ]),
            _ => asked.reply(&[]),
        }]
    })
}

fn world(server: &Server) -> World {
    let world = server.world();
    world.machine(1, "vpc-1", "10.20.1.5", &[], Some("198.18.0.1"));
    world.engine.zones.write().push(Arc::new(Corp));
    world
}

#[tokio::test]
async fn private_zones_come_first_and_keep_their_absences_to_themselves() {
    let server = server();
    let world = world(&server);
    let seen = world.resolve("web.corp.example", Kind::A).await;
    assert_eq!(seen.answers(), ["web.corp.example. A 10.20.9.9"]);
    assert!(seen.message.metadata.authoritative);
    assert_eq!(world.resolve("web.corp.example", Kind::AAAA).await.code(), NoError);
    assert_eq!(world.resolve("nobody.corp.example", Kind::A).await.code(), NXDomain);
    assert!(server.asked().is_empty());
    // Private zones need both DNS attributes.
    world.vpc("vpc-1", "10.20.0.0/16", true, false);
    world.resolve("web.corp.example", Kind::A).await;
    assert_eq!(server.asked(), ["web.corp.example. 1 udp"]);
}

#[tokio::test]
async fn aliases_lead_from_zone_to_zone() {
    let server = server();
    let world = world(&server);
    for (from, way) in [
        ("out.corp.example", vec!["out.corp.example. CNAME www.example.", "www.example. A 192.0.2.1"]),
        (
            "own.corp.example",
            vec![
                "own.corp.example. CNAME ip-10-20-1-5.ec2.internal.",
                "ip-10-20-1-5.ec2.internal. A 10.20.1.5",
            ],
        ),
        ("step.example", vec!["step.example. CNAME www.example.", "www.example. A 192.0.2.1"]),
        (
            "chain.example",
            vec![
                "chain.example. CNAME b.example.",
                "b.example. CNAME www.example.",
                "www.example. A 192.0.2.1",
            ],
        ),
        (
            "machine.example",
            vec![
                "machine.example. CNAME ec2-198-18-0-1.compute-1.amazonaws.com.",
                "ec2-198-18-0-1.compute-1.amazonaws.com. A 10.20.1.5",
            ],
        ),
    ] {
        // Twice: the second time from the cache, where the way home must be found as well.
        for _ in 0..2 {
            assert_eq!(world.resolve(from, Kind::A).await.answers(), way, "{from}");
        }
    }
    let alias = world.resolve("out.corp.example", Kind::CNAME).await;
    assert_eq!(alias.answers(), ["out.corp.example. CNAME www.example."], "the alias itself was asked for");
}

#[tokio::test]
async fn endless_chains_end_in_a_failure() {
    let server = server();
    let world = world(&server);
    for name in ["self.corp.example", "a0.corp.example"] {
        assert_eq!(world.resolve(name, Kind::A).await.code(), ServFail, "{name}");
    }
}

#[tokio::test]
async fn a_subnet_that_asks_for_it_gets_made_up_addresses() {
    let server = server();
    let world = world(&server);
    world.subnet("subnet-2", "vpc-1", "10.20.2.0/24", "2001:db8:1:2::/64", true);
    let (with, without): (IpAddr, IpAddr) =
        ("2001:db8:1:2::5".parse().unwrap(), "10.20.1.5".parse().unwrap());
    let ask = async |source: IpAddr, name: &str| world.resolve_from(source, name, Kind::AAAA).await;
    let made = ["www.example. AAAA 64:ff9b::c000:201"];
    for source in [with, "10.20.2.7".parse().unwrap()] {
        assert_eq!(ask(source, "www.example").await.answers(), made);
    }
    assert!(ask(without, "www.example").await.answers().is_empty());
    assert_eq!(
        ask(with, "six.example").await.answers(),
        ["six.example. AAAA 2001:db8::1"],
        "a real one stays"
    );
    let own = ask(with, "ip-10-20-1-5.ec2.internal").await.answers();
    assert_eq!(own, ["ip-10-20-1-5.ec2.internal. AAAA 64:ff9b::a14:105"]);
    let aliased = ask(with, "step.example").await.answers();
    assert_eq!(aliased, ["step.example. CNAME www.example.", made[0]]);
    assert_eq!(ask(with, "gone.example").await.code(), NXDomain);
    assert_eq!(
        world.resolve_from(with, "www.example", Kind::A).await.answers(),
        ["www.example. A 192.0.2.1"]
    );
}
