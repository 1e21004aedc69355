//! Instants of the API, `Time` in seconds and `MicroTime` in microseconds, and the ways Go and kubectl write spans.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/apis/meta/v1/{time,micro_time}.go; Go's time.Time.Format
//! Differs: fractions of a second that `Time` cannot hold are cut when it is read, where upstream cuts them on writing.

use std::fmt;
use std::str::FromStr;

mod duration;
mod parse;
mod strftime;

pub use duration::{
    DurationError, format_duration, human_duration, human_duration_nanos, parse_duration, short_human_duration,
};
pub use parse::TimeError;
pub use strftime::strftime;

/// Go's zero instant, midnight of the first of January of year 1, which the API writes as null.
const ZERO_SECONDS: i64 = -62_135_596_800;

/// `metav1.Time`: seconds since 1970; the default is the instant that is not set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(i64);

/// `metav1.MicroTime`: microseconds since 1970; the default is the instant that is not set.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MicroTime(i64);

impl Time {
    pub const ZERO: Time = Time(ZERO_SECONDS);

    pub const fn from_unix(seconds: i64) -> Time {
        Time(seconds)
    }

    pub const fn unix(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == ZERO_SECONDS
    }

    pub const fn plus_seconds(self, seconds: i64) -> Time {
        Time(self.0.saturating_add(seconds))
    }

    /// `Mon, 02 Jan 2006 15:04:05 +0000`: how kubectl writes instants.
    pub fn rfc1123(self) -> String {
        strftime("%a, %d %b %Y %H:%M:%S %z", self.0)
    }
}

impl MicroTime {
    pub const ZERO: MicroTime = MicroTime(ZERO_SECONDS * 1_000_000);

    pub const fn from_unix_micros(micros: i64) -> MicroTime {
        MicroTime(micros)
    }

    pub const fn unix_micros(self) -> i64 {
        self.0
    }

    pub const fn is_zero(self) -> bool {
        self.0 == MicroTime::ZERO.0
    }

    /// The whole second it lies in.
    pub const fn to_time(self) -> Time {
        Time(self.0.div_euclid(1_000_000))
    }
}

impl From<Time> for MicroTime {
    fn from(time: Time) -> MicroTime {
        MicroTime(time.0.saturating_mul(1_000_000))
    }
}

impl Default for Time {
    fn default() -> Time {
        Time::ZERO
    }
}

impl Default for MicroTime {
    fn default() -> MicroTime {
        MicroTime::ZERO
    }
}

impl FromStr for Time {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Time, TimeError> {
        parse::rfc3339(text, parse::Fraction::Optional).map(|(seconds, _)| Time(seconds))
    }
}

impl FromStr for MicroTime {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<MicroTime, TimeError> {
        let (seconds, nanos) = parse::rfc3339(text, parse::Fraction::SixDigits)?;
        Ok(MicroTime(seconds * 1_000_000 + i64::from(nanos / 1000)))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_second(f, self.0)?;
        f.write_str("Z")
    }
}

impl fmt::Display for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_second(f, self.0.div_euclid(1_000_000))?;
        write!(f, ".{:06}Z", self.0.rem_euclid(1_000_000))
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Debug for MicroTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

fn write_second(f: &mut fmt::Formatter<'_>, unix: i64) -> fmt::Result {
    let (year, month, day) = date_of(unix.div_euclid(86_400));
    let second = unix.rem_euclid(86_400);
    let sign = if year < 0 { "-" } else { "" };
    let (hour, minute) = (second / 3600, second / 60 % 60);
    write!(f, "{sign}{:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}", year.unsigned_abs(), second % 60)
}

/// Days since 1970 of a date of the proleptic Gregorian calendar; years begin in March here, so that February is last.
pub fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Year, month and day.
pub fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// Days since Sunday.
pub fn weekday_of(days: i64) -> i64 {
    (days + 4).rem_euclid(7)
}

/// How Go's time package quotes in its errors: bytes beyond printable ASCII as `\x..`.
fn quote(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for b in text.bytes() {
        match b {
            b'"' | b'\\' => out.extend(['\\', char::from(b)]),
            b' '..=0x7f => out.push(char::from(b)),
            _ => out.push_str(&format!("\\x{b:02x}")),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn reads(text: &str, expected: &str) {
        assert_eq!(text.parse::<Time>().map(|t| t.to_string()).map_err(|e| e.to_string()), Ok(expected.to_owned()));
    }

    #[track_caller]
    fn refuses(text: &str, expected: &str) {
        assert_eq!(text.parse::<Time>().map_err(|e| e.to_string()), Err(expected.to_owned()));
    }

    #[track_caller]
    fn cannot(text: &str, rest: &str, element: &str) {
        let expected =
            format!("parsing time {text:?} as \"2006-01-02T15:04:05Z07:00\": cannot parse {rest:?} as {element:?}");
        refuses(text, &expected);
    }

    #[track_caller]
    fn reads_micro(text: &str, expected: &str) {
        assert_eq!(text.parse::<MicroTime>().map(|t| t.to_string()).unwrap_or_else(|e| e.to_string()), expected);
    }

    #[test]
    fn instants_are_written_in_utc() {
        reads("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z");
        reads("2026-01-01T01:30:00+01:30", "2026-01-01T00:00:00Z");
        reads("2025-12-31T23:00:00-01:00", "2026-01-01T00:00:00Z");
        reads("2024-02-29T23:59:59Z", "2024-02-29T23:59:59Z");
        reads("1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z");
        reads("0000-03-01T00:00:00Z", "0000-03-01T00:00:00Z");
        reads("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z");
        assert_eq!(Time::from_unix(1_767_225_600).to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(Time::default().to_string(), "0001-01-01T00:00:00Z");
        assert_eq!(Time::from_unix(253_402_300_800).to_string(), "10000-01-01T00:00:00Z");
    }

    #[test]
    fn kubectl_writes_instants_with_their_weekday() {
        for (text, want) in [
            ("2026-01-01T01:02:03Z", "Thu, 01 Jan 2026 01:02:03 +0000"),
            ("1969-12-31T23:59:59Z", "Wed, 31 Dec 1969 23:59:59 +0000"),
            ("0001-01-01T00:00:00Z", "Mon, 01 Jan 0001 00:00:00 +0000"),
        ] {
            assert_eq!(text.parse::<Time>().map(Time::rfc1123).as_deref().ok(), Some(want));
        }
    }

    #[test]
    fn fractions_and_short_hours_are_tolerated() {
        reads("2026-01-01T00:00:00.999Z", "2026-01-01T00:00:00Z");
        reads("2026-01-01T00:00:00,5+01:00", "2025-12-31T23:00:00Z");
        reads("2026-01-01T1:00:00Z", "2026-01-01T01:00:00Z");
        reads("2026-01-01T00:00:00+24:60", "2025-12-30T23:00:00Z");
    }

    #[test]
    fn what_stands_in_the_wrong_place_is_named() {
        cannot("x", "x", "2006");
        cannot("", "", "2006");
        cannot("2026", "", "-");
        cannot("2a26-01-01T", "2a26-01-01T", "2006");
        cannot("2026-1-01T00:00:00Z", "1-01T00:00:00Z", "01");
        cannot("2026-01-01 00:00:00Z", " 00:00:00Z", "T");
        cannot("2026-01-01T00:00:00", "", "Z07:00");
        cannot("2026-01-01T00:00:00.Z", ".Z", "Z07:00");
        cannot("2026-01-01T00:00:00*01:00", "*01:00", "Z07:00");
        cannot("2026-01-01T00:0:00Z", "0:00Z", "04");
        refuses(
            "2026-01-01T00:00:00é\"",
            "parsing time \"2026-01-01T00:00:00\\xc3\\xa9\\\"\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \
             \"\\xc3\\xa9\\\"\" as \"Z07:00\"",
        );
    }

    #[test]
    fn what_is_out_of_range_is_named() {
        refuses("2026-13-01T00:00:00Z", "parsing time \"2026-13-01T00:00:00Z\": month out of range");
        refuses("2026-02-30T00:00:00Z", "parsing time \"2026-02-30T00:00:00Z\": day out of range");
        refuses("2026-02-29T00:00:00Z", "parsing time \"2026-02-29T00:00:00Z\": day out of range");
        refuses("2026-01-01T24:00:00Z", "parsing time \"2026-01-01T24:00:00Z\": hour out of range");
        refuses("2026-01-01T00:61:00Z", "parsing time \"2026-01-01T00:61:00Z\": minute out of range");
        refuses("2026-01-01T00:00:60Z", "parsing time \"2026-01-01T00:00:60Z\": second out of range");
        refuses(
            "2026-01-01T00:00:00+25:00",
            "parsing time \"2026-01-01T00:00:00+25:00\": time zone offset hour out of range",
        );
        refuses(
            "2026-01-01T00:00:00-00:90",
            "parsing time \"2026-01-01T00:00:00-00:90\": time zone offset minute out of range",
        );
        refuses("2026-01-01T00:00:00Zx", "parsing time \"2026-01-01T00:00:00Zx\": extra text: \"x\"");
    }

    #[test]
    fn micro_times_have_six_digits() {
        reads_micro("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123456Z");
        reads_micro("1969-12-31T23:59:59.000001Z", "1969-12-31T23:59:59.000001Z");
        reads_micro(
            "2026-01-01T00:00:00Z",
            "parsing time \"2026-01-01T00:00:00Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \"Z\" as \
             \".000000\"",
        );
        reads_micro(
            "2026-01-01T00:00:00.1234567Z",
            "parsing time \"2026-01-01T00:00:00.1234567Z\" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse \
             \"7Z\" as \"Z07:00\"",
        );
        reads_micro(
            "2026-01-01T00:00:00.-23456Z",
            "parsing time \"2026-01-01T00:00:00.-23456Z\": fractional second out of range",
        );
        assert_eq!(MicroTime::from(Time::ZERO), MicroTime::ZERO);
        assert_eq!(MicroTime::from_unix_micros(-1).to_time(), Time::from_unix(-1));
    }

    #[test]
    fn every_day_of_five_centuries_is_its_own_date() {
        for days in -100_000..100_000 {
            let (year, month, day) = date_of(days);
            assert_eq!(days_of(year, month, day), days);
        }
    }
}
