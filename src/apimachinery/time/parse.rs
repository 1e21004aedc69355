//! RFC 3339 as Go reads it, with its errors.
//!
//! Upstream: Go's time.Parse with the layouts time.RFC3339 and metav1.RFC3339Micro
//! Differs: nothing known.

use super::{days_of, quote};
use std::fmt;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Fraction {
    Optional,
    SixDigits,
}

/// Go's `time.ParseError`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TimeError(String);

impl fmt::Display for TimeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TimeError {}

/// A number, and what follows it; None where there is no number.
type Read<'a> = Option<(i64, &'a str)>;

/// The text being read against its layout.
struct Cursor<'a> {
    text: &'a str,
    layout: &'static str,
    at: &'a str,
}

impl<'a> Cursor<'a> {
    fn cannot(&self, element: &str) -> TimeError {
        let (text, layout, at, element) = (quote(self.text), quote(self.layout), quote(self.at), quote(element));
        TimeError(format!("parsing time {text} as {layout}: cannot parse {at} as {element}"))
    }

    fn out_of_range(&self, what: &str) -> TimeError {
        TimeError(format!("parsing time {}: {what} out of range", quote(self.text)))
    }

    fn skip(&mut self, sign: &str) -> Result<(), TimeError> {
        self.at = self.at.strip_prefix(sign).ok_or_else(|| self.cannot(sign))?;
        Ok(())
    }

    fn number(&mut self, read: fn(&'a str) -> Read<'a>, element: &str) -> Result<i64, TimeError> {
        let (n, rest) = read(self.at).ok_or_else(|| self.cannot(element))?;
        self.at = rest;
        Ok(n)
    }

    fn within(&self, n: i64, range: std::ops::RangeInclusive<i64>, what: &str) -> Result<i64, TimeError> {
        if range.contains(&n) { Ok(n) } else { Err(self.out_of_range(what)) }
    }

    /// Nanoseconds within the second.
    fn fraction(&mut self, fraction: Fraction) -> Result<u32, TimeError> {
        let after = self.at.strip_prefix(['.', ',']);
        match (fraction, after) {
            (Fraction::Optional, Some(after)) if after.starts_with(|c: char| c.is_ascii_digit()) => {
                let (digits, rest) = after.split_at(after.bytes().take_while(u8::is_ascii_digit).count());
                self.at = rest;
                Ok(digits.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |n, b| n * 10 + u32::from(b - b'0')))
            }
            (Fraction::Optional, _) => Ok(0),
            (Fraction::SixDigits, after) => {
                let digits = after.and_then(|after| after.get(..6));
                // A sign is taken for a digit here, as upstream takes it.
                let micros: i64 =
                    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| self.cannot(".000000"))?;
                self.at = &self.at[7..];
                u32::try_from(micros).map(|n| n * 1000).map_err(|_| self.out_of_range("fractional second"))
            }
        }
    }

    /// Seconds east of Greenwich.
    fn zone(&mut self) -> Result<i64, TimeError> {
        const ELEMENT: &str = "Z07:00";
        if let Some(rest) = self.at.strip_prefix('Z') {
            self.at = rest;
            return Ok(0);
        }
        let zone = self.at.get(..6).filter(|zone| zone.as_bytes()[3] == b':').ok_or_else(|| self.cannot(ELEMENT))?;
        let part = |range: std::ops::Range<usize>| two_digits(zone.get(range)?).map(|(n, _)| n);
        let hours = part(1..3);
        let minutes = hours.and_then(|_| part(4..6));
        self.within(hours.unwrap_or(0), 0..=24, "time zone offset hour")?;
        self.within(minutes.unwrap_or(0), 0..=60, "time zone offset minute")?;
        let sign = match zone.as_bytes()[0] {
            b'+' => 1,
            b'-' => -1,
            _ => return Err(self.cannot(ELEMENT)),
        };
        let (Some(hours), Some(minutes)) = (hours, minutes) else { return Err(self.cannot(ELEMENT)) };
        self.at = &self.at[6..];
        Ok(sign * (hours * 60 + minutes) * 60)
    }
}

/// Seconds since 1970 and nanoseconds within the second.
pub(super) fn rfc3339(text: &str, fraction: Fraction) -> Result<(i64, u32), TimeError> {
    let layout = match fraction {
        Fraction::Optional => "2006-01-02T15:04:05Z07:00",
        Fraction::SixDigits => "2006-01-02T15:04:05.000000Z07:00",
    };
    let mut cursor = Cursor { text, layout, at: text };
    let year = cursor.number(year, "2006")?;
    cursor.skip("-")?;
    let month = cursor.number(two_digits, "01")?;
    cursor.within(month, 1..=12, "month")?;
    cursor.skip("-")?;
    let day = cursor.number(two_digits, "02")?;
    cursor.skip("T")?;
    let hour = cursor.number(one_or_two_digits, "15")?;
    cursor.within(hour, 0..=23, "hour")?;
    cursor.skip(":")?;
    let minute = cursor.number(two_digits, "04")?;
    cursor.within(minute, 0..=59, "minute")?;
    cursor.skip(":")?;
    let second = cursor.number(two_digits, "05")?;
    cursor.within(second, 0..=59, "second")?;
    let nanos = cursor.fraction(fraction)?;
    let offset = cursor.zone()?;
    if !cursor.at.is_empty() {
        return Err(TimeError(format!("parsing time {}: extra text: {}", quote(text), quote(cursor.at))));
    }
    cursor.within(day, 1..=days_in(year, month), "day")?;
    Ok((days_of(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset, nanos))
}

fn year(text: &str) -> Read<'_> {
    let (digits, rest) = text.split_at_checked(4)?;
    digits.bytes().all(|b| b.is_ascii_digit()).then_some(())?;
    Some((digits.parse().ok()?, rest))
}

fn one_or_two_digits(text: &str) -> Read<'_> {
    let digit = |i: usize| text.as_bytes().get(i).filter(|b| b.is_ascii_digit()).map(|b| i64::from(b - b'0'));
    match (digit(0)?, digit(1)) {
        (tens, Some(ones)) => Some((tens * 10 + ones, &text[2..])),
        (ones, None) => Some((ones, &text[1..])),
    }
}

fn two_digits(text: &str) -> Read<'_> {
    one_or_two_digits(text).filter(|(_, rest)| text.len() - rest.len() == 2)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
