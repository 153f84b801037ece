//! Many launches at the same moment, with an agent that follows.

use super::*;
use records::address::PublicAddressClaim;
use records::{InstanceState, NetworkInterface};
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::task::JoinSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn launches_and_terminations_collide_without_loss() {
    let world = Arc::new(World::new());
    let mut lives = JoinSet::new();
    for number in 0..40 {
        let world = world.clone();
        lives.spawn(async move {
            let reservation = launch(&world, run(3)).await;
            let ids: Vec<String> =
                reservation.instances.into_iter().flatten().filter_map(|i| i.instance_id.clone()).collect();
            for id in &ids {
                up(&world, id).await;
            }
            // Every other launch is taken back at once.
            if number % 2 == 0 {
                for id in &ids {
                    terminate(&world, id).await;
                    gone(&world, id).await;
                }
            }
        });
    }
    while let Some(life) = lives.join_next().await {
        life.unwrap();
    }
    let scope = world.scope();
    let instances = world.store().list::<Instance>(&scope);
    let running = instances.iter().filter(|i| i.state == InstanceState::Running).count();
    assert_eq!((instances.len(), running), (120, 60));
    let interfaces = world.store().list::<NetworkInterface>(&scope);
    assert_eq!(interfaces.len(), 60, "the interfaces of terminated machines are gone");
    let addresses: BTreeSet<_> = interfaces.iter().map(|i| i.private_addresses[0].address).collect();
    assert_eq!(addresses.len(), 60, "no address twice");
    let shared = records::address::pool_scope();
    let claims: BTreeSet<String> =
        world.store().list::<PublicAddressClaim>(&shared).iter().map(|c| c.id.clone()).collect();
    let used: BTreeSet<String> =
        interfaces.iter().filter_map(|i| i.private_addresses[0].public.map(|p| p.to_string())).collect();
    assert_eq!(claims, used, "each public address is claimed once, and none is kept without use");
}
