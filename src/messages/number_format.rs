//! Numbers and dates as they are printed in Switzerland (Unicode CLDR), with spaces at which no line is broken.

use chrono::NaiveDate;

use super::lang::NumberStyle;
use crate::decimal::Decimal;

/// The sign that is printed where there is no figure, which is not 0.
pub const MISSING: &str = "–";
const MINUS: char = '−';

/// A whole number, in groups of three digits.
pub fn whole(style: impl Into<NumberStyle>, number: i64) -> String {
    let between = style.into().group;
    let digits = number.unsigned_abs().to_string();
    let mut out = String::new();
    if number < 0 {
        out.push(MINUS);
    }
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(between);
        }
        out.push(digit);
    }
    out
}

/// A whole number, or the sign for none.
pub fn maybe(style: impl Into<NumberStyle>, number: Option<i64>) -> String {
    number.map_or_else(|| MISSING.to_owned(), |number| whole(style, number))
}

/// A figure with so many decimals, or as many as it has.
pub fn decimal(style: impl Into<NumberStyle>, figure: Decimal, decimals: Option<u32>) -> String {
    let style = style.into();
    let fixed = figure.fixed(decimals.unwrap_or(figure.decimals()));
    let (digits, rest) = fixed.split_once('.').map_or((fixed.as_str(), None), |(digits, rest)| (digits, Some(rest)));
    let number =
        digits.trim_start_matches('-').parse().map_or_else(|_| digits.to_owned(), |number| whole(style, number));
    let sign = if fixed.starts_with('-') { MINUS.to_string() } else { String::new() };
    let rest = rest.map(|rest| format!("{}{rest}", style.decimal)).unwrap_or_default();
    format!("{sign}{number}{rest}")
}

/// A figure, or the sign for none.
pub fn figure(style: impl Into<NumberStyle>, figure: Option<Decimal>, decimals: Option<u32>) -> String {
    figure.map_or_else(|| MISSING.to_owned(), |figure| decimal(style, figure, decimals))
}

/// A number to one decimal, or the sign for none.
pub fn tenths(style: impl Into<NumberStyle>, number: Option<f64>) -> String {
    let style = style.into();
    let Some(number) = number else { return MISSING.to_owned() };
    let tenths = (number * 10.0).round() as i64;
    let mark = style.decimal;
    let sign = if tenths < 0 { MINUS.to_string() } else { String::new() };
    let tenths = tenths.abs();
    format!("{sign}{}{mark}{}", whole(style, tenths / 10), tenths % 10)
}

/// A number to one decimal as a percentage, or the sign for none.
pub fn share(style: impl Into<NumberStyle>, number: Option<f64>) -> String {
    let style = style.into();
    number.map_or_else(|| MISSING.to_owned(), |_| format!("{}{}", tenths(style, number), style.percent))
}

/// A development as statistics give it, such as `-17.4%`, as it is printed: `−17.4 %`.
pub fn development(style: impl Into<NumberStyle>, display: &str) -> String {
    let style = style.into();
    let number = display.trim_end_matches('%').replace('-', &MINUS.to_string());
    format!("{}{}", number.replace('.', &style.decimal.to_string()), style.percent)
}

/// A day in digits.
pub fn short_day(day: NaiveDate) -> String {
    day.format("%d.%m.%Y").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::Lang;

    #[test]
    fn numbers_are_printed_as_in_switzerland() {
        assert_eq!(whole(Lang::De, 1_234_567), "1’234’567");
        assert_eq!(whole(Lang::Fr, 12_345), "12\u{202f}345");
        assert_eq!([0, 7, 999, 1000].map(|n| whole(Lang::De, n)), ["0", "7", "999", "1’000"]);
        assert_eq!(whole(Lang::De, -1000), "−1’000");
        assert_eq!(maybe(Lang::De, None), "–");
        assert_eq!(decimal(Lang::De, Decimal::of_parts(-12_345_000), Some(2)), "−1’234.50");
        assert_eq!(decimal(Lang::Fr, Decimal::of_parts(25_000), None), "2,5");
        assert_eq!(figure(Lang::De, Some(1234.into()), None), "1’234");
        assert_eq!(tenths(Lang::De, Some(-0.04)), "0.0");
        assert_eq!(tenths(Lang::Fr, Some(1234.56)), "1\u{202f}234,6");
        assert_eq!(share(Lang::De, Some(94.24)), "94.2\u{a0}%");
        assert_eq!(development(Lang::De, "-17.4%"), "−17.4\u{a0}%");
        assert_eq!(development(Lang::Fr, "+17.2%"), "+17,2\u{a0}%");
        assert_eq!(development(Lang::En, "+18%"), "+18%");
        let comma = NumberStyle { decimal: ',', ..Lang::De.into() };
        assert_eq!((share(comma, Some(97.0)), tenths(comma, Some(1234.5))), ("97,0\u{a0}%".into(), "1’234,5".into()));
    }

    #[test]
    fn short_days_are_in_digits() {
        let first: NaiveDate = "2018-05-01".parse().unwrap();
        assert_eq!(short_day(first), "01.05.2018");
    }
}
