//! DescribeVolumes: the root volumes.

use super::*;
use crate::instances::volumes::describe_volumes;
use api_ec2::{DescribeVolumesRequest, Tag, TagSpecification, Volume};

async fn list(world: &World, input: DescribeVolumesRequest) -> Vec<Volume> {
    describe_volumes(world.call(), input).await.unwrap().volumes.unwrap()
}

fn filter(name: &str, value: &str) -> DescribeVolumesRequest {
    DescribeVolumesRequest {
        filters: Some(vec![Filter { name: Some(name.into()), values: Some(vec![value.into()]) }]),
        ..Default::default()
    }
}

#[tokio::test]
async fn each_machine_has_its_root_volume_until_it_is_terminated() {
    let world = World::new();
    let tagged = RunInstancesRequest {
        tag_specifications: Some(vec![TagSpecification {
            resource_type: Some("volume".into()),
            tags: Some(vec![Tag { key: Some("on".into()), value: Some("disk".into()) }]),
        }]),
        ..run(1)
    };
    let id = launch_one(&world, tagged).await.instance_id.unwrap();
    let other = id_of_one(&world).await;
    let volume = record(&world, &id).block_devices[0].volume_id.clone();
    assert_eq!(list(&world, Default::default()).await.len(), 2);
    for (name, value) in
        [("tag:on", "disk"), ("volume-id", volume.as_str()), ("attachment.instance-id", id.as_str())]
    {
        let found = list(&world, filter(name, value)).await;
        assert_eq!(found.len(), 1, "{name}");
        assert_eq!(found[0].volume_id.as_deref(), Some(volume.as_str()));
    }
    assert_eq!(list(&world, filter("size", "8")).await.len(), 2);
    assert!(list(&world, filter("status", "available")).await.is_empty());
    let by_id = |id: &str| DescribeVolumesRequest { volume_ids: Some(vec![id.into()]), ..Default::default() };
    let shown = list(&world, by_id(&volume)).await.remove(0);
    assert_eq!(shown.state.unwrap().as_str(), "in-use");
    assert_eq!(shown.attachments.unwrap()[0].device.as_deref(), Some("/dev/xvda"));
    assert_eq!(shown.snapshot_id, Some(BUILT_IN[0].snapshot_id("us-east-1")));
    terminate(&world, &id).await;
    gone(&world, &id).await;
    let left = list(&world, Default::default()).await;
    assert_eq!(left[0].attachments.clone().unwrap()[0].instance_id, Some(other));
    for (id, code, message) in [
        (volume.as_str(), "InvalidVolume.NotFound", format!("The volume '{volume}' does not exist")),
        ("vol-x", "InvalidVolumeID.Malformed", "Invalid id: \"vol-x\" (expecting \"vol-...\")".to_owned()),
    ] {
        let fault = describe_volumes(world.call(), by_id(id)).await.unwrap_err();
        assert_eq!((&*fault.code, fault.message), (code, message));
    }
}
