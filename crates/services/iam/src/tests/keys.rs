//! The key ring, the authoriser and housekeeping.

use super::*;
use crate::keys::keys_scope;
use crate::{Keys, Rights, access_key, ensure_root_key};
use api_iam::*;
use contracts::seams::{Authorizer, KeyRing};
use records::iam::{AccessKey, Role, Session, User};

fn session(world: &World, id: &str, kind: &str, bound_to: Option<String>) -> Session {
    let seal = |text: &str| world.platform.sealer.seal(id, text.as_bytes()).unwrap();
    Session {
        id: id.to_owned(),
        account: ACCOUNT.to_owned(),
        arn: "arn".to_owned(),
        user_id: "AROA:s".to_owned(),
        kind: kind.to_owned(),
        name: "web".to_owned(),
        session_name: "s".to_owned(),
        sealed_secret: seal("secret"),
        sealed_token: seal("token"),
        created: NOW,
        expires: NOW + 1000,
        bound_to,
        policies: Default::default(),
        tags: Default::default(),
        transitive_tags: Vec::new(),
        source_identity: None,
    }
}

async fn put(world: &World, session: Session) {
    let written = world.platform.transact(|tx| {
        tx.put(&keys_scope(), session.clone());
        Ok(())
    });
    written.await.unwrap();
}

#[tokio::test]
async fn the_root_key_is_made_once_and_opens() {
    let world = World::new();
    let (id, secret) = ensure_root_key(&world.platform, ACCOUNT).await.unwrap().unwrap();
    assert_eq!(ensure_root_key(&world.platform, ACCOUNT).await.unwrap(), None);
    let keys = Keys::new(world.platform.clone());
    for _ in 0..2 {
        let known = keys.key(&id).unwrap();
        assert_eq!((known.secret.as_str(), known.principal), (secret.as_str(), Principal::root(ACCOUNT)));
    }
    assert!(keys.key("AKIAOTHER").is_none());
    let record = world.platform.store.get::<AccessKey>(&keys_scope(), &id).unwrap();
    assert!(!record.sealed_secret.windows(40).any(|part| part == secret.as_bytes()));
}

#[tokio::test]
async fn the_ring_follows_the_records() {
    let world = World::new();
    make_user(&world, "anna").await;
    let input = CreateAccessKeyRequest { user_name: text("anna") };
    let made = access_key::create_access_key(world.call(), input).await.unwrap().access_key.unwrap();
    let (id, keys) = (made.access_key_id.unwrap(), Keys::new(world.platform.clone()));
    assert!(keys.key(&id).unwrap().active);
    let input = UpdateAccessKeyRequest {
        user_name: text("anna"),
        access_key_id: text(&id),
        status: Some(StatusType::INACTIVE),
    };
    access_key::update_access_key(world.call(), input).await.unwrap();
    assert!(!keys.key(&id).unwrap().active);
    let input =
        UpdateUserRequest { user_name: text("anna"), new_path: text("/x/"), new_user_name: text("bea") };
    crate::user::update_user(world.call(), input).await.unwrap();
    assert_eq!(keys.key(&id).unwrap().principal.arn, format!("arn:aws:iam::{ACCOUNT}:user/x/bea"));
    let input = DeleteAccessKeyRequest { user_name: text("bea"), access_key_id: text(&id) };
    access_key::delete_access_key(world.call(), input).await.unwrap();
    assert!(keys.key(&id).is_none());
}

#[tokio::test]
async fn a_session_ends_with_its_role() {
    let world = World::new();
    make_role(&world, "web").await;
    let role = world.platform.store.get::<Role>(&Scope::global(ACCOUNT), "web").unwrap();
    put(&world, session(&world, "ASIA1", "role", Some(role.role_id.clone()))).await;
    let keys = Keys::new(world.platform.clone());
    let known = keys.key("ASIA1").unwrap();
    assert_eq!((known.session_token.as_deref(), known.expires), (Some("token"), Some(NOW + 1000)));
    let input = DeleteRoleRequest { role_name: text("web") };
    crate::role::delete_role(world.call(), input).await.unwrap();
    assert!(keys.key("ASIA1").is_none());
    make_role(&world, "web").await;
    assert!(keys.key("ASIA1").is_none(), "a role of the same name is another role");
}

#[tokio::test]
async fn a_session_of_a_user_outlives_its_name_but_not_the_user() {
    let world = World::new();
    make_user(&world, "anna").await;
    let user = world.platform.store.get::<User>(&Scope::global(ACCOUNT), "anna").unwrap();
    for (id, kind) in [("ASIA1", "user"), ("ASIA2", "federated")] {
        put(&world, session(&world, id, kind, Some(user.user_id.clone()))).await;
    }
    let keys = Keys::new(world.platform.clone());
    let input = UpdateUserRequest { user_name: text("anna"), new_path: None, new_user_name: text("bea") };
    crate::user::update_user(world.call(), input).await.unwrap();
    assert!(keys.key("ASIA1").is_some() && keys.key("ASIA2").is_some());
    let input = DeleteUserRequest { user_name: text("bea") };
    crate::user::delete_user(world.call(), input).await.unwrap();
    assert!(keys.key("ASIA1").is_none() && keys.key("ASIA2").is_none());
}

#[tokio::test]
async fn last_uses_reach_the_records_and_old_sessions_go() {
    let world = World::new();
    let (id, _) = ensure_root_key(&world.platform, ACCOUNT).await.unwrap().unwrap();
    make_role(&world, "web").await;
    put(&world, session(&world, "ASIA1", "role", None)).await;
    let keys = Keys::new(world.platform.clone());
    keys.used(&id, "ec2", "eu-west-1");
    keys.used("ASIA1", "ssm", "eu-west-2");
    keys.used("AKIAUNKNOWN", "ssm", "eu-west-2");
    keys.used("test", "ssm", "eu-west-2");
    keys.flush_uses().await;
    let used =
        |world: &World| world.platform.store.get::<AccessKey>(&keys_scope(), &id).unwrap().last_used.clone();
    assert_eq!(used(&world), Some((NOW, "ec2".to_owned(), "eu-west-1".to_owned())));
    let role = world.platform.store.get::<Role>(&Scope::global(ACCOUNT), "web").unwrap();
    assert_eq!(role.last_used, Some((NOW, "eu-west-2".to_owned())));
    // A use soon after is not worth a write; a later one is.
    for (later, wanted) in [(1000, NOW), (60_000, NOW + 61_000)] {
        world.clock.advance(later);
        keys.used(&id, "ec2", "eu-west-1");
        keys.flush_uses().await;
        assert_eq!(used(&world).unwrap().0, wanted);
    }
    assert_eq!(keys.sweep_sessions().await, 0, "an ended session is remembered for a while");
    world.clock.advance(3600 * 1000);
    assert_eq!(keys.sweep_sessions().await, 1);
    assert!(keys.key("ASIA1").is_none());
}

#[test]
fn only_root_and_sessions_of_roles_may_act() {
    let rights = Rights::new(Sealer::new(&[1; 32]));
    let user = Principal {
        kind: PrincipalKind::User { name: "anna".to_owned(), id: "AIDA".to_owned() },
        arn: "arn:aws:iam::123456789012:user/anna".to_owned(),
        user_id: "AIDA".to_owned(),
    };
    let decide = |principal: &Principal, key: &str, action: &str| {
        code(rights.authorize(&caller(principal.clone(), key), action))
    };
    assert_eq!(decide(&Principal::root(ACCOUNT), "AKIA", "ec2:RunInstances"), "ok");
    assert_eq!(decide(&role_session(), "ASIA", "iam:CreateUser"), "ok");
    for key in ["AKIA", "ASIA"] {
        assert_eq!(decide(&user, key, "ec2:RunInstances"), "UnauthorizedOperation");
        assert_eq!(decide(&user, key, "iam:CreateUser"), "AccessDenied");
        assert_eq!(decide(&user, key, "ssm:GetParameter"), "AccessDeniedException");
        assert_eq!(decide(&user, key, "sts:GetCallerIdentity"), "ok");
    }
    let open = Caller { enforced: false, ..caller(user, "AKIA") };
    assert_eq!(code(rights.authorize(&open, "ec2:RunInstances")), "ok");
}
