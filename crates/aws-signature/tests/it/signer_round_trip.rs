//! What our signer signs, our verifier accepts: headers, presigned, chunked, with and without token.

use std::sync::Arc;

use aws_signature::{
    ChunkEncoder, ChunkMode, HeaderSource, KeyCache, Payload, PayloadCheck, RequestParts, Signer, Timestamp,
    parse, verify,
};
use proptest::prelude::*;

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

fn now() -> Timestamp {
    Timestamp::parse_basic("20261120T100000Z").unwrap()
}

fn signer(service: &str, token: Option<&str>) -> Signer {
    let signer = Signer::new("AKIDEXAMPLE", SECRET, "eu-central-1", service);
    match token {
        Some(token) => signer.with_session_token(token),
        None => signer,
    }
}

fn accepted(parts: &RequestParts<'_>, token: Option<&str>) -> PayloadCheck {
    let presented = parse(parts).unwrap().unwrap();
    assert_eq!(presented.session_token.as_deref(), token);
    verify(parts, &presented, SECRET, now().plus(10), &KeyCache::default()).unwrap().payload
}

proptest! {
    #[test]
    fn headers_and_queries(
        service in "s3|ec2|lambda",
        token in proptest::option::of("[A-Za-z0-9+/=]{20,60}"),
        path in "/([a-z./%$ ]|%2F|ä){0,20}",
        query in "([a-z+&=/ ]|%2B|ä){0,20}",
        value in "[ -~]{0,20}",
        body in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let token = token.as_deref();
        let sent = vec![("Host", "localhost:4566".to_owned()), ("X-Amz-Meta", value)];
        let headers = sent.as_slice();
        let parts = RequestParts { method: "PUT", path: &path, query: &query, headers: &headers, payload: Payload::Bytes(&body) };
        let mut signed = sent.clone();
        signed.extend(signer(&service, token).sign(&parts, now()));
        let signed = signed.as_slice();
        let payload = accepted(&RequestParts { headers: &signed, ..parts }, token);
        prop_assert!(matches!(payload, PayloadCheck::Done));
        let presigned = signer(&service, token).presign(&parts, now(), 60);
        let payload = accepted(&RequestParts { query: &presigned, ..parts }, token);
        prop_assert_eq!(matches!(payload, PayloadCheck::Unsigned), service == "s3");
    }

    #[test]
    fn chunked_bodies(
        chunks in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..100), 0..5),
        form in 0_usize..3,
        cut in 1_usize..50,
    ) {
        let mode = [ChunkMode::Signed, ChunkMode::SignedTrailer, ChunkMode::UnsignedTrailer][form];
        let content = chunks.concat();
        let mut headers = vec![
            ("host", "localhost".to_owned()),
            ("x-amz-content-sha256", mode.payload_hash().to_owned()),
            ("x-amz-decoded-content-length", content.len().to_string()),
        ];
        let sent = headers.clone();
        let sent = sent.as_slice();
        let parts = RequestParts { method: "PUT", path: "/b/k", query: "", headers: &sent, payload: Payload::Unread };
        let signer = signer("s3", None);
        headers.extend(signer.sign(&parts, now()));
        let seed = headers.last().unwrap().1.rsplit('=').next().unwrap().to_owned();

        let mut encoder = ChunkEncoder::new(mode, Arc::new(signer.key(now())), now(), &signer.scope(now()), &seed);
        let mut body = Vec::new();
        for chunk in &chunks {
            encoder.chunk(chunk, &mut body);
        }
        encoder.finish(&[("x-amz-checksum-crc32", "AAAAAA==")], &mut body);

        let headers = headers.as_slice();
        let PayloadCheck::Chunked(mut decoder) = accepted(&RequestParts { headers: &headers, ..parts }, None) else {
            panic!("not seen as chunked");
        };
        let mut decoded = Vec::new();
        for piece in body.chunks(cut) {
            decoder.feed(piece, &mut decoded).unwrap();
        }
        prop_assert_eq!(decoder.finish().unwrap().len(), usize::from(mode != ChunkMode::Signed));
        prop_assert_eq!(decoded, content);
    }
}

/// A body that is still to come is checked against the hash that was signed for it.
#[test]
fn an_unread_body_is_promised() {
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let mut headers = vec![("host", "localhost".to_owned()), ("x-amz-content-sha256", hash.to_owned())];
    let sent = headers.clone();
    let sent = sent.as_slice();
    let parts =
        RequestParts { method: "PUT", path: "/b/k", query: "", headers: &sent, payload: Payload::Unread };
    headers.extend(signer("s3", None).sign(&parts, now()));
    let headers = headers.as_slice();
    assert_eq!((&headers).first("x-amz-content-sha256"), Some(hash.as_bytes()));
    let PayloadCheck::Sha256(promised) = accepted(&RequestParts { headers: &headers, ..parts }, None) else {
        panic!("nothing promised");
    };
    assert_eq!(promised[..4], [0x44, 0x13, 0x6f, 0xa3]);
}
