//! Times as texts: ISO 8601 with an offset, as Java's `ISO_OFFSET_DATE_TIME` reads them.

use crate::Millis;
use calendar::{SECONDS_OF_DAY, date, days, days_of_month};

/// Nanoseconds since 1970.
pub(crate) type Nanos = i128;

/// `2024-11-05T12:34:56.789Z`.
pub(crate) fn write(at: Millis) -> String {
    let (days, rest) = (at.div_euclid(86_400_000), at.rem_euclid(86_400_000));
    let (year, month, day) = date(days);
    let (hours, minutes, seconds, millis) =
        (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60, rest % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// Reads a time; `None` when the text is none, or has no offset.
pub(crate) fn read(text: &str) -> Option<Nanos> {
    let mut reader = Reader { rest: text.as_bytes() };
    let year = reader.digits(4)?;
    reader.expect(b'-')?;
    let month = reader.digits(2)?;
    reader.expect(b'-')?;
    let day = reader.digits(2)?;
    if !matches!(reader.next()?, b'T' | b't') {
        return None;
    }
    let hours = reader.digits(2)?;
    reader.expect(b':')?;
    let minutes = reader.digits(2)?;
    let mut seconds = 0;
    let mut nanos = 0;
    if reader.rest.first() == Some(&b':') {
        reader.next();
        seconds = reader.digits(2)?;
        if reader.rest.first() == Some(&b'.') {
            reader.next();
            nanos = reader.fraction()?;
        }
    }
    let offset = reader.offset()?;
    let within =
        (1..=days_of_month(year, month)).contains(&day) && hours < 24 && minutes < 60 && seconds < 60;
    if !within || !reader.rest.is_empty() {
        return None;
    }
    let seconds = days(year, month, day) * SECONDS_OF_DAY + hours * 3_600 + minutes * 60 + seconds - offset;
    Some(Nanos::from(seconds) * 1_000_000_000 + Nanos::from(nanos))
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        (self.next()? == byte).then_some(())
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        (0..count).try_fold(0, |value, _| {
            let digit = self.next()?;
            digit.is_ascii_digit().then(|| value * 10 + i64::from(digit - b'0'))
        })
    }

    /// Up to nine digits behind the point.
    fn fraction(&mut self) -> Option<i64> {
        let count = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&count) {
            return None;
        }
        let value = self.digits(count)?;
        Some(value * 10_i64.pow(u32::try_from(9 - count).ok()?))
    }

    /// `Z` or `±hh:mm`, in seconds.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.next()? {
            b'Z' | b'z' => return Some(0),
            b'+' => 1,
            b'-' => -1,
            _ => return None,
        };
        let hours = self.digits(2)?;
        self.expect(b':')?;
        let minutes = self.digits(2)?;
        (hours <= 18 && minutes < 60).then_some(sign * (hours * 3_600 + minutes * 60))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written() {
        let millis = |text: &str| read(text).map(|nanos| i64::try_from(nanos / 1_000_000).unwrap());
        assert_eq!(millis("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(millis("2000-02-29T12:00:00.5+02:00"), Some(951_818_400_500));
        assert_eq!(millis("2016-12-05T21:29Z"), Some(1_480_973_340_000));
        assert_eq!(write(951_818_400_500), "2000-02-29T10:00:00.500Z");
        for day in -200_000..200_000 {
            let at = day * 86_400_000 + 12_345_678;
            if (0..=9_999).contains(&date(day).0) {
                assert_eq!(millis(&write(at)), Some(at), "{}", write(at));
            }
        }
        for bad in [
            "",
            "2016-12-05",
            "2016-12-05 21:29:29Z",
            "2016-13-05T21:29:29Z",
            "2016-12-05T21:29:29",
            "2016-12-05T24:00:00Z",
            "2015-02-29T00:00:00Z",
            "2016-12-05T21:29:29Zx",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
