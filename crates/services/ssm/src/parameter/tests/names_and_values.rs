//! Names, bad requests, updates and deletion.

use super::*;

#[tokio::test]
async fn names_follow_the_rules() {
    let deep = format!("/{}", ["x"; 15].join("/"));
    let too_deep = format!("{deep}/x");
    let long = "x".repeat(1011);
    let cases = [
        ("plain", None),
        ("/a/b.c/d-e_f", None),
        ("  /trimmed  ", None),
        (deep.as_str(), None),
        (too_deep.as_str(), Some("HierarchyLevelLimitExceededException")),
        (long.as_str(), Some("ValidationException")),
        ("a/b", Some("ValidationException")),
        ("/", Some("ValidationException")),
        ("/a//b", Some("ValidationException")),
        ("/a/", Some("ValidationException")),
        ("has space", Some("ValidationException")),
        ("ümlaut", Some("ValidationException")),
        ("a:1", Some("ValidationException")),
        ("awsThing", Some("ValidationException")),
        ("SSM-thing", Some("ValidationException")),
        ("/ssm/thing", Some("ValidationException")),
        ("/aws/thing", Some("AccessDeniedException")),
        ("/AWSthing", Some("AccessDeniedException")),
        ("arn:aws:ssm:eu-central-1:000000000000:parameter/x", Some("ValidationException")),
    ];
    for (name, expected) in cases {
        let cloud = Cloud::new();
        let result = put(cloud.call(), request(name, "v")).await;
        match expected {
            None => assert_eq!(result.unwrap().version, Some(1), "{name}"),
            Some(expected) => {
                assert_eq!(code(result), expected, "{name}");
                assert_eq!(
                    cloud.store().revision(),
                    Cloud::new().store().revision(),
                    "{name} changed something"
                );
            }
        }
    }
}

#[tokio::test]
async fn bad_requests_get_their_errors_and_change_nothing() {
    let cloud = Cloud::new();
    put(cloud.call(), request("there", "v")).await.unwrap();
    let before = cloud.store().revision();
    let with = |change: fn(&mut PutParameterRequest)| {
        let mut input = request("new", "value");
        change(&mut input);
        input
    };
    let cases = [
        (request("there", "w"), "ParameterAlreadyExists"),
        (request("/there", "w"), "ParameterAlreadyExists"),
        (with(|i| i.type_ = None), "ValidationException"),
        (with(|i| i.type_ = Some("Other".into())), "UnsupportedParameterType"),
        (with(|i| i.value = Some(String::new())), "ValidationException"),
        (with(|i| i.value = Some("x".repeat(4097))), "ValidationException"),
        (with(|i| i.data_type = Some("other".into())), "ValidationException"),
        (with(|i| i.data_type = Some("aws:ec2:image".into())), "ValidationException"),
        (with(|i| i.allowed_pattern = Some("[".into())), "InvalidAllowedPatternException"),
        (with(|i| i.allowed_pattern = Some(r"\d+".into())), "ParameterPatternMismatchException"),
        (with(|i| i.key_id = Some("alias/mine".into())), "InvalidKeyId"),
        (with(|i| i.key_id = Some("alias/aws/ssm".into())), "ValidationException"),
        (with(|i| i.policies = Some("[{}]x".into())), "InvalidPolicyAttributeException"),
        (
            with(|i| {
                i.overwrite = Some(true);
                i.tags = Some(vec![Tag { key: Some("k".into()), value: Some("v".into()) }]);
            }),
            "ValidationException",
        ),
        (
            PutParameterRequest { type_: Some("SecureString".into()), ..overwrite("there", "x") },
            "HierarchyTypeMismatchException",
        ),
    ];
    for (input, expected) in cases {
        let shown = format!("{input:?}");
        assert_eq!(code(put(cloud.call(), input).await), expected, "{shown}");
    }
    assert_eq!(cloud.store().revision(), before);
}

#[tokio::test]
async fn parameters_are_deleted_with_their_versions() {
    let cloud = Cloud::new();
    for name in ["a", "/b/c"] {
        put(cloud.call(), request(name, "v")).await.unwrap();
        put(cloud.call(), overwrite(name, "w")).await.unwrap();
    }
    let names = Some(["a", "nope", "/b/c", "a"].map(String::from).to_vec());
    let result = delete_many(cloud.call(), DeleteParametersRequest { names }).await.unwrap();
    assert_eq!(result.deleted_parameters.unwrap(), ["/b/c", "a"]);
    assert_eq!(result.invalid_parameters.unwrap(), ["nope"]);
    assert!(cloud.store().list::<ParameterVersion>(&cloud.scope()).is_empty());
    let again = delete(cloud.call(), DeleteParameterRequest { name: Some("a".into()) }).await;
    assert_eq!(code(again), "ParameterNotFound");
}

#[tokio::test]
async fn an_update_keeps_what_it_does_not_mention() {
    let cloud = Cloud::new();
    let first = PutParameterRequest {
        description: Some("words".into()),
        allowed_pattern: Some("[a-z]+".into()),
        ..request("p", "abc")
    };
    put(cloud.call(), first).await.unwrap();
    assert_eq!(code(put(cloud.call(), overwrite("p", "123")).await), "ParameterPatternMismatchException");
    put(cloud.call(), overwrite("p", "def")).await.unwrap();
    let record = cloud.store().get::<Record>(&cloud.scope(), "p").unwrap();
    assert_eq!(record.current.description.as_deref(), Some("words"));
    assert_eq!(record.current.modified, NOW);
    put(cloud.call(), PutParameterRequest { allowed_pattern: Some(String::new()), ..overwrite("p", "1") })
        .await
        .unwrap();
}

#[tokio::test]
async fn accounts_do_not_see_each_other() {
    let cloud = Cloud::new();
    put(cloud.call(), request("p", "mine")).await.unwrap();
    let other = cloud.call_as("111111111111");
    let input = GetParameterRequest { name: Some("p".into()), with_decryption: None };
    assert_eq!(code(get(other, input).await), "ParameterNotFound");
}
