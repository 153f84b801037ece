//! What DescribeInstances shows is kept between requests: every change must show in the next one.

use super::*;
use api_ec2::{InstanceNetworkInterface, Tag};
use records::{NetworkInterface, SecurityGroup, Tags, Vpc};

/// What is shown must be what is put together anew, which a second service on the same records does.
async fn shown_twice(world: &World, id: &str) -> ApiInstance {
    let (first, second) = (shown(world, id).await, shown(world, id).await);
    assert_eq!(first, second);
    let other = crate::Ec2::new(world.ec2.platform.clone());
    let input = DescribeInstancesRequest { instance_ids: Some(vec![id.to_owned()]), ..Default::default() };
    let call = contracts::Call::new(world.call().caller.clone(), other);
    let reply = describing::describe_instances(call, input).await.unwrap();
    let anew = reply.reservations.unwrap().remove(0).instances.unwrap().remove(0);
    assert_eq!(*anew, first);
    first
}

async fn change<R: state_store::Record>(world: &World, id: &str, change: impl Fn(&mut R) + Send + Sync) {
    let scope = world.scope();
    let done = world.store().transact(|tx| Ok::<_, StoreError>(tx.update::<R>(&scope, id, &change)));
    assert!(done.await.unwrap().value, "{id} is there");
}

fn only(instance: &ApiInstance) -> &InstanceNetworkInterface {
    &instance.network_interfaces.as_ref().unwrap()[0]
}

#[tokio::test]
async fn every_record_an_instance_is_shown_with_shows_its_changes_at_once() {
    let world = World::new();
    let id = id_of_one(&world).await;
    let before = shown_twice(&world, &id).await;
    assert_eq!(before.tags, Some(vec![]));

    let tags = std::collections::BTreeMap::from([("Name".to_owned(), "web".to_owned())]);
    let tags = Tags { id: id.clone(), resource_type: "instance".to_owned(), tags };
    let put = world.store().transact(|tx| {
        tx.put(&world.scope(), tags.clone());
        Ok::<_, StoreError>(())
    });
    put.await.unwrap();
    let named = |value: &str| Some(vec![Tag { key: Some("Name".into()), value: Some(value.into()) }]);
    assert_eq!(shown_twice(&world, &id).await.tags, named("web"));
    change::<Tags>(&world, &id, |tags| drop(tags.tags.insert("Name".into(), "db".into()))).await;
    assert_eq!(shown_twice(&world, &id).await.tags, named("db"));
    let delete = world.store().transact(|tx| Ok::<_, StoreError>(tx.delete::<Tags>(&world.scope(), &id)));
    assert!(delete.await.unwrap().value);
    assert_eq!(shown_twice(&world, &id).await.tags, Some(vec![]));

    up(&world, &id).await;
    let running = shown_twice(&world, &id).await;
    assert_eq!(running.state.as_ref().unwrap().name.as_ref().unwrap().as_str(), "running");
    assert_ne!(running.state, before.state);

    let interface = only(&before).network_interface_id.clone().unwrap();
    change::<NetworkInterface>(&world, &interface, |record| record.source_dest_check = false).await;
    assert_eq!(shown_twice(&world, &id).await.source_dest_check, Some(false));
    change::<NetworkInterface>(&world, &interface, |record| record.groups.clear()).await;
    assert_eq!(shown_twice(&world, &id).await.security_groups, Some(vec![]));
    let group = only(&before).groups.clone().unwrap()[0].group_id.clone().unwrap();
    change::<NetworkInterface>(&world, &interface, |record| record.groups.push(group.clone())).await;
    change::<SecurityGroup>(&world, &group, |record| record.name = "renamed".to_owned()).await;
    let shown = shown_twice(&world, &id).await;
    assert_eq!(shown.security_groups.as_ref().unwrap()[0].group_name.as_deref(), Some("renamed"));
    assert_eq!(only(&shown).groups.as_ref().unwrap()[0].group_name.as_deref(), Some("renamed"));

    let vpc = before.vpc_id.clone().unwrap();
    assert!(before.public_dns_name.as_ref().is_some_and(|name| !name.is_empty()));
    change::<Vpc>(&world, &vpc, |record| record.enable_dns_hostnames = false).await;
    assert_eq!(shown_twice(&world, &id).await.public_dns_name.as_deref(), Some(""));

    terminate(&world, &id).await;
    gone(&world, &id).await;
    let ended = shown_twice(&world, &id).await;
    assert_eq!((ended.vpc_id, ended.network_interfaces), (None, Some(vec![])));
}
