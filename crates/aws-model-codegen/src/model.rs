//! The facts file as Rust values.

use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Why facts could not be used.
#[derive(Debug, thiserror::Error)]
pub enum FactsError {
    /// A variable cargo sets for build scripts is absent.
    #[error("environment variable {0} is not set; this is meant to be called from a build script")]
    Environment(&'static str),
    /// A file could not be read or written.
    #[error("cannot use {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file is not JSON.
    #[error("{} is not valid JSON", path.display())]
    Json {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: serde_json::Error,
    },
    /// The facts contradict themselves.
    #[error("the facts are inconsistent: {0}")]
    Inconsistent(String),
}

/// One service's facts, in botocore's vocabulary.
#[derive(Debug, Default)]
pub struct Facts {
    /// `metadata` of the model.
    pub metadata: Map<String, Value>,
    /// Chosen operations by name.
    pub operations: BTreeMap<String, Value>,
    /// Shapes reachable from them, by name.
    pub shapes: BTreeMap<String, Value>,
    /// Every operation AWS has, by name.
    pub all_operations: Vec<String>,
}

impl Facts {
    /// Reads a facts file and lays the errata (a JSON merge patch under `patch`) over it.
    pub fn read(path: &Path, errata: Option<&Path>) -> Result<Facts, FactsError> {
        let mut value = read_json(path)?;
        if let Some(errata) = errata {
            for item in read_json(errata)?.as_array().into_iter().flatten() {
                merge(&mut value, &item["patch"]);
            }
        }
        Facts::from_value(&value)
    }

    /// From the parsed JSON.
    pub fn from_value(value: &Value) -> Result<Facts, FactsError> {
        let object = |key: &str| {
            value[key]
                .as_object()
                .cloned()
                .ok_or_else(|| FactsError::Inconsistent(format!("no object `{key}`")))
        };
        Ok(Facts {
            metadata: object("metadata")?,
            operations: object("operations")?.into_iter().collect(),
            shapes: object("shapes")?.into_iter().collect(),
            all_operations: value["all_operations"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|v| v.as_str().map(str::to_owned))
                .collect(),
        })
    }

    /// A text of the metadata.
    pub fn meta(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).and_then(Value::as_str)
    }
}

fn read_json(path: &Path) -> Result<Value, FactsError> {
    let text =
        std::fs::read_to_string(path).map_err(|source| FactsError::File { path: path.to_owned(), source })?;
    serde_json::from_str(&text).map_err(|source| FactsError::Json { path: path.to_owned(), source })
}

/// RFC 7396 merge patch.
fn merge(target: &mut Value, patch: &Value) {
    let Some(patch) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Some(object) = target.as_object_mut() {
        for (key, value) in patch {
            if value.is_null() {
                object.remove(key);
            } else {
                merge(object.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
    }
}
