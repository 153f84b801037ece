//! One aggregation interval: what was seen, and the records it makes at its end.

use super::packet::Seen;
use super::record::{Place, Traffic, What, covers, fields, line, stream, wants};
use super::sides::{Side, Sides};
use contracts::seams::LogLine;
use network_apply::{Counts, Flow, Tuple};
use network_plan::Gate;
use records::{FlowLog, Millis};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::IpAddr;
use std::sync::Arc;

/// Connections and rejected flows remembered per interval; more are left out.
const LIMIT: usize = 200_000;
/// TCP states of the kernel's connection table (`enum tcp_conntrack`): answered; closing by FIN; reset.
const SYN_RECEIVED: u8 = 2;
const FIN_WAIT: u8 = 4;
const CLOSED: u8 = 8;

/// A connection, told apart from another one that gets its number later.
type Identity = (u32, Tuple);

/// A packet the filter dropped, as flow logs see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rejection {
    pub(crate) gate: Gate,
    /// Interface indexes in the router; 0 for none.
    pub(crate) incoming: u32,
    pub(crate) outgoing: u32,
    pub(crate) packet: Seen,
    pub(crate) time: Millis,
}

#[derive(Clone, Copy, Debug)]
struct Rejected {
    packets: u64,
    bytes: u64,
    first: Millis,
    last: Millis,
    flags: u8,
}

/// At which interface, in which direction, whether accepted, which packets.
type RejectedKey = (String, bool, bool, Tuple);

/// An interval under way, for all flow logs with this period.
pub(crate) struct Window {
    period: Millis,
    start: Millis,
    /// Counters at the interval's beginning.
    baseline: HashMap<Identity, (Counts, Counts)>,
    ended: Vec<Flow>,
    rejected: HashMap<RejectedKey, Rejected>,
    /// Something was left out.
    skipped: bool,
}

impl Window {
    /// Begins to count: what the connections there are have carried so far belongs to no interval.
    pub(crate) fn begin(period_seconds: i32, now: Millis, flows: &[Flow]) -> Window {
        let period = Millis::from(period_seconds.max(1)) * 1000;
        let mut window = Window {
            period,
            start: now,
            baseline: HashMap::new(),
            ended: Vec::new(),
            rejected: HashMap::new(),
            skipped: false,
        };
        window.rebase(flows.iter());
        window
    }

    /// Whether the interval is over. Intervals end at multiples of the period.
    pub(crate) fn is_over(&self, now: Millis) -> bool {
        now.div_euclid(self.period) > self.start.div_euclid(self.period)
    }

    /// A connection ended.
    pub(crate) fn ended(&mut self, flow: &Flow) {
        if self.ended.len() < LIMIT {
            self.ended.push(flow.clone());
        } else {
            self.skipped = true;
        }
    }

    /// Events were lost on the way here.
    pub(crate) fn lost(&mut self) {
        self.skipped = true;
    }

    /// A packet was dropped. At the receiver's side it was let go by the sender's, if that is one of this VPC's.
    pub(crate) fn dropped(&mut self, sides: &Sides, one: &Rejection) {
        use Gate::{AclIn, AclOut, EgressDenied, EgressOnly, IngressDenied, NsgIn, NsgOut};
        let (sender, receiver) = (sides.behind(one.incoming), sides.behind(one.outgoing));
        match one.gate {
            EgressDenied | NsgOut | AclOut => self.note(sender, true, false, one),
            AclIn | NsgIn | IngressDenied | EgressOnly => {
                let receiver = receiver.or_else(|| sides.holder(one.packet.tuple.destination));
                self.note(sender, true, true, one);
                self.note(receiver, false, false, one);
            }
            // Let go by the interface; nothing leads where it wanted.
            Gate::NoRoute | Gate::NoPublicAddress | Gate::Misdelivered => self.note(sender, true, true, one),
            // Forged, for everybody, or for the router: not the interface's traffic.
            Gate::Spoofed | Gate::Multicast | Gate::NotAService => {}
        }
    }

    fn note(&mut self, side: Option<&Arc<Side>>, egress: bool, accepted: bool, one: &Rejection) {
        let Some(side) = side else { return };
        let key = (side.interface.clone(), egress, accepted, one.packet.tuple);
        if self.rejected.len() >= LIMIT && !self.rejected.contains_key(&key) {
            self.skipped = true;
            return;
        }
        let new = Rejected { packets: 0, bytes: 0, first: one.time, last: one.time, flags: 0 };
        let entry = self.rejected.entry(key).or_insert(new);
        entry.packets += 1;
        entry.bytes += one.packet.length;
        entry.last = one.time;
        entry.flags |= one.packet.tcp_flags;
    }

    /// Ends the interval and begins the next one: the lines of each flow log, by log and stream.
    pub(crate) fn turn(
        &mut self,
        now: Millis,
        flows: &[Flow],
        sides: &Sides,
        logs: &[Arc<FlowLog>],
    ) -> Vec<(Arc<FlowLog>, String, Vec<LogLine>)> {
        let mut found: BTreeMap<String, Vec<Traffic>> = BTreeMap::new();
        // One that ended while the others were read is told twice; its end knows more.
        let ended: HashSet<Identity> = self.ended.iter().map(|flow| (flow.id, flow.original)).collect();
        let lives = |flow: &&Flow| !ended.contains(&(flow.id, flow.original));
        for flow in self.ended.iter().chain(flows.iter().filter(lives)) {
            self.traffic(flow, now, sides, |side, traffic| {
                found.entry(side.interface.clone()).or_default().push(traffic);
            });
        }
        for ((interface, egress, accepted, tuple), one) in &self.rejected {
            found.entry(interface.clone()).or_default().push(Traffic {
                tuple: *tuple,
                packets: one.packets,
                bytes: one.bytes,
                start: one.first.div_euclid(1000),
                end: one.last.div_euclid(1000),
                accepted: *accepted,
                egress: *egress,
                tcp_flags: one.flags,
                path: sides.path_to(tuple.destination),
            });
        }
        let lines = self.lines(now, sides, logs, &found);
        self.skipped = false;
        self.rebase(flows.iter().filter(lives));
        self.ended.clear();
        self.rejected.clear();
        self.start = now;
        lines
    }

    fn rebase<'a>(&mut self, flows: impl Iterator<Item = &'a Flow>) {
        self.baseline.clear();
        for flow in flows {
            if self.baseline.len() >= LIMIT {
                self.skipped = true;
                return;
            }
            self.baseline.insert((flow.id, flow.original), (flow.sent, flow.answered));
        }
    }

    /// What a connection carried in this interval, at each of its ends that is an interface of this VPC.
    fn traffic(&self, flow: &Flow, now: Millis, sides: &Sides, mut each: impl FnMut(&Side, Traffic)) {
        let millis = |nanoseconds: u64| Millis::try_from(nanoseconds / 1_000_000).unwrap_or(Millis::MAX);
        let begun_now = flow.start.is_none_or(|start| millis(start) >= self.start);
        let known = self.baseline.get(&(flow.id, flow.original)).copied();
        // An old one that was not counted at the beginning found no room then.
        let Some((sent, answered)) = known.or(begun_now.then(Default::default)) else { return };
        let since = |now: Counts, then: Counts| Counts {
            packets: now.packets.saturating_sub(then.packets),
            bytes: now.bytes.saturating_sub(then.bytes),
        };
        let (sent, answered) = (since(flow.sent, sent), since(flow.answered, answered));
        let start = flow.start.map_or(self.start, millis).max(self.start);
        let end = flow.stop.map_or(now, millis).min(now).max(start);
        let (forth, back) = tcp_flags(flow, begun_now);
        // At the beginner's side the connection looks as its first packet came in; at the other side, as answers do.
        let beginner = (flow.original, turned(&flow.original), true);
        let other = (turned(&flow.reply), flow.reply, false);
        for (forward, backward, egress) in [beginner, other] {
            let own = if egress { forward.source } else { forward.destination };
            let far = if egress { forward.destination } else { forward.source };
            let Some(side) = sides.holder(own).filter(|_| !is_service(far)) else { continue };
            for (tuple, counts, egress, tcp_flags) in
                [(forward, sent, egress, forth), (backward, answered, !egress, back)]
            {
                let accepted = self.without_rejected(side, egress, &tuple, counts);
                if accepted.packets > 0 {
                    each(
                        side,
                        Traffic {
                            tuple,
                            packets: accepted.packets,
                            bytes: accepted.bytes,
                            start: start.div_euclid(1000),
                            end: end.div_euclid(1000),
                            accepted: true,
                            egress,
                            tcp_flags,
                            path: sides.path_to(tuple.destination),
                        },
                    );
                }
            }
        }
    }

    /// The connection table counts a packet before an ACL drops it.
    fn without_rejected(&self, side: &Side, egress: bool, tuple: &Tuple, counts: Counts) -> Counts {
        let noted = |accepted| self.rejected.get(&(side.interface.clone(), egress, accepted, *tuple));
        let dropped = [noted(false), noted(true)];
        Counts {
            packets: dropped.iter().flatten().fold(counts.packets, |n, one| n.saturating_sub(one.packets)),
            bytes: dropped.iter().flatten().fold(counts.bytes, |n, one| n.saturating_sub(one.bytes)),
        }
    }

    fn lines(
        &self,
        now: Millis,
        sides: &Sides,
        logs: &[Arc<FlowLog>],
        found: &BTreeMap<String, Vec<Traffic>>,
    ) -> Vec<(Arc<FlowLog>, String, Vec<LogLine>)> {
        let Some(scope) = &sides.scope else { return Vec::new() };
        let mut all = Vec::new();
        let mine = logs.iter().filter(|log| Millis::from(log.aggregation_seconds) * 1000 == self.period);
        for log in mine {
            let fields = fields(&log.format);
            for side in sides.all().into_iter().filter(|side| covers(log, &sides.vpc, side)) {
                let place = Place { account: &scope.account, region: &scope.region, vpc: &sides.vpc, side };
                let text = |what: &What<'_>| LogLine { time: now, text: line(&fields, &place, what) };
                let traffic = found.get(&side.interface);
                let mut lines: Vec<LogLine> = traffic
                    .into_iter()
                    .flatten()
                    .filter(|traffic| wants(log, traffic.accepted))
                    .map(|traffic| text(&What::Traffic(traffic)))
                    .collect();
                let (start, end) = (self.start.div_euclid(1000), now.div_euclid(1000));
                if self.skipped {
                    lines.push(text(&What::Mark { status: "SKIPDATA", start, end }));
                } else if traffic.is_none() {
                    lines.push(text(&What::Mark { status: "NODATA", start, end }));
                }
                if !lines.is_empty() {
                    all.push((log.clone(), stream(log, side), lines));
                }
            }
        }
        all
    }
}

/// A direction turned round.
fn turned(tuple: &Tuple) -> Tuple {
    Tuple {
        source: tuple.destination,
        destination: tuple.source,
        source_port: tuple.destination_port,
        destination_port: tuple.source_port,
        ..*tuple
    }
}

/// The flags seen in either direction, as far as the connection's state tells: SYN 2 and SYN-ACK 18 in the interval it
/// began, FIN 1 and RST 4 when it closed so. Which side closed first is not known, so both show it.
fn tcp_flags(flow: &Flow, begun_now: bool) -> (u8, u8) {
    let Some(state) = flow.tcp_state else { return (0, 0) };
    let closing = match state {
        CLOSED => 4,
        FIN_WAIT..CLOSED => 1,
        _ => 0,
    };
    let answered = flow.seen_reply && state >= SYN_RECEIVED;
    let forth = if begun_now { 2 } else { 0 };
    let back = if begun_now && answered { 18 } else { 0 };
    (forth | closing, if flow.seen_reply { back | closing } else { 0 })
}

/// Traffic that flow logs leave out: metadata, time, resolver under their own addresses, DHCP (VPC guide, "Flow log
/// limitations").
fn is_service(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => v4.is_link_local(),
        IpAddr::V6(v6) => v6.segments()[..2] == [0xfd00, 0xec2] || v6.segments()[0] & 0xffc0 == 0xfe80,
    }
}
