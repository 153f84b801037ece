//! Documents.

use crate::{Millis, record};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A document of an account. AWS-owned documents are part of the program and have no record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its name.
    pub id: String,
    /// `Command`.
    pub document_type: String,
    /// Number of the default version.
    pub default_version: u32,
    /// Highest number ever given.
    pub latest_version: u32,
    /// When the first version was made.
    pub created: Millis,
    /// ARN of who made it.
    pub author: String,
    /// Accounts it is shared with (or `all`) → shared version.
    #[serde(default)]
    pub shared_with: BTreeMap<String, String>,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}
record!(Document, "ssm/document");

/// One version of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentVersion {
    /// `<document>:<creation of the document in milliseconds>:<version, ten digits>`, so that a document made anew never
    /// meets versions of an old one.
    pub id: String,
    /// From 1.
    pub version: u32,
    /// Name of the version.
    #[serde(default)]
    pub version_name: Option<String>,
    /// Name for people.
    #[serde(default)]
    pub display_name: Option<String>,
    /// Kind of resource it is for, such as `/AWS::EC2::Instance`.
    #[serde(default)]
    pub target_type: Option<String>,
    /// `JSON` or `YAML`: the form of `content`.
    pub format: String,
    /// As sent.
    pub content: String,
    /// SHA-256 of the content in hexadecimal.
    pub sha256: String,
    /// When.
    pub created: Millis,
}
record!(DocumentVersion, "ssm/document-version");
