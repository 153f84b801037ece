//! Unwrapping a chunked body piece by piece, in constant memory.

use std::sync::Arc;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::chain::Chain;
use super::{ChunkError, ChunkMode, Trailers};
use crate::{SigningKey, Timestamp};

/// Longest chunk header or trailer line, in bytes, line end included.
const LONGEST_LINE: usize = 8 * 1024;
/// Longest framing after the last chunk, in bytes.
const LONGEST_TRAILER: usize = 16 * 1024;
/// The trailing header that signs the others.
const TRAILER_SIGNATURE: &str = "x-amz-trailer-signature";

/// An incremental decoder of one `aws-chunked` body.
///
/// Content is handed out as it arrives, before the signature of its chunk can be known: it counts
/// only after [`ChunkDecoder::finish`] has said yes.
#[derive(Debug)]
pub struct ChunkDecoder {
    mode: ChunkMode,
    chain: Chain,
    announced: Option<u64>,
    decoded: u64,
    state: State,
    /// The line being collected.
    line: Vec<u8>,
    /// Hash of the data of the current chunk, if chunks are signed.
    hasher: Sha256,
    chunk_signature: Vec<u8>,
    trailers: Trailers,
    trailer_signature: Option<Vec<u8>>,
    trailer_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// In a chunk header.
    Header,
    /// In chunk data, with so many bytes to come.
    Data(u64),
    /// In the line end after chunk data.
    DataEnd,
    /// After the last chunk.
    Trailer,
    /// Behind the end.
    Done,
}

impl ChunkDecoder {
    /// A decoder for the body of a request whose own signature is `seed`.
    ///
    /// `scope` is without the key id; `announced` is the value of `X-Amz-Decoded-Content-Length`.
    pub fn new(
        mode: ChunkMode,
        key: Arc<SigningKey>,
        timestamp: Timestamp,
        scope: &str,
        seed: &str,
        announced: Option<u64>,
    ) -> Self {
        Self {
            mode,
            chain: Chain::new(key, timestamp, scope, seed),
            announced,
            decoded: 0,
            state: State::Header,
            line: Vec::new(),
            hasher: Sha256::new(),
            chunk_signature: Vec::new(),
            trailers: Trailers::new(),
            trailer_signature: None,
            trailer_bytes: 0,
        }
    }

    /// Takes the next piece of the body, cut anywhere, and appends its content to `content`.
    ///
    /// # Errors
    /// [`ChunkError`]; the decoder is then of no further use.
    pub fn feed(&mut self, mut piece: &[u8], content: &mut Vec<u8>) -> Result<(), ChunkError> {
        while !piece.is_empty() {
            match self.state {
                State::Data(left) => {
                    let take = usize::try_from(left).map_or(piece.len(), |left| left.min(piece.len()));
                    let (data, rest) = piece.split_at(take);
                    if self.mode.signs_chunks() {
                        self.hasher.update(data);
                    }
                    content.extend_from_slice(data);
                    piece = rest;
                    let left = left - take as u64;
                    self.state = if left == 0 { State::DataEnd } else { State::Data(left) };
                }
                State::Done => return Err(ChunkError::Malformed("bytes after the end")),
                State::Header | State::DataEnd | State::Trailer => {
                    if let Some(line) = self.collect_line(&mut piece)? {
                        self.line_arrived(&line)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Ends the body and returns the trailing headers.
    ///
    /// # Errors
    /// [`ChunkError::Truncated`] if the end was not reached, [`ChunkError::WrongLength`] if the
    /// content is not as long as announced.
    pub fn finish(self) -> Result<Trailers, ChunkError> {
        // Some clients leave out the empty line after the last chunk; everything is proven by then.
        let bare_end = self.state == State::Trailer && self.mode == ChunkMode::Signed && self.line.is_empty();
        if self.state != State::Done && !bare_end {
            return Err(ChunkError::Truncated);
        }
        match self.announced {
            Some(announced) if announced != self.decoded => Err(ChunkError::WrongLength { announced }),
            _ => Ok(self.trailers),
        }
    }

    /// Moves bytes into the line until it is complete; then returns it without its line end.
    fn collect_line(&mut self, piece: &mut &[u8]) -> Result<Option<Vec<u8>>, ChunkError> {
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (part, rest) = piece.split_at(end.map_or(piece.len(), |end| end + 1));
        if self.line.len() + part.len() > LONGEST_LINE {
            return Err(ChunkError::TooLong);
        }
        self.line.extend_from_slice(part);
        *piece = rest;
        if end.is_none() {
            return Ok(None);
        }
        let mut line = std::mem::take(&mut self.line);
        line.pop();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        Ok(Some(line))
    }

    fn line_arrived(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        match self.state {
            State::Header => self.header_arrived(line),
            State::DataEnd if line.is_empty() => {
                self.check_chunk()?;
                self.state = State::Header;
                Ok(())
            }
            State::DataEnd => Err(ChunkError::Malformed("chunk data longer than its header says")),
            _ => self.trailer_arrived(line),
        }
    }

    /// `<size in hexadecimal>[;chunk-signature=<signature>]`
    fn header_arrived(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        let line = std::str::from_utf8(line).map_err(|_| ChunkError::Malformed("chunk header"))?;
        let (size, extension) = line.split_once(';').unwrap_or((line, ""));
        if size.is_empty() || size.len() > 16 || !size.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(ChunkError::Malformed("chunk size"));
        }
        let size = u64::from_str_radix(size, 16).map_err(|_| ChunkError::Malformed("chunk size"))?;
        if self.mode.signs_chunks() {
            let signature = extension
                .strip_prefix("chunk-signature=")
                .ok_or(ChunkError::Malformed("chunk without signature"))?;
            self.chunk_signature = signature.as_bytes().to_vec();
        }
        self.decoded = self.decoded.checked_add(size).ok_or(ChunkError::TooLong)?;
        if let Some(announced) = self.announced.filter(|announced| self.decoded > *announced) {
            return Err(ChunkError::WrongLength { announced });
        }
        if size > 0 {
            self.state = State::Data(size);
            return Ok(());
        }
        self.check_chunk()?;
        self.state = State::Trailer;
        Ok(())
    }

    /// The chunk is complete: is it the next one of the chain?
    fn check_chunk(&mut self) -> Result<(), ChunkError> {
        if !self.mode.signs_chunks() {
            return Ok(());
        }
        let hash = self.hasher.finalize_reset().into();
        let wanted = self.chain.next_chunk(&hash);
        same(&wanted, &self.chunk_signature)
    }

    /// `name:value`, or the empty line at the end.
    fn trailer_arrived(&mut self, line: &[u8]) -> Result<(), ChunkError> {
        self.trailer_bytes += line.len() + 2;
        if self.trailer_bytes > LONGEST_TRAILER {
            return Err(ChunkError::TooLong);
        }
        if line.is_empty() {
            // The S3 document separates the signature from the other trailers by an empty line.
            if self.mode == ChunkMode::SignedTrailer && self.trailer_signature.is_none() {
                return Ok(());
            }
            self.state = State::Done;
            return self.check_trailers();
        }
        let line = std::str::from_utf8(line).map_err(|_| ChunkError::Malformed("trailer"))?;
        let (name, value) = line.split_once(':').ok_or(ChunkError::Malformed("trailer"))?;
        let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().to_owned());
        if self.mode == ChunkMode::Signed || self.trailer_signature.is_some() {
            return Err(ChunkError::Malformed("unsigned trailer"));
        }
        if name == TRAILER_SIGNATURE {
            self.trailer_signature = Some(value.into_bytes());
        } else {
            self.trailers.push((name, value));
        }
        Ok(())
    }

    fn check_trailers(&mut self) -> Result<(), ChunkError> {
        if self.mode != ChunkMode::SignedTrailer {
            return Ok(());
        }
        let signature =
            self.trailer_signature.take().ok_or(ChunkError::Malformed("trailer without signature"))?;
        let wanted = self.chain.trailer(&hash_of_trailers(&self.trailers));
        same(&wanted, &signature)
    }
}

/// The SHA-256 of the canonical trailers, one `name:value` and a line feed each.
pub(super) fn hash_of_trailers<Name: AsRef<str>, Value: AsRef<str>>(trailers: &[(Name, Value)]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    for (name, value) in trailers {
        hasher.update(name.as_ref());
        hasher.update(b":");
        hasher.update(value.as_ref());
        hasher.update(b"\n");
    }
    hasher.finalize().into()
}

fn same(wanted: &[u8; 64], presented: &[u8]) -> Result<(), ChunkError> {
    if bool::from(wanted.as_slice().ct_eq(presented)) { Ok(()) } else { Err(ChunkError::SignatureMismatch) }
}
