//! Decimal numbers of up to 38 digits and any exponent, the arithmetic under quantities.
//!
//! Upstream: gopkg.in/inf.v0 (Dec)
//! Differs: bounded; what does not fit is rounded away from zero.

use std::cmp::Ordering;

/// `unscaled · 10^scale`, at most [`Dec::DIGITS`] digits.
#[derive(Clone, Copy)]
pub(super) struct Dec {
    pub(super) unscaled: i128,
    pub(super) scale: i32,
}

pub(super) fn pow10(exponent: i64) -> Option<i128> {
    u32::try_from(exponent).ok().and_then(|e| 10i128.checked_pow(e))
}

impl Dec {
    const DIGITS: u32 = 38;

    pub(super) fn from_digits(num: &str, denom: &str) -> Dec {
        let mut dec = Dec { unscaled: 0, scale: 0 };
        let (mut seen, mut lost) = (0, false);
        for (i, b) in num.bytes().chain(denom.bytes()).enumerate() {
            let fraction = i >= num.len();
            if seen < Dec::DIGITS {
                dec.unscaled = dec.unscaled * 10 + i128::from(b - b'0');
                seen += u32::from(dec.unscaled != 0);
                dec.scale -= i32::from(fraction);
            } else {
                lost |= b != b'0';
                dec.scale += i32::from(!fraction);
            }
        }
        dec.unscaled += i128::from(lost);
        dec
    }

    fn digits(self) -> u32 {
        self.unscaled.unsigned_abs().checked_ilog10().map_or(0, |n| n + 1)
    }

    /// Times `2^exponent`, losing digits beyond the last that fits.
    pub(super) fn shifted_left(self, exponent: i32) -> Dec {
        let mut dec = self;
        loop {
            match dec.unscaled.checked_mul(1i128 << exponent) {
                Some(unscaled) => return Dec { unscaled, ..dec },
                None => dec = dec.rounded(dec.scale + 1),
            }
        }
    }

    /// To a scale of at least `scale`, away from zero.
    pub(super) fn rounded(self, scale: i32) -> Dec {
        if self.scale >= scale || self.unscaled == 0 {
            return self;
        }
        let sign = self.unscaled.signum();
        match pow10(i64::from(scale) - i64::from(self.scale)) {
            Some(power) => {
                let (quotient, rest) = (self.unscaled / power, self.unscaled % power);
                Dec { unscaled: if rest == 0 { quotient } else { quotient + sign }, scale }
            }
            None => Dec { unscaled: sign, scale },
        }
    }

    pub(super) fn plus(self, other: Dec) -> Dec {
        let (high, low) = if self.scale >= other.scale { (self, other) } else { (other, self) };
        if high.unscaled == 0 {
            return low;
        }
        if low.unscaled == 0 {
            return high;
        }
        let apart = i64::from(high.scale) - i64::from(low.scale);
        let exact = pow10(apart).and_then(|power| high.unscaled.checked_mul(power)?.checked_add(low.unscaled));
        if let Some(unscaled) = exact {
            return Dec { unscaled, scale: low.scale };
        }
        let high = high.without_zeros();
        let room = (Dec::DIGITS - 1).saturating_sub(high.digits());
        let scale = high.scale.saturating_sub_unsigned(room);
        let power = pow10(i64::from(high.scale) - i64::from(scale)).unwrap_or(1);
        Dec { unscaled: (high.unscaled * power).saturating_add(low.rounded(scale).unscaled), scale }
    }

    pub(super) fn times(self, factor: i128) -> Dec {
        let mut dec = self;
        loop {
            match dec.unscaled.checked_mul(factor) {
                Some(unscaled) => return Dec { unscaled, ..dec },
                None => dec = dec.rounded(dec.scale.saturating_add(1)),
            }
        }
    }

    pub(super) fn to_integer(self) -> Option<i128> {
        let dec = if self.scale < 0 { self.without_zeros() } else { self };
        pow10(i64::from(dec.scale)).filter(|_| dec.scale >= 0)?.checked_mul(dec.unscaled)
    }

    pub(super) fn without_zeros(self) -> Dec {
        let mut dec = self;
        if dec.unscaled == 0 {
            return Dec { unscaled: 0, scale: 0 };
        }
        while dec.unscaled % 10 == 0 && dec.scale < i32::MAX {
            dec = Dec { unscaled: dec.unscaled / 10, scale: dec.scale + 1 };
        }
        dec
    }
}

impl PartialEq for Dec {
    fn eq(&self, other: &Dec) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Dec {}

impl PartialOrd for Dec {
    fn partial_cmp(&self, other: &Dec) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Dec {
    fn cmp(&self, other: &Dec) -> Ordering {
        let sign = self.unscaled.signum();
        if self.scale == other.scale || sign != other.unscaled.signum() || sign == 0 {
            return self.unscaled.cmp(&other.unscaled);
        }
        // The place of the first digit decides, unless both have it in the same place: then few zeros bring them to one scale.
        let place = |dec: &Dec| i64::from(dec.scale) + i64::from(dec.digits());
        let (a, b) = (self.without_zeros(), other.without_zeros());
        let magnitude = place(&a).cmp(&place(&b)).then_with(|| {
            let lift = |x: Dec, y: Dec| {
                let power = pow10((i64::from(x.scale) - i64::from(y.scale)).max(0)).unwrap_or(1);
                x.unscaled.unsigned_abs().saturating_mul(power.unsigned_abs())
            };
            lift(a, b).cmp(&lift(b, a))
        });
        if sign > 0 { magnitude } else { magnitude.reverse() }
    }
}
