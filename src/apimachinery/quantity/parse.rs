//! A quantity's text, taken apart.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/api/resource/{quantity,suffix}.go (parseQuantityString, interpret)
//! Differs: nothing known.

use super::{Big, Format, NANO, Quantity, QuantityError, Repr};

pub(super) const SI: [(&str, i32); 10] =
    [("n", -9), ("u", -6), ("m", -3), ("", 0), ("k", 3), ("M", 6), ("G", 9), ("T", 12), ("P", 15), ("E", 18)];
const BINARY: [(&str, i32); 6] = [("Ki", 10), ("Mi", 20), ("Gi", 30), ("Ti", 40), ("Pi", 50), ("Ei", 60)];

pub(super) struct Suffix {
    pub(super) exponent: i32,
    pub(super) format: Format,
}

impl Suffix {
    pub(super) fn interpret(text: &str) -> Option<Suffix> {
        if let Some((_, exponent)) = SI.iter().find(|(suffix, _)| *suffix == text) {
            return Some(Suffix { exponent: *exponent, format: Format::DecimalSI });
        }
        if let Some((_, exponent)) = BINARY.iter().find(|(suffix, _)| *suffix == text) {
            return Some(Suffix { exponent: *exponent, format: Format::BinarySI });
        }
        let digits = text.strip_prefix(['e', 'E'])?;
        // The cut to 32 bits is upstream's.
        let exponent = digits.parse::<i64>().ok()? as i32;
        Some(Suffix { exponent, format: Format::DecimalExponent })
    }
}

/// A quantity's text, taken apart by upstream's lax scanner: `.`, `k` and `-` are all zero to it.
pub(super) struct Parts<'a> {
    pub(super) positive: bool,
    /// Digits before the point, without leading zeros; `0` if there are none.
    pub(super) num: &'a str,
    pub(super) denom: &'a str,
    pub(super) suffix: &'a str,
}

impl<'a> Parts<'a> {
    pub(super) fn split(text: &'a str) -> Result<Parts<'a>, QuantityError> {
        let positive = !text.starts_with('-');
        let rest = text.strip_prefix(['+', '-']).unwrap_or(text).trim_start_matches('0');
        let (num, rest) = cut(rest, |b| b.is_ascii_digit());
        let num = if num.is_empty() { "0" } else { num };
        let (denom, suffix) = match rest.strip_prefix('.') {
            Some(rest) => cut(rest, |b| b.is_ascii_digit()),
            None => ("", rest),
        };
        let (_, rest) = cut(suffix, |b| b"eEinumkKMGTP".contains(&b));
        let rest = rest.strip_prefix(['+', '-']).unwrap_or(rest);
        if rest.bytes().all(|b| b.is_ascii_digit()) {
            Ok(Parts { positive, num, denom, suffix })
        } else {
            Err(QuantityError::FormatWrong)
        }
    }

    /// Upstream's short way for numbers of few digits, which alone decides when a text is kept as written.
    pub(super) fn exact(&self, suffix: &Suffix, text: &str) -> Option<Quantity> {
        let digits = self.num.len() + self.denom.len();
        let mut scale = 0;
        let mut factor = 1;
        let fits = match suffix.format {
            Format::BinarySI => {
                factor = 1i64 << suffix.exponent;
                self.denom.is_empty() && digits as i32 + suffix.exponent * 3 / 10 < 15
            }
            _ => {
                scale = suffix.exponent.checked_sub_unsigned(self.denom.len() as u32)?;
                digits <= 18
            }
        };
        if !fits || scale < NANO {
            return None;
        }
        let shifted = self.num.bytes().chain(self.denom.bytes()).fold(0i64, |n, b| n * 10 + i64::from(b - b'0'));
        let magnitude = shifted.checked_mul(factor)?;
        let value = if self.positive { magnitude } else { -magnitude };
        let quantity = Quantity(Repr::Small { value, scale, format: suffix.format });
        let keeps_text = match suffix.format {
            Format::BinarySI => shifted & 7 != 0,
            _ => scale % 3 == 0 && shifted % 1000 != 0 && !self.num.starts_with('0'),
        };
        if keeps_text && quantity.to_string() != text {
            let big = Big { amount: quantity.amount(), format: suffix.format, text: Some(text.into()) };
            return Some(Quantity(Repr::Big(Box::new(big))));
        }
        Some(quantity)
    }
}

fn cut(text: &str, belongs: impl Fn(u8) -> bool) -> (&str, &str) {
    text.split_at(text.bytes().position(|b| !belongs(b)).unwrap_or(text.len()))
}
