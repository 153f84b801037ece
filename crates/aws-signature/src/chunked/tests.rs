use std::sync::Arc;

use super::*;
use crate::{SigningKey, Timestamp};

const SCOPE: &str = "20130524/us-east-1/s3/aws4_request";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
/// Seed signatures of the two worked examples in the S3 document.
const SEED: &str = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
const TRAILER_SEED: &str = "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e";

fn key() -> Arc<SigningKey> {
    Arc::new(SigningKey::derive(SECRET, "20130524", "us-east-1", "s3"))
}

fn signed_at() -> Timestamp {
    Timestamp::parse_basic("20130524T000000Z").unwrap()
}

fn decoder(mode: ChunkMode, seed: &str, announced: u64) -> ChunkDecoder {
    ChunkDecoder::new(mode, key(), signed_at(), SCOPE, seed, Some(announced))
}

fn decode(
    mode: ChunkMode,
    seed: &str,
    announced: u64,
    body: &[u8],
    piece: usize,
) -> Result<(Vec<u8>, Trailers), ChunkError> {
    let mut decoder = decoder(mode, seed, announced);
    let mut content = Vec::new();
    for part in body.chunks(piece) {
        decoder.feed(part, &mut content)?;
    }
    decoder.finish().map(|trailers| (content, trailers))
}

/// The example body: 65 KiB of `a` in chunks of 64 KiB and 1 KiB.
fn document_example(signatures: [&str; 3], end: &str) -> Vec<u8> {
    let mut body = format!("10000;chunk-signature={}\r\n", signatures[0]).into_bytes();
    body.extend_from_slice(&vec![b'a'; 65_536]);
    body.extend_from_slice(format!("\r\n400;chunk-signature={}\r\n", signatures[1]).as_bytes());
    body.extend_from_slice(&[b'a'; 1_024]);
    body.extend_from_slice(format!("\r\n0;chunk-signature={}\r\n{end}", signatures[2]).as_bytes());
    body
}

fn signed_example() -> Vec<u8> {
    document_example(
        [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ],
        "\r\n",
    )
}

fn trailer_example() -> Vec<u8> {
    document_example(
        [
            "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
            "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
            "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
        ],
        "x-amz-checksum-crc32c:sOO8/Q==\r\n\
         x-amz-trailer-signature:d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435\r\n\r\n",
    )
}

#[test]
fn the_documents_example_verifies_however_it_is_cut() {
    for piece in [1, 2, 7, 1_000, 65_536, usize::MAX] {
        let (content, trailers) = decode(ChunkMode::Signed, SEED, 66_560, &signed_example(), piece).unwrap();
        assert_eq!(content.len(), 66_560);
        assert!(content.iter().all(|byte| *byte == b'a') && trailers.is_empty());
    }
}

#[test]
fn the_documents_trailer_example_verifies() {
    let (content, trailers) =
        decode(ChunkMode::SignedTrailer, TRAILER_SEED, 66_560, &trailer_example(), 4_096).unwrap();
    assert_eq!(content.len(), 66_560);
    assert_eq!(trailers, [("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())]);
}

#[test]
fn the_encoder_writes_the_documents_example() {
    let mut body = Vec::new();
    let mut encoder = ChunkEncoder::new(ChunkMode::SignedTrailer, key(), signed_at(), SCOPE, TRAILER_SEED);
    encoder.chunk(&vec![b'a'; 65_536], &mut body);
    encoder.chunk(&[], &mut body);
    encoder.chunk(&[b'a'; 1_024], &mut body);
    encoder.finish(&[("x-amz-checksum-crc32c", "sOO8/Q==")], &mut body);
    assert!(body == trailer_example(), "{}", String::from_utf8_lossy(&body[body.len() - 250..]));
}

/// Every bit of framing, signature and trailer, and a sample of the data bits. Some framing bits
/// mean nothing (the case of a hexadecimal size, a blank around a value): then what comes out must
/// be the same. A bit of a signature always means something.
#[test]
fn no_flipped_bit_changes_what_is_accepted() {
    let body = trailer_example();
    let signature_starts: Vec<usize> = (0..body.len())
        .filter(|at| body[..*at].ends_with(b"signature=") || body[..*at].ends_with(b"signature:"))
        .collect();
    assert_eq!(signature_starts.len(), 4);
    for index in (0..body.len()).filter(|index| body[*index] != b'a' || index % 8_191 == 0) {
        let in_signature = signature_starts.iter().any(|start| (*start..start + 64).contains(&index));
        for bit in 0..8 {
            let mut flipped = body.clone();
            flipped[index] ^= 1 << bit;
            let result = decode(ChunkMode::SignedTrailer, TRAILER_SEED, 66_560, &flipped, usize::MAX);
            if let Ok((content, trailers)) = result {
                assert!(!in_signature, "byte {index} bit {bit}");
                assert!(content == vec![b'a'; 66_560], "byte {index} bit {bit}");
                assert_eq!(trailers, [("x-amz-checksum-crc32c".to_owned(), "sOO8/Q==".to_owned())]);
            }
        }
    }
}

#[test]
fn the_unsigned_form_with_a_checksum() {
    let body = b"5\r\nhello\r\n6\r\n world\r\n0\r\nx-amz-checksum-crc32:DUoRhQ==\r\n\r\n";
    let (content, trailers) = decode(ChunkMode::UnsignedTrailer, SEED, 11, body, 3).unwrap();
    assert_eq!(content, b"hello world");
    assert_eq!(trailers, [("x-amz-checksum-crc32".to_owned(), "DUoRhQ==".to_owned())]);
}

#[test]
fn malformed_bodies_are_named() {
    use ChunkError::*;
    let unsigned =
        |body: &[u8], announced| decode(ChunkMode::UnsignedTrailer, SEED, announced, body, 2).unwrap_err();
    assert_eq!(unsigned(b"", 0), Truncated);
    assert_eq!(unsigned(b"5\r\nhel", 5), Truncated);
    assert_eq!(unsigned(b"5\r\nhello\r\n", 5), Truncated);
    assert_eq!(unsigned(b"0\r\n\r\n", 5), WrongLength { announced: 5 });
    assert_eq!(unsigned(b"6\r\nhello!\r\n", 5), WrongLength { announced: 5 });
    assert_eq!(unsigned(b"5\r\nhello world\r\n", 5), Malformed("chunk data longer than its header says"));
    assert_eq!(unsigned(b"-5\r\nhello\r\n", 5), Malformed("chunk size"));
    assert_eq!(unsigned(b"\r\n", 5), Malformed("chunk size"));
    assert_eq!(unsigned(b"11111111111111111\r\n", 5), Malformed("chunk size"));
    assert_eq!(unsigned(b"0\r\n\r\nmore", 0), Malformed("bytes after the end"));
    assert_eq!(unsigned(b"0\r\nno colon\r\n", 0), Malformed("trailer"));
    assert_eq!(unsigned(&[b'1'; LONG], 5), TooLong);
    let many: Vec<u8> = b"0\r\n".iter().chain(b"a:b\r\n".repeat(LONG).iter()).copied().collect();
    assert_eq!(unsigned(&many, 0), TooLong);
    let signed = |body: &[u8]| decode(ChunkMode::Signed, SEED, 5, body, usize::MAX).unwrap_err();
    assert_eq!(signed(b"5\r\nhello\r\n"), Malformed("chunk without signature"));
    assert_eq!(signed(b"5;chunk-signature=00\r\nhello\r\n"), SignatureMismatch);
}

const LONG: usize = 9_000;

#[test]
fn sizes_that_overflow_are_refused() {
    let mut decoder = ChunkDecoder::new(ChunkMode::UnsignedTrailer, key(), signed_at(), SCOPE, SEED, None);
    let mut content = Vec::new();
    decoder.feed(b"1\r\na\r\nffffffffffffffff\r\n", &mut content).unwrap_err();
    assert_eq!(content, b"a");
}
