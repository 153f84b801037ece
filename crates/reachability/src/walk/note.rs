//! A step in the making.

use crate::codes::ExplanationCode;
use crate::judgement::{Component, ComponentKind, Outcome, Rule, Step};
use crate::packet::Header;
use crate::topology::{Direction, Id, NetworkInterface, Subnet};

/// What is said of one component; the walk adds the number, the outcome and the header.
pub(crate) struct Note {
    component: Component,
    direction: Option<Direction>,
    rule: Rule,
    attached_to: Option<Component>,
    vpc: Option<Id>,
    subnet: Option<Id>,
    destination_vpc: Option<Id>,
    inbound: Option<Header>,
    why: String,
}

impl Note {
    pub(crate) fn new(kind: ComponentKind, id: &Id, why: impl Into<String>) -> Self {
        Self {
            component: Component { kind, id: id.clone() },
            direction: None,
            rule: Rule::None,
            attached_to: None,
            vpc: None,
            subnet: None,
            destination_vpc: None,
            inbound: None,
            why: why.into(),
        }
    }

    /// A note on an interface.
    pub(crate) fn interface(
        interface: &NetworkInterface,
        direction: Direction,
        why: impl Into<String>,
    ) -> Self {
        let mut note = Self::new(ComponentKind::NetworkInterface, &interface.id, why).facing(direction);
        note.vpc = Some(interface.vpc.clone());
        note.subnet = Some(interface.subnet.clone());
        note
    }

    pub(crate) fn facing(mut self, direction: Direction) -> Self {
        self.direction = Some(direction);
        self
    }

    pub(crate) fn by(mut self, rule: Rule) -> Self {
        self.rule = rule;
        self
    }

    pub(crate) fn on(mut self, interface: &NetworkInterface) -> Self {
        let id = interface.id.clone();
        self.attached_to = Some(Component { kind: ComponentKind::NetworkInterface, id });
        self.vpc = Some(interface.vpc.clone());
        self.subnet = Some(interface.subnet.clone());
        self
    }

    pub(crate) fn within(mut self, subnet: &Subnet) -> Self {
        self.vpc = Some(subnet.vpc.clone());
        self.subnet = Some(subnet.id.clone());
        self
    }

    pub(crate) fn of_vpc(mut self, vpc: &Id) -> Self {
        self.vpc = Some(vpc.clone());
        self
    }

    pub(crate) fn towards(mut self, vpc: &Id) -> Self {
        self.destination_vpc = Some(vpc.clone());
        self
    }

    /// The header before the component changed it; without this the two are equal.
    pub(crate) fn changed_from(mut self, inbound: Header) -> Self {
        self.inbound = Some(inbound);
        self
    }

    pub(crate) fn into_step(
        self,
        sequence: u32,
        outcome: Outcome,
        code: Option<ExplanationCode>,
        header: Header,
    ) -> Step {
        Step {
            sequence,
            component: self.component,
            direction: self.direction,
            outcome,
            code,
            rule: self.rule,
            attached_to: self.attached_to,
            vpc: self.vpc,
            subnet: self.subnet,
            destination_vpc: self.destination_vpc,
            inbound: self.inbound.unwrap_or(header),
            outbound: header,
            why: self.why,
        }
    }
}
