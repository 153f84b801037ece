//! ModifyInstanceAttribute and ResetInstanceAttribute.

use super::change::{Noticed, apply};
use super::wanted::{Wanted, parse};
use crate::lookup::find_mut;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{ModifyInstanceAttributeRequest, ResetInstanceAttributeRequest};
use aws_schema::{Fault, Unit};
use contracts::{Call, Reply};
use records::Instance;

/// Makes the change and waits for the data plane where it matters.
async fn change(call: &Call<Ec2>, id: &str, wanted: &Wanted) -> Result<(), Fault> {
    let scope = call.scope();
    let done = call
        .platform
        .transact(|tx| {
            let instance = find_mut::<Instance>(tx, scope, ResourceKind::Instance, id)?;
            let vpc_id = instance.vpc_id.clone();
            Ok((apply(tx, scope, instance, wanted)?, vpc_id))
        })
        .await?;
    match done.value {
        (Noticed::ByPackets, vpc_id) => call.settled(scope, &vpc_id, done.revision).await,
        (Noticed::ByNobody, _) => Ok(()),
    }
}

/// ModifyInstanceAttribute: one attribute per request.
pub(in crate::instances) async fn modify_instance_attribute(
    call: Call<Ec2>,
    mut input: ModifyInstanceAttributeRequest,
) -> Reply<Unit> {
    let id = faults::required(input.instance_id.take(), "InstanceId")?;
    ResourceKind::Instance.check(&id)?;
    let wanted = parse(input)?;
    change(&call, &id, &wanted).await?;
    Ok(Unit)
}

/// ResetInstanceAttribute: the source/destination check goes on again. Kernel and ramdisk, which AWS can reset too, do
/// not exist here.
pub(in crate::instances) async fn reset_instance_attribute(
    call: Call<Ec2>,
    input: ResetInstanceAttributeRequest,
) -> Reply<Unit> {
    let id = faults::required(input.instance_id, "InstanceId")?;
    let attribute = faults::required(input.attribute, "Attribute")?;
    ResourceKind::Instance.check(&id)?;
    match attribute.as_str() {
        "sourceDestCheck" => {}
        "kernel" | "ramdisk" => return Err(faults::unsupported_parameter(attribute.as_str())),
        other => return Err(faults::invalid_value("attribute", other, "The attribute cannot be reset.")),
    }
    change(&call, &id, &Wanted::SourceDestCheck(true)).await?;
    Ok(Unit)
}
