//! DescribeInstanceStatus: status checks that say what was seen.

use super::show::state;
use crate::Ec2;
use crate::filters::{Filters, one};
use crate::lookup::select;
use crate::paging::{Paging, USUAL};
use crate::resource_kind::ResourceKind;
use api_ec2::{
    DescribeInstanceStatusRequest, DescribeInstanceStatusResult, EbsStatusDetails, EbsStatusSummary,
    InstanceStatus, InstanceStatusDetails, InstanceStatusSummary,
};
use contracts::{Call, Reply};
use records::{Instance, InstanceState, Millis};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Documented filters.
const FILTERS: &[&str] = &[
    "attached-ebs-status.status",
    "availability-zone",
    "availability-zone-id",
    "event.code",
    "event.description",
    "event.instance-event-id",
    "event.not-after",
    "event.not-before",
    "event.not-before-deadline",
    "instance-state-code",
    "instance-state-name",
    "instance-status.reachability",
    "instance-status.status",
    "operator.managed",
    "operator.principal",
    "system-status.reachability",
    "system-status.status",
];

/// How long after a start a machine may be busy with user-data before silence counts as failure, in milliseconds.
const BOOT_GRACE: Millis = 120_000;

/// What a check came to: status of the summary, and of the one detail where there is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Check {
    status: &'static str,
    reachability: Option<&'static str>,
}

const OK: Check = Check { status: "ok", reachability: Some("passed") };
const INITIALIZING: Check = Check { status: "initializing", reachability: Some("initializing") };
const IMPAIRED: Check = Check { status: "impaired", reachability: Some("failed") };
const NONE: Check = Check { status: "not-applicable", reachability: None };

/// The instance check: the machine's processes run and it answers. The system check is about the host, which answers
/// this very request.
fn checks(instance: &Instance, reachable: bool, now: Millis) -> (Check, Check) {
    match instance.state {
        InstanceState::Pending => (INITIALIZING, INITIALIZING),
        InstanceState::Running => {
            let young = now - instance.launch_time < BOOT_GRACE;
            let own = match (reachable, instance.booted_at.is_some(), young) {
                (true, true, _) | (true, false, false) => OK,
                (_, false, true) => INITIALIZING,
                (false, ..) => IMPAIRED,
            };
            (own, OK)
        }
        _ => (NONE, NONE),
    }
}

fn summary(check: Check) -> InstanceStatusSummary {
    InstanceStatusSummary {
        status: Some(check.status.into()),
        details: check.reachability.map(|status| {
            vec![InstanceStatusDetails {
                name: Some("reachability".into()),
                status: Some(status.into()),
                ..InstanceStatusDetails::default()
            }]
        }),
    }
}

struct Checked {
    instance: Arc<Instance>,
    own: Check,
    system: Check,
}

impl Checked {
    fn filter_values(&self, name: &str) -> Vec<String> {
        let reach = |check: Check| check.reachability.map(str::to_owned).into_iter().collect();
        match name {
            "availability-zone" => one(&self.instance.availability_zone),
            "availability-zone-id" => one(&self.instance.availability_zone_id),
            "instance-state-code" => one(self.instance.state.code().to_string()),
            "instance-state-name" => one(self.instance.state.name()),
            "instance-status.reachability" => reach(self.own),
            "instance-status.status" => one(self.own.status),
            "operator.managed" => one("false"),
            "system-status.reachability" => reach(self.system),
            "system-status.status" | "attached-ebs-status.status" => one(self.system.status),
            _ => Vec::new(),
        }
    }

    fn to_api(&self) -> InstanceStatus {
        InstanceStatus {
            availability_zone: Some(self.instance.availability_zone.clone()),
            availability_zone_id: Some(self.instance.availability_zone_id.clone())
                .filter(|id| !id.is_empty()),
            instance_id: Some(self.instance.id.clone()),
            instance_state: Some(state(self.instance.state)),
            instance_status: Some(summary(self.own)),
            system_status: Some(summary(self.system)),
            // The root disk lies on the host: it is well as long as the host is.
            attached_ebs_status: Some(EbsStatusSummary {
                status: Some(self.system.status.into()),
                details: self.system.reachability.map(|status| {
                    vec![EbsStatusDetails {
                        name: Some("reachability".into()),
                        status: Some(status.into()),
                        ..EbsStatusDetails::default()
                    }]
                }),
            }),
            ..InstanceStatus::default()
        }
    }
}

/// DescribeInstanceStatus. Only running instances unless all are asked for.
pub(super) async fn describe_instance_status(
    call: Call<Ec2>,
    input: DescribeInstanceStatusRequest,
) -> Reply<DescribeInstanceStatusResult> {
    let filters = Filters::parse(input.filters, FILTERS)?;
    let ids = input.instance_ids.unwrap_or_default();
    let with_all = input.include_all_instances.unwrap_or(false);
    let paging = Paging {
        operation: "DescribeInstanceStatus",
        scope: call.scope(),
        filters: format!("{with_all}{}", filters.purpose()),
        max_results: input.max_results,
        next_token: input.next_token,
        ids: (!ids.is_empty()).then_some("instancesSet"),
    };
    paging.check(USUAL)?;
    let now = call.now();
    let found = select::<Instance>(call.store(), call.scope(), ResourceKind::Instance, &ids)?
        .into_iter()
        .filter(|instance| with_all || instance.state == InstanceState::Running)
        .map(|instance| {
            let reachable = call.platform.machines.reachable(&instance.id);
            let (own, system) = checks(&instance, reachable, now);
            Checked { instance, own, system }
        })
        .filter(|checked| filters.matches(&BTreeMap::new(), |name| checked.filter_values(name)))
        .collect();
    let page = paging.page(&call, found, |checked| checked.instance.id.clone())?;
    Ok(DescribeInstanceStatusResult {
        instance_statuses: Some(page.items.iter().map(Checked::to_api).collect()),
        next_token: page.next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_world::World;

    #[tokio::test]
    async fn every_case_of_the_instance_check() {
        let world = World::new();
        let id = super::super::tests::id_of_one(&world).await;
        let machine = super::super::tests::record(&world, &id);
        let start = machine.launch_time;
        let own = |state, booted: bool, reachable, age| {
            let seen = Instance { state, booted_at: booted.then_some(start), ..machine.clone() };
            checks(&seen, reachable, start + age).0
        };
        use InstanceState::{Pending, Running, Stopped, Stopping};
        for (state, booted, reachable, age, expected) in [
            (Pending, false, false, 0, INITIALIZING),
            (Running, false, true, 1, INITIALIZING),
            (Running, true, true, 1, OK),
            // User-data that takes long does not keep a machine from being well.
            (Running, false, true, BOOT_GRACE, OK),
            (Running, false, false, 1, INITIALIZING),
            (Running, false, false, BOOT_GRACE, IMPAIRED),
            (Running, true, false, 1, IMPAIRED),
            (Stopping, true, true, 1, NONE),
            (Stopped, false, false, 1, NONE),
        ] {
            assert_eq!(own(state, booted, reachable, age), expected, "{state:?} {booted} {reachable} {age}");
        }
    }
}
