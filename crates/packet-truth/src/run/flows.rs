//! Established flows: answers, what follows, and what a change leaves of them.

use super::Statistics;
use super::experiment::{Experiment, Failure, Result, Shot};
use crate::random::Random;
use crate::site::Change;
use crate::verdict::Agreement;
use crate::wire::TcpFields;
use reachability::topology::{AclEntry, InterfaceKind, RouteTarget, Selector};
use reachability::{
    Component, ComponentKind as Kind, Direction, Header, Judgement, Packet, Place, Rule, State, Step,
    Topology, Verdict,
};
use std::collections::{BTreeSet, HashMap};

/// Flows followed in one topology.
const FLOWS: usize = 60;
/// Changes made under them.
const CHANGES: usize = 3;

/// A flow whose first packet arrived.
pub(super) struct Conversation {
    pub(super) first: Packet,
    pub(super) answer: Packet,
    /// Numbers of the first packet and of its answer, which are TCP's sequence numbers.
    pub(super) first_number: u32,
    pub(super) answer_number: u32,
    pub(super) identifier: u16,
    answered: bool,
}

impl Conversation {
    /// The answer to its first packet, as it is sent.
    pub(super) fn answer_shot(&self) -> Shot {
        Shot {
            number: self.answer_number,
            packet: self.answer.clone(),
            tcp: TcpFields::SynAck(self.first_number),
            identifier: self.identifier,
        }
    }
}

impl Experiment<'_> {
    /// Answers some of the packets that arrived, then changes rules and lets the flows go on.
    pub(super) fn follow_flows(
        &mut self,
        random: &mut Random,
        results: &[Result<'_>],
        statistics: &mut Statistics,
    ) -> anyhow::Result<Vec<Failure>> {
        let mut conversations = self.conversations(results, statistics);
        random.shuffle(&mut conversations);
        conversations.truncate(FLOWS);
        let mut failures = Vec::new();
        let answers: Vec<Shot> = conversations.iter().map(Conversation::answer_shot).collect();
        let base = self.topology.clone();
        for result in &self.fire(&answers)? {
            let number = result.shot.number;
            let Some(conversation) = conversations.iter_mut().find(|c| c.answer_number == number) else {
                continue;
            };
            statistics.count(&result.judgement, result.agreement);
            statistics.established += 1;
            conversation.answered = result.agreement == Agreement::Arrived;
            if result.agreement.is_failure() {
                let history = vec![(Vec::new(), conversation.first.clone())];
                failures.push(Self::failure(result, history, Vec::new(), &base));
            }
        }
        let mut changes = Vec::new();
        for _ in 0..CHANGES {
            let Some(change) = random_change(&self.topology, random) else { continue };
            self.site.change(&change)?;
            change.apply(&mut self.topology);
            changes.push(change);
            statistics.changes += 1;
            for answering in [false, true] {
                failures.extend(self.go_on(&conversations, answering, &base, &changes, statistics)?);
            }
        }
        Ok(failures)
    }

    /// The next packet of every flow, in one direction.
    fn go_on(
        &mut self,
        conversations: &[Conversation],
        answering: bool,
        base: &Topology,
        changes: &[Change],
        statistics: &mut Statistics,
    ) -> anyhow::Result<Vec<Failure>> {
        let mut shots = Vec::new();
        let mut history = HashMap::new();
        for c in conversations {
            // To the kernel a flow is known when it was answered; until then each packet is judged as its first was.
            if !c.answered {
                continue;
            }
            let State::Established(flow) = &c.answer.state else { continue };
            let (first, answer) = (c.first_number.wrapping_add(1), c.answer_number.wrapping_add(1));
            let (packet, tcp) = if answering {
                (c.answer.clone(), TcpFields::Data(answer, first))
            } else {
                let state = State::Established(flow.clone());
                (Packet { state, ..c.first.clone() }, TcpFields::Data(first, answer))
            };
            let number = self.number();
            shots.push(Shot { number, packet, tcp, identifier: c.identifier });
            let before = vec![(Vec::new(), c.first.clone()), (Vec::new(), c.answer.clone())];
            history.insert(number, before);
        }
        let results = self.fire(&shots)?;
        let mut failures = Vec::new();
        for result in &results {
            let before = history.remove(&result.shot.number).unwrap_or_default();
            statistics.count(&result.judgement, result.agreement);
            statistics.established += 1;
            if result.agreement.is_failure() {
                failures.push(Self::failure(result, before, changes.to_vec(), base));
            }
        }
        Ok(failures)
    }

    /// What arrived at somebody who can answer.
    pub(super) fn conversations(
        &mut self,
        results: &[Result<'_>],
        statistics: &mut Statistics,
    ) -> Vec<Conversation> {
        let mut found = Vec::new();
        for result in results {
            if result.agreement != Agreement::Arrived {
                continue;
            }
            let Verdict::Delivered { as_seen, .. } = &result.judgement.verdict else { continue };
            // Behind a NAT gateway that chose another port the explainer's flow is another one.
            let exact =
                result.seen.iter().any(|s| matches!(s, crate::verdict::Seen::Arrived(_, h) if h == as_seen));
            // Only echo is a question with an answer.
            let icmp = result.shot.packet.header.protocol.icmp();
            let echo = icmp.is_none_or(|(kind, _)| matches!(kind, 8 | 128));
            // Flows are remembered by the VPC, not by interface: what an appliance begins in another's name is answered
            // to that other, who knows nothing of it.
            let honest = match &result.shot.packet.at {
                Place::NetworkInterface(id) => {
                    let source = result.shot.packet.header.source;
                    self.topology.network_interfaces.iter().any(|i| i.id == *id && i.owns(source))
                }
                _ => true,
            };
            let Some(answer) = result.judgement.answer().filter(|_| exact && echo && honest) else {
                continue;
            };
            // Whoever talks to itself has one flow in both directions.
            let Header { source, destination, .. } = result.shot.packet.header;
            if source == destination
                || result.shot.packet.at == answer.at
                || !goes_back(&result.judgement, &reachability::judge(&self.topology, &answer))
            {
                statistics.left_out += 1;
                continue;
            }
            let number = self.number();
            found.push(Conversation {
                first: result.shot.packet.clone(),
                answer,
                first_number: result.shot.number,
                answer_number: number,
                identifier: result.shot.identifier,
                answered: false,
            });
        }
        found
    }
}

/// Whether an answer takes the way of its question. One that meets a gateway, a peering or an interface which the question
/// did not meet is left out: the packet path has one memory for a VPC, AWS one for each of these (docs/decisions/0007).
fn goes_back(question: &Judgement, answer: &Judgement) -> bool {
    let met = |steps: &[Step]| -> BTreeSet<Component> {
        let own = steps.iter().map(|s| &s.component).filter(|c| is_remembering(c.kind));
        own.chain(steps.iter().filter_map(|s| s.attached_to.as_ref())).cloned().collect()
    };
    let (there, back) = (met(&question.path), met(&answer.path));
    let all = answer.verdict.is_dropped() || there.len() == back.len();
    let steered = answer.path.iter().any(|s| match &s.rule {
        Rule::Route(fact) => matches!(fact.route.target, RouteTarget::NetworkInterface(_)),
        _ => false,
    });
    back.is_subset(&there)
        && all
        && !steered
        && !matches!(answer.verdict, Verdict::DeliveredToAppliance { .. })
}

const fn is_remembering(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::InternetGateway
            | Kind::EgressOnlyInternetGateway
            | Kind::NatGateway
            | Kind::Peering
            | Kind::NetworkInterface
    )
}

/// A random change that the API takes.
pub(super) fn random_change(topology: &Topology, random: &mut Random) -> Option<Change> {
    match random.below(7) {
        // A port that is taken back.
        6 => Some(Change::DeleteForwarding(random.pick(&topology.port_forwardings)?.clone())),
        0..=2 => {
            let groups: Vec<_> = topology.security_groups.iter().filter(|g| !g.rules.is_empty()).collect();
            let group = random.pick(&groups)?;
            // A rule that refers to what is gone cannot be named any more.
            let rules: Vec<_> = group.rules.iter().filter(|r| !r.stale).collect();
            Some(Change::Revoke(group.id.clone(), (*random.pick(&rules)?).clone()))
        }
        3 => {
            let acls: Vec<_> = topology.network_acls.iter().filter(|a| !a.entries.is_empty()).collect();
            let acl = random.pick(&acls)?;
            Some(Change::DeleteEntry(acl.id.clone(), random.pick(&acl.entries)?.clone()))
        }
        4 => {
            let acl = random.pick(&topology.network_acls)?;
            let direction = if random.percent(50) { Direction::Ingress } else { Direction::Egress };
            let number = 5;
            if acl.entries.iter().any(|e| e.number == number && e.direction == direction) {
                return None;
            }
            let selector = if random.percent(50) { Selector::tcp(0, 1000) } else { Selector::udp(0, 65_535) };
            let cidr = "0.0.0.0/0".parse().ok()?;
            let entry = AclEntry { number, direction, selector, cidr, allow: false };
            Some(Change::CreateEntry(acl.id.clone(), entry))
        }
        _ => {
            let machines: Vec<_> =
                topology.network_interfaces.iter().filter(|i| i.kind == InterfaceKind::Interface).collect();
            let eni = random.pick(&machines)?;
            let groups: Vec<_> = topology.security_groups.iter().filter(|g| g.vpc == eni.vpc).collect();
            Some(Change::SetGroups(eni.id.clone(), vec![random.pick(&groups)?.id.clone()]))
        }
    }
}
