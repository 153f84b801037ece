//! Random VPCs and random packets: what the skeleton decides must be what a plain reading of the facts says.

use std::net::IpAddr;

use proptest::prelude::*;

use super::facts::{address_v4, address_v6, peering, vpc};
use super::interpreter::{Fate, Machine, Packet};
use super::oracle::{Header, Oracle, Side};
use super::routing::{End, send};
use crate::{EDGE_INDEX, Gate, SetId, VpcInput, eni_index, peering_index, plan};

/// The internet, and two machines of the peer.
const INTERNET: usize = 6;
const PEER: usize = 7;
const OTHER_PEER: usize = 8;

/// A probe: who sends to whom, how.
#[derive(Clone, Debug)]
pub(super) struct Probe {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) v6: bool,
    pub(super) protocol: u8,
    pub(super) port: u16,
    icmp: (u8, u8),
}

pub(super) fn probe() -> impl Strategy<Value = Probe> {
    let protocol = prop::sample::select(vec![6_u8, 6, 17, 1, 58, 47, 50]);
    let small = || prop::sample::select(vec![0_u8, 1, 8, 128, 129]);
    let end = || 0..=OTHER_PEER;
    (end(), end(), any::<bool>(), protocol, 76_u16..90, (small(), small()))
        .prop_map(|(from, to, v6, protocol, port, icmp)| Probe { from, to, v6, protocol, port, icmp })
}

impl Probe {
    fn address(&self, number: usize) -> IpAddr {
        let text = match (number, self.v6) {
            (INTERNET, false) => "8.8.8.8",
            (INTERNET, true) => "2001:4860::8888",
            (PEER, false) => "10.9.0.5",
            (PEER, true) => "2001:db8:900::5",
            (OTHER_PEER, false) => "10.9.0.6",
            (OTHER_PEER, true) => "2001:db8:900::6",
            (_, false) => return address_v4(number).into(),
            (_, true) => return address_v6(number).into(),
        };
        text.parse().unwrap()
    }

    fn side<'a>(&self, input: &'a VpcInput) -> Side<'a> {
        match self.from {
            INTERNET => Side::Edge,
            PEER | OTHER_PEER => Side::Peer,
            number => Side::Eni(&input.enis[number]),
        }
    }

    /// From one machine to a port of another one.
    pub(super) fn tcp(from: usize, to: usize, port: u16) -> Self {
        Self { from, to, v6: false, protocol: 6, port, icmp: (0, 0) }
    }

    /// An answer.
    pub(super) fn reversed(&self) -> Self {
        Self { from: self.to, to: self.from, port: 0x8000, ..self.clone() }
    }

    /// Whether such a packet can come to this router at all.
    pub(super) fn can_arrive(&self, input: &VpcInput) -> bool {
        let from_edge = self.from == INTERNET;
        let from_peer = self.from >= PEER;
        let public = input.enis.get(self.to).is_some_and(|eni| !eni.public_v4.is_empty());
        let translated = self.v6 || public && input.internet_gateway.is_some();
        self.from != self.to
            && !(from_edge && (self.to >= INTERNET || !translated))
            && !(from_peer && input.peerings.is_empty())
    }

    pub(super) fn header(&self) -> Header {
        Header {
            source: self.address(self.from),
            destination: self.address(self.to),
            protocol: self.protocol,
            source_port: 0x8000,
            port: self.port,
            icmp: self.icmp,
        }
    }

    /// The packet as it comes in: from the edge it is for the public address.
    pub(super) fn packet(&self, input: &VpcInput) -> Packet {
        let iif = match self.from {
            INTERNET => EDGE_INDEX,
            PEER | OTHER_PEER => peering_index(7),
            number => eni_index(u32::try_from(number).unwrap()),
        };
        let mut destination = self.address(self.to);
        if self.from == INTERNET && !self.v6 {
            destination = input.enis[self.to].public_v4[0].public.into();
        }
        let mut network = Vec::new();
        if self.v6 {
            network.extend([0x60, 0, 0, 0, 0, 0, self.protocol, 64]);
        } else {
            network.extend([0x45, 0, 0, 0, 0, 0, 0, 0, 64, self.protocol, 0, 0]);
        }
        for address in [self.address(self.from), destination] {
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
        let mut packet =
            Packet { iif, link, network, transport, l4proto: self.protocol, ..Packet::default() };
        packet.connection.state = NEW;
        packet
    }
}

/// Bits of `ct state`.
const NEW: u32 = 0b1000;
pub(super) const ESTABLISHED: u32 = 0b010;
const RELATED: u32 = 0b100;

/// ICMP belongs to IPv4 and ICMPv6 to IPv6; the crossed combinations do not exist.
pub(super) fn crossed(probe: &Probe) -> bool {
    probe.protocol == if probe.v6 { 1 } else { 58 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn the_path_says_what_the_facts_say(
        input in vpc(),
        probes in prop::collection::vec(probe(), 60),
    ) {
        let plan = plan(&input).unwrap();
        let machine = Machine::new(&plan);
        for probe in probes.iter().filter(|probe| !crossed(probe) && probe.can_arrive(&input)) {
            let oracle = Oracle { input: &input, header: probe.header(), new: true };
            let end = send(&machine, &mut probe.packet(&input));
            // An accepted packet's last counter does not matter.
            prop_assert_eq!(end, oracle.end(probe.side(&input)), "{:?}", probe);
        }
    }

    #[test]
    fn known_connections_pass_the_stateful_gates_and_no_others(
        input in vpc(),
        probes in prop::collection::vec(probe(), 20),
        state in prop::sample::select(vec![ESTABLISHED, RELATED]),
    ) {
        let plan = plan(&input).unwrap();
        let machine = Machine::new(&plan);
        for probe in probes.iter().filter(|probe| !crossed(probe) && probe.can_arrive(&input)) {
            let mut packet = probe.packet(&input);
            packet.connection.state = state;
            // The kernel translates known connections by itself.
            machine.translate("dnat", &mut packet);
            let oracle = Oracle { input: &input, header: probe.header(), new: false };
            prop_assert_eq!(send(&machine, &mut packet), oracle.end(probe.side(&input)), "{:?}", probe);
        }
    }

    #[test]
    fn only_ones_own_addresses_may_be_used(input in vpc(), probe in probe(), liar in 0_usize..6) {
        let plan = plan(&input).unwrap();
        let machine = Machine::new(&plan);
        prop_assume!(probe.from < 6 && probe.protocol != 58);
        let eni = &input.enis[liar];
        let mut packet = probe.packet(&input);
        packet.iif = eni_index(eni.number);
        let honest = probe.from == liar;
        let fate = machine.filter("source", &mut packet);
        if honest {
            prop_assert_eq!(fate, Fate::Accepted);
        } else {
            let Fate::Dropped(Some(record), set) = fate else { panic!("{fate:?}") };
            prop_assert_eq!((record.gate, set), (Gate::Spoofed, Some(SetId::Dropped(Gate::Spoofed))));
        }
        // With the right hardware address only the check's absence helps.
        packet = probe.packet(&input);
        packet.iif = eni_index(eni.number);
        packet.link[11] = u8::try_from(liar).unwrap();
        let passes = honest || !eni.source_dest_check;
        let fate = machine.filter("source", &mut packet);
        prop_assert_eq!(fate == Fate::Accepted, passes);
    }

    #[test]
    fn a_peer_sends_from_its_own_blocks_only(input in vpc(), probe in probe()) {
        prop_assume!(probe.from < INTERNET && probe.protocol != 58);
        let input = VpcInput { peerings: vec![peering()], ..input };
        let plan = plan(&input).unwrap();
        let mut packet = probe.packet(&input);
        packet.iif = peering_index(7);
        let end = send(&Machine::new(&plan), &mut packet);
        let End::Dropped(Some(record), None) = end else { panic!("{end:?}") };
        prop_assert_eq!(record.gate, Gate::Spoofed);
    }
}
