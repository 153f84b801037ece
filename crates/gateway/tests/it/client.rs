//! A plain HTTP client: what is sent is written byte for byte.

use std::net::SocketAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_schema::{OperationSpec, Protocol, ServiceSpec, WriteMembers};
use aws_signature::{Payload, RequestParts, Signer, Timestamp};
use aws_wire::encode_request;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A request to be written.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// A bare request with a host.
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            method: method.to_owned(),
            path: path.to_owned(),
            query: String::new(),
            headers: vec![("Host".to_owned(), "localhost:4566".to_owned())],
            body: Vec::new(),
        }
    }

    /// A call of an operation, not signed yet.
    pub(crate) fn call(
        protocol: Protocol,
        service: &ServiceSpec,
        operation: &OperationSpec,
        input: &dyn WriteMembers,
    ) -> Self {
        let call = encode_request(protocol, service, operation, input);
        let mut request = Self::new(call.method, &call.path);
        request.query = call.query;
        request.headers.extend(call.headers.into_iter().map(|(name, value)| (name.into_owned(), value)));
        request.body = call.body;
        request
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Signs all that is there, now.
    pub(crate) fn signed(self, signer: &Signer) -> Self {
        self.signed_at(signer, now())
    }

    pub(crate) fn signed_at(mut self, signer: &Signer, at: Timestamp) -> Self {
        let headers = self.headers.as_slice();
        let parts = RequestParts {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            payload: Payload::Bytes(&self.body),
        };
        let added = signer.sign(&parts, at);
        self.headers.extend(added.into_iter().map(|(name, value)| (name.to_owned(), value)));
        self
    }

    /// Signs with key `id` and the secret of all test keys.
    pub(crate) fn signed_by(self, id: &str, service: &ServiceSpec) -> Self {
        self.signed(&Signer::new(id, crate::world::SECRET, "eu-central-1", service.signing_name))
    }

    /// The bytes on the wire.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let target =
            if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) };
        let mut text = format!("{} {target} HTTP/1.1\r\n", self.method);
        for (name, value) in &self.headers {
            text.extend([name, ": ", value, "\r\n"]);
        }
        if !self.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("transfer-encoding")) {
            text.extend(["Content-Length: ", &self.body.len().to_string(), "\r\n"]);
        }
        let mut bytes = (text + "\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Sends it on a connection of its own.
    pub(crate) async fn send(&self, address: SocketAddr) -> Response {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&self.bytes()).await.unwrap();
        Response::read(&mut stream).await.expect("an answer")
    }
}

pub(crate) fn now() -> Timestamp {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    Timestamp::from_unix(i64::try_from(seconds).unwrap())
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Long enough for any machine: tests wait for what must come, and fail instead of hanging.
const PATIENCE: Duration = Duration::from_secs(60);

impl Response {
    /// Reads one answer; `None` if the connection ends before its head is complete.
    pub(crate) async fn read(stream: &mut TcpStream) -> Option<Self> {
        timeout(PATIENCE, Self::read_patiently(stream)).await.expect("no answer within a minute")
    }

    async fn read_patiently(stream: &mut TcpStream) -> Option<Self> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
                break end;
            }
            let mut piece = [0; 4_096];
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => bytes.extend_from_slice(&piece[..count]),
            }
        };
        let mut body = bytes.split_off(end + 4);
        let head = String::from_utf8(bytes).unwrap();
        let mut lines = head.lines();
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        let length: usize = headers
            .iter()
            .find(|(name, _)| name == "content-length")
            .map_or(0, |(_, value)| value.parse().unwrap());
        while body.len() < length {
            let mut piece = [0; 4_096];
            match stream.read(&mut piece).await {
                Ok(0) | Err(_) => return None,
                Ok(count) => body.extend_from_slice(&piece[..count]),
            }
        }
        Some(Self { status, headers, body })
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Whether body or error type header mention `text`: REST JSON puts codes into the header.
    pub(crate) fn says(&self, text: &str) -> bool {
        self.text().contains(text) || self.header("x-amzn-errortype") == Some(text)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Waits until the peer closes the connection; what it still says is returned.
pub(crate) async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    // A reset is as good an end as a polite one.
    let _ = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("not closed within a minute");
    said
}
