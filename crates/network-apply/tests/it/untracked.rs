//! "Established flows survive a revoke while untracked ones are cut, as AWS documents" (EC2 user guide, "Security
//! group connection tracking").

use network_plan::{Gate, Protocol, Rule, VpcInput};

use crate::datagrams::Datagrams;
use crate::facts::{anywhere, eni, group, rule, udp, vpc};
use crate::wire::bind_udp;
use crate::world::World;

/// Client 11 in group 1, server 12 in group 2.
fn pair(server_in: Vec<Rule>, server_out: Vec<Rule>) -> VpcInput {
    let mut input = vpc(1);
    input.groups =
        vec![group(1, Vec::new(), anywhere("sgr-out", Protocol::All)), group(2, server_in, server_out)];
    input.enis = vec![eni(11, 1, &["sg-1"]), eni(12, 2, &["sg-2"])];
    input
}

struct Talk {
    client: Datagrams,
    server: Datagrams,
    from: std::net::SocketAddr,
}

/// A datagram there and one back.
fn talk(world: &World) -> Talk {
    let server = bind_udp(world.at("eni-12"), "0.0.0.0:9");
    let client = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    let mut buffer = [0; 16];
    client.send_to(b"hello", "10.0.2.12:9").unwrap();
    let (_, from) = server.recv_from(&mut buffer).unwrap();
    server.send_to(b"hello", from).unwrap();
    client.recv(&mut buffer).unwrap();
    Talk { client, server, from }
}

impl Talk {
    fn ask(&self) {
        self.client.send_to(b"ask", "10.0.2.12:9").unwrap();
    }

    fn goes_on(&self) {
        let mut buffer = [0; 16];
        self.ask();
        assert_eq!(self.server.recv(&mut buffer).unwrap(), 3);
        self.server.send_to(b"said", self.from).unwrap();
        assert_eq!(self.client.recv(&mut buffer).unwrap(), 4);
    }
}

#[test]
fn a_tracked_flow_survives_the_end_of_its_rule() {
    let narrow = vec![rule("sgr-in", udp(9), "10.0.1.0/24")];
    let Some(mut world) = World::new(pair(narrow, anywhere("sgr-any", Protocol::All))) else { return };
    let flow = talk(&world);
    world.change(|input| input.groups[1].ingress.clear());
    flow.goes_on();
    let other = bind_udp(world.at("eni-11"), "0.0.0.0:0");
    world.drops("eni-12", Gate::IngressDenied, |_| other.send_to(b"new", "10.0.2.12:9").unwrap());
    flow.goes_on();
}

#[test]
fn an_untracked_flow_ends_with_the_rule_that_admits_it() {
    let wide = vec![rule("sgr-in", udp(9), "0.0.0.0/0")];
    let Some(mut world) = World::new(pair(wide, anywhere("sgr-any", Protocol::All))) else { return };
    let flow = talk(&world);
    flow.goes_on();
    world.change(|input| input.groups[1].ingress.clear());
    world.drops("eni-12", Gate::IngressDenied, |_| flow.ask());
    // With a rule that admits it, it goes on as if nothing had been.
    world.change(|input| input.groups[1].ingress = vec![rule("sgr-in", udp(9), "10.0.1.11/32")]);
    flow.goes_on();
}

#[test]
fn an_untracked_flow_ends_with_the_rule_for_its_answers() {
    let wide = vec![rule("sgr-in", udp(9), "0.0.0.0/0")];
    let Some(mut world) = World::new(pair(wide, anywhere("sgr-any", Protocol::All))) else { return };
    let flow = talk(&world);
    world.change(|input| input.groups[1].egress.clear());
    world.drops("eni-12", Gate::EgressDenied, |_| flow.server.send_to(b"no", flow.from).unwrap());
}

#[test]
fn answers_need_a_rule_for_all_ports_to_leave_a_flow_untracked() {
    let wide = vec![rule("sgr-in", udp(9), "0.0.0.0/0")];
    let most = network_plan::Protocol::Udp(network_plan::Ports { from: 1, to: u16::MAX });
    let Some(mut world) = World::new(pair(wide, vec![rule("sgr-most", most, "0.0.0.0/0")])) else { return };
    let flow = talk(&world);
    world.change(|input| {
        input.groups[1].ingress.clear();
        input.groups[1].egress.clear();
    });
    flow.goes_on();
}

#[test]
fn the_sending_side_has_untracked_flows_too() {
    let mut input = pair(vec![rule("sgr-in", udp(9), "10.0.1.0/24")], Vec::new());
    input.groups[0].ingress = anywhere("sgr-in", Protocol::All);
    let Some(mut world) = World::new(input) else { return };
    let flow = talk(&world);
    // The answers come in by the rule for answers …
    world.change(|input| input.groups[0].ingress.clear());
    world.drops("eni-11", Gate::IngressDenied, |_| flow.server.send_to(b"no", flow.from).unwrap());
    // … and requests go out by theirs.
    world.change(|input| {
        input.groups[0].ingress = anywhere("sgr-in", Protocol::All);
        input.groups[0].egress.clear();
    });
    world.drops("eni-11", Gate::EgressDenied, |_| flow.ask());
    // The server's own side is tracked: it answers without any egress rule.
    world.change(|input| input.groups[0].egress = anywhere("sgr-out", Protocol::All));
    flow.goes_on();
}
