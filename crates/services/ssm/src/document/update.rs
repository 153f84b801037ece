//! UpdateDocument and UpdateDocumentDefaultVersion.

use super::create::{check_content, check_version_name};
use super::find::{Found, own, version_id, version_prefix};
use super::show::{description, sha256};
use crate::faults;
use crate::service::SsmCall;
use api_ssm::{
    DocumentDefaultVersionDescription, UpdateDocumentDefaultVersionRequest,
    UpdateDocumentDefaultVersionResult, UpdateDocumentRequest, UpdateDocumentResult,
};
use contracts::Reply;
use records::ssm::DocumentVersion;
use state_store::typed::Tx;
use std::sync::Arc;

/// Versions of a document.
const MOST_VERSIONS: usize = 1000;

/// UpdateDocument: a new version, made from the newest one.
///
/// Errors: `InvalidDocument`, `InvalidDocumentVersion`, `InvalidDocumentOperation`, `DuplicateDocumentContent`,
/// `DuplicateDocumentVersionName`, `DocumentVersionLimitExceeded`, and those of CreateDocument's content.
pub(crate) async fn update(call: SsmCall, input: UpdateDocumentRequest) -> Reply<UpdateDocumentResult> {
    check_version_name(input.version_name.as_ref())?;
    if input.attachments.as_ref().is_some_and(|a| !a.is_empty()) {
        return Err(faults::validation("Attachments are not supported for Command documents."));
    }
    let hash = sha256(input.content());
    let now = call.now();
    let run = |tx: &mut Tx<'_>| {
        let document = own(&call, tx, input.name())?;
        let versions = tx.list_prefix::<DocumentVersion>(call.scope(), &version_prefix(&document));
        let latest = versions.last().ok_or_else(faults::invalid_document_version)?;
        let asked = input.document_version.as_deref();
        if asked.is_some_and(|v| v != "$LATEST" && v != latest.version.to_string()) {
            return Err(faults::invalid_document_version());
        }
        let format = input.document_format.as_ref().map_or("JSON", |f| f.as_str());
        check_content(input.content(), format)?;
        if versions.iter().any(|v| v.sha256 == hash) {
            return Err(faults::duplicate_document_content());
        }
        let name = input.version_name.as_ref();
        if name.is_some() && versions.iter().any(|v| v.version_name.as_ref() == name) {
            return Err(faults::duplicate_document_version_name());
        }
        if versions.len() >= MOST_VERSIONS {
            return Err(faults::document_version_limit());
        }
        let mut document = (*document).clone();
        document.latest_version += 1;
        let version = DocumentVersion {
            id: version_id(&document, document.latest_version),
            version: document.latest_version,
            version_name: input.version_name.clone(),
            display_name: input.display_name.clone().or_else(|| latest.display_name.clone()),
            target_type: input.target_type.clone().or_else(|| latest.target_type.clone()),
            format: format.to_owned(),
            content: input.content().to_owned(),
            sha256: hash.clone(),
            created: now,
        };
        tx.put(call.scope(), version.clone());
        tx.put(call.scope(), document.clone());
        let owner = call.scope().account.clone();
        Ok(Found::Account { owner, document: Arc::new(document), version: Arc::new(version) })
    };
    let found = call.platform.transact(run).await?.value;
    Ok(UpdateDocumentResult { document_description: Some(description(&found, "Updating")?) })
}

/// UpdateDocumentDefaultVersion.
pub(crate) async fn set_default_version(
    call: SsmCall,
    input: UpdateDocumentDefaultVersionRequest,
) -> Reply<UpdateDocumentDefaultVersionResult> {
    let number: u32 = input.document_version().parse().map_err(|_| faults::invalid_document_version())?;
    let run = |tx: &mut Tx<'_>| {
        let mut document = (*own(&call, tx, input.name())?).clone();
        let version = tx.get::<DocumentVersion>(call.scope(), &version_id(&document, number));
        let version = version.ok_or_else(faults::invalid_document_version)?;
        document.default_version = number;
        tx.put(call.scope(), document);
        Ok(version)
    };
    let version = call.platform.transact(run).await?.value;
    let description = DocumentDefaultVersionDescription {
        name: Some(input.name().to_owned()),
        default_version: Some(number.to_string()),
        default_version_name: version.version_name.clone(),
    };
    Ok(UpdateDocumentDefaultVersionResult { description: Some(description) })
}
