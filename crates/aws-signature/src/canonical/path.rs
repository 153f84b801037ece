//! The path line of the canonical request.

use super::encode::{is_escape, is_unreserved, push_keeping_escapes, push_strict};

/// S3: the path as sent.
pub(super) fn push_as_sent(text: &mut Vec<u8>, path: &str) {
    text.extend_from_slice(if path.is_empty() { b"/" } else { path.as_bytes() });
}

/// S3, second spelling: what should have been encoded is encoded, escapes stay.
pub(super) fn push_encoded(text: &mut Vec<u8>, path: &str) {
    if path.is_empty() {
        text.push(b'/');
    }
    push_keeping_escapes(text, path.as_bytes(), Some(b'/'));
}

/// Whether the two S3 spellings of this path differ.
pub(crate) fn has_unencoded(path: &str) -> bool {
    let raw = path.as_bytes();
    raw.iter()
        .enumerate()
        .any(|(index, &byte)| byte != b'/' && !is_unreserved(byte) && !is_escape(&raw[index..]))
}

/// Everybody else: RFC 3986 §5.2.4 dot segments and empty segments removed, the rest encoded
/// (a second time, for the sent path is encoded already).
pub(super) fn push_normalised(text: &mut Vec<u8>, path: &str) {
    // The only path of five of the seven protocols.
    if path.is_empty() || path == "/" {
        text.push(b'/');
        return;
    }
    // Not a path at all (`*`, an authority): nothing to normalise, and nothing it may be taken for.
    if !path.starts_with('/') {
        push_strict(text, path.as_bytes());
        return;
    }
    let start = text.len();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                // Back to the slash before the last segment; at the root there is nothing to leave.
                let parent = text[start..].iter().rposition(|byte| *byte == b'/').unwrap_or(0);
                text.truncate(start + parent);
            }
            segment => {
                text.push(b'/');
                push_strict(text, segment.as_bytes());
            }
        }
    }
    if path.ends_with('/') || text.len() == start {
        text.push(b'/');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normalised(path: &str) -> String {
        let mut text = b"kept/".to_vec();
        push_normalised(&mut text, path);
        String::from_utf8(text[5..].to_vec()).unwrap()
    }

    #[test]
    fn dots_and_empty_segments_go() {
        for (sent, wanted) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/..", "/"),
            ("/../../a", "/a"),
            ("/a/..", "/"),
            ("/a/../b/", "/b/"),
            ("//a//b//", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a b/$", "/a%20b/%24"),
            ("/a%20b", "/a%2520b"),
            ("/...", "/..."),
            (".", "."),
            ("*", "%2A"),
        ] {
            assert_eq!(normalised(sent), wanted, "{sent}");
        }
    }

    #[test]
    fn s3_keys_stay_as_they_are() {
        let mut text = Vec::new();
        push_as_sent(&mut text, "/bucket//a/../%20b");
        assert_eq!(text, b"/bucket//a/../%20b");
        assert!(!has_unencoded("/bucket//a/../%20b"));
        assert!(has_unencoded("/bucket/$a"));
        text.clear();
        push_encoded(&mut text, "/bucket/$a%20");
        assert_eq!(text, b"/bucket/%24a%20");
    }
}
