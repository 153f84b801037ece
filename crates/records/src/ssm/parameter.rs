//! Parameter Store.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A parameter's value as it lies on disk: base64 of what the data directory's key sealed, whatever its type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StoredValue {
    /// Of a `String` or `StringList`: shown to whoever may read it.
    Text(String),
    /// Of a `SecureString`: shown only with decryption.
    Secret(String),
}

/// One version of a parameter. The newest lies inside [`Parameter`]; older ones are records of their own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterVersion {
    /// `<parameter record id>:<version, ten digits>`.
    pub id: String,
    /// From 1.
    pub version: i64,
    /// `String`, `StringList` or `SecureString`.
    pub kind: String,
    /// The value.
    pub value: StoredValue,
    /// `text` or `aws:ec2:image`.
    pub data_type: String,
    /// As the caller gave it.
    #[serde(default)]
    pub description: Option<String>,
    /// Regular expression the value had to match.
    #[serde(default)]
    pub allowed_pattern: Option<String>,
    /// Key of a `SecureString`.
    #[serde(default)]
    pub key_id: Option<String>,
    /// `Standard` or `Advanced`, as assigned.
    pub tier: String,
    /// JSON text of each policy.
    #[serde(default)]
    pub policies: Vec<String>,
    /// When.
    pub modified: Millis,
    /// ARN of who.
    pub modified_by: String,
}
record!(ParameterVersion, "ssm/parameter-version");

/// A parameter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parameter {
    /// The name without its leading slash, because AWS holds `/a` and `a` to be one name.
    pub id: String,
    /// The name as created.
    pub name: String,
    /// The newest version.
    pub current: ParameterVersion,
    /// Number of the oldest version still kept.
    pub oldest: i64,
    /// Label → version.
    #[serde(default)]
    pub labels: BTreeMap<String, i64>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// From then on it counts as deleted (`Expiration` policy).
    #[serde(default)]
    pub expires: Option<Millis>,
}
record!(Parameter, "ssm/parameter");

/// How many parameters a scope holds, so that the quota need not count them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ParameterCount {
    /// Always `parameters`.
    pub id: String,
    /// Of the standard tier.
    pub standard: u32,
    /// Of the advanced tier.
    pub advanced: u32,
}
record!(ParameterCount, "ssm/parameter-count");
