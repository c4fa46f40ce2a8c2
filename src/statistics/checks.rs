//! Checks of a table: sums that should hold, and rests that are less than nothing.

use super::layout::{LineSource, TableLayout};
use super::table::{Table, Warning};
use crate::decimal::Decimal;

impl Table {
    /// Warns where lines do not add up to the whole that they should be, and where a rest would be less than nothing. A part that
    /// was not collected in a year counts 0; of one that has no value though it was collected nothing is known, so that only
    /// what is too much is told.
    pub fn check(&mut self, layout: &TableLayout) {
        for (index, year) in self.years.clone().into_iter().enumerate() {
            let sums = layout.checks.iter().filter_map(|check| {
                let (code, sum, total) = self.mismatch((&check.whole, &check.parts), (index, year), layout)?;
                Some(self.warning("SUM_MISMATCH", year, code, &check.parts, (sum, total)))
            });
            let rests = layout.lines.iter().filter_map(|line| {
                let LineSource::Rest { of, less } = &line.source else { return None };
                let (_, sum, total) = self.mismatch((of, less), (index, year), layout)?;
                (sum > total).then(|| self.warning("REST_NEGATIVE", year, &line.code, less, (sum, total)))
            });
            let warnings: Vec<Warning> = sums.chain(rests).collect();
            self.warnings.extend(warnings);
        }
    }

    /// The sum of parts that is not the whole: with the code of the whole, and its value.
    fn mismatch<'c>(
        &self,
        (whole, parts): (&'c str, &[String]),
        (index, year): (usize, i32),
        layout: &TableLayout,
    ) -> Option<(&'c str, Decimal, Decimal)> {
        let total = self.line(whole)?.values[index]?;
        let value = |code: &&String| self.line(code).and_then(|line| line.values[index]);
        let (known, missing): (Vec<&String>, Vec<&String>) = parts.iter().partition(|code| value(code).is_some());
        let sum: Decimal = known.iter().filter_map(value).sum();
        let is_collected = |code: &str| layout.line(code).is_some_and(|line| line.is_collected(year));
        let is_complete = missing.iter().all(|code| !is_collected(code));
        let is_right = known.is_empty() || sum == total || (!is_complete && sum < total);
        (!is_right).then_some((whole, sum, total))
    }

    fn warning(
        &self,
        code: &str,
        year: i32,
        line: &str,
        parts: &[String],
        (sum, total): (Decimal, Decimal),
    ) -> Warning {
        let label = |code: Option<&String>| code.and_then(|code| self.line(code)).map_or("", |line| &line.label);
        let (first, last) = (label(parts.first()), label(parts.last()));
        let whole = self.line(line).map_or(line, |line| &line.label);
        let lang = self.lang;
        let detail = match code {
            "SUM_MISMATCH" => lang.message(
                "statistics-sum-mismatch",
                &[("first", &first), ("last", &last), ("sum", &sum), ("whole", &whole), ("total", &total)],
            ),
            _ => lang.message(
                "statistics-rest-negative",
                &[
                    ("parts", &(parts.len() as i64)),
                    ("first", &first),
                    ("last", &last),
                    ("sum", &sum),
                    ("whole", &whole),
                    ("total", &total),
                ],
            ),
        };
        Warning { code: code.into(), year, line: line.to_owned(), detail }
    }
}
