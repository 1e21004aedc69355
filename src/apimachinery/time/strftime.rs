//! Instants in the words of a format, in UTC.
//!
//! Upstream: strftime(3) of the C library, in the locale of C
//! Differs: nothing known; there is no other zone.

use super::{date_of, days_of, weekday_of};

const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `unix` counts seconds since 1970. What is no conversion stays as it is.
pub fn strftime(format: &str, unix: i64) -> String {
    let mut out = String::new();
    let mut rest = format;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let (pad, spec) = match after.chars().next() {
            Some(c @ ('-' | '_' | '0')) => (Some(c), &after[1..]),
            _ => (None, after),
        };
        let Some(letter) = spec.chars().next() else {
            out.push('%');
            out.push_str(after);
            return out;
        };
        rest = &spec[letter.len_utf8()..];
        match convert(letter, unix) {
            Some(Piece::Text(text)) => out.push_str(&text),
            Some(Piece::Number(n, width, usual)) => out.push_str(&match pad.unwrap_or(usual) {
                '-' => format!("{n}"),
                '_' => format!("{n:width$}"),
                _ => format!("{n:0width$}"),
            }),
            None => {
                out.push('%');
                out.push_str(&after[..after.len() - rest.len()]);
            }
        }
    }
    out + rest
}

enum Piece {
    Text(String),
    /// With its width and what fills it.
    Number(i64, usize, char),
}

fn convert(letter: char, unix: i64) -> Option<Piece> {
    let days = unix.div_euclid(86_400);
    let second = unix.rem_euclid(86_400);
    let (year, month, day) = date_of(days);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let weekday = weekday_of(days);
    let yearday = days - days_of(year, 1, 1);
    let text = |text: &str| Some(Piece::Text(text.to_owned()));
    let all = |format: &str| Some(Piece::Text(strftime(format, unix)));
    let two = |n: i64| Some(Piece::Number(n, 2, '0'));
    match letter {
        'Y' => Some(Piece::Number(year, 4, '0')),
        'C' => two(year.div_euclid(100)),
        'y' => two(year.rem_euclid(100)),
        'm' => two(month),
        'd' => two(day),
        'e' => Some(Piece::Number(day, 2, '_')),
        'H' => two(hour),
        'k' => Some(Piece::Number(hour, 2, '_')),
        'I' => two((hour + 11) % 12 + 1),
        'l' => Some(Piece::Number((hour + 11) % 12 + 1, 2, '_')),
        'M' => two(minute),
        'S' => two(second % 60),
        's' => Some(Piece::Number(unix, 1, '0')),
        'j' => Some(Piece::Number(yearday + 1, 3, '0')),
        'u' => Some(Piece::Number((weekday + 6) % 7 + 1, 1, '0')),
        'w' => Some(Piece::Number(weekday, 1, '0')),
        'U' => two((yearday + 7 - weekday) / 7),
        'W' => two((yearday + 7 - (weekday + 6) % 7) / 7),
        // A week belongs to the year that its Thursday lies in.
        'V' | 'G' | 'g' => {
            let thursday = days - (weekday + 6) % 7 + 3;
            let (year, ..) = date_of(thursday);
            match letter {
                'V' => two((thursday - days_of(year, 1, 1)) / 7 + 1),
                'G' => Some(Piece::Number(year, 4, '0')),
                _ => two(year.rem_euclid(100)),
            }
        }
        'a' => text(&DAYS[weekday as usize][..3]),
        'A' => text(DAYS[weekday as usize]),
        'b' | 'h' => text(&MONTHS[month as usize - 1][..3]),
        'B' => text(MONTHS[month as usize - 1]),
        'p' => text(if hour < 12 { "AM" } else { "PM" }),
        'P' => text(if hour < 12 { "am" } else { "pm" }),
        'Z' => text("UTC"),
        'z' => text("+0000"),
        'n' => text("\n"),
        't' => text("\t"),
        '%' => text("%"),
        'c' => all("%a %b %e %H:%M:%S %Y"),
        'D' | 'x' => all("%m/%d/%y"),
        'F' => all("%Y-%m-%d"),
        'T' | 'X' => all("%H:%M:%S"),
        'R' => all("%H:%M"),
        'r' => all("%I:%M:%S %p"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_conversion_is_what_the_c_library_makes_of_it() {
        // As GNU date prints them: TZ=UTC LC_ALL=C date -d @… +…
        for (unix, format, want) in [
            (1_767_225_667, "%Y-%m-%d %H:%M:%S", "2026-01-01 00:01:07"),
            (1_767_225_667, "%a %A %b %h %B", "Thu Thursday Jan Jan January"),
            (1_767_225_667, "%e|%k|%l|%I|%p|%P", " 1| 0|12|12|AM|am"),
            (1_767_225_667, "%j %u %w %U %W %V %G %g", "001 4 4 00 00 01 2026 26"),
            (1_767_225_667, "%F %T %R %D %r", "2026-01-01 00:01:07 00:01 01/01/26 12:01:07 AM"),
            (1_767_225_667, "%c|%x|%X", "Thu Jan  1 00:01:07 2026|01/01/26|00:01:07"),
            (1_767_225_667, "%s %Z %z %C %y %%", "1767225667 UTC +0000 20 26 %"),
            (1_767_225_667, "%-d %-m %_d %_H %0e", "1 1  1  0 01"),
            (1_609_459_199, "%j %u %w %U %W %V %G %p", "366 4 4 52 52 53 2020 PM"),
            (1_609_545_600, "%V %G %U %W %a", "53 2020 00 00 Sat"),
            (-1, "%F %T %a", "1969-12-31 23:59:59 Wed"),
            (0, "%Q %-Q 100% ü", "%Q %-Q 100% ü"),
            (0, "a%", "a%"),
        ] {
            assert_eq!(strftime(format, unix), want, "{format}");
        }
    }
}
