//! Bad launches: the documented code, and nothing changes.

use super::*;
use api_ec2::{
    BlockDeviceMapping, CpuOptionsRequest, CreditSpecificationRequest, EbsBlockDevice,
    HibernationOptionsRequest, IamInstanceProfileSpecification, InstanceMarketOptionsRequest,
    InstanceMetadataOptionsRequest, LaunchTemplateSpecification, Placement, Tag, TagSpecification,
};

fn of_type(name: &'static str) -> RunInstancesRequest {
    RunInstancesRequest { instance_type: Some(name.into()), ..run(1) }
}

fn device(name: &str, ebs: EbsBlockDevice) -> RunInstancesRequest {
    let mapping = BlockDeviceMapping { device_name: Some(name.into()), ebs: Some(ebs), ..Default::default() };
    RunInstancesRequest { block_device_mappings: Some(vec![mapping]), ..run(1) }
}

fn placed(placement: Placement) -> RunInstancesRequest {
    RunInstancesRequest { placement: Some(placement), ..run(1) }
}

fn cores(core_count: Option<i32>, threads_per_core: Option<i32>) -> RunInstancesRequest {
    let cpu = CpuOptionsRequest { core_count, threads_per_core, ..Default::default() };
    RunInstancesRequest { cpu_options: Some(cpu), ..run(1) }
}

fn hops(hops: i32) -> RunInstancesRequest {
    let options =
        InstanceMetadataOptionsRequest { http_put_response_hop_limit: Some(hops), ..Default::default() };
    RunInstancesRequest { metadata_options: Some(options), ..run(1) }
}

fn profile(arn: Option<&str>, name: Option<&str>) -> RunInstancesRequest {
    let profile =
        IamInstanceProfileSpecification { arn: arn.map(str::to_owned), name: name.map(str::to_owned) };
    RunInstancesRequest { iam_instance_profile: Some(profile), ..run(1) }
}

#[tokio::test]
async fn each_mistake_has_its_code() {
    let world = World::new();
    let bare = run(1);
    let size = |size| EbsBlockDevice { volume_size: Some(size), ..Default::default() };
    let other = if small() == "t3.micro" { "m6g.large" } else { "m6i.large" };
    for (input, code) in vec![
        (RunInstancesRequest { image_id: None, ..bare.clone() }, "MissingParameter"),
        (RunInstancesRequest { image_id: Some("ami-1".into()), ..bare.clone() }, "InvalidAMIID.Malformed"),
        (run(0), "InvalidParameterValue"),
        (run(-1), "InvalidParameterValue"),
        (
            RunInstancesRequest { min_count: Some(3), max_count: Some(2), ..bare.clone() },
            "InvalidParameterValue",
        ),
        (run(10_001), "InstanceLimitExceeded"),
        (of_type("t3.gigantic"), "InvalidParameterValue"),
        (of_type(other), "InvalidParameterValue"),
        (RunInstancesRequest { key_name: Some("none".into()), ..bare.clone() }, "InvalidKeyPair.NotFound"),
        (
            RunInstancesRequest { user_data: Some("#!/bin/sh".into()), ..bare.clone() },
            "InvalidUserData.Malformed",
        ),
        (
            RunInstancesRequest { user_data: Some("A".repeat(40_000)), ..bare.clone() },
            "InvalidParameterValue",
        ),
        (RunInstancesRequest { client_token: Some("x".repeat(65)), ..bare.clone() }, "InvalidParameterValue"),
        (
            RunInstancesRequest {
                instance_initiated_shutdown_behavior: Some("hibernate".into()),
                ..bare.clone()
            },
            "InvalidParameterValue",
        ),
        (
            placed(Placement { availability_zone: Some("us-east-1z".into()), ..Default::default() }),
            "InvalidParameterValue",
        ),
        (
            placed(Placement { group_name: Some("near".into()), ..Default::default() }),
            "InvalidPlacementGroup.Unknown",
        ),
        (placed(Placement { tenancy: Some("host".into()), ..Default::default() }), "UnsupportedOperation"),
        (cores(Some(1), None), "InvalidParameterCombination"),
        (cores(Some(3), Some(1)), "InvalidParameterValue"),
        (cores(Some(1), Some(3)), "InvalidParameterValue"),
        (hops(0), "InvalidParameterValue"),
        (hops(65), "InvalidParameterValue"),
        (profile(None, Some("none")), "InvalidParameterValue"),
        (profile(Some("arn:aws:iam::000000000000:instance-profile/none"), None), "InvalidParameterValue"),
        (profile(Some("arn"), Some("none")), "InvalidParameterCombination"),
        (device("/dev/xvda", size(4)), "InvalidBlockDeviceMapping"),
        (device("/dev/xvda", size(70_000)), "InvalidBlockDeviceMapping"),
        (device("/dev/sdb", size(10)), "UnsupportedOperation"),
        (
            device("/dev/xvda", EbsBlockDevice { encrypted: Some(true), ..Default::default() }),
            "UnsupportedOperation",
        ),
        (
            RunInstancesRequest {
                launch_template: Some(LaunchTemplateSpecification {
                    launch_template_name: Some("web".into()),
                    ..Default::default()
                }),
                ..bare.clone()
            },
            "InvalidLaunchTemplateName.NotFoundException",
        ),
        (
            RunInstancesRequest {
                instance_market_options: Some(InstanceMarketOptionsRequest {
                    market_type: Some("spot".into()),
                    ..Default::default()
                }),
                ..bare.clone()
            },
            "UnsupportedOperation",
        ),
        (
            RunInstancesRequest {
                hibernation_options: Some(HibernationOptionsRequest { configured: Some(true) }),
                ..bare.clone()
            },
            "UnsupportedOperation",
        ),
        (
            RunInstancesRequest {
                credit_specification: Some(CreditSpecificationRequest {
                    cpu_credits: Some("infinite".into()),
                }),
                ..bare.clone()
            },
            "InvalidParameterValue",
        ),
        (
            RunInstancesRequest {
                tag_specifications: Some(vec![TagSpecification {
                    resource_type: Some("vpc".into()),
                    tags: Some(vec![Tag { key: Some("a".into()), value: Some("b".into()) }]),
                }]),
                ..bare.clone()
            },
            "InvalidParameterValue",
        ),
    ] {
        let fault = refused(&world, input.clone()).await;
        assert_eq!(fault.code, code, "{fault} for {input:?}");
        assert!(!fault.message.is_empty());
    }
}

#[tokio::test]
async fn special_hardware_is_not_there() {
    let world = World::new();
    // An unknown image may have been meant for any architecture, so that only the hardware is missing.
    let image = Some("ami-0123456789abcdef0".to_owned());
    for name in ["g5.xlarge", "f1.2xlarge", "m6i.metal", "inf2.xlarge", "p5.48xlarge"] {
        let fault = refused(&world, RunInstancesRequest { image_id: image.clone(), ..of_type(name) }).await;
        assert_eq!((&*fault.code, fault.status), ("InsufficientInstanceCapacity", 500));
        assert!(fault.message.contains(name) && fault.message.contains("us-east-1a"), "{fault}");
    }
}

#[tokio::test]
async fn unknown_images_run_in_open_mode_only() {
    let unknown = || RunInstancesRequest { image_id: Some("ami-0123456789abcdef0".into()), ..run(1) };
    let open = World::new();
    let instance = launch_one(&open, unknown()).await;
    assert_eq!(instance.image_id.as_deref(), Some("ami-0123456789abcdef0"));
    // Its root device may go by another distribution's name, and IMDSv1 still answers.
    assert_eq!(instance.metadata_options.unwrap().http_tokens.unwrap().as_str(), "optional");
    let sda = RunInstancesRequest {
        image_id: Some("ami-0123456789abcdef0".into()),
        ..device("/dev/sda1", EbsBlockDevice { volume_size: Some(9), ..Default::default() })
    };
    assert_eq!(launch_one(&open, sda).await.root_device_name.as_deref(), Some("/dev/sda1"));
    let fault = refused(&World::with_mode(false), unknown()).await;
    assert_eq!(fault.code, "InvalidAMIID.NotFound");
}

#[tokio::test]
async fn the_quota_on_processors_counts_what_runs() {
    let world = World::new();
    let first = id_of_one(&world).await;
    world
        .store()
        .transact(|tx| {
            let kept = tx.get::<Instance>(&world.scope(), &first).unwrap();
            let vcpus = u32::try_from(crate::limits::VCPUS).unwrap() - 2;
            tx.put(&world.scope(), Instance { vcpus, ..(*kept).clone() });
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    assert_eq!(refused(&world, run(2)).await.code, "VcpuLimitExceeded");
    // One more fits, and a request for one or more gets that one.
    let some = RunInstancesRequest { max_count: Some(5), ..run(1) };
    assert_eq!(launch(&world, some).await.instances.unwrap().len(), 1);
    assert_eq!(refused(&world, run(1)).await.code, "VcpuLimitExceeded");
}
