//! DescribeInstanceAttribute: one attribute per request.

use crate::instances::show::{Viewer, block_devices, groups};
use crate::lookup::select;
use crate::resource_kind::ResourceKind;
use crate::{Ec2, faults};
use api_ec2::{
    AttributeBooleanValue, AttributeValue, DescribeInstanceAttributeRequest, EnclaveOptions,
    InstanceAttribute,
};
use contracts::{Call, Reply};
use records::Instance;

#[allow(clippy::unnecessary_wraps)] // every member of the answer is optional
fn text(value: impl Into<String>) -> Option<AttributeValue> {
    Some(AttributeValue { value: Some(value.into()) })
}

fn flag(value: bool) -> Option<AttributeBooleanValue> {
    Some(AttributeBooleanValue { value: Some(value) })
}

/// DescribeInstanceAttribute.
pub(in crate::instances) async fn describe_instance_attribute(
    call: Call<Ec2>,
    input: DescribeInstanceAttributeRequest,
) -> Reply<InstanceAttribute> {
    let id = faults::required(input.instance_id, "InstanceId")?;
    let attribute = faults::required(input.attribute, "Attribute")?;
    let viewer = Viewer::new(&call, call.scope());
    let ids = [id.clone()];
    let found = select::<Instance>(call.store(), call.scope(), ResourceKind::Instance, &ids)?;
    let view = found
        .into_iter()
        .next()
        .map(|instance| viewer.view(instance))
        .ok_or_else(|| ResourceKind::Instance.not_found(&id))?;
    let instance = &view.instance;
    let mut answer = InstanceAttribute { instance_id: Some(id.clone()), ..InstanceAttribute::default() };
    match attribute.as_str() {
        "instanceType" => answer.instance_type = text(&instance.instance_type),
        "userData" => {
            answer.user_data = Some(AttributeValue { value: instance.user_data.clone() });
        }
        "disableApiTermination" => answer.disable_api_termination = flag(instance.disable_api_termination),
        "disableApiStop" => answer.disable_api_stop = flag(instance.disable_api_stop),
        "instanceInitiatedShutdownBehavior" => {
            answer.instance_initiated_shutdown_behavior = text(&instance.shutdown_behavior);
        }
        "rootDeviceName" => answer.root_device_name = text(instance.root_device()),
        "blockDeviceMapping" => {
            answer.block_device_mappings = Some(block_devices(&instance.block_devices));
        }
        "sourceDestCheck" => match &view.interfaces[..] {
            [] => {}
            [only] => answer.source_dest_check = flag(only.source_dest_check),
            _ => return Err(super::several_interfaces(&id)),
        },
        "groupSet" => {
            let ids = view.primary().map(|i| i.groups.clone()).unwrap_or_default();
            answer.groups = Some(groups(&view, &ids));
        }
        "ebsOptimized" => answer.ebs_optimized = flag(instance.ebs_optimized),
        "enaSupport" => answer.ena_support = flag(true),
        "enclaveOptions" => answer.enclave_options = Some(EnclaveOptions { enabled: Some(false) }),
        "productCodes" => answer.product_codes = Some(Vec::new()),
        // Linux machines have neither kernel nor ramdisk images, and no SR-IOV setting of their own.
        "kernel" | "ramdisk" | "sriovNetSupport" => {}
        other => return Err(faults::invalid_value("attribute", other, "Unknown attribute.")),
    }
    Ok(answer)
}
