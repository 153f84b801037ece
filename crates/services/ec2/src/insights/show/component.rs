//! The components of a path.

use super::super::answer::Answer;
use super::{explanation, rules};
use api_ec2::{AnalysisComponent, PathComponent};
use reachability::{Component, ComponentKind, Outcome, Rule, Step};
use records::Tags;
use state_store::typed::{Scope, Store};

/// What it takes to name components.
pub(super) struct Words<'a> {
    pub(super) store: &'a Store,
    pub(super) scope: &'a Scope,
    pub(super) answer: &'a Answer,
}

impl Words<'_> {
    /// Account and region of what is in a VPC.
    fn owner(&self, vpc: Option<&str>) -> (&str, &str) {
        match vpc.and_then(|vpc| self.answer.foreign.get(vpc)) {
            Some((account, region)) => (account, region),
            None => (&self.scope.account, &self.scope.region),
        }
    }

    /// Whether a step is in another account's VPC: its rules are not shown.
    pub(super) fn is_foreign(&self, step: &Step) -> bool {
        self.owner(step.vpc.as_deref()).0 != &*self.scope.account
    }

    /// Account and region of a step's component when they are not the asker's.
    pub(super) fn elsewhere(&self, step: &Step) -> Option<(String, String)> {
        step.vpc.as_deref().and_then(|vpc| self.answer.foreign.get(vpc)).cloned()
    }

    /// A component by type and id, in a VPC.
    pub(super) fn named(&self, resource: &str, id: &str, vpc: Option<&str>) -> AnalysisComponent {
        let (account, region) = self.owner(vpc);
        let tags = (account == &*self.scope.account)
            .then(|| self.store.get::<Tags>(&Scope::new(account, region), id))
            .flatten();
        AnalysisComponent {
            id: Some(id.to_owned()),
            arn: Some(format!("arn:aws:ec2:{region}:{account}:{resource}/{id}")),
            name: tags.and_then(|tags| tags.tags.get("Name").cloned()),
        }
    }

    /// A component of a step.
    pub(super) fn component(&self, component: &Component, vpc: Option<&str>) -> AnalysisComponent {
        self.named(component.kind.resource(), &component.id, vpc)
    }

    pub(super) fn vpc(&self, id: &str) -> AnalysisComponent {
        self.named("vpc", id, Some(id))
    }

    pub(super) fn subnet(&self, step: &Step) -> Option<AnalysisComponent> {
        step.subnet.as_deref().map(|id| self.named("subnet", id, step.vpc.as_deref()))
    }

    /// What a component is attached to: the interface of a group, the instance of an interface.
    pub(super) fn attached_to(&self, step: &Step) -> Option<AnalysisComponent> {
        let vpc = step.vpc.as_deref();
        if step.component.kind == ComponentKind::NetworkInterface {
            let instance = self.answer.instances.get(&*step.component.id)?;
            return Some(self.named("instance", instance, vpc));
        }
        step.attached_to.as_ref().map(|component| self.component(component, vpc))
    }
}

/// A way from its first to its last component. Where an end of the path is an instance, so is the way's.
pub(super) fn path(
    words: &Words<'_>,
    steps: &[Step],
    from: Option<&String>,
    to: Option<&String>,
) -> Vec<PathComponent> {
    let mut shown: Vec<PathComponent> = steps.iter().map(|step| one(words, step)).collect();
    let instance = |id: &String, step: Option<&Step>| PathComponent {
        component: Some(words.named("instance", id, step.and_then(|s| s.vpc.as_deref()))),
        ..PathComponent::default()
    };
    // A way that ends before its end does not get there.
    let arrived = steps.last().is_some_and(|last| {
        last.outcome == Outcome::Passed
            && to.is_some()
            && words.answer.instances.get(&*last.component.id) == to
    });
    if let Some(id) = from.filter(|_| !shown.is_empty()) {
        let outbound_header = steps.first().map(|step| rules::header(&step.inbound));
        shown.insert(0, PathComponent { outbound_header, ..instance(id, steps.first()) });
    }
    if let Some(id) = to.filter(|_| arrived) {
        let inbound_header = steps.last().map(|step| rules::header(&step.outbound));
        shown.push(PathComponent { inbound_header, ..instance(id, steps.last()) });
    }
    for (number, component) in (1..).zip(&mut shown) {
        component.sequence_number = Some(number);
    }
    shown
}

fn one(words: &Words<'_>, step: &Step) -> PathComponent {
    let vpc = step.vpc.as_deref();
    let mut shown = PathComponent {
        component: Some(words.component(&step.component, vpc)),
        attached_to: words.attached_to(step),
        inbound_header: Some(rules::header(&step.inbound)),
        outbound_header: (step.outcome == Outcome::Passed).then(|| rules::header(&step.outbound)),
        subnet: words.subnet(step),
        vpc: vpc.map(|id| words.vpc(id)),
        ..PathComponent::default()
    };
    if step.component.kind == ComponentKind::Peering {
        shown.source_vpc = shown.vpc.take();
        shown.destination_vpc = step.destination_vpc.as_deref().map(|id| words.vpc(id));
    }
    if !words.is_foreign(step) {
        match &step.rule {
            Rule::Group(fact) => shown.security_group_rule = Some(rules::group(fact, step)),
            Rule::Acl(fact) => shown.acl_rule = Some(rules::acl(fact)),
            Rule::Route(fact) => shown.route_table_route = Some(rules::route(fact, step)),
            Rule::None | Rule::Nsg(_) | Rule::Tracked => {}
        }
    }
    if step.outcome == Outcome::Refused {
        shown.explanations = Some(vec![explanation::of(words, step)]);
    }
    shown
}
