//! Documents as answers show them.

use super::content::{Content, parse};
use super::find::Found;
use super::parameters::{Kind, text_of};
use crate::tags::tag_list;
use api_ssm::{DocumentDescription, DocumentIdentifier, DocumentParameter};
use aws_schema::{Fault, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;

/// SHA-256 in hexadecimal.
pub(crate) fn sha256(content: &str) -> String {
    hex(&Sha256::digest(content.as_bytes()))
}

/// SHA-1 in hexadecimal.
pub(crate) fn sha1(content: &str) -> String {
    hex(&sha1::Sha1::digest(content.as_bytes()))
}

/// Lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

impl Found {
    /// The content, read; stored content was checked when it came in.
    pub(crate) fn parsed(&self) -> Result<Content, Fault> {
        let (content, format) = self.content();
        parse(content, format)
    }

    /// Number of the default version.
    fn default_version(&self) -> u32 {
        match self {
            Found::Amazon(_) => 1,
            Found::Account { document, .. } => document.default_version,
        }
    }

    /// `Amazon` or the account.
    fn owner(&self) -> &str {
        match self {
            Found::Amazon(_) => "Amazon",
            Found::Account { owner, .. } => owner,
        }
    }

    /// When the version was made.
    pub(crate) fn created(&self) -> Timestamp {
        Timestamp::from_millis(match self {
            Found::Amazon(builtin) => builtin.created,
            Found::Account { version, .. } => version.created,
        })
    }
}

/// `DocumentDescription` with this status.
pub(crate) fn description(found: &Found, status: &'static str) -> Result<DocumentDescription, Fault> {
    let content = found.parsed()?;
    let (text, format) = found.content();
    let mut shown = DocumentDescription {
        hash: Some(sha256(text)),
        hash_type: Some("Sha256".into()),
        name: Some(found.name().to_owned()),
        owner: Some(found.owner().to_owned()),
        created_date: Some(found.created()),
        status: Some(status.into()),
        document_version: Some(found.version().to_string()),
        description: content.description.clone(),
        parameters: Some(content.parameters.iter().map(parameter).collect()),
        platform_types: Some(content.platforms().into_iter().map(Into::into).collect()),
        document_type: Some("Command".into()),
        schema_version: Some(content.schema),
        latest_version: Some(found.version().to_string()),
        default_version: Some(found.default_version().to_string()),
        document_format: Some(format.to_owned().into()),
        tags: Some(Vec::new()),
        ..Default::default()
    };
    if let Found::Account { document, version, .. } = found {
        shown.latest_version = Some(document.latest_version.to_string());
        shown.display_name.clone_from(&version.display_name);
        shown.version_name.clone_from(&version.version_name);
        shown.target_type.clone_from(&version.target_type);
        shown.author = Some(document.author.clone());
        shown.tags = Some(tag_list(&document.tags));
    }
    Ok(shown)
}

/// `DocumentParameter` of an answer, which knows but two types.
fn parameter(spec: &super::parameters::ParameterSpec) -> DocumentParameter {
    let list = matches!(spec.kind, Kind::StringList | Kind::MapList);
    DocumentParameter {
        name: Some(spec.name.clone()),
        type_: Some(if list { "StringList" } else { "String" }.into()),
        description: spec.description.clone(),
        default_value: spec.default.as_ref().map(text_of),
    }
}

/// `DocumentIdentifier`, one line of ListDocuments.
pub(crate) fn identifier(found: &Found) -> Result<DocumentIdentifier, Fault> {
    let full = description(found, "Active")?;
    Ok(DocumentIdentifier {
        name: full.name,
        created_date: full.created_date,
        display_name: full.display_name,
        owner: full.owner,
        version_name: full.version_name,
        platform_types: full.platform_types,
        document_version: full.document_version,
        document_type: full.document_type,
        schema_version: full.schema_version,
        document_format: full.document_format,
        target_type: full.target_type,
        tags: full.tags,
        author: full.author,
        ..Default::default()
    })
}
