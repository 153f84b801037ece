//! What the four operations have in common.

use crate::instances::show::state;
use crate::instances::time_text::user_initiated;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::InstanceStateChange;
use aws_schema::Fault;
use contracts::Call;
use records::transitions::USER_INITIATED;
use records::{Instance, InstanceState, Millis, StateReason};
use state_store::typed::{Scope, Tx};
use std::sync::Arc;

/// Most instances in one request.
const MAX: usize = 1000;
/// Instances changed in one transaction: a start may write three records each, the store takes 128.
const CHUNK: usize = 40;

/// What a change did to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::instances) enum Effect {
    /// Nothing.
    None,
    /// The record, which the host agent need not act upon.
    RecordOnly,
    /// The host agent has something to do.
    ForAgent,
}

/// Previous and current state of one instance.
pub(in crate::instances) struct Changed {
    id: String,
    before: InstanceState,
    after: InstanceState,
}

impl Changed {
    pub(super) fn to_api(&self) -> InstanceStateChange {
        InstanceStateChange {
            instance_id: Some(self.id.clone()),
            previous_state: Some(state(self.before)),
            current_state: Some(state(self.after)),
        }
    }
}

/// The ids of a request: there must be some, all well formed, none twice.
pub(in crate::instances) fn ids(ids: Option<Vec<String>>) -> Result<Vec<String>, Fault> {
    let ids = faults::required(ids.filter(|ids| !ids.is_empty()), "InstanceId")?;
    if ids.len() > MAX {
        return Err(faults::invalid_parameter_value(format!(
            "The number of instance IDs specified exceeds the limit of {MAX}"
        )));
    }
    ResourceKind::Instance.check_all(&ids)?;
    let mut unique: Vec<String> = Vec::with_capacity(ids.len());
    // Twice in one request is once: the second would see a state that is not yet the first one's.
    let mut seen = std::collections::HashSet::new();
    for id in ids {
        if seen.insert(id.clone()) {
            unique.push(id);
        }
    }
    Ok(unique)
}

/// The instances of these ids inside a transaction.
fn all(tx: &mut Tx<'_>, scope: &Scope, ids: &[String]) -> Result<Vec<Arc<Instance>>, Fault> {
    let (mut found, mut unknown) = (Vec::with_capacity(ids.len()), Vec::new());
    for id in ids {
        match tx.get::<Instance>(scope, id) {
            Some(instance) => found.push(instance),
            None => unknown.push(id.clone()),
        }
    }
    if unknown.is_empty() { Ok(found) } else { Err(ResourceKind::Instance.not_found_all(&unknown)) }
}

/// Checks all instances, then changes them.
pub(in crate::instances) async fn apply(
    call: &Call<Ec2>,
    ids: &[String],
    check: impl Fn(&Instance) -> Result<(), Fault> + Send + Sync,
    change: impl Fn(&Ec2, &mut Tx<'_>, &mut Instance) -> Result<Effect, Fault> + Send + Sync,
) -> Result<Vec<Changed>, Fault> {
    let (scope, ec2): (&Scope, &Ec2) = (call.scope(), call);
    let (check, change) = (&check, &change);
    // More instances than a transaction takes are checked as a whole first, so that a bad one changes nothing.
    if ids.len() > CHUNK {
        call.platform
            .transact(|tx| all(tx, scope, ids)?.iter().try_for_each(|instance| check(instance)))
            .await?;
    }
    let mut changed = Vec::with_capacity(ids.len());
    for chunk in ids.chunks(CHUNK) {
        let done = call.platform.transact(|tx| {
            let found = all(tx, scope, chunk)?;
            // Checked again: a chunk's instances may have changed since the whole was checked.
            found.iter().try_for_each(|instance| check(instance))?;
            let mut changed = Vec::with_capacity(found.len());
            for before in found {
                let mut after = Instance::clone(&before);
                let effect = change(ec2, tx, &mut after)?;
                if effect != Effect::None {
                    after.generation += u64::from(effect == Effect::ForAgent);
                    tx.put(scope, after.clone());
                }
                changed.push(Changed { id: after.id, before: before.state, after: after.state });
            }
            Ok(changed)
        });
        changed.extend(done.await?.value);
    }
    Ok(changed)
}

/// Notes that a user asked for the change.
pub(super) fn by_user(instance: &mut Instance, now: Millis) {
    instance.state_reason = Some(StateReason::new(USER_INITIATED, "User initiated shutdown"));
    instance.transition_reason = user_initiated(now);
}
