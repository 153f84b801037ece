//! Associate, disassociate and replace: one profile per instance.

use super::describe::{Association, to_api};
use super::resolve::{ProfileName, resolve};
use crate::instances::faults::incorrect_state;
use crate::lookup::find_mut;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{
    AssociateIamInstanceProfileRequest, AssociateIamInstanceProfileResult,
    DisassociateIamInstanceProfileRequest, DisassociateIamInstanceProfileResult,
    ReplaceIamInstanceProfileAssociationRequest, ReplaceIamInstanceProfileAssociationResult,
};
use aws_schema::Fault;
use contracts::{Call, Reply};
use records::{Instance, InstanceState, Millis};
use state_store::typed::{Scope, Tx};

/// The fault for an association that is not there.
pub(super) fn no_association(id: &str) -> Fault {
    let shown: String = id.chars().take(200).collect();
    Fault::sender("NoSuchAssociation", format!("An invalid association-id of '{shown}' was given"))
}

/// Puts a profile on an instance under a new association.
fn put(
    tx: &mut Tx<'_>,
    scope: &Scope,
    mut instance: Instance,
    profile: &ProfileName,
    now: Millis,
) -> Result<Association, Fault> {
    instance.iam_instance_profile = Some(resolve(tx, scope, profile)?);
    instance.iam_association_id = Some(ResourceKind::IamProfileAssociation.new_id());
    instance.options.profile_since = Some(now);
    let shown = Association::of(&instance);
    tx.put(scope, instance);
    shown.ok_or_else(|| faults::internal("The association was not recorded."))
}

/// The instance with this association.
fn by_association(tx: &mut Tx<'_>, scope: &Scope, id: &str) -> Result<Instance, Fault> {
    let found = tx.by_index::<Instance>(scope, "profile-association", id);
    found.first().map(|instance| Instance::clone(instance)).ok_or_else(|| no_association(id))
}

/// AssociateIamInstanceProfile.
pub(in crate::instances) async fn associate_iam_instance_profile(
    call: Call<Ec2>,
    input: AssociateIamInstanceProfileRequest,
) -> Reply<AssociateIamInstanceProfileResult> {
    let id = faults::required(input.instance_id, "InstanceId")?;
    let profile = faults::required(ProfileName::parse(input.iam_instance_profile)?, "IamInstanceProfile")?;
    let (scope, now) = (call.scope(), call.now());
    let done = call.platform.transact(|tx| {
        let instance = find_mut::<Instance>(tx, scope, ResourceKind::Instance, &id)?;
        if matches!(instance.state, InstanceState::ShuttingDown | InstanceState::Terminated) {
            return Err(incorrect_state(format!(
                "The instance '{id}' is not in a state from which an instance profile can be associated."
            )));
        }
        if instance.iam_instance_profile.is_some() {
            return Err(faults::incorrect_state(format!(
                "There is an existing association for instance {id}"
            )));
        }
        put(tx, scope, instance, &profile, now)
    });
    let association = to_api(&done.await?.value, "associating");
    Ok(AssociateIamInstanceProfileResult { iam_instance_profile_association: Some(association) })
}

/// DisassociateIamInstanceProfile.
pub(in crate::instances) async fn disassociate_iam_instance_profile(
    call: Call<Ec2>,
    input: DisassociateIamInstanceProfileRequest,
) -> Reply<DisassociateIamInstanceProfileResult> {
    let id = faults::required(input.association_id, "AssociationId")?;
    let scope = call.scope();
    let done = call.platform.transact(|tx| {
        let mut instance = by_association(tx, scope, &id)?;
        let before = Association::of(&instance).ok_or_else(|| no_association(&id))?;
        instance.iam_instance_profile = None;
        instance.iam_association_id = None;
        instance.options.profile_since = None;
        tx.put(scope, instance);
        Ok(before)
    });
    let association = to_api(&done.await?.value, "disassociating");
    Ok(DisassociateIamInstanceProfileResult { iam_instance_profile_association: Some(association) })
}

/// ReplaceIamInstanceProfileAssociation: a new association in one step with the old one's end.
pub(in crate::instances) async fn replace_iam_instance_profile_association(
    call: Call<Ec2>,
    input: ReplaceIamInstanceProfileAssociationRequest,
) -> Reply<ReplaceIamInstanceProfileAssociationResult> {
    let id = faults::required(input.association_id, "AssociationId")?;
    let profile = faults::required(ProfileName::parse(input.iam_instance_profile)?, "IamInstanceProfile")?;
    let (scope, now) = (call.scope(), call.now());
    let done = call.platform.transact(|tx| {
        let instance = by_association(tx, scope, &id)?;
        put(tx, scope, instance, &profile, now)
    });
    let association = to_api(&done.await?.value, "associating");
    Ok(ReplaceIamInstanceProfileAssociationResult { iam_instance_profile_association: Some(association) })
}
