//! The axis that values are drawn along: from 0, or from below it where some are less.

use crate::decimal::Decimal;

/// The ends of an axis, which has room for all of its values and always for 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    least: i64,
    most: i64,
    /// The distance of the values that are written along it.
    step: i64,
}

impl Axis {
    /// The axis for values.
    pub(super) fn of(values: impl IntoIterator<Item = Decimal>) -> Axis {
        let room = |(least, most): (i64, i64), value: Decimal| {
            let value = value.to_f64();
            (least.min(value.floor() as i64), most.max(value.ceil() as i64))
        };
        let (least, most) = values.into_iter().fold((0, 0), room);
        if least == 0 {
            return Axis { least, most: round_up(most.max(1)), step: 0 };
        }
        let step = round_up((most - least + 5) / 6);
        let whole = |value: i64| (value + step - 1) / step * step;
        Axis { least: -whole(-least), most: whole(most), step }
    }

    /// True if some values lie below 0.
    pub(super) fn has_negative(self) -> bool {
        self.least < 0
    }

    /// The distance between its ends.
    pub(super) fn length(self) -> f64 {
        (self.most - self.least) as f64
    }

    /// The part of the axis that lies below a value, from 0 to 1.
    pub(super) fn share(self, value: f64) -> f64 {
        (value - self.least as f64) / self.length()
    }

    /// The values that are written along it.
    pub(super) fn marks(self) -> Vec<i64> {
        match self.step {
            0 => (0..=5).map(|step| self.most * step).filter(|value| value % 5 == 0).map(|value| value / 5).collect(),
            step => (0..).map(|number| self.least + number * step).take_while(|value| *value <= self.most).collect(),
        }
    }

    /// The number of characters of the longest of these.
    pub(super) fn longest_mark(self) -> usize {
        [self.least, self.most].map(|value| value.to_string().len()).into_iter().max().unwrap_or(1)
    }
}

/// The smallest round number that is not less: 1, 2, 3, 4, 5, 6 or 8 times a power of ten.
fn round_up(value: i64) -> i64 {
    let mut unit = 1;
    loop {
        for step in [1, 2, 3, 4, 5, 6, 8] {
            if step * unit >= value {
                return step * unit;
            }
        }
        unit *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounds_up_to_round_numbers() {
        assert_eq!([1, 3, 5, 6, 47, 101, 295].map(round_up), [1, 3, 5, 6, 50, 200, 300]);
    }

    #[test]
    fn has_room_for_its_values_and_for_0() {
        let axis = |values: &[i64]| Axis::of(values.iter().map(|value| Decimal::from(*value)));
        assert_eq!(axis(&[47, 12]).marks(), [0, 10, 20, 30, 40, 50]);
        assert_eq!(axis(&[]).marks(), [0, 1]);
        let below = axis(&[-120, 35]);
        assert_eq!(below.marks(), [-120, -90, -60, -30, 0, 30, 60]);
        assert!(below.has_negative() && below.share(-120.0) == 0.0 && below.share(60.0) == 1.0);
        assert_eq!(axis(&[-5]).marks(), [-5, -4, -3, -2, -1, 0]);
        assert_eq!(axis(&[-5]).longest_mark(), 2);
    }
}
