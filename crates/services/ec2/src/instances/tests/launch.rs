//! What a launch makes.

use super::*;
use api_ec2::{
    BlockDeviceMapping, CpuOptionsRequest, EbsBlockDevice, Placement, RunInstancesMonitoringEnabled, Tag,
    TagSpecification,
};
use records::{InstanceState, NetworkInterface, Tags};

#[tokio::test]
async fn a_plain_launch_lands_in_the_default_vpc_with_a_public_address() {
    let world = World::new();
    let reservation = launch(&world, run(1)).await;
    assert_eq!(reservation.owner_id.as_deref(), Some(crate::test_world::ACCOUNT));
    let instance = &reservation.instances.unwrap()[0];
    let state = instance.state.clone().unwrap();
    assert_eq!((state.code, state.name.unwrap().as_str()), (Some(0), "pending"));
    let private = instance.private_ip_address.clone().unwrap();
    assert!(private.starts_with("172.31."), "{private}");
    let dashed = private.replace('.', "-");
    assert_eq!(instance.private_dns_name, Some(format!("ip-{dashed}.ec2.internal")));
    let public = instance.public_ip_address.clone().unwrap();
    assert!(public.starts_with("198.1"), "{public}");
    assert_eq!(
        instance.public_dns_name,
        Some(format!("ec2-{}.compute-1.amazonaws.com", public.replace('.', "-")))
    );
    let placement = instance.placement.clone().unwrap();
    assert_eq!(placement.availability_zone.as_deref(), Some("us-east-1a"));
    assert_eq!(placement.availability_zone_id.as_deref(), Some("use1-az1"));
    let groups = instance.security_groups.clone().unwrap();
    assert_eq!(groups[0].group_name.as_deref(), Some("default"));
    assert_eq!(instance.root_device_name.as_deref(), Some("/dev/xvda"));
    let metadata = instance.metadata_options.clone().unwrap();
    assert_eq!(
        (metadata.http_tokens.unwrap().as_str(), metadata.http_put_response_hop_limit),
        ("required", Some(2))
    );
    let kept = record(&world, instance.instance_id.as_ref().unwrap());
    assert_eq!(
        (kept.state, kept.generation, kept.vcpus, kept.memory_mib),
        (InstanceState::Pending, 1, 2, 1024)
    );
    assert_eq!(kept.hostname, format!("ip-{dashed}"));
    assert!(kept.options.auto_public_ip);
}

#[tokio::test]
async fn everything_asked_for_is_kept_and_shown() {
    let world = World::new();
    let tagged = |kind: &'static str| TagSpecification {
        resource_type: Some(kind.into()),
        tags: Some(vec![Tag { key: Some("on".into()), value: Some(kind.into()) }]),
    };
    let input = RunInstancesRequest {
        user_data: Some("IyEvYmluL3NoCg==".into()),
        tag_specifications: Some(vec![tagged("instance"), tagged("volume"), tagged("network-interface")]),
        monitoring: Some(RunInstancesMonitoringEnabled { enabled: Some(true), ..Default::default() }),
        disable_api_termination: Some(true),
        disable_api_stop: Some(true),
        instance_initiated_shutdown_behavior: Some("terminate".into()),
        placement: Some(Placement { availability_zone: Some("us-east-1c".into()), ..Default::default() }),
        private_ip_address: None,
        block_device_mappings: Some(vec![BlockDeviceMapping {
            device_name: Some("/dev/xvda".into()),
            ebs: Some(EbsBlockDevice {
                volume_size: Some(20),
                volume_type: Some("gp2".into()),
                delete_on_termination: Some(true),
                ..Default::default()
            }),
            ..Default::default()
        }]),
        cpu_options: Some(CpuOptionsRequest {
            core_count: Some(1),
            threads_per_core: Some(1),
            ..Default::default()
        }),
        ..run(1)
    };
    let instance = launch_one(&world, input).await;
    assert_eq!(instance.placement.unwrap().availability_zone.as_deref(), Some("us-east-1c"));
    assert_eq!(instance.monitoring.unwrap().state.unwrap().as_str(), "enabled");
    assert_eq!(instance.tags.unwrap()[0].value.as_deref(), Some("instance"));
    assert_eq!(instance.cpu_options.unwrap().threads_per_core, Some(1));
    let kept = record(&world, &instance.instance_id.unwrap());
    assert_eq!(kept.vcpus, 1);
    assert_eq!(kept.user_data.as_deref(), Some("IyEvYmluL3NoCg=="));
    assert!(kept.disable_api_stop && kept.disable_api_termination);
    assert_eq!(kept.shutdown_behavior, "terminate");
    let device = &kept.block_devices[0];
    assert_eq!((device.size, device.volume_type.as_str(), device.delete_on_termination), (20, "gp2", true));
    for (id, kind) in [(&device.volume_id, "volume"), (&kept.network_interfaces[0], "network-interface")] {
        assert_eq!(world.store().get::<Tags>(&world.scope(), id).unwrap().tags["on"], kind);
    }
}

#[tokio::test]
async fn a_large_launch_is_written_in_parts_and_answered_whole() {
    let world = World::new();
    let reservation = launch(&world, run(300)).await;
    let instances = reservation.instances.unwrap();
    let indexes: Vec<i32> = instances.iter().filter_map(|i| i.ami_launch_index).collect();
    assert_eq!(indexes, (0..300).collect::<Vec<_>>());
    let mut addresses: Vec<_> = instances.iter().filter_map(|i| i.private_ip_address.clone()).collect();
    addresses.sort();
    addresses.dedup();
    assert_eq!(addresses.len(), 300, "no address twice");
    assert_eq!(world.store().list::<NetworkInterface>(&world.scope()).len(), 300);
}

#[tokio::test]
async fn a_nearly_full_subnet_gives_what_it_has() {
    let world = World::new();
    let subnet = super::network::small_subnet(&world).await;
    let input = |min, max| RunInstancesRequest {
        subnet_id: Some(subnet.clone()),
        min_count: Some(min),
        max_count: Some(max),
        ..run(1)
    };
    // A /28 has 11 addresses for machines.
    let fault = refused(&world, input(12, 12)).await;
    assert_eq!(fault.code, "InsufficientFreeAddressesInSubnet");
    assert_eq!(launch(&world, input(2, 50)).await.instances.unwrap().len(), 11);
    assert_eq!(refused(&world, input(1, 1)).await.code, "InsufficientFreeAddressesInSubnet");
}
