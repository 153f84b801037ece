//! DescribeInstanceAttribute, ModifyInstanceAttribute, ResetInstanceAttribute, monitoring, credits.

use super::*;
use crate::instances::attributes::{
    describe_instance_attribute, modify_instance_attribute, reset_instance_attribute,
};
use crate::instances::credits::describe_instance_credit_specifications;
use crate::instances::monitoring::{monitor_instances, unmonitor_instances};
use api_ec2::{
    AttributeBooleanValue, AttributeValue, DescribeInstanceAttributeRequest,
    DescribeInstanceCreditSpecificationsRequest, EbsInstanceBlockDeviceSpecification, InstanceAttribute,
    InstanceBlockDeviceMappingSpecification, ModifyInstanceAttributeRequest, MonitorInstancesRequest,
    ResetInstanceAttributeRequest, SecureBlobAttributeValue, UnmonitorInstancesRequest,
};
use records::{InstanceState, NetworkInterface};

async fn describe(world: &World, id: &str, attribute: &'static str) -> InstanceAttribute {
    let input = DescribeInstanceAttributeRequest {
        instance_id: Some(id.into()),
        attribute: Some(attribute.into()),
        ..Default::default()
    };
    describe_instance_attribute(world.call(), input).await.unwrap()
}

async fn modify(world: &World, id: &str, input: ModifyInstanceAttributeRequest) -> Result<(), Fault> {
    let input = ModifyInstanceAttributeRequest { instance_id: Some(id.into()), ..input };
    modify_instance_attribute(world.call(), input).await.map(drop)
}

fn named(attribute: &'static str, value: &str) -> ModifyInstanceAttributeRequest {
    ModifyInstanceAttributeRequest {
        attribute: Some(attribute.into()),
        value: Some(value.into()),
        ..Default::default()
    }
}

fn device(name: &str, delete: bool) -> ModifyInstanceAttributeRequest {
    let device = InstanceBlockDeviceMappingSpecification {
        device_name: Some(name.into()),
        ebs: Some(EbsInstanceBlockDeviceSpecification {
            delete_on_termination: Some(delete),
            ..Default::default()
        }),
        ..Default::default()
    };
    ModifyInstanceAttributeRequest { block_device_mappings: Some(vec![device]), ..Default::default() }
}

fn text(value: &str) -> Option<AttributeValue> {
    Some(AttributeValue { value: Some(value.into()) })
}

fn flag(value: bool) -> Option<AttributeBooleanValue> {
    Some(AttributeBooleanValue { value: Some(value) })
}

async fn stopped(world: &World) -> String {
    let id = id_of_one(world).await;
    world
        .store()
        .transact(|tx| {
            let kept = tx.get::<Instance>(&world.scope(), &id).unwrap();
            tx.put(&world.scope(), Instance { state: InstanceState::Stopped, ..(*kept).clone() });
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    id
}

#[tokio::test]
async fn both_forms_change_what_describe_shows() {
    let world = World::new();
    let id = stopped(&world).await;
    modify(&world, &id, named("disableApiTermination", "TRUE")).await.unwrap();
    assert_eq!(describe(&world, &id, "disableApiTermination").await.disable_api_termination, flag(true));
    let off = ModifyInstanceAttributeRequest { disable_api_termination: flag(false), ..Default::default() };
    modify(&world, &id, off).await.unwrap();
    assert_eq!(describe(&world, &id, "disableApiTermination").await.disable_api_termination, flag(false));

    let on = ModifyInstanceAttributeRequest { disable_api_stop: flag(true), ..Default::default() };
    modify(&world, &id, on).await.unwrap();
    assert_eq!(describe(&world, &id, "disableApiStop").await.disable_api_stop, flag(true));

    let word = ModifyInstanceAttributeRequest {
        instance_initiated_shutdown_behavior: text("terminate"),
        ..Default::default()
    };
    modify(&world, &id, word).await.unwrap();
    let shown = describe(&world, &id, "instanceInitiatedShutdownBehavior").await;
    assert_eq!(shown.instance_initiated_shutdown_behavior, text("terminate"));

    let data = SecureBlobAttributeValue { value: Some(b"#!/bin/sh".to_vec()) };
    let input = ModifyInstanceAttributeRequest { user_data: Some(data), ..Default::default() };
    modify(&world, &id, input).await.unwrap();
    assert_eq!(describe(&world, &id, "userData").await.user_data, text("IyEvYmluL3No"));

    modify(&world, &id, named("instanceType", larger())).await.unwrap();
    assert_eq!(describe(&world, &id, "instanceType").await.instance_type, text(larger()));
    assert_eq!(record(&world, &id).memory_mib, 8192);

    modify(&world, &id, device("/dev/xvda", true)).await.unwrap();
    let shown = describe(&world, &id, "blockDeviceMapping").await.block_device_mappings.unwrap();
    assert_eq!(shown[0].ebs.clone().unwrap().delete_on_termination, Some(true));
    assert_eq!(describe(&world, &id, "rootDeviceName").await.root_device_name, text("/dev/xvda"));
    assert_eq!(describe(&world, &id, "groupSet").await.groups.unwrap().len(), 1);
    assert!(describe(&world, &id, "kernel").await.kernel_id.is_none());
    assert!(world.seams.settled.lock().is_empty(), "nothing of this touches packets");
}

#[tokio::test]
async fn changes_that_packets_notice_wait_for_the_data_plane() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let check = || ModifyInstanceAttributeRequest { source_dest_check: flag(false), ..Default::default() };
    modify(&world, &id, check()).await.unwrap();
    let vpc = record(&world, &id).vpc_id;
    assert_eq!(world.seams.settled.lock().last().unwrap().0, vpc);
    assert_eq!(describe(&world, &id, "sourceDestCheck").await.source_dest_check, flag(false));
    let reset = ResetInstanceAttributeRequest {
        instance_id: Some(id.clone()),
        attribute: Some("sourceDestCheck".into()),
        ..Default::default()
    };
    reset_instance_attribute(world.call(), reset).await.unwrap();
    assert_eq!(describe(&world, &id, "sourceDestCheck").await.source_dest_check, flag(true));

    let eni = record(&world, &id).network_interfaces[0].clone();
    let group = world.store().get::<NetworkInterface>(&world.scope(), &eni).unwrap().groups[0].clone();
    let groups =
        |id: &str| ModifyInstanceAttributeRequest { groups: Some(vec![id.to_owned()]), ..Default::default() };
    modify(&world, &id, groups(&group)).await.unwrap();
    assert_eq!(world.seams.settled.lock().len(), 3);
    let fault = modify(&world, &id, groups("sg-0123456789abcdef0")).await.unwrap_err();
    assert_eq!(fault.code, "InvalidGroup.NotFound");

    *world.seams.refusal.lock() = Some("no memory".into());
    let fault = modify(&world, &id, check()).await.unwrap_err();
    assert_eq!((&*fault.code, fault.status), ("InternalError", 500));
}

#[tokio::test]
async fn faults() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let none = ModifyInstanceAttributeRequest::default();
    let two = ModifyInstanceAttributeRequest {
        disable_api_stop: flag(true),
        disable_api_termination: flag(true),
        ..Default::default()
    };
    for (input, code) in [
        (none, "InvalidParameterCombination"),
        (two, "InvalidParameterCombination"),
        (named("disableApiStop", "maybe"), "InvalidParameterValue"),
        (named("rootDeviceName", "/dev/sda"), "InvalidParameterValue"),
        (named("kernel", "aki-1"), "UnsupportedOperation"),
        (named("instanceInitiatedShutdownBehavior", "sleep"), "InvalidParameterValue"),
        (named("instanceType", larger()), "IncorrectInstanceState"),
        (named("userData", "YQ=="), "IncorrectInstanceState"),
        (named("userData", "?"), "InvalidUserData.Malformed"),
        (device("/dev/sdz", true), "InvalidInstanceAttributeValue"),
        (device("/dev/xvda", false), "UnsupportedOperation"),
        (
            ModifyInstanceAttributeRequest { value: Some("x".into()), ..Default::default() },
            "MissingParameter",
        ),
    ] {
        let fault = modify(&world, &id, input.clone()).await.unwrap_err();
        assert_eq!(fault.code, code, "{input:?}");
    }
    let stopped = stopped(&world).await;
    let other = if small() == "t3.micro" { "m6g.large" } else { "m6i.large" };
    for (value, code) in [
        ("t3.gigantic", "InvalidParameterValue"),
        (other, "InvalidParameterValue"),
        (if small() == "t3.micro" { "m6i.metal" } else { "m6g.metal" }, "InsufficientInstanceCapacity"),
    ] {
        let fault = modify(&world, &stopped, named("instanceType", value)).await.unwrap_err();
        assert_eq!(fault.code, code, "{value}");
    }
    for (id, code) in
        [("i-0123456789abcdef0", "InvalidInstanceID.NotFound"), ("x", "InvalidInstanceID.Malformed")]
    {
        let fault = modify(&world, id, named("disableApiStop", "true")).await.unwrap_err();
        assert_eq!(fault.code, code);
    }
    terminate(&world, &id).await;
    let fault = modify(&world, &id, named("disableApiStop", "true")).await.unwrap_err();
    assert_eq!(fault.code, "IncorrectInstanceState");
}

#[tokio::test]
async fn monitoring_is_a_flag_the_agent_need_not_see() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let ids = || Some(vec![id.clone()]);
    let state = |shown: Option<Vec<api_ec2::InstanceMonitoring>>| {
        shown.unwrap()[0].monitoring.clone().unwrap().state.unwrap().as_str().to_owned()
    };
    let on = monitor_instances(
        world.call(),
        MonitorInstancesRequest { instance_ids: ids(), ..Default::default() },
    );
    assert_eq!(state(on.await.unwrap().instance_monitorings), "pending");
    assert_eq!((record(&world, &id).monitoring, record(&world, &id).generation), (true, 1));
    assert_eq!(shown(&world, &id).await.monitoring.unwrap().state.unwrap().as_str(), "enabled");
    let off = UnmonitorInstancesRequest { instance_ids: ids(), ..Default::default() };
    assert_eq!(
        state(unmonitor_instances(world.call(), off).await.unwrap().instance_monitorings),
        "disabling"
    );
    assert!(!record(&world, &id).monitoring);
}

#[tokio::test]
async fn credits_of_burstable_machines() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let steady = if small() == "t3.micro" { "m5.large" } else { "m6g.large" };
    let other =
        launch_one(&world, RunInstancesRequest { instance_type: Some(steady.into()), ..run(1) }).await;
    let ask = async |ids: Option<Vec<String>>| {
        let input = DescribeInstanceCreditSpecificationsRequest { instance_ids: ids, ..Default::default() };
        describe_instance_credit_specifications(world.call(), input).await
    };
    let all = ask(None).await.unwrap().instance_credit_specifications.unwrap();
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].instance_id.as_deref(), all[0].cpu_credits.as_deref()),
        (Some(&*id), Some("unlimited"))
    );
    assert_eq!(ask(Some(vec![other.instance_id.unwrap()])).await.unwrap_err().code, "UnsupportedOperation");
}
