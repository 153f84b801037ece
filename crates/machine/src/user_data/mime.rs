//! MIME multipart messages (RFC 2045, RFC 2046), as `write-mime-multipart` and Terraform make them.

use super::encoding;

/// One part of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// MIME type in lower case, without parameters.
    pub(super) kind: String,
    /// File name of the disposition.
    pub(super) name: Option<String>,
    /// Content after the transfer encoding is removed.
    pub(super) body: Vec<u8>,
}

/// True when the bytes begin with a header of a multipart message.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    let line = super::first_line(bytes).to_ascii_lowercase();
    line.starts_with(b"content-type: multipart/") || line.starts_with(b"mime-version:")
}

/// Splits a message into its parts; a nested multipart comes out as one part of kind `multipart/…`, with its
/// headers kept so that it can be split again.
pub(super) fn parts(message: &[u8]) -> Result<Vec<Part>, String> {
    let (headers, body) = split_headers(message);
    let kind = header(&headers, "content-type").unwrap_or_default();
    let boundary = parameter(&kind, "boundary").ok_or("a multipart message without boundary")?;
    if boundary.is_empty() || boundary.len() > 200 {
        return Err("a multipart message with an impossible boundary".into());
    }
    let mut parts = Vec::new();
    for piece in pieces(body, &boundary) {
        let (headers, body) = split_headers(piece);
        let kind = header(&headers, "content-type").unwrap_or_else(|| "text/plain".into());
        let disposition = header(&headers, "content-disposition").unwrap_or_default();
        let name = parameter(&disposition, "filename").filter(|name| !name.is_empty());
        let plain = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = if plain.starts_with("multipart/") {
            piece.to_vec()
        } else {
            let encoding = header(&headers, "content-transfer-encoding").unwrap_or_default();
            match encoding.trim().to_ascii_lowercase().as_str() {
                "base64" => encoding::base64(body).ok_or("a part that is not valid base64")?,
                "quoted-printable" => encoding::quoted_printable(body),
                _ => body.to_vec(),
            }
        };
        parts.push(Part { kind: plain, name, body });
    }
    Ok(parts)
}

/// The bytes between boundary lines.
fn pieces<'a>(body: &'a [u8], boundary: &str) -> Vec<&'a [u8]> {
    let delimiter = format!("--{boundary}").into_bytes();
    let mut pieces = Vec::new();
    let mut start: Option<usize> = None;
    let mut at = 0;
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        if let Some(rest) = line.strip_prefix(delimiter.as_slice())
            && matches!(rest.trim_ascii_end(), b"" | b"--")
        {
            if let Some(start) = start {
                // The line break before a boundary belongs to the boundary.
                let piece = &body[start..at];
                let piece = piece.strip_suffix(b"\n").unwrap_or(piece);
                pieces.push(piece.strip_suffix(b"\r").unwrap_or(piece));
            }
            start = (rest.trim_ascii_end() != b"--").then_some(at + line.len());
            if start.is_none() {
                break;
            }
        }
        at += line.len();
    }
    pieces
}

/// Header lines (folded ones joined) and what follows the empty line.
fn split_headers(bytes: &[u8]) -> (Vec<(String, String)>, &[u8]) {
    let mut headers: Vec<(String, String)> = Vec::new();
    let mut at = 0;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        at += line.len();
        let text = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
        if text.is_empty() {
            return (headers, &bytes[at..]);
        }
        if text.starts_with([' ', '\t']) {
            if let Some((_, value)) = headers.last_mut() {
                value.push(' ');
                value.push_str(text.trim());
            }
        } else if let Some((name, value)) = text.split_once(':') {
            headers.push((name.trim().to_ascii_lowercase(), value.trim().to_owned()));
        }
    }
    (headers, &[])
}

fn header(headers: &[(String, String)], name: &str) -> Option<String> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
}

/// A parameter of a header value: `multipart/mixed; boundary="x"`.
fn parameter(value: &str, name: &str) -> Option<String> {
    value.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"').to_owned())
    })
}
