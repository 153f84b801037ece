//! Metadata options: what wins at launch, and changing them.

use super::*;
use crate::instances::metadata_options::{
    get_instance_metadata_defaults, modify_instance_metadata_defaults, modify_instance_metadata_options,
};
use api_ec2::{
    InstanceMetadataOptionsRequest, ModifyInstanceMetadataDefaultsRequest,
    ModifyInstanceMetadataOptionsRequest,
};

fn options(world: &World, id: &str) -> (String, i32) {
    let options = record(world, id).metadata_options;
    (options.http_tokens, options.http_put_response_hop_limit)
}

#[tokio::test]
async fn the_request_wins_over_the_account_and_the_account_over_the_image() {
    let world = World::new();
    // The plain image asks for IMDSv2.
    assert_eq!(options(&world, &id_of_one(&world).await), ("required".into(), 2));
    let defaults = ModifyInstanceMetadataDefaultsRequest {
        http_tokens: Some("optional".into()),
        http_put_response_hop_limit: Some(7),
        ..Default::default()
    };
    modify_instance_metadata_defaults(world.call(), defaults).await.unwrap();
    assert_eq!(options(&world, &id_of_one(&world).await), ("optional".into(), 7));
    let asked = RunInstancesRequest {
        metadata_options: Some(InstanceMetadataOptionsRequest {
            http_tokens: Some("required".into()),
            ..Default::default()
        }),
        ..run(1)
    };
    let id = launch_one(&world, asked).await.instance_id.unwrap();
    assert_eq!(options(&world, &id), ("required".into(), 7));
    let shown = get_instance_metadata_defaults(world.call(), Default::default()).await.unwrap();
    let shown = shown.account_level.unwrap();
    assert_eq!((shown.http_put_response_hop_limit, shown.http_endpoint), (Some(7), None));
    let none = ModifyInstanceMetadataDefaultsRequest {
        http_tokens: Some("no-preference".into()),
        http_put_response_hop_limit: Some(-1),
        ..Default::default()
    };
    modify_instance_metadata_defaults(world.call(), none).await.unwrap();
    assert_eq!(options(&world, &id_of_one(&world).await), ("required".into(), 2));
}

#[tokio::test]
async fn options_of_a_machine_change_one_by_one() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let modify = |input: ModifyInstanceMetadataOptionsRequest| {
        let input = ModifyInstanceMetadataOptionsRequest { instance_id: Some(id.clone()), ..input };
        modify_instance_metadata_options(world.call(), input)
    };
    let reply = modify(ModifyInstanceMetadataOptionsRequest {
        instance_metadata_tags: Some("enabled".into()),
        ..Default::default()
    });
    let shown = reply.await.unwrap().instance_metadata_options.unwrap();
    assert_eq!((shown.state.unwrap().as_str(), shown.http_put_response_hop_limit), ("pending", Some(2)));
    assert_eq!(record(&world, &id).metadata_options.instance_metadata_tags, "enabled");
    for bad in [
        ModifyInstanceMetadataOptionsRequest { http_tokens: Some("maybe".into()), ..Default::default() },
        ModifyInstanceMetadataOptionsRequest { http_endpoint: Some("on".into()), ..Default::default() },
        ModifyInstanceMetadataOptionsRequest { http_put_response_hop_limit: Some(0), ..Default::default() },
    ] {
        assert_eq!(modify(bad).await.unwrap_err().code, "InvalidParameterValue");
    }
    assert_eq!(options(&world, &id), ("required".into(), 2));
}
