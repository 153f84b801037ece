//! Whole seconds since 1970, and the two ways a request may write them.

use calendar::{SECONDS_OF_DAY, date, days, days_of_month};
use std::fmt;

/// A moment in whole seconds since 1970-01-01T00:00:00Z.
///
/// Displays as ISO 8601 basic format (`20150830T123600Z`), the form that is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

impl Timestamp {
    /// The moment `seconds` after 1970-01-01T00:00:00Z.
    pub const fn from_unix(seconds: i64) -> Self {
        Self(seconds)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    pub const fn unix(self) -> i64 {
        self.0
    }

    /// This moment moved by `seconds`.
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// Reads ISO 8601 basic format, `20150830T123600Z`, as in `X-Amz-Date`.
    pub fn parse_basic(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 16 || bytes[8] != b'T' || bytes[15] != b'Z' {
            return None;
        }
        let (date, time) = (&bytes[..8], &bytes[9..15]);
        Self::from_parts(
            digits(&date[..4])?,
            digits(&date[4..6])?,
            digits(&date[6..])?,
            [digits(&time[..2])?, digits(&time[2..4])?, digits(&time[4..])?],
        )
    }

    /// Reads the fixed form of an HTTP date, `Sun, 30 Aug 2015 12:36:00 GMT` (RFC 9110 §5.6.7).
    pub fn parse_http_date(text: &str) -> Option<Self> {
        let (_, rest) = text.split_once(", ")?;
        let mut words = rest.split(' ');
        let day = digits(words.next()?.as_bytes())?;
        let month_name = words.next()?;
        let month = MONTHS.iter().position(|known| *known == month_name)?;
        let year = digits(words.next()?.as_bytes())?;
        let mut clock = words.next()?.split(':');
        let mut part = || digits(clock.next()?.as_bytes());
        let time = [part()?, part()?, part()?];
        if !matches!(words.next(), Some("GMT" | "UTC" | "+0000" | "-0000")) || words.next().is_some() {
            return None;
        }
        Self::from_parts(year, i64::try_from(month).ok()? + 1, day, time)
    }

    fn from_parts(year: i64, month: i64, day: i64, [hour, minute, second]: [i64; 3]) -> Option<Self> {
        // A leap second (60) is a legal way to write a time; nothing beyond it is.
        if !(1..=days_of_month(year, month)).contains(&day) || hour > 23 || minute > 59 || second > 60 {
            return None;
        }
        Some(Self(days(year, month, day) * SECONDS_OF_DAY + hour * 3_600 + minute * 60 + second))
    }

    /// Writes the first eight characters of the basic format, `20150830`: the date of a scope.
    pub fn date(self) -> String {
        let mut text = self.to_string();
        text.truncate(8);
        text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = date(self.0.div_euclid(SECONDS_OF_DAY));
        let second = self.0.rem_euclid(SECONDS_OF_DAY);
        let (hour, minute) = (second / 3_600, second / 60 % 60);
        write!(out, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{:02}Z", second % 60)
    }
}

/// Reads one to nine decimal digits; nothing else.
fn digits(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > 9 || !bytes.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(bytes.iter().fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_name_the_same_second() {
        let basic = Timestamp::parse_basic("20150830T123600Z").unwrap();
        assert_eq!(basic.unix(), 1_440_938_160);
        assert_eq!(Timestamp::parse_http_date("Sun, 30 Aug 2015 12:36:00 GMT"), Some(basic));
        assert_eq!(basic.to_string(), "20150830T123600Z");
        assert_eq!(basic.date(), "20150830");
    }

    #[test]
    fn every_day_of_four_centuries_survives_the_round_trip() {
        for day in -146_097..=146_097 {
            let moment = Timestamp::from_unix(day * SECONDS_OF_DAY + 86_399);
            assert_eq!(Timestamp::parse_basic(&moment.to_string()), Some(moment));
        }
    }

    #[test]
    fn impossible_dates_are_refused() {
        for text in [
            "20150230T000000Z",
            "20151301T000000Z",
            "20150830T240000Z",
            "20150830T126000Z",
            "20150830t123600Z",
            "2015083\u{e9}12360Z",
            "+0150830T123600Z",
            "",
        ] {
            assert_eq!(Timestamp::parse_basic(text), None, "{text}");
        }
        for text in ["Sun, 31 Feb 2015 12:36:00 GMT", "30 Aug 2015", "Sun, 30 Aug 2015 12:36:00 CET", ", "] {
            assert_eq!(Timestamp::parse_http_date(text), None, "{text}");
        }
        assert!(Timestamp::parse_basic("20160229T000000Z").is_some());
    }
}
