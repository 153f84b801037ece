//! `cargo xtask models`: botocore's service models to facts, without any of their prose.

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// What of a shape, member or operation is kept: facts only.
const KEPT: &[&str] = &[
    "authtype",
    "box",
    "code",
    "document",
    "endpoint",
    "enum",
    "error",
    "errors",
    "event",
    "eventheader",
    "eventpayload",
    "eventstream",
    "exception",
    "fault",
    "flattened",
    "hostLabel",
    "hostPrefix",
    "http",
    "httpStatusCode",
    "idempotencyToken",
    "idempotent",
    "input",
    "jsonvalue",
    "key",
    "location",
    "locationName",
    "max",
    "member",
    "members",
    "method",
    "min",
    "name",
    "output",
    "pattern",
    "payload",
    "prefix",
    "queryName",
    "requestUri",
    "required",
    "requestcompression",
    "responseCode",
    "resultWrapper",
    "sensitive",
    "senderFault",
    "shape",
    "sparse",
    "streaming",
    "timestampFormat",
    "type",
    "union",
    "uri",
    "value",
    "wrapper",
    "xmlAttribute",
    "xmlNamespace",
];

const METADATA: &[&str] = &[
    "apiVersion",
    "awsQueryCompatible",
    "endpointPrefix",
    "globalEndpoint",
    "jsonVersion",
    "protocol",
    "protocols",
    "serviceFullName",
    "serviceId",
    "signatureVersion",
    "signingName",
    "targetPrefix",
    "xmlNamespace",
];

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The unpacked source archive of botocore (the folder that holds `botocore/data`).
    #[arg(long)]
    botocore: PathBuf,
    /// Only these services.
    services: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let root = crate::root();
    let wanted: toml::Table = std::fs::read_to_string(root.join("models/operations.toml"))?.parse()?;
    let init = std::fs::read_to_string(arguments.botocore.join("botocore/__init__.py"))
        .context("this is not botocore's source: no botocore/__init__.py")?;
    let version =
        init.lines().find_map(|l| l.strip_prefix("__version__ = ")).unwrap_or("?").trim_matches(['\'', '"']);
    for (service, table) in &wanted {
        if !arguments.services.is_empty() && !arguments.services.contains(service) {
            continue;
        }
        let text = facts(&arguments.botocore, service, table, version)?;
        let path = root.join("models").join(format!("{service}.json"));
        println!("{}: {} KB", path.display(), text.len() / 1024);
        std::fs::write(path, text)?;
    }
    Ok(())
}

fn facts(botocore: &Path, service: &str, table: &toml::Value, version: &str) -> anyhow::Result<String> {
    let folder = newest(&botocore.join("botocore/data").join(service))?;
    let read = |name: &str| -> anyhow::Result<Value> {
        Ok(serde_json::from_str(
            &std::fs::read_to_string(folder.join(name)).with_context(|| format!("no {name}"))?,
        )?)
    };
    let model = read("service-2.json")?;
    let all = model["operations"].as_object().context("a model without operations")?;
    let chosen: Vec<&str> = match &table["operations"] {
        toml::Value::String(_) => all.keys().map(String::as_str).collect(),
        toml::Value::Array(list) => list.iter().filter_map(|v| v.as_str()).collect(),
        _ => bail!("operations of {service} must be a list or \"all\""),
    };
    let mut operations = Map::new();
    let mut reached = BTreeSet::new();
    for name in &chosen {
        let operation = all.get(*name).with_context(|| format!("{service} has no operation {name}"))?;
        reach(operation, &model["shapes"], &mut reached);
        operations.insert((*name).to_owned(), strip(operation));
    }
    let shapes: Map<String, Value> =
        reached.iter().map(|name| (name.clone(), strip(&model["shapes"][name]))).collect();
    let mut metadata: Map<String, Value> = METADATA
        .iter()
        .filter(|key| !model["metadata"][**key].is_null())
        .map(|key| ((*key).to_owned(), model["metadata"][*key].clone()))
        .collect();
    metadata.insert("botocore".into(), json!(version));
    let names: Vec<&String> = all.keys().collect();
    let section = |file: &str, key: &str| -> Map<String, Value> {
        let found = read(file).ok().and_then(|v| v[key].as_object().cloned()).unwrap_or_default();
        found
            .into_iter()
            .filter(|(name, v)| {
                chosen.contains(&name.as_str())
                    || v["operation"].as_str().is_some_and(|o| chosen.contains(&o))
            })
            .map(|(name, mut v)| {
                if let Some(object) = v.as_object_mut() {
                    object.remove("description");
                }
                (name, v)
            })
            .collect()
    };
    let mut out = String::from("{\n");
    let _ = writeln!(out, "\"metadata\": {},", Value::Object(metadata));
    let _ = writeln!(out, "\"all_operations\": {},", json!(names));
    lines(&mut out, "operations", &operations, ",");
    lines(&mut out, "shapes", &shapes, ",");
    lines(&mut out, "pagination", &section("paginators-1.json", "pagination"), ",");
    lines(&mut out, "waiters", &section("waiters-2.json", "waiters"), "");
    out.push_str("}\n");
    Ok(out)
}

/// One entry per line, so that a botocore update is a readable difference.
fn lines(out: &mut String, key: &str, entries: &Map<String, Value>, end: &str) {
    let _ = writeln!(out, "\"{key}\": {{");
    let count = entries.len();
    let mut sorted: Vec<_> = entries.iter().collect();
    sorted.sort_by_key(|(name, _)| name.as_str());
    for (at, (name, value)) in sorted.into_iter().enumerate() {
        let comma = if at + 1 < count { "," } else { "" };
        let _ = writeln!(out, "{}: {value}{comma}", json!(name));
    }
    let _ = writeln!(out, "}}{end}");
}

fn newest(folder: &Path) -> anyhow::Result<PathBuf> {
    let mut versions: Vec<PathBuf> = std::fs::read_dir(folder)
        .with_context(|| format!("botocore has no data for {}", folder.display()))?
        .filter_map(Result::ok)
        .map(|e| e.path())
        .filter(|p| p.is_dir())
        .collect();
    versions.sort();
    versions.pop().context("no version folder")
}

/// Collects the names of all shapes a value refers to, transitively.
fn reach(value: &Value, shapes: &Value, reached: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            if let Some(name) = object.get("shape").and_then(Value::as_str)
                && reached.insert(name.to_owned())
            {
                reach(&shapes[name], shapes, reached);
            }
            for (key, inner) in object {
                if key != "shape" || inner.is_object() {
                    reach(inner, shapes, reached);
                }
            }
        }
        Value::Array(list) => list.iter().for_each(|inner| reach(inner, shapes, reached)),
        _ => {}
    }
}

/// The value without everything that is not a fact of the wire. Member names are data, not keywords.
fn strip(value: &Value) -> Value {
    let Value::Object(object) = value else { return value.clone() };
    let mut kept = Map::new();
    for (key, inner) in object {
        if key == "members" {
            let members = inner.as_object().into_iter().flatten().map(|(name, m)| (name.clone(), strip(m)));
            kept.insert(key.clone(), Value::Object(members.collect()));
        } else if KEPT.contains(&key.as_str()) {
            let stripped = match inner {
                Value::Array(list) => Value::Array(list.iter().map(strip).collect()),
                other => strip(other),
            };
            kept.insert(key.clone(), stripped);
        }
    }
    Value::Object(kept)
}
