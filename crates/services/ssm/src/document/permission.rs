//! ModifyDocumentPermission and DescribeDocumentPermission: sharing documents with other accounts of this cloud.

use super::find::own;
use crate::faults;
use crate::service::{SsmCall, page_size};
use api_ssm::{
    AccountSharingInfo, DescribeDocumentPermissionRequest, DescribeDocumentPermissionResponse,
    ModifyDocumentPermissionRequest, ModifyDocumentPermissionResponse,
};
use aws_schema::Fault;
use contracts::Reply;
use state_store::typed::Tx;

/// Accounts in one call.
const MOST_PER_CALL: usize = 20;
/// Accounts a document may be shared with.
const MOST: usize = 1000;

/// `all` or an account id.
fn account(id: &str) -> Result<String, Fault> {
    if id.eq_ignore_ascii_case("all") {
        return Ok("all".to_owned());
    }
    if id.len() == 12 && id.bytes().all(|b| b.is_ascii_digit()) {
        return Ok(id.to_owned());
    }
    Err(faults::validation(format!(
        "1 validation error detected: Value '{id}' at 'accountIds' failed to satisfy constraint: Member must satisfy \
         regular expression pattern: (?i)all|[0-9]{{12}}"
    )))
}

/// ModifyDocumentPermission.
///
/// Errors: `InvalidDocument`, `InvalidPermissionType`, `DocumentPermissionLimit`, `ValidationException`.
pub(crate) async fn modify_permission(
    call: SsmCall,
    input: ModifyDocumentPermissionRequest,
) -> Reply<ModifyDocumentPermissionResponse> {
    if input.permission_type.as_ref().map(|t| t.as_str()) != Some("Share") {
        return Err(faults::invalid_permission_type());
    }
    let list = |ids: &Option<Vec<String>>| {
        ids.as_deref().unwrap_or_default().iter().map(|id| account(id)).collect::<Result<Vec<_>, _>>()
    };
    let (add, remove) = (list(&input.account_ids_to_add)?, list(&input.account_ids_to_remove)?);
    if add.len() > MOST_PER_CALL || remove.len() > MOST_PER_CALL {
        return Err(faults::document_permission_limit(MOST_PER_CALL));
    }
    if let Some(both) = add.iter().find(|id| remove.contains(id)) {
        return Err(faults::validation(format!("The account {both} is both added and removed.")));
    }
    let shared = input.shared_document_version.clone().unwrap_or_else(|| "$DEFAULT".to_owned());
    let is_number = shared.parse::<u32>().is_ok_and(|n| n > 0);
    if !is_number && !matches!(shared.as_str(), "$DEFAULT" | "$LATEST" | "$ALL") {
        return Err(faults::validation(format!("The shared document version {shared} isn't valid.")));
    }
    let run = |tx: &mut Tx<'_>| {
        let mut document = (*own(&call, tx, input.name())?).clone();
        document.shared_with.extend(add.iter().map(|id| (id.clone(), shared.clone())));
        document.shared_with.retain(|id, _| !remove.contains(id));
        if document.shared_with.len() > MOST {
            return Err(faults::document_permission_limit(MOST));
        }
        tx.put(call.scope(), document);
        Ok(())
    };
    call.platform.transact(run).await?;
    Ok(ModifyDocumentPermissionResponse {})
}

/// DescribeDocumentPermission.
pub(crate) async fn describe_permission(
    call: SsmCall,
    input: DescribeDocumentPermissionRequest,
) -> Reply<DescribeDocumentPermissionResponse> {
    if input.permission_type.as_ref().map(|t| t.as_str()) != Some("Share") {
        return Err(faults::invalid_permission_type());
    }
    let document = call.platform.transact(|tx| own(&call, tx, input.name())).await?.value;
    let shares: Vec<_> = document.shared_with.clone().into_iter().collect();
    let purpose = format!("document-permission/{}", document.id);
    let (token, limit) = (input.next_token.as_deref(), page_size(input.max_results, 200));
    let page = call.page(&purpose, call.scope(), shares, token, limit, |(id, _)| id.clone())?;
    let infos = page.items.iter().map(|(id, version)| AccountSharingInfo {
        account_id: Some(id.clone()),
        shared_document_version: Some(version.clone()),
    });
    Ok(DescribeDocumentPermissionResponse {
        account_sharing_info_list: Some(infos.collect()),
        account_ids: Some(page.items.iter().map(|(id, _)| id.clone()).collect()),
        next_token: page.next,
    })
}
