//! The same in a user namespace, where root is nobody outside: small buffers, no
//! rights over the host.

use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use network_apply::Attachment;

use crate::facts::{eni, open_out, rule, tcp, vpc};
use crate::wire::{connect, listen};
use crate::world::{Namespace, World, private_host};

#[test]
fn a_user_namespace_is_enough() {
    if private_host().is_none() {
        return;
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "--mount", "--propagation", "private"]);
    unshare.arg(std::env::current_exe().unwrap());
    unshare.args([
        "--exact",
        "groups::an_allowed_port_connects_and_its_neighbour_is_dropped_and_counted",
        "internet::the_host_reaches_a_public_address_if_the_group_lets_it",
        "adoption::a_restart_adopts_everything_and_connections_stay_up",
        "adoption::thousands_of_rules_arrive_and_leave",
    ]);
    let Ok(output) = unshare.output() else {
        println!("skipped: no unshare program");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("4 passed"), "{text}");
    assert!(!text.contains("skipped"), "{text}");
}

#[test]
fn a_machine_with_a_user_namespace_of_its_own_is_attached() {
    let mut input = vpc(1);
    input.groups = vec![open_out(1, vec![rule("sgr-in", tcp(80), "0.0.0.0/0")])];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-1"])];
    let Some(mut world) = World::new(input) else { return };
    // The machine says when its namespaces are ready and ends with its input.
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--net", "sh", "-c", "echo ready; read end"]);
    unshare.stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut machine) = unshare.spawn() else {
        println!("skipped: no unshare program");
        return;
    };
    let mut line = [0; 6];
    machine.stdout.as_mut().unwrap().read_exact(&mut line).unwrap();
    let namespace = Namespace::open(&format!("/proc/{}/ns/net", machine.id()));
    world.network().detach("vpc-1", "eni-12").unwrap();
    let to = Attachment {
        eni: "eni-12",
        machine: namespace.file().as_fd(),
        interface: "eth0",
        metric: 0,
        answers: None,
    };
    world.network().attach("vpc-1", &to).unwrap();
    let server = listen(&namespace, "0.0.0.0:80");
    connect(world.at("eni-11"), "10.0.2.12:80").unwrap();
    server.accept().unwrap();
    drop(machine.stdin.take());
    machine.wait().unwrap();
}
