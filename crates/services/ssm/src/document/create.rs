//! CreateDocument.

use super::content;
use super::find::{Found, builtin, version_id};
use super::show::{description, sha256};
use crate::faults;
use crate::service::SsmCall;
use crate::tags::tag_map;
use api_ssm::{CreateDocumentRequest, CreateDocumentResult};
use aws_schema::Fault;
use contracts::Reply;
use records::ssm::{Document, DocumentVersion};
use state_store::typed::Tx;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Documents of an account and region.
const MOST_DOCUMENTS: usize = 500;
/// Longest content in bytes.
pub(super) const LONGEST_CONTENT: usize = 64 * 1024;
/// Prefixes AWS keeps for itself (API reference, CreateDocument).
const RESERVED: [&str; 3] = ["aws", "amazon", "amzn"];

/// Letters, digits, `_`, `-` and `.`, at least `shortest` and at most 128 of them.
pub(super) fn is_name(name: &str, shortest: usize) -> bool {
    let right = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (shortest..=128).contains(&name.len()) && name.bytes().all(right)
}

/// Checks the name of a new document.
fn check_name(name: &str) -> Result<(), Fault> {
    if builtin(name).is_some() {
        return Err(faults::document_exists(name));
    }
    let lower = name.to_ascii_lowercase();
    if let Some(prefix) = RESERVED.iter().find(|prefix| lower.starts_with(**prefix)) {
        return Err(faults::validation(format!(
            "Document name {name} can't begin with the reserved prefix {prefix}."
        )));
    }
    if !is_name(name, 3) {
        return Err(faults::validation(format!(
            "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: ^[a-zA-Z0-9_\\-.]{{3,128}}$"
        )));
    }
    Ok(())
}

/// Checks the name of a version.
pub(super) fn check_version_name(name: Option<&String>) -> Result<(), Fault> {
    match name {
        Some(name) if !is_name(name, 1) => Err(faults::validation(format!(
            "1 validation error detected: Value '{name}' at 'versionName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: ^[a-zA-Z0-9_\\-.]{{1,128}}$"
        ))),
        _ => Ok(()),
    }
}

/// Checks content; tells its size and form are right.
pub(super) fn check_content(text: &str, format: &str) -> Result<(), Fault> {
    if text.len() > LONGEST_CONTENT {
        return Err(faults::document_too_large());
    }
    content::parse(text, format).map(|_| ())
}

/// CreateDocument, for Command documents; the other types have nothing here that could run them.
///
/// Errors: `DocumentAlreadyExists`, `DocumentLimitExceeded`, `MaxDocumentSizeExceeded`, `InvalidDocumentContent`,
/// `InvalidDocumentSchemaVersion`, `ValidationException`.
pub(crate) async fn create(call: SsmCall, input: CreateDocumentRequest) -> Reply<CreateDocumentResult> {
    check_name(input.name())?;
    check_version_name(input.version_name.as_ref())?;
    let kind = input.document_type.as_ref().map_or("Command", |t| t.as_str());
    if kind != "Command" {
        return Err(faults::validation(format!(
            "Documents of type {kind} are not supported; only Command documents are."
        )));
    }
    if input.attachments.as_ref().is_some_and(|a| !a.is_empty()) || input.requires.is_some() {
        return Err(faults::validation("Attachments and Requires are not supported for Command documents."));
    }
    let format = input.document_format.as_ref().map_or("JSON", |f| f.as_str());
    check_content(input.content(), format)?;
    let tags = tag_map(input.tags.as_deref().unwrap_or_default())?;
    let document = Document {
        id: input.name().to_owned(),
        document_type: kind.to_owned(),
        default_version: 1,
        latest_version: 1,
        created: call.now(),
        author: call.caller.principal.arn.clone(),
        shared_with: BTreeMap::new(),
        tags,
    };
    let version = DocumentVersion {
        id: version_id(&document, 1),
        version: 1,
        version_name: input.version_name.clone(),
        display_name: input.display_name.clone(),
        target_type: input.target_type.clone(),
        format: format.to_owned(),
        content: input.content().to_owned(),
        sha256: sha256(input.content()),
        created: call.now(),
    };
    let run = |tx: &mut Tx<'_>| {
        if tx.exists::<Document>(call.scope(), &document.id) {
            return Err(faults::document_exists(&document.id));
        }
        if tx.count::<Document>(call.scope()) >= MOST_DOCUMENTS {
            return Err(faults::document_limit(MOST_DOCUMENTS));
        }
        tx.put(call.scope(), version.clone());
        tx.put(call.scope(), document.clone());
        Ok(())
    };
    call.platform.transact(run).await?;
    let owner = call.scope().account.clone();
    let found = Found::Account { owner, document: Arc::new(document), version: Arc::new(version) };
    Ok(CreateDocumentResult { document_description: Some(description(&found, "Creating")?) })
}
