//! A number or a text, such as `maxSurge: 1` or `maxSurge: 25%`, and what a percentage comes to.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/util/intstr/intstr.go (IntOrString, GetScaledValueFromIntOrPercent)
//! Differs: nothing known.

use super::Str;
use super::field_error::go_quote;
use std::fmt;

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IntOrString {
    Int(i32),
    String(Str),
}

impl IntOrString {
    /// A number if the text is one, as kubectl's flags take it.
    pub fn parse(text: &str) -> IntOrString {
        match text.parse() {
            Ok(n) => IntOrString::Int(n),
            Err(_) => IntOrString::String(text.into()),
        }
    }

    /// The number, or the number that the text is, or 0.
    pub fn int_value(&self) -> i64 {
        match self {
            IntOrString::Int(n) => i64::from(*n),
            IntOrString::String(text) => atoi(text).unwrap_or_else(|error| error.saturated(text)),
        }
    }

    /// The number as it is; of a percentage, that part of `total`, rounded up or down.
    pub fn scaled(&self, total: i64, round_up: bool) -> Result<i64, String> {
        let text = match self {
            IntOrString::Int(n) => return Ok(i64::from(*n)),
            IntOrString::String(text) => text,
        };
        let digits = text
            .strip_suffix('%')
            .ok_or_else(|| "invalid value for IntOrString: invalid type: string is not a percentage".to_owned())?;
        let percent = atoi(digits).map_err(|error| {
            let (whole, digits, error) = (go_quote(text), go_quote(digits), error.words());
            format!("invalid value for IntOrString: invalid value {whole}: strconv.Atoi: parsing {digits}: {error}")
        })?;
        let hundredfold = i128::from(percent) * i128::from(total);
        let part = if round_up { -(-hundredfold).div_euclid(100) } else { hundredfold.div_euclid(100) };
        Ok(part.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }
}

impl Default for IntOrString {
    fn default() -> IntOrString {
        IntOrString::Int(0)
    }
}

impl From<i32> for IntOrString {
    fn from(n: i32) -> IntOrString {
        IntOrString::Int(n)
    }
}

impl From<&str> for IntOrString {
    fn from(text: &str) -> IntOrString {
        IntOrString::String(text.into())
    }
}

impl fmt::Display for IntOrString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            IntOrString::Int(n) => write!(f, "{n}"),
            IntOrString::String(text) => f.write_str(text),
        }
    }
}

/// Go's `strconv.NumError`, as far as its words go.
#[derive(Clone, Copy, PartialEq, Eq)]
enum AtoiError {
    Syntax,
    Range,
}

impl AtoiError {
    fn words(self) -> &'static str {
        match self {
            AtoiError::Syntax => "invalid syntax",
            AtoiError::Range => "value out of range",
        }
    }

    /// What Go returns beside the error.
    fn saturated(self, text: &str) -> i64 {
        match self {
            AtoiError::Syntax => 0,
            AtoiError::Range if text.starts_with('-') => i64::MIN,
            AtoiError::Range => i64::MAX,
        }
    }
}

fn atoi(text: &str) -> Result<i64, AtoiError> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(AtoiError::Syntax);
    }
    text.parse().map_err(|_| AtoiError::Range)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn scales(text: &str, total: i64, up: i64, down: i64) {
        let value = IntOrString::parse(text);
        assert_eq!((value.scaled(total, true), value.scaled(total, false)), (Ok(up), Ok(down)), "{text} of {total}");
    }

    #[track_caller]
    fn refuses(value: IntOrString, expected: &str) {
        assert_eq!(value.scaled(10, true), Err(expected.to_owned()));
    }

    #[test]
    fn percentages_round_as_asked() {
        scales("25%", 3, 1, 0);
        scales("25%", 4, 1, 1);
        scales("50%", 5, 3, 2);
        scales("0%", 5, 0, 0);
        scales("100%", 7, 7, 7);
        scales("110%", 10, 11, 11);
        scales("-25%", 3, 0, -1);
        scales("3", 100, 3, 3);
        scales("-1", 100, -1, -1);
        scales("+5%", 100, 5, 5);
    }

    #[test]
    fn other_texts_are_refused_in_upstreams_words() {
        refuses("3".into(), "invalid value for IntOrString: invalid type: string is not a percentage");
        refuses("".into(), "invalid value for IntOrString: invalid type: string is not a percentage");
        refuses(
            "a%".into(),
            "invalid value for IntOrString: invalid value \"a%\": strconv.Atoi: parsing \"a\": invalid syntax",
        );
        refuses(
            "%".into(),
            "invalid value for IntOrString: invalid value \"%\": strconv.Atoi: parsing \"\": invalid syntax",
        );
        refuses(
            "99999999999999999999%".into(),
            "invalid value for IntOrString: invalid value \"99999999999999999999%\": strconv.Atoi: parsing \
             \"99999999999999999999\": value out of range",
        );
    }

    #[test]
    fn text_that_is_a_number_counts_as_one_where_a_port_is_asked_for() {
        assert_eq!(IntOrString::from("80").int_value(), 80);
        assert_eq!(IntOrString::from("http").int_value(), 0);
        assert_eq!(IntOrString::from(8080).int_value(), 8080);
        assert_eq!(IntOrString::parse("80"), IntOrString::Int(80));
        assert_eq!(IntOrString::parse("http").to_string(), "http");
        assert_eq!(IntOrString::parse("3000000000").to_string(), "3000000000");
    }
}
