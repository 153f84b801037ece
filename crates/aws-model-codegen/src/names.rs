//! Model names to Rust names.

const KEYWORDS: &[&str] = &[
    "as", "async", "await", "break", "const", "continue", "crate", "do", "dyn", "else", "enum", "extern",
    "false", "fn", "for", "if", "impl", "in", "let", "loop", "match", "mod", "move", "mut", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "type", "unsafe", "use", "where",
    "while", "yield", "box", "final", "macro", "override", "priv", "try", "typeof", "unsized", "virtual",
    "abstract", "become", "gen",
];

/// `CidrBlockAssociationSet` → `cidr_block_association_set`; keywords get a trailing underscore.
pub fn field_name(name: &str) -> String {
    let mut snake = words(name).join("_").to_lowercase();
    if KEYWORDS.contains(&snake.as_str()) {
        snake.push('_');
    }
    snake
}

/// An enumeration value as a constant: `t3.micro` → `T3_MICRO`.
pub fn constant_name(value: &str) -> String {
    let mut name = String::new();
    for part in value.split(|c: char| !c.is_ascii_alphanumeric()).filter(|p| !p.is_empty()) {
        for word in words(part) {
            if !name.is_empty() {
                name.push('_');
            }
            name.push_str(&word.to_uppercase());
        }
    }
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        name.insert_str(0, "V_");
    }
    name
}

/// A type name: `tlsCert` → `TlsCert`; names of Rust's prelude get a suffix.
pub(crate) fn type_name(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase()).into_iter();
    let name: String = first.chain(letters).collect();
    match name.as_str() {
        "String" | "Option" | "Vec" | "Box" | "Result" | "Some" | "None" | "Ok" | "Err" | "Self"
        | "Default" | "Clone" => {
            format!("{name}Shape")
        }
        _ => name,
    }
}

/// Splits camel case: `IPv6CIDRBlock` → `IPv6`, `CIDR`, `Block`.
fn words(name: &str) -> Vec<String> {
    let chars: Vec<char> = name.chars().collect();
    let mut out: Vec<String> = Vec::new();
    let mut word = String::new();
    for (at, &c) in chars.iter().enumerate() {
        if !c.is_ascii_alphanumeric() {
            if !word.is_empty() {
                out.push(std::mem::take(&mut word));
            }
            continue;
        }
        let before = at.checked_sub(1).and_then(|i| chars.get(i)).copied();
        let after = chars.get(at + 1).copied();
        let starts = c.is_ascii_uppercase()
            && !word.is_empty()
            && (before.is_some_and(|b| !b.is_ascii_uppercase())
                || after.is_some_and(|a| a.is_ascii_lowercase()) && !plural_end(&chars, at));
        if starts {
            out.push(std::mem::take(&mut word));
        }
        word.push(c);
    }
    if !word.is_empty() {
        out.push(word);
    }
    out
}

/// The `Ds` of `IDs` is no new word.
fn plural_end(chars: &[char], at: usize) -> bool {
    chars.get(at + 1) == Some(&'s') && chars.get(at + 2).is_none_or(|c| c.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields() {
        for (from, to) in [
            ("ImageId", "image_id"),
            ("DBClusterIDs", "db_cluster_ids"),
            ("Ipv6CidrBlock", "ipv6_cidr_block"),
            ("Type", "type_"),
            ("VPCId", "vpc_id"),
            ("enableDnsSupport", "enable_dns_support"),
            ("IamARN", "iam_arn"),
        ] {
            assert_eq!(field_name(from), to);
        }
    }

    #[test]
    fn constants() {
        for (from, to) in
            [("t3.micro", "T3_MICRO"), ("64-bit", "V_64_BIT"), ("InProgress", "IN_PROGRESS"), ("", "V_")]
        {
            assert_eq!(constant_name(from), to);
        }
    }
}
