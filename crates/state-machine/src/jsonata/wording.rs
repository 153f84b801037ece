//! Errors in the words of JSONata's makers, which are those in the causes of the real service.
//!
//! The crate has the codes right but its own sentences, and does not say which function or operator was at fault. Where the
//! expression has only one that comes into question, it is named.

use super::rewrite::Uses;

/// The sentence for a message with a code.
pub(super) fn worded(message: &str, uses: &Uses) -> String {
    let Some((code, text)) = message.split_once(": ") else { return message.to_owned() };
    let new = match code {
        "D1002" | "D3137" => None,
        "D3010" => Some("Second argument of replace function cannot be an empty string".to_owned()),
        "D3020" => Some("Third argument of split function must evaluate to a positive number".to_owned()),
        "D3081" => once("decimal-separator"),
        "D3084" => Some(
            "The sub-picture must not contain both a 'percent' and a 'per-mille' character".to_owned(),
        ),
        "D3086" => Some(
            "The sub-picture must not contain a passive character that is preceded by an active character and that is \
             followed by another active character"
                .to_owned(),
        ),
        "D3100" => text
            .strip_prefix("Radix must be between 2 and 36, got ")
            .map(|radix| format!("The radix of the formatBase function must be between 2 and 36.  It was given {radix}")),
        "D3130" => Some(format!(
            "Formatting or parsing an integer as a sequence starting with \"{text}\" is not supported by this \
             implementation"
        )),
        "D3132" => Some(format!("Unknown component specifier \"{text}\" in date/time picture string")),
        "D3134" => Some("The timezone integer format specifier cannot have more than four digits".to_owned()),
        "D3138" => text.split_once(" (").map(|(sentence, _)| sentence.to_owned()),
        "T0410" | "T0412" => signature(code, text, uses),
        "T2001" | "T2002" => operator(text),
        "T2003" => Some("The left side of the range operator (..) must evaluate to an integer".to_owned()),
        "T2004" => Some("The right side of the range operator (..) must evaluate to an integer".to_owned()),
        "T2010" => uses.comparison().map(|operator| {
            format!("The expressions either side of operator \"{operator}\" must evaluate to numeric or string values")
        }),
        _ => None,
    };
    new.map_or_else(|| message.to_owned(), |sentence| format!("{code}: {sentence}"))
}

fn once(what: &str) -> Option<String> {
    Some(format!("The sub-picture must not contain more than one instance of the '{what}' character"))
}

/// Puts the quotes around an operator: `The left side of the + operator must evaluate to a number`.
fn operator(text: &str) -> Option<String> {
    let (before, rest) = text.split_once(" of the ")?;
    let (sign, after) = rest.split_once(" operator ")?;
    (!sign.starts_with('"')).then(|| format!("{before} of the \"{sign}\" operator {after}"))
}

/// A wrong argument: of which function.
fn signature(code: &str, text: &str, uses: &Uses) -> Option<String> {
    let (place, rest) = text.strip_prefix("Argument ")?.split_once(' ')?;
    let place: usize = place.parse().ok()?;
    let (name, kind) = match rest.strip_prefix("of function ") {
        // The crate names some itself, in several ways.
        Some(rest) => match rest.split_once(' ')? {
            ("does" | "must", _) => ("undefined".to_owned(), rest),
            ("undefined", _) => return None,
            (name, rest) if !name.starts_with('"') => (quoted(name.trim_start_matches('$')), rest),
            _ => return None,
        },
        None => (uses.function(place, rest).map(quoted)?, rest),
    };
    if code == "T0410" {
        return Some(format!("Argument {place} of function {name} does not match function signature"));
    }
    let kind = kind.rsplit_once(' ').map_or("", |(_, kind)| kind);
    Some(format!("Argument {place} of function {name} must be an array of \"{}s\"", kind.to_lowercase()))
}

fn quoted(name: &str) -> String {
    format!("\"{name}\"")
}

/// What the functions of JSONata want, in the order of their arguments: `s`tring, `n`umber, `b`oolean, `o`bject, an `a`rray
/// of such, anything `x`. From docs.jsonata.org.
const WANTED: [(&str, &[&str]); 41] = [
    ("abs", &["n"]),
    ("assert", &["b", "s"]),
    ("average", &["an"]),
    ("base64decode", &["s"]),
    ("base64encode", &["s"]),
    ("ceil", &["n"]),
    ("contains", &["s", "sf"]),
    ("decodeUrl", &["s"]),
    ("decodeUrlComponent", &["s"]),
    ("each", &["o"]),
    ("encodeUrlComponent", &["s"]),
    ("error", &["s"]),
    ("floor", &["n"]),
    ("formatBase", &["n", "n"]),
    ("formatInteger", &["n", "s"]),
    ("formatNumber", &["n", "s", "o"]),
    ("fromMillis", &["n", "s", "s"]),
    ("join", &["as", "s"]),
    ("length", &["s"]),
    ("lookup", &["x", "s"]),
    ("lowercase", &["s"]),
    ("match", &["s", "f", "n"]),
    ("max", &["an"]),
    ("merge", &["ao"]),
    ("min", &["an"]),
    ("pad", &["s", "n", "s"]),
    ("parseInteger", &["s", "s"]),
    ("power", &["n", "n"]),
    ("replace", &["s", "sf", "sf", "n"]),
    ("round", &["n", "n"]),
    ("sift", &["o"]),
    ("split", &["s", "sf", "n"]),
    ("sqrt", &["n"]),
    ("string", &["x", "b"]),
    ("substring", &["s", "n", "n"]),
    ("substringAfter", &["s", "s"]),
    ("substringBefore", &["s", "s"]),
    ("sum", &["an"]),
    ("toMillis", &["s", "s"]),
    ("trim", &["s"]),
    ("uppercase", &["s"]),
];

/// Whether a function's argument at a place is of the kind the crate misses there.
pub(super) fn wants(function: &str, place: usize, missed: &str) -> bool {
    let code = match missed {
        "must be String" => "s",
        "must be Number" => "n",
        "must be Boolean" => "b",
        "must be Object" => "o",
        "must be (String or Function)" => "sf",
        "must be an array of Number" => "an",
        "must be an array of String" => "as",
        "must be an array of Object" => "ao",
        _ => return false,
    };
    let wanted = WANTED.iter().find(|(name, _)| *name == function);
    place > 0 && wanted.is_some_and(|(_, kinds)| kinds.get(place - 1) == Some(&code))
}

/// Whether this is a function whose arguments are known here.
pub(super) fn is_known(function: &str) -> bool {
    WANTED.iter().any(|(name, _)| *name == function)
}

/// Names of the crate for signs, and the signs.
const SIGNS: [(&str, &str); 37] = [
    ("And", "and"),
    ("Ampersand", "&"),
    ("At", "@"),
    ("Caret", "^"),
    ("Colon", ":"),
    ("ColonEqual", ":="),
    ("Comma", ","),
    ("Dot", "."),
    ("DotDot", ".."),
    ("Eof", "(end)"),
    ("Equal", "="),
    ("False", "false"),
    ("GreaterThan", ">"),
    ("GreaterThanOrEqual", ">="),
    ("Hash", "#"),
    ("In", "in"),
    ("LeftBrace", "{"),
    ("LeftBracket", "["),
    ("LeftParen", "("),
    ("LessThan", "<"),
    ("LessThanOrEqual", "<="),
    ("Minus", "-"),
    ("NotEqual", "!="),
    ("Null", "null"),
    ("Or", "or"),
    ("Percent", "%"),
    ("Pipe", "|"),
    ("Plus", "+"),
    ("Question", "?"),
    ("RightBrace", "}"),
    ("RightBracket", "]"),
    ("RightParen", ")"),
    ("Semicolon", ";"),
    ("Slash", "/"),
    ("Star", "*"),
    ("TildeArrow", "~>"),
    ("True", "true"),
];

/// The sentence for a text that does not compile: with signs instead of the crate's names for them.
pub(super) fn syntax(message: &str) -> String {
    let message = message.strip_prefix("Invalid syntax: ").unwrap_or(message);
    let named = |token: &str| {
        if let Some((_, sign)) = SIGNS.iter().find(|(name, _)| *name == token) {
            return format!("\"{sign}\"");
        }
        // `Number(2.0)`, `Identifier("a")`, `Variable("a")`.
        let inside = token.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or(token);
        inside.strip_suffix(".0").unwrap_or(inside).to_owned()
    };
    let Some((code, text)) = message.split_once(": ") else { return message.to_owned() };
    let text = match code {
        "S0201" => text.strip_prefix("Syntax error: ").map(|token| format!("Syntax error: {}", named(token))),
        "S0202" => text
            .strip_prefix("Expected ")
            .and_then(|rest| rest.split_once(", got "))
            .map(|(expected, found)| format!("Expected {}, got {}", named(expected), named(found))),
        "S0203" => text
            .strip_prefix("Expected ")
            .and_then(|rest| rest.split_once(" before "))
            .map(|(expected, rest)| format!("Expected {} before {rest}", named(expected))),
        "S0211" => text
            .strip_prefix("The symbol ")
            .and_then(|rest| rest.split_once(" cannot "))
            .map(|(symbol, rest)| format!("The symbol {} cannot {rest}", named(symbol))),
        _ => None,
    };
    text.map_or_else(|| message.to_owned(), |text| format!("{code}: {text}"))
}
