//! Who am I, whose key is this, and what does this refusal mean.

use crate::{Sts, faults};
use api_sts::*;
use aws_schema::Fault;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use contracts::{AUTHORIZATION_MESSAGE, Call, Reply, account_of_key};

/// GetCallerIdentity: needs no permission.
pub(crate) async fn get_caller_identity(
    call: Call<Sts>,
    _input: GetCallerIdentityRequest,
) -> Reply<GetCallerIdentityResponse> {
    Ok(GetCallerIdentityResponse {
        user_id: Some(call.caller.principal.user_id.clone()),
        account: Some(call.caller.account().to_owned()),
        arn: Some(call.caller.principal.arn.clone()),
    })
}

/// GetAccessKeyInfo: the account is written in the key id, so a deleted key tells it too.
pub(crate) async fn get_access_key_info(
    _call: Call<Sts>,
    input: GetAccessKeyInfoRequest,
) -> Reply<GetAccessKeyInfoResponse> {
    let account = account_of_key(input.access_key_id());
    let account = account.ok_or_else(|| faults::validation("The access key ID is not valid."))?;
    Ok(GetAccessKeyInfoResponse { account: Some(account) })
}

/// DecodeAuthorizationMessage: opens what the authoriser sealed into a refusal, for the same account only.
pub(crate) async fn decode_authorization_message(
    call: Call<Sts>,
    input: DecodeAuthorizationMessageRequest,
) -> Reply<DecodeAuthorizationMessageResponse> {
    let invalid = || Fault::sender("InvalidAuthorizationMessageException", "Message is not valid.");
    let sealed = URL_SAFE_NO_PAD.decode(input.encoded_message()).map_err(|_| invalid())?;
    let context = format!("{AUTHORIZATION_MESSAGE}/{}", call.caller.account());
    let opened = call.platform.sealer.open(&context, &sealed).map_err(|_| invalid())?;
    let decoded = String::from_utf8(opened).map_err(|_| invalid())?;
    Ok(DecodeAuthorizationMessageResponse { decoded_message: Some(decoded) })
}
