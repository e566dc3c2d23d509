//! The times that clients send: kept as text, read here for answers, hashing and comparing.
//!
//! The original read them in Python, and its hash chain covers Python's spelling of the result
//! (CONTRACT 2.1 and 2.2). So a sent text has two readings: `isoformat`, which keeps whether the
//! sender told an offset, and `instant`, which takes a time without offset as UTC (CONTRACT 1.3,
//! A10). Decisions use neither (DECISIONS 10).

use std::fmt::Write as _;

use jiff::civil::DateTime;
use jiff::tz::Offset;
use jiff::{SignedDuration, Timestamp};

/// Numbers larger than this are milliseconds since 1970, smaller ones seconds (CONTRACT 2.1).
const MILLISECONDS_ABOVE: f64 = 2e10;

/// The text is not a time in any form that the original accepts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a time: {rule}; expected for example 2026-01-24T10:00:00Z, 2026-01-24 or unix \
     seconds"
)]
pub struct TimestampProblem {
    /// The text, cut to 80 characters.
    pub text: String,
    /// The rule that it breaks.
    pub rule: &'static str,
}

/// A time as a client sent it, read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SentTime {
    /// What the sender's clock showed, in whole microseconds.
    civil: DateTime,
    /// Minutes east of UTC; `None`: the sender told no offset.
    offset: Option<i32>,
}

impl SentTime {
    /// As Python prints it: seconds always, six digits of fraction or none, `+00:00` for UTC, no
    /// offset where none was sent.
    pub fn isoformat(&self) -> String {
        let mut text = self.without_offset();
        if let Some(minutes) = self.offset {
            let sign = if minutes < 0 { '-' } else { '+' };
            let minutes = minutes.unsigned_abs();
            // Writing into a String never fails.
            let _ = write!(text, "{sign}{:02}:{:02}", minutes / 60, minutes % 60);
        }
        text
    }

    /// As the original's journal file spells it: like `isoformat`, but `Z` for UTC.
    pub fn journal_format(&self) -> String {
        if self.offset == Some(0) { self.without_offset() + "Z" } else { self.isoformat() }
    }

    /// The moment itself, for comparing and sorting. Without offset it counts as UTC; what lies
    /// beyond the last representable moment counts as that one.
    pub fn instant(&self) -> Timestamp {
        let offset = SignedDuration::from_mins(i64::from(self.offset.unwrap_or(0)));
        Offset::UTC
            .to_timestamp(self.civil)
            .ok()
            .and_then(|local| local.checked_sub(offset).ok())
            .unwrap_or(Timestamp::MAX)
    }

    fn without_offset(&self) -> String {
        let c = self.civil;
        let mut text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            c.year(),
            c.month(),
            c.day(),
            c.hour(),
            c.minute(),
            c.second()
        );
        let microseconds = c.subsec_nanosecond() / 1_000;
        if microseconds != 0 {
            let _ = write!(text, ".{microseconds:06}");
        }
        text
    }
}

/// Reads a time as the original did: ISO 8601 with or without offset, a date alone (its midnight),
/// unix seconds or milliseconds as a number.
pub fn parse(text: &str) -> Result<SentTime, TimestampProblem> {
    let read = if looks_like_a_number(text) { from_number(text) } else { from_iso(text) };
    read.map_err(|rule| TimestampProblem { text: text.chars().take(80).collect(), rule })
}

fn looks_like_a_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+'))
}

fn from_number(text: &str) -> Result<SentTime, &'static str> {
    const RULE: &str = "the number is no unix time between the years 1 and 9999";
    let value: f64 = text.parse().map_err(|_| RULE)?;
    let seconds = if value.abs() > MILLISECONDS_ABOVE { value / 1e3 } else { value };
    if !(-1e11..=1e12).contains(&seconds) {
        return Err(RULE);
    }
    // In range: at most 1e18 microseconds.
    #[expect(clippy::cast_possible_truncation, reason = "whole and within i64 by the line above")]
    let microseconds = (seconds * 1e6).round() as i64;
    let moment = Timestamp::from_microsecond(microseconds).map_err(|_| RULE)?;
    let civil = Offset::UTC.to_datetime(moment);
    if civil.year() < 1 {
        return Err(RULE);
    }
    Ok(SentTime { civil, offset: Some(0) })
}

fn from_iso(text: &str) -> Result<SentTime, &'static str> {
    let mut rest = Rest(text.as_bytes());
    let date = "it does not begin with a date as YYYY-MM-DD";
    let year = rest.digits(4).ok_or(date)?;
    rest.one_of(b"-").ok_or(date)?;
    let month = rest.digits(2).ok_or(date)?;
    rest.one_of(b"-").ok_or(date)?;
    let day = rest.digits(2).ok_or(date)?;
    if year == 0 {
        return Err("there is no year 0");
    }
    let (hour, minute, second, nanosecond, offset) = if rest.0.is_empty() {
        (0, 0, 0, 0, None)
    } else {
        rest.one_of(b"Tt _").ok_or("date and time must be parted by T or a blank")?;
        let time = "the time of day is not HH:MM, HH:MM:SS or HH:MM:SS.ffffff";
        let hour = rest.digits(2).ok_or(time)?;
        rest.one_of(b":").ok_or(time)?;
        let minute = rest.digits(2).ok_or(time)?;
        let mut second = 0;
        let mut nanosecond = 0;
        if rest.one_of(b":").is_some() {
            second = rest.digits(2).ok_or(time)?;
            if rest.one_of(b".,").is_some() {
                nanosecond = rest.fraction().ok_or(time)?;
            }
        }
        (hour, minute, second, nanosecond, rest.offset()?)
    };
    let parts =
        [month, day, hour, minute, second].map(|part| i8::try_from(part).unwrap_or(i8::MAX));
    let year = i16::try_from(year).unwrap_or(i16::MAX);
    let [month, day, hour, minute, second] = parts;
    let civil = DateTime::new(year, month, day, hour, minute, second, nanosecond)
        .map_err(|_| "no calendar has this day or time")?;
    Ok(SentTime { civil, offset })
}

/// What is left to read.
struct Rest<'a>(&'a [u8]);

impl Rest<'_> {
    fn one_of(&mut self, wanted: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        wanted.contains(first).then(|| {
            self.0 = rest;
            *first
        })
    }

    fn digits(&mut self, count: usize) -> Option<i32> {
        let (digits, rest) = self.0.split_at_checked(count)?;
        let mut value = 0;
        for digit in digits {
            value = value * 10 + i32::from(digit.is_ascii_digit().then(|| digit - b'0')?);
        }
        self.0 = rest;
        Some(value)
    }

    /// Nanoseconds of a fraction, cut to microseconds.
    fn fraction(&mut self) -> Option<i32> {
        let count = self.0.iter().take_while(|b| b.is_ascii_digit()).count();
        let (digits, rest) = self.0.split_at_checked(count).filter(|_| count > 0)?;
        let six = digits.iter().copied().chain(std::iter::repeat(b'0')).take(6);
        let microseconds = six.fold(0, |value, digit| value * 10 + i32::from(digit - b'0'));
        self.0 = rest;
        Some(microseconds * 1_000)
    }

    /// Nothing, `Z`, `+HH:MM` or `+HHMM`, and then the end.
    fn offset(&mut self) -> Result<Option<i32>, &'static str> {
        const RULE: &str = "after the time of day only Z, +HH:MM or +HHMM may follow";
        let offset = match self.one_of(b"Zz+-") {
            None => None,
            Some(b'Z' | b'z') => Some(0),
            Some(sign) => {
                let hours = self.digits(2).ok_or(RULE)?;
                let _colon = self.one_of(b":");
                let minutes = self.digits(2).ok_or(RULE)?;
                if hours > 23 || minutes > 59 {
                    return Err("the offset is a day or more");
                }
                let total = hours * 60 + minutes;
                Some(if sign == b'-' { -total } else { total })
            }
        };
        if self.0.is_empty() { Ok(offset) } else { Err(RULE) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_accepted_form_prints_as_python_does() {
        for (sent, printed) in [
            ("2026-03-01T08:09:10", "2026-03-01T08:09:10"),
            ("2026-03-01 08:09:10", "2026-03-01T08:09:10"),
            ("2026-03-01t08:09", "2026-03-01T08:09:00"),
            ("2026-03-01T08:09:10Z", "2026-03-01T08:09:10+00:00"),
            ("2026-03-01T08:09:10z", "2026-03-01T08:09:10+00:00"),
            ("2026-03-01T08:09:10-00:00", "2026-03-01T08:09:10+00:00"),
            ("2026-03-01T08:09:10+05:30", "2026-03-01T08:09:10+05:30"),
            ("2026-03-01T08:09:10-0930", "2026-03-01T08:09:10-09:30"),
            ("2026-03-01T08:09:10.25", "2026-03-01T08:09:10.250000"),
            ("2026-03-01T08:09:10.000", "2026-03-01T08:09:10"),
            ("2026-03-01T08:09:10.123456999Z", "2026-03-01T08:09:10.123456+00:00"),
            ("2024-02-29", "2024-02-29T00:00:00"),
            ("0001-01-01", "0001-01-01T00:00:00"),
            ("1700000000", "2023-11-14T22:13:20+00:00"),
            ("1700000000.5", "2023-11-14T22:13:20.500000+00:00"),
            ("1700000000123", "2023-11-14T22:13:20.123000+00:00"),
            ("1.7e9", "2023-11-14T22:13:20+00:00"),
            ("-1", "1969-12-31T23:59:59+00:00"),
            ("0", "1970-01-01T00:00:00+00:00"),
            ("20000000000", "2603-10-11T11:33:20+00:00"),
            ("20000000001", "1970-08-20T11:33:20.001000+00:00"),
        ] {
            assert_eq!(parse(sent).unwrap().isoformat(), printed, "sent {sent:?}");
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for sent in [
            "",
            " ",
            "now",
            "2026-1-1",
            "2026-02-30",
            "2025-02-29",
            "0000-01-01",
            "2026-03-01T",
            "2026-03-01T8:09",
            "2026-03-01T24:00:00",
            "2026-03-01T08:60",
            "2026-03-01T08:09:60",
            "2026-03-01T08:09:10.",
            "2026-03-01T08:09:10+5",
            "2026-03-01T08:09:10+24:00",
            "2026-03-01T08:09:10 UTC",
            "2026-03-01T08:09:10Z ",
            "2026-03-01é08:09",
            "²026-03-01",
            "1e400",
            "-1e14",
            "9e99",
            "1.2.3",
            "-",
            "99999999999999999999",
        ] {
            assert!(parse(sent).is_err(), "accepted {sent:?}");
        }
    }

    #[test]
    fn without_offset_it_compares_as_utc() {
        let instant = |text| parse(text).unwrap().instant();
        assert_eq!(instant("2026-03-01T08:00:00"), instant("2026-03-01T08:00:00Z"));
        assert_eq!(instant("2026-03-01T08:00:00"), instant("2026-03-01T10:00:00+02:00"));
        assert!(instant("2026-03-01T08:00:00+01:00") < instant("2026-03-01T07:30"));
        assert_eq!(instant("9999-12-31T23:59:59-23:59"), Timestamp::MAX);
    }

    #[test]
    fn the_journal_writes_utc_as_z() {
        assert_eq!(
            parse("2026-03-01T08:00+00:00").unwrap().journal_format(),
            "2026-03-01T08:00:00Z"
        );
        assert_eq!(parse("2026-03-01T08:00").unwrap().journal_format(), "2026-03-01T08:00:00");
        assert_eq!(
            parse("2026-03-01T08:00+01:00").unwrap().journal_format(),
            "2026-03-01T08:00:00+01:00"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_what_is_printed_reads_the_same(text in "\\PC{0,40}") {
            if let Ok(time) = parse(&text) {
                prop_assert_eq!(parse(&time.isoformat()), Ok(time));
                prop_assert_eq!(parse(&time.journal_format()), Ok(time));
            }
        }

        #[test]
        fn texts_close_to_a_time_neither_panic_nor_change(text in "[0-9]{4}-[0-1][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?(Z|[+-][0-2][0-9]:?[0-5][0-9])?") {
            if let Ok(time) = parse(&text) {
                prop_assert_eq!(parse(&time.isoformat()), Ok(time));
                let _ = time.instant();
            }
        }

        #[test]
        fn numbers_neither_panic_nor_leave_the_calendar(number in any::<f64>()) {
            if let Ok(time) = parse(&number.to_string()) {
                prop_assert_eq!(parse(&time.isoformat()), Ok(time));
            }
        }
    }
}
