//! Who am I.

use crate::Sts;
use api_sts::{GetCallerIdentityRequest, GetCallerIdentityResponse};
use contracts::{Call, Reply};

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
