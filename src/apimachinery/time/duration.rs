//! Spans of time as text: ages for people, and Go's own notation.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/duration/duration.go (HumanDuration, ShortHumanDuration);
//! Go's time.Duration.String and time.ParseDuration
//! Differs: nothing known.

use super::quote;
use std::fmt;

const SECOND: i64 = 1_000_000_000;

/// An age such as `5m30s`, `3h` or `2d4h`.
pub fn human_duration(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let two = |high: i64, unit: &str, low: i64, low_unit: &str| match low {
        0 => format!("{high}{unit}"),
        _ => format!("{high}{unit}{low}{low_unit}"),
    };
    match seconds {
        // A clock may be one second behind without anyone minding.
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        _ if minutes < 10 => two(minutes, "m", seconds % 60, "s"),
        _ if minutes < 180 => format!("{minutes}m"),
        _ if hours < 8 => two(hours, "h", minutes % 60, "m"),
        _ if hours < 48 => format!("{hours}h"),
        _ if hours < 192 => two(days, "d", hours % 24, "h"),
        _ if days < 730 => format!("{days}d"),
        _ if days < 2920 => two(days / 365, "y", days % 365, "d"),
        _ => format!("{}y", days / 365),
    }
}

/// The same of nanoseconds; what is less than a second after (or before) counts as now.
pub fn human_duration_nanos(nanos: i64) -> String {
    human_duration(match nanos / SECOND {
        0 if nanos < 0 => 0,
        seconds => seconds,
    })
}

/// An age of one unit: `5m`, `2d`.
pub fn short_human_duration(seconds: i64) -> String {
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86_400 => format!("{}h", seconds / 3600),
        86_400..31_536_000 => format!("{}d", seconds / 86_400),
        _ => format!("{}y", seconds / 31_536_000),
    }
}

/// Go's notation of nanoseconds: `1h0m5s`, `1.5s`, `250ms`, `0s`.
pub fn format_duration(nanos: i64) -> String {
    let sign = if nanos < 0 { "-" } else { "" };
    let n = nanos.unsigned_abs();
    match n {
        0 => "0s".to_owned(),
        1..1000 => format!("{sign}{n}ns"),
        1000..1_000_000 => format!("{sign}{}µs", decimal(n, 1000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", decimal(n, 1_000_000)),
        _ => {
            let minutes = n / (60 * SECOND as u64);
            let seconds = decimal(n % (60 * SECOND as u64), SECOND as u64);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

/// `n / unit` with as many places as it needs; `unit` is a power of ten.
fn decimal(n: u64, unit: u64) -> String {
    let places = unit.ilog10() as usize;
    let text = format!("{}.{:0places$}", n / unit, n % unit);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Why a text is no span of time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DurationError(String);

impl fmt::Display for DurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DurationError {}

const UNITS: [(&str, u64); 8] = [
    ("ns", 1),
    ("us", 1000),
    ("µs", 1000),
    ("μs", 1000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
];
const LIMIT: u64 = 1 << 63;

/// Nanoseconds of text such as `1h30m` or `-1.5s`.
pub fn parse_duration(text: &str) -> Result<i64, DurationError> {
    let invalid = || DurationError(format!("time: invalid duration {}", quote(text)));
    let negative = text.starts_with('-');
    let mut rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    if rest == "0" {
        return Ok(0);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let (whole, after) = digits(rest);
        let (fraction, after) = match after.strip_prefix('.') {
            Some(after) => digits(after),
            None => ("", after),
        };
        if whole.is_empty() && fraction.is_empty() {
            return Err(invalid());
        }
        let mut value = 0u64;
        for b in whole.bytes() {
            value = value.checked_mul(10).and_then(|v| v.checked_add(u64::from(b - b'0'))).ok_or_else(invalid)?;
            if value > LIMIT {
                return Err(invalid());
            }
        }
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let (name, after) = after.split_at(end);
        if name.is_empty() {
            return Err(DurationError(format!("time: missing unit in duration {}", quote(text))));
        }
        let Some((_, unit)) = UNITS.iter().find(|(unit, _)| *unit == name) else {
            return Err(DurationError(format!("time: unknown unit {} in duration {}", quote(name), quote(text))));
        };
        let nanos = value.checked_mul(*unit).ok_or_else(invalid)? + part(fraction, *unit);
        total = total.checked_add(nanos).filter(|total| *total <= LIMIT).ok_or_else(invalid)?;
        rest = after;
    }
    match (negative, i64::try_from(total)) {
        (true, _) => Ok((total as i64).wrapping_neg()),
        (false, Ok(total)) => Ok(total),
        (false, Err(_)) => Err(invalid()),
    }
}

fn digits(text: &str) -> (&str, &str) {
    text.split_at(text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len()))
}

/// `0.fraction` of a unit, cut to whole nanoseconds; in doubles, because upstream's rounding is theirs.
fn part(fraction: &str, unit: u64) -> u64 {
    let (mut n, mut scale) = (0u64, 1.0f64);
    for b in fraction.bytes() {
        if n > (i64::MAX as u64) / 10 {
            break;
        }
        n = n * 10 + u64::from(b - b'0');
        scale *= 10.0;
    }
    (n as f64 * (unit as f64 / scale)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60;
    const HOUR: i64 = 3600;
    const DAY: i64 = 86_400;
    const YEAR: i64 = 365 * DAY;

    #[track_caller]
    fn ages(seconds: i64, expected: &str, short: &str) {
        assert_eq!((human_duration(seconds), short_human_duration(seconds)), (expected.to_owned(), short.to_owned()));
    }

    #[track_caller]
    fn goes(nanos: i64, expected: &str) {
        assert_eq!(format_duration(nanos), expected);
        assert_eq!(parse_duration(expected), Ok(nanos));
    }

    #[track_caller]
    fn parses(text: &str, expected: Result<i64, &str>) {
        assert_eq!(parse_duration(text).map_err(|e| e.to_string()), expected.map_err(str::to_owned));
    }

    #[test]
    fn ages_have_two_or_three_figures() {
        ages(-2, "<invalid>", "<invalid>");
        ages(-1, "0s", "0s");
        ages(0, "0s", "0s");
        ages(70, "70s", "1m");
        ages(119, "119s", "1m");
        ages(120, "2m", "2m");
        ages(190, "3m10s", "3m");
        ages(330, "5m30s", "5m");
        ages(10 * MINUTE - 1, "9m59s", "9m");
        ages(10 * MINUTE + 1, "10m", "10m");
        ages(3 * HOUR - 1, "179m", "2h");
        ages(3 * HOUR, "3h", "3h");
        ages(3 * HOUR + MINUTE, "3h1m", "3h");
        ages(8 * HOUR - 1, "7h59m", "7h");
        ages(8 * HOUR + 59 * MINUTE, "8h", "8h");
        ages(47 * HOUR, "47h", "1d");
        ages(2 * DAY, "2d", "2d");
        ages(2 * DAY + 4 * HOUR, "2d4h", "2d");
        ages(8 * DAY - 1, "7d23h", "7d");
        ages(8 * DAY + 23 * HOUR, "8d", "8d");
        ages(367 * DAY, "367d", "1y");
        ages(2 * YEAR - 1, "729d", "1y");
        ages(2 * YEAR, "2y", "2y");
        ages(2 * YEAR + 25 * HOUR, "2y1d", "2y");
        ages(8 * YEAR - 1, "7y364d", "7y");
        ages(8 * YEAR + 364 * DAY, "8y", "8y");
    }

    #[test]
    fn parts_of_a_second_are_forgiven() {
        assert_eq!(human_duration_nanos(-2 * SECOND + 1), "0s");
        assert_eq!(human_duration_nanos(-2 * SECOND), "<invalid>");
        assert_eq!(human_duration_nanos(120 * SECOND - 1), "119s");
    }

    #[test]
    fn gos_notation_goes_both_ways() {
        goes(0, "0s");
        goes(1, "1ns");
        goes(1100, "1.1µs");
        goes(250_000_000, "250ms");
        goes(SECOND, "1s");
        goes(3 * SECOND / 2, "1.5s");
        goes(60 * SECOND, "1m0s");
        goes(3605 * SECOND, "1h0m5s");
        goes(-90 * SECOND, "-1m30s");
        goes(i64::MAX, "2562047h47m16.854775807s");
        goes(i64::MIN, "-2562047h47m16.854775808s");
    }

    #[test]
    fn other_spellings_parse() {
        parses("0", Ok(0));
        parses("+5s", Ok(5 * SECOND));
        parses("-0", Ok(0));
        parses(".5s", Ok(SECOND / 2));
        parses("5.s", Ok(5 * SECOND));
        parses("39h9m14.425s", Ok(140_954_425_000_000));
        parses("0.3333333333333333333h", Ok(1_200_000_000_000));
        parses("9007199254740993ns", Ok(9_007_199_254_740_993));
    }

    #[test]
    fn what_is_no_duration_is_refused_in_gos_words() {
        parses("", Err("time: invalid duration \"\""));
        parses("x", Err("time: invalid duration \"x\""));
        parses("-", Err("time: invalid duration \"-\""));
        parses(".s", Err("time: invalid duration \".s\""));
        parses("3", Err("time: missing unit in duration \"3\""));
        parses("3d", Err("time: unknown unit \"d\" in duration \"3d\""));
        parses("1m3", Err("time: missing unit in duration \"1m3\""));
        parses("1 s", Err("time: unknown unit \" s\" in duration \"1 s\""));
        parses("9223372036854775808ns", Err("time: invalid duration \"9223372036854775808ns\""));
        parses("99999999999999999999h", Err("time: invalid duration \"99999999999999999999h\""));
        parses("2562048h", Err("time: invalid duration \"2562048h\""));
    }
}
