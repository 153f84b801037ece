//! A sample of the probes is asked of Network Insights as well: the analysis must say what the explainer says of the same
//! network, and what became of the packet.

use super::Statistics;
use super::experiment::{Experiment, Failure, Result};
use crate::ec2::Answer;
use crate::verdict::Agreement;
use anyhow::ensure;
use reachability::{
    ComponentKind as Kind, Index, Judgement, Packet, Place, Protocol, RoundTrip, SourceMac, State, Step,
};
use std::time::{Duration, Instant};

/// One of so many probes is asked about.
const SAMPLE: usize = 50;
/// Until an analysis must be ready. Only failures wait for it.
const PATIENCE: Duration = Duration::from_secs(60);

/// What an analysis says: whether there is a path, and if not, why.
struct Said {
    found: bool,
    code: Option<String>,
    text: String,
}

impl Experiment<'_> {
    /// Asks about a sample of the probes; what disagrees.
    ///
    /// # Errors
    /// When an analysis is refused or does not end.
    pub(super) fn ask_insights(
        &mut self,
        results: &[Result<'_>],
        statistics: &mut Statistics,
    ) -> anyhow::Result<Vec<Failure>> {
        let topology = self.topology.clone();
        let index = Index::new(&topology);
        let mut failures = Vec::new();
        let able = results.iter().filter(|r| is_askable(&index, &r.shot.packet));
        for result in able.step_by(SAMPLE) {
            let packet = &result.shot.packet;
            let Some(source) = self.source(result) else { continue };
            let said = self.analyse(&source, packet)?;
            statistics.asked += 1;
            let trip = index.round_trip(packet);
            if let Some(why) = self.contradiction(&said, &trip, result) {
                let mut failure = Self::failure(result, Vec::new(), Vec::new(), &topology);
                failure.kind = format!("Insights: {why}");
                failure.foreseen.push(format!("the analysis: {}", said.text));
                failures.push(failure);
            }
        }
        Ok(failures)
    }

    /// The resource that the probe starts at: its interface, or the gateway by which it comes in.
    fn source(&self, result: &Result<'_>) -> Option<String> {
        let id = match &result.shot.packet.at {
            Place::NetworkInterface(id) => id,
            Place::Internet => {
                let mut steps = result.judgement.path.iter();
                &steps.find(|s| s.component.kind == Kind::InternetGateway)?.component.id
            }
            _ => return None,
        };
        self.site.translator.real(id).ok()
    }

    fn analyse(&mut self, source: &str, packet: &Packet) -> anyhow::Result<Said> {
        let header = self.site.translator.real_header(packet.header);
        let (from, to) = (header.source.to_string(), header.destination.to_string());
        let mut words = vec![
            ("Source", source.to_owned()),
            ("FilterAtSource.SourceAddress", from),
            ("FilterAtSource.DestinationAddress", to),
        ];
        let name = match header.protocol {
            Protocol::Tcp { .. } => "tcp",
            Protocol::Udp { .. } => "udp",
            _ => "icmp",
        };
        words.push(("Protocol", name.to_owned()));
        if let Some((from, to)) = header.protocol.ports() {
            words.push(("FilterAtSource.SourcePortRange.FromPort", from.to_string()));
            words.push(("FilterAtSource.SourcePortRange.ToPort", from.to_string()));
            words.push(("FilterAtSource.DestinationPortRange.FromPort", to.to_string()));
            words.push(("FilterAtSource.DestinationPortRange.ToPort", to.to_string()));
        }
        // Each call is a new one.
        let token = format!("truth-{}-{}", std::process::id(), self.site.ec2.calls);
        words.push(("ClientToken", token.clone()));
        let words: Vec<(&str, &str)> = words.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let ec2 = &mut self.site.ec2;
        let path = ec2.call("CreateNetworkInsightsPath", &words)?.first("networkInsightsPathId")?;
        let begun = ec2.call(
            "StartNetworkInsightsAnalysis",
            &[("NetworkInsightsPathId", &path), ("ClientToken", &token)],
        )?;
        let analysis = begun.first("networkInsightsAnalysisId")?;
        let end = Instant::now() + PATIENCE;
        let done: Answer = loop {
            let words = [("NetworkInsightsAnalysisId.1", analysis.as_str())];
            let found = ec2.call("DescribeNetworkInsightsAnalyses", &words)?;
            if found.first("status")? != "running" {
                break found;
            }
            ensure!(Instant::now() < end, "an analysis does not end: {}", found.0);
            std::thread::sleep(Duration::from_millis(1));
        };
        ec2.call("DeleteNetworkInsightsAnalysis", &[("NetworkInsightsAnalysisId", &analysis)])?;
        ec2.call("DeleteNetworkInsightsPath", &[("NetworkInsightsPathId", &path)])?;
        ensure!(done.first("status")? == "succeeded", "an analysis failed: {}", done.0);
        let text = done.first("explanationSet").unwrap_or_default();
        let code = done.all("explanationCode").into_iter().next();
        Ok(Said { found: done.first("networkPathFound")? == "true", code, text })
    }

    /// What of the analysis is neither the explainer's word nor the packet's fate.
    fn contradiction(&self, said: &Said, trip: &RoundTrip, result: &Result<'_>) -> Option<String> {
        let arrives = trip.forward.last().is_some_and(|leg| leg.verdict.is_delivered());
        let works = arrives && trip.works;
        if said.found != works {
            return Some(format!("found is {}, the explainer says {works}", said.found));
        }
        // Behind an appliance the packet was not seen: nobody in it hands anything on.
        let direct = trip.forward.len() == 1;
        let arrived = matches!(result.agreement, Agreement::Arrived | Agreement::Unwatched);
        if direct && arrived != arrives {
            return Some(format!("the packet says {:?}", result.agreement));
        }
        if works {
            return None;
        }
        let deciding = trip.last().and_then(Judgement::deciding).filter(|s| s.code.is_some());
        // An answer may arrive, but not where it was expected: no component is at fault.
        let step = deciding?;
        let code = step.code.map(|c| c.as_str().to_owned());
        if said.code != code {
            return Some(format!("it says {:?}, the explainer {code:?}", said.code));
        }
        let id = self.shown(step)?;
        (!said.text.contains(&id)).then(|| format!("it does not name {id}"))
    }

    /// What an explanation names the component by. Those without an id of EC2 it cannot name.
    fn shown(&self, step: &Step) -> Option<String> {
        match step.component.kind {
            Kind::Router | Kind::Internet => None,
            _ => self.site.translator.real(&step.component.id).ok(),
        }
    }
}

/// Whether a path can mean exactly this packet: honest, of a protocol that paths have, to somewhere else.
fn is_askable(index: &Index<'_>, packet: &Packet) -> bool {
    let own = match &packet.at {
        Place::NetworkInterface(id) => index.owns(id, packet.header.source),
        _ => true,
    };
    let protocol = match packet.header.protocol {
        Protocol::Tcp { .. } | Protocol::Udp { .. } => true,
        Protocol::Icmp { kind, code } => (kind, code) == (8, 0),
        Protocol::Icmpv6 { kind, code } => (kind, code) == (128, 0),
        Protocol::Other(_) => false,
    };
    own && protocol && packet.source_mac == SourceMac::Own && packet.state == State::New
}
