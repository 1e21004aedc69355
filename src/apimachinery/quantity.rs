//! Quantities such as `100m`, `1536Mi` and `1e3`: fixed-point numbers that remember how they were written.
//!
//! Upstream: staging/src/k8s.io/apimachinery/pkg/api/resource/{quantity,amount,math,suffix,scale_int}.go (Quantity,
//! ParseQuantity, CanonicalizeBytes)
//! Differs: numbers of more than 38 significant digits are rounded up to 38 (upstream's are unbounded); negative binary
//! fractions round away from zero in `value()`, where upstream rounds them up.

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

mod dec;
mod parse;

use dec::{Dec, pow10};
use parse::{Parts, SI, Suffix};

/// The three ways of writing a quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// `12e6`
    DecimalExponent,
    /// `12Mi`, that is 12 · 2²⁰
    BinarySI,
    /// `12M`, that is 12 · 10⁶
    DecimalSI,
}

/// A fixed-point number; equal and ordered by value, printed in upstream's canonical form.
#[derive(Clone)]
pub struct Quantity(Repr);

/// Sixteen bytes, because every container of every pod holds a handful of these; what does not fit is rare and boxed.
#[derive(Clone)]
enum Repr {
    Small { value: i64, scale: i32, format: Format },
    Big(Box<Big>),
}

#[derive(Clone)]
struct Big {
    amount: Dec,
    format: Format,
    /// Upstream takes some spellings for canonical that are not (`+5`, `1.500`, `1E3`, `007`) and repeats them.
    text: Option<Box<str>>,
}

/// Why a text is no quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum QuantityError {
    FormatWrong,
    Numeric,
    Suffix,
}

impl fmt::Display for QuantityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            QuantityError::FormatWrong => {
                "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
            }
            QuantityError::Numeric => "unable to parse numeric part of quantity",
            QuantityError::Suffix => "unable to parse quantity's suffix",
        })
    }
}

impl std::error::Error for QuantityError {}

const NANO: i32 = -9;
const MILLI: i32 = -3;

impl Quantity {
    pub fn zero() -> Quantity {
        Quantity::from_value(0, Format::DecimalSI)
    }

    pub fn from_value(value: i64, format: Format) -> Quantity {
        Quantity(Repr::Small { value, scale: 0, format })
    }

    /// `value` thousandths, written as `…m`.
    pub fn from_milli(value: i64) -> Quantity {
        Quantity::from_scaled(value, MILLI)
    }

    /// `value · 10^scale`, in decimal form.
    pub fn from_scaled(value: i64, scale: i32) -> Quantity {
        Quantity(Repr::Small { value, scale, format: Format::DecimalSI })
    }

    pub fn parse(text: &str) -> Result<Quantity, QuantityError> {
        if text.is_empty() {
            return Err(QuantityError::FormatWrong);
        }
        let parts = Parts::split(text)?;
        let suffix = Suffix::interpret(parts.suffix).ok_or(QuantityError::Suffix)?;
        if let Some(quantity) = parts.exact(&suffix, text) {
            return Ok(quantity);
        }
        // Only on this way does upstream mind that there is no digit at all, as in `.e-12`.
        if !text[..text.len() - parts.suffix.len()].contains(|c: char| c.is_ascii_digit()) {
            return Err(QuantityError::Numeric);
        }
        let mut amount = Dec::from_digits(parts.num, parts.denom);
        let mut format = suffix.format;
        match format {
            Format::BinarySI => amount = amount.shifted_left(suffix.exponent),
            _ => amount.scale = amount.scale.saturating_add(suffix.exponent),
        }
        amount = amount.rounded(NANO);
        if format == Format::BinarySI {
            let max = Dec { unscaled: i64::MAX as i128, scale: 0 };
            if amount > max {
                amount = max;
            }
            // What is smaller than one byte would be rounded by a binary form.
            if amount.unscaled != 0 && amount < (Dec { unscaled: 1, scale: 0 }) {
                format = Format::DecimalSI;
            }
        }
        if !parts.positive {
            amount.unscaled = -amount.unscaled;
        }
        Ok(Quantity::of(amount, format))
    }

    pub fn format(&self) -> Format {
        match &self.0 {
            Repr::Small { format, .. } => *format,
            Repr::Big(big) => big.format,
        }
    }

    /// The whole number at or above it (below it, where it is negative); 0 where that is beyond 64 bits, as upstream mostly has it.
    pub fn value(&self) -> i64 {
        self.scaled_value(0)
    }

    /// Thousandths, rounded away from zero; 0 where that is beyond 64 bits, as upstream has it.
    pub fn milli_value(&self) -> i64 {
        self.scaled_value(MILLI)
    }

    /// How many `10^scale` it is, rounded away from zero.
    pub fn scaled_value(&self, scale: i32) -> i64 {
        let amount = self.amount().rounded(scale);
        let exact =
            pow10(i64::from(amount.scale) - i64::from(scale)).and_then(|power| amount.unscaled.checked_mul(power));
        exact.and_then(|value| i64::try_from(value).ok()).unwrap_or(0)
    }

    /// The whole number it is, if it is one that fits.
    pub fn as_i64(&self) -> Option<i64> {
        i64::try_from(self.amount().to_integer()?).ok()
    }

    /// The nearest double: for ratios, never for accounts.
    pub fn to_f64(&self) -> f64 {
        let amount = self.amount();
        let mut value = amount.unscaled as f64;
        // Beyond ±400 every double has become zero or infinite.
        for _ in 0..amount.scale.unsigned_abs().min(400) {
            value = if amount.scale > 0 { value * 10.0 } else { value / 10.0 };
        }
        value
    }

    pub fn is_zero(&self) -> bool {
        self.amount().unscaled == 0
    }

    /// -1, 0 or 1.
    pub fn sign(&self) -> i32 {
        self.amount().unscaled.signum() as i32
    }

    /// Adds in place; a zero takes the other's format.
    pub fn add(&mut self, other: &Quantity) {
        let format = if self.is_zero() { other.format() } else { self.format() };
        *self = Quantity::of(self.amount().plus(other.amount()), format);
    }

    /// Subtracts in place; a zero takes the other's format.
    pub fn sub(&mut self, other: &Quantity) {
        let format = if self.is_zero() { other.format() } else { self.format() };
        let mut amount = other.amount();
        amount.unscaled = -amount.unscaled;
        *self = Quantity::of(self.amount().plus(amount), format);
    }

    pub fn mul(&mut self, factor: i64) {
        *self = Quantity::of(self.amount().times(i128::from(factor)), self.format());
    }

    pub fn negate(&mut self) {
        let mut amount = self.amount();
        amount.unscaled = -amount.unscaled;
        *self = Quantity::of(amount, self.format());
    }

    /// Rounds away from zero to a multiple of `10^scale`; true if that changed nothing.
    pub fn round_up(&mut self, scale: i32) -> bool {
        let amount = self.amount();
        let rounded = amount.rounded(scale);
        let exact = rounded == amount;
        if !exact {
            *self = Quantity::of(rounded, self.format());
        }
        exact
    }

    fn of(amount: Dec, format: Format) -> Quantity {
        let least = amount.without_zeros();
        match i64::try_from(least.unscaled) {
            Ok(value) => Quantity(Repr::Small { value, scale: least.scale, format }),
            Err(_) => Quantity(Repr::Big(Box::new(Big { amount, format, text: None }))),
        }
    }

    fn amount(&self) -> Dec {
        match &self.0 {
            Repr::Small { value, scale, .. } => Dec { unscaled: i128::from(*value), scale: *scale },
            Repr::Big(big) => big.amount,
        }
    }

    fn canonical(&self, out: &mut dyn fmt::Write) -> fmt::Result {
        let amount = self.amount();
        if amount.unscaled == 0 {
            return out.write_str("0");
        }
        let format = self.format();
        if format == Format::BinarySI
            && let Some(mut value) = amount.to_integer()
            && value.unsigned_abs() >= 1024
        {
            let mut times = 0;
            while value % 1024 == 0 {
                value /= 1024;
                times += 1;
            }
            let suffix = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].get(times).unwrap_or(&"");
            return write!(out, "{value}{suffix}");
        }
        let amount = amount.without_zeros();
        let pad = amount.scale.rem_euclid(3);
        let exponent = i64::from(amount.scale) - i64::from(pad);
        write!(out, "{}{}", amount.unscaled, ["", "0", "00"][pad as usize])?;
        match format {
            Format::DecimalExponent if exponent != 0 => write!(out, "e{exponent}"),
            Format::DecimalExponent => Ok(()),
            // Upstream drops the suffix it has no letter for: `1000E` becomes `1`.
            _ => out.write_str(SI.iter().find(|(_, e)| i64::from(*e) == exponent).map_or("", |(suffix, _)| suffix)),
        }
    }
}

impl Default for Quantity {
    fn default() -> Quantity {
        Quantity::zero()
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Big(big) if big.text.is_some() => f.write_str(big.text.as_deref().unwrap_or_default()),
            _ => self.canonical(f),
        }
    }
}

impl fmt::Debug for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Quantity({self})")
    }
}

impl FromStr for Quantity {
    type Err = QuantityError;
    fn from_str(text: &str) -> Result<Quantity, QuantityError> {
        Quantity::parse(text)
    }
}

impl PartialEq for Quantity {
    fn eq(&self, other: &Quantity) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Quantity {}

impl PartialOrd for Quantity {
    fn partial_cmp(&self, other: &Quantity) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Quantity {
    fn cmp(&self, other: &Quantity) -> Ordering {
        self.amount().cmp(&other.amount())
    }
}

#[cfg(test)]
mod tests;
