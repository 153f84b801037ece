//! One kept HTTP/1.1 connection (RFC 9112), enough for our own server's answers.

use aws_wire::Headers;
use std::io::{BufRead as _, BufReader, Error, ErrorKind, Read as _, Result, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest answer taken.
const MAX_BODY: usize = 64 << 20;
/// Most headers taken.
const MAX_HEADERS: usize = 200;
/// An endpoint that says nothing for this long is taken for dead.
const PATIENCE: Duration = Duration::from_secs(120);

/// An answer.
#[derive(Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Lower-case names and values.
    pub headers: Vec<(String, String)>,
    /// Body.
    pub body: Vec<u8>,
}

impl Headers for Response {
    fn get(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        self.headers.iter().for_each(|(name, value)| visit(name, value));
    }
}

/// A connection that is opened when needed and again after the other side closed it.
pub struct Connection {
    endpoint: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
}

impl Connection {
    /// Nothing is opened yet.
    pub fn new(endpoint: SocketAddr) -> Connection {
        Connection { endpoint, stream: None }
    }

    /// Sends a request and reads its answer. A kept connection that turns out to be closed before the answer began is
    /// opened once again.
    pub fn exchange(&mut self, head: &str, body: &[u8]) -> Result<Response> {
        let kept = self.stream.is_some();
        match self.attempt(head, body) {
            Err(error)
                if kept
                    && matches!(
                        error.kind(),
                        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
                    ) =>
            {
                self.attempt(head, body)
            }
            outcome => outcome,
        }
    }

    fn attempt(&mut self, head: &str, body: &[u8]) -> Result<Response> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.open()?,
        };
        let mut request = Vec::with_capacity(head.len() + body.len());
        request.extend_from_slice(head.as_bytes());
        request.extend_from_slice(body);
        stream.get_mut().write_all(&request)?;
        let response = read(&mut stream)?;
        if response.get("connection").is_none_or(|v| !v.eq_ignore_ascii_case("close")) {
            self.stream = Some(stream);
        }
        Ok(response)
    }

    fn open(&self) -> Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect(self.endpoint)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(BufReader::with_capacity(32 << 10, stream))
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Result<Response> {
    let malformed = |what: &str| Error::new(ErrorKind::InvalidData, format!("malformed answer: {what}"));
    let mut line = String::new();
    let next = |line: &mut String, stream: &mut BufReader<TcpStream>| -> Result<()> {
        line.clear();
        if stream.take(64 << 10).read_line(line)? == 0 {
            return Err(Error::new(ErrorKind::UnexpectedEof, "the connection was closed"));
        }
        line.truncate(line.trim_end().len());
        Ok(())
    };
    next(&mut line, stream)?;
    let status = line.split(' ').nth(1).and_then(|s| s.parse().ok()).ok_or_else(|| malformed("status"))?;
    let mut headers = Vec::new();
    loop {
        next(&mut line, stream)?;
        if line.is_empty() {
            break;
        }
        if headers.len() == MAX_HEADERS {
            return Err(malformed("too many headers"));
        }
        let (name, value) = line.split_once(':').ok_or_else(|| malformed("header"))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut response = Response { status, headers, body: Vec::new() };
    let length = response.get("content-length").map(str::parse::<usize>).transpose();
    match length.map_err(|_| malformed("length"))? {
        Some(length) if length <= MAX_BODY => {
            response.body.resize(length, 0);
            stream.read_exact(&mut response.body)?;
        }
        Some(_) => return Err(malformed("too long")),
        None if response.get("transfer-encoding").is_some() => {
            return Err(malformed("chunked answers are not expected"));
        }
        None => {}
    }
    Ok(response)
}
