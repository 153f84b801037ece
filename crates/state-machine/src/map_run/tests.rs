use super::*;
use crate::value::Value;
use std::sync::Arc;

fn items(format: &ItemFormat, body: &str) -> String {
    match format.items(body.as_bytes().to_vec()) {
        Ok(items) => {
            let items: Result<Vec<Value>, _> = items.collect();
            items.map_or_else(
                |failure| failure.cause.unwrap().to_string(),
                |items| Value::from(items).to_string(),
            )
        }
        Err(failure) => failure.cause.unwrap().to_string(),
    }
}

fn csv(headers: Option<&[&str]>) -> ItemFormat {
    let headers = headers.map(|headers| headers.iter().map(|header| Arc::from(*header)).collect());
    ItemFormat { input_type: Some("CSV".into()), headers, delimiter: b',', pointer: None }
}

/// The texts of recordings scenarios/test-map-item-reader-csv….
#[test]
fn csv_is_read_as_recorded() {
    let body = "Value1,Value2,Value3\nValue4,Value5,Value6\n,,,\ntrue,1,'HelloWorld'\nNull,None,\n   \n";
    assert_eq!(
        items(&csv(Some(&["H1", "H2", "H3"])), body),
        r#"[{"H1":"Value1","H2":"Value2","H3":"Value3"},{"H1":"Value4","H2":"Value5","H3":"Value6"},{"H1":"","H2":"","H3":""},{"H1":"true","H2":"1","H3":"'HelloWorld'"},{"H1":"Null","H2":"None","H3":""},{"H1":"   ","H2":"","H3":""}]"#
    );
    let body = "H1,\nValue4,Value5,Value6\n,,,\n";
    assert_eq!(items(&csv(None), body), r#"[{"H1":"Value4","":"Value5"},{"H1":"","":""}]"#);
    assert_eq!(items(&csv(Some(&["H1", "H1"])), ""), "CSV headers cannot contain duplicates.");
}

#[test]
fn quotes_hold_anything() {
    let body = "a,b\r\n\"x,\"\"y\"\"\n\",2\r\n\"open";
    assert_eq!(items(&csv(None), body), r#"[{"a":"x,\"y\"\n","b":"2"},{"a":"open","b":""}]"#);
    let tabs = ItemFormat { delimiter: b'\t', ..csv(None) };
    assert_eq!(items(&tabs, "a\tb\n1,5\t2"), r#"[{"a":"1,5","b":"2"}]"#);
}

#[test]
fn json_is_an_array_or_lines() {
    let json = ItemFormat::default();
    assert_eq!(items(&json, "[1, 2]"), "[1,2]");
    assert_eq!(items(&json, r#"{"Hello": "world"}"#), "Attempting to map over non-iterable node.");
    let inner = ItemFormat { pointer: Some("/a~1b/0".into()), ..json };
    assert_eq!(items(&inner, r#"{"a/b": [[3]]}"#), "[3]");
    let lines = ItemFormat { input_type: Some("JSONL".into()), ..ItemFormat::default() };
    assert_eq!(items(&lines, "{\"a\":1}\n\n2\r\n"), r#"[{"a":1},2]"#);
    assert!(items(&lines, "1\nx").starts_with("Invalid JSON line"));
}

#[test]
fn a_manifest_names_its_files() {
    let body =
        r#"{"fileFormat": "CSV", "fileSchema": "Bucket, Key", "files": [{"key": "a.csv.gz", "size": 3}]}"#;
    let manifest = manifest(body).unwrap();
    assert_eq!(manifest.keys, [Arc::from("a.csv.gz")]);
    assert_eq!(items(&manifest.format, "\"b\",\"k\""), r#"[{"Bucket":"b","Key":"k"}]"#);
}

#[test]
fn thresholds_are_exceeded_only_beyond() {
    assert!(!exceeded(2, 3, None, None));
    assert!(!exceeded(2, 3, Some(2), None));
    assert!(exceeded(2, 3, Some(1), None));
    assert!(exceeded(2, 3, Some(5), Some(66.0)));
    assert!(!exceeded(0, 0, Some(0), Some(0.0)));
}

#[test]
fn outputs_are_put_together_as_they_are_or_flat() {
    let program = |config: &str| {
        let definition = format!(
            r#"{{"StartAt": "M", "States": {{"M": {{"Type": "Map", "End": true{config}, "ItemProcessor": {{
                "ProcessorConfig": {{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}, "StartAt": "I",
                "States": {{"I": {{"Type": "Pass", "End": true}}}}}}}}}}}}"#
        );
        crate::program::Program::compile(&definition).unwrap()
    };
    let outputs: Vec<Arc<str>> = ["[1, 2]", " [ ] ", "3", r#"{"a":[4]}"#, "[[5]]"].map(Arc::from).to_vec();
    let of = |config: &str| collected(&program(config), 0, outputs.iter());
    assert_eq!(of(""), r#"[[1, 2], [ ] ,3,{"a":[4]},[[5]]]"#);
    let flat = r#", "ResultWriter": {"WriterConfig": {"Transformation": "FLATTEN", "OutputType": "JSON"}}"#;
    assert_eq!(of(flat), r#"[1, 2,3,{"a":[4]},[5]]"#);
    assert_eq!(of(&flat.replace("FLATTEN", "COMPACT")), of(""));
}
