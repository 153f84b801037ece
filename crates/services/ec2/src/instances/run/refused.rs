//! What a launch may ask of AWS but not of this cloud: refused rather than ignored.

use crate::faults;
use api_ec2::{LaunchTemplateSpecification, Placement, RunInstancesRequest};
use aws_schema::Fault;

fn filled<T>(list: Option<&Vec<T>>) -> bool {
    list.is_some_and(|list| !list.is_empty())
}

/// Refuses what is not built.
///
/// # Errors
/// `UnsupportedOperation` with the parameter's name; the `NotFound` faults of things that cannot exist here yet.
pub(super) fn check(input: &RunInstancesRequest) -> Result<(), Fault> {
    if let Some(template) = &input.launch_template {
        return Err(no_template(template));
    }
    let hibernate = input.hibernation_options.as_ref().and_then(|o| o.configured) == Some(true);
    let enclave = input.enclave_options.as_ref().and_then(|o| o.enabled) == Some(true);
    let market = input.instance_market_options.as_ref().and_then(|o| o.market_type.as_ref());
    let reserved = input.capacity_reservation_specification.as_ref();
    let refused = [
        (input.kernel_id.is_some(), "KernelId"),
        (input.ramdisk_id.is_some(), "RamdiskId"),
        (filled(input.elastic_gpu_specification.as_ref()), "ElasticGpuSpecification"),
        (filled(input.elastic_inference_accelerators.as_ref()), "ElasticInferenceAccelerator"),
        (market.is_some_and(|m| m.as_str() != "on-demand"), "InstanceMarketOptions"),
        (reserved.is_some_and(|r| r.capacity_reservation_target.is_some()), "CapacityReservationTarget"),
        (hibernate, "HibernationOptions"),
        (enclave, "EnclaveOptions"),
        (filled(input.license_specifications.as_ref()), "LicenseSpecification"),
        (input.enable_primary_ipv6 == Some(true), "EnablePrimaryIpv6"),
        (input.network_performance_options.is_some(), "NetworkPerformanceOptions"),
        (input.operator.is_some(), "Operator"),
        (filled(input.secondary_interfaces.as_ref()), "SecondaryInterface"),
        (input.additional_info.as_ref().is_some_and(|text| !text.is_empty()), "AdditionalInfo"),
    ];
    if let Some((_, name)) = refused.iter().find(|(given, _)| *given) {
        return Err(faults::unsupported_parameter(name));
    }
    input.placement.as_ref().map_or(Ok(()), placement)
}

/// No launch template can exist, since none can be made yet.
fn no_template(template: &LaunchTemplateSpecification) -> Fault {
    let shown = |text: &str| text.chars().take(200).collect::<String>();
    match (&template.launch_template_id, &template.launch_template_name) {
        (Some(id), _) => Fault::sender(
            "InvalidLaunchTemplateId.NotFound",
            format!("The specified launch template, with template ID {}, does not exist.", shown(id)),
        ),
        (None, Some(name)) => Fault::sender(
            "InvalidLaunchTemplateName.NotFoundException",
            format!("The specified launch template, with template name {}, does not exist.", shown(name)),
        ),
        (None, None) => faults::missing_parameter("LaunchTemplateId or LaunchTemplateName"),
    }
}

fn placement(placement: &Placement) -> Result<(), Fault> {
    let given = |text: &Option<String>| text.as_ref().is_some_and(|t| !t.is_empty());
    if let Some(group) =
        placement.group_name.as_ref().or(placement.group_id.as_ref()).filter(|g| !g.is_empty())
    {
        let shown: String = group.chars().take(200).collect();
        return Err(Fault::sender(
            "InvalidPlacementGroup.Unknown",
            format!("The Placement Group '{shown}' is unknown."),
        ));
    }
    let refused = [
        (placement.tenancy.as_ref().is_some_and(|t| t.as_str() != "default"), "Placement.Tenancy"),
        (given(&placement.host_id), "Placement.HostId"),
        (given(&placement.affinity), "Placement.Affinity"),
        (given(&placement.host_resource_group_arn), "Placement.HostResourceGroupArn"),
        (given(&placement.spread_domain), "Placement.SpreadDomain"),
        (placement.partition_number.is_some(), "Placement.PartitionNumber"),
    ];
    match refused.iter().find(|(given, _)| *given) {
        Some((_, name)) => Err(faults::unsupported_parameter(name)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api_ec2::{
        CapacityReservationSpecification, CapacityReservationTarget, EnclaveOptionsRequest,
        InstanceMarketOptionsRequest,
    };

    fn code(input: RunInstancesRequest) -> String {
        check(&input).unwrap_err().code.into_owned()
    }

    #[test]
    fn a_plain_request_and_harmless_words_pass() {
        let harmless = RunInstancesRequest {
            placement: Some(Placement { tenancy: Some("default".into()), ..Default::default() }),
            enclave_options: Some(EnclaveOptionsRequest { enabled: Some(false) }),
            capacity_reservation_specification: Some(CapacityReservationSpecification {
                capacity_reservation_preference: Some("open".into()),
                ..Default::default()
            }),
            instance_market_options: Some(InstanceMarketOptionsRequest {
                market_type: Some("on-demand".into()),
                ..Default::default()
            }),
            additional_info: Some(String::new()),
            ..Default::default()
        };
        assert_eq!(check(&RunInstancesRequest::default()), Ok(()));
        assert_eq!(check(&harmless), Ok(()));
    }

    #[test]
    fn what_is_not_built_is_named() {
        let kernel = RunInstancesRequest { kernel_id: Some("aki-1".into()), ..Default::default() };
        assert!(check(&kernel).unwrap_err().message.contains("KernelId"));
        let target = CapacityReservationSpecification {
            capacity_reservation_target: Some(CapacityReservationTarget::default()),
            ..Default::default()
        };
        let reserved =
            RunInstancesRequest { capacity_reservation_specification: Some(target), ..Default::default() };
        assert_eq!(code(reserved), "UnsupportedOperation");
        let enclave = RunInstancesRequest {
            enclave_options: Some(EnclaveOptionsRequest { enabled: Some(true) }),
            ..Default::default()
        };
        assert_eq!(code(enclave), "UnsupportedOperation");
    }

    #[test]
    fn launch_templates_do_not_exist_yet() {
        let with = |id: Option<&str>, name: Option<&str>| RunInstancesRequest {
            launch_template: Some(LaunchTemplateSpecification {
                launch_template_id: id.map(str::to_owned),
                launch_template_name: name.map(str::to_owned),
                ..Default::default()
            }),
            ..Default::default()
        };
        assert_eq!(code(with(Some("lt-1"), None)), "InvalidLaunchTemplateId.NotFound");
        assert_eq!(code(with(None, Some("web"))), "InvalidLaunchTemplateName.NotFoundException");
        assert_eq!(code(with(None, None)), "MissingParameter");
    }

    #[test]
    fn placements() {
        let of = |placement| RunInstancesRequest { placement: Some(placement), ..Default::default() };
        let partition = Placement { partition_number: Some(1), ..Default::default() };
        assert_eq!(code(of(partition)), "UnsupportedOperation");
        let group = Placement { group_id: Some("pg-1".into()), ..Default::default() };
        assert_eq!(code(of(group)), "InvalidPlacementGroup.Unknown");
        // An empty name is what SDKs send for none.
        let empty = Placement { group_name: Some(String::new()), ..Default::default() };
        assert_eq!(check(&of(empty)), Ok(()));
    }
}
