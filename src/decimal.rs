//! Exact decimal numbers: what figures are. A whole one stands in JSON as an integer.

use std::fmt::{Display, Formatter};
use std::iter::Sum;
use std::ops::{Add, Sub};

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// The fault of a number with more than so many decimals.
pub fn at_most(decimals: u32) -> String {
    match decimals {
        0 => "must be a whole number".to_owned(),
        1 => "must have 1 decimal at the most".to_owned(),
        _ => format!("must have {decimals} decimals at the most"),
    }
}

/// A number in ten-thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal(i64);

/// The parts of one.
const PARTS: i64 = 10_000;

impl Decimal {
    /// Nothing.
    pub const ZERO: Decimal = Decimal(0);

    /// The decimals that it can have.
    pub const DECIMALS: u32 = 4;

    /// A number of so many ten-thousandths.
    pub const fn of_parts(parts: i64) -> Decimal {
        Decimal(parts)
    }

    /// The number of its ten-thousandths.
    pub const fn parts(self) -> i64 {
        self.0
    }

    /// The number that is nearest.
    pub fn nearest(number: f64) -> Decimal {
        Decimal((number * PARTS as f64).round() as i64)
    }

    /// The number, where it has no decimals.
    pub fn whole(self) -> Option<i64> {
        (self.0 % PARTS == 0).then_some(self.0 / PARTS)
    }

    /// Rounded to so many decimals, halves to the even one.
    pub fn rounded(self, decimals: u32) -> Decimal {
        let unit = 10_i64.pow(Self::DECIMALS.saturating_sub(decimals));
        Decimal(round_half_even(self.0.into(), unit.into()).saturating_mul(unit.into()) as i64)
    }

    /// The quotient, rounded to so many decimals; `None` if the divisor is not positive.
    pub fn quotient(dividend: i128, divisor: i128, decimals: u32) -> Option<Decimal> {
        let unit = 10_i128.pow(Self::DECIMALS.saturating_sub(decimals));
        let scaled = dividend.saturating_mul(i128::from(PARTS) / unit);
        (divisor > 0).then(|| Decimal((round_half_even(scaled, divisor) * unit) as i64))
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / PARTS as f64
    }

    /// The nearest whole number.
    pub fn round(self) -> i64 {
        round_half_even(self.0.into(), PARTS.into()) as i64
    }

    /// The number of decimals that it has.
    pub fn decimals(self) -> u32 {
        (0..Self::DECIMALS).find(|decimals| self.rounded(*decimals) == self).unwrap_or(Self::DECIMALS)
    }

    /// The digits with so many decimals, after a point.
    pub fn fixed(self, decimals: u32) -> String {
        let rounded = self.rounded(decimals);
        let (whole, rest) = (rounded.0.unsigned_abs() / PARTS as u64, rounded.0.unsigned_abs() % PARTS as u64);
        let sign = if rounded.0 < 0 { "-" } else { "" };
        let digits = format!("{rest:04}");
        match digits.get(..decimals.min(Self::DECIMALS) as usize).filter(|digits| !digits.is_empty()) {
            Some(digits) => format!("{sign}{whole}.{digits}"),
            None => format!("{sign}{whole}"),
        }
    }
}

/// The quotient rounded to a whole number, halves to the even one. The divisor must be positive.
pub fn round_half_even(dividend: i128, divisor: i128) -> i128 {
    let (floor, rest) = (dividend.div_euclid(divisor), dividend.rem_euclid(divisor));
    match (2 * rest).cmp(&divisor) {
        std::cmp::Ordering::Less => floor,
        std::cmp::Ordering::Greater => floor + 1,
        std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
    }
}

impl From<i64> for Decimal {
    fn from(number: i64) -> Self {
        Decimal(number.saturating_mul(PARTS))
    }
}

impl Add for Decimal {
    type Output = Decimal;

    fn add(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_add(other.0))
    }
}

impl Sub for Decimal {
    type Output = Decimal;

    fn sub(self, other: Decimal) -> Decimal {
        Decimal(self.0.saturating_sub(other.0))
    }
}

impl Sum for Decimal {
    fn sum<I: Iterator<Item = Decimal>>(all: I) -> Decimal {
        all.fold(Decimal::ZERO, Add::add)
    }
}

impl Display for Decimal {
    /// As many decimals as it has.
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.fixed(self.decimals()))
    }
}

impl Serialize for Decimal {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.whole() {
            Some(whole) => to.serialize_i64(whole),
            None => to.serialize_f64(self.to_f64()),
        }
    }
}

struct Number;

impl Visitor<'_> for Number {
    type Value = Decimal;

    fn expecting(&self, f: &mut Formatter) -> std::fmt::Result {
        write!(f, "a number with {} decimals at the most", Decimal::DECIMALS)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Decimal, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Decimal, E> {
        Ok(i64::try_from(number).unwrap_or(i64::MAX).into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Decimal, E> {
        let decimal = Decimal::nearest(number);
        if (decimal.to_f64() - number).abs() > f64::EPSILON * number.abs().max(1.0) {
            return Err(E::custom(format!("{number} has more than {} decimals", Decimal::DECIMALS)));
        }
        Ok(decimal)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Number)
    }
}

impl PartialSchema for Decimal {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::Number).into()
    }
}

impl ToSchema for Decimal {}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_whole_number_is_an_integer_in_json() {
        let json = |parts| serde_json::to_string(&Decimal::of_parts(parts)).unwrap();
        assert_eq!([120_000, 125_000, -5_000, 1].map(json), ["12", "12.5", "-0.5", "0.0001"]);
        let read = |text| serde_json::from_str::<Decimal>(text).ok();
        assert_eq!([read("12"), read("12.5"), read("0.00001")], [Some(12.into()), Some(Decimal(125_000)), None]);
        assert_eq!(read("6502.55"), Some(Decimal(65_025_500)));
    }

    #[test]
    fn is_written_and_rounded() {
        assert_eq!(Decimal(125_000).to_string(), "12.5");
        assert_eq!(Decimal(-5_000).fixed(2), "-0.50");
        assert_eq!(Decimal(125_000).fixed(0), "12", "half to even");
        assert_eq!(Decimal::quotient(100, 3, 1), Some(Decimal(333_000)));
        assert_eq!(Decimal::quotient(200, 3, 0), Some(Decimal(670_000)));
        assert_eq!(Decimal::quotient(1, 0, 1), None);
    }

    proptest! {
        #[test]
        fn never_rounds_further_than_half_a_unit(dividend in -1_000_000_i128..1_000_000, divisor in 1_i128..10_000) {
            let rounded = round_half_even(dividend, divisor);
            let off = (2 * (rounded * divisor - dividend)).abs();
            prop_assert!(off <= divisor);
            prop_assert!(off < divisor || rounded % 2 == 0);
        }

        #[test]
        fn what_is_written_is_read(parts in -9_000_000_000_000_i64..9_000_000_000_000) {
            let text = serde_json::to_string(&Decimal(parts)).unwrap();
            prop_assert_eq!(serde_json::from_str::<Decimal>(&text).unwrap(), Decimal(parts));
        }
    }

    #[test]
    fn what_has_too_many_decimals_is_told_how_many_there_may_be() {
        let told = [0, 1, 2].map(super::at_most);
        assert_eq!(
            told,
            ["must be a whole number", "must have 1 decimal at the most", "must have 2 decimals at the most"]
        );
    }
}
