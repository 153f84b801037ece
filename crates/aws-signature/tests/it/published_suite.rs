//! AWS's published test suite, from botocore's source archive.

use std::fs;
use std::path::{Path, PathBuf};

use aws_signature::{
    Form, KeyCache, Payload, RequestParts, SignatureError, Signer, Timestamp, parse, verify,
};

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const SIGNED_AT: &str = "20150830T123600Z";

/// A request file of the suite: request line, headers (with obsolete line folding), body.
struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap().replace('\r', "");
        let (head, body) = text.split_once("\n\n").unwrap_or((&text, ""));
        let mut lines = head.lines();
        let line = lines.next().unwrap().strip_suffix(" HTTP/1.1").unwrap();
        // One case has a blank in its path.
        let (method, target) = line.split_once(' ').unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for line in lines {
            if let Some((name, value)) = line.split_once(':').filter(|_| !line.starts_with(' ')) {
                headers.push((name.to_owned(), value.as_bytes().to_vec()));
            } else {
                let (_, value) = headers.last_mut().unwrap();
                value.push(b'\n');
                value.extend_from_slice(line.as_bytes());
            }
        }
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            body: body.trim_end_matches('\n').as_bytes().to_vec(),
        }
    }

    fn check(&self) -> Result<(), SignatureError> {
        let headers = self.headers.as_slice();
        let parts = RequestParts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            payload: Payload::Bytes(&self.body),
        };
        let presented = parse(&parts)?.ok_or(SignatureError::Missing)?;
        assert_eq!(presented.scope.access_key_id(), "AKIDEXAMPLE");
        assert_eq!(presented.form, Form::Header);
        let now = Timestamp::parse_basic(SIGNED_AT).unwrap();
        verify(&parts, &presented, SECRET, now, &KeyCache::default()).map(|_| ())
    }
}

fn cases() -> Vec<PathBuf> {
    let root = test_support::botocore_source().unwrap().join("tests/unit/auth/aws4_testsuite");
    let mut folders = vec![root];
    let mut cases = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "sreq") {
                cases.push(path);
            }
        }
    }
    cases.sort();
    assert_eq!(cases.len(), 34, "the suite of botocore {} has 34 cases", test_support::BOTOCORE_VERSION);
    cases
}

/// The signed request of a case. Its `Authorization` header is taken from the `.authz` file: in
/// one `.sreq` file it is stale, and botocore's own tests, too, go by the other.
fn signed_request(case: &Path) -> Request {
    let mut request = Request::read(case);
    let published = fs::read(case.with_extension("authz")).unwrap();
    let (_, value) = request.headers.iter_mut().find(|(name, _)| name == "Authorization").unwrap();
    *value = published.trim_ascii().to_vec();
    request
}

#[test]
fn every_signed_request_verifies() {
    for case in cases() {
        if let Err(error) = signed_request(&case).check() {
            panic!("{}: {error:?} {:#?}", case.display(), error.fault(aws_signature::Dialect::Query));
        }
    }
}

/// Our explanation of a mismatch is exactly the canonical request and string to sign of the suite.
#[test]
fn intermediate_strings_are_the_published_ones() {
    for case in cases() {
        let mut request = signed_request(&case);
        for (name, value) in &mut request.headers {
            if name == "Authorization" {
                let last = value.last_mut().unwrap();
                *last = if *last == b'0' { b'1' } else { b'0' };
            }
        }
        let Err(SignatureError::Mismatch(explanation)) = request.check() else {
            panic!("{}: a wrong signature was accepted", case.display());
        };
        let published =
            |extension| fs::read_to_string(case.with_extension(extension)).unwrap().replace('\r', "");
        assert_eq!(explanation.canonical_request, published("creq"), "{}", case.display());
        assert_eq!(explanation.string_to_sign, published("sts"), "{}", case.display());
    }
}

/// The signer gives the published `Authorization` header for the unsigned requests.
#[test]
fn the_signer_signs_as_published() {
    for case in cases() {
        // This case wants the token added after signing, which is the client's business, not ours.
        if case.ends_with("post-sts-header-after.sreq") {
            continue;
        }
        let request = Request::read(&case.with_extension("req"));
        let headers: Vec<_> = request
            .headers
            .into_iter()
            .filter(|(name, _)| !name.eq_ignore_ascii_case("x-amz-date"))
            .collect();
        let headers = headers.as_slice();
        let parts = RequestParts {
            method: &request.method,
            path: &request.path,
            query: &request.query,
            headers: &headers,
            payload: Payload::Bytes(&request.body),
        };
        let mut signer = Signer::new("AKIDEXAMPLE", SECRET, "us-east-1", "service");
        let canonical = fs::read_to_string(case.with_extension("creq")).unwrap();
        if let Some(token) = canonical.lines().find_map(|line| line.strip_prefix("x-amz-security-token:")) {
            signer = signer.with_session_token(token);
        }
        let added = signer.sign(&parts, Timestamp::parse_basic(SIGNED_AT).unwrap());
        let published = fs::read_to_string(case.with_extension("authz")).unwrap();
        assert_eq!(added.last().unwrap().1, published.trim(), "{}", case.display());
    }
}
