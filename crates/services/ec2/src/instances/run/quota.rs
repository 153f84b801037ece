//! How many instances a launch may start.

use super::launch::Launch;
use crate::instances::faults;
use crate::{Ec2, limits};
use aws_schema::Fault;
use contracts::Call;
use records::{Instance, InstanceState};

/// Largest `MaxCount` of one request. AWS leaves this to quotas; a bound keeps one request from filling the store.
pub(super) const MAX_PER_REQUEST: i32 = 10_000;

/// As many as asked for, or as quotas leave, but at least the minimum.
///
/// Counted before the transactions of the launch: requests at the same moment may overshoot a quota by what they start,
/// in exchange launches do not collide with every change of every other instance.
///
/// # Errors
/// `InstanceLimitExceeded`, `VcpuLimitExceeded`.
pub(super) fn allowed(call: &Call<Ec2>, launch: &Launch) -> Result<usize, Fault> {
    let (mut instances, mut vcpus) = (0usize, 0i64);
    for instance in call.store().list::<Instance>(call.scope()) {
        match instance.state {
            InstanceState::Terminated => {}
            // The vCPU quota counts running machines only.
            InstanceState::Stopped => instances += 1,
            _ => {
                instances += 1;
                vcpus += i64::from(instance.vcpus);
            }
        }
    }
    let by_number = limits::INSTANCES.saturating_sub(instances);
    if launch.min_count > by_number {
        return Err(faults::instance_limit(instances + launch.min_count, limits::INSTANCES));
    }
    let each = i64::from(launch.vcpus).max(1);
    let by_vcpus = usize::try_from((limits::VCPUS - vcpus).max(0) / each).unwrap_or(usize::MAX);
    if launch.min_count > by_vcpus {
        return Err(faults::vcpu_limit(limits::VCPUS));
    }
    Ok(launch.max_count.min(by_number).min(by_vcpus))
}
