//! `allod model`: the model of the `allod` service in botocore's form, for clients that do not know it.

use crate::arguments::Model;
use crate::output;
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// The facts the types are generated from: botocore's shapes with some sections of our own.
const FACTS: &str = include_str!("../../../models/allod.json");

/// What botocore's files hold of the facts.
const SERVICE: [&str; 3] = ["metadata", "operations", "shapes"];

fn document(facts: &Value, paginators: bool) -> Value {
    if paginators {
        return json!({ "pagination": facts["pagination"] });
    }
    let mut document = Map::new();
    document.insert("version".to_owned(), json!("2.0"));
    for section in SERVICE {
        document.insert(section.to_owned(), facts[section].clone());
    }
    Value::Object(document)
}

/// Prints `service-2.json`, or `paginators-1.json` (botocore, "Loaders").
pub(crate) fn run(options: &Model) -> anyhow::Result<ExitCode> {
    let facts: Value = serde_json::from_str(FACTS)?;
    output::say(&serde_json::to_string_pretty(&document(&facts, options.paginators))?);
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_of_an_operation_is_printed() {
        let facts: Value = serde_json::from_str(FACTS).expect("JSON");
        let printed = document(&facts, false);
        let operations = printed["operations"].as_object().expect("operations");
        assert_eq!(operations.len(), facts["all_operations"].as_array().expect("names").len());
        for (name, operation) in operations {
            for end in ["input", "output"] {
                let shape = operation[end]["shape"].as_str().expect("a shape");
                assert!(printed["shapes"][shape].is_object(), "{name} {shape}");
            }
        }
        for (name, pages) in document(&facts, true)["pagination"].as_object().expect("paginators") {
            let result = &printed["shapes"][format!("{name}Result")]["members"];
            assert!(result[pages["result_key"].as_str().expect("a key")].is_object(), "{name}");
        }
    }
}
