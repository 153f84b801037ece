//! What verifying one signed JSON request costs: `cargo run --release --example verify_cost -p aws-signature`.
//!
//! The request is what botocore sends for a read: a 300-byte body, seven headers, a warm key cache.
#![allow(clippy::disallowed_methods, reason = "measures with the clock of the host")]

use std::time::Instant;

use aws_signature::{KeyCache, Payload, RequestParts, Signer, Timestamp, parse, verify};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const ROUNDS: u32 = 200_000;

fn main() {
    let now = Timestamp::from_unix(1_795_168_800);
    let body = [b'x'; 300];
    let mut headers = vec![
        ("host", "127.0.0.1:4566".to_owned()),
        ("user-agent", "aws-cli/2.31.0 md/awscrt#0.27.6 ua/2.1 os/linux#6.1 lang/python#3.11.7".to_owned()),
        ("x-amz-target", "AmazonSSM.GetParametersByPath".to_owned()),
        ("content-type", "application/x-amz-json-1.1".to_owned()),
        ("accept-encoding", "identity".to_owned()),
        ("content-length", "300".to_owned()),
    ];
    let sent = headers.clone();
    let sent = sent.as_slice();
    let parts =
        RequestParts { method: "POST", path: "/", query: "", headers: &sent, payload: Payload::Bytes(&body) };
    headers.extend(Signer::new("AKIAIOSFODNN7EXAMPLE", SECRET, "eu-central-1", "ssm").sign(&parts, now));
    let headers = headers.as_slice();
    let parts = RequestParts { headers: &headers, ..parts };
    let cache = KeyCache::default();
    let start = Instant::now();
    let mut verified = 0_u32;
    for _ in 0..ROUNDS {
        if let Ok(Some(presented)) = parse(&parts) {
            verified += u32::from(verify(&parts, &presented, SECRET, now, &cache).is_ok());
        }
    }
    let each = start.elapsed() / ROUNDS;
    println!("{verified} of {ROUNDS} verified, {:.2} µs each", each.as_secs_f64() * 1e6);
}
