//! Bodies brought into one form, so that equal meaning is equal value. Written apart from the codecs under test.

use serde_json::{Map, Value as Json, json};

/// The value of a JSON body; empty is `{}`.
pub(crate) fn json(body: &[u8]) -> Json {
    if body.is_empty() { json!({}) } else { numbers(serde_json::from_slice(body).expect("JSON")) }
}

/// All numbers as floats, so that `1` equals `1.0`.
fn numbers(value: Json) -> Json {
    match value {
        Json::Number(number) => json!(number.as_f64()),
        Json::String(text) => json!(instant(&text).unwrap_or(text)),
        Json::Array(items) => items.into_iter().map(numbers).collect(),
        Json::Object(entries) => entries.into_iter().map(|(key, value)| (key, numbers(value))).collect(),
        other => other,
    }
}

/// An XML element as `[name, {attributes}, text, [children]]`; children are ordered by name, equal names as they came.
pub(crate) fn xml(body: &[u8]) -> Json {
    let text = std::str::from_utf8(body).expect("UTF-8");
    let mut rest = text.trim();
    if let Some(after) = rest.strip_prefix("<?xml") {
        rest = after.split_once("?>").expect("declaration").1.trim();
    }
    let (element, rest) = element(rest);
    assert_eq!(rest.trim(), "", "text after the root");
    element
}

fn element(text: &str) -> (Json, &str) {
    let text = text.strip_prefix('<').expect("element");
    let (tag, mut rest) = text.split_once('>').expect("tag");
    let (tag, closed) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
    let (name, attributes) = tag.trim().split_once(char::is_whitespace).unwrap_or((tag.trim(), ""));
    let (mut map, mut words, mut children) = (Map::new(), String::new(), Vec::new());
    let mut list = attributes.trim();
    while let Some((key, after)) = list.split_once("=\"") {
        let (value, after) = after.split_once('"').expect("quoted");
        map.insert(key.to_owned(), json!(unescape(value)));
        list = after.trim();
    }
    loop {
        if closed {
            break;
        }
        let (before, after) = rest.split_once('<').expect("closing tag");
        words.push_str(&unescape(before));
        if let Some(close) = after.strip_prefix('/') {
            let (end, after) = close.split_once('>').expect("closing tag");
            assert_eq!(end, name);
            rest = after;
            break;
        }
        if let Some(comment) = after.strip_prefix("!--") {
            rest = comment.split_once("-->").expect("comment").1;
            continue;
        }
        if let Some(data) = after.strip_prefix("![CDATA[") {
            let (data, after) = data.split_once("]]>").expect("end of data");
            words.push_str(data);
            rest = after;
            continue;
        }
        let (child, after) = element(&rest[before.len()..]);
        children.push(child);
        rest = after;
    }
    // The entries of a map have no order.
    let is_entry = |child: &Json| child[0] == "entry" || child[3][0][0] == "key" || child[3][0][0] == "K";
    children.sort_by_key(|child| {
        (child[0].to_string(), if is_entry(child) { child.to_string() } else { String::new() })
    });
    // Text between elements means nothing, and neither does a line break in an empty one; other space in a leaf is content.
    let blank = words.contains('\n') && words.trim().is_empty();
    let words = if children.is_empty() && !blank { words } else { String::new() };
    (json!([name, map, instant(&words).unwrap_or(words), children]), rest)
}

/// ISO 8601 times as seconds since 1970, so that offsets and zero fractions do not matter.
fn instant(text: &str) -> Option<String> {
    let (date, time) = text.split_once('T')?;
    let numbers = |text: &str, by: char| {
        text.split(by).map(|part| part.parse::<f64>().ok()).collect::<Option<Vec<_>>>()
    };
    let (clock, offset) = if let Some(clock) = time.strip_suffix('Z') {
        (clock, 0.0)
    } else {
        let (clock, offset) = time.split_at(time.rfind(['+', '-'])?);
        let parts = numbers(&offset[1..], ':')?;
        (clock, (parts[0] * 3600.0 + parts[1] * 60.0) * if offset.starts_with('-') { -1.0 } else { 1.0 })
    };
    let (date, clock) = (numbers(date, '-')?, numbers(clock, ':')?);
    let before = [0.0, 31.0, 59.0, 90.0, 120.0, 151.0, 181.0, 212.0, 243.0, 273.0, 304.0, 334.0];
    let (year, month) = (date[0], date[1]);
    let leap = (((year - if month > 2.0 { 0.0 } else { 1.0 }) - 1968.0) / 4.0).floor(); // right from 1901 to 2099
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let days = (year - 1970.0) * 365.0 + leap + before[month as usize - 1] + date[2] - 1.0;
    Some(format!("time {}", days * 86400.0 + clock[0] * 3600.0 + clock[1] * 60.0 + clock[2] - offset))
}

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').expect("reference");
        out.push_str(before);
        out.push(match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            code => {
                let code = code.strip_prefix('#').expect("numeric reference");
                let number =
                    code.strip_prefix('x').map_or_else(|| code.parse(), |hex| u32::from_str_radix(hex, 16));
                char::from_u32(number.expect("number")).expect("character")
            }
        });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A CBOR item as JSON: byte strings as `{"bytes": [..]}`, tags as `{"tag": [n, item]}`, special floats as text.
pub(crate) fn cbor(body: &[u8]) -> Json {
    if body.is_empty() {
        return json!({});
    }
    let (value, rest) = item(body);
    assert!(rest.is_empty(), "bytes after the item");
    value.expect("item")
}

/// `None` is the break code.
fn item(bytes: &[u8]) -> (Option<Json>, &[u8]) {
    let (major, info, mut rest) = (bytes[0] >> 5, bytes[0] & 31, &bytes[1..]);
    let mut argument = u64::from(info);
    if (24..28).contains(&info) {
        let width = 1 << (info - 24);
        argument = rest[..width].iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        rest = &rest[width..];
    }
    let indefinite = info == 31;
    let length = usize::try_from(argument).unwrap();
    let value = match major {
        0 => number(argument as f64),
        1 => number(-1.0 - argument as f64),
        2 | 3 => {
            let mut whole = Vec::new();
            if indefinite {
                while rest[0] != 0xff {
                    let (piece, after) = item(rest);
                    let piece = piece.unwrap();
                    match &piece["bytes"] {
                        Json::Array(bytes) => {
                            whole.extend(bytes.iter().map(|b| u8::try_from(b.as_u64().unwrap()).unwrap()));
                        }
                        _ => whole.extend(piece.as_str().unwrap().bytes()),
                    }
                    rest = after;
                }
                rest = &rest[1..];
            } else {
                whole.extend_from_slice(&rest[..length]);
                rest = &rest[length..];
            }
            if major == 2 { json!({ "bytes": whole }) } else { json!(String::from_utf8(whole).unwrap()) }
        }
        4 | 5 => {
            let (mut items, mut left) =
                (Vec::new(), if indefinite { usize::MAX } else { length * if major == 5 { 2 } else { 1 } });
            while left > 0 {
                let (next, after) = item(rest);
                rest = after;
                left -= 1;
                match next {
                    Some(next) => items.push(next),
                    None => break,
                }
            }
            if major == 4 {
                Json::Array(items)
            } else {
                items.chunks(2).map(|pair| (pair[0].as_str().unwrap().to_owned(), pair[1].clone())).collect()
            }
        }
        6 => {
            let (inner, after) = item(rest);
            rest = after;
            json!({ "tag": [argument, inner.unwrap()] })
        }
        _ => match info {
            20 => json!(false),
            21 => json!(true),
            22 | 23 => Json::Null,
            25 => number(half(u16::try_from(argument).unwrap())),
            26 => number(f64::from(f32::from_bits(u32::try_from(argument).unwrap()))),
            27 => number(f64::from_bits(argument)),
            _ => return (None, rest),
        },
    };
    (Some(value), rest)
}

fn number(value: f64) -> Json {
    if value.is_nan() {
        json!("NaN")
    } else if value.is_infinite() {
        json!(value.to_string())
    } else {
        json!(value)
    }
}

fn half(bits: u16) -> f64 {
    let exponent = i32::from(bits >> 10 & 31);
    let fraction = f64::from(bits & 1023);
    let size = match exponent {
        0 => fraction / 1024.0 * 2f64.powi(-14),
        31 if fraction != 0.0 => f64::NAN,
        31 => f64::INFINITY,
        _ => (1024.0 + fraction) / 1024.0 * 2f64.powi(exponent - 15),
    };
    if bits > 0x7fff { -size } else { size }
}
