//! What the kernel holds, told by `nft` as a second witness.

use std::process::Command;

use network_apply::probe;
use network_plan::{Ports, Protocol};

use crate::facts::{eni, open_out, rule, tcp, vpc};
use crate::wire::{connect, listen};
use crate::world::{World, assert_same, private_host};

/// The ruleset of the current namespace as JSON. `None` without the program.
fn ruleset(words: &[&str]) -> Option<serde_json::Value> {
    let output = Command::new("nft").arg("-j").args(words).output().ok()?;
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).ok()
}

/// Packets counted by the rules of a chain that drop.
fn chain_drops(json: &serde_json::Value, chain: &str) -> u64 {
    let items = json["nftables"].as_array().unwrap();
    let rules = items.iter().map(|item| &item["rule"]).filter(|rule| rule["chain"] == chain);
    let counters = rules.flat_map(|rule| rule["expr"].as_array().unwrap());
    counters.filter_map(|expr| expr["counter"]["packets"].as_u64()).sum()
}

/// What our rules in the host's input chain dropped.
pub fn host_drops() -> u64 {
    chain_drops(&ruleset(&["list", "ruleset"]).unwrap(), "input")
}

/// What a chain of our table in the current namespace dropped without naming an ENI.
pub fn table_drops(chain: &str) -> u64 {
    chain_drops(&ruleset(&["list", "table", "inet", "allod"]).unwrap(), chain)
}

/// What a chain of the VPC's router dropped without naming an ENI.
pub fn router_drops(world: &World, chain: &str) -> u64 {
    world.router().inside(|| table_drops(chain))
}

#[test]
fn another_program_reads_the_same_elements() {
    let mut input = vpc(1);
    // One for a single port, one for a range of them.
    let range = Protocol::Tcp(Ports { from: 80, to: 81 });
    input.groups = vec![open_out(
        7,
        vec![rule("sgr-one", tcp(80), "10.0.0.0/16"), rule("sgr-more", range, "10.0.0.0/16")],
    )];
    input.enis = vec![eni(11, 1, &["sg-7"])];
    let Some(world) = World::new(input) else { return };
    let list = |set: &str| world.router().inside(|| ruleset(&["list", "set", "inet", "allod", set]));
    let set_of = |json: &serde_json::Value| {
        let items = json["nftables"].as_array().unwrap();
        items.iter().find_map(|item| item.get("set")).unwrap().clone()
    };
    let Some(json) = list("ingress4") else {
        println!("skipped: no nft program");
        return;
    };
    let set = set_of(&json);
    assert_eq!(set["type"], serde_json::json!(["mark", "inet_proto", "inet_service", "ipv4_addr"]));
    let key = &set["elem"][0]["concat"];
    assert_eq!(key[1], "tcp");
    assert_eq!(key[2], serde_json::json!({"range": [80, 81]}));
    assert_eq!(key[3], serde_json::json!({"prefix": {"addr": "10.0.0.0", "len": 16}}));
    let set = set_of(&list("ingress_exact4").unwrap());
    let key = &set["elem"][0]["concat"];
    assert_eq!((&key[1], &key[2], &key[3]), (&"tcp".into(), &80.into(), &"10.0.0.0".into()));
    let json = world.router().inside(|| ruleset(&["list", "table", "inet", "allod"]).unwrap());
    let items = json["nftables"].as_array().unwrap();
    let policy = |hook: &str| {
        let mut chains = items.iter().filter_map(|item| item.get("chain"));
        let chain = chains.find(|chain| chain["hook"] == hook && chain["type"] == "filter");
        chain.unwrap()["policy"].clone()
    };
    for hook in ["prerouting", "forward", "input"] {
        assert_eq!(policy(hook), "drop", "{hook} fails closed");
    }
}

#[test]
fn teardown_leaves_nothing_on_the_host() {
    let Some(()) = private_host() else { return };
    // Of this thread's namespace; sysfs would show the one it was mounted in.
    let links =
        || std::fs::read_to_string("/proc/thread-self/net/dev").map_or(0, |text| text.lines().count());
    let before = links();
    let mut input = vpc(1);
    input.groups = vec![open_out(1, Vec::new())];
    input.enis = vec![eni(11, 1, &["sg-1"])];
    let world = World::on_this_host(input, network_apply::Uplink::None);
    let dir = world.directory();
    assert!(dir.join("vpc-1").exists());
    drop(world);
    assert!(!dir.exists());
    assert_eq!(links(), before);
    if let Some(json) = ruleset(&["list", "ruleset"]) {
        let tables = json["nftables"].as_array().unwrap().iter();
        assert_eq!(tables.filter(|item| item.get("table").is_some()).count(), 0);
    }
    let routes = Command::new("ip").args(["route", "show", "table", "all", "proto", "65"]).output();
    assert!(routes.unwrap().stdout.is_empty());
}

#[test]
fn a_cleared_network_is_as_good_as_new() {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, vec![rule("sgr-in", tcp(80), "0.0.0.0/0")])];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"])];
    let Some(mut world) = World::new(input) else { return };
    let before = world.kernel_state();
    world.network().clear().unwrap();
    assert!(world.network().list().is_empty());
    world.network().clear().unwrap();
    // The same numbers again at once, while the kernel still sweeps up behind us.
    world.apply();
    world.boot("eni-11");
    world.boot("eni-12");
    assert_same(&world.kernel_state(), &before);
    let server = listen(world.at("eni-12"), "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    server.accept().unwrap();
}

#[test]
fn the_probe_names_every_feature_and_finds_what_the_tests_use() {
    let features = probe();
    for needed in ["network namespaces", "veth", "nf_tables"] {
        let feature = features.iter().find(|feature| feature.name == needed).unwrap();
        assert!(!feature.why.is_empty());
    }
    if private_host().is_some() {
        let missing: Vec<_> = features.iter().filter(|f| !f.present && f.required).collect();
        assert!(missing.is_empty(), "{missing:?}");
    }
}
