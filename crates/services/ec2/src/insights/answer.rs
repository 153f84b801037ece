//! What an analysis keeps of the explainer's answer, as JSON in its record.

use super::end::End;
use super::topology::Network;
use crate::resource_kind::ResourceKind;
use reachability::{ComponentKind, Judgement, Outcome, Place, Step};
use records::InsightsPath;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answer to a path.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Answer {
    /// Whether a packet arrives and its answer comes back.
    pub(super) found: bool,
    /// The components on the way there, to the one that decides.
    pub(super) forward: Vec<Step>,
    /// The components on the way back.
    pub(super) back: Vec<Step>,
    /// Every component that refuses the packet, or else its answer; the first one decides.
    pub(super) refusals: Vec<Step>,
    /// The code of a refusal that is no component's.
    #[serde(default)]
    pub(super) code: Option<String>,
    /// Instances by the interfaces on the path.
    #[serde(default)]
    pub(super) instances: BTreeMap<String, String>,
    /// All security groups of the interfaces whose groups refuse.
    #[serde(default)]
    pub(super) groups: BTreeMap<String, Vec<String>>,
    /// Account and region of VPCs that are not the asker's.
    #[serde(default)]
    pub(super) foreign: BTreeMap<String, (String, String)>,
    /// The source is this instance, not just an interface.
    #[serde(default)]
    pub(super) from_instance: Option<String>,
    /// Likewise the destination.
    #[serde(default)]
    pub(super) to_instance: Option<String>,
    /// What the reader should know.
    #[serde(default)]
    pub(super) warning: Option<String>,
}

impl Answer {
    /// Nothing gets through, and no component is at fault.
    pub(super) fn nothing(code: &str) -> Answer {
        Answer { code: Some(code.to_owned()), ..Answer::default() }
    }

    /// Adds what the network knows of the components and the path of its ends.
    pub(super) fn complete(&mut self, network: &Network, path: &InsightsPath) {
        let steps = || self.forward.iter().chain(&self.back).chain(&self.refusals);
        let mut instances = BTreeMap::new();
        let mut foreign = BTreeMap::new();
        let mut groups = BTreeMap::new();
        for step in steps() {
            for component in [Some(&step.component), step.attached_to.as_ref()].into_iter().flatten() {
                let interface = network.topology.network_interfaces.iter().find(|i| i.id == component.id);
                let Some(interface) = interface else { continue };
                if let Some(instance) = &interface.instance {
                    instances.insert(interface.id.to_string(), instance.to_string());
                }
                if step.outcome == Outcome::Refused {
                    let ids = interface.groups.iter().map(ToString::to_string).collect();
                    groups.insert(interface.id.to_string(), ids);
                }
            }
            for vpc in [&step.vpc, &step.destination_vpc].into_iter().flatten() {
                if let Some(scope) = network.foreign.get(&**vpc) {
                    foreign.insert(vpc.to_string(), (scope.account.to_string(), scope.region.to_string()));
                }
            }
        }
        (self.instances, self.foreign, self.groups) = (instances, foreign, groups);
        self.from_instance = instance(&path.source);
        self.to_instance = path.destination.as_deref().and_then(instance);
    }
}

/// The id, when it is an instance's.
fn instance(id: &str) -> Option<String> {
    End::of_id(id).filter(|end| end.kind == ResourceKind::Instance).map(|end| end.id)
}

/// The components of a way, stretch by stretch, numbered through. The world outside is no component.
pub(super) fn components(legs: &[Judgement]) -> Vec<Step> {
    let steps = legs.iter().flat_map(|leg| &leg.path);
    let mut steps: Vec<Step> = steps
        .filter(|s| s.component.kind != ComponentKind::Internet || s.outcome == Outcome::Refused)
        .cloned()
        .collect();
    number(&mut steps);
    steps
}

/// Counts steps anew from 1.
fn number(steps: &mut [Step]) {
    for (at, step) in (1..).zip(steps) {
        step.sequence = at;
    }
}

/// The components up to and with the first that has this id.
pub(super) fn up_to(mut steps: Vec<Step>, id: &str) -> Vec<Step> {
    if let Some(at) = steps.iter().position(|step| *step.component.id == *id) {
        steps.truncate(at + 1);
    }
    steps
}

/// Whether a stretch ends at a place.
pub(super) fn ends_at(leg: &Judgement, place: &Place) -> bool {
    matches!(&leg.verdict, reachability::Verdict::Delivered { at, .. } if at == place)
}
