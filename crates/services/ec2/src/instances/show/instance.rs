//! One instance in the API's form.

use super::interface;
use super::view::View;
use crate::instance_types;
use crate::instances::{metadata_options, names};
use crate::tags;
use api_ec2::{
    CapacityReservationSpecificationResponse, CpuOptions, EbsInstanceBlockDevice, EnclaveOptions,
    HibernationOptions, IamInstanceProfile, Instance as ApiInstance, InstanceBlockDeviceMapping,
    InstanceMaintenanceOptions, Monitoring, Placement, PrivateDnsNameOptionsResponse,
    StateReason as ApiStateReason,
};
use aws_schema::Timestamp;
use records::image::HOST_ARCHITECTURE;
use records::{BlockDevice, Instance, InstanceState, StateReason};

/// `Monitoring`.
fn monitoring(enabled: bool) -> Monitoring {
    let state = if enabled { "enabled" } else { "disabled" };
    Monitoring { state: Some(state.into()), ..Monitoring::default() }
}

/// `InstanceBlockDeviceMapping` of each device.
pub(in crate::instances) fn block_devices(devices: &[BlockDevice]) -> Vec<InstanceBlockDeviceMapping> {
    let one = |device: &BlockDevice| InstanceBlockDeviceMapping {
        device_name: Some(device.device_name.clone()),
        ebs: Some(EbsInstanceBlockDevice {
            attach_time: Some(Timestamp::from_millis(device.attached)),
            delete_on_termination: Some(device.delete_on_termination),
            status: Some("attached".into()),
            volume_id: Some(device.volume_id.clone()),
            ..EbsInstanceBlockDevice::default()
        }),
    };
    devices.iter().map(one).collect()
}

/// Cores and threads per core, as launched.
fn cpu_options(instance: &Instance) -> Option<CpuOptions> {
    let (cores, threads) = instance.options.cpu.or_else(|| {
        let found = instance_types::find(&instance.instance_type)?;
        Some((found.cores(), found.threads_per_core()))
    })?;
    Some(CpuOptions { core_count: Some(cores), threads_per_core: Some(threads), ..CpuOptions::default() })
}

fn reason(reason: &StateReason) -> ApiStateReason {
    ApiStateReason { code: Some(reason.code.clone()), message: Some(reason.message.clone()) }
}

/// `Instance`, computed from the view alone. A terminated instance has lost its network, devices and profile.
pub(in crate::instances) fn to_api(view: &View) -> ApiInstance {
    let instance = &*view.instance;
    let gone = instance.state == InstanceState::Terminated;
    let primary = view.primary();
    let address = primary.and_then(|i| i.primary());
    let region = &view.scope.region;
    let resource_name = instance.options.hostname_type.as_deref() == Some("resource-name");
    let private_dns = address.map(|a| {
        if resource_name {
            format!("{}.{}", instance.id, names::private_domain(region))
        } else {
            names::private_dns(a.address, region)
        }
    });
    let public = address.and_then(|a| a.public);
    let public_dns =
        public.filter(|_| view.has_public_names(&instance.vpc_id)).map(|p| names::public_dns(p, region));
    // A type may leave the catalogue in a later release while machines of it live on.
    let known_type = instance_types::find(&instance.instance_type);
    ApiInstance {
        ami_launch_index: Some(instance.launch_index),
        architecture: Some(HOST_ARCHITECTURE.into()),
        block_device_mappings: Some(block_devices(&instance.block_devices)),
        capacity_reservation_specification: Some(CapacityReservationSpecificationResponse {
            capacity_reservation_preference: Some("open".into()),
            ..CapacityReservationSpecificationResponse::default()
        }),
        client_token: Some(instance.client_token.clone().unwrap_or_default()),
        cpu_options: cpu_options(instance),
        current_instance_boot_mode: known_type.map(|t| t.boot_mode().into()),
        ebs_optimized: Some(instance.ebs_optimized),
        // What machines of this cloud have in common stands here as constants, in AWS's words for a Nitro machine.
        ena_support: Some(true),
        enclave_options: Some(EnclaveOptions { enabled: Some(false) }),
        hibernation_options: Some(HibernationOptions { configured: Some(false) }),
        // AWS says `xen` for Nitro machines too.
        hypervisor: Some("xen".into()),
        iam_instance_profile: instance
            .iam_instance_profile
            .as_ref()
            .map(|(arn, id)| IamInstanceProfile { arn: Some(arn.clone()), id: Some(id.clone()) }),
        image_id: Some(instance.image_id.clone()),
        instance_id: Some(instance.id.clone()),
        instance_type: Some(instance.instance_type.clone().into()),
        ipv6_address: primary.and_then(|i| i.ipv6_addresses.first()).map(ToString::to_string),
        key_name: instance.key_name.clone(),
        launch_time: Some(Timestamp::from_millis(instance.launch_time)),
        maintenance_options: Some(InstanceMaintenanceOptions {
            auto_recovery: Some(
                instance.options.auto_recovery.clone().unwrap_or_else(|| "default".to_owned()).into(),
            ),
            ..InstanceMaintenanceOptions::default()
        }),
        metadata_options: Some(metadata_options::to_api(&instance.metadata_options)),
        monitoring: Some(monitoring(instance.monitoring)),
        network_interfaces: Some(interface::all(view)),
        placement: Some(Placement {
            availability_zone: Some(instance.availability_zone.clone()),
            availability_zone_id: Some(instance.availability_zone_id.clone()).filter(|id| !id.is_empty()),
            group_name: Some(String::new()),
            tenancy: Some("default".into()),
            ..Placement::default()
        }),
        platform_details: Some("Linux/UNIX".to_owned()),
        // Empty rather than absent: clients expect both names to be there.
        private_dns_name: Some(private_dns.unwrap_or_default()),
        private_dns_name_options: (!gone).then(|| PrivateDnsNameOptionsResponse {
            hostname_type: Some(if resource_name { "resource-name" } else { "ip-name" }.into()),
            enable_resource_name_dns_a_record: Some(instance.options.resource_name_a),
            enable_resource_name_dns_aaaa_record: Some(instance.options.resource_name_aaaa),
        }),
        private_ip_address: address.map(|a| a.address.to_string()),
        product_codes: Some(Vec::new()),
        public_dns_name: Some(public_dns.unwrap_or_default()),
        public_ip_address: public.map(|p| p.to_string()),
        root_device_name: Some(instance.root_device().to_owned()),
        root_device_type: Some("ebs".into()),
        security_groups: Some(primary.map(|i| interface::groups(view, &i.groups)).unwrap_or_default()),
        source_dest_check: primary.map(|i| i.source_dest_check),
        state: Some(super::state(instance.state)),
        state_reason: instance.state_reason.as_ref().map(reason),
        state_transition_reason: Some(instance.transition_reason.clone()),
        subnet_id: (!gone).then(|| instance.subnet_id.clone()),
        tags: Some(tags::to_api(view.tags())),
        usage_operation: Some("RunInstances".to_owned()),
        virtualization_type: Some("hvm".into()),
        vpc_id: (!gone).then(|| instance.vpc_id.clone()),
        ..ApiInstance::default()
    }
}
