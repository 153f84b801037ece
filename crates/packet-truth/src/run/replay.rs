//! A disagreement tried again in an empty cloud.

use super::experiment::{Experiment, Failure, PATIENCE, Shot};
use crate::cloud::Cloud;
use crate::verdict::{Agreement, Seen};
use crate::wire::TcpFields;
use reachability::{Packet, State};
use std::time::Duration;

/// What came of it this time.
#[derive(Debug)]
pub struct Replayed {
    /// How the two sides stand now; `None` when the flow did not get as far as the packet in question.
    pub agreement: Option<Agreement>,
    /// What was seen.
    pub seen: Vec<Seen>,
}

/// Builds the network anew, sends the history of the flow, makes the changes, and sends the packet. Everything is judged
/// anew, so that the case holds when the network is made smaller.
///
/// # Errors
/// When the network cannot be built.
pub fn replay(cloud: &mut Cloud, failure: &Failure) -> anyhow::Result<Replayed> {
    replay_within(cloud, failure, PATIENCE)
}

/// The same with less patience for what stays unproven.
pub(super) fn replay_within(
    cloud: &mut Cloud,
    failure: &Failure,
    patience: Duration,
) -> anyhow::Result<Replayed> {
    let endpoint = cloud.endpoint;
    cloud.ec2().own(endpoint, "POST", "/_allod/reset")?;
    let mut experiment = Experiment::begin(cloud, failure.topology.clone())?;
    experiment.patience = patience;
    let Some((_, first)) = failure.history.first() else {
        change(&mut experiment, failure)?;
        return last(&mut experiment, failure.packet.clone(), TcpFields::Syn, (1, 1));
    };
    let identifier = 1;
    let one = experiment.number();
    let shot = Shot { number: one, packet: first.clone(), tcp: TcpFields::Syn, identifier };
    let shots = [shot];
    let fired = experiment.fire(&shots)?;
    let Some(answer) =
        fired.first().filter(|r| r.agreement == Agreement::Arrived).and_then(|r| r.judgement.answer())
    else {
        return Ok(Replayed { agreement: None, seen: Vec::new() });
    };
    let forward = failure.packet.header == first.header && failure.packet.at == first.at;
    let two = experiment.number();
    let answered = failure.history.len() > 1;
    if !answered && !forward {
        return last(&mut experiment, answer, TcpFields::SynAck(one), (two, identifier));
    }
    if answered {
        let shots = [Shot { number: two, packet: answer.clone(), tcp: TcpFields::SynAck(one), identifier }];
        experiment.fire(&shots)?;
    }
    change(&mut experiment, failure)?;
    let (first_next, answer_next) = (one.wrapping_add(1), two.wrapping_add(1));
    let (packet, tcp) = if forward {
        let State::Established(flow) = answer.state else {
            return Ok(Replayed { agreement: None, seen: Vec::new() });
        };
        let packet = Packet { state: State::Established(flow), ..first.clone() };
        (packet, TcpFields::Data(first_next, answer_next))
    } else {
        (answer, TcpFields::Data(answer_next, first_next))
    };
    let three = experiment.number();
    last(&mut experiment, packet, tcp, (three, identifier))
}

fn change(experiment: &mut Experiment<'_>, failure: &Failure) -> anyhow::Result<()> {
    for change in &failure.changes {
        experiment.site.change(change)?;
        change.apply(&mut experiment.topology);
    }
    Ok(())
}

fn last(
    experiment: &mut Experiment<'_>,
    packet: Packet,
    tcp: TcpFields,
    (number, identifier): (u32, u16),
) -> anyhow::Result<Replayed> {
    let shots = [Shot { number, packet, tcp, identifier }];
    let fired = experiment.fire(&shots)?;
    let result = fired.into_iter().next();
    Ok(match result {
        Some(result) => Replayed { agreement: Some(result.agreement), seen: result.seen },
        None => Replayed { agreement: None, seen: Vec::new() },
    })
}
