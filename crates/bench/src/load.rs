//! Load: one signed request, sent again and again over kept connections by one thread.
//!
//! Each connection has one request under way. The thread goes round: it takes a connection's answer and sends its next
//! request. It uses little of the two cores it shares with the server.

use crate::stop;
use anyhow::{Context as _, bail, ensure};
use memchr::memmem;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};
use test_support::unbroken;

/// Longest answer taken.
const MAX_ANSWER: usize = 4 << 20;
/// A server that says nothing for this long is taken for dead.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a load came to.
#[derive(Clone, Copy)]
pub(crate) struct Count {
    /// Answers, all with status 200.
    pub(crate) requests: u32,
    /// How long it took.
    pub(crate) seconds: f64,
}

/// Sends `request` over this many connections for `length`. An answer other than 200 is an error.
pub(crate) fn replay(
    server: SocketAddr,
    request: &[u8],
    connections: usize,
    length: Duration,
) -> anyhow::Result<Count> {
    let mut lines: Vec<Line> = Vec::new();
    for _ in 0..connections {
        let mut line = Line::new(server);
        line.send(request)?;
        lines.push(line);
    }
    let begun = Instant::now();
    let mut requests = 0;
    while begun.elapsed() < length {
        ensure!(!stop::asked(), "stopped on request");
        for line in &mut lines {
            answered(line)?;
            requests += 1;
            line.send(request)?;
        }
    }
    for line in &mut lines {
        answered(line)?;
        requests += 1;
    }
    Ok(Count { requests, seconds: begun.elapsed().as_secs_f64() })
}

fn answered(line: &mut Line) -> anyhow::Result<()> {
    let status = line.receive()?;
    ensure!(status == 200, "the server answers {status}: {}", String::from_utf8_lossy(line.body()));
    Ok(())
}

/// Milliseconds of one request after the other over one connection, `most` of them or as many as end within `length`.
/// An answer other than 200 is an error.
pub(crate) fn times(
    server: SocketAddr,
    request: &[u8],
    most: usize,
    length: Duration,
) -> anyhow::Result<Vec<f64>> {
    let (mut line, mut times, first) = (Line::new(server), Vec::new(), Instant::now());
    while times.len() < most && first.elapsed() < length {
        ensure!(!stop::asked(), "stopped on request");
        let begun = Instant::now();
        line.send(request)?;
        answered(&mut line)?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// One request and its answer's status and body.
pub(crate) fn once(server: SocketAddr, request: &[u8]) -> anyhow::Result<(u16, Vec<u8>)> {
    let mut line = Line::new(server);
    line.send(request)?;
    let status = line.receive()?;
    let body = if line.chunked {
        joined(line.body()).context("the chunks do not fit")?
    } else {
        line.body().to_vec()
    };
    Ok((status, body))
}

/// What is in chunks (RFC 9112 §7.1): each behind a line with its length, the last one empty.
fn joined(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = memmem::find(chunks, b"\r\n")?;
        let line = std::str::from_utf8(chunks.get(..end)?).ok()?;
        let length = usize::from_str_radix(line.split(';').next()?.trim(), 16).ok()?;
        if length == 0 {
            return Some(body);
        }
        let begin = end + 2;
        body.extend_from_slice(chunks.get(begin..begin.checked_add(length)?)?);
        chunks = chunks.get(begin + length + 2..)?;
    }
}

/// One connection, opened again when the server closes it after an answer (moto's does).
pub(crate) struct Line {
    server: SocketAddr,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
    filled: usize,
    body: (usize, usize),
    chunked: bool,
}

impl Line {
    /// Connects with the first request.
    pub(crate) fn new(server: SocketAddr) -> Line {
        Line { server, stream: None, buffer: vec![0; 32 << 10], filled: 0, body: (0, 0), chunked: false }
    }

    /// Sends a request; its answer must be received before the next.
    pub(crate) fn send(&mut self, request: &[u8]) -> anyhow::Result<()> {
        let kept = self.stream.take();
        let mut stream = kept.map_or_else(|| self.open(), Ok)?;
        stream.write_all(request)?;
        self.stream = Some(stream);
        self.filled = 0;
        Ok(())
    }

    fn open(&self) -> anyhow::Result<TcpStream> {
        let stream = TcpStream::connect(self.server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(stream)
    }

    /// Of the answer received last, chunks as they came.
    pub(crate) fn body(&self) -> &[u8] {
        self.buffer.get(self.body.0..self.body.1).unwrap_or_default()
    }

    /// Reads one answer to its end; tells its status.
    pub(crate) fn receive(&mut self) -> anyhow::Result<u16> {
        let head = loop {
            if let Some(end) = memmem::find(&self.buffer[..self.filled], b"\r\n\r\n") {
                break Head::parse(&self.buffer[..end + 4])?;
            }
            ensure!(self.more()? > 0, "the server closed the connection");
        };
        let end = match head.length {
            Length::Known(length) => {
                let end = head.size + length;
                while self.filled < end {
                    ensure!(self.more()? > 0, "the server closed the connection within an answer");
                }
                end
            }
            Length::Chunked => loop {
                // The last chunk has no length; our peers send no trailers.
                if self.buffer[head.size..self.filled].ends_with(b"0\r\n\r\n") {
                    break self.filled;
                }
                ensure!(self.more()? > 0, "the server closed the connection within an answer");
            },
            Length::UntilClose => {
                while self.more()? > 0 {}
                self.filled
            }
        };
        self.body = (head.size, end);
        self.chunked = head.length == Length::Chunked;
        if head.close {
            self.stream = None;
        }
        Ok(head.status)
    }

    fn more(&mut self) -> anyhow::Result<usize> {
        if self.filled == self.buffer.len() {
            ensure!(self.buffer.len() < MAX_ANSWER, "the answer is too long");
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let stream = self.stream.as_mut().context("not connected")?;
        let count = unbroken(PATIENCE, || stream.read(&mut self.buffer[self.filled..]))?;
        self.filled += count;
        Ok(count)
    }
}

/// How an answer's body ends (RFC 9112 §6.3).
#[derive(Debug, PartialEq)]
enum Length {
    Known(usize),
    Chunked,
    UntilClose,
}

#[derive(Debug, PartialEq)]
struct Head {
    size: usize,
    status: u16,
    length: Length,
    close: bool,
}

impl Head {
    fn parse(head: &[u8]) -> anyhow::Result<Head> {
        let text = std::str::from_utf8(head).context("the answer's head is not text")?;
        let mut lines = text.split("\r\n");
        let first = lines.next().unwrap_or_default();
        let Some(status) = first.split(' ').nth(1).and_then(|word| word.parse().ok()) else {
            bail!("the server answers “{first}”")
        };
        let mut parsed = Head {
            size: head.len(),
            status,
            length: Length::UntilClose,
            close: first.starts_with("HTTP/1.0"),
        };
        for (name, value) in lines.filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            if name.eq_ignore_ascii_case("content-length") {
                parsed.length = Length::Known(value.parse().context("content-length")?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked")
            {
                parsed.length = Length::Chunked;
            } else if name.eq_ignore_ascii_case("connection") {
                parsed.close = value.eq_ignore_ascii_case("close");
            }
        }
        parsed.close |= parsed.length == Length::UntilClose;
        Ok(parsed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    /// A server that gives each connection these answers, one per request, and then closes it.
    fn server(answers: &'static [&'static str]) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                for answer in answers {
                    let mut request = [0; 64];
                    if stream.read(&mut request).unwrap_or(0) == 0
                        || stream.write_all(answer.as_bytes()).is_err()
                    {
                        break;
                    }
                }
            }
        });
        address
    }

    #[test]
    fn every_form_of_body_is_read_to_its_end() {
        for answer in [
            &["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"],
            &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1;x\r\nk\r\n0\r\n\r\n"],
            &["HTTP/1.0 200 OK\r\n\r\nok"],
        ] {
            let (status, body) = once(server(answer), b"GET / HTTP/1.1\r\n\r\n").unwrap();
            assert_eq!(status, 200);
            assert_eq!(body, b"ok");
        }
    }

    #[test]
    fn chunks_are_joined_or_refused() {
        assert_eq!(joined(b"0\r\n\r\n"), Some(Vec::new()));
        for bad in [&b"5\r\nok\r\n0\r\n\r\n"[..], b"x\r\n", b"ffffffffffffffff\r\nok\r\n", b""] {
            assert_eq!(joined(bad), None);
        }
    }

    #[test]
    fn closed_connections_are_opened_again_and_refusals_end_the_load() {
        let closing = server(&["HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"]);
        let count = replay(closing, b"GET / HTTP/1.1\r\n\r\n", 1, Duration::from_millis(20)).unwrap();
        assert!(count.requests > 1, "{}", count.requests);
        let times = times(closing, b"GET / HTTP/1.1\r\n\r\n", 3, Duration::from_secs(60)).unwrap();
        assert_eq!(times.len(), 3);
        let refusing = server(&["HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"]);
        let error = replay(refusing, b"GET / HTTP/1.1\r\n\r\n", 1, Duration::from_millis(20)).err().unwrap();
        assert_eq!(error.to_string(), "the server answers 403: no");
    }
}
