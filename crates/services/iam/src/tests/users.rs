//! Users, groups and the caller's own name.

use super::*;
use crate::{access_key, group, tags, user};
use api_iam::*;

#[tokio::test]
async fn without_a_name_the_caller_is_meant() {
    let world = World::new();
    make_user(&world, "anna").await;
    let anna = Principal {
        kind: PrincipalKind::User { name: "anna".to_owned(), id: "AIDA".to_owned() },
        arn: format!("arn:aws:iam::{ACCOUNT}:user/anna"),
        user_id: "AIDA".to_owned(),
    };
    let got = user::get_user(world.call_by(anna), GetUserRequest::default()).await.unwrap();
    assert_eq!(got.user.unwrap().user_name.as_deref(), Some("anna"));
    let root = user::get_user(world.call(), GetUserRequest::default()).await.unwrap().user.unwrap();
    assert_eq!(root.arn, text("arn:aws:iam::123456789012:root"));
    let session = world.call_by(role_session());
    assert_eq!(code(user::get_user(session, GetUserRequest::default()).await), "ValidationError");
}

#[tokio::test]
async fn a_renamed_user_keeps_its_keys_and_groups() {
    let world = World::new();
    make_user(&world, "anna").await;
    make_user(&world, "bob").await;
    let input = CreateGroupRequest { group_name: text("ops"), path: None };
    group::create_group(world.call(), input).await.unwrap();
    let input = AddUserToGroupRequest { group_name: text("ops"), user_name: text("anna") };
    group::add_user_to_group(world.call(), input).await.unwrap();
    let input = CreateAccessKeyRequest { user_name: text("anna") };
    access_key::create_access_key(world.call(), input).await.unwrap();
    let rename = |old: &str, new: &str| UpdateUserRequest {
        user_name: text(old),
        new_path: None,
        new_user_name: text(new),
    };
    assert_eq!(code(user::update_user(world.call(), rename("anna", "BOB")).await), "EntityAlreadyExists");
    assert_eq!(code(user::update_user(world.call(), rename("anna", "Anna")).await), "ok");
    assert_eq!(code(user::update_user(world.call(), rename("anna", "carla")).await), "ok");
    let input = ListAccessKeysRequest { user_name: text("carla"), ..Default::default() };
    let keys = access_key::list_access_keys(world.call(), input).await.unwrap();
    assert_eq!(keys.access_key_metadata.unwrap().len(), 1);
    let input = GetGroupRequest { group_name: text("ops"), ..Default::default() };
    let users = group::get_group(world.call(), input).await.unwrap().users.unwrap();
    assert_eq!(users[0].user_name.as_deref(), Some("carla"));
}

#[tokio::test]
async fn pages_of_any_size_joined_are_the_list() {
    let world = World::new();
    for n in 0..11 {
        make_user(&world, &format!("user{n:02}")).await;
    }
    for size in 1..13 {
        let (mut seen, mut marker) = (Vec::new(), None);
        loop {
            let input = ListUsersRequest { max_items: Some(size), marker, ..Default::default() };
            let page = user::list_users(world.call(), input).await.unwrap();
            seen.extend(page.users.unwrap().into_iter().filter_map(|user| user.user_name));
            assert_eq!(page.is_truncated, Some(page.marker.is_some()));
            marker = page.marker;
            if marker.is_none() {
                break;
            }
        }
        let wanted: Vec<String> = (0..11).map(|n| format!("user{n:02}")).collect();
        assert_eq!(seen, wanted, "{size}");
    }
}

#[tokio::test]
async fn fifty_tags_and_no_more() {
    let world = World::new();
    make_user(&world, "anna").await;
    let tag = |n: usize| Tag { key: Some(format!("k{n}")), value: text("v") };
    let add = |range: std::ops::Range<usize>| TagUserRequest {
        user_name: text("anna"),
        tags: Some(range.map(tag).collect()),
    };
    assert_eq!(code(tags::tag_user(world.call(), add(0..50)).await), "ok");
    assert_eq!(code(tags::tag_user(world.call(), add(49..50)).await), "ok");
    assert_eq!(code(tags::tag_user(world.call(), add(49..51)).await), "LimitExceeded");
    let user = user::get_user(world.call(), GetUserRequest { user_name: text("anna") }).await.unwrap();
    assert_eq!(user.user.unwrap().tags.unwrap().len(), 50);
}
