//! A new process finds what an old one left, and traffic does not notice.

use std::io::{Read, Write};
use std::os::fd::AsFd;

use network_apply::{ApplyError, Attachment};
use network_plan::{Element, Gate, Key, SetId};

use crate::facts::{eni, open_out, public, rule, tcp, vpc};
use crate::wire::{begin, connect, listen};
use crate::world::{Namespace, World, assert_same};

fn small() -> network_plan::VpcInput {
    let mut input = vpc(1);
    // Not for everybody: such flows would not be tracked, and every packet counted.
    let rules = vec![rule("sgr-in", tcp(80), "10.0.0.0/8"), rule("sgr-public", tcp(80), "198.18.0.0/15")];
    input.groups = vec![open_out(1, rules)];
    input.enis = vec![public(eni(11, 3, &["sg-1"]), "198.18.0.11"), eni(12, 2, &["sg-1"])];
    input
}

#[test]
fn a_restart_adopts_everything_and_connections_stay_up() {
    let Some(mut world) = World::new(small()) else { return };
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let mut client = connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    let (mut stream, _) = server.accept().unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:81"));
    // Machines speak to multicast groups whenever they like.
    let counters = |world: &mut World| {
        let mut all = world.counters();
        for eni in all.enis.values_mut() {
            eni.dropped.remove(&Gate::Multicast);
        }
        all
    };
    let before = counters(&mut world);
    let state = world.kernel_state();
    world.restart();
    // Between the processes, packets flow.
    client.write_all(b"one").unwrap();
    let mut heard = [0; 3];
    stream.read_exact(&mut heard).unwrap();
    assert_eq!(world.network().list(), ["vpc-1"]);
    world.apply();
    assert_same(&world.kernel_state(), &state);
    assert_eq!(counters(&mut world), before, "not even the counters");
    stream.write_all(b"two").unwrap();
    client.read_exact(&mut heard).unwrap();
    connect(&Namespace::current(), "198.18.0.11:80").unwrap_err();
    let _public = listen(world.at("eni-11"), "0.0.0.0:80");
    connect(&Namespace::current(), "198.18.0.11:80").unwrap();
}

#[test]
fn what_changed_while_nobody_watched_is_made_true() {
    let Some(mut world) = World::new(small()) else { return };
    world.restart();
    world.change(|input| {
        input.groups[0].ingress = vec![rule("sgr-new", tcp(81), "0.0.0.0/0")];
        input.subnets.remove(0);
        input.route_tables[0].number = 9;
        input.enis[1].source_dest_check = false;
    });
    let state = world.kernel_state();
    let _servers = [80, 81].map(|port| listen(world.at("eni-12"), &format!("0.0.0.0:{port}")));
    connect(world.at("eni-11"), "10.0.2.12:81").unwrap();
    world.drops("eni-12", Gate::IngressDenied, |w| begin(w.at("eni-11"), "10.0.2.12:80"));
    // A VPC made from nothing with these facts looks the same.
    let input = world.input.clone();
    drop(world);
    let fresh = World::on_this_host(input, network_apply::Uplink::None);
    assert_same(&fresh.kernel_state(), &state);
}

#[test]
fn an_eni_that_vanished_meanwhile_loses_its_link() {
    let Some(mut world) = World::new(small()) else { return };
    world.restart();
    world.change(|input| {
        input.enis.pop();
    });
    let links = world.router().inside(|| std::process::Command::new("ip").arg("link").output());
    let text = String::from_utf8(links.unwrap().stdout).unwrap();
    assert!(text.contains("e11@") && !text.contains("e12@"), "{text}");
}

#[test]
fn an_old_processs_table_is_replaced_without_cutting_connections() {
    let Some(mut world) = World::new(small()) else { return };
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    let mut client = connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    let (mut stream, _) = server.accept().unwrap();
    let before = world.kernel_state();
    // Another version's table: same name, no fingerprint.
    world.router().inside(|| {
        let script = "delete table inet allod; add table inet allod";
        let status = std::process::Command::new("nft").arg(script).status();
        assert!(status.unwrap().success());
    });
    world.restart();
    world.apply();
    assert_same(&world.kernel_state(), &before);
    client.write_all(b"on").unwrap();
    let mut heard = [0; 2];
    stream.read_exact(&mut heard).unwrap();
}

#[test]
fn a_refused_batch_changes_nothing_and_names_the_step() {
    let Some(mut world) = World::new(small()) else { return };
    let before = world.kernel_state();
    let mut plan = world.plan();
    // Two overlapping intervals, which no plan contains: the kernel refuses.
    let key = |from: u16, to: u16| {
        let base = || Key::new().native(1).native(1).byte(6);
        Element::range(base().short(from), base().short(to))
    };
    plan.elements.insert(SetId::EgressGroup, vec![key(1, 10), key(5, 20)]);
    plan.elements.remove(&SetId::Ingress4);
    let error = world.network().apply(&plan).unwrap_err();
    let ApplyError::Refused { step, .. } = &error else { panic!("{error}") };
    assert!(step.contains("egress_group"), "{error}");
    assert_same(&world.kernel_state(), &before);
    // And the next good plan goes through.
    world.apply();
    assert_same(&world.kernel_state(), &before);
}

#[test]
fn elements_removed_from_outside_come_back() {
    let Some(mut world) = World::new(small()) else { return };
    let before = world.kernel_state();
    let meddle = || {
        let script = "flush set inet allod eni_mac; flush map inet allod eni_group";
        let status = std::process::Command::new("nft").arg(script).status();
        assert!(status.unwrap().success());
    };
    world.router().inside(meddle);
    world.network().distrust("vpc-1");
    world.apply();
    assert_same(&world.kernel_state(), &before);
    // Even trusted: deleting what is missing is refused, read back, repeated.
    world.router().inside(meddle);
    world.change(|input| {
        input.enis.pop();
    });
    let after = world.kernel_state();
    world.network().distrust("vpc-1");
    world.apply();
    assert_same(&world.kernel_state(), &after);
}

#[test]
fn attaching_twice_is_harmless_and_attaching_elsewhere_is_refused() {
    let Some(mut world) = World::new(small()) else { return };
    let machine = world.machines.remove("eni-12").unwrap();
    let to = Attachment {
        eni: "eni-12",
        machine: machine.file().as_fd(),
        interface: "eth0",
        metric: 0,
        answers: None,
    };
    world.network().attach("vpc-1", &to).unwrap();
    let server = listen(&machine, "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    server.accept().unwrap();
    let thief = Namespace::new();
    let elsewhere = Attachment {
        eni: "eni-12",
        machine: thief.file().as_fd(),
        interface: "eth0",
        metric: 0,
        answers: None,
    };
    let error = world.network().attach("vpc-1", &elsewhere).unwrap_err();
    assert!(matches!(error, ApplyError::AlreadyAttached(_)), "{error}");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    // The machine's end takes the link along; then another may have it.
    drop((server, machine));
    world.until("the link is gone", |w| w.network().attach("vpc-1", &elsewhere).is_ok());
    let unknown = Attachment { eni: "eni-99", ..elsewhere };
    let error = world.network().attach("vpc-1", &unknown).unwrap_err();
    assert!(matches!(error, ApplyError::UnknownEni(_)));
}

/// Runs a shell script in the router, as somebody who meddles or as a process
/// that died half-way.
fn meddle(world: &World, script: &str) {
    world.router().inside(|| {
        let status = std::process::Command::new("sh").args(["-ec", script]).status();
        assert!(status.unwrap().success(), "{script}");
    });
}

#[test]
fn whatever_is_missing_is_made_again() {
    let Some(mut world) = World::new(small()) else { return };
    let before = world.kernel_state();
    for damage in [
        "nft delete table inet allod",
        "nft delete table arp allod",
        "nft delete table inet allod; nft delete table arp allod",
        "nft flush set arp allod arp_sender",
        "ip route flush proto 65 table 1002; ip -6 route flush proto 65 table 1002",
        "ip route del 10.0.2.12 proto 65; ip -6 route del 2001:db8:1:2::c proto 65",
        "ip rule del prio 1001; ip -6 rule del prio 1002",
        "ip addr del 10.0.1.2/32 dev lo; ip addr del fd00:ec2::254/128 dev lo",
        "ip neigh del 169.254.0.2 dev edge",
        "ip link set edge down",
        "ip route add 10.0.77.0/24 via 169.254.0.2 dev edge onlink proto 65 metric 100",
        "for f in -4 -6; do ip $f rule add fwmark 1077 prio 1077 table 1077 proto 65; done",
        "nft add element inet allod eni_unchecked { 77 }; ip addr add 10.0.7.1/32 dev lo",
    ] {
        meddle(&world, damage);
        world.network().distrust("vpc-1");
        world.apply();
        // The kernel removes a downed link's routes by itself, after which they
        // are missing too: one more round reads that.
        world.network().distrust("vpc-1");
        world.apply();
        let now = world.kernel_state();
        println!("{damage}");
        assert_same(&now, &before);
    }
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    server.accept().unwrap();
}

#[test]
fn a_half_finished_attachment_is_finished() {
    let Some(mut world) = World::new(small()) else { return };
    let before = world.kernel_state();
    meddle(&world, "ip neigh del 169.254.0.2 dev e12; ip link set e12 down; ip addr flush dev e12");
    let machine = world.machines.remove("eni-12").unwrap();
    machine.inside(|| {
        for words in ["addr flush dev eth0", "link set eth0 down"] {
            let status = std::process::Command::new("ip").args(words.split(' ')).status();
            assert!(status.unwrap().success());
        }
    });
    let to = Attachment {
        eni: "eni-12",
        machine: machine.file().as_fd(),
        interface: "eth0",
        metric: 0,
        answers: None,
    };
    world.network().attach("vpc-1", &to).unwrap();
    assert_same(&world.kernel_state(), &before);
    let server = listen(&machine, "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    server.accept().unwrap();
}

#[test]
fn a_number_cannot_be_shared() {
    let Some(mut world) = World::new(small()) else { return };
    let mut twin = world.plan();
    twin.id = "vpc-other".into();
    for _ in 0..2 {
        let error = world.network().apply(&twin).unwrap_err();
        assert!(matches!(error, ApplyError::InvalidConfig(_)), "{error}");
        assert_eq!(world.network().list(), ["vpc-1"]);
        world.restart();
    }
    let mut evil = world.plan();
    for name in ["", "../vpc-2", "edge", "vpc-ä"] {
        evil.id = name.into();
        let error = world.network().apply(&evil).unwrap_err();
        assert!(matches!(error, ApplyError::InvalidName(_)), "{error}");
    }
}

#[test]
fn thousands_of_rules_arrive_and_leave() {
    let Some(mut world) = World::new(small()) else { return };
    let before = world.kernel_state();
    world.change(|input| {
        for number in 2..82 {
            let rules = (0..100_u16).map(|nth| {
                rule(&format!("sgr-{number}-{nth:03}"), tcp(1000 + nth), &format!("10.{number}.0.0/16"))
            });
            input.groups.push(open_out(number, rules.collect()));
        }
    });
    let count = |world: &World, port: &str| {
        let wanted = format!("tcp . {port} .");
        world.kernel_state().iter().filter(|line| line.contains(&wanted)).count()
    };
    assert_eq!(count(&world, "1000"), 80);
    assert_eq!(count(&world, "1099"), 80);
    world.change(|input| input.groups.truncate(1));
    assert_same(&world.kernel_state(), &before);
}

#[test]
fn two_processes_cannot_run_one_network() {
    let Some(mut world) = World::new(small()) else { return };
    let config = world.network().config().clone();
    let error = network_apply::Network::open(config).map(drop).unwrap_err();
    assert!(matches!(error, ApplyError::InUse(_)), "{error}");
    world.restart();
    world.apply();
}

/// Looks until nothing is disturbed any more; how many steps were taken to repair.
fn mend(world: &mut World) -> usize {
    let mut repairs = 0;
    for _ in 0..5 {
        let disturbed = world.network().disturbed().unwrap();
        if disturbed.is_empty() {
            return repairs;
        }
        assert_eq!(disturbed, ["vpc-1"]);
        world.apply();
        repairs += world.network().repairs("vpc-1");
    }
    panic!("it never comes to rest");
}

#[test]
fn meddling_is_noticed_and_repaired() {
    let Some(mut world) = World::new(small()) else { return };
    mend(&mut world);
    let before = world.kernel_state();
    for damage in [
        "nft delete table inet allod",
        "nft flush chain inet allod forward",
        "nft insert rule inet allod forward accept",
        "nft delete rule inet allod forward handle $(nft -a list chain inet allod forward | awk '/# handle/ {print $NF}' | tail -1)",
        "nft flush set inet allod eni_mac",
        "nft add element inet allod eni_unchecked { 77 }",
        "ip route flush proto 65 table 1002",
        "ip -6 route flush proto 65 table 1002",
        "ip route del 10.0.2.12 proto 65",
        "ip rule del prio 1001",
        "ip addr del 10.0.1.2/32 dev lo",
        "ip link set e12 down",
        "ip link set edge down",
    ] {
        meddle(&world, damage);
        println!("{damage}");
        assert!(mend(&mut world) > 0, "{damage}");
        // An IPv6 address of a link that was down comes back by the kernel's own doing.
        if !damage.contains("down") {
            assert_same(&world.kernel_state(), &before);
        }
    }
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    server.accept().unwrap();
    // What others do beside us is none of our business, and our own changes are no meddling.
    meddle(&world, "ip route add 192.0.2.0/24 via 169.254.0.2 dev edge onlink; ip route del 192.0.2.0/24");
    world.change(|input| input.groups[0].ingress.clear());
    assert_eq!(world.network().disturbed().unwrap(), Vec::<String>::new());
}

#[test]
fn the_hosts_side_is_repaired() {
    let Some(mut world) = World::new(small()) else { return };
    let shell = |script: &str| {
        let done = std::process::Command::new("sh").args(["-ec", script]).output().unwrap();
        assert!(done.status.success(), "{script}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8_lossy(&done.stdout).into_owned()
    };
    let table = format!("allod-{}", world.network().config().name);
    let link = shell("ip -o link show type veth").split_whitespace().nth(1).unwrap().to_owned();
    let link = link.split('@').next().unwrap().to_owned();
    let _public = listen(world.at("eni-11"), "0.0.0.0:80");
    mend(&mut world);
    for damage in [
        format!("nft delete table ip {table}"),
        format!("nft flush table ip {table}"),
        format!("ip link delete {link}"),
    ] {
        shell(&damage);
        let disturbed = world.network().disturbed().unwrap();
        assert_eq!(disturbed, ["vpc-1"], "{damage}");
        world.apply();
        assert!(shell(&format!("nft list table ip {table}")).contains("drop"), "{damage}");
        connect(&Namespace::current(), "198.18.0.11:80").unwrap();
        mend(&mut world);
    }
    // Another table of the host is another's.
    shell("nft add table ip other; nft delete table ip other");
    assert_eq!(world.network().disturbed().unwrap(), Vec::<String>::new());
}
