//! Timestamps as text, in the three formats of the protocols.

use super::number::push_padded;
use super::{double, integer, push_integer};
use aws_schema::{ReadError, Timestamp, TimestampFormat};
use calendar::{SECONDS_OF_DAY, date, days, days_of_month};

/// 0000-01-01 and 9999-12-31T23:59:59, the range every format can write.
const EARLIEST: i64 = -62_167_219_200;
const LATEST: i64 = 253_402_300_799;
/// Beginning with the day that 1970-01-01 was.
const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Appends `value`; times outside the years 0 to 9999 are written as the nearest one inside. `digits` is the least number of
/// fractional digits in ISO 8601 (EC2 always writes milliseconds).
pub(crate) fn write_timestamp(out: &mut String, value: Timestamp, format: TimestampFormat, digits: usize) {
    let seconds = value.seconds.clamp(EARLIEST, LATEST);
    match format {
        TimestampFormat::Epoch => epoch(out, Timestamp { seconds, nanos: value.nanos }),
        TimestampFormat::Iso8601 => {
            let (year, month, day) = date(seconds.div_euclid(SECONDS_OF_DAY));
            padded(out, year, 4);
            out.push('-');
            padded(out, month, 2);
            out.push('-');
            padded(out, day, 2);
            out.push('T');
            push_clock(out, seconds);
            fraction(out, value.nanos, digits);
            out.push('Z');
        }
        TimestampFormat::HttpDate => {
            let days = seconds.div_euclid(SECONDS_OF_DAY);
            let (year, month, day) = date(days);
            out.push_str(DAYS[usize::try_from(days.rem_euclid(7)).unwrap_or(0)]);
            out.push_str(", ");
            padded(out, day, 2);
            out.push(' ');
            out.push_str(MONTHS[usize::try_from(month - 1).unwrap_or(0)]);
            out.push(' ');
            padded(out, year, 4);
            out.push(' ');
            push_clock(out, seconds);
            out.push_str(" GMT");
        }
    }
}

/// Appends a number with leading zeros.
fn padded(out: &mut String, value: i64, width: usize) {
    push_padded(out, value.unsigned_abs(), width);
}

/// Appends `10:00:00`.
fn push_clock(out: &mut String, seconds: i64) {
    let (hour, minute, second) = clock(seconds);
    padded(out, hour, 2);
    out.push(':');
    padded(out, minute, 2);
    out.push(':');
    padded(out, second, 2);
}

/// Appends seconds since 1970 with as many fractional digits as there are.
fn epoch(out: &mut String, value: Timestamp) {
    if value.seconds < 0 && value.nanos > 0 {
        // The fraction counts forward; the text wants it backward from the next second.
        let whole = value.seconds + 1;
        if whole == 0 {
            out.push('-');
        }
        push_integer(out, whole);
        fraction(out, 1_000_000_000 - value.nanos.min(999_999_999), 0);
    } else {
        push_integer(out, value.seconds);
        fraction(out, value.nanos, 0);
    }
}

/// Appends the fraction of a second without trailing zeros, but at least so many digits.
fn fraction(out: &mut String, nanos: u32, least: usize) {
    if nanos == 0 && least == 0 {
        return;
    }
    out.push('.');
    let start = out.len();
    push_padded(out, u64::from(nanos.min(999_999_999)), 9);
    let used = out[start..].trim_end_matches('0').len().max(least);
    out.truncate(start + used);
}

/// Reads a timestamp. The modelled format is what a well-behaved client sends; the other two are understood as well, as AWS
/// does for clients that send ISO 8601 to a JSON service.
pub(crate) fn parse_timestamp(text: &str) -> Result<Timestamp, ReadError> {
    let text = text.trim();
    let bytes = text.as_bytes();
    let parsed = if bytes.first().is_some_and(u8::is_ascii_alphabetic) {
        http_date(text)
    } else if bytes.len() > 9 && bytes.iter().skip(1).any(|byte| *byte == b'-') && !text.contains(['e', 'E'])
    {
        iso8601(text)
    } else {
        from_epoch(text)
    };
    parsed.filter(|time| (EARLIEST..=LATEST).contains(&time.seconds)).ok_or_else(|| {
        ReadError::new(format!("'{}' is not a valid timestamp", text.chars().take(40).collect::<String>()))
    })
}

/// Seconds since 1970, with fraction or exponent. Digits are kept as digits: a float would blur milliseconds.
fn from_epoch(text: &str) -> Option<Timestamp> {
    if text.contains(['e', 'E']) {
        let value = double(text).ok()?;
        if value.abs() > 1e15 {
            return None;
        }
        #[allow(clippy::cast_possible_truncation)] // bounded above
        let micros = (value * 1e6).round() as i64;
        let nanos = u32::try_from(micros.rem_euclid(1_000_000)).ok()? * 1000;
        return Some(Timestamp { seconds: micros.div_euclid(1_000_000), nanos });
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let seconds = integer(whole).ok()?;
    let nanos = nanos(part)?;
    if whole.starts_with('-') && nanos > 0 {
        return Some(Timestamp { seconds: seconds - 1, nanos: 1_000_000_000 - nanos });
    }
    Some(Timestamp { seconds, nanos })
}

/// Nanoseconds of a decimal fraction; digits beyond nine are dropped.
fn nanos(part: &str) -> Option<u32> {
    if !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let kept = &part[..part.len().min(9)];
    let value: u32 = if kept.is_empty() { 0 } else { kept.parse().ok()? };
    Some(value * 10u32.pow(9 - u32::try_from(kept.len()).ok()?))
}

/// `2026-11-20T10:00:00Z`, with fraction, offset or without time of day.
fn iso8601(text: &str) -> Option<Timestamp> {
    let (date, rest) = text.split_once(['T', 't', ' ']).unwrap_or((text, "00:00:00Z"));
    let mut date = date.splitn(3, '-');
    let (year, month, day) = (number(date.next()?)?, number(date.next()?)?, number(date.next()?)?);
    let (clock, offset) = match rest.find(['Z', 'z', '+', '-']) {
        Some(at) => (&rest[..at], offset(&rest[at..])?),
        None => (rest, 0),
    };
    let (clock, part) = clock.split_once('.').unwrap_or((clock, ""));
    instant((year, month, day), clock, part, offset)
}

/// Seconds east of Greenwich of `Z`, `+02:00`, `-0730` or `+02`.
fn offset(text: &str) -> Option<i64> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let digits: String = text[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        2 => (number(&digits)?, 0),
        4 => (number(digits.get(..2)?)?, number(digits.get(2..)?)?),
        _ => return None,
    };
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = hours * 3600 + minutes * 60;
    Some(if text.starts_with('-') { -seconds } else { seconds })
}

/// `Fri, 20 Nov 2026 10:00:00 GMT`, also with fractional seconds.
fn http_date(text: &str) -> Option<Timestamp> {
    let (_, rest) = text.split_once(", ")?;
    let mut parts = rest.split_ascii_whitespace();
    let day = number(parts.next()?)?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|name| name.eq_ignore_ascii_case(month))?;
    let year = number(parts.next()?)?;
    let clock = parts.next()?;
    if !matches!(parts.next()?, "GMT" | "UTC" | "+0000") {
        return None;
    }
    let (clock, part) = clock.split_once('.').unwrap_or((clock, ""));
    instant((year, i64::try_from(month).ok()? + 1, day), clock, part, 0)
}

/// The instant of a date and a clock reading, if both exist.
fn instant((year, month, day): (i64, i64, i64), clock: &str, part: &str, offset: i64) -> Option<Timestamp> {
    let mut clock = clock.splitn(3, ':');
    let (hour, minute) = (number(clock.next()?)?, number(clock.next()?)?);
    let second = clock.next().map_or(Some(0), number)?;
    // A leap second (60) is taken as the first second of the next minute.
    if !(1..=days_of_month(year, month)).contains(&day) || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let seconds = days(year, month, day) * SECONDS_OF_DAY + hour * 3600 + minute * 60 + second - offset;
    Some(Timestamp { seconds, nanos: nanos(part)? })
}

/// A short unsigned number.
fn number(text: &str) -> Option<i64> {
    (!text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// Hour, minute and second of the day.
fn clock(seconds: i64) -> (i64, i64, i64) {
    let of_day = seconds.rem_euclid(SECONDS_OF_DAY);
    (of_day / 3600, of_day / 60 % 60, of_day % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: i64, nanos: u32, format: TimestampFormat) -> String {
        let mut out = String::new();
        write_timestamp(&mut out, Timestamp { seconds, nanos }, format, 0);
        out
    }

    #[test]
    fn writes_known_instants() {
        assert_eq!(text(1_398_796_238, 0, TimestampFormat::Iso8601), "2014-04-29T18:30:38Z");
        assert_eq!(text(1_398_796_238, 5_000_000, TimestampFormat::Iso8601), "2014-04-29T18:30:38.005Z");
        assert_eq!(text(1_398_796_238, 0, TimestampFormat::HttpDate), "Tue, 29 Apr 2014 18:30:38 GMT");
        assert_eq!(text(1_398_796_238, 250_000_000, TimestampFormat::Epoch), "1398796238.25");
        assert_eq!(text(-1, 750_000_000, TimestampFormat::Epoch), "-0.25");
        assert_eq!(text(-2, 750_000_000, TimestampFormat::Epoch), "-1.25");
        assert_eq!(text(-1, 0, TimestampFormat::Iso8601), "1969-12-31T23:59:59Z");
        assert_eq!(text(951_782_400, 0, TimestampFormat::Iso8601), "2000-02-29T00:00:00Z");
        assert_eq!(text(i64::MAX, 0, TimestampFormat::Iso8601), "9999-12-31T23:59:59Z");
        assert_eq!(text(i64::MIN, 0, TimestampFormat::HttpDate), "Sat, 01 Jan 0000 00:00:00 GMT");
    }

    #[test]
    fn reads_what_it_writes() {
        for seconds in (EARLIEST..LATEST).step_by(86_399 * 997) {
            for format in [TimestampFormat::Iso8601, TimestampFormat::HttpDate, TimestampFormat::Epoch] {
                let written = text(seconds, 0, format);
                assert_eq!(parse_timestamp(&written), Ok(Timestamp::from_seconds(seconds)), "{written}");
            }
        }
    }

    #[test]
    fn reads_offsets_and_fractions() {
        let at = |text| parse_timestamp(text).map(|t| (t.seconds, t.nanos)).ok();
        assert_eq!(at("2019-12-16T22:48:18-01:00"), Some((1_576_540_098, 0)));
        assert_eq!(at("2019-12-17T00:48:18+01:00"), Some((1_576_540_098, 0)));
        assert_eq!(at("2000-01-02T20:34:56.123Z"), Some((946_845_296, 123_000_000)));
        assert_eq!(at("Sun, 02 Jan 2000 20:34:56.456 GMT"), Some((946_845_296, 456_000_000)));
        assert_eq!(at("1.5155310811E9"), Some((1_515_531_081, 100_000_000)));
        assert_eq!(at("-1.25"), Some((-2, 750_000_000)));
        assert_eq!(at("2020-01-01"), Some((1_577_836_800, 0)));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for bad in [
            "",
            "x",
            "2021-02-29T00:00:00Z",
            "2020-13-01T00:00:00Z",
            "2020-01-01T24:00:00Z",
            "1e99",
            "99999999999999",
            "2020-01-01T00:00:00+99:00",
            "Mon, 32 Jan 2020 00:00:00 GMT",
            "--1",
            "1.x",
            "2020-01-01T",
            "é2020-01-01T00:00:00Z",
            "2020-01-01T00:00:00+é",
        ] {
            assert!(parse_timestamp(bad).is_err(), "{bad:?} was taken for a time");
        }
    }
}
