//! Paths, filters and pages.

use super::*;

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
