//! Random facts, one after the other, on the real kernel: every plan is accepted,
//! and the way there does not matter.

use network_plan::{InputRoute, Peer, Ports, Protocol, RouteTarget, Rule, VpcInput};

use crate::facts::{eni, group, public, vpc};
use crate::world::{World, assert_same, private_host};

/// A small generator (xorshift64*): the same numbers for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let high = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(high).unwrap() % sides
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.roll(from.len())]
    }

    fn rules(&mut self, side: &str, group: usize) -> Vec<Rule> {
        let blocks = ["0.0.0.0/0", "10.0.0.0/16", "10.0.1.0/24", "10.0.1.11/32", "::/0", "2001:db8:1:2::/64"];
        (0..self.roll(8))
            .map(|number| {
                let from = u16::try_from(self.roll(50)).unwrap();
                let ports = Ports { from, to: from + u16::try_from(self.roll(50)).unwrap() };
                let protocol = match self.roll(6) {
                    0 => Protocol::All,
                    1 => Protocol::Udp(ports),
                    2 => Protocol::Icmp { kind: Some(8), code: None },
                    3 => Protocol::Number(47),
                    _ => Protocol::Tcp(ports),
                };
                let peer = if self.roll(3) == 0 {
                    Peer::Group(format!("sg-{}", self.roll(5)))
                } else {
                    Peer::Cidr(self.pick(&blocks).parse().unwrap())
                };
                Rule { id: format!("sgr-{side}-{group}-{number}"), protocol, peer }
            })
            .collect()
    }

    fn input(&mut self) -> VpcInput {
        let mut input = vpc(1);
        for number in 0..4 {
            let (ingress, egress) = (self.rules("in", number), self.rules("out", number));
            input.groups.push(group(u32::try_from(number).unwrap(), ingress, egress));
        }
        for number in 11..17_u8 {
            if self.roll(4) == 0 {
                continue;
            }
            let subnet = 1 + u8::try_from(self.roll(3)).unwrap();
            let groups: Vec<String> =
                (0..4).filter(|_| self.roll(2) == 0).map(|n| format!("sg-{n}")).collect();
            let names: Vec<&str> = groups.iter().map(String::as_str).collect();
            let mut one = eni(number, subnet, &names);
            one.source_dest_check = self.roll(2) == 0;
            if self.roll(2) == 0 {
                one = public(one, &format!("198.18.0.{number}"));
            }
            input.enis.push(one);
        }
        for destination in ["172.16.0.0/12", "10.0.2.0/24", "2001:db8:1:2::/64", "192.0.2.0/24"] {
            let target = match self.roll(5) {
                0 => RouteTarget::Blackhole,
                1 => RouteTarget::InternetGateway,
                2 | 3 => RouteTarget::Eni(format!("eni-{}", 11 + self.roll(6))),
                _ => continue,
            };
            let destination = destination.parse().unwrap();
            input.route_tables[0].routes.push(InputRoute {
                destination,
                target,
                origin: network_plan::RouteOrigin::Static,
            });
        }
        if self.roll(3) == 0 {
            input.internet_gateway = None;
        }
        input
    }
}

/// The state that a new world with these facts has.
fn fresh(input: &VpcInput) -> Vec<String> {
    let input = input.clone();
    let made = std::thread::spawn(move || {
        private_host().unwrap();
        World::on_this_host(input, network_apply::Uplink::None).kernel_state()
    });
    made.join().unwrap()
}

#[test]
fn random_facts_one_after_the_other_leave_no_trace() {
    let mut dice = Dice(20_261_120);
    let Some(mut world) = World::new(dice.input()) else { return };
    for round in 0..12 {
        let next = dice.input();
        let enis: Vec<String> = next.enis.iter().map(|eni| eni.id.clone()).collect();
        world.change(|input| *input = next);
        // Machines come and go with their ENIs; one whose subnet has changed is
        // started anew, as an ENI cannot move.
        for eni in world.machines.keys().cloned().collect::<Vec<_>>() {
            world.network().detach("vpc-1", &eni).ok();
            world.machines.remove(&eni);
        }
        for eni in &enis {
            world.boot(eni);
        }
        if round % 3 == 0 {
            world.restart();
            world.apply();
        }
        println!("round {round}: {:?}", world.input);
        assert_same(&world.kernel_state(), &fresh(&world.input));
    }
}
