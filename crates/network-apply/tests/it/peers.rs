//! Links between routers: made whichever VPC comes first, adopted, mended, removed.

use std::os::fd::AsFd;
use std::process::Command;

use network_apply::Attachment;
use network_plan::{InputRoute, Peering, RouteOrigin, RouteTarget, VpcInput, plan};

use crate::facts::{eni, open_out, rule, tcp, vpc};
use crate::wire::{connect, listen};
use crate::world::{Namespace, World};

/// VPC 1 with 10.0.0.0/16 asks VPC 2 with 10.1.0.0/16. Machines 11 and 51.
fn sides() -> (VpcInput, VpcInput) {
    let side = |number: u32, second: u8, machine: u8| {
        let mut input = vpc(number);
        input.internet_gateway = None;
        input.cidrs_v6.clear();
        input.cidrs_v4 = vec![format!("10.{second}.0.0/16").parse().unwrap()];
        for (subnet, place) in input.subnets.iter_mut().zip(1..) {
            subnet.cidr_v4 = format!("10.{second}.{place}.0/24").parse().unwrap();
            subnet.cidr_v6 = None;
        }
        let far = format!("10.{}.0.0/16", 1 - second);
        for table in &mut input.route_tables {
            table.routes = vec![InputRoute {
                destination: far.parse().unwrap(),
                target: RouteTarget::Peering("pcx-1".into()),
                origin: RouteOrigin::Static,
            }];
        }
        input.groups = vec![open_out(1, vec![rule("sgr-in", tcp(80), &far)])];
        let mut eni = eni(machine, 1, &["sg-1"]);
        eni.private_v4 = vec![std::net::Ipv4Addr::new(10, second, 1, machine)];
        eni.v6.clear();
        input.enis = vec![eni];
        input.peerings = vec![Peering {
            id: "pcx-1".into(),
            number: 7,
            requester: number == 1,
            remote_vpc: format!("vpc-{}", 3 - number),
            remote_blocks: vec![far.parse().unwrap()],
            remote_groups: Vec::new(),
        }];
        input
    };
    (side(1, 0, 11), side(2, 1, 51))
}

/// A world of the first VPC, with the second one and its machine beside it.
fn joined(first: VpcInput, second: &VpcInput) -> Option<(World, Namespace)> {
    let mut world = World::new(first)?;
    world.network().apply(&plan(second).unwrap()).unwrap();
    let machine = Namespace::new();
    let eni = second.enis[0].id.clone();
    let to = Attachment {
        eni: &eni,
        machine: machine.file().as_fd(),
        interface: "eth0",
        metric: 0,
        answers: None,
    };
    world.network().attach(&second.id, &to).unwrap();
    Some((world, machine))
}

fn talk(world: &World, near: &str, far: &Namespace, addresses: [&str; 2]) {
    let server = listen(far, "0.0.0.0:80");
    connect(world.at(near), &format!("{}:80", addresses[1])).unwrap();
    let (_, peer) = server.accept().unwrap();
    assert_eq!(peer.ip().to_string(), addresses[0], "nobody translates between peers");
}

#[test]
fn peers_talk_whichever_came_first() {
    let (one, two) = sides();
    let Some((world, far)) = joined(one.clone(), &two) else { return };
    talk(&world, "eni-11", &far, ["10.0.1.11", "10.1.1.51"]);
    drop((world, far));
    let Some((world, far)) = joined(two, &one) else { return };
    talk(&world, "eni-51", &far, ["10.1.1.51", "10.0.1.11"]);
}

fn peer_links(world: &World, vpc: &str) -> usize {
    let router = Namespace::open(world.directory().join(vpc).to_str().unwrap());
    let shown = router.inside(|| Command::new("ip").args(["-o", "link"]).output().unwrap());
    String::from_utf8(shown.stdout).unwrap().matches(": p7@").count()
}

#[test]
fn either_end_parts_them_and_joins_them_again() {
    let (one, two) = sides();
    let Some((mut world, far)) = joined(one.clone(), &two) else { return };
    for end in [&one, &two] {
        let mut alone = end.clone();
        alone.peerings.clear();
        world.network().apply(&plan(&alone).unwrap()).unwrap();
        assert_eq!((peer_links(&world, "vpc-1"), peer_links(&world, "vpc-2")), (0, 0));
        world.network().apply(&plan(end).unwrap()).unwrap();
        assert_eq!((peer_links(&world, "vpc-1"), peer_links(&world, "vpc-2")), (1, 1));
        talk(&world, "eni-11", &far, ["10.0.1.11", "10.1.1.51"]);
    }
    // A VPC that goes takes the link along, and brings it back when it returns.
    world.network().remove_vpc("vpc-2").unwrap();
    assert_eq!(peer_links(&world, "vpc-1"), 0);
    world.network().apply(&plan(&two).unwrap()).unwrap();
    assert_eq!((peer_links(&world, "vpc-1"), peer_links(&world, "vpc-2")), (1, 1));
}

#[test]
fn a_new_process_finds_the_link_and_mends_it() {
    let (one, two) = sides();
    let Some((mut world, far)) = joined(one.clone(), &two) else { return };
    let server = listen(&far, "0.0.0.0:80");
    let _stays = connect(world.at("eni-11"), "10.1.1.51:80").unwrap();
    server.accept().unwrap();
    drop(server);
    for damage in ["true", "ip link delete p7", "ip link set p7 down", "ip route flush proto 65 table 1001"] {
        world.network = None;
        world.router().inside(|| {
            assert!(Command::new("sh").args(["-ec", damage]).status().unwrap().success(), "{damage}");
        });
        world.restart();
        for side in [&two, &one] {
            world.network().apply(&plan(side).unwrap()).unwrap();
        }
        println!("{damage}");
        talk(&world, "eni-11", &far, ["10.0.1.11", "10.1.1.51"]);
    }
}
