//! When a CronJob is due.
//!
//! Upstream: github.com/robfig/cron/v3 (ParseStandard, SpecSchedule.Next), as pkg/util/parsers calls it
//! Differs: times are in UTC, whatever the zone.

use crate::apimachinery::time::{date_of, days_of, parse_duration, weekday_of};

/// The minutes, hours, … at which it is due, a bit each; or a pause between two times.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Schedule {
    Fields { minute: u64, hour: u64, day: u64, month: u64, weekday: u64, any_day: bool, any_weekday: bool },
    Every { seconds: i64 },
}

struct Bounds {
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MINUTES: Bounds = Bounds { min: 0, max: 59, names: &[] };
const HOURS: Bounds = Bounds { min: 0, max: 23, names: &[] };
const DAYS: Bounds = Bounds { min: 1, max: 31, names: &[] };
const MONTHS: Bounds = Bounds {
    min: 1,
    max: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAYS: Bounds = Bounds { min: 0, max: 6, names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"] };

/// A schedule that is due within no five years is never due.
const YEARS: i64 = 5;
const MINUTES_A_DAY: i64 = 24 * 60;

impl Schedule {
    /// Five fields, or `@daily` and its like.
    ///
    /// Errors: upstream's sentence.
    pub fn parse(text: &str) -> Result<Schedule, String> {
        if text.is_empty() {
            return Err("empty spec string".to_owned());
        }
        let mut text = text;
        if text.starts_with("TZ=") || text.starts_with("CRON_TZ=") {
            text = text.split_once(' ').map_or("", |(_, rest)| rest).trim();
        }
        if text.starts_with('@') {
            return descriptor(text);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields[..] else {
            let found = fields.len();
            return Err(format!("expected exactly 5 fields, found {found}: [{}]", fields.join(" ")));
        };
        let (minute, _) = field(minute, &MINUTES)?;
        let (hour, _) = field(hour, &HOURS)?;
        let (day, any_day) = field(day, &DAYS)?;
        let (month, _) = field(month, &MONTHS)?;
        let (weekday, any_weekday) = field(weekday, &WEEKDAYS)?;
        Ok(Schedule::Fields { minute, hour, day, month, weekday, any_day, any_weekday })
    }

    /// The first time after the instant, in seconds since 1970; None where there is none.
    pub fn next(&self, after: i64) -> Option<i64> {
        let Schedule::Fields { minute, hour, month, .. } = *self else {
            let Schedule::Every { seconds } = *self else { return None };
            return Some(after + seconds);
        };
        let has = |set: u64, n: i64| set >> n & 1 == 1;
        // From the next minute on: the first day that will do and has such a minute left.
        let start = after.div_euclid(60) + 1;
        let (mut days, mut from) = (start.div_euclid(MINUTES_A_DAY), start.rem_euclid(MINUTES_A_DAY));
        let last_year = date_of(days).0 + YEARS;
        loop {
            let (year, the_month, day) = date_of(days);
            if year > last_year {
                return None;
            }
            if !has(month, the_month) {
                days = days_of(year + the_month / 12, the_month % 12 + 1, 1);
            } else {
                let is_due = |t: &i64| has(hour, t / 60) && has(minute, t % 60);
                let found = if self.is_day(days, day) { (from..MINUTES_A_DAY).find(is_due) } else { None };
                if let Some(found) = found {
                    return Some((days * MINUTES_A_DAY + found) * 60);
                }
                days += 1;
            }
            from = 0;
        }
    }

    /// Where both kinds of days are restricted, either is enough.
    fn is_day(&self, days: i64, of_month: i64) -> bool {
        let Schedule::Fields { day, weekday, any_day, any_weekday, .. } = *self else { return false };
        let of_month = day >> of_month & 1 == 1;
        let of_week = weekday >> weekday_of(days) & 1 == 1;
        if any_day || any_weekday { of_month && of_week } else { of_month || of_week }
    }
}

fn descriptor(text: &str) -> Result<Schedule, String> {
    match text {
        "@yearly" | "@annually" => Schedule::parse("0 0 1 1 *"),
        "@monthly" => Schedule::parse("0 0 1 * *"),
        "@weekly" => Schedule::parse("0 0 * * 0"),
        "@daily" | "@midnight" => Schedule::parse("0 0 * * *"),
        "@hourly" => Schedule::parse("0 * * * *"),
        _ => match text.strip_prefix("@every ") {
            None => Err(format!("unrecognized descriptor: {text}")),
            Some(pause) => match parse_duration(pause) {
                Err(e) => Err(format!("failed to parse duration {text}: {e}")),
                Ok(nanos) => Ok(Schedule::Every { seconds: (nanos / 1_000_000_000).max(1) }),
            },
        },
    }
}

/// The bits of a field, and whether it is a star.
fn field(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let mut out = (0, false);
    for part in text.split(',').filter(|p| !p.is_empty()) {
        let (bits, star) = range(part, bounds)?;
        out = (out.0 | bits, out.1 | star);
    }
    Ok(out)
}

/// `number | number "-" number [ "/" number ]`
fn range(text: &str, bounds: &Bounds) -> Result<(u64, bool), String> {
    let parts: Vec<&str> = text.split('/').collect();
    let limits: Vec<&str> = parts[0].split('-').collect();
    let mut star = false;
    let (start, mut end) = if matches!(limits[0], "*" | "?") {
        star = true;
        (bounds.min, bounds.max)
    } else {
        let start = number_or_name(limits[0], bounds.names, bounds.min)?;
        match limits[..] {
            [_] => (start, start),
            [_, end] => (start, number_or_name(end, bounds.names, bounds.min)?),
            _ => return Err(format!("too many hyphens: {text}")),
        }
    };
    let step = match parts[..] {
        [_] => 1,
        [_, step] => {
            let step = number(step)?;
            if limits.len() == 1 {
                end = bounds.max;
            }
            if step > 1 {
                star = false;
            }
            step
        }
        _ => return Err(format!("too many slashes: {text}")),
    };
    let (min, max) = (bounds.min, bounds.max);
    if start < min {
        return Err(format!("beginning of range ({start}) below minimum ({min}): {text}"));
    }
    if end > max {
        return Err(format!("end of range ({end}) above maximum ({max}): {text}"));
    }
    if start > end {
        return Err(format!("beginning of range ({start}) beyond end of range ({end}): {text}"));
    }
    if step == 0 {
        return Err(format!("step of range should be a positive number: {text}"));
    }
    Ok(((start..=end).step_by(step as usize).fold(0, |bits, n| bits | 1 << n), star))
}

fn number_or_name(text: &str, names: &[&str], first: u32) -> Result<u32, String> {
    match names.iter().position(|n| n.eq_ignore_ascii_case(text)) {
        Some(at) => Ok(first + at as u32),
        None => number(text),
    }
}

fn number(text: &str) -> Result<u32, String> {
    let parsed: Result<i64, _> = text.parse();
    match parsed {
        Err(_) => {
            let quoted = crate::apimachinery::field_error::go_quote(text);
            Err(format!("failed to parse int from {text}: strconv.Atoi: parsing {quoted}: invalid syntax"))
        }
        Ok(n) if n < 0 => Err(format!("negative number ({n}) not allowed: {text}")),
        Ok(n) => Ok(u32::try_from(n).unwrap_or(u32::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apimachinery::time::Time;

    #[test]
    fn faults_are_told_in_the_parsers_words() {
        for (text, want) in [
            ("x", "expected exactly 5 fields, found 1: [x]"),
            ("* * * *", "expected exactly 5 fields, found 4: [* * * *]"),
            ("60 * * * *", "end of range (60) above maximum (59): 60"),
            ("* * * * 7", "end of range (7) above maximum (6): 7"),
            ("* * 0 * *", "beginning of range (0) below minimum (1): 0"),
            ("5-1 * * * *", "beginning of range (5) beyond end of range (1): 5-1"),
            ("*/0 * * * *", "step of range should be a positive number: */0"),
            ("a * * * *", "failed to parse int from a: strconv.Atoi: parsing \"a\": invalid syntax"),
            ("1-2-3 * * * *", "too many hyphens: 1-2-3"),
            ("1/2/3 * * * *", "too many slashes: 1/2/3"),
            ("@often", "unrecognized descriptor: @often"),
        ] {
            assert_eq!(Schedule::parse(text), Err(want.to_owned()), "{text}");
        }
    }

    #[test]
    fn the_next_time_is_after_the_instant() {
        let at = |text: &str| text.parse::<Time>().expect("an instant").unix();
        for (schedule, after, want) in [
            ("* * * * *", "2025-01-01T00:00:00Z", "2025-01-01T00:01:00Z"),
            ("* * * * *", "2025-01-01T00:00:59Z", "2025-01-01T00:01:00Z"),
            ("0 2 * * *", "2025-01-01T02:00:00Z", "2025-01-02T02:00:00Z"),
            ("*/5 9-17 * * 1-5", "2025-01-03T17:55:00Z", "2025-01-06T09:00:00Z"),
            ("0 0 29 feb *", "2025-01-01T00:00:00Z", "2028-02-29T00:00:00Z"),
            ("0 0 13 * fri", "2025-01-01T00:00:00Z", "2025-01-03T00:00:00Z"),
            ("@monthly", "2025-01-31T12:00:00Z", "2025-02-01T00:00:00Z"),
            ("@every 90s", "2025-01-01T00:00:00Z", "2025-01-01T00:01:30Z"),
            ("TZ=UTC 30 4 1,15 * *", "2025-01-02T00:00:00Z", "2025-01-15T04:30:00Z"),
        ] {
            let parsed = Schedule::parse(schedule).expect(schedule);
            assert_eq!(parsed.next(at(after)), Some(at(want)), "{schedule}");
        }
        let never = Schedule::parse("0 0 31 feb *").expect("it reads well");
        assert_eq!(never.next(at("2025-01-01T00:00:00Z")), None);
    }
}
