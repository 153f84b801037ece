//! Paths as statelint sees them: a check by shape, which differs from the real compiler ([`crate::path`] does that).
//!
//! A text of several lines passes if one line does; that is how its patterns work.

/// Whether the text has the shape of a JSONPath: `$.a..b['c'][0][*][1:2]`.
pub(super) fn is_path(text: &str) -> bool {
    text.split('\n').any(|line| whole(line, |rest| step(rest, &[name_step, star_step, bracket_step, index])))
}

/// Whether the text has the shape of a Reference Path: names, each with one index at most.
pub(super) fn is_reference_path(text: &str) -> bool {
    text.split('\n').any(|line| {
        whole(line, |rest| {
            let rest = step(rest, &[name_step, bracket_step])?;
            Some(number_index(rest).unwrap_or(rest))
        })
    })
}

/// Whether the text is a path from the input (`$`) or from the context object (`$$`).
pub(super) fn is_path_or_context_path(text: &str) -> bool {
    if !text.starts_with("$$") {
        return is_path(text);
    }
    text.split('\n').any(|line| is_path(line.strip_prefix('$').unwrap_or(line)))
}

/// Whether the text looks like a call of an intrinsic function.
pub(super) fn is_intrinsic(text: &str) -> bool {
    text.split('\n').any(|line| {
        line == "States.UUID()"
            || line
                .strip_prefix("States.")
                .and_then(|call| call.strip_suffix(')'))
                .and_then(|call| call.split_once('('))
                .is_some_and(|(name, arguments)| !arguments.is_empty() && INTRINSICS.contains(&name))
    })
}

/// The functions with arguments that statelint knows.
const INTRINSICS: &[&str] = &[
    "Format",
    "Array",
    "ArrayPartition",
    "ArrayContains",
    "ArrayRange",
    "ArrayGetItem",
    "ArrayLength",
    "ArrayUnique",
    "Base64Encode",
    "Base64Decode",
    "Hash",
    "JsonMerge",
    "JsonToString",
    "StringToJson",
    "MathRandom",
    "MathAdd",
    "StringSplit",
];

type Eat = fn(&str) -> Option<&str>;

/// `$` and then steps to the end.
fn whole(line: &str, step: impl Fn(&str) -> Option<&str>) -> bool {
    let Some(mut rest) = line.strip_prefix('$') else { return false };
    while !rest.is_empty() {
        match step(rest) {
            Some(after) => rest = after,
            None => return false,
        }
    }
    true
}

fn step<'a>(rest: &'a str, kinds: &[Eat]) -> Option<&'a str> {
    kinds.iter().find_map(|eat| eat(rest))
}

fn dots(rest: &str) -> Option<&str> {
    let rest = rest.strip_prefix('.')?;
    Some(rest.strip_prefix('.').unwrap_or(rest))
}

fn name_step(rest: &str) -> Option<&str> {
    name(dots(rest)?)
}

fn star_step(rest: &str) -> Option<&str> {
    dots(rest)?.strip_prefix('*')
}

fn bracket_step(rest: &str) -> Option<&str> {
    name(rest.strip_prefix("['")?)?.strip_prefix("']")
}

/// `[1]`, `[1, 2]`, `[*]`, `[-1:2]`.
fn index(rest: &str) -> Option<&str> {
    let inside = rest.strip_prefix('[')?;
    if let Some(after) = inside.strip_prefix("*]") {
        return Some(after);
    }
    let after_first = digits(inside);
    if let Some(first) = after_first {
        if let Some(after) = first.strip_prefix(']') {
            return Some(after);
        }
        if let Some(second) = first.strip_prefix(',') {
            return digits(second.trim_start_matches(' '))?.strip_prefix(']');
        }
    }
    let to = signed(inside).strip_prefix(':')?;
    signed(to).strip_prefix(']')
}

fn number_index(rest: &str) -> Option<&str> {
    digits(rest.strip_prefix('[')?)?.strip_prefix(']')
}

fn digits(rest: &str) -> Option<&str> {
    let after = rest.trim_start_matches(|letter: char| letter.is_ascii_digit());
    (after.len() < rest.len()).then_some(after)
}

/// A number with a sign, or nothing.
fn signed(rest: &str) -> &str {
    digits(rest.strip_prefix('-').unwrap_or(rest)).unwrap_or(rest)
}

fn name(rest: &str) -> Option<&str> {
    let first = rest.chars().next().filter(|letter| starts_name(*letter))?;
    Some(rest[first.len_utf8()..].trim_start_matches(goes_on))
}

fn starts_name(letter: char) -> bool {
    letter.is_alphabetic()
}

/// Letters, decimal digits, marks and connectors such as `_`.
fn goes_on(letter: char) -> bool {
    letter == '_'
        || letter.is_alphanumeric()
        || matches!(letter, '\u{203f}' | '\u{2040}' | '\u{2054}')
        || ('\u{300}'..='\u{36f}').contains(&letter)
}
