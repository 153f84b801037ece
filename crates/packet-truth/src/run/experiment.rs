//! One topology: built, shot at, compared.

use super::Statistics;
use crate::cloud::Cloud;
use crate::probe::{Known, choose, is_beyond};
use crate::random::Random;
use crate::site::{Change, Site};
use crate::verdict::{Agreement, Seen, compare};
use crate::wire::{Frame, TcpFields};
use reachability::{Header, Id, Index, Judgement, Packet, Place, Protocol, SourceMac, Topology, Verdict};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::{Duration, Instant};

/// Frames between two looks at what has arrived: well below what the sockets' buffers hold.
const BURST: usize = 128;
/// How long a probe may go without a sign of life. Only unproven ones, which fail the run, wait for it.
pub(super) const PATIENCE: Duration = Duration::from_secs(20);
/// Barriers are numbered from here.
const BARRIERS: u32 = 0xf000_0000;

/// A packet as it is sent, with its number and the fields that belong to its flow.
#[derive(Clone, Debug)]
pub struct Shot {
    /// Its number.
    pub number: u32,
    /// The packet that is judged.
    pub packet: Packet,
    /// TCP's fields.
    pub tcp: TcpFields,
    /// The identifier of ICMP queries.
    pub identifier: u16,
}

/// A probe on which the two sides disagree, complete enough to be tried again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// The network.
    pub topology: Topology,
    /// Packets sent before, in order, with the changes made before each: a flow's history.
    #[serde(default)]
    pub history: Vec<(Vec<Change>, Packet)>,
    /// Changes made before the last packet.
    #[serde(default)]
    pub changes: Vec<Change>,
    /// The packet.
    pub packet: Packet,
    /// What the explainer foresees, in its own words.
    pub foreseen: Vec<String>,
    /// What was seen.
    pub seen: Vec<Seen>,
    /// How the two sides stood to each other.
    pub kind: String,
}

/// A topology that stands, and what is sent through it.
pub struct Experiment<'c> {
    pub(super) cloud: &'c mut Cloud,
    /// The network as it is now.
    pub topology: Topology,
    /// The same in the cloud.
    pub site: Site,
    known: Known,
    next: u32,
    next_barrier: u32,
    /// How long an unproven probe is waited for.
    pub(super) patience: Duration,
}

/// A shot with what became of it.
pub struct Result<'s> {
    /// The shot.
    pub shot: &'s Shot,
    /// What was foreseen.
    pub judgement: Judgement,
    /// What was seen.
    pub seen: Vec<Seen>,
    /// How they agree.
    pub agreement: Agreement,
}

impl<'c> Experiment<'c> {
    /// Builds a topology in an empty cloud.
    ///
    /// # Errors
    /// When it cannot be built.
    pub fn begin(cloud: &'c mut Cloud, topology: Topology) -> anyhow::Result<Self> {
        let mut site = Site::build(cloud, &topology)?;
        site.listen(cloud.endpoint)?;
        let known = Known::new(&topology);
        Ok(Self { cloud, topology, site, known, next: 1, next_barrier: BARRIERS, patience: PATIENCE })
    }

    /// A number for the next shot.
    pub fn number(&mut self) -> u32 {
        self.next += 1;
        self.next
    }

    /// Sends so many random probes and compares; answers what failed.
    ///
    /// # Errors
    /// When the cloud or an interface is gone.
    pub fn probe(
        &mut self,
        random: &mut Random,
        count: usize,
        statistics: &mut Statistics,
    ) -> anyhow::Result<Vec<Failure>> {
        let begun = Instant::now();
        let shots = self.random_shots(random, count);
        let results = self.fire(&shots)?;
        let mut failures = Vec::new();
        for result in &results {
            statistics.count(&result.judgement, result.agreement);
            if result.agreement.is_failure() {
                failures.push(Self::failure(result, Vec::new(), Vec::new(), &self.topology));
            }
        }
        failures.extend(self.ask_insights(&results, statistics)?);
        failures.extend(self.follow_flows(random, &results, statistics)?);
        statistics.probing += begun.elapsed();
        Ok(failures)
    }

    /// Random probes, each the first packet of a flow.
    pub(super) fn random_shots(&mut self, random: &mut Random, count: usize) -> Vec<Shot> {
        let (site, first) = (&self.site, self.next + 1);
        let chosen =
            choose(&self.topology, random, &mut self.known, count, first, |place| site.can_send(place));
        let shots: Vec<Shot> = chosen
            .into_iter()
            .map(|(number, packet)| {
                let identifier = crate::probe::identifier(number);
                Shot { number, packet, tcp: TcpFields::Syn, identifier }
            })
            .collect();
        self.next = shots.iter().map(|s| s.number).max().unwrap_or(self.next).max(self.next) + 1;
        shots
    }

    /// A failure with everything that belongs to it.
    pub(super) fn failure(
        result: &Result<'_>,
        history: Vec<(Vec<Change>, Packet)>,
        changes: Vec<Change>,
        topology: &Topology,
    ) -> Failure {
        let words = |j: &Judgement| {
            let steps =
                j.path.iter().map(|s| format!("{:?} {}: {}", s.component.kind, s.component.id, s.why));
            let objections = j.objections.iter().skip(1);
            let more =
                objections.map(|s| format!("also {:?} {}: {}", s.component.kind, s.component.id, s.why));
            std::iter::once(format!("{:?}", j.verdict)).chain(steps).chain(more).collect()
        };
        Failure {
            topology: topology.clone(),
            history,
            changes,
            packet: result.shot.packet.clone(),
            foreseen: words(&result.judgement),
            seen: result.seen.clone(),
            kind: format!("{:?}", result.agreement),
        }
    }

    /// Sends shots and waits until each has shown what became of it; those beyond comparison are left out.
    ///
    /// # Errors
    /// When the cloud or an interface is gone.
    pub fn fire<'s>(&mut self, shots: &'s [Shot]) -> anyhow::Result<Vec<Result<'s>>> {
        let (judged, mut seen) = self.shoot(shots)?;
        self.settle(&judged, &mut seen)?;
        Ok(compared(judged, seen))
    }

    /// The same while nobody reports drops: what is to arrive is waited for. Packets are routed in the order in which
    /// they are sent, so when the last one is there the others have had their turn.
    pub(super) fn fire_unreported<'s>(&mut self, shots: &'s [Shot]) -> anyhow::Result<Vec<Result<'s>>> {
        let (judged, mut seen) = self.shoot(shots)?;
        let end = Instant::now() + self.patience;
        loop {
            note_arrivals(&self.site, &mut seen)?;
            let missing = judged.iter().any(|(shot, judgement)| {
                let watched = match &judgement.verdict {
                    Verdict::Delivered { at, .. } => !matches!(at, Place::Service { .. }),
                    Verdict::DeliveredToAppliance { .. } => true,
                    Verdict::Dropped => false,
                };
                watched && !seen.contains_key(&shot.number)
            });
            if !missing || Instant::now() > end {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let mut results = compared(judged, seen);
        for result in &mut results {
            if result.judgement.verdict.is_dropped() && result.seen.is_empty() {
                result.agreement = Agreement::Silent;
            } else if result.agreement == Agreement::Unproven {
                result.agreement = Agreement::Disagreement;
            }
        }
        Ok(results)
    }

    fn shoot<'s>(&self, shots: &'s [Shot]) -> anyhow::Result<(Vec<(&'s Shot, Judgement)>, Sightings)> {
        let index = Index::new(&self.topology);
        let shots: Vec<&Shot> =
            shots.iter().filter(|s| !is_beyond(&index, &self.topology, &s.packet)).collect();
        let judged = shots.iter().map(|shot| (*shot, index.judge(&shot.packet))).collect();
        let mut seen = Sightings::new();
        for burst in shots.chunks(BURST) {
            for shot in burst {
                let Packet { at, header, source_mac, .. } = &shot.packet;
                let Shot { number, tcp, identifier, .. } = **shot;
                self.site.send(
                    at,
                    Frame { header: *header, tracer: number, tcp, identifier },
                    *source_mac,
                )?;
            }
            note_arrivals(&self.site, &mut seen)?;
        }
        Ok((judged, seen))
    }

    /// Waits until every VPC with a machine reports drops: after a new start of the control plane nobody listens at
    /// first.
    ///
    /// # Errors
    /// When one never does.
    pub(super) fn await_reports(&mut self) -> anyhow::Result<()> {
        let end = Instant::now() + self.patience;
        let mut silent: BTreeMap<Id, Place> = BTreeMap::new();
        for eni in &self.topology.network_interfaces {
            let place = Place::NetworkInterface(eni.id.clone());
            if self.site.can_send(&place) {
                silent.insert(eni.vpc.clone(), place);
            }
        }
        while !silent.is_empty() {
            crate::interrupt::check()?;
            anyhow::ensure!(Instant::now() < end, "drops are not reported: {:?}", silent.keys());
            for place in silent.values() {
                self.barrier(place)?;
            }
            std::thread::sleep(Duration::from_millis(5));
            for (_, drop) in self.site.drops(self.cloud.endpoint)? {
                silent.remove(&drop.vpc);
            }
        }
        Ok(())
    }

    /// Sends a frame whose drop is always reported; its number. Outside there is no such thing.
    fn barrier(&mut self, at: &Place) -> anyhow::Result<Option<u32>> {
        let Place::NetworkInterface(id) = at else { return Ok(None) };
        let eni = self.topology.network_interfaces.iter().find(|i| i.id == *id);
        let Some(address) = eni.and_then(|eni| eni.addresses.first().copied()) else { return Ok(None) };
        let header = Header { source: address, destination: address, protocol: Protocol::udp(9) };
        self.next_barrier += 1;
        let number = self.next_barrier;
        let frame = Frame { header, tracer: number, tcp: TcpFields::Syn, identifier: 0 };
        self.site.send(at, frame, SourceMac::Foreign)?;
        Ok(Some(number))
    }

    /// Numbers up to this one are used.
    pub(super) fn skip_to(&mut self, number: u32) {
        self.next = self.next.max(number);
    }

    /// Notes what has arrived and what was reported since the last look.
    pub(super) fn sight(&mut self, seen: &mut Sightings) -> anyhow::Result<()> {
        note_arrivals(&self.site, seen)?;
        for (number, drop) in self.site.drops(self.cloud.endpoint)? {
            seen.entry(number).or_default().push(Seen::Dropped(drop));
        }
        note_arrivals(&self.site, seen)
    }

    /// kill -9 of the control plane, and a new start; it listens again when this returns.
    pub(super) fn restart(&mut self) -> anyhow::Result<()> {
        self.cloud.kill()?;
        self.cloud.launch()?;
        self.site.forget_drops();
        self.site.listen(self.cloud.endpoint)?;
        self.await_reports()
    }

    /// Waits for reports. Behind the probes every sender sends one more frame, under a foreign hardware address, whose
    /// drop is always reported: when all those reports are here, what was sent before has had its turn.
    fn settle(&mut self, judged: &[(&Shot, Judgement)], seen: &mut Sightings) -> anyhow::Result<()> {
        let senders: BTreeSet<&Place> = judged.iter().map(|(shot, _)| &shot.packet.at).collect();
        let mut barriers: BTreeSet<u32> = BTreeSet::new();
        for at in senders {
            barriers.extend(self.barrier(at)?);
        }
        let end = Instant::now() + self.patience;
        loop {
            note_arrivals(&self.site, seen)?;
            for (number, drop) in self.site.drops(self.cloud.endpoint)? {
                if !barriers.remove(&number) {
                    seen.entry(number).or_default().push(Seen::Dropped(drop));
                }
            }
            let open = judged.iter().any(|(shot, judgement)| {
                let seen = seen.get(&shot.number).map_or(&[][..], Vec::as_slice);
                compare(judgement, seen) == Agreement::Unproven
            });
            if (barriers.is_empty() && !open) || Instant::now() > end {
                // What was on its way while the reports were read.
                return note_arrivals(&self.site, seen);
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// What was seen of each probe, by its number.
pub(super) type Sightings = HashMap<u32, Vec<Seen>>;

fn compared(judged: Vec<(&Shot, Judgement)>, mut seen: Sightings) -> Vec<Result<'_>> {
    let mut results = Vec::with_capacity(judged.len());
    for (shot, judgement) in judged {
        let seen = seen.remove(&shot.number).unwrap_or_default();
        let agreement = compare(&judgement, &seen);
        results.push(Result { shot, judgement, seen, agreement });
    }
    results
}

fn note_arrivals(site: &Site, seen: &mut Sightings) -> anyhow::Result<()> {
    for (number, place, header) in site.arrivals()? {
        seen.entry(number).or_default().push(Seen::Arrived(place, header));
    }
    Ok(())
}
