//! Random VPCs and random packets: what the skeleton decides must be what a
//! plain reading of the rules says.

use std::net::IpAddr;

use proptest::prelude::*;

use super::facts::{address_v4, address_v6, vpc};
use super::interpreter::{Fate, Machine, Packet};
use crate::{
    EDGE_INDEX, Eni, Gate, Hook, Peer, Protocol, Rule, SetId, TABLE_BASE, VpcInput, eni_index, plan,
};

/// A probe: who sends to whom (6 and beyond: the internet), how.
#[derive(Clone, Debug)]
struct Probe {
    from: usize,
    to: usize,
    v6: bool,
    protocol: u8,
    port: u16,
    icmp: (u8, u8),
}

fn probe() -> impl Strategy<Value = Probe> {
    let protocol = prop::sample::select(vec![6_u8, 6, 17, 1, 58, 47, 50]);
    let small = || prop::sample::select(vec![0_u8, 1, 8, 128, 129]);
    (0_usize..7, 0_usize..7, any::<bool>(), protocol, 76_u16..90, (small(), small()))
        .prop_map(|(from, to, v6, protocol, port, icmp)| Probe { from, to, v6, protocol, port, icmp })
}

impl Probe {
    fn address(&self, number: usize) -> IpAddr {
        match (number, self.v6) {
            (6.., false) => IpAddr::from([8, 8, 8, 8]),
            (6.., true) => "2001:4860::8888".parse().unwrap(),
            (_, false) => address_v4(number).into(),
            (_, true) => address_v6(number).into(),
        }
    }

    fn packet(&self) -> Packet {
        let index = |number: usize| {
            if number >= 6 { EDGE_INDEX } else { eni_index(u32::try_from(number).unwrap()) }
        };
        let mut network = Vec::new();
        if self.v6 {
            network.extend([0x60, 0, 0, 0, 0, 0, self.protocol, 64]);
        } else {
            network.extend([0x45, 0, 0, 0, 0, 0, 0, 0, 64, self.protocol, 0, 0]);
        }
        for address in [self.address(self.from), self.address(self.to)] {
            match address {
                IpAddr::V4(v4) => network.extend(v4.octets()),
                IpAddr::V6(v6) => network.extend(v6.octets()),
            }
        }
        let mut transport = match self.protocol {
            1 | 58 => vec![self.icmp.0, self.icmp.1],
            _ => vec![0x80, 0],
        };
        transport.extend(self.port.to_be_bytes());
        let mut link = vec![0; 6];
        link.extend([2, 0, 0, 0, 0, u8::try_from(self.from).unwrap(), 8, 0]);
        Packet {
            iif: index(self.from),
            oif: index(self.to),
            link,
            network,
            transport,
            l4proto: self.protocol,
            ..Packet::default()
        }
    }
}

/// A plain reading of one rule.
fn admits(rule: &Rule, probe: &Probe, peer: IpAddr, peer_groups: &[String]) -> bool {
    let port = |low: u16, high: u16| (low..=high).contains(&probe.port);
    let icmp = |kind: Option<u8>, code: Option<u8>| match kind {
        None => true,
        Some(kind) => probe.icmp.0 == kind && code.is_none_or(|code| probe.icmp.1 == code),
    };
    let protocol = match rule.protocol {
        Protocol::All => true,
        Protocol::Tcp(ports) => probe.protocol == 6 && port(ports.from, ports.to),
        Protocol::Udp(ports) => probe.protocol == 17 && port(ports.from, ports.to),
        Protocol::Icmp { kind, code } => probe.protocol == 1 && icmp(kind, code),
        Protocol::Icmpv6 { kind, code } => probe.protocol == 58 && icmp(kind, code),
        Protocol::Number(number) => probe.protocol == number,
    };
    protocol
        && match &rule.peer {
            Peer::Cidr(net) => net.contains(&peer),
            Peer::Group(group) => peer_groups.contains(group),
        }
}

/// ICMP belongs to IPv4 and ICMPv6 to IPv6; a rule for the one, applied to a
/// block of the other, is refused above us and means nothing here.
fn crossed(probe: &Probe) -> bool {
    probe.protocol == if probe.v6 { 1 } else { 58 }
}

fn gate(
    input: &VpcInput,
    eni: &Eni,
    probe: &Probe,
    peer: usize,
    side: fn(&crate::SecurityGroup) -> &Vec<Rule>,
) -> bool {
    let groups = input.groups.iter().filter(|group| eni.groups.contains(&group.id));
    let nobody = Vec::new();
    let peer_groups = input.enis.get(peer).map_or(&nobody, |eni| &eni.groups);
    groups.flat_map(side).any(|rule| admits(rule, probe, probe.address(peer), peer_groups))
}

fn expected(input: &VpcInput, probe: &Probe) -> Fate {
    let dropped = |gate| Fate::Dropped(Some(SetId::Dropped(gate)));
    let sender = input.enis.get(probe.from);
    let receiver = input.enis.get(probe.to);
    if let (Some(eni), None, false) = (sender, receiver, probe.v6)
        && eni.public_v4.is_empty()
    {
        return dropped(Gate::NoPublicAddress);
    }
    if let Some(eni) = sender
        && !gate(input, eni, probe, probe.to, |group| &group.egress)
    {
        return dropped(Gate::EgressDenied);
    }
    if let Some(eni) = receiver
        && !gate(input, eni, probe, probe.from, |group| &group.ingress)
    {
        return dropped(Gate::IngressDenied);
    }
    Fate::Accepted
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_gates_say_what_the_rules_say(
        input in vpc(),
        probes in prop::collection::vec(probe(), 40),
    ) {
        let plan = plan(&input).unwrap();
        let machine = Machine::new(&plan);
        for probe in probes.iter().filter(|probe| !crossed(probe)) {
            if probe.from >= 6 && probe.to >= 6 {
                continue;
            }
            let fate = machine.run(Hook::Forward, &mut probe.packet());
            // An accepted packet's last counter does not matter.
            prop_assert_eq!(fate, expected(&input, probe), "{:?}", probe);
        }
    }

    #[test]
    fn known_connections_pass_whatever_the_groups_say(input in vpc(), probe in probe()) {
        let plan = plan(&input).unwrap();
        let mut packet = probe.packet();
        packet.state = 2;
        let fate = Machine::new(&plan).run(Hook::Forward, &mut packet);
        let to_internet = probe.to >= 6 && !probe.v6;
        let stranded = to_internet
            && input.enis.get(probe.from).is_none_or(|eni| eni.public_v4.is_empty());
        if !stranded {
            prop_assert_eq!(fate, Fate::Accepted);
        }
    }

    #[test]
    fn only_ones_own_addresses_may_be_used(input in vpc(), probe in probe(), liar in 0_usize..6) {
        let plan = plan(&input).unwrap();
        let machine = Machine::new(&plan);
        prop_assume!(probe.from < 6 && probe.protocol != 58);
        let eni = &input.enis[liar];
        let mut packet = probe.packet();
        packet.iif = eni_index(eni.number);
        let honest = probe.from == liar;
        let fate = machine.run(Hook::Prerouting, &mut packet);
        if honest {
            prop_assert_eq!(fate, Fate::Accepted);
            let table = if liar % 3 == 2 { 2 } else { 1 };
            prop_assert!(packet.mark == TABLE_BASE + table || packet.mark == 0);
        } else {
            prop_assert_eq!(fate, Fate::Dropped(Some(SetId::Dropped(Gate::Spoofed))));
        }
        // With the right hardware address only the check's absence helps.
        packet = probe.packet();
        packet.iif = eni_index(eni.number);
        packet.link[11] = u8::try_from(liar).unwrap();
        let passes = honest || !eni.source_dest_check;
        let fate = machine.run(Hook::Prerouting, &mut packet);
        prop_assert_eq!(fate == Fate::Accepted, passes);
    }
}
