//! Versions, labels and selectors.

use super::*;

#[tokio::test]
async fn versions_selectors_and_arns_find_their_value() {
    let cloud = Cloud::new();
    for (number, value) in ["one", "two", "three"].into_iter().enumerate() {
        let input = PutParameterRequest { type_: Some("String".into()), ..overwrite("/app/key", value) };
        assert_eq!(put(cloud.call(), input).await.unwrap().version, i64::try_from(number + 1).ok());
    }
    let input = LabelParameterVersionRequest {
        name: Some("/app/key".into()),
        parameter_version: Some(2),
        labels: Some(vec!["prod".into(), "1bad".into(), "aws-x".into(), "b d".into()]),
    };
    let labelled = label(cloud.call(), input).await.unwrap();
    assert_eq!(labelled.invalid_labels.unwrap(), ["1bad", "aws-x", "b d"]);
    let arn = "arn:aws:ssm:eu-central-1:000000000000:parameter/app/key";
    for (name, expected) in [
        ("/app/key", "three"),
        ("/app/key:1", "one"),
        ("/app/key:prod", "two"),
        (arn, "three"),
        (&format!("{arn}:2"), "two"),
    ] {
        assert_eq!(value_of(&cloud, name).await.unwrap(), expected, "{name}");
    }
    for (name, expected) in [
        ("/app/key:9", "ParameterVersionNotFound"),
        ("/app/key:test", "ParameterVersionNotFound"),
        ("/app", "ParameterNotFound"),
        ("/app/key:1:2", "ParameterNotFound"),
        ("/app/key:", "ParameterNotFound"),
        ("", "ParameterNotFound"),
        ("arn:aws:ssm:eu-central-1:111111111111:parameter/app/key", "ParameterNotFound"),
        ("/app/key:99999999999999999999", "ParameterVersionNotFound"),
    ] {
        assert_eq!(code(value_of(&cloud, name).await), expected, "{name}");
    }
    let names = ["/app/key:prod", "/nope", "/app/key:prod", "/app/key:7"];
    let input = GetParametersRequest { names: Some(names.map(String::from).to_vec()), with_decryption: None };
    let many = get_many(cloud.call(), input).await.unwrap();
    let found = &many.parameters.unwrap()[0];
    assert_eq!((found.selector.as_deref(), found.version), (Some(":prod"), Some(2)));
    assert_eq!(many.invalid_parameters.unwrap(), ["/nope", "/app/key:7"]);
}

#[tokio::test]
async fn the_hundred_and_first_version_drops_the_oldest_unless_a_label_holds_it() {
    let cloud = Cloud::new();
    put(cloud.call(), request("p", "v1")).await.unwrap();
    for n in 2..=100 {
        put(cloud.call(), overwrite("p", &format!("v{n}"))).await.unwrap();
    }
    let keep = |labels: &[&str]| LabelParameterVersionRequest {
        name: Some("p".into()),
        parameter_version: Some(1),
        labels: Some(labels.iter().map(|l| (*l).to_owned()).collect()),
    };
    label(cloud.call(), keep(&["hold"])).await.unwrap();
    assert_eq!(code(put(cloud.call(), overwrite("p", "v101")).await), "ParameterMaxVersionLimitExceeded");
    let input = UnlabelParameterVersionRequest {
        name: Some("p".into()),
        parameter_version: Some(1),
        labels: Some(vec!["hold".into(), "other".into()]),
    };
    let unlabelled = unlabel(cloud.call(), input).await.unwrap();
    assert_eq!(unlabelled.removed_labels.unwrap(), ["hold"]);
    assert_eq!(unlabelled.invalid_labels.unwrap(), ["other"]);
    assert_eq!(put(cloud.call(), overwrite("p", "v101")).await.unwrap().version, Some(101));
    assert_eq!(code(value_of(&cloud, "p:1").await), "ParameterVersionNotFound");
    assert_eq!(value_of(&cloud, "p:2").await.unwrap(), "v2");
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let input = GetParameterHistoryRequest {
            name: Some("p".into()),
            max_results: Some(7),
            next_token: token,
            with_decryption: None,
        };
        let page = history(cloud.call(), input).await.unwrap();
        seen.extend(page.parameters.unwrap().into_iter().map(|v| v.version.unwrap()));
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, (2..=101).collect::<Vec<i64>>());
    let too_many: Vec<String> = (0..11).map(|n| format!("l{n}")).collect();
    let too_many: Vec<&str> = too_many.iter().map(String::as_str).collect();
    let input = LabelParameterVersionRequest { parameter_version: None, ..keep(&too_many) };
    assert_eq!(code(label(cloud.call(), input).await), "ParameterVersionLabelLimitExceeded");
    assert_eq!(code(label(cloud.call(), keep(&["x"])).await), "ParameterVersionNotFound");
}

#[tokio::test]
async fn a_label_moves_between_versions() {
    let cloud = Cloud::new();
    put(cloud.call(), request("p", "a")).await.unwrap();
    put(cloud.call(), overwrite("p", "b")).await.unwrap();
    for version in [1, 2] {
        let input = LabelParameterVersionRequest {
            name: Some("p".into()),
            parameter_version: Some(version),
            labels: Some(vec!["live".into()]),
        };
        label(cloud.call(), input).await.unwrap();
    }
    assert_eq!(value_of(&cloud, "p:live").await.unwrap(), "b");
}
