//! Who a request is taken to come from, in both modes.

use aws_schema::{Operation, Protocol, ServiceSpec, Unit};
use aws_signature::Signer;
use gateway::Mode;

use crate::client::{Request, now};
use crate::echo::{self, ALL, Hang, Say, SayRequest, SayUnsigned};
use crate::world::{SECRET, World};

fn call(protocol: Protocol, service: &ServiceSpec) -> Request {
    let input = SayRequest { text: Some("hi".to_owned()), ..SayRequest::default() };
    Request::call(protocol, service, Say::SPEC, &input)
}

fn json() -> Request {
    call(Protocol::Json11, &echo::JSON)
}

#[tokio::test]
async fn in_open_mode_the_key_names_the_account() {
    let world = World::start(Mode::Open).await;
    for (key, arn) in [
        ("test", "arn:aws:iam::000000000000:root"),
        ("123456789012", "arn:aws:iam::123456789012:root"),
        ("12345678901", "arn:aws:iam::000000000000:root"),
        ("12345678901a", "arn:aws:iam::000000000000:root"),
        ("AKIAALICE", "arn:aws:iam::111122223333:user/alice"),
    ] {
        let signer = Signer::new(key, "not the secret", "us-west-2", "jsonecho");
        let response = json().signed(&signer).send(world.address).await;
        assert!(response.text().contains(&format!("\"{arn}\"")), "{key}: {}", response.text());
        assert!(response.text().contains("us-west-2"), "{key}");
    }
}

#[tokio::test]
async fn the_region_must_look_like_one() {
    let world = World::start(Mode::Open).await;
    for region in ["EU-WEST-1", "a region", "..", &"a".repeat(33)] {
        let signer = Signer::new("test", "test", region, "jsonecho");
        let response = json().signed(&signer).send(world.address).await;
        assert_eq!(response.status, 400, "{region}");
        assert!(response.text().contains("Credential should be scoped to a valid region"), "{region}");
    }
    let everywhere = Signer::new("test", "test", "aws-global", "jsonecho");
    let response = json().signed(&everywhere).send(world.address).await;
    assert!(response.text().contains("us-east-1"), "{}", response.text());
}

/// Also in open mode: a browser can be made to send unsigned requests.
#[tokio::test]
async fn unsigned_requests_are_refused_where_aws_refuses_them() {
    for mode in [Mode::Open, Mode::Enforced] {
        let world = World::start(mode).await;
        for (service, protocol) in ALL {
            let response = call(protocol, service).send(world.address).await;
            let (status, code) = match protocol {
                Protocol::Json10 | Protocol::Json11 | Protocol::Cbor => {
                    (400, "MissingAuthenticationTokenException")
                }
                // Without signature and action nothing says which REST service is meant.
                Protocol::RestJson => (403, "MissingAuthenticationTokenException"),
                Protocol::RestXml | Protocol::Query | Protocol::Ec2 => (403, "MissingAuthenticationToken"),
            };
            // The two query services share a version here; the first one answers.
            assert_eq!(response.status, status, "{protocol:?}: {}", response.text());
            assert!(response.says(code), "{protocol:?}: {}", response.text());
        }
        let input = SayRequest { text: Some("hi".to_owned()), ..SayRequest::default() };
        let public = Request::call(Protocol::Query, &echo::QUERY, SayUnsigned::SPEC, &input);
        let response = public.send(world.address).await;
        assert_eq!(response.status, 200, "{}", response.text());
        assert!(response.text().contains("us-east-1"));
        // The same operation, signed, is its signer's.
        let response = public.signed_by("AKIAALICE", &echo::QUERY).send(world.address).await;
        assert!(response.text().contains("user/alice"), "{}", response.text());
    }
}

#[tokio::test]
async fn enforced_mode_wants_the_secret() {
    let world = World::start(Mode::Enforced).await;
    for (service, protocol) in ALL {
        let expected = |json, query, ec2| match protocol {
            Protocol::Ec2 => ec2,
            Protocol::Query | Protocol::RestXml => query,
            _ => json,
        };
        let wrong_secret = Signer::new("AKIAALICE", "wrong", "eu-central-1", service.signing_name);
        let unknown = Signer::new("AKIANOBODY", SECRET, "eu-central-1", service.signing_name);
        let inactive = Signer::new("AKIAINACTIVE", SECRET, "eu-central-1", service.signing_name);
        let invalid = expected("UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure");
        for (signer, code) in [
            (&wrong_secret, expected("InvalidSignatureException", "SignatureDoesNotMatch", "AuthFailure")),
            (&unknown, invalid),
            (&inactive, invalid),
        ] {
            let response = call(protocol, service).signed(signer).send(world.address).await;
            assert!(matches!(response.status, 400 | 401 | 403), "{protocol:?} {}", response.status);
            assert!(response.says(code), "{protocol:?}: {}", response.text());
        }
        let right = call(protocol, service).signed_by("AKIAALICE", service).send(world.address).await;
        assert_eq!(right.status, 200, "{protocol:?}: {}", right.text());
    }
}

#[tokio::test]
async fn sessions_need_their_token_and_end() {
    let world = World::start(Mode::Enforced).await;
    let signer = |id: &str| Signer::new(id, SECRET, "eu-central-1", "jsonecho");
    for (signer, wanted) in [
        (signer("ASIASESSION").with_session_token("the-token"), "user/session"),
        (signer("ASIASESSION").with_session_token("another"), "UnrecognizedClientException"),
        (signer("ASIASESSION"), "UnrecognizedClientException"),
        (signer("AKIAALICE").with_session_token("the-token"), "UnrecognizedClientException"),
        (signer("ASIAEXPIRED").with_session_token("the-token"), "ExpiredTokenException"),
    ] {
        let response = json().signed(&signer).send(world.address).await;
        assert!(response.text().contains(wanted), "{wanted}: {}", response.text());
    }
    let late = json().signed_at(&signer("AKIAALICE"), now().plus(-1_000)).send(world.address).await;
    assert!(late.text().contains("Signature expired: "), "{}", late.text());
}

/// One flipped bit anywhere in what was signed, over the wire.
#[tokio::test]
async fn flipped_bits_are_refused() {
    let world = World::start(Mode::Enforced).await;
    let request = json().signed_by("AKIAALICE", &echo::JSON);
    assert_eq!(request.send(world.address).await.status, 200);
    let mut refused = 0;
    for bit in [0, 1, 2, 4, 6] {
        for index in 0..request.body.len() {
            let mut flipped = request.clone();
            flipped.body[index] ^= 1 << bit;
            assert_eq!(flipped.send(world.address).await.status, 400, "body byte {index} bit {bit}");
            refused += 1;
        }
        let (at, signature) = (request.headers.len() - 1, &request.headers.last().unwrap().1);
        for index in (signature.len() - 64..signature.len()).step_by(4) {
            let mut flipped = request.clone();
            let mut bytes = signature.clone().into_bytes();
            bytes[index] ^= 1 << bit;
            flipped.headers[at].1 = String::from_utf8(bytes).unwrap();
            let status = flipped.send(world.address).await.status;
            assert!((400..500).contains(&status), "signature byte {index} bit {bit}: {status}");
            refused += 1;
        }
    }
    assert!(refused > 100);
    assert_eq!(request.send(world.address).await.status, 200);
    let audited = world.audit.0.lock();
    let (known, turned_away): (Vec<_>, Vec<_>) =
        audited.iter().partition(|entry| matches!(entry.who, gateway::Who::Known(_)));
    assert_eq!(known.len(), 2, "none of the flipped requests reached the handler");
    // A flip in the scope may name a service that is not there; the others leave a trace.
    assert!(turned_away.len() > 100);
    assert!(turned_away.iter().all(|entry| entry.fault.is_some() && entry.status >= 400));
}

#[tokio::test]
async fn a_presigned_request_is_a_signature_too() {
    let world = World::start(Mode::Enforced).await;
    let mut request = Request::new("GET", "/");
    request.query = "Action=Say&Version=2026-01-01&Text=hi".to_owned();
    let headers = request.headers.as_slice();
    let parts = aws_signature::RequestParts {
        method: "GET",
        path: "/",
        query: &request.query,
        headers: &headers,
        payload: aws_signature::Payload::Bytes(b""),
    };
    let signer = Signer::new("AKIAALICE", SECRET, "eu-central-1", "queryecho");
    let query = signer.presign(&parts, now(), 60);
    let expired = signer.presign(&parts, now().plus(-120), 60);
    request.query = query.clone();
    assert_eq!(request.send(world.address).await.status, 200);
    request.query = query.replace("Text=hi", "Text=ho");
    assert!(request.send(world.address).await.text().contains("SignatureDoesNotMatch"));
    request.query = expired;
    assert!(request.send(world.address).await.text().contains("Signature expired"));
}

#[tokio::test]
async fn rights_are_asked_for_by_action() {
    let world = World::start(Mode::Enforced).await;
    let response = json().signed_by("AKIADENIED", &echo::JSON).send(world.address).await;
    assert_eq!(response.status, 403);
    assert!(response.text().contains("not authorized to perform: jsonecho:Say"), "{}", response.text());
    // Denied before anything runs: this handler would wait for ever.
    let hang = Request::call(Protocol::Json11, &echo::JSON, Hang::SPEC, &Unit);
    let response = hang.signed_by("AKIADENIED", &echo::JSON).send(world.address).await;
    assert_eq!(response.status, 403);
}

/// A chunked body is unwrapped in both modes; in enforced mode every chunk must be the signed one.
#[tokio::test]
async fn chunked_bodies_are_unwrapped() {
    use aws_signature::{ChunkEncoder, ChunkMode};

    let whole = call(Protocol::RestXml, &echo::S3);
    let signer = Signer::new("AKIAALICE", SECRET, "eu-central-1", "s3");
    for mode in [ChunkMode::Signed, ChunkMode::SignedTrailer, ChunkMode::UnsignedTrailer] {
        let at = now();
        let request = whole
            .clone()
            .header("X-Amz-Content-Sha256", mode.payload_hash())
            .header("X-Amz-Decoded-Content-Length", &whole.body.len().to_string())
            .signed_at(&signer, at);
        let seed = request.headers.last().unwrap().1.rsplit('=').next().unwrap().to_owned();
        let mut encoder = ChunkEncoder::new(mode, signer.key(at).into(), at, &signer.scope(at), &seed);
        let mut body = Vec::new();
        for chunk in whole.body.chunks(10) {
            encoder.chunk(chunk, &mut body);
        }
        encoder.finish(&[("x-amz-checksum-crc32", "AAAAAA==")], &mut body);
        let good = request.clone().body(body.clone());
        let mut altered = body.clone();
        let at = altered.windows(2).position(|pair| pair == b"hi").unwrap();
        altered[at] = b'H';
        let altered = request.clone().body(altered);
        let cut = request.body(&body[..body.len() - 40]);
        for gateway_mode in [Mode::Open, Mode::Enforced] {
            let world = World::start(gateway_mode).await;
            let response = good.send(world.address).await;
            assert!(response.says("<Text>hi</Text>"), "{mode:?} {gateway_mode:?}: {}", response.text());
            assert!(cut.send(world.address).await.says("IncompleteBody"), "{mode:?} {gateway_mode:?}");
            let proven = gateway_mode == Mode::Enforced && mode != ChunkMode::UnsignedTrailer;
            let status = altered.send(world.address).await.status;
            assert_eq!(status, if proven { 403 } else { 200 }, "{mode:?} {gateway_mode:?}");
        }
    }
}
