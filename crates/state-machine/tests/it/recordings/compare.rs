//! The rules of the recordings' README: normalisation, placeholders, comparison.

use super::replay::{ACCOUNT, REGION, Replay, at};
use serde_json::{Value, json};

/// What a token of a recording stands for.
struct Tokens {
    /// Texts of ours and their tokens, the longest first.
    values: Vec<(String, String)>,
    /// Tokens that stand for any text.
    any: Vec<String>,
    /// Member and token: as the whole value of that member it stands for anything.
    keys: Vec<(String, String)>,
}

/// The first difference between a recording and our answers. Fails where the comparison needs more than an interpreter.
pub(super) fn differences(recording: &Value, replay: &Replay) -> Result<Option<String>, &'static str> {
    let tokens = tokens(recording, replay)?;
    let flag = |name: &str| {
        let flags = recording["flags"].as_array().map(Vec::as_slice).unwrap_or_default();
        flags.iter().any(|flag| flag.as_str() == Some(name))
    };
    let json_members: Vec<&str> = recording["flags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|flag| flag.as_str()?.strip_prefix("json:"))
        .collect();
    let old = recorded_before_change(recording);
    for (key, instruction) in recording["compare"].as_object().ok_or("has nothing to compare")? {
        let mut actual = normalise(&select(instruction, replay)?, &json_members);
        if old {
            as_before_change(&mut actual);
        }
        if flag("parallel_block") {
            blank_blocks(&mut actual);
        }
        let actual = replace(&actual, &tokens);
        let mut expected = recording["expected"][key].clone();
        if flag("parallel_block") {
            blank_blocks(&mut expected);
        }
        if let Some(difference) = differ(&expected, &actual, &tokens, "", key) {
            return Ok(Some(difference));
        }
    }
    Ok(None)
}

/// Between August and November 2024 AWS changed which event the exit of a distributed Map follows: since then it is
/// `MapRunStarted`, before it was `MapRunSucceeded`. The interpreter does as AWS does now.
fn recorded_before_change(recording: &Value) -> bool {
    let date = recording["recorded_on"].as_str().unwrap_or_default();
    let mut parts = date.split([',', '-']);
    let (month, year) = (parts.nth(1).unwrap_or_default(), parts.next().unwrap_or_default());
    (year, month) < ("2024", "11")
}

fn as_before_change(answer: &mut Value) {
    for events in lists(answer) {
        for place in 2..events.len() {
            if events[place]["type"] == "MapStateExited" && events[place - 2]["type"] == "MapRunSucceeded" {
                events[place]["previousEventId"] = events[place - 2]["id"].clone();
            }
        }
    }
}

fn select(instruction: &Value, replay: &Replay) -> Result<Value, &'static str> {
    if let Some(step) = instruction["from"].as_str() {
        for unknown in ["drop", "any_order", "any_order_keys", "ignore_keys", "collect"] {
            if instruction.get(unknown).is_some() {
                return Err("compares in a way of its own");
            }
        }
        let answer = replay.answer(step).ok_or("compares more than histories")?;
        return match instruction["path"].as_str() {
            Some(path) => Ok(at(answer, path).unwrap_or(json!("(missing)"))),
            None => Ok(answer.clone()),
        };
    }
    if let Some(members) = instruction["object"].as_object() {
        let members: Result<serde_json::Map<_, _>, _> =
            members.iter().map(|(name, part)| Ok((name.clone(), select(part, replay)?))).collect();
        return members.map(Value::Object);
    }
    if let Some(items) = instruction["list"].as_array() {
        return items.iter().map(|part| select(part, replay)).collect::<Result<_, _>>().map(Value::Array);
    }
    if let Some(step) = instruction["error_text"].as_str() {
        let error = &replay.answer(step).ok_or("compares more than histories")?["Error"];
        let (code, message) = (error["Code"].as_str(), error["Message"].as_str());
        let (code, message) = (code.unwrap_or_default(), message.unwrap_or_default());
        return Ok(json!(format!(
            "An error occurred ({code}) when calling the TestState operation: {message}"
        )));
    }
    if let Some(step) = instruction["error_type"].as_str() {
        return Ok(replay.answer(step).ok_or("compares more than histories")?["Error"]["Code"].clone());
    }
    instruction.get("const").cloned().ok_or("compares in a way of its own")
}

fn tokens(recording: &Value, replay: &Replay) -> Result<Tokens, &'static str> {
    let mut tokens = Tokens { values: Vec::new(), any: Vec::new(), keys: Vec::new() };
    for placeholder in recording["placeholders"].as_array().into_iter().flatten() {
        let token = placeholder["token"].as_str().unwrap_or_default().to_owned();
        if placeholder.get("any").is_some() {
            tokens.any.push(token);
        } else if let Some(key) = placeholder["key"].as_str() {
            tokens.keys.push((key.to_owned(), token));
        } else if let Some(value) = placeholder["value"].as_str() {
            // One that stands for what was never answered stands for nothing.
            let Ok(value) = replay.resolve(value) else { continue };
            let value = piece(&value, &placeholder["split"], &placeholder["take"]);
            let value = piece(&value, &placeholder["then_split"], &placeholder["then_take"]);
            tokens.values.push((plain(&value), token));
        } else {
            return Err("uses a pattern");
        }
    }
    tokens.values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
    Ok(tokens)
}

fn piece(text: &str, split: &Value, take: &Value) -> String {
    let (Some(split), Some(take)) = (split.as_str(), take.as_i64()) else { return text.to_owned() };
    let parts: Vec<&str> = text.split(split).collect();
    let place = if take < 0 { take + i64::try_from(parts.len()).unwrap() } else { take };
    let part = usize::try_from(place).ok().and_then(|place| parts.get(place));
    part.map_or(text, |part| part).to_owned()
}

/// Rules 1 to 4, and 6.
fn normalise(value: &Value, json_members: &[&str]) -> Value {
    fn walk(value: &Value, name: &str, inside: bool, json_members: &[&str]) -> Value {
        match value {
            Value::String(text) => {
                let parsed = || serde_json::from_str::<Value>(text).ok();
                if !inside
                    && !name.is_empty()
                    && (text.starts_with('{') || json_members.contains(&name))
                    && let Some(parsed) = parsed()
                {
                    return walk(&parsed, name, true, json_members);
                }
                if name == "cause" {
                    return Value::String(plain(&blank_json(text)));
                }
                if name.to_lowercase().contains("timestamp") && !is_instant(text) {
                    return json!("timestamp");
                }
                Value::String(plain(text))
            }
            Value::Array(items) => items.iter().map(|item| walk(item, "", inside, json_members)).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| (plain(name), walk(value, name, inside, json_members)))
                .collect(),
            other if name.to_lowercase().contains("timestamp") && !other.is_object() => json!("timestamp"),
            other => other.clone(),
        }
    }
    walk(value, "", false, json_members)
}

/// Rule 6: a quoted JSON object at the end of a cause.
fn blank_json(text: &str) -> String {
    let Some(body) = text.strip_suffix('\'') else { return text.to_owned() };
    let mut from = 0;
    while let Some(at) = body[from..].find("'{") {
        let at = from + at;
        if serde_json::from_str::<Value>(&body[at + 1..]).is_ok() {
            return format!("{}'<json-input:1>'", &body[..at]);
        }
        from = at + 2;
    }
    text.to_owned()
}

fn is_instant(text: &str) -> bool {
    text.as_bytes().get(10) == Some(&b'T')
        && time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).is_ok()
}

/// Rule 3: instants, account, region, partition.
fn plain(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    // An instant is at least as long as `2026-11-20T12:00:00Z`.
    while let Some(at) = rest.find('T') {
        let found = (at >= 10).then(|| {
            let from = at - 10;
            let tail = rest.get(from..)?;
            let length =
                tail.find(|c: char| !(c.is_ascii_digit() || "-:.+TZ".contains(c))).unwrap_or(tail.len());
            (0..=length)
                .rev()
                .find(|length| tail.get(..*length).is_some_and(is_instant))
                .map(|length| (from, length))
        });
        if let Some((from, length)) = found.flatten() {
            out.push_str(&rest[..from]);
            out.push_str("date");
            rest = &rest[from + length..];
        } else {
            out.push_str(&rest[..=at]);
            rest = &rest[at + 1..];
        }
    }
    out.push_str(rest);
    out.replace(ACCOUNT, "111111111111").replace(REGION, "<region>").replace("arn:aws:", "arn:<partition>:")
}

/// Rule 5 for values.
fn replace(value: &Value, tokens: &Tokens) -> Value {
    let text = |text: &str| {
        tokens.values.iter().fold(text.to_owned(), |text, (value, token)| text.replace(value.as_str(), token))
    };
    match value {
        Value::String(value) => Value::String(text(value)),
        Value::Array(items) => items.iter().map(|item| replace(item, tokens)).collect(),
        Value::Object(members) => {
            members.iter().map(|(name, value)| (text(name), replace(value, tokens))).collect()
        }
        other => other.clone(),
    }
}

/// All lists named `events` below a value.
fn lists(value: &mut Value) -> Vec<&mut Vec<Value>> {
    match value {
        Value::Object(members) => members
            .iter_mut()
            .flat_map(|(name, value)| {
                if name == "events" { value.as_array_mut().into_iter().collect() } else { lists(value) }
            })
            .collect(),
        Value::Array(items) => items.iter_mut().flat_map(lists).collect(),
        _ => Vec::new(),
    }
}

/// The flag `parallel_block`: order inside a Parallel is free.
fn blank_blocks(value: &mut Value) {
    for events in lists(value) {
        let mut out: Vec<Value> = Vec::new();
        let mut block: Vec<Value> = Vec::new();
        let (mut inside, mut closing) = (false, None);
        for mut event in std::mem::take(events) {
            let kind = event["type"].as_str().unwrap_or_default().to_owned();
            let closes = [
                "ParallelStateSucceeded",
                "ParallelStateAborted",
                "ParallelStateExited",
                "ParallelStateFailed",
            ]
            .contains(&kind.as_str());
            if closes {
                sort_into(&mut out, &mut block);
                inside = false;
                // Of several in a row the last is kept.
                closing = Some(event);
                continue;
            }
            out.extend(closing.take());
            if kind == "ParallelStateStarted" {
                sort_into(&mut out, &mut block);
                inside = true;
                out.push(event);
            } else if inside {
                event["id"] = json!([0]);
                event["previousEventId"] = json!(0);
                block.push(event);
            } else {
                out.push(event);
            }
        }
        sort_into(&mut out, &mut block);
        out.extend(closing);
        *events = out;
    }
}

fn sort_into(out: &mut Vec<Value>, block: &mut Vec<Value>) {
    block.sort_by_key(Value::to_string);
    out.append(block);
}

/// The first place where two values differ.
fn differ(expected: &Value, actual: &Value, tokens: &Tokens, name: &str, place: &str) -> Option<String> {
    let said = |what: &str| Some(format!("{place}: {what}\n    AWS  {expected}\n    ours {actual}"));
    if let Value::String(text) = expected
        && tokens.keys.iter().any(|(key, token)| token == text && (key == name || key == "*"))
    {
        return None;
    }
    match (expected, actual) {
        (Value::String(expected), Value::String(actual)) => {
            if like(expected, actual, &tokens.any) {
                None
            } else {
                said("another text")
            }
        }
        (Value::Array(a), Value::Array(b)) => {
            let first = a.iter().zip(b).enumerate();
            let found =
                first.map(|(at, (a, b))| differ(a, b, tokens, "", &format!("{place}[{at}]"))).find_map(|d| d);
            if found.is_none() && a.len() != b.len() {
                return said(&format!("{} items instead of {}", b.len(), a.len()));
            }
            found
        }
        (Value::Object(a), Value::Object(b)) => {
            for (name, a) in a {
                let Some(b) = b.get(name) else { return said(&format!("'{name}' is missing")) };
                if let Some(difference) = differ(a, b, tokens, name, &format!("{place}.{name}")) {
                    return Some(difference);
                }
            }
            b.keys()
                .find(|name| !a.contains_key(*name))
                .and_then(|name| said(&format!("'{name}' is too much")))
        }
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        (a, b) if a == b => None,
        _ => said("another value"),
    }
}

/// Whether a text fits one with tokens that stand for anything.
fn like(expected: &str, actual: &str, any: &[String]) -> bool {
    let places = any.iter().filter_map(|token| Some((expected.find(token.as_str())?, token)));
    let Some((at, token)) = places.min() else {
        return expected == actual;
    };
    let (head, tail) = (&expected[..at], &expected[at + token.len()..]);
    let Some(rest) = actual.strip_prefix(head) else { return false };
    (0..=rest.len()).any(|from| rest.is_char_boundary(from) && like(tail, &rest[from..], any))
}
