use super::*;
use crate::test_world::World;
use api_ec2::{DescribeImagesRequest, Filter};

async fn names(world: &World, input: DescribeImagesRequest) -> Vec<String> {
    let reply = describe::describe_images(world.call(), input).await.unwrap();
    let mut names: Vec<String> = reply.images.unwrap().into_iter().filter_map(|image| image.name).collect();
    names.sort();
    names
}

fn filter(name: &str, value: &str) -> Option<Vec<Filter>> {
    Some(vec![Filter { name: Some(name.into()), values: Some(vec![value.into()]) }])
}

#[tokio::test]
async fn the_usual_look_ups_find_one_image() {
    let world = World::new();
    for (owner, pattern) in [
        ("amazon", "al2023-ami-2023*"),
        ("137112412989", "amzn2-ami-hvm-*"),
        ("099720109477", "ubuntu/images/hvm-ssd*/ubuntu-noble-24.04-*-server-*"),
        ("136693071363", "debian-12-*"),
    ] {
        let input = DescribeImagesRequest {
            owners: Some(vec![owner.into()]),
            filters: filter("name", pattern),
            ..Default::default()
        };
        assert_eq!(names(&world, input).await.len(), 1, "{pattern}");
    }
    let mine = DescribeImagesRequest { owners: Some(vec!["self".into()]), ..Default::default() };
    assert!(names(&world, mine).await.is_empty());
    let shared = DescribeImagesRequest { executable_users: Some(vec!["self".into()]), ..Default::default() };
    assert!(names(&world, shared).await.is_empty());
    assert_eq!(names(&world, Default::default()).await.len(), BUILT_IN.len());
    let other = DescribeImagesRequest { filters: filter("architecture", "i386"), ..Default::default() };
    assert!(names(&world, other).await.is_empty());
}

#[tokio::test]
async fn unknown_ids_stand_for_the_built_in_image_in_open_mode_only() {
    let unknown = "ami-0123456789abcdef0";
    let by_id = |ids: &[&str]| DescribeImagesRequest {
        image_ids: Some(ids.iter().map(|id| (*id).to_owned()).collect()),
        ..Default::default()
    };
    let open = World::new();
    let reply = describe::describe_images(open.call(), by_id(&[unknown])).await.unwrap();
    assert_eq!(reply.images.unwrap()[0].image_id.as_deref(), Some(unknown));
    let resolved = resolve(&open.call(), unknown).unwrap();
    assert_eq!((resolved.architecture(), resolved.imds_v2()), (None, false));

    let enforced = World::with_mode(false);
    let fault = resolve(&enforced.call(), unknown).unwrap_err();
    assert_eq!(
        (&*fault.code, &*fault.message),
        ("InvalidAMIID.NotFound", "The image id '[ami-0123456789abcdef0]' does not exist")
    );
    let known = BUILT_IN[1].id("us-east-1");
    let fault = describe::describe_images(enforced.call(), by_id(&[&known, unknown, "ami-12345678"])).await;
    assert_eq!(
        fault.unwrap_err().message,
        "The image ids '[ami-0123456789abcdef0, ami-12345678]' do not exist"
    );
    assert!(resolve(&enforced.call(), &known).unwrap().imds_v2());
    for world in [open, enforced] {
        for bad in ["", "ami-", "ami-xyz", "i-0123456789abcdef0", "AMI-12345678"] {
            let fault = describe::describe_images(world.call(), by_id(&[bad])).await.unwrap_err();
            assert_eq!(fault.code, "InvalidAMIID.Malformed", "{bad}");
        }
    }
}

#[tokio::test]
async fn pages_joined_are_the_list() {
    let world = World::new();
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let input = DescribeImagesRequest { max_results: Some(2), next_token: token, ..Default::default() };
        let reply = describe::describe_images(world.call(), input).await.unwrap();
        seen.extend(reply.images.unwrap().into_iter().filter_map(|i| i.image_id));
        token = reply.next_token;
        if token.is_none() {
            break;
        }
    }
    let mut all: Vec<String> = BUILT_IN.iter().map(|image| image.id("us-east-1")).collect();
    all.sort();
    assert_eq!(seen, all);
}
