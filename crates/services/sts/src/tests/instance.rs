//! Role sessions of instances.

use super::*;
use crate::Roles;
use contracts::seams::RoleSessions;
use records::iam::InstanceProfile;

const EC2: &str = r#"{"Service":"ec2.amazonaws.com"}"#;

async fn profile(world: &World, role: Option<&str>) {
    world
        .put(InstanceProfile {
            id: "web".to_owned(),
            name: "Web".to_owned(),
            profile_id: "AIPA".to_owned(),
            path: "/a/".to_owned(),
            role: role.map(str::to_owned),
            created: NOW,
            tags: Default::default(),
        })
        .await;
}

async fn keys(roles: &Roles) -> Option<(String, String, Millis)> {
    let arn = format!("arn:aws:iam::{ACCOUNT}:instance-profile/a/Web");
    let given = roles.instance_role(ACCOUNT.to_owned(), arn, "i-1".to_owned()).await.unwrap();
    given.map(|(role, keys)| (role, keys.access_key_id, keys.expiration))
}

#[tokio::test]
async fn keys_are_kept_until_near_their_end() {
    let world = World::new();
    let roles = Roles::new(world.platform.clone());
    assert_eq!(keys(&roles).await, None);
    profile(&world, None).await;
    assert_eq!(keys(&roles).await, None);
    world.role("r", EC2, ASSUME, "").await;
    profile(&world, Some("r")).await;
    let first = keys(&roles).await.unwrap();
    assert_eq!((first.0.as_str(), first.2), ("r", NOW + 6 * 3_600_000));
    assert_eq!(world.session(&first.1).arn, format!("arn:aws:sts::{ACCOUNT}:assumed-role/r/i-1"));
    world.clock.advance(5 * 3_600_000);
    assert_eq!(keys(&roles).await.unwrap(), first);
    world.clock.advance(50 * 60_000);
    let second = keys(&roles).await.unwrap();
    assert!(second.1 != first.1 && second.2 > first.2);
}

#[tokio::test]
async fn a_role_must_trust_ec2() {
    let world = World::new();
    let roles = Roles::new(world.platform.clone());
    world.role("r", OWN, ASSUME, "").await;
    profile(&world, Some("r")).await;
    assert_eq!(keys(&roles).await, None);
}
