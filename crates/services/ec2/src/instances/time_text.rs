//! Times as text, where EC2 shows them inside of other text.

use records::Millis;
use time::OffsetDateTime;
use time::macros::format_description;

fn at(millis: Millis) -> OffsetDateTime {
    // Out of range only for a clock that is centuries off.
    OffsetDateTime::from_unix_timestamp(millis.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

/// `2026-11-20T10:00:00.000Z`, as filters on times compare it.
pub(crate) fn iso(millis: Millis) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]");
    let text = at(millis).format(format).unwrap_or_default();
    format!("{text}.{:03}Z", millis.rem_euclid(1000))
}

/// `User initiated (2026-11-20 10:00:00 GMT)`: the reason of a state change by the API.
pub(super) fn user_initiated(millis: Millis) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second]");
    format!("User initiated ({} GMT)", at(millis).format(format).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        assert_eq!(iso(1_795_168_800_007), "2026-11-20T10:00:00.007Z");
        assert_eq!(user_initiated(1_795_168_800_007), "User initiated (2026-11-20 10:00:00 GMT)");
        assert_eq!(iso(0), "1970-01-01T00:00:00.000Z");
    }
}
