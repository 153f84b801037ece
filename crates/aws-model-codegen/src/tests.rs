//! What a small model of every oddity becomes.

use crate::{Facts, FactsError, generate};
use serde_json::{Value, json};

fn facts() -> Value {
    json!({
        "metadata": {"endpointPrefix": "odd", "signingName": "odd-signing", "apiVersion": "2026-11-20", "protocol": "json",
            "jsonVersion": "1.0", "targetPrefix": "Odd", "serviceId": "Odd", "awsQueryCompatible": {}},
        "all_operations": ["DoIt", "Other"],
        "operations": {"DoIt": {"http": {"method": "PUT", "requestUri": "/it", "responseCode": 201},
            "input": {"shape": "doItInput"}, "errors": [{"shape": "Gone"}, {"shape": "Broken"}]}},
        "shapes": {
            "doItInput": {"type": "structure", "required": ["Type"], "members": {
                "Type": {"shape": "Kind"},
                "IDs": {"shape": "Ids", "flattened": true, "locationName": "Id"},
                "Self": {"shape": "doItInput"},
                "Secret": {"shape": "Secret", "location": "header", "locationName": "X-Secret"},
                "DryRun": {"shape": "Flag"},
                "Owner": {"shape": "Owner"}}},
            "Kind": {"type": "string", "enum": ["a", "A", "b-c"]},
            "Ids": {"type": "list", "member": {"shape": "Text"}, "min": 1, "max": 5.0},
            "Text": {"type": "string", "pattern": "a\\d"},
            "Secret": {"type": "string", "sensitive": true},
            "Flag": {"type": "boolean"},
            "Owner": {"type": "structure", "members": {}, "xmlNamespace": {"uri": "http://x/", "prefix": "p"}},
            "Gone": {"type": "structure", "members": {}, "exception": true, "error": {"code": "Odd.Gone", "httpStatusCode": 410}},
            "Broken": {"type": "structure", "members": {}, "exception": true, "fault": true}
        }
    })
}

fn text() -> String {
    generate("odd", &Facts::from_value(&facts()).unwrap()).unwrap()
}

#[track_caller]
fn assert_has(text: &str, piece: &str) {
    assert!(text.contains(piece), "no `{piece}` in:\n{text}");
}

#[test]
fn structures_are_plain_and_recursion_is_boxed() {
    let text = text();
    assert_has(
        &text,
        "pub struct DoItInput { pub type_: Option<Kind>, pub ids: Option<Vec<String>>, pub self_: Option<Box<DoItInput>>, ",
    );
    assert_has(&text, "pub dry_run: Option<bool>, pub owner: Option<Owner>,  }");
    // Errors are faults, not values.
    assert!(!text.contains("pub struct Gone"));
}

#[test]
fn members_keep_their_wire_facts() {
    let text = text();
    assert_has(&text, r#"a::Member { required: true, ..a::Member::new("Type", &S_Kind) }"#);
    assert_has(
        &text,
        r#"a::Member { location_name: Some("Id"), flattened: true, ..a::Member::new("IDs", &S_Ids) }"#,
    );
    assert_has(&text, r#"location: a::Location::Header, location_name: Some("X-Secret"), "#);
    assert_has(
        &text,
        r#"a::Member { xml_namespace: Some(("p", "http://x/")), ..a::Member::new("Owner", &S_Owner) }"#,
    );
    assert_has(&text, "limits: a::Limits { min: Some(1), max: Some(5), pattern: None }");
    assert_has(&text, r#"pattern: Some("a\\d")"#);
    assert_has(&text, "sensitive: true");
}

#[test]
fn only_structures_are_shared() {
    let mut facts = facts();
    facts["shapes"]["doItInput"]["members"]["Owners"] = json!({"shape": "Owners"});
    facts["shapes"]["Owners"] = json!({"type": "list", "member": {"shape": "Owner", "shared": true}});
    let text = generate("odd", &Facts::from_value(&facts).unwrap()).unwrap();
    assert_has(&text, "pub owners: Option<Vec<a::Shared<Owner>>>, ");
    facts["shapes"]["Ids"]["member"]["shared"] = json!(true);
    let error = generate("odd", &Facts::from_value(&facts).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "the facts are inconsistent: `Text` is shared but no structure");
}

#[test]
fn values_of_an_enumeration_get_different_names() {
    assert_has(&text(), r#"a::string_enum!(Kind { A = "a", A_ = "A", B_C = "b-c",  });"#);
}

#[test]
fn operations_and_service_are_described() {
    let text = text();
    assert_has(
        &text,
        r#"name: "DoIt", method: "PUT", uri: "/it", status: 201, input: &S_doItInput, output: <a::Unit as a::Structure>::SHAPE"#,
    );
    assert_has(&text, r#"a::ErrorSpec { name: "Gone", code: "Odd.Gone", status: 410, sender: true }"#);
    assert_has(&text, r#"a::ErrorSpec { name: "Broken", code: "Broken", status: 500, sender: false }"#);
    assert_has(&text, "fn dry_run(input: &Self::Input) -> bool { input.dry_run.unwrap_or(false) }");
    assert_has(
        &text,
        r#"signing_name: "odd-signing", target_prefix: Some("Odd"), api_version: "2026-11-20""#,
    );
    assert_has(&text, "protocols: &[a::Protocol::Json10], query_compatible: true, global: false");
    assert_has(&text, r#"all_operations: &["DoIt", "Other"]"#);
}

#[test]
fn a_reference_to_nothing_is_an_error() {
    let mut facts = facts();
    facts["shapes"]["Ids"]["member"]["shape"] = json!("Nowhere");
    let error = generate("odd", &Facts::from_value(&facts).unwrap()).unwrap_err();
    assert!(matches!(error, FactsError::Inconsistent(_)), "{error}");
    assert_eq!(error.to_string(), "the facts are inconsistent: no shape `Nowhere`");
    assert!(Facts::from_value(&json!({"metadata": {}})).is_err());
}

#[test]
fn errata_change_the_facts_they_name() {
    let folder = std::env::temp_dir().join(format!("allod-errata-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (model, errata) = (folder.join("odd.json"), folder.join("errata.json"));
    std::fs::write(&model, facts().to_string()).unwrap();
    let patch = json!([{"reason": "a test", "patch": {"shapes": {"Text": {"pattern": null, "max": 9}}}}]);
    std::fs::write(&errata, patch.to_string()).unwrap();
    let read = Facts::read(&model, Some(&errata));
    std::fs::write(&errata, "{").unwrap();
    let broken = Facts::read(&model, Some(&errata));
    let absent = Facts::read(&folder.join("none.json"), None);
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(read.unwrap().shapes["Text"], json!({"type": "string", "max": 9}));
    assert!(matches!(broken.unwrap_err(), FactsError::Json { .. }));
    assert!(matches!(absent.unwrap_err(), FactsError::File { .. }));
}
