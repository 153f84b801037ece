//! Wildcards in filter values (AWS: "Filter Amazon EC2 resources").

/// Whether a text is what a pattern means: `*` is any text, `?` one character, a backslash takes the special meaning away.
/// Without recursion: linear in practice, and at worst the product of the lengths.
pub fn like(pattern: &str, text: &str) -> bool {
    #[derive(Clone, Copy, PartialEq)]
    enum Step {
        Any,
        One,
        Letter(char),
    }
    let mut steps = Vec::with_capacity(pattern.len());
    let mut letters = pattern.chars();
    while let Some(letter) = letters.next() {
        steps.push(match letter {
            '*' => Step::Any,
            '?' => Step::One,
            '\\' => Step::Letter(letters.next().unwrap_or('\\')),
            other => Step::Letter(other),
        });
    }
    let text: Vec<char> = text.chars().collect();
    // Position of the last `*` and of the text when it was met: where to go back to.
    let (mut at, mut step, mut back) = (0, 0, None);
    while at < text.len() {
        match steps.get(step) {
            Some(Step::Any) => {
                back = Some((step, at));
                step += 1;
            }
            Some(Step::One) => (at, step) = (at + 1, step + 1),
            Some(Step::Letter(letter)) if *letter == text[at] => (at, step) = (at + 1, step + 1),
            _ => match back {
                Some((star, from)) => {
                    (at, step) = (from + 1, star + 1);
                    back = Some((star, from + 1));
                }
                None => return false,
            },
        }
    }
    steps[step..].iter().all(|s| *s == Step::Any)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("?", "", false),
            ("a*c", "abbbc", true),
            ("a*c", "abbbd", false),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
            ("*web*", "my-web-1", true),
            (r"a\*c", "a*c", true),
            (r"a\*c", "abc", false),
            ("ab", "abc", false),
            ("*a*b", "aab", true),
            ("Ü?", "Üß", true),
        ] {
            assert_eq!(like(pattern, text), expected, "{pattern} {text}");
        }
        assert!(!like(&"*a".repeat(200), &"a".repeat(100)), "hostile patterns end");
    }
}
