//! GetDocument and DescribeDocument.

use super::content::convert;
use super::find::{Found, Wanted, find};
use super::show::description;
use crate::service::SsmCall;
use api_ssm::{DescribeDocumentRequest, DescribeDocumentResult, GetDocumentRequest, GetDocumentResult};
use contracts::Reply;

/// GetDocument: the content, in the form asked for (JSON where none is).
///
/// Errors: `InvalidDocument`, `InvalidDocumentVersion`.
pub(crate) async fn get(call: SsmCall, input: GetDocumentRequest) -> Reply<GetDocumentResult> {
    let wanted = Wanted {
        name: input.name(),
        version: input.document_version.as_deref(),
        version_name: input.version_name.as_deref(),
    };
    let found = find(&call, &wanted)?;
    let (content, stored) = found.content();
    let format = input.document_format.as_ref().map_or("JSON", |f| f.as_str());
    let mut result = GetDocumentResult {
        name: Some(found.name().to_owned()),
        created_date: Some(found.created()),
        document_version: Some(found.version().to_string()),
        status: Some("Active".into()),
        content: Some(convert(content, stored, format)?),
        document_type: Some("Command".into()),
        document_format: Some(format.to_owned().into()),
        ..Default::default()
    };
    if let Found::Account { version, .. } = &found {
        result.version_name.clone_from(&version.version_name);
        result.display_name.clone_from(&version.display_name);
    }
    Ok(result)
}

/// DescribeDocument.
pub(crate) async fn describe(call: SsmCall, input: DescribeDocumentRequest) -> Reply<DescribeDocumentResult> {
    let wanted = Wanted {
        name: input.name(),
        version: input.document_version.as_deref(),
        version_name: input.version_name.as_deref(),
    };
    let found = find(&call, &wanted)?;
    Ok(DescribeDocumentResult { document: Some(description(&found, "Active")?) })
}
