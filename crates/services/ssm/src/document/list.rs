//! ListDocuments and ListDocumentVersions.

use super::builtin::BUILTINS;
use super::find::{Found, Wanted, find, version_id, version_prefix};
use super::show::identifier;
use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{
    DocumentIdentifier, DocumentVersionInfo, ListDocumentVersionsRequest, ListDocumentVersionsResult,
    ListDocumentsRequest, ListDocumentsResult,
};
use aws_schema::{Fault, Timestamp};
use contracts::Reply;
use records::ssm::{Document, DocumentVersion};
use state_store::typed::Scope;
use std::sync::Arc;

/// Keys with their values; a document passes when every key has one that fits.
type Filters = Vec<(String, Vec<String>)>;

/// Keys of the newer form of filters; `tag` stands for `tag:<key>`.
const KEYS: [&str; 8] =
    ["DocumentType", "Name", "Owner", "PlatformTypes", "SearchKeyword", "TargetType", "SchemaVersion", "tag"];

/// Checks the filters of a request, of either form.
fn filters(input: &ListDocumentsRequest) -> Result<Filters, Fault> {
    let mut filters = Filters::new();
    for filter in input.filters.as_deref().unwrap_or_default() {
        let key = filter.key.clone().unwrap_or_default();
        let family = if key.starts_with("tag:") { "tag" } else { key.as_str() };
        if !KEYS.contains(&family) || key == "tag" {
            return Err(faults::invalid_filter_key(format!("The specified key isn't valid: {key}")));
        }
        filters.push((key, filter.values.clone().unwrap_or_default()));
    }
    // The older form has one value and fewer keys.
    for filter in input.document_filter_list.as_deref().unwrap_or_default() {
        let key = filter.key.as_ref().map_or("", |k| k.as_str());
        if !matches!(key, "Name" | "Owner" | "PlatformTypes" | "DocumentType") {
            return Err(faults::invalid_filter_key(format!("The specified key isn't valid: {key}")));
        }
        filters.push((key.to_owned(), filter.value.iter().cloned().collect()));
    }
    Ok(filters)
}

/// Whether a document passes one filter; `shared`: another account shares it with the caller.
fn passes(shown: &DocumentIdentifier, shared: bool, key: &str, values: &[String]) -> bool {
    let name = shown.name.as_deref().unwrap_or("");
    let amazon = shown.owner.as_deref() == Some("Amazon");
    let is = |text: Option<&str>| text.is_some_and(|text| values.iter().any(|v| v == text));
    match key {
        "Name" => values.iter().any(|v| name.starts_with(v.as_str())),
        "SearchKeyword" => values.iter().any(|v| name.contains(v.as_str())),
        "Owner" => values.iter().any(|v| match v.as_str() {
            "Amazon" => amazon,
            "Self" => !amazon && !shared,
            "Private" => shared,
            "All" => true,
            // AWS's documents are public.
            "Public" => amazon,
            _ => false,
        }),
        "PlatformTypes" => shown.platform_types.iter().flatten().any(|p| is(Some(p.as_str()))),
        "DocumentType" => is(shown.document_type.as_ref().map(|t| t.as_str())),
        "TargetType" => is(shown.target_type.as_deref()),
        "SchemaVersion" => is(shown.schema_version.as_deref()),
        key => {
            let wanted = key.strip_prefix("tag:");
            let tag = shown.tags.iter().flatten().find(|t| t.key.as_deref() == wanted);
            tag.is_some_and(|t| values.is_empty() || is(t.value.as_deref()))
        }
    }
}

/// The account's own document with its default version, which is what lists show.
fn default_version(call: &SsmCall, scope: &Scope, document: Arc<Document>) -> Option<Found> {
    let version = call.platform.store.get(scope, &version_id(&document, document.default_version))?;
    Some(Found::Account { owner: scope.account.clone(), document, version })
}

/// ListDocuments: AWS's, the account's, and those other accounts share with it, by name.
///
/// Errors: `InvalidFilterKey`, `InvalidNextToken`.
pub(crate) async fn list(call: SsmCall, input: ListDocumentsRequest) -> Reply<ListDocumentsResult> {
    let filters = filters(&input)?;
    let mut shown = Vec::new();
    for builtin in BUILTINS {
        shown.push((identifier(&Found::Amazon(builtin))?, false));
    }
    for (scope, document) in call.platform.store.list_all::<Document>() {
        let own = scope.account == call.scope().account;
        if scope.region != call.scope().region
            || (!own && !document.shared_with.contains_key(call.caller.account()))
        {
            continue;
        }
        let arn = format!("arn:aws:ssm:{}:{}:document/{}", scope.region, scope.account, document.id);
        let found = if own {
            default_version(&call, &scope, document)
        } else {
            find(&call, &Wanted { name: &arn, ..Default::default() }).ok()
        };
        if let Some(found) = found {
            let mut line = identifier(&found)?;
            if !own {
                line.name = Some(arn);
            }
            shown.push((line, !own));
        }
    }
    shown.retain(|(line, shared)| filters.iter().all(|(key, values)| passes(line, *shared, key, values)));
    shown.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
    let purpose = format!("documents/{filters:?}");
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 50));
    let key = |(line, _): &(DocumentIdentifier, bool)| line.name.clone().unwrap_or_default();
    let page = call.page(&purpose, call.scope(), shown, token, limit, key)?;
    let identifiers = page.items.into_iter().map(|(line, _)| line).collect();
    Ok(ListDocumentsResult { document_identifiers: Some(identifiers), next_token: page.next })
}

/// ListDocumentVersions, newest first.
pub(crate) async fn list_versions(
    call: SsmCall,
    input: ListDocumentVersionsRequest,
) -> Reply<ListDocumentVersionsResult> {
    let found = find(&call, &Wanted { name: input.name(), ..Default::default() })?;
    let mut lines: Vec<(u32, DocumentVersionInfo)> = Vec::new();
    match &found {
        Found::Amazon(builtin) => lines.push((
            1,
            DocumentVersionInfo {
                name: Some(builtin.name.to_owned()),
                document_version: Some("1".to_owned()),
                created_date: Some(Timestamp::from_millis(builtin.created)),
                is_default_version: Some(true),
                document_format: Some("JSON".into()),
                status: Some("Active".into()),
                ..Default::default()
            },
        )),
        Found::Account { owner, document, .. } => {
            let scope = Scope::new(owner.clone(), call.scope().region.clone());
            let versions =
                call.platform.store.list_prefix::<DocumentVersion>(&scope, &version_prefix(document));
            lines.extend(versions.iter().map(|v| (v.version, version_line(document, v))));
        }
    }
    // Pages go up by key, the list goes down by number.
    let key = |(number, _): &(u32, DocumentVersionInfo)| format!("{:010}", u32::MAX - number);
    lines.sort_by_key(key);
    let purpose = format!("document-versions/{}", found.name());
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 50));
    let page = call.page(&purpose, call.scope(), lines, token, limit, key)?;
    let versions = page.items.into_iter().map(|(_, line)| line).collect();
    Ok(ListDocumentVersionsResult { document_versions: Some(versions), next_token: page.next })
}

/// `DocumentVersionInfo` of an answer.
fn version_line(document: &Document, version: &DocumentVersion) -> DocumentVersionInfo {
    DocumentVersionInfo {
        name: Some(document.id.clone()),
        display_name: version.display_name.clone(),
        document_version: Some(version.version.to_string()),
        version_name: version.version_name.clone(),
        created_date: Some(Timestamp::from_millis(version.created)),
        is_default_version: Some(version.version == document.default_version),
        document_format: Some(version.format.clone().into()),
        status: Some("Active".into()),
        ..Default::default()
    }
}
