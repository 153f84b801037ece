//! Differential test: botocore signs random requests; all must verify, and none after one bit of
//! what was signed has flipped.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use aws_signature::{KeyCache, Payload, RequestParts, SignatureError, Timestamp, parse, verify};
use serde_json::Value;

const REQUESTS: usize = 10_000;
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/sign_requests.py");

#[derive(Clone)]
struct Request {
    kind: String,
    key_id: String,
    secret: String,
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    timestamp: Timestamp,
}

impl Request {
    fn read(line: &Value) -> Self {
        let text = |name: &str| line[name].as_str().unwrap().to_owned();
        Self {
            kind: text("kind"),
            key_id: text("key_id"),
            secret: text("secret"),
            method: text("method"),
            path: text("path"),
            query: text("query"),
            headers: serde_json::from_value(line["headers"].clone()).unwrap(),
            body: serde_json::from_value(line["body"].clone()).unwrap(),
            timestamp: Timestamp::parse_basic(&text("timestamp")).unwrap(),
        }
    }

    fn parts<'a>(&'a self, headers: &'a &'a [(String, String)]) -> RequestParts<'a> {
        RequestParts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers,
            payload: Payload::Bytes(&self.body),
        }
    }

    /// The whole check as the gateway does it: a request without a signature is refused, and so is
    /// one of an unknown key id, which alone of the claim is proven by lookup and not by signature.
    fn check(&self, cache: &KeyCache) -> Result<(), SignatureError> {
        let headers = self.headers.as_slice();
        let parts = self.parts(&headers);
        let presented = parse(&parts)?
            .filter(|presented| presented.scope.access_key_id() == self.key_id)
            .ok_or(SignatureError::Missing)?;
        verify(&parts, &presented, &self.secret, self.timestamp, cache).map(|_| ())
    }

    /// What the claim says must be what botocore signed with.
    fn check_claim(&self, line: &Value) {
        let headers = self.headers.as_slice();
        let presented = parse(&self.parts(&headers)).unwrap().unwrap();
        assert_eq!(presented.scope.access_key_id(), line["key_id"]);
        assert_eq!(presented.scope.region(), line["region"]);
        assert_eq!(presented.scope.service(), line["service"]);
        assert_eq!(presented.session_token.as_deref(), line["token"].as_str());
        assert_eq!(presented.timestamp, self.timestamp);
    }
}

/// A small generator (xorshift) of reproducible choices.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }

    /// Flips one of the low seven bits of one byte of an ASCII text (the eighth would leave UTF-8).
    fn flip_text(&mut self, text: &mut String, from: usize, to: usize) {
        let mut bytes = std::mem::take(text).into_bytes();
        bytes[from + self.below(to - from)] ^= 1 << self.below(7);
        *text = String::from_utf8(bytes).unwrap();
    }
}

/// Every way to flip one bit of something signed: a name for the message, and the flip.
fn flips(request: &Request, dice: &mut Dice) -> Vec<(&'static str, Request)> {
    let mut flipped = Vec::new();
    let mut add = |name, change: &mut dyn FnMut(&mut Request)| {
        let mut copy = request.clone();
        change(&mut copy);
        flipped.push((name, copy));
    };
    add("method", &mut |copy| dice.flip_text(&mut copy.method, 0, request.method.len()));
    add("path", &mut |copy| dice.flip_text(&mut copy.path, 0, request.path.len()));
    if !request.query.is_empty() {
        add("query", &mut |copy| dice.flip_text(&mut copy.query, 0, request.query.len()));
    }
    let signs_body = request.kind != "presigned-s3";
    if signs_body && !request.body.is_empty() {
        add("body", &mut |copy| copy.body[dice.below(request.body.len())] ^= 1 << dice.below(8));
    }
    let names = signed_headers(request);
    for (index, (name, value)) in request.headers.iter().enumerate() {
        if names.contains(&name.to_ascii_lowercase()) && !value.is_empty() {
            add("header", &mut |copy| dice.flip_text(&mut copy.headers[index].1, 0, value.len()));
        }
        if name == "Authorization" {
            let start = value.find("Signature=").unwrap() + 10;
            add("claim", &mut |copy| dice.flip_text(&mut copy.headers[index].1, 0, start));
            add("signature", &mut |copy| dice.flip_text(&mut copy.headers[index].1, start, value.len()));
        }
    }
    if let Some(start) = request.query.find("X-Amz-Signature=") {
        add("signature", &mut |copy| dice.flip_text(&mut copy.query, start + 16, request.query.len()));
    }
    flipped
}

fn signed_headers(request: &Request) -> Vec<String> {
    let headers = request.headers.as_slice();
    let presented = parse(&request.parts(&headers)).unwrap().unwrap();
    presented.signed_headers.split(';').map(str::to_owned).collect()
}

#[test]
fn all_verify_and_no_flipped_bit_does() {
    let python = test_support::botocore_python().unwrap();
    let seed: u64 = 20_261_120;
    let mut child = Command::new(python)
        .args([SCRIPT, &REQUESTS.to_string(), &seed.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let cache = KeyCache::default();
    let mut dice = Dice(seed);
    let (mut verified, mut refused) = (0, 0);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let request = Request::read(&line);
        if let Err(error) = request.check(&cache) {
            panic!("{}: {line} {:#?}", error, error.fault(aws_signature::Dialect::Query));
        }
        request.check_claim(&line);
        verified += 1;
        for (what, flipped) in flips(&request, &mut dice) {
            assert!(flipped.check(&cache).is_err(), "flipped {what} accepted: {line}\n{}", flipped.path);
            refused += 1;
        }
    }
    assert!(child.wait().unwrap().success());
    assert_eq!(verified, REQUESTS);
    assert!(refused > 4 * REQUESTS, "only {refused} flips tried");
    println!("{verified} requests verified, {refused} flipped bits refused");
}
