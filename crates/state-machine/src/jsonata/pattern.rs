//! How long a regular expression may take.
//!
//! They are matched in linear time, but the factor is as large as the automaton: counted repetitions make one of thousands
//! of states, all of which may be looked at for every byte. One match is one step of the evaluator, which looks at no clock
//! in it, so what it may take is worked out before.

/// States that a class of letters takes, since it is one of UTF-8 sequences.
const CLASS: usize = 20;
/// States times bytes that one match may take: some seconds.
const MOST: usize = 1 << 31;
/// The same where others wait: some milliseconds.
const QUICK: usize = 1 << 21;

/// About how many states the automaton of a pattern has.
pub(super) fn weight(pattern: &str) -> usize {
    // What stands before in the open groups; sum and last piece of the present one.
    let mut groups: Vec<usize> = Vec::new();
    let (mut sum, mut last) = (0_usize, 0_usize);
    let mut characters = pattern.chars().peekable();
    while let Some(character) = characters.next() {
        last = match character {
            '(' => {
                groups.push(sum);
                sum = 0;
                continue;
            }
            ')' => {
                let inner = sum;
                sum = groups.pop().unwrap_or(0);
                inner
            }
            '[' => {
                let mut class = 1;
                let mut escaped = false;
                for inside in characters.by_ref() {
                    if inside == ']' && !escaped {
                        break;
                    }
                    if !inside.is_ascii() || inside == '^' || (escaped && inside.is_ascii_alphabetic()) {
                        class = CLASS;
                    }
                    escaped = inside == '\\' && !escaped;
                }
                class
            }
            '\\' if characters.next().is_some_and(|next| next.is_ascii_alphabetic()) => CLASS,
            '.' => CLASS,
            '{' => {
                let mut most = 0_usize;
                let mut number = 0_usize;
                for inside in characters.by_ref() {
                    if let Some(digit) = inside.to_digit(10) {
                        number = number.saturating_mul(10).saturating_add(digit as usize);
                    } else {
                        most = most.max(number);
                        number = 0;
                    }
                    if inside == '}' {
                        break;
                    }
                }
                last.saturating_mul(most.max(1) - 1)
            }
            '*' | '+' | '?' | '|' | '^' | '$' => continue,
            _ => 1,
        };
        sum = sum.saturating_add(last);
    }
    groups.into_iter().fold(sum, usize::saturating_add)
}

/// Whether a text of so many bytes may be held against a pattern of this weight.
pub(super) fn is_short(bytes: usize, weight: usize, is_quick: bool) -> bool {
    bytes.saturating_mul(weight) <= if is_quick { QUICK } else { MOST }
}

/// A weight beyond which a pattern is too heavy for a text that is not known before.
pub(super) const HEAVY: usize = 200;
/// A weight below which no text is too long.
pub(super) const LIGHT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repetitions_multiply() {
        for (pattern, expected) in [
            ("abc", 3),
            (r"\d{4}-\d{2}", 121),
            ("[a-z]{3}", 3),
            ("(ab){10}", 20),
            ("((a{10}){10}){10}", 1000),
            ("[01]*1[01]{900}x", 903),
            ("a{2,}", 2),
            ("(a", 1),
            ("a)b", 2),
            ("a{99999999999999999999999}{9}", usize::MAX),
        ] {
            assert_eq!(weight(pattern), expected, "{pattern}");
        }
    }
}
