//! Quotas that only many records reach.

use super::*;
use crate::group;
use api_iam::*;

#[tokio::test]
async fn a_user_is_in_ten_groups_at_most() {
    let world = World::new();
    make_user(&world, "anna").await;
    for n in 0..11 {
        let name = format!("g{n}");
        let input = CreateGroupRequest { group_name: text(&name), path: None };
        group::create_group(world.call(), input).await.unwrap();
        let input = AddUserToGroupRequest { group_name: text(&name), user_name: text("anna") };
        let wanted = if n < 10 { "ok" } else { "LimitExceeded" };
        assert_eq!(code(group::add_user_to_group(world.call(), input).await), wanted);
    }
}

#[tokio::test]
async fn an_account_has_three_hundred_groups_at_most() {
    let world = World::new();
    let create = |n: usize| CreateGroupRequest { group_name: Some(format!("g{n}")), path: None };
    for n in 0..300 {
        group::create_group(world.call(), create(n)).await.unwrap();
    }
    let refused = group::create_group(world.call(), create(300)).await.unwrap_err();
    assert_eq!((&*refused.code, refused.status), ("LimitExceeded", 409));
    assert_eq!(refused.message, "Cannot exceed quota for GroupsPerAccount: 300");
}

#[test]
fn every_modelled_operation_is_built() {
    let table = crate::table(World::new().platform);
    let missing: Vec<&str> =
        table.spec.operations.iter().map(|o| o.name).filter(|name| !table.is_built(name)).collect();
    assert_eq!(missing, Vec::<&str>::new());
}
