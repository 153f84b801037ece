//! The worked examples of the S3 API reference ("Authenticating Requests").

use aws_signature::{
    ChunkMode, Form, KeyCache, Payload, PayloadCheck, PostPolicy, RequestParts, SignatureError, Timestamp,
    parse, sign_post_policy, verify,
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

fn now() -> Timestamp {
    Timestamp::parse_basic("20130524T000000Z").unwrap()
}

fn authorization(signed_headers: &str, signature: &str) -> String {
    format!(
        "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,\
         SignedHeaders={signed_headers},Signature={signature}"
    )
}

fn check(method: &str, path: &str, query: &str, headers: &[(&str, &str)], body: &[u8]) -> PayloadCheck {
    let parts = RequestParts { method, path, query, headers: &headers, payload: Payload::Bytes(body) };
    let presented = parse(&parts).unwrap().unwrap();
    verify(&parts, &presented, SECRET, now(), &KeyCache::default()).unwrap().payload
}

#[test]
fn get_object_with_a_range() {
    let authorization = authorization(
        "host;range;x-amz-content-sha256;x-amz-date",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    );
    let headers = [
        ("Host", "examplebucket.s3.amazonaws.com"),
        ("Authorization", &authorization),
        ("Range", "bytes=0-9"),
        ("x-amz-content-sha256", EMPTY),
        ("x-amz-date", "20130524T000000Z"),
    ];
    assert!(matches!(check("GET", "/test.txt", "", &headers, b""), PayloadCheck::Done));
}

/// The document sends a bare `$` and signs `%24`.
#[test]
fn put_object_whose_key_needs_encoding() {
    let authorization = authorization(
        "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    );
    let headers = [
        ("Host", "examplebucket.s3.amazonaws.com"),
        ("Date", "Fri, 24 May 2013 00:00:00 GMT"),
        ("Authorization", &authorization),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("x-amz-content-sha256", "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072"),
    ];
    for path in ["/test$file.text", "/test%24file.text"] {
        assert!(
            matches!(check("PUT", path, "", &headers, b"Welcome to Amazon S3."), PayloadCheck::Done),
            "{path}"
        );
    }
}

#[test]
fn get_bucket_lifecycle_and_list_objects() {
    for (query, signature) in [
        ("lifecycle", "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        ("max-keys=2&prefix=J", "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ] {
        let authorization = authorization("host;x-amz-content-sha256;x-amz-date", signature);
        let headers = [
            ("Host", "examplebucket.s3.amazonaws.com"),
            ("Authorization", &authorization),
            ("x-amz-date", "20130524T000000Z"),
            ("x-amz-content-sha256", EMPTY),
        ];
        assert!(matches!(check("GET", "/", query, &headers, b""), PayloadCheck::Done), "{query}");
    }
}

const PRESIGNED: &str = "X-Amz-Algorithm=AWS4-HMAC-SHA256\
    &X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request\
    &X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host\
    &X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404";

#[test]
fn a_presigned_get_lives_as_long_as_it_says() {
    let headers: &[(&str, &str)] = &[("host", "examplebucket.s3.amazonaws.com")];
    let parts = RequestParts {
        method: "GET",
        path: "/test.txt",
        query: PRESIGNED,
        headers: &headers,
        payload: Payload::Unread,
    };
    let presented = parse(&parts).unwrap().unwrap();
    assert_eq!(presented.form, Form::Presigned { expires: Some(86_400) });
    let at = |seconds| verify(&parts, &presented, SECRET, now().plus(seconds), &KeyCache::default());
    assert!(matches!(at(0).unwrap().payload, PayloadCheck::Unsigned));
    assert!(at(86_400).is_ok() && at(-900).is_ok());
    assert!(matches!(at(86_401), Err(SignatureError::PresignExpired { .. })));
    assert!(matches!(at(-901), Err(SignatureError::NotYetCurrent { .. })));
}

/// The seed request of the chunked example, then its body through the decoder.
#[test]
fn a_chunked_upload() {
    let authorization = authorization(
        "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;\
         x-amz-storage-class",
        "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    );
    let headers = [
        ("Host", "s3.amazonaws.com"),
        ("x-amz-date", "20130524T000000Z"),
        ("x-amz-storage-class", "REDUCED_REDUNDANCY"),
        ("Authorization", &authorization),
        ("x-amz-content-sha256", ChunkMode::Signed.payload_hash()),
        ("Content-Encoding", "aws-chunked"),
        ("x-amz-decoded-content-length", "66560"),
        ("Content-Length", "66824"),
    ];
    let PayloadCheck::Chunked(mut decoder) =
        check("PUT", "/examplebucket/chunkObject.txt", "", &headers, b"")
    else {
        panic!("not seen as chunked");
    };
    let mut content = Vec::new();
    for (size, signature) in [
        (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
        (1_024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
        (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
    ] {
        decoder.feed(format!("{size:x};chunk-signature={signature}\r\n").as_bytes(), &mut content).unwrap();
        decoder.feed(&vec![b'a'; size], &mut content).unwrap();
        decoder.feed(b"\r\n", &mut content).unwrap();
    }
    assert_eq!(decoder.finish().unwrap(), []);
    assert_eq!(content.len(), 66_560);
}

/// The policy signature is HMAC over the base64 text itself; every field it needs is asked for.
#[test]
fn a_post_policy() {
    let policy = "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoifQ==";
    let signature = sign_post_policy(policy, SECRET, "20151229", "us-east-1");
    let mut fields = vec![
        ("policy", policy),
        ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
        ("x-amz-credential", "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request"),
        ("x-amz-date", "20151229T000000Z"),
        ("x-amz-signature", &signature),
    ];
    let read = |fields: &[(&str, &'static str)]| {
        let owned = fields.to_vec();
        PostPolicy::parse(&|name| owned.iter().find(|(known, _)| *known == name).map(|(_, value)| *value))
            .map(|_| ())
    };
    let find = |name: &str| fields.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
    let parsed = PostPolicy::parse(&find).unwrap().unwrap();
    let cache = KeyCache::default();
    parsed.verify(SECRET, &cache).unwrap();
    assert!(matches!(parsed.verify("other", &cache), Err(SignatureError::Mismatch(_))));
    let mut moved = parsed.clone();
    moved.timestamp = now();
    assert!(matches!(moved.verify(SECRET, &cache), Err(SignatureError::WrongScope(_))));
    assert_eq!(PostPolicy::parse(&|_| None).unwrap(), None);
    fields.pop();
    assert!(matches!(
        read(&[
            ("policy", "e30="),
            ("x-amz-algorithm", "AWS4-HMAC-SHA256"),
            ("x-amz-date", "20151229T000000Z")
        ]),
        Err(SignatureError::Incomplete(_))
    ));
    assert!(matches!(
        read(&[("policy", "e30="), ("x-amz-algorithm", "none")]),
        Err(SignatureError::UnsupportedAlgorithm(_))
    ));
}
