//! A small blocking AWS client over one kept connection, for the tour, benchmarks and tests.
//!
//! It speaks plain HTTP/1.1 to one endpoint, signs every request (Signature Version 4) and knows the protocols of
//! `aws-wire`. Users have the SDKs; this is for our own binaries, which must not need any.
#![forbid(unsafe_code)]

mod http;

use aws_schema::{Fault, Operation, Protocol, ServiceSpec};
use aws_signature::{Payload, Signer, Timestamp};
use aws_wire::{RequestOut, ResponseView, WireError, decode_response, encode_request};
use std::collections::HashMap;
use std::net::SocketAddr;

pub use http::{Connection, Response};

/// Why a call gave no output.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The service said no.
    #[error("{0}")]
    Fault(Fault),
    /// The connection failed.
    #[error("the endpoint does not answer: {0}")]
    Connection(#[from] std::io::Error),
    /// The answer is not of the protocol's form.
    #[error("the answer cannot be read: {0}")]
    Answer(#[from] WireError),
}

impl CallError {
    /// The fault's code, if the service answered with one.
    pub fn code(&self) -> Option<&str> {
        match self {
            CallError::Fault(fault) => Some(&fault.code),
            _ => None,
        }
    }
}

/// Keys and region of a client.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Access key id.
    pub access_key_id: String,
    /// Secret access key.
    pub secret_access_key: String,
    /// Region to sign for.
    pub region: String,
}

/// A client of one endpoint.
pub struct Client {
    connection: Connection,
    host: String,
    credentials: Credentials,
    signers: HashMap<&'static str, Signer>,
}

impl Client {
    /// A client of `endpoint`; connects with the first call.
    pub fn new(endpoint: SocketAddr, credentials: Credentials) -> Client {
        Client {
            connection: Connection::new(endpoint),
            host: endpoint.to_string(),
            credentials,
            signers: HashMap::new(),
        }
    }

    /// Calls an operation in the service's first protocol.
    pub fn call<Op: Operation>(
        &mut self,
        service: &'static ServiceSpec,
        input: &Op::Input,
    ) -> Result<Op::Output, CallError> {
        let protocol = service.protocols.first().copied().unwrap_or(Protocol::Json11);
        let request = encode_request(protocol, service, Op::SPEC, input);
        let head = self.signed(service, &request);
        let response = self.connection.exchange(&head, &request.body)?;
        let view = ResponseView { status: response.status, headers: &response, body: &response.body };
        let mut output = Op::Output::default();
        decode_response(protocol, Op::SPEC, &view, &mut output)?.map_err(CallError::Fault)?;
        Ok(output)
    }

    /// Request line and headers of a signed request, ready to be sent (and to be sent again by a load generator).
    pub fn signed(&mut self, service: &'static ServiceSpec, request: &RequestOut) -> String {
        let credentials = &self.credentials;
        let signer = self.signers.entry(service.signing_name).or_insert_with(|| {
            Signer::new(
                &credentials.access_key_id,
                &credentials.secret_access_key,
                &credentials.region,
                service.signing_name,
            )
        });
        let mut headers: Vec<(&str, &str)> = vec![("host", &self.host)];
        headers.extend(request.headers.iter().map(|(name, value)| (name.as_ref(), value.as_str())));
        let parts = aws_signature::RequestParts {
            method: request.method,
            path: &request.path,
            query: &request.query,
            headers: &headers.as_slice(),
            payload: Payload::Bytes(&request.body),
        };
        let added = signer.sign(&parts, now());
        let query = if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
        let mut head = format!("{} {}{query} HTTP/1.1\r\n", request.method, request.path);
        let added = added.iter().map(|(name, value)| (*name, value.as_str()));
        for (name, value) in headers.iter().copied().chain(added) {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str("content-length: ");
        head.push_str(&request.body.len().to_string());
        head.push_str("\r\n\r\n");
        head
    }
}

#[expect(clippy::disallowed_methods, reason = "a client signs with the time it is")]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix(i64::try_from(since.as_secs()).unwrap_or_default())
}
