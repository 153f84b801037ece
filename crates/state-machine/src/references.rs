//! Which state reads which variables: `variableReferences` of DescribeStateMachine and its kin.
//!
//! Source: API reference of DescribeStateMachine; recordings `api_variable_references` (states that read none are not
//! listed, names are sorted, states inside processors and branches stand beside the others).

use crate::intrinsic::Call;
use crate::jsonata;
use crate::path::Path;
use crate::template::Language;
use crate::text::{Kind, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names of variables by the name of the state that reads them, both sorted. What does not compile reads nothing.
pub fn variable_references(definition: &Node) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
    let mut found = BTreeMap::new();
    machine(definition, Language::JsonPath, &mut found);
    found
}

type Found = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// The language a machine or state says, or that of its surroundings.
fn language(node: &Node, around: Language) -> Language {
    match node.get("QueryLanguage").and_then(Node::as_str) {
        Some("JSONata") => Language::Jsonata,
        Some("JSONPath") => Language::JsonPath,
        _ => around,
    }
}

fn machine(node: &Node, around: Language, found: &mut Found) {
    let around = language(node, around);
    let states = node.get("States").map(Node::members).unwrap_or_default();
    for (key, state) in states {
        let language = language(state, around);
        let mut names = BTreeSet::new();
        for (field, value) in state.members() {
            match &*field.name {
                "ItemProcessor" | "Iterator" => machine(value, around, found),
                "Branches" => value.items().iter().for_each(|branch| machine(branch, around, found)),
                name => read(name, value, language, false, &mut names),
            }
        }
        if !names.is_empty() {
            found.entry(key.name.clone()).or_default().extend(names);
        }
    }
}

/// Fields whose members are payload: there only a name that ends in `.$` makes a path of a text.
const PAYLOADS: [&str; 5] = ["Parameters", "ResultSelector", "ItemSelector", "Assign", "Result"];

fn read(name: &str, node: &Node, language: Language, payload: bool, names: &mut BTreeSet<Arc<str>>) {
    match &node.kind {
        Kind::String(text) => match language {
            Language::Jsonata => {
                if let Some(Ok(expression)) = jsonata::delimited(text).map(jsonata::Expression::compile) {
                    names.extend(expression.variables().iter().cloned());
                }
            }
            Language::JsonPath => {
                let is_path =
                    name.ends_with(".$") || (!payload && (name.ends_with("Path") || name == "Variable"));
                if is_path {
                    from_path(text, names);
                }
            }
        },
        Kind::Array(items) => items.iter().for_each(|item| read("", item, language, payload, names)),
        Kind::Object(members) => {
            let payload = payload || PAYLOADS.contains(&name);
            for (key, member) in members {
                read(&key.name, member, language, payload, names);
            }
        }
        _ => (),
    }
}

fn from_path(text: &str, names: &mut BTreeSet<Arc<str>>) {
    if Call::looks_like(text) {
        if let Ok(call) = Call::compile(text) {
            call.variables(names);
        }
    } else if let Ok(path) = Path::compile(text) {
        path.variables(names);
    }
}

#[cfg(test)]
mod tests {
    use super::variable_references;
    use crate::text;

    /// Every recording that shows them, and those of the area that show none.
    #[test]
    fn as_recorded() {
        let folder = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/recordings/stepfunctions/api_variable_references"
        );
        let mut seen = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let file = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let recording: serde_json::Value = serde_json::from_str(&file).unwrap();
            let definitions = recording["steps"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(|step| step["params"]["definition"].as_str());
            let definition = definitions.collect::<Vec<_>>().pop().unwrap();
            let found = serde_json::to_value(variable_references(&text::read(definition).unwrap())).unwrap();
            let expected = recording["expected"]
                .as_object()
                .unwrap()
                .values()
                .find_map(|answer| answer.get("variableReferences"));
            assert_eq!(found, expected.cloned().unwrap_or_else(|| serde_json::json!({})), "{definition}");
            seen += 1;
        }
        assert_eq!(seen, 11);
    }

    #[test]
    fn branches_languages_and_payloads() {
        let definition = r#"{"QueryLanguage":"JSONata","States":{
            "P":{"Type":"Parallel","Arguments":{"x":["{% $a.b %}"]},"Branches":[{"States":{"B":{"Type":"Pass","Output":"{% $c + $states.input %}"}}}]},
            "C":{"QueryLanguage":"JSONPath","Type":"Choice","Choices":[{"And":[{"Variable":"$d.x","NumericEqualsPath":"$e"}]}],
                 "Assign":{"ResultPath":"$no","y.$":"States.Array($f)"}}}}"#;
        let found = variable_references(&text::read(definition).unwrap());
        let shown: Vec<String> = found.iter().map(|(state, names)| format!("{state}:{names:?}")).collect();
        assert_eq!(shown, [r#"B:{"c"}"#, r#"C:{"d", "e", "f"}"#, r#"P:{"a"}"#]);
    }
}
