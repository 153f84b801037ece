//! Which state reads which variables: `variableReferences` of DescribeStateMachine and its kin.
//!
//! Source: API reference of DescribeStateMachine; recordings `api_variable_references` (states that read none are not
//! listed, names are sorted, states inside processors and branches stand beside the others).

use crate::intrinsic::Call;
use crate::jsonata;
use crate::lint::each_machine;
use crate::path::Path;
use crate::template::Language;
use crate::text::{Kind, Node};
use crate::trail::Trail;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Names of variables by the name of the state that reads them, both sorted. What does not compile reads nothing.
pub fn variable_references(definition: &Node) -> BTreeMap<Arc<str>, BTreeSet<Arc<str>>> {
    let mut found = BTreeMap::new();
    machine(definition, Language::of(definition, Language::JsonPath), &mut found);
    found
}

type Found = BTreeMap<Arc<str>, BTreeSet<Arc<str>>>;

/// `language` is that of the whole definition.
fn machine(node: &Node, language: Language, found: &mut Found) {
    for (key, state) in node.get("States").map(Node::members).unwrap_or_default() {
        let mut names = BTreeSet::new();
        each_read(state, &Trail::ROOT, Language::of(state, language), &mut |_, _, read| names.extend(read));
        if !names.is_empty() {
            found.entry(key.name.clone()).or_default().extend(names);
        }
        each_machine(state, &Trail::ROOT, &mut |inner, _| machine(inner, language, found));
    }
}

/// What is told of each text that reads variables: its place, itself, their names.
pub(crate) type Visit<'v> = dyn FnMut(&Trail<'_>, &Node, BTreeSet<Arc<str>>) + 'v;

/// Visits every text of a state that reads variables; not those of the machines inside it.
pub(crate) fn each_read(state: &Node, at: &Trail<'_>, language: Language, visit: &mut Visit<'_>) {
    let inner = ["ItemProcessor", "Iterator", "Branches"];
    for (field, value) in state.members().iter().filter(|(field, _)| !inner.contains(&&*field.name)) {
        read(value, &at.field(&field.name), language, false, visit);
    }
}

/// Fields that hold the user's own data, in which names of fields mean nothing; in JSONPath only a name that ends in `.$`
/// makes a path of a text there.
const PAYLOADS: [&str; 9] = [
    "Parameters",
    "ResultSelector",
    "ItemSelector",
    "Assign",
    "BatchInput",
    "Credentials",
    "Arguments",
    "Output",
    "Items",
];

/// Fields that are taken as they stand.
const STATIC: [&str; 2] = ["Comment", "Result"];

fn read(node: &Node, at: &Trail<'_>, language: Language, payload: bool, visit: &mut Visit<'_>) {
    let name = at.name();
    if !payload && STATIC.contains(&name) {
        return;
    }
    match &node.kind {
        Kind::String(text) => {
            let is_path =
                || name.ends_with(".$") || (!payload && (name.ends_with("Path") || name == "Variable"));
            let is_read = language == Language::Jsonata || is_path();
            if !is_read || !looks_like_reading(text) {
                return;
            }
            let names = match language {
                Language::Jsonata => from_expression(text),
                Language::JsonPath => from_path(text),
            };
            if !names.is_empty() {
                visit(at, node, names);
            }
        }
        Kind::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                read(item, &at.index(index), language, payload, visit);
            }
        }
        Kind::Object(members) => {
            let payload = payload || PAYLOADS.contains(&name);
            for (key, member) in members {
                read(member, &at.field(&key.name), language, payload, visit);
            }
        }
        _ => (),
    }
}

/// Whether a text may read a variable: `$` and a name that is neither `states` nor that of a function which is called.
/// Most texts do not, and need not be compiled to know it.
fn looks_like_reading(text: &str) -> bool {
    text.split('$').skip(1).any(|rest| {
        let end =
            rest.find(|letter: char| !(letter.is_alphanumeric() || letter == '_')).unwrap_or(rest.len());
        let (name, after) = rest.split_at(end);
        !name.is_empty() && name != "states" && !after.trim_start().starts_with('(')
    })
}

/// Functions of JSONata and of the service: where one is a value (`$map($items, $string)`), no variable is read.
#[rustfmt::skip]
const FUNCTIONS: [&str; 69] = [
    "abs", "append", "assert", "average", "base64decode", "base64encode", "boolean", "ceil", "contains",
    "count", "decodeUrl", "decodeUrlComponent", "distinct", "each", "encodeUrl", "encodeUrlComponent", "error",
    "eval", "exists", "filter", "floor", "formatBase", "formatInteger", "formatNumber", "fromMillis", "hash",
    "join", "keys", "length", "lookup", "lowercase", "map", "match", "max", "merge", "millis", "min", "not",
    "now", "number", "pad", "parse", "parseInteger", "partition", "power", "random", "range", "reduce",
    "replace", "reverse", "round", "shuffle", "sift", "single", "sort", "split", "spread", "sqrt", "string",
    "substring", "substringAfter", "substringBefore", "sum", "toMillis", "trim", "type", "uppercase", "uuid",
    "zip",
];

fn from_expression(text: &str) -> BTreeSet<Arc<str>> {
    match jsonata::delimited(text).map(jsonata::Expression::compile) {
        Some(Ok(expression)) => {
            let names = expression.variables().iter();
            names.filter(|name| FUNCTIONS.binary_search(&&***name).is_err()).cloned().collect()
        }
        _ => BTreeSet::new(),
    }
}

fn from_path(text: &str) -> BTreeSet<Arc<str>> {
    let mut names = BTreeSet::new();
    if Call::looks_like(text) {
        if let Ok(call) = Call::compile(text) {
            call.variables(&mut names);
        }
    } else if let Ok(path) = Path::compile(text) {
        path.variables(&mut names);
    }
    names
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

    #[test]
    fn names_bound_inside_an_expression_are_no_variables() {
        for (field, expected) in [
            (
                r#""Parameters":{"a.$":"$x.y","b":"$z","c.$":"States.Format($f, $.a, States.Array($g))"}"#,
                "f g x",
            ),
            (
                r#""QueryLanguage":"JSONata","Output":["{% $a + $states.input.b %}",{"c":"{% ($d := $e; $d) %}"}]"#,
                "a e",
            ),
            (r#""QueryLanguage":"JSONata","Output":"{% $map($l, function($v, $i) { $v * $k }) %}""#, "k l"),
            (r#""QueryLanguage":"JSONata","Output":"{% ($x := $x + 1; $x) ~> $string %}""#, "x"),
            (
                r#""QueryLanguage":"JSONata","Output":"{% $states.input.a.b^($.c).d@$m#$n[$m = $o].($n) %}""#,
                "o",
            ),
        ] {
            let definition = format!(r#"{{"States":{{"A":{{{field}}}}}}}"#);
            let found = variable_references(&text::read(&definition).unwrap());
            let names: Vec<&str> = found.values().flatten().map(|name| &**name).collect();
            assert_eq!(names.join(" "), expected, "{field}");
        }
    }
}
