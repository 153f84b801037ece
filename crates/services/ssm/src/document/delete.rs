//! DeleteDocument.

use super::find::{own, version_prefix};
use crate::faults;
use crate::service::SsmCall;
use api_ssm::{DeleteDocumentRequest, DeleteDocumentResult};
use contracts::Reply;
use records::ssm::{Document, DocumentVersion};
use state_store::typed::Tx;

/// Versions deleted in one transaction, within the store's limit on its length.
const BATCH: usize = 100;

/// DeleteDocument: a version that is not the default, or the document with all its versions.
///
/// Errors: `InvalidDocument`, `InvalidDocumentVersion`, `InvalidDocumentOperation` (AWS's, shared, or the default version).
pub(crate) async fn delete(call: SsmCall, input: DeleteDocumentRequest) -> Reply<DeleteDocumentResult> {
    let (number, name) = (input.document_version.as_deref(), input.version_name.as_deref());
    let run = |tx: &mut Tx<'_>| {
        let document = own(&call, tx, input.name())?;
        let prefix = version_prefix(&document);
        if number.is_some() || name.is_some() {
            let versions = tx.list_prefix::<DocumentVersion>(call.scope(), &prefix);
            let wanted = versions.iter().find(|v| {
                number.is_none_or(|n| {
                    n == v.version.to_string() || (n == "$LATEST" && v.version == document.latest_version)
                }) && name.is_none_or(|n| v.version_name.as_deref() == Some(n))
            });
            let wanted = wanted.ok_or_else(faults::invalid_document_version)?;
            if wanted.version == document.default_version {
                return Err(faults::invalid_document_operation(
                    "Default version of the document can't be deleted.",
                ));
            }
            tx.delete::<DocumentVersion>(call.scope(), &wanted.id);
            return Ok(None);
        }
        if !document.shared_with.is_empty() {
            return Err(faults::invalid_document_operation(
                "You attempted to delete a document while it is still shared. You must stop sharing the document before \
                 you can delete it.",
            ));
        }
        tx.delete::<Document>(call.scope(), &document.id);
        Ok(Some(prefix))
    };
    // With the document gone nobody finds its versions any more; taking them away may need several steps.
    if let Some(prefix) = call.platform.transact(run).await?.value {
        let versions = call.platform.store.list_prefix::<DocumentVersion>(call.scope(), &prefix);
        for batch in versions.chunks(BATCH) {
            let run = |tx: &mut Tx<'_>| {
                for version in batch {
                    tx.delete::<DocumentVersion>(call.scope(), &version.id);
                }
                Ok(())
            };
            call.platform.transact(run).await?;
        }
    }
    Ok(DeleteDocumentResult {})
}
