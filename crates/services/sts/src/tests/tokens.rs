//! Sessions of users and root; tokens from elsewhere; keys and refusals explained.

use super::*;
use crate::{federated, identity, own_session};
use api_sts::*;
use contracts::{AUTHORIZATION_MESSAGE, access_key_id};

#[tokio::test]
async fn sessions_of_root_are_shorter() {
    let world = World::new();
    let anna = world.user("anna").await;
    let ask = |seconds| GetSessionTokenRequest { duration_seconds: seconds, ..Default::default() };
    for (call, seconds, wanted) in [
        (world.call(), None, 3600),
        (world.call(), Some(900), 900),
        (world.call(), Some(100_000), 3600),
        (world.call_by(anna.clone(), "AKIATEST"), None, 43_200),
        (world.call_by(anna.clone(), "AKIATEST"), Some(129_600), 129_600),
    ] {
        let answer = own_session::get_session_token(call, ask(seconds)).await.unwrap();
        let keys = answer.credentials.unwrap();
        assert_eq!(keys.expiration.unwrap().seconds, NOW / 1000 + wanted);
        let session = world.session(&keys.access_key_id.unwrap());
        assert_eq!(session.expires, NOW + wanted * 1000);
    }
}

#[tokio::test]
async fn a_session_makes_no_sessions() {
    let world = World::new();
    let answer = own_session::get_session_token(world.call(), Default::default()).await.unwrap();
    let key = answer.credentials.unwrap().access_key_id.unwrap();
    let inside = || world.call_by(Principal::root(ACCOUNT), &key);
    assert_eq!(code(&own_session::get_session_token(inside(), Default::default()).await), "AccessDenied");
    let input = GetFederationTokenRequest { name: text("bob"), ..Default::default() };
    assert_eq!(code(&own_session::get_federation_token(inside(), input).await), "AccessDenied");
}

#[tokio::test]
async fn a_user_who_is_gone_gets_no_session() {
    let world = World::new();
    let mut anna = world.user("anna").await;
    anna.kind = PrincipalKind::User { name: "anna".to_owned(), id: "AIDAformer".to_owned() };
    let result = own_session::get_session_token(world.call_by(anna, "AKIATEST"), Default::default()).await;
    assert_eq!(code(&result), "InvalidClientTokenId");
}

#[tokio::test]
async fn policies_and_tags_have_little_room() {
    let world = World::new();
    let tags = (0..50).map(|n| Tag { key: Some(format!("key{n}")), value: Some("v".repeat(100)) });
    let input =
        GetFederationTokenRequest { name: text("bob"), tags: Some(tags.collect()), ..Default::default() };
    assert_eq!(code(&own_session::get_federation_token(world.call(), input).await), "PackedPolicyTooLarge");
}

#[tokio::test]
async fn tokens_of_unknown_providers() {
    let world = World::new();
    let ask = |token: &str, provider: Option<&str>| AssumeRoleWithWebIdentityRequest {
        web_identity_token: text(token),
        provider_id: provider.map(str::to_owned),
        ..Default::default()
    };
    let jwt = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lkLmV4YW1wbGUifQ.c2ln";
    for (input, words) in [
        (ask(jwt, None), "https://id.example"),
        (ask("a.b", None), "not a valid JWT"),
        (ask("e30.e30.c2ln", None), "not a valid JWT"),
        (ask("", None), "not a valid JWT"),
        (ask("x", Some("none.example")), "doesn't exist"),
    ] {
        let refused = federated::assume_role_with_web_identity(world.call(), input).await.unwrap_err();
        assert_eq!(refused.code, "InvalidIdentityToken");
        assert!(refused.message.contains(words), "{}", refused.message);
    }
}

#[tokio::test]
async fn keys_and_refusals_explained() {
    let world = World::new();
    let info = |id: String| GetAccessKeyInfoRequest { access_key_id: Some(id) };
    let key = access_key_id("AKIA", "210987654321");
    let answer = identity::get_access_key_info(world.call(), info(key)).await.unwrap();
    assert_eq!(answer.account.as_deref(), Some("210987654321"));
    let bad = identity::get_access_key_info(world.call(), info("AKIA0000000000000000".to_owned())).await;
    assert_eq!(code(&bad), "ValidationError");

    use base64::Engine as _;
    let sealed_for = |account: &str| {
        let context = format!("{AUTHORIZATION_MESSAGE}/{account}");
        let sealed = world.platform.sealer.seal(&context, b"{}").unwrap();
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(sealed)
    };
    for (message, wanted) in [
        (sealed_for(ACCOUNT), "ok"),
        (sealed_for("210987654321"), "InvalidAuthorizationMessageException"),
        ("abc".to_owned(), "InvalidAuthorizationMessageException"),
        ("!".to_owned(), "InvalidAuthorizationMessageException"),
    ] {
        let input = DecodeAuthorizationMessageRequest { encoded_message: Some(message) };
        assert_eq!(code(&identity::decode_authorization_message(world.call(), input).await), wanted);
    }
}
