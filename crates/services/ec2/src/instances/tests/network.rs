//! Subnets, groups and interfaces of a launch.

use super::*;
use api_ec2::{InstanceNetworkInterfaceSpecification, PrivateIpAddressSpecification};
use contracts::new_id;
use records::{NetworkInterface, Subnet, Vpc};

/// A /28 beside the default subnets, in the default VPC, without public addresses.
pub(super) async fn small_subnet(world: &World) -> String {
    crate::vpc::ensure_default_vpc(&world.ec2, &world.scope()).await.unwrap();
    let vpc = world.store().list::<Vpc>(&world.scope()).remove(0);
    let some = world.store().list::<Subnet>(&world.scope()).remove(0);
    let subnet = Subnet {
        id: new_id("subnet"),
        vpc_id: vpc.id.clone(),
        cidr_block: "172.31.240.0/28".parse().unwrap(),
        default_for_az: false,
        map_public_ip_on_launch: false,
        ..(*some).clone()
    };
    let id = subnet.id.clone();
    world
        .store()
        .transact(|tx| {
            tx.put(&world.scope(), subnet.clone());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    id
}

fn specified(specs: Vec<InstanceNetworkInterfaceSpecification>) -> RunInstancesRequest {
    RunInstancesRequest { network_interfaces: Some(specs), ..run(1) }
}

fn spec(index: i32, subnet: &str) -> InstanceNetworkInterfaceSpecification {
    InstanceNetworkInterfaceSpecification {
        device_index: Some(index),
        subnet_id: Some(subnet.to_owned()),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_private_subnet_gives_no_public_address_unless_asked() {
    let world = World::new();
    let subnet = small_subnet(&world).await;
    let plain = RunInstancesRequest { subnet_id: Some(subnet.clone()), ..run(1) };
    assert_eq!(launch_one(&world, plain).await.public_ip_address, None);
    let public =
        InstanceNetworkInterfaceSpecification { associate_public_ip_address: Some(true), ..spec(0, &subnet) };
    assert!(launch_one(&world, specified(vec![public])).await.public_ip_address.is_some());
    let default = InstanceNetworkInterfaceSpecification {
        device_index: Some(0),
        associate_public_ip_address: Some(false),
        ..Default::default()
    };
    assert_eq!(launch_one(&world, specified(vec![default])).await.public_ip_address, None);
}

#[tokio::test]
async fn addresses_by_name_and_by_number() {
    let world = World::new();
    let subnet = small_subnet(&world).await;
    let first = RunInstancesRequest {
        subnet_id: Some(subnet.clone()),
        private_ip_address: Some("172.31.240.5".into()),
        ..run(1)
    };
    assert_eq!(launch_one(&world, first.clone()).await.private_ip_address.as_deref(), Some("172.31.240.5"));
    assert_eq!(refused(&world, first).await.code, "InvalidIPAddress.InUse");
    let listed = InstanceNetworkInterfaceSpecification {
        private_ip_addresses: Some(vec![
            PrivateIpAddressSpecification {
                primary: Some(true),
                private_ip_address: Some("172.31.240.6".into()),
            },
            PrivateIpAddressSpecification {
                primary: Some(false),
                private_ip_address: Some("172.31.240.7".into()),
            },
        ]),
        ..spec(0, &subnet)
    };
    let instance = launch_one(&world, specified(vec![listed])).await;
    let interface = &instance.network_interfaces.unwrap()[0];
    let addresses: Vec<_> = interface
        .private_ip_addresses
        .iter()
        .flatten()
        .map(|a| (a.private_ip_address.clone().unwrap(), a.primary.unwrap()))
        .collect();
    assert_eq!(addresses, [("172.31.240.6".to_owned(), true), ("172.31.240.7".to_owned(), false)]);
}

#[tokio::test]
async fn two_interfaces_and_one_that_was_there_before() {
    let world = World::new();
    let subnet = small_subnet(&world).await;
    let two = launch_one(&world, specified(vec![spec(1, &subnet), spec(0, &subnet)])).await;
    let id = two.instance_id.unwrap();
    let interfaces = two.network_interfaces.unwrap();
    let indexes: Vec<_> =
        interfaces.iter().map(|i| i.attachment.clone().unwrap().device_index.unwrap()).collect();
    assert_eq!(indexes, [0, 1]);
    assert_eq!(two.public_ip_address, None, "with two interfaces nothing public is given by itself");
    // Detach the second one by hand and launch another machine with it.
    let second = interfaces[1].network_interface_id.clone().unwrap();
    world
        .store()
        .transact(|tx| {
            let found = tx.get::<NetworkInterface>(&world.scope(), &second).unwrap();
            tx.put(&world.scope(), NetworkInterface { attachment: None, ..(*found).clone() });
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let with_existing = || InstanceNetworkInterfaceSpecification {
        device_index: Some(0),
        network_interface_id: Some(second.clone()),
        ..Default::default()
    };
    let other = launch_one(&world, specified(vec![with_existing()])).await;
    let attachment = other.network_interfaces.unwrap()[0].attachment.clone().unwrap();
    assert_eq!(attachment.delete_on_termination, Some(false));
    assert_eq!(refused(&world, specified(vec![with_existing()])).await.code, "InvalidNetworkInterface.InUse");
    // It outlives the machine.
    let other_id = other.instance_id.unwrap();
    for instance in [&id, &other_id] {
        terminate(&world, instance).await;
        gone(&world, instance).await;
    }
    let left: Vec<_> =
        world.store().list::<NetworkInterface>(&world.scope()).iter().map(|i| i.id.clone()).collect();
    assert_eq!(left, [second]);
}

#[tokio::test]
async fn network_faults() {
    let world = World::new();
    let subnet = small_subnet(&world).await;
    let in_subnet = RunInstancesRequest { subnet_id: Some(subnet.clone()), ..run(1) };
    let existing = InstanceNetworkInterfaceSpecification {
        network_interface_id: Some("eni-0123456789abcdef0".into()),
        device_index: Some(0),
        ..Default::default()
    };
    let on = |subnet: &str| RunInstancesRequest { subnet_id: Some(subnet.into()), ..run(1) };
    let public_twice =
        InstanceNetworkInterfaceSpecification { associate_public_ip_address: Some(true), ..spec(0, &subnet) };
    for (input, code) in vec![
        (on("subnet-xyz"), "InvalidSubnetID.Malformed"),
        (on("subnet-0123456789abcdef0"), "InvalidSubnetID.NotFound"),
        (
            RunInstancesRequest { security_group_ids: Some(vec!["sg-0123456789abcdef0".into()]), ..run(1) },
            "InvalidGroup.NotFound",
        ),
        (
            RunInstancesRequest { security_groups: Some(vec!["web".into()]), ..run(1) },
            "InvalidGroup.NotFound",
        ),
        (
            RunInstancesRequest { security_groups: Some(vec!["default".into()]), ..in_subnet.clone() },
            "InvalidParameterCombination",
        ),
        (
            RunInstancesRequest { private_ip_address: Some("10.0.0.9".into()), ..in_subnet.clone() },
            "InvalidParameterValue",
        ),
        (
            RunInstancesRequest { private_ip_address: Some("172.31.240.3".into()), ..in_subnet.clone() },
            "InvalidParameterValue",
        ),
        (
            RunInstancesRequest { private_ip_address: Some("one".into()), ..in_subnet.clone() },
            "InvalidParameterValue",
        ),
        (
            RunInstancesRequest {
                private_ip_address: Some("172.31.240.9".into()),
                max_count: Some(2),
                ..in_subnet.clone()
            },
            "InvalidParameterCombination",
        ),
        (
            RunInstancesRequest { network_interfaces: Some(vec![spec(0, &subnet)]), ..in_subnet },
            "InvalidParameterCombination",
        ),
        (specified(vec![spec(1, &subnet)]), "InvalidParameterValue"),
        (specified(vec![spec(0, &subnet), spec(0, &subnet)]), "InvalidParameterValue"),
        (specified(vec![public_twice, spec(1, &subnet)]), "InvalidParameterCombination"),
        (specified((0..3).map(|n| spec(n, &subnet)).collect()), "AttachmentLimitExceeded"),
        (
            specified(vec![InstanceNetworkInterfaceSpecification {
                secondary_private_ip_address_count: Some(2),
                ..spec(0, &subnet)
            }]),
            "PrivateIpAddressLimitExceeded",
        ),
        (specified(vec![existing]), "InvalidNetworkInterfaceID.NotFound"),
    ] {
        assert_eq!(refused(&world, input.clone()).await.code, code, "{input:?}");
    }
}

#[tokio::test]
async fn without_a_default_vpc_a_subnet_must_be_named() {
    let world = World::new();
    crate::vpc::ensure_default_vpc(&world.ec2, &world.scope()).await.unwrap();
    world
        .store()
        .transact(|tx| {
            for subnet in tx.list::<Subnet>(&world.scope()) {
                tx.delete::<Subnet>(&world.scope(), &subnet.id);
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(refused(&world, run(1)).await.code, "MissingInput");
    world
        .store()
        .transact(|tx| {
            for vpc in tx.list::<Vpc>(&world.scope()) {
                tx.delete::<Vpc>(&world.scope(), &vpc.id);
            }
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(refused(&world, run(1)).await.code, "VPCIdNotSpecified");
}

#[tokio::test]
async fn a_launch_may_ask_for_prefixes_and_timeouts() {
    let world = World::new();
    crate::vpc::ensure_default_vpc(&world.ec2, &world.scope()).await.unwrap();
    let subnet = world.store().list::<Subnet>(&world.scope()).remove(0).id.clone();
    let timeouts =
        api_ec2::ConnectionTrackingSpecificationRequest { udp_timeout: Some(45), ..Default::default() };
    let asked = InstanceNetworkInterfaceSpecification {
        ipv4_prefix_count: Some(1),
        connection_tracking_specification: Some(timeouts),
        ..spec(0, &subnet)
    };
    let instance = launch_one(&world, specified(vec![asked.clone()])).await;
    let interface = &instance.network_interfaces.unwrap()[0];
    assert_eq!(interface.ipv4_prefixes.as_ref().map(Vec::len), Some(1));
    let shown = interface.connection_tracking_configuration.as_ref().unwrap();
    assert_eq!((shown.udp_timeout, shown.udp_stream_timeout), (Some(45), None));
    // A t3.micro has two addresses on an interface; each prefix takes the place of one.
    let too_many = InstanceNetworkInterfaceSpecification { ipv4_prefix_count: Some(2), ..asked };
    let refused = refused(&world, specified(vec![too_many])).await;
    assert_eq!(refused.code, "PrivateIpAddressLimitExceeded");
}
