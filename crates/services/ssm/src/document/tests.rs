//! Tests of documents.

use super::interpolate::{Budget, TooLong, lines, parameter_references};
use super::*;
use crate::parameter;
use crate::testing::{Cloud, code};
use api_ssm::*;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn shell(commands: &[&str]) -> String {
    json!({
        "schemaVersion": "2.2",
        "description": "says something",
        "parameters": { "word": { "type": "String", "default": "hello", "allowedPattern": "[a-z]*" } },
        "mainSteps": [{ "action": "aws:runShellScript", "name": "say", "inputs": { "runCommand": commands } }],
    })
    .to_string()
}

fn creation(name: &str, content: &str) -> CreateDocumentRequest {
    CreateDocumentRequest {
        name: Some(name.into()),
        content: Some(content.into()),
        document_type: Some("Command".into()),
        ..Default::default()
    }
}

fn new_version(name: &str, content: &str) -> UpdateDocumentRequest {
    UpdateDocumentRequest {
        name: Some(name.into()),
        content: Some(content.into()),
        document_version: Some("$LATEST".into()),
        ..Default::default()
    }
}

fn wanted(name: &str, version: Option<&str>) -> GetDocumentRequest {
    GetDocumentRequest {
        name: Some(name.into()),
        document_version: version.map(Into::into),
        ..Default::default()
    }
}

#[tokio::test]
async fn a_document_and_its_versions() {
    let cloud = Cloud::new();
    let created = create(cloud.call(), creation("Mine", &shell(&["echo 1"]))).await.unwrap();
    let shown = created.document_description.unwrap();
    assert_eq!(shown.status.unwrap().as_str(), "Creating");
    assert_eq!(shown.hash.unwrap(), sha256(&shell(&["echo 1"])));
    let platforms: Vec<String> =
        shown.platform_types.unwrap().iter().map(|p| p.as_str().to_owned()).collect();
    assert_eq!(platforms, ["Linux", "MacOS"]);
    assert_eq!(shown.parameters.unwrap()[0].default_value.as_deref(), Some("hello"));
    assert_eq!(code(create(cloud.call(), creation("Mine", &shell(&["x"]))).await), "DocumentAlreadyExists");
    update(cloud.call(), new_version("Mine", &shell(&["echo 2"]))).await.unwrap();
    let same = update(cloud.call(), new_version("Mine", &shell(&["echo 1"]))).await;
    assert_eq!(code(same), "DuplicateDocumentContent");
    let named = UpdateDocumentRequest {
        version_name: Some("third".into()),
        ..new_version("Mine", &shell(&["echo 3"]))
    };
    update(cloud.call(), named).await.unwrap();
    let twice = UpdateDocumentRequest {
        version_name: Some("third".into()),
        ..new_version("Mine", &shell(&["echo 4"]))
    };
    assert_eq!(code(update(cloud.call(), twice).await), "DuplicateDocumentVersionName");
    for (version, expected) in [
        (None, Ok("echo 1")),
        (Some("$DEFAULT"), Ok("echo 1")),
        (Some("$LATEST"), Ok("echo 3")),
        (Some("2"), Ok("echo 2")),
        (Some("9"), Err("InvalidDocumentVersion")),
        (Some("x"), Err("InvalidDocumentVersion")),
    ] {
        let result = get(cloud.call(), wanted("Mine", version)).await;
        match expected {
            Ok(text) => assert!(result.unwrap().content.unwrap().contains(text), "{version:?}"),
            Err(expected) => assert_eq!(code(result), expected, "{version:?}"),
        }
    }
    let default = |version: &str| UpdateDocumentDefaultVersionRequest {
        name: Some("Mine".into()),
        document_version: Some(version.into()),
    };
    set_default_version(cloud.call(), default("2")).await.unwrap();
    assert_eq!(code(set_default_version(cloud.call(), default("7")).await), "InvalidDocumentVersion");
    let listed = ListDocumentVersionsRequest { name: Some("Mine".into()), ..Default::default() };
    let versions = list_versions(cloud.call(), listed).await.unwrap().document_versions.unwrap();
    let shown: Vec<_> = versions
        .iter()
        .map(|v| (v.document_version.clone().unwrap(), v.is_default_version.unwrap()))
        .collect();
    assert_eq!(shown, [("3".into(), false), ("2".into(), true), ("1".into(), false)]);
    let removal = |version: Option<&str>| DeleteDocumentRequest {
        name: Some("Mine".into()),
        document_version: version.map(Into::into),
        ..Default::default()
    };
    assert_eq!(code(delete(cloud.call(), removal(Some("2"))).await), "InvalidDocumentOperation");
    delete(cloud.call(), removal(Some("1"))).await.unwrap();
    assert_eq!(code(get(cloud.call(), wanted("Mine", Some("1"))).await), "InvalidDocumentVersion");
    delete(cloud.call(), removal(None)).await.unwrap();
    assert_eq!(code(get(cloud.call(), wanted("Mine", None)).await), "InvalidDocument");
    assert!(cloud.store().list::<records::ssm::DocumentVersion>(&cloud.scope()).is_empty());
}

#[tokio::test]
async fn what_cannot_run_is_refused() {
    let cloud = Cloud::new();
    let step = |step: Value| json!({ "schemaVersion": "2.2", "mainSteps": [step] }).to_string();
    let run = json!({ "runCommand": ["true"] });
    let cases = [
        ("{".to_owned(), "InvalidDocumentContent"),
        ("[]".to_owned(), "InvalidDocumentContent"),
        ("{}".to_owned(), "InvalidDocumentContent"),
        (json!({ "schemaVersion": "0.3", "mainSteps": [] }).to_string(), "InvalidDocumentSchemaVersion"),
        (json!({ "schemaVersion": "9.9" }).to_string(), "InvalidDocumentSchemaVersion"),
        (json!({ "schemaVersion": "2.2", "mainSteps": [] }).to_string(), "InvalidDocumentContent"),
        (json!({ "schemaVersion": "2.2", "runtimeConfig": {} }).to_string(), "InvalidDocumentContent"),
        (step(json!({ "action": "aws:doMagic", "name": "x", "inputs": run })), "InvalidDocumentContent"),
        (
            step(json!({ "action": "aws:runPowerShellScript", "name": "x", "inputs": run })),
            "InvalidDocumentContent",
        ),
        (step(json!({ "action": "aws:runShellScript", "inputs": run })), "InvalidDocumentContent"),
        (step(json!({ "action": "aws:runShellScript", "name": "x" })), "InvalidDocumentContent"),
        (
            step(json!({ "action": "aws:runShellScript", "name": "a b", "inputs": run })),
            "InvalidDocumentContent",
        ),
        (
            step(json!({ "action": "aws:runShellScript", "name": "x", "inputs": run, "onFailure": "weep" })),
            "InvalidDocumentContent",
        ),
        (
            step(json!({ "action": "aws:runShellScript", "name": "x", "inputs": run, "surprise": 1 })),
            "InvalidDocumentContent",
        ),
        (shell(&["x"]).replace("\"String\"", "\"Number\""), "InvalidDocumentContent"),
        (shell(&["x"]).replace("[a-z]*", "["), "InvalidDocumentContent"),
        (shell(&[&"x".repeat(70_000)]), "MaxDocumentSizeExceeded"),
    ];
    for (content, expected) in cases {
        assert_eq!(code(create(cloud.call(), creation("Mine", &content)).await), expected, "{content:.200}");
    }
    for name in ["AWS-Mine", "amazon-x", "AmznThing", "ab", "has space", &"x".repeat(129)] {
        assert_eq!(
            code(create(cloud.call(), creation(name, &shell(&["x"]))).await),
            "ValidationException",
            "{name}"
        );
    }
    let automation =
        CreateDocumentRequest { document_type: Some("Automation".into()), ..creation("Mine", "{}") };
    assert_eq!(code(create(cloud.call(), automation).await), "ValidationException");
    assert_eq!(cloud.store().revision(), Cloud::new().store().revision());
}

#[tokio::test]
async fn yaml_is_json_in_other_clothes() {
    let cloud = Cloud::new();
    let yaml = "---\nschemaVersion: '2.2'\ndescription: yes it is\nparameters:\n  n:\n    type: String\n    default: '1'\n\
                mainSteps:\n- action: aws:runShellScript\n  name: go\n  inputs:\n    runCommand:\n    - |\n      echo {{ n }}\n      echo two\n";
    let input = CreateDocumentRequest { document_format: Some("YAML".into()), ..creation("Yaml", yaml) };
    create(cloud.call(), input).await.unwrap();
    let as_yaml = GetDocumentRequest { document_format: Some("YAML".into()), ..wanted("Yaml", None) };
    assert_eq!(get(cloud.call(), as_yaml).await.unwrap().content.unwrap(), yaml);
    let as_json = get(cloud.call(), wanted("Yaml", None)).await.unwrap().content.unwrap();
    let value: Value = serde_json::from_str(&as_json).unwrap();
    assert_eq!(value["mainSteps"][0]["inputs"]["runCommand"][0], "echo {{ n }}\necho two\n");
    create(cloud.call(), creation("Json", &shell(&["echo 'a: b'"]))).await.unwrap();
    let back = GetDocumentRequest { document_format: Some("YAML".into()), ..wanted("Json", None) };
    let back = get(cloud.call(), back).await.unwrap().content.unwrap();
    assert_eq!(
        content::to_value(&back, "YAML").unwrap(),
        content::to_value(&shell(&["echo 'a: b'"]), "JSON").unwrap()
    );
    // A bomb of aliases is refused rather than unfolded.
    let bomb = (1..30).fold("a0: &a0 [x,x,x,x,x,x,x,x,x]\n".to_owned(), |text, n| {
        let before = vec![format!("*a{}", n - 1); 9].join(",");
        text + &format!("a{n}: &a{n} [{before}]\n")
    });
    let input = CreateDocumentRequest { document_format: Some("YAML".into()), ..creation("Bomb", &bomb) };
    assert_eq!(code(create(cloud.call(), input).await), "InvalidDocumentContent");
}

#[tokio::test]
async fn documents_of_amazon_are_there_and_stay_as_they_are() {
    let cloud = Cloud::new();
    let content = get(cloud.call(), wanted("AWS-RunShellScript", None)).await.unwrap().content.unwrap();
    assert!(content.contains("executionTimeout"));
    let input = DescribeDocumentRequest { name: Some("AWS-RunShellScript".into()), ..Default::default() };
    let shown = describe(cloud.call(), input).await.unwrap().document.unwrap();
    assert_eq!((shown.owner.as_deref(), shown.schema_version.as_deref()), (Some("Amazon"), Some("1.2")));
    let input = DeleteDocumentRequest { name: Some("AWS-RunShellScript".into()), ..Default::default() };
    assert_eq!(code(delete(cloud.call(), input).await), "InvalidDocumentOperation");
    assert_eq!(code(get(cloud.call(), wanted("AWS-Nothing", None)).await), "InvalidDocument");
}

#[tokio::test]
async fn documents_are_shared_and_unshared() {
    let cloud = Cloud::new();
    create(cloud.call(), creation("Mine", &shell(&["echo 1"]))).await.unwrap();
    update(cloud.call(), new_version("Mine", &shell(&["echo 2"]))).await.unwrap();
    let change = |add: &[&str], remove: &[&str], version: Option<&str>| ModifyDocumentPermissionRequest {
        name: Some("Mine".into()),
        permission_type: Some("Share".into()),
        account_ids_to_add: Some(add.iter().map(|s| (*s).to_owned()).collect()),
        account_ids_to_remove: Some(remove.iter().map(|s| (*s).to_owned()).collect()),
        shared_document_version: version.map(Into::into),
    };
    let other = cloud.call_as("111111111111");
    let arn = "arn:aws:ssm:eu-central-1:000000000000:document/Mine";
    assert_eq!(code(get(other.clone(), wanted(arn, None)).await), "InvalidDocument");
    modify_permission(cloud.call(), change(&["111111111111"], &[], None)).await.unwrap();
    assert!(get(other.clone(), wanted(arn, None)).await.unwrap().content.unwrap().contains("echo 1"));
    assert_eq!(code(get(other.clone(), wanted(arn, Some("2"))).await), "InvalidDocumentVersion");
    let mine = ListDocumentsRequest {
        filters: Some(vec![DocumentKeyValuesFilter {
            key: Some("Owner".into()),
            values: Some(vec!["Private".into()]),
        }]),
        ..Default::default()
    };
    let listed = list(other.clone(), mine).await.unwrap().document_identifiers.unwrap();
    assert_eq!(listed.iter().map(|d| d.name.as_deref().unwrap()).collect::<Vec<_>>(), [arn]);
    let removal = DeleteDocumentRequest { name: Some("Mine".into()), ..Default::default() };
    assert_eq!(code(delete(cloud.call(), removal).await), "InvalidDocumentOperation");
    assert_eq!(
        code(modify_permission(cloud.call(), change(&["me"], &[], None)).await),
        "ValidationException"
    );
    let described = DescribeDocumentPermissionRequest {
        name: Some("Mine".into()),
        permission_type: Some("Share".into()),
        ..Default::default()
    };
    let described = describe_permission(cloud.call(), described).await.unwrap();
    assert_eq!(described.account_ids.unwrap(), ["111111111111"]);
    modify_permission(cloud.call(), change(&[], &["111111111111"], None)).await.unwrap();
    assert_eq!(code(get(other, wanted(arn, None)).await), "InvalidDocument");
}

#[tokio::test]
async fn lists_are_filtered() {
    let cloud = Cloud::new();
    for name in ["Alpha", "Alphabet", "Beta"] {
        let tags = Some(vec![Tag { key: Some("n".into()), value: Some(name.into()) }]);
        create(cloud.call(), CreateDocumentRequest { tags, ..creation(name, &shell(&["x"])) }).await.unwrap();
    }
    for (key, value, expected) in [
        ("Name", "Alpha", &["Alpha", "Alphabet"][..]),
        ("Owner", "Self", &["Alpha", "Alphabet", "Beta"]),
        ("Owner", "Amazon", &["AWS-RunShellScript"]),
        ("PlatformTypes", "Windows", &[]),
        ("SchemaVersion", "2.2", &["Alpha", "Alphabet", "Beta"]),
        ("tag:n", "Beta", &["Beta"]),
        ("DocumentType", "Command", &["AWS-RunShellScript", "Alpha", "Alphabet", "Beta"]),
    ] {
        let filters =
            vec![DocumentKeyValuesFilter { key: Some(key.into()), values: Some(vec![value.into()]) }];
        let input = ListDocumentsRequest { filters: Some(filters), ..Default::default() };
        let found = list(cloud.call(), input).await.unwrap().document_identifiers.unwrap();
        assert_eq!(
            found.iter().map(|d| d.name.as_deref().unwrap()).collect::<Vec<_>>(),
            expected,
            "{key}={value}"
        );
    }
    let bad = vec![DocumentKeyValuesFilter { key: Some("Colour".into()), values: Some(vec!["red".into()]) }];
    let input = ListDocumentsRequest { filters: Some(bad), ..Default::default() };
    assert_eq!(code(list(cloud.call(), input).await), "InvalidFilterKey");
}

#[test]
fn references_are_replaced_and_nothing_else() {
    let bound: BTreeMap<String, Value> =
        [("a".to_owned(), json!("A")), ("n".to_owned(), json!(7)), ("list".to_owned(), json!(["x", "y z"]))]
            .into();
    for (given, expected) in [
        ("{{ a }}-{{a}}", "A-A"),
        ("{{ n }}", "7"),
        ("say {{ list }}", r#"say ["x","y z"]"#),
        ("{{ unknown }}", "{{ unknown }}"),
        ("docker ps --format '{{.Names}}' {{ a }}", "docker ps --format '{{.Names}}' A"),
        ("{{ json . }} {{ a", "{{ json . }} {{ a"),
        ("{{{{ a }}}}", "{{A}}"),
        ("}} {{ a }} {{", "}} A {{"),
        ("ä{{a}}ö", "äAö"),
    ] {
        assert_eq!(text(given, &bound), expected, "{given}");
    }
    assert_eq!(
        lines(&json!(["{{ list }}", "and {{ a }}"]), &bound, &mut Budget::new(100)).unwrap(),
        ["x", "y z", "and A"]
    );
    assert_eq!(parameter_references("{{ssm:/a/b:3}} {{ ssm:c }} {{ a }}"), ["/a/b:3", "c"]);
}

fn text(given: &str, bound: &BTreeMap<String, Value>) -> String {
    interpolate::text(given, bound, &mut Budget::new(1_000_000)).unwrap()
}

#[tokio::test]
async fn a_short_document_cannot_become_a_long_command() {
    let bound = [("a".to_owned(), json!("x".repeat(100)))].into();
    assert_eq!(interpolate::text("{{a}}{{a}}", &bound, &mut Budget::new(199)), Err(TooLong));
    let cloud = Cloud::new();
    let many = vec!["{{ word }}".repeat(100); 50];
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    let content = content::parse(&shell(&many), "JSON").unwrap();
    plan(&cloud.call(), &content, &given(&[("word", &["w"])])).unwrap();
    let long = "w".repeat(1000);
    assert_eq!(code(plan(&cloud.call(), &content, &given(&[("word", &[&long])]))), "InvalidParameters");
    let huge = "w".repeat(600_000);
    assert_eq!(code(plan(&cloud.call(), &content, &given(&[("word", &[&huge])]))), "InvalidParameters");
}

#[test]
fn deep_nesting_is_refused() {
    for (content, format) in [
        ("[".repeat(60_000), "JSON"),
        ("{\"a\":".repeat(10_000), "JSON"),
        ("[".repeat(60_000), "YAML"),
        ("{a: ".repeat(10_000), "YAML"),
        ("- ".repeat(30_000), "YAML"),
        ((0..240).map(|n| " ".repeat(n) + "a:\n").collect(), "YAML"),
    ] {
        assert_eq!(
            code(content::parse(&content, format)),
            "InvalidDocumentContent",
            "{content:.20} {format}"
        );
    }
    let pattern = "(".repeat(20_000) + &")".repeat(20_000);
    assert!(crate::pattern::check(&pattern, "x").is_err());
    let content = shell(&["x"]).replace("[a-z]*", &pattern);
    assert_eq!(code(content::parse(&content, "JSON")), "InvalidDocumentContent");
}

fn given(pairs: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
    pairs.iter().map(|(k, v)| ((*k).to_owned(), v.iter().map(|s| (*s).to_owned()).collect())).collect()
}

#[tokio::test]
async fn parameters_of_commands_are_checked() {
    let cloud = Cloud::new();
    let document = json!({
        "schemaVersion": "2.2",
        "parameters": {
            "must": { "type": "String" },
            "choice": { "type": "String", "allowedValues": ["a", "b"], "default": "a" },
            "short": { "type": "String", "minChars": 2, "maxChars": 3, "default": "xx" },
            "few": { "type": "StringList", "minItems": 1, "maxItems": 2, "default": ["one"] },
            "flag": { "type": "Boolean", "default": false },
            "count": { "type": "Integer", "default": 5 },
            "map": { "type": "StringMap", "default": { "k": "v" } },
        },
        "mainSteps": [{ "action": "aws:runShellScript", "name": "s", "inputs": { "runCommand": ["{{must}} {{choice}} {{short}} {{flag}} {{count}} {{map}}", "{{few}}"] } }],
    });
    let content = content::parse(&document.to_string(), "JSON").unwrap();
    let steps = plan(&cloud.call(), &content, &given(&[("must", &["M"])])).unwrap();
    assert_eq!(steps[0].script.as_deref(), Some("M a xx false 5 {\"k\":\"v\"}\none"));
    for bad in [
        given(&[]),
        given(&[("must", &["M"]), ("other", &["x"])]),
        given(&[("must", &["M", "N"])]),
        given(&[("must", &[])]),
        given(&[("must", &["M"]), ("choice", &["c"])]),
        given(&[("must", &["M"]), ("short", &["x"])]),
        given(&[("must", &["M"]), ("short", &["xxxx"])]),
        given(&[("must", &["M"]), ("few", &[])]),
        given(&[("must", &["M"]), ("few", &["1", "2", "3"])]),
        given(&[("must", &["M"]), ("flag", &["perhaps"])]),
        given(&[("must", &["M"]), ("count", &["many"])]),
        given(&[("must", &["M"]), ("map", &["[]"])]),
    ] {
        assert_eq!(code(plan(&cloud.call(), &content, &bad)), "InvalidParameters", "{bad:?}");
    }
}

#[tokio::test]
async fn stored_parameters_are_resolved_but_secrets_are_not() {
    let cloud = Cloud::new();
    for (name, kind, value) in
        [("/app/port", "String", "8080"), ("hosts", "StringList", "a,b"), ("key", "SecureString", "s")]
    {
        let input = PutParameterRequest {
            name: Some(name.into()),
            type_: Some(kind.into()),
            value: Some(value.into()),
            ..Default::default()
        };
        parameter::put(cloud.call(), input).await.unwrap();
    }
    let content =
        content::parse(&shell(&["{{ssm:/app/port}} {{ ssm:hosts:1 }} {{ word }}"]), "JSON").unwrap();
    let steps = plan(&cloud.call(), &content, &given(&[])).unwrap();
    assert_eq!(steps[0].script.as_deref(), Some("8080 a,b hello"));
    let script = content::parse(builtin::BUILTINS[0].content, "JSON").unwrap();
    let steps = plan(
        &cloud.call(),
        &script,
        &given(&[("commands", &["curl :{{ssm:/app/port}}"]), ("executionTimeout", &["60"])]),
    )
    .unwrap();
    assert_eq!((steps[0].script.as_deref(), steps[0].timeout_millis), (Some("curl :8080"), 60_000));
    for bad in ["{{ssm:key}}", "{{ssm:none}}", "{{ssm:hosts:2}}", "{{ssm:/app/port:label}}"] {
        assert_eq!(
            code(plan(&cloud.call(), &script, &given(&[("commands", &[bad])]))),
            "InvalidParameters",
            "{bad}"
        );
    }
}

#[tokio::test]
async fn steps_for_other_platforms_are_skipped() {
    let cloud = Cloud::new();
    let step = |name: &str, action: &str, platform: &str| json!({ "name": name, "action": action, "inputs": { "runCommand": ["x"] }, "precondition": { "StringEquals": ["platformType", platform] } });
    let document = json!({ "schemaVersion": "2.2", "mainSteps": [
        step("windows", "aws:runPowerShellScript", "Windows"), step("linux", "aws:runShellScript", "Linux"), step("mac", "aws:runShellScript", "MacOS")] });
    let content = content::parse(&document.to_string(), "JSON").unwrap();
    assert_eq!(content.platforms(), ["Windows", "Linux", "MacOS"]);
    let steps = plan(&cloud.call(), &content, &given(&[])).unwrap();
    let runs: Vec<_> = steps.iter().map(|s| (s.name.as_str(), s.script.is_some())).collect();
    assert_eq!(runs, [("windows", false), ("linux", true), ("mac", false)]);
}

proptest! {
    /// No content makes the parser panic, and text without braces is never changed.
    #[test]
    fn odd_contents_do_no_harm(content in ".{0,200}", plain in "[^{}]{0,40}") {
        let _ = content::parse(&content, "JSON");
        let _ = content::parse(&content, "YAML");
        let _ = text(&content, &BTreeMap::new());
        prop_assert_eq!(text(&plain, &BTreeMap::new()), plain);
    }
}
