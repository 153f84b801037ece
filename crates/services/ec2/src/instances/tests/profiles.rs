//! Instance profiles at launch and later.

use super::*;
use crate::instances::profiles::{
    associate_iam_instance_profile, describe_iam_instance_profile_associations,
    disassociate_iam_instance_profile, replace_iam_instance_profile_association,
};
use api_ec2::{
    AssociateIamInstanceProfileRequest, DescribeIamInstanceProfileAssociationsRequest,
    DisassociateIamInstanceProfileRequest, IamInstanceProfileAssociation, IamInstanceProfileSpecification,
    ReplaceIamInstanceProfileAssociationRequest,
};
use records::iam::InstanceProfile;
use state_store::typed::Scope;

async fn make(world: &World, name: &str) -> String {
    let profile = InstanceProfile {
        id: name.to_lowercase(),
        name: name.into(),
        profile_id: format!("AIPA{}", name.to_uppercase()),
        path: "/app/".into(),
        role: None,
        created: 0,
        tags: Default::default(),
    };
    let arn = profile.arn(crate::test_world::ACCOUNT);
    world
        .store()
        .transact(|tx| {
            tx.put(&Scope::global(crate::test_world::ACCOUNT), profile.clone());
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    arn
}

fn named(name: &str) -> Option<IamInstanceProfileSpecification> {
    Some(IamInstanceProfileSpecification { name: Some(name.into()), arn: None })
}

fn by_arn(arn: &str) -> Option<IamInstanceProfileSpecification> {
    Some(IamInstanceProfileSpecification { arn: Some(arn.into()), name: None })
}

async fn all(world: &World) -> Vec<IamInstanceProfileAssociation> {
    let input = DescribeIamInstanceProfileAssociationsRequest::default();
    let reply = describe_iam_instance_profile_associations(world.call(), input).await.unwrap();
    reply.iam_instance_profile_associations.unwrap()
}

#[tokio::test]
async fn a_launch_by_name_and_by_arn() {
    let world = World::new();
    let arn = make(&world, "Web").await;
    for profile in [named("Web"), named("web"), by_arn(&arn)] {
        let input = RunInstancesRequest { iam_instance_profile: profile, ..run(1) };
        let shown = launch_one(&world, input).await.iam_instance_profile.unwrap();
        assert_eq!((shown.arn.as_deref(), shown.id.as_deref()), (Some(&*arn), Some("AIPAWEB")));
    }
    assert_eq!(all(&world).await.len(), 3);
    for (profile, message) in [
        (
            named("db"),
            "Value (db) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name",
        ),
        (
            by_arn("arn:aws:iam::000000000000:instance-profile/web"),
            "Value (arn:aws:iam::000000000000:instance-profile/web) for parameter iamInstanceProfile.arn is invalid. \
             Invalid IAM Instance Profile ARN",
        ),
    ] {
        let fault = refused(&world, RunInstancesRequest { iam_instance_profile: profile, ..run(1) }).await;
        assert_eq!((&*fault.code, &*fault.message), ("InvalidParameterValue", message));
    }
}

#[tokio::test]
async fn associate_replace_disassociate() {
    let world = World::new();
    let (web, db) = (make(&world, "web").await, make(&world, "db").await);
    let id = id_of_one(&world).await;
    let associate = || AssociateIamInstanceProfileRequest {
        iam_instance_profile: named("web"),
        instance_id: Some(id.clone()),
    };
    let made = associate_iam_instance_profile(world.call(), associate()).await.unwrap();
    let made = made.iam_instance_profile_association.unwrap();
    assert_eq!(made.state.unwrap().as_str(), "associating");
    assert_eq!(record(&world, &id).iam_instance_profile.unwrap().0, web);
    let fault = associate_iam_instance_profile(world.call(), associate()).await.unwrap_err();
    assert_eq!(
        (&*fault.code, fault.message),
        ("IncorrectState", format!("There is an existing association for instance {id}"))
    );

    let replace = |association: Option<String>| ReplaceIamInstanceProfileAssociationRequest {
        iam_instance_profile: named("db"),
        association_id: association,
    };
    let replaced =
        replace_iam_instance_profile_association(world.call(), replace(made.association_id.clone()));
    let replaced = replaced.await.unwrap().iam_instance_profile_association.unwrap();
    assert_ne!(replaced.association_id, made.association_id);
    assert_eq!(record(&world, &id).iam_instance_profile.unwrap().0, db);
    let fault = replace_iam_instance_profile_association(world.call(), replace(made.association_id))
        .await
        .unwrap_err();
    assert_eq!(fault.code, "NoSuchAssociation");

    let part = || DisassociateIamInstanceProfileRequest { association_id: replaced.association_id.clone() };
    let gone = disassociate_iam_instance_profile(world.call(), part()).await.unwrap();
    let state = gone.iam_instance_profile_association.unwrap().state.unwrap();
    assert_eq!(state.as_str(), "disassociating");
    assert!(record(&world, &id).iam_instance_profile.is_none() && all(&world).await.is_empty());
    let fault = disassociate_iam_instance_profile(world.call(), part()).await.unwrap_err();
    assert_eq!(fault.code, "NoSuchAssociation");
}
