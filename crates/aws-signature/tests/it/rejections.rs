//! Requests that are signed wrongly, too late, too little, or not at all.

use aws_signature::{
    ChunkMode, KeyCache, Payload, PayloadCheck, RequestParts, Rules, SignatureError, Signer, Timestamp,
    parse, verify, verify_with,
};
use proptest::prelude::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn now() -> Timestamp {
    Timestamp::parse_basic("20261120T100000Z").unwrap()
}

type Headers = Vec<(&'static str, String)>;

/// A signed JSON request for `service` with `extra` headers.
fn signed(service: &str, extra: &[(&'static str, &str)]) -> Headers {
    let mut headers: Headers = vec![("host", "127.0.0.1:4566".to_owned())];
    headers.extend(extra.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let slice = headers.as_slice();
    let added = Signer::new("AKIDEXAMPLE", SECRET, "eu-central-1", service).sign(&parts(&slice, ""), now());
    headers.extend(added);
    headers
}

fn parts<'a>(headers: &'a &'a [(&'static str, String)], query: &'a str) -> RequestParts<'a> {
    RequestParts { method: "POST", path: "/", query, headers, payload: Payload::Bytes(b"{}") }
}

fn check_at(headers: &Headers, query: &str, now: Timestamp) -> Result<PayloadCheck, SignatureError> {
    let slice = headers.as_slice();
    let parts = parts(&slice, query);
    let presented = parse(&parts)?.ok_or(SignatureError::Missing)?;
    verify(&parts, &presented, SECRET, now, &KeyCache::default()).map(|verified| verified.payload)
}

fn check(headers: &Headers) -> Result<PayloadCheck, SignatureError> {
    check_at(headers, "", now())
}

/// Replaces part of the `authorization` header.
fn with_authorization(from: &str, to: &str) -> Headers {
    let mut headers = signed("ssm", &[]);
    let value = &mut headers.last_mut().unwrap().1;
    assert!(value.contains(from), "{value}");
    *value = value.replace(from, to);
    headers
}

#[test]
fn fifteen_minutes_either_way() {
    let headers = signed("ssm", &[]);
    for (seconds, fine) in [(0, true), (900, true), (-900, true), (901, false), (-901, false)] {
        assert_eq!(check_at(&headers, "", now().plus(seconds)).is_ok(), fine, "{seconds}");
    }
    let late = check_at(&headers, "", now().plus(901)).unwrap_err();
    assert_eq!(
        late.to_string(),
        "Signature expired: 20261120T100000Z is now earlier than 20261120T100001Z (20261120T101501Z - 15 min.)"
    );
    let early = check_at(&headers, "", now().plus(-901)).unwrap_err();
    assert_eq!(
        early.to_string(),
        "Signature not yet current: 20261120T100000Z is still later than 20261120T095959Z (20261120T094459Z + 15 \
         min.)"
    );
}

#[test]
fn incomplete_headers_say_what_is_missing() {
    let mut headers = with_authorization("SignedHeaders=", "Other=");
    headers.retain(|(name, _)| *name != "x-amz-date");
    let error = check(&headers).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Authorization header requires 'SignedHeaders' parameter. Authorization header requires existence of either \
         a 'X-Amz-Date' or a 'Date' header. Authorization=AWS4-HMAC-SHA256"
    );
    for (from, to) in [
        ("Signature=", "Signature"),
        ("Credential=AKIDEXAMPLE/", "Credential=AKIDEXAMPLE"),
        ("Signature=", "Credential=a/b/c/d/aws4_request, Signature="),
    ] {
        assert!(matches!(check(&with_authorization(from, to)), Err(SignatureError::Incomplete(_))), "{to}");
    }
    let mut headers = signed("ssm", &[]);
    headers.iter_mut().find(|(name, _)| *name == "x-amz-date").unwrap().1 = "yesterday".to_owned();
    assert!(check(&headers).unwrap_err().to_string().starts_with("Date must be in ISO-8601 'basic format'."));
}

#[test]
fn scopes_must_fit() {
    for (from, to) in [("/20261120/", "/20261119/"), ("aws4_request", "aws5_request")] {
        assert!(matches!(check(&with_authorization(from, to)), Err(SignatureError::WrongScope(_))), "{to}");
    }
    for (from, to) in [("/eu-central-1/", "/eu-central-2/"), ("/ssm/", "/kms/")] {
        assert!(matches!(check(&with_authorization(from, to)), Err(SignatureError::Mismatch(_))), "{to}");
    }
}

#[test]
fn other_mechanisms_are_named() {
    for header in ["AWS AKID:sig", "Bearer token", "AWS4-ECDSA-P256-SHA256 Credential=a", ""] {
        let headers = vec![("authorization", header.to_owned())];
        assert!(matches!(check(&headers), Err(SignatureError::UnsupportedAlgorithm(_))), "{header}");
    }
    assert!(matches!(check(&Headers::new()), Err(SignatureError::Missing)));
    let twice = check_at(&signed("ssm", &[]), "X-Amz-Algorithm=AWS4-HMAC-SHA256", now());
    assert!(matches!(twice, Err(SignatureError::TwoMechanisms)));
    let other = check_at(&Headers::new(), "X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256", now());
    assert!(matches!(other, Err(SignatureError::UnsupportedAlgorithm(_))));
}

#[test]
fn headers_that_matter_must_be_signed() {
    let mut headers = signed("ssm", &[]);
    headers.push(("X-Amz-Target", "AmazonSSM.DeleteParameter".to_owned()));
    assert!(matches!(check(&headers), Err(SignatureError::UnsignedHeader(name)) if name == "x-amz-target"));
    let mut harmless = signed("ssm", &[]);
    harmless.push(("x-amz-user-agent", "browser".to_owned()));
    harmless.push(("x-amzn-trace-id", "Root=1".to_owned()));
    check(&harmless).unwrap();
    let error = check(&with_authorization("host;", "")).unwrap_err();
    assert!(matches!(error, SignatureError::HostNotSigned), "{error}");
    assert_eq!(error.fault(aws_signature::Dialect::Json).code, "InvalidSignatureException");
}

#[test]
fn a_declared_payload_hash_is_checked() {
    let hash_of_other = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    for service in ["ssm", "s3"] {
        let headers = signed(service, &[("x-amz-content-sha256", hash_of_other)]);
        assert!(matches!(check(&headers), Err(SignatureError::PayloadMismatch)), "{service}");
    }
    for strange in ["", "unsigned-payload", "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD"] {
        let headers = signed("s3", &[("x-amz-content-sha256", strange)]);
        assert!(matches!(check(&headers), Err(SignatureError::BadPayloadHash)), "{strange}");
    }
}

#[test]
fn only_s3_leaves_bodies_unsigned() {
    let unsigned: &[(&str, &str)] = &[("x-amz-content-sha256", "UNSIGNED-PAYLOAD")];
    assert!(matches!(check(&signed("s3", unsigned)), Ok(PayloadCheck::Unsigned)));
    assert!(matches!(check(&signed("ssm", unsigned)), Err(SignatureError::BadPayloadHash)));
    // An operation with the trait for it can allow it.
    let headers = signed("lambda", unsigned);
    let slice = headers.as_slice();
    let parts = parts(&slice, "");
    let presented = parse(&parts).unwrap().unwrap();
    let rules = Rules { unsigned_payload: true, ..Rules::COMMON };
    let verified = verify_with(&parts, &presented, SECRET, now(), &KeyCache::default(), rules).unwrap();
    assert!(matches!(verified.payload, PayloadCheck::Unsigned));
    for mode in [ChunkMode::Signed, ChunkMode::SignedTrailer, ChunkMode::UnsignedTrailer] {
        let chunked = signed("s3", &[("x-amz-content-sha256", mode.payload_hash())]);
        assert!(matches!(check(&chunked), Ok(PayloadCheck::Chunked(_))), "{mode:?}");
    }
}

#[test]
fn presigned_lives_are_bounded() {
    let expires = |text: &str| {
        let query = format!(
            "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=a%2F20261120%2Fr%2Fs3%2Faws4_request\
             &X-Amz-Date=20261120T100000Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00{text}"
        );
        check_at(&Headers::new(), &query, now()).unwrap_err()
    };
    assert!(matches!(expires("&X-Amz-Expires=604800"), SignatureError::Mismatch(_)));
    for text in ["&X-Amz-Expires=604801", "&X-Amz-Expires=-1", "&X-Amz-Expires=soon", ""] {
        assert!(matches!(expires(text), SignatureError::BadExpires(_)), "{text}");
    }
    for text in ["&X-Amz-Expires=1&X-Amz-Expires=2", "&X-Amz-Security-Token=%ff"] {
        assert!(matches!(expires(text), SignatureError::Incomplete(_)), "{text}");
    }
    let missing =
        check_at(&Headers::new(), "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Date=x", now()).unwrap_err();
    assert_eq!(
        missing.to_string(),
        "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string parameters must include \
         'X-Amz-Signature'. AWS query-string parameters must include 'X-Amz-SignedHeaders'."
    );
}

proptest! {
    /// Whatever arrives, the answer is an error and not a panic.
    #[test]
    fn nonsense_is_refused(
        authorization in "(AWS4-HMAC-SHA256 )?(Credential|Signature|SignedHeaders|=|,|/|;|aws4_request|\\PC){0,12}",
        query in "(X-Amz-(Algorithm=AWS4-HMAC-SHA256|Date|Expires|Credential)|=|&|%|[0-9A-F]|\\PC){0,12}",
        path in "/(\\.|/|%|\\PC){0,12}",
        date in "[0-9TZ:, A-Za-z]{0,30}",
    ) {
        let headers = [("authorization", authorization.as_str()), ("x-amz-date", date.as_str()), ("host", "h")];
        let headers = headers.as_slice();
        for sent in [headers, &headers[1..]] {
            let parts =
                RequestParts { method: "GET", path: &path, query: &query, headers: &sent, payload: Payload::Unread };
            if let Ok(Some(presented)) = parse(&parts) {
                prop_assert!(verify(&parts, &presented, SECRET, now(), &KeyCache::default()).is_err());
            }
        }
    }
}
