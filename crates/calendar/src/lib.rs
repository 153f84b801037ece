//! Dates of the Gregorian calendar and days since 1970-01-01, both ways. The calendar reaches back before its beginning, as
//! ISO 8601 wants it; a day has 86,400 seconds everywhere here.
//!
//! Years are counted from March, so that the leap day is the last of a year and needs no case of its own, in eras of 400
//! years, after which everything repeats.
#![forbid(unsafe_code)]

/// Seconds of a day.
pub const SECONDS_OF_DAY: i64 = 86_400;

/// Days of 400 years.
const ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const FROM_MARCH_OF_YEAR_0: i64 = 719_468;

/// Days from 1970-01-01 to a date; the month from 1 to 12. What is no date gives a number all the same, see
/// [`days_of_month`]. Years have to lie within some 10^15 of our time.
pub fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * ERA + of_era * 365 + of_era / 4 - of_era / 100 + of_year - FROM_MARCH_OF_YEAR_0
}

/// Year, month from 1 to 12 and day of the month of a day since 1970-01-01; the reverse of [`days`].
pub fn date(days: i64) -> (i64, i64, i64) {
    let days = days + FROM_MARCH_OF_YEAR_0;
    let of_era = days.rem_euclid(ERA);
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (days.div_euclid(ERA) * 400 + year + i64::from(month <= 2), month, day)
}

/// How many days a month has; none where there is no such month.
pub fn days_of_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        1..=12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days() {
        assert_eq!(date(0), (1970, 1, 1));
        assert_eq!(days(2000, 2, 29), 11_016);
        assert_eq!(date(-719_528), (0, 1, 1));
        assert_eq!(days(9999, 12, 31), 2_932_896);
    }

    /// Day after day for eight centuries, counted on the fingers.
    #[test]
    fn every_day_follows_the_one_before() {
        let mut today = date(-ERA);
        for day in -ERA..ERA {
            assert_eq!(date(day), today);
            assert_eq!(days(today.0, today.1, today.2), day);
            let (year, month, of_month) = today;
            today = if of_month < days_of_month(year, month) {
                (year, month, of_month + 1)
            } else if month < 12 {
                (year, month + 1, 1)
            } else {
                (year + 1, 1, 1)
            };
        }
        assert_eq!((days_of_month(2100, 2), days_of_month(2024, 13)), (28, 0));
    }
}
