//! Flows that go on all the time: while a call changes the network, while the control plane is dead, while it comes back.
//! Each of their packets has a number, and each number is accounted for.

use super::Statistics;
use super::experiment::{Experiment, Failure, Result, Shot};
use super::flows::Conversation;
use crate::random::Random;
use crate::site::{Change, Outlet};
use crate::verdict::{Agreement, Seen, compare};
use crate::wire::TcpFields;
use reachability::{ComponentKind, Index, Judgement, Packet, Protocol, State, Topology};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Flows at most, each in both directions.
const FLOWS: usize = 24;
/// First packets tried to find them.
const TRIED: usize = 250;
/// Between two packets of one direction of a flow.
const PAUSE: Duration = Duration::from_millis(10);
/// Packets of every direction before and behind a change.
const ROUNDS: u64 = 2;

/// Flows that stand.
pub(super) struct Steady {
    flows: Vec<Conversation>,
}

/// What happens under the flows.
pub(super) enum Event<'c> {
    /// A call: until it is acknowledged packets may meet the old network or the new one.
    Call(&'c Change),
    /// kill -9 of the control plane and a new start: nothing changes, and nobody reports drops meanwhile.
    Kill,
}

/// One direction of one flow.
struct Lane {
    outlet: Outlet,
    packet: Packet,
    tcp: TcpFields,
    identifier: u16,
}

/// A packet that was sent, and when: before (0), during (1) or after (2) what happened.
struct Sent {
    number: u32,
    lane: usize,
    phase: u32,
}

impl Experiment<'_> {
    /// Lets flows begin: TCP and UDP, answered once.
    pub(super) fn begin_steady(
        &mut self,
        random: &mut Random,
        statistics: &mut Statistics,
    ) -> anyhow::Result<Steady> {
        let shots = self.random_shots(random, TRIED);
        let results = self.fire(&shots)?;
        let mut flows = self.conversations(&results, statistics);
        flows.retain(|c| matches!(c.first.header.protocol, Protocol::Tcp { .. } | Protocol::Udp { .. }));
        random.shuffle(&mut flows);
        flows.truncate(FLOWS);
        let answers: Vec<Shot> = flows.iter().map(Conversation::answer_shot).collect();
        let arrived: Vec<u32> = self
            .fire(&answers)?
            .iter()
            .filter(|r| r.agreement == Agreement::Arrived)
            .map(|r| r.shot.number)
            .collect();
        flows.retain(|c| arrived.contains(&c.answer_number));
        Ok(Steady { flows })
    }

    /// Does something while the flows go on, and accounts for every packet of theirs.
    pub(super) fn under_steady(
        &mut self,
        steady: &Steady,
        event: &Event<'_>,
        statistics: &mut Statistics,
    ) -> anyhow::Result<Vec<Failure>> {
        let lanes = self.lanes(steady)?;
        let before = self.topology.clone();
        let (phase, rounds) = (AtomicU32::new(0), AtomicU64::new(0));
        let first = self.number();
        let (sent, done) = std::thread::scope(|scope| {
            let sender = scope.spawn(|| send(&lanes, first, &phase, &rounds));
            // The flows are on their way before anything happens …
            let met = wait_rounds(&rounds, ROUNDS, &sender).and_then(|()| {
                phase.store(1, Ordering::SeqCst);
                self.happen(event)
            });
            phase.store(2, Ordering::SeqCst);
            // … and go on behind it.
            let seen = rounds.load(Ordering::SeqCst);
            let met = met.and_then(|()| wait_rounds(&rounds, seen + ROUNDS + 1, &sender));
            phase.store(STOP, Ordering::SeqCst);
            (sender.join(), met)
        });
        done?;
        let sent = sent.map_err(|_| anyhow::anyhow!("the sender panicked"))??;
        self.skip_to(sent.last().map_or(first, |s| s.number));
        self.account(&lanes, &sent, &before, event, statistics)
    }

    fn happen(&mut self, event: &Event<'_>) -> anyhow::Result<()> {
        match event {
            Event::Call(change) => {
                self.site.change(change)?;
                change.apply(&mut self.topology);
                Ok(())
            }
            Event::Kill => self.restart(),
        }
    }

    fn lanes(&self, steady: &Steady) -> anyhow::Result<Vec<Lane>> {
        let mut lanes = Vec::new();
        for flow in &steady.flows {
            let State::Established(state) = &flow.answer.state else { continue };
            let (there, back) = (flow.first_number.wrapping_add(1), flow.answer_number.wrapping_add(1));
            let first = Packet { state: State::Established(state.clone()), ..flow.first.clone() };
            for (packet, tcp) in
                [(first, TcpFields::Data(there, back)), (flow.answer.clone(), TcpFields::Data(back, there))]
            {
                let outlet = self.site.outlet(&packet.at)?;
                lanes.push(Lane { outlet, packet, tcp, identifier: flow.identifier });
            }
        }
        Ok(lanes)
    }

    /// Waits until every packet has shown what became of it, and compares.
    fn account(
        &mut self,
        lanes: &[Lane],
        sent: &[Sent],
        before: &Topology,
        event: &Event<'_>,
        statistics: &mut Statistics,
    ) -> anyhow::Result<Vec<Failure>> {
        let now = self.topology.clone();
        let judged: Vec<[Judgement; 2]> = {
            let (old, new) = (Index::new(before), Index::new(&now));
            lanes.iter().map(|lane| [old.judge(&lane.packet), new.judge(&lane.packet)]).collect()
        };
        // While nobody reports, what is to be dropped can only fail to arrive.
        let silent = |s: &Sent| matches!(event, Event::Kill) && s.phase != 2;
        let agree = |s: &Sent, seen: &[_]| -> (usize, Agreement) {
            let [old, new] = &judged[s.lane];
            let of = |judgement: &Judgement| match compare(judgement, seen) {
                Agreement::Unproven if silent(s) && judgement.verdict.is_dropped() => Agreement::Silent,
                other => other,
            };
            match s.phase {
                0 => (0, of(old)),
                1 if !of(old).is_failure() => (0, of(old)),
                1 if of(new).is_failure() && half_taken_back(new, seen) => (1, Agreement::DroppedBehind),
                _ => (1, of(new)),
            }
        };
        let mut seen = super::experiment::Sightings::new();
        let end = Instant::now() + self.patience;
        loop {
            self.sight(&mut seen)?;
            let open = sent.iter().any(|s| {
                let seen = seen.get(&s.number).map_or(&[][..], Vec::as_slice);
                agree(s, seen).1 == Agreement::Unproven
            });
            if !open || Instant::now() > end {
                break;
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        let mut failures = Vec::new();
        for s in sent {
            let lane = &lanes[s.lane];
            let found = seen.remove(&s.number).unwrap_or_default();
            let (which, agreement) = agree(s, &found);
            let judgement = judged[s.lane][which].clone();
            statistics.count(&judgement, agreement);
            statistics.steady += 1;
            if agreement.is_failure() {
                let shot = Shot {
                    number: s.number,
                    packet: lane.packet.clone(),
                    tcp: lane.tcp,
                    identifier: lane.identifier,
                };
                let result = Result { shot: &shot, judgement, seen: found, agreement };
                let mut failure = Self::failure(&result, Vec::new(), Vec::new(), &now);
                failure.kind = format!("{} of a steady flow, phase {}", failure.kind, s.phase);
                failures.push(failure);
            }
        }
        Ok(failures)
    }
}

/// An address is taken back in two steps: the VPC's edge stops translating it, then the cloud's edge stops handing it to
/// the VPC. A packet between the two is refused by the VPC's edge, for the very reason foreseen: it is nobody's address.
fn half_taken_back(new: &Judgement, seen: &[Seen]) -> bool {
    let nobodys = new.objections.iter().any(|step| step.component.kind == ComponentKind::Internet);
    new.verdict.is_dropped()
        && nobodys
        && matches!(seen, [Seen::Dropped(drop)] if drop.gate == "no-public-address")
}

/// The phase in which the sender ends.
const STOP: u32 = 3;

/// Sends round after round until it is told to stop; everything that was sent.
fn send(lanes: &[Lane], first: u32, phase: &AtomicU32, rounds: &AtomicU64) -> std::io::Result<Vec<Sent>> {
    let mut sent = Vec::new();
    let mut number = first;
    while phase.load(Ordering::SeqCst) != STOP {
        for (lane, with) in lanes.iter().enumerate() {
            let before = phase.load(Ordering::SeqCst);
            if before == STOP {
                return Ok(sent);
            }
            with.outlet.send(with.packet.header, number, with.tcp, with.identifier)?;
            // What was sent while the phase turned may have met either side of it.
            let after = phase.load(Ordering::SeqCst).min(2);
            sent.push(Sent { number, lane, phase: if before == after { before } else { 1 } });
            number = number.wrapping_add(1);
        }
        rounds.fetch_add(1, Ordering::SeqCst);
        std::thread::sleep(PAUSE);
    }
    Ok(sent)
}

/// Waits until so many rounds are sent; fails when the sender has ended before that.
fn wait_rounds<T>(
    rounds: &AtomicU64,
    count: u64,
    sender: &std::thread::ScopedJoinHandle<'_, T>,
) -> anyhow::Result<()> {
    while rounds.load(Ordering::SeqCst) < count {
        anyhow::ensure!(!sender.is_finished(), "the sender ended");
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}
