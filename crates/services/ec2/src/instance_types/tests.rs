use super::*;
use crate::test_world::World;
use api_ec2::{DescribeInstanceTypeOfferingsRequest, DescribeInstanceTypesRequest, Filter, InstanceTypeInfo};
use std::collections::BTreeSet;

#[test]
fn figures_of_well_known_types() {
    // name, vCPU, MiB, cores, interfaces, addresses, architecture
    for (name, vcpus, mib, cores, enis, addresses, arch) in [
        ("t2.micro", 1, 1024, 1, 2, 2, "x86_64"),
        ("t3.nano", 2, 512, 1, 2, 2, "x86_64"),
        ("t3.large", 2, 8192, 1, 3, 12, "x86_64"),
        ("t4g.medium", 2, 4096, 2, 3, 6, "arm64"),
        ("m5.large", 2, 8192, 1, 3, 10, "x86_64"),
        ("c5.9xlarge", 36, 73728, 18, 8, 30, "x86_64"),
        ("c5.18xlarge", 72, 147_456, 36, 15, 50, "x86_64"),
        ("r6i.32xlarge", 128, 1_048_576, 64, 15, 50, "x86_64"),
        ("m6g.medium", 1, 4096, 1, 2, 4, "arm64"),
        ("m6g.metal", 64, 262_144, 64, 15, 50, "arm64"),
        ("m7a.2xlarge", 8, 32768, 8, 4, 15, "x86_64"),
        ("m7i.metal-24xl", 96, 393_216, 48, 15, 50, "x86_64"),
        ("c8g.48xlarge", 192, 393_216, 192, 15, 50, "arm64"),
        ("i3.large", 2, 15616, 1, 3, 10, "x86_64"),
        ("i3.metal", 72, 524_288, 36, 15, 50, "x86_64"),
        ("p5.48xlarge", 192, 2_097_152, 96, 64, 50, "x86_64"),
    ] {
        let found = find(name).unwrap();
        assert_eq!((found.vcpus(), found.memory_mib()), (vcpus, mib), "{name}");
        assert_eq!((found.cores(), found.architecture()), (cores, arch), "{name}");
        assert_eq!((found.max_interfaces(), found.addresses_per_interface()), (enis, addresses), "{name}");
    }
    for absent in ["", "t3", "t3.huge", "m6i.48xlarge", "zz.large", "T3.micro"] {
        assert!(find(absent).is_none(), "{absent}");
    }
}

#[test]
fn the_catalogue_is_sound() {
    let all = catalogue::all();
    assert!(all.len() > 250, "{}", all.len());
    let names: BTreeSet<&str> = all.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(names.len(), all.len(), "no type twice");
    for t in all {
        assert_eq!(t.cores() * t.threads_per_core(), t.vcpus(), "{}", t.name);
        assert!(t.is_metal() || t.valid_cores().contains(&t.cores()), "{}", t.name);
        assert!(t.vcpus() > 0 && t.memory_mib() >= 512, "{}", t.name);
        let info = t.to_api();
        assert_eq!(info.gpu_info.is_some() || info.fpga_info.is_some() || info.neuron_info.is_some(), {
            t.family.device.is_some()
        });
        let network = info.network_info.unwrap();
        let cards = network.network_cards.unwrap();
        let sum: i32 = cards.iter().filter_map(|c| c.maximum_network_interfaces).sum();
        assert_eq!(Some(sum), network.maximum_network_interfaces, "{}", t.name);
        // Every size named as having EFA exists in its family.
        for size in t.family.efa.split(' ').filter(|s| !s.is_empty()) {
            assert!(find(&format!("{}.{size}", t.family.name)).is_some(), "{}.{size}", t.family.name);
        }
    }
}

#[test]
fn every_filter_that_is_answered_is_documented() {
    for t in catalogue::all() {
        for name in filter_values::NAMES {
            assert!(t.filter_values(name).iter().all(|v| !v.is_empty()), "{name} of {}", t.name);
        }
    }
    let gpu = find("g5.xlarge").unwrap();
    assert_eq!(gpu.filter_values("instance-storage-info.total-size-in-gb"), ["250"]);
    assert_eq!(
        find("m5.large").unwrap().filter_values("network-info.network-performance"),
        ["Up to 10 Gigabit"]
    );
    assert_eq!(
        find("m5.large").unwrap().filter_values("ebs-info.ebs-optimized-info.baseline-throughput-in-mbps"),
        ["81.25"]
    );
}

fn filter(name: &str, value: &str) -> Filter {
    Filter { name: Some(name.into()), values: Some(vec![value.into()]) }
}

#[tokio::test]
async fn pages_joined_are_the_list() {
    let world = World::new();
    for size in [5, 37, 100] {
        let (mut seen, mut token): (Vec<InstanceTypeInfo>, Option<String>) = (Vec::new(), None);
        loop {
            let page = describe::describe_instance_types(
                world.call(),
                DescribeInstanceTypesRequest {
                    max_results: Some(size),
                    next_token: token,
                    ..Default::default()
                },
            )
            .await
            .unwrap();
            seen.extend(page.instance_types.unwrap());
            token = page.next_token;
            if token.is_none() {
                break;
            }
        }
        let names: Vec<String> =
            seen.iter().map(|t| t.instance_type.as_ref().unwrap().as_str().to_owned()).collect();
        let all: Vec<String> = catalogue::all().iter().map(|t| t.name.clone()).collect();
        assert_eq!(names, all);
    }
}

#[tokio::test]
async fn bad_input_has_its_code() {
    let world = World::new();
    let bad = [
        (
            DescribeInstanceTypesRequest {
                instance_types: Some(vec!["t3.micro".into(), "t3.huge".into()]),
                ..Default::default()
            },
            "InvalidInstanceType",
        ),
        (
            DescribeInstanceTypesRequest { max_results: Some(4), ..Default::default() },
            "InvalidParameterValue",
        ),
        (
            DescribeInstanceTypesRequest { max_results: Some(101), ..Default::default() },
            "InvalidParameterValue",
        ),
        (
            DescribeInstanceTypesRequest { next_token: Some("x".into()), ..Default::default() },
            "InvalidNextToken",
        ),
        (
            DescribeInstanceTypesRequest {
                filters: Some(vec![filter("colour", "red")]),
                ..Default::default()
            },
            "InvalidParameterValue",
        ),
        (
            DescribeInstanceTypesRequest {
                instance_types: Some(vec!["t3.micro".into()]),
                max_results: Some(5),
                ..Default::default()
            },
            "InvalidParameterCombination",
        ),
    ];
    for (input, code) in bad {
        let fault = describe::describe_instance_types(world.call(), input.clone()).await.unwrap_err();
        assert_eq!(fault.code, code, "{input:?}");
    }
}

#[tokio::test]
async fn offerings_follow_the_zones() {
    let world = World::new();
    let count = async |location: &str, filters: Vec<Filter>| {
        let input = DescribeInstanceTypeOfferingsRequest {
            location_type: Some(location.to_owned().into()),
            filters: Some(filters),
            ..Default::default()
        };
        let reply = offerings::describe_instance_type_offerings(world.call(), input).await.unwrap();
        reply.instance_type_offerings.unwrap().len()
    };
    let micro = || filter("instance-type", "t3.micro");
    assert_eq!(count("region", vec![micro()]).await, 1);
    assert_eq!(count("availability-zone", vec![micro()]).await, 6);
    assert_eq!(count("availability-zone", vec![micro(), filter("location", "us-east-1a")]).await, 1);
    assert_eq!(count("availability-zone-id", vec![micro(), filter("location", "use1-az?")]).await, 6);
    assert_eq!(count("outpost", vec![]).await, 0);
}
