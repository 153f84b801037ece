//! DescribeInstances: ids, filters, pages.

use super::*;
use crate::instances::show::{FILTERS, Viewer};
use api_ec2::{Tag, TagSpecification};

async fn fault_of(world: &World, input: DescribeInstancesRequest) -> Fault {
    describing::describe_instances(world.call(), input).await.unwrap_err()
}

#[tokio::test]
async fn every_kind_of_filter_finds_its_machine_and_no_other() {
    let world = World::new();
    let tagged = RunInstancesRequest {
        tag_specifications: Some(vec![TagSpecification {
            resource_type: Some("instance".into()),
            tags: Some(vec![Tag { key: Some("Mode".into()), value: Some("Production".into()) }]),
        }]),
        instance_type: Some(larger().into()),
        instance_initiated_shutdown_behavior: Some("terminate".into()),
        ..run(1)
    };
    let one = launch_one(&world, tagged).await;
    let id = one.instance_id.clone().unwrap();
    up(&world, &id).await;
    let other = id_of_one(&world).await;
    let interface = one.network_interfaces.clone().unwrap().remove(0);
    let public = one.public_ip_address.clone().unwrap();
    for (name, value) in [
        ("tag:Mode", "Prod*"),
        ("tag-key", "Mode"),
        ("tag-value", "Production"),
        ("instance-type", larger()),
        ("instance-state-name", "running"),
        ("instance-state-code", "16"),
        ("instance-id", id.as_str()),
        ("private-ip-address", one.private_ip_address.as_deref().unwrap()),
        ("ip-address", public.as_str()),
        ("network-interface.addresses.association.public-ip", public.as_str()),
        ("private-dns-name", one.private_dns_name.as_deref().unwrap()),
        ("dns-name", one.public_dns_name.as_deref().unwrap()),
        ("network-interface.network-interface-id", interface.network_interface_id.as_deref().unwrap()),
        ("network-interface.mac-address", interface.mac_address.as_deref().unwrap()),
        (
            "block-device-mapping.volume-id",
            &one.block_device_mappings.clone().unwrap()[0].ebs.clone().unwrap().volume_id.unwrap(),
        ),
    ] {
        assert_eq!(found(&world, name, value).await, std::slice::from_ref(&id), "{name}={value}");
    }
    for (name, value) in [
        ("vpc-id", "vpc-*"),
        ("launch-time", "2026-11-20T10:00:00.000Z"),
        ("availability-zone", "us-east-1?"),
        ("instance.group-name", "default"),
        ("network-interface.group-name", "def*"),
        ("root-device-name", "/dev/xvda"),
        ("metadata-options.http-tokens", "required"),
    ] {
        assert_eq!(found(&world, name, value).await.len(), 2, "{name}={value}");
    }
    assert_eq!(found(&world, "instance-state-name", "pending").await, [other]);
    for (name, value) in [("platform", "windows"), ("vpc-id", "vpc-1"), ("instance-lifecycle", "spot")] {
        assert!(found(&world, name, value).await.is_empty(), "{name}={value}");
    }
    // Every documented name is accepted and answers without panic.
    let scope = world.scope();
    let viewer = Viewer::new(&world.ec2, &scope);
    let view = viewer.view(world.store().get::<Instance>(&world.scope(), &id).unwrap());
    let silent: Vec<_> = FILTERS.iter().filter(|name| view.filter_values(name).is_empty()).collect();
    assert!(silent.len() < FILTERS.len() / 2, "most filters have something to compare: {silent:?}");
}

#[tokio::test]
async fn pages_joined_are_the_list_and_reservations_stay_together() {
    let world = World::new();
    for count in [1, 7, 3, 4] {
        launch(&world, run(count)).await;
    }
    for size in [5, 6, 14, 1000] {
        let (mut ids, mut token) = (Vec::new(), None);
        loop {
            let input =
                DescribeInstancesRequest { max_results: Some(size), next_token: token, ..Default::default() };
            let page = describing::describe_instances(world.call(), input).await.unwrap();
            let reservations = page.reservations.unwrap();
            assert!(
                reservations.windows(2).all(|pair| pair[0].reservation_id != pair[1].reservation_id),
                "one entry per reservation on a page"
            );
            let on_page: Vec<String> = reservations
                .into_iter()
                .flat_map(|r| r.instances.unwrap())
                .filter_map(|i| i.instance_id.clone())
                .collect();
            assert!(on_page.len() <= usize::try_from(size).unwrap());
            ids.extend(on_page);
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        ids.sort();
        let all: Vec<String> =
            world.store().list::<Instance>(&world.scope()).iter().map(|i| i.id.clone()).collect();
        assert_eq!(ids, all);
    }
}

#[tokio::test]
async fn bad_input() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let ids = |ids: &[&str]| Some(ids.iter().map(|id| (*id).to_owned()).collect());
    for (input, code) in [
        (
            DescribeInstancesRequest { instance_ids: ids(&["i-nope"]), ..Default::default() },
            "InvalidInstanceID.Malformed",
        ),
        (
            DescribeInstancesRequest {
                instance_ids: ids(&[&id, "i-0123456789abcdef0"]),
                ..Default::default()
            },
            "InvalidInstanceID.NotFound",
        ),
        (
            DescribeInstancesRequest {
                instance_ids: ids(&[&id]),
                max_results: Some(10),
                ..Default::default()
            },
            "InvalidParameterCombination",
        ),
        (DescribeInstancesRequest { max_results: Some(4), ..Default::default() }, "InvalidParameterValue"),
        (DescribeInstancesRequest { max_results: Some(1001), ..Default::default() }, "InvalidParameterValue"),
        (
            DescribeInstancesRequest { next_token: Some("abc".into()), ..Default::default() },
            "InvalidNextToken",
        ),
        (
            DescribeInstancesRequest {
                filters: Some(vec![Filter { name: Some("colour".into()), values: Some(vec![]) }]),
                ..Default::default()
            },
            "InvalidParameterValue",
        ),
    ] {
        assert_eq!(fault_of(&world, input.clone()).await.code, code, "{input:?}");
    }
}
