//! From the facts to the wanted state.

mod acls;
mod block;
mod enis;
mod gateways;
mod groups;
mod index;
mod nsgs;
mod peerings;
mod redirected;
mod routes;
mod services;
mod untracked;

use std::collections::BTreeMap;

use crate::{Element, Key, PlanError, SetId, Subnet, VpcInput, VpcPlan};
use index::Index;

/// The wanted kernel state of a VPC. Deterministic: equal facts give equal
/// plans, in whatever order the lists stand.
///
/// # Errors
/// [`PlanError`] if the facts contradict one another; nothing is planned then.
pub fn plan(input: &VpcInput) -> Result<VpcPlan, PlanError> {
    let index = Index::check(input)?;
    let mut draft = Draft::default();
    draft.plan.id.clone_from(&input.id);
    draft.plan.number = input.number;
    routes::compile(input, &index, &mut draft);
    enis::compile(input, &index, &mut draft);
    groups::compile(input, &index, &mut draft);
    acls::compile(input, &index, &mut draft);
    nsgs::compile(input, &index, &mut draft);
    services::compile(input, &mut draft);
    gateways::compile(input, &index, &mut draft);
    peerings::compile(input, &index, &mut draft);
    redirected::compile(input, &index, &mut draft);
    Ok(draft.finish())
}

/// What stands for a subnet in the sets: its first address, since blocks do not overlap.
fn subnet_key(subnet: &Subnet) -> Key {
    Key::new().native(subnet.cidr_v4.network().into())
}

/// A plan in the making.
#[derive(Default)]
struct Draft {
    plan: VpcPlan,
    elements: BTreeMap<SetId, Vec<Element>>,
}

impl Draft {
    fn element(&mut self, set: SetId, element: Element) {
        self.elements.entry(set).or_default().push(element);
    }

    fn finish(mut self) -> VpcPlan {
        for elements in self.elements.values_mut() {
            elements.sort_unstable();
            elements.dedup();
        }
        self.plan.elements = self.elements;
        self.plan
    }
}
