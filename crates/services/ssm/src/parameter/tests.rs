//! Tests of Parameter Store.

use super::*;
use crate::testing::{Cloud, NOW, code};
use api_ssm::*;
use proptest::prelude::*;
use records::ssm::{Parameter as Record, ParameterCount, ParameterVersion};

fn request(name: &str, value: &str) -> PutParameterRequest {
    PutParameterRequest {
        name: Some(name.into()),
        value: Some(value.into()),
        type_: Some("String".into()),
        ..Default::default()
    }
}

fn overwrite(name: &str, value: &str) -> PutParameterRequest {
    PutParameterRequest { overwrite: Some(true), type_: None, ..request(name, value) }
}

async fn value_of(cloud: &Cloud, name: &str) -> Result<String, aws_schema::Fault> {
    let input = GetParameterRequest { name: Some(name.into()), with_decryption: Some(true) };
    get(cloud.call(), input).await.map(|r| r.parameter.unwrap().value.unwrap())
}

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

#[tokio::test]
async fn secure_strings_never_lie_in_the_store_in_plain() {
    let cloud = Cloud::new();
    let secret = "correct horse battery staple";
    let input = PutParameterRequest { type_: Some("SecureString".into()), ..request("/db/password", secret) };
    put(cloud.call(), input).await.unwrap();
    put(cloud.call(), overwrite("/db/password", &format!("{secret} 2"))).await.unwrap();
    for stored in cloud.store().backend().range(state_store::RangeRequest::prefix("/")).items {
        let bytes = String::from_utf8_lossy(stored.value.bytes()).into_owned();
        assert!(!bytes.contains("horse"), "{bytes}");
    }
    assert_eq!(value_of(&cloud, "/db/password").await.unwrap(), format!("{secret} 2"));
    assert_eq!(value_of(&cloud, "/db/password:1").await.unwrap(), secret);
    let input = GetParameterRequest { name: Some("/db/password".into()), with_decryption: None };
    let shown = get(cloud.call(), input).await.unwrap().parameter.unwrap();
    assert!(!shown.value.unwrap().contains("horse"));
    assert_eq!(shown.type_.unwrap().as_str(), "SecureString");
}

#[tokio::test]
async fn a_sealed_value_moved_to_another_parameter_cannot_be_opened() {
    let cloud = Cloud::new();
    for (name, value) in [("a", "first"), ("b", "second")] {
        let input = PutParameterRequest { type_: Some("SecureString".into()), ..request(name, value) };
        put(cloud.call(), input).await.unwrap();
    }
    let stolen = cloud.store().get::<Record>(&cloud.scope(), "a").unwrap().current.value.clone();
    let run = |tx: &mut state_store::typed::Tx<'_>| {
        let mut b = (*tx.get::<Record>(&cloud.scope(), "b").unwrap()).clone();
        b.current.value = stolen.clone();
        tx.put(&cloud.scope(), b);
        Ok(())
    };
    cloud.service.platform.transact(run).await.unwrap();
    assert_eq!(code(value_of(&cloud, "b").await), "InternalFailure");
}

#[tokio::test]
async fn tiers_are_assigned_and_never_go_down() {
    let cloud = Cloud::new();
    let of = |name: &str, tier: Option<&'static str>, length: usize| PutParameterRequest {
        tier: tier.map(Into::into),
        overwrite: Some(true),
        ..request(name, &"x".repeat(length))
    };
    for (name, tier, length, expected) in [
        ("plain", None, 4096, Ok("Standard")),
        ("advanced", Some("Advanced"), 8192, Ok("Advanced")),
        ("advanced", Some("Advanced"), 8193, Err("ValidationException")),
        ("advanced", Some("Standard"), 10, Err("ValidationException")),
        ("advanced", None, 10, Ok("Advanced")),
        ("clever", Some("Intelligent-Tiering"), 10, Ok("Standard")),
        ("clever", Some("Intelligent-Tiering"), 5000, Ok("Advanced")),
        ("clever", Some("Intelligent-Tiering"), 10, Ok("Advanced")),
    ] {
        let result = put(cloud.call(), of(name, tier, length)).await;
        let shown = result
            .as_ref()
            .map(|r| r.tier.clone().unwrap().as_str().to_owned())
            .map_err(|f| f.code.to_string());
        assert_eq!(shown, expected.map(str::to_owned).map_err(str::to_owned), "{name} {tier:?} {length}");
    }
    let count = cloud.store().get::<ParameterCount>(&cloud.scope(), "parameters").unwrap();
    assert_eq!((count.standard, count.advanced), (1, 2));
    for name in ["plain", "advanced", "clever"] {
        delete(cloud.call(), DeleteParameterRequest { name: Some(name.into()) }).await.unwrap();
    }
    let count = cloud.store().get::<ParameterCount>(&cloud.scope(), "parameters").unwrap();
    assert_eq!((count.standard, count.advanced), (0, 0));
}

#[tokio::test]
async fn the_default_tier_is_a_setting() {
    let cloud = Cloud::new();
    let id = Some("/ssm/parameter-store/default-parameter-tier".to_owned());
    let update =
        UpdateServiceSettingRequest { setting_id: id.clone(), setting_value: Some("Advanced".into()) };
    crate::setting::update(cloud.call(), update).await.unwrap();
    assert_eq!(put(cloud.call(), request("p", "v")).await.unwrap().tier.unwrap().as_str(), "Advanced");
    let reset =
        crate::setting::reset(cloud.call(), ResetServiceSettingRequest { setting_id: id.clone() }).await;
    assert_eq!(reset.unwrap().service_setting.unwrap().setting_value.as_deref(), Some("Standard"));
    assert_eq!(put(cloud.call(), request("q", "v")).await.unwrap().tier.unwrap().as_str(), "Standard");
    let bad = UpdateServiceSettingRequest { setting_id: id, setting_value: Some("Free".into()) };
    assert_eq!(code(crate::setting::update(cloud.call(), bad).await), "ValidationException");
    let unknown = GetServiceSettingRequest { setting_id: Some("/ssm/other".into()) };
    assert_eq!(code(crate::setting::get(cloud.call(), unknown).await), "ServiceSettingNotFound");
}

#[tokio::test]
async fn the_quota_counts_and_refuses() {
    let cloud = Cloud::new();
    let full = ParameterCount { id: "parameters".into(), standard: 10_000, advanced: 0 };
    cloud
        .service
        .platform
        .transact(|tx| {
            tx.put(&cloud.scope(), full.clone());
            Ok(())
        })
        .await
        .unwrap();
    assert_eq!(code(put(cloud.call(), request("p", "v")).await), "ParameterLimitExceeded");
    let clever = PutParameterRequest { tier: Some("Intelligent-Tiering".into()), ..request("p", "v") };
    assert_eq!(put(cloud.call(), clever).await.unwrap().tier.unwrap().as_str(), "Advanced");
}

fn with_policies(name: &str, policies: &str) -> PutParameterRequest {
    PutParameterRequest {
        policies: Some(policies.into()),
        tier: Some("Advanced".into()),
        ..request(name, "v")
    }
}

#[tokio::test]
async fn an_expired_parameter_is_gone_at_once_and_swept_later() {
    let cloud = Cloud::new();
    // NOW is 2026-09-21T14:13:20Z.
    let soon = r#"[{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2026-09-21T14:14:00.000Z"}},
        {"Type":"ExpirationNotification","Version":"1.0","Attributes":{"Before":"15","Unit":"Days"}},
        {"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Hours"}}]"#;
    put(cloud.call(), with_policies("p", soon)).await.unwrap();
    put(cloud.call(), overwrite("p", "w")).await.unwrap();
    let described =
        describe(cloud.call(), DescribeParametersRequest::default()).await.unwrap().parameters.unwrap();
    let kinds: Vec<_> =
        described[0].policies.clone().unwrap().into_iter().map(|p| p.policy_type.unwrap()).collect();
    assert_eq!(kinds, ["Expiration", "ExpirationNotification", "NoChangeNotification"]);
    cloud.clock.advance(40_001);
    assert_eq!(code(value_of(&cloud, "p").await), "ParameterNotFound");
    assert!(
        describe(cloud.call(), DescribeParametersRequest::default())
            .await
            .unwrap()
            .parameters
            .unwrap()
            .is_empty()
    );
    // The name is free again, and the versions of the old one do not come back.
    assert_eq!(put(cloud.call(), request("p", "new")).await.unwrap().version, Some(1));
    assert_eq!(code(value_of(&cloud, "p:2").await), "ParameterVersionNotFound");
    let later = soon.replace("14:14:00", "14:20:00");
    put(cloud.call(), with_policies("q", &later)).await.unwrap();
    cloud.clock.advance(600_000);
    purge_expired(&cloud.service).await;
    assert!(cloud.store().get::<Record>(&cloud.scope(), "q").is_none());
    assert!(cloud.store().get::<Record>(&cloud.scope(), "p").is_some());
    assert!(cloud.store().list::<ParameterVersion>(&cloud.scope()).is_empty());
}

#[tokio::test]
async fn policies_are_checked() {
    let cloud = Cloud::new();
    let expiration =
        r#"{"Type":"Expiration","Version":"1.0","Attributes":{"Timestamp":"2030-01-01T00:00:00Z"}}"#;
    let eleven = format!("[{}]", [r#"{"Type":"NoChangeNotification"}"#; 11].join(","));
    for (policies, expected) in [
        (format!("[{expiration},{expiration}]"), "IncompatiblePolicyException"),
        (eleven, "PoliciesLimitExceededException"),
        (r#"[{"Type":"Other","Version":"1.0"}]"#.into(), "InvalidPolicyTypeException"),
        ("[1]".into(), "InvalidPolicyTypeException"),
        ("7".into(), "InvalidPolicyAttributeException"),
        (expiration.replace("2030", "2020"), "InvalidPolicyAttributeException"),
        (expiration.replace("Timestamp", "When"), "InvalidPolicyAttributeException"),
        (expiration.replace("1.0", "2.0"), "InvalidPolicyAttributeException"),
    ] {
        assert_eq!(code(put(cloud.call(), with_policies("p", &policies)).await), expected, "{policies}");
    }
    let standard = PutParameterRequest { tier: Some("Standard".into()), ..with_policies("p", expiration) };
    assert_eq!(code(put(cloud.call(), standard).await), "ValidationException");
    put(cloud.call(), with_policies("p", expiration)).await.unwrap();
    put(cloud.call(), PutParameterRequest { overwrite: Some(true), ..with_policies("p", "[{}]") })
        .await
        .unwrap();
    assert_eq!(cloud.store().get::<Record>(&cloud.scope(), "p").unwrap().expires, None);
}

async fn below(
    cloud: &Cloud,
    path: &str,
    recursive: bool,
    size: i32,
) -> Result<Vec<String>, aws_schema::Fault> {
    let (mut seen, mut token) = (Vec::new(), None);
    loop {
        let input = GetParametersByPathRequest {
            path: Some(path.into()),
            recursive: Some(recursive),
            max_results: Some(size),
            next_token: token,
            ..Default::default()
        };
        let page = get_by_path(cloud.call(), input).await?;
        let parameters = page.parameters.unwrap();
        assert!(parameters.len() <= usize::try_from(size).unwrap());
        seen.extend(parameters.into_iter().map(|p| p.name.unwrap()));
        token = page.next_token;
        if token.is_none() {
            return Ok(seen);
        }
    }
}

#[tokio::test]
async fn paths_are_walked() {
    let cloud = Cloud::new();
    for name in ["root", "/a/1", "/a/2", "/a/b/3", "/a/b/c/4", "/ab/5", "/a"] {
        put(cloud.call(), request(name, "v")).await.unwrap();
    }
    for (path, recursive, expected) in [
        ("/a", false, &["/a/1", "/a/2"][..]),
        ("/a/", true, &["/a/1", "/a/2", "/a/b/3", "/a/b/c/4"]),
        ("/a/b", false, &["/a/b/3"]),
        ("/", false, &["/a", "root"]),
        ("/", true, &["/a", "/a/1", "/a/2", "/a/b/3", "/a/b/c/4", "/ab/5", "root"]),
        ("/none", true, &[]),
    ] {
        assert_eq!(below(&cloud, path, recursive, 2).await.unwrap(), expected, "{path}");
    }
    for bad in ["a", "", "/a//b", "/a b", "//", "/a*"] {
        assert_eq!(code(below(&cloud, bad, true, 10).await), "ValidationException", "{bad}");
    }
    let foreign = GetParametersByPathRequest {
        path: Some("/a".into()),
        next_token: Some("AAAA".into()),
        ..Default::default()
    };
    assert_eq!(code(get_by_path(cloud.call(), foreign).await), "InvalidNextToken");
    let input = LabelParameterVersionRequest {
        name: Some("/a/1".into()),
        parameter_version: None,
        labels: Some(vec!["prod".into()]),
    };
    label(cloud.call(), input).await.unwrap();
    put(cloud.call(), overwrite("/a/1", "newer")).await.unwrap();
    let labelled = GetParametersByPathRequest {
        path: Some("/a".into()),
        recursive: Some(true),
        parameter_filters: Some(vec![filter("Label", None, &["prod"])]),
        ..Default::default()
    };
    let found = get_by_path(cloud.call(), labelled).await.unwrap().parameters.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].value.as_deref(), found[0].selector.as_deref()), (Some("v"), Some(":prod")));
}

fn filter(key: &str, option: Option<&str>, values: &[&str]) -> ParameterStringFilter {
    ParameterStringFilter {
        key: Some(key.into()),
        option: option.map(Into::into),
        values: Some(values.iter().map(|v| (*v).to_owned()).collect()),
    }
}

#[tokio::test]
async fn filters_of_describe() {
    let cloud = Cloud::new();
    put(cloud.call(), request("/app/web/url", "v")).await.unwrap();
    put(
        cloud.call(),
        PutParameterRequest { type_: Some("StringList".into()), ..request("/app/list", "a,b") },
    )
    .await
    .unwrap();
    let tags = Some(vec![Tag { key: Some("stage".into()), value: Some("prod".into()) }]);
    let secret = PutParameterRequest { type_: Some("SecureString".into()), tags, ..request("secret", "v") };
    put(cloud.call(), secret).await.unwrap();
    let image = PutParameterRequest {
        data_type: Some("aws:ec2:image".into()),
        tier: Some("Advanced".into()),
        ..request("image", "ami-0123456789abcdef0")
    };
    put(cloud.call(), image).await.unwrap();
    let run = |filters: Vec<ParameterStringFilter>| {
        let input = DescribeParametersRequest { parameter_filters: Some(filters), ..Default::default() };
        describe(cloud.call(), input)
    };
    for (key, option, values, expected) in [
        ("Name", None, &["secret", "/app/list"][..], &["/app/list", "secret"][..]),
        ("Name", None, &["/secret"], &["secret"]),
        ("Name", Some("BeginsWith"), &["/app/"], &["/app/list", "/app/web/url"]),
        ("Name", Some("Contains"), &["e"], &["/app/web/url", "image", "secret"]),
        ("Path", None, &["/app"], &["/app/list"]),
        ("Path", Some("Recursive"), &["/app"], &["/app/list", "/app/web/url"]),
        ("Type", Some("BeginsWith"), &["String"], &["/app/list", "/app/web/url", "image"]),
        ("Type", None, &["SecureString"], &["secret"]),
        ("KeyId", None, &["alias/aws/ssm"], &["secret"]),
        ("Tier", None, &["Advanced"], &["image"]),
        ("DataType", None, &["aws:ec2:image"], &["image"]),
        ("tag:stage", None, &["prod"], &["secret"]),
        ("tag:stage", None, &[], &["secret"]),
        ("tag:stage", None, &["test"], &[]),
    ] {
        let found = run(vec![filter(key, option, values)]).await.unwrap().parameters.unwrap();
        let names: Vec<_> = found.iter().map(|p| p.name.as_deref().unwrap()).collect();
        assert_eq!(names, expected, "{key} {option:?} {values:?}");
    }
    for (bad, expected) in [
        (vec![filter("Label", None, &["x"])], "InvalidFilterKey"),
        (vec![filter("Nonsense", None, &["x"])], "InvalidFilterKey"),
        (vec![filter("Name", None, &["x"]), filter("Name", None, &["y"])], "InvalidFilterKey"),
        (vec![filter("Path", Some("Equals"), &["/x"])], "InvalidFilterOption"),
        (vec![filter("Type", Some("Contains"), &["x"])], "InvalidFilterOption"),
        (vec![filter("Type", None, &["Number"])], "InvalidFilterValue"),
        (vec![filter("Name", None, &[])], "InvalidFilterValue"),
        (vec![filter("Path", None, &["x"])], "ValidationException"),
    ] {
        assert_eq!(code(run(bad.clone()).await), expected, "{bad:?}");
    }
    let old = |key: &'static str| DescribeParametersRequest {
        filters: Some(vec![ParametersFilter { key: Some(key.into()), values: Some(vec!["secret".into()]) }]),
        ..Default::default()
    };
    assert_eq!(describe(cloud.call(), old("Name")).await.unwrap().parameters.unwrap().len(), 1);
    assert_eq!(code(describe(cloud.call(), old("Tier")).await), "InvalidFilterKey");
    let both = DescribeParametersRequest {
        parameter_filters: Some(vec![filter("Type", None, &["String"])]),
        ..old("Name")
    };
    assert_eq!(code(describe(cloud.call(), both).await), "ValidationException");
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

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Pages joined are the list, whatever the names and the size of a page.
    #[test]
    fn pages_joined_are_the_list(names in prop::collection::btree_set("/[a-c]{1,2}(/[a-c]{1,2}){0,2}", 1..25), size in 1i32..11) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let cloud = Cloud::new();
            for name in &names {
                put(cloud.call(), request(name, "v")).await.unwrap();
            }
            let mut found = below(&cloud, "/", true, size).await.unwrap();
            found.sort();
            assert_eq!(found, names.into_iter().collect::<Vec<_>>());
        });
    }

    /// No name, however odd, breaks anything.
    #[test]
    fn odd_names_do_no_harm(name in ".{0,40}") {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let cloud = Cloud::new();
            let stored = put(cloud.call(), request(&name, "v")).await.is_ok();
            let found = value_of(&cloud, &name).await;
            assert_eq!(stored, found.is_ok(), "{name}");
            let _ = below(&cloud, &name, true, 10).await;
        });
    }
}
