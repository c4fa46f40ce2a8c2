//! The report's first section: the figures that matter most, and what changed most.

use std::cmp::Reverse;

use super::builder::ReportBuilder;
use super::line::cells;
use super::report::{Block, KeyFigure, Section};
use super::sentences;
use crate::decimal::Decimal;
use crate::messages::number_format;
use crate::statistics::backlog::Pending;
use crate::statistics::provisional;
use crate::statistics::table::{Table, TableLine};

/// The most figures that are shown.
const SHOWN: usize = 6;

impl ReportBuilder<'_> {
    /// The key figures, and the total, the largest rise and the largest fall in sentences. Beside tables of business years the
    /// software's own figures say that they count calendar years.
    pub(super) fn overview(&self, is_calendar: bool) -> Section {
        let mut blocks = Vec::new();
        let figures = self.key_figures(is_calendar);
        if !figures.is_empty() {
            blocks.push(Block::Figures { figures });
        }
        let items = self.changes();
        if !items.is_empty() {
            blocks.push(Block::List { items });
        }
        self.section("report-overview", blocks)
    }

    /// The totals of the main table, the inquiries that were closed and those that are pending, and the totals of other tables.
    fn key_figures(&self, is_calendar: bool) -> Vec<KeyFigure> {
        let (main, others): (Vec<_>, Vec<_>) = self.figures.tables.iter().partition(|drawn| drawn.is_main);
        let totals = |tables: Vec<&super::figures::DrawnTable>| -> Vec<(String, KeyFigure)> {
            let lines = tables.into_iter().flat_map(|drawn| drawn.table.lines.iter().map(move |line| (drawn, line)));
            let lines = lines.filter(|(_, line)| line.level == 0 && !line.heading);
            lines.filter_map(|(drawn, line)| Some((line.code.clone(), self.figure(&drawn.table, line)?))).collect()
        };
        let total = self.total().map(|line| line.code.as_str());
        let mut main = totals(main);
        main.sort_by_key(|(code, _)| Some(code.as_str()) != total);
        let mut others = totals(others);
        others.retain(|(code, _)| main.iter().all(|(known, _)| known != code));
        let figures = main.into_iter().map(|(_, figure)| figure).chain(self.figures_of_inquiries(is_calendar));
        figures.chain(others.into_iter().map(|(_, figure)| figure)).take(SHOWN).collect()
    }

    /// The line that counts the new cases.
    fn total(&self) -> Option<&TableLine> {
        self.figures.total.as_ref().and_then(|code| self.figures.main.line(code))
    }

    /// A change from the year before in words; one of nothing is none.
    fn since(&self, change: String) -> String {
        let is_none = !change.contains(|c: char| ('1'..='9').contains(&c));
        let change = if is_none { self.text("report-unchanged") } else { change };
        self.writing.message("report-since", &[("change", &change), ("year", &(self.edition.year - 1))])
    }

    /// A line's figure of the year; none where there is none.
    fn figure(&self, table: &Table, line: &TableLine) -> Option<KeyFigure> {
        let index = table.years.iter().position(|year| *year == self.edition.year)?;
        line.values[index].filter(|_| !line.hides(index))?;
        let value = cells(self.writing, line).into_iter().nth(index)?;
        let change = line.development.as_ref().and_then(|development| {
            let percent = development.percent.map(|_| number_format::development(self.writing, &development.display));
            percent.map(|change| self.since(change))
        });
        Some(KeyFigure { label: line.printed_name(), value, change })
    }

    /// The share of the year's inquiries that was closed, and what is pending of them.
    fn figures_of_inquiries(&self, is_calendar: bool) -> Vec<KeyFigure> {
        let of_year = |year: i32| self.figures.pending.iter().find(|row| row.period == year && row.register == "cases");
        let Some(row) = of_year(self.edition.year) else { return Vec::new() };
        let before = of_year(self.edition.year - 1).filter(|_| self.as_of().is_none());
        let label = |label: String| match is_calendar {
            true => label,
            false => self.writing.message("report-calendar-years", &[("title", &label)]),
        };
        let shares = (row.closed_share(), before.and_then(Pending::closed_share));
        let points = |(after, before): (f64, f64)| {
            let sign = if after - before > 0.05 { "+" } else { "" };
            let points = format!("{sign}{}", number_format::tenths(self.writing, Some(after - before)));
            self.since(self.writing.message("report-points", &[("points", &points)]))
        };
        let share = shares.0.map(|share| KeyFigure {
            label: label(self.text("report-inquiries-settled")),
            value: number_format::share(self.writing, Some(share)),
            change: shares.1.map(|before| points((share, before))),
        });
        let change = |before: &Pending| {
            let change = row.closing() - before.closing();
            let sign = if change > 0 { "+" } else { "" };
            self.since(format!("{sign}{}", self.number(change)))
        };
        let pending = KeyFigure {
            label: label(self.writing.message("report-inquiries-open", &[("end", &self.at_end())])),
            value: self.number(row.closing()),
            change: before.map(change),
        };
        share.into_iter().chain([pending]).collect()
    }

    /// The total, the largest rise and the largest fall; of a year that is not over the total alone.
    fn changes(&self) -> Vec<String> {
        let (year, table) = (self.edition.year, &self.figures.main);
        let Some(total) = self.total() else { return Vec::new() };
        let Some((before, after)) = total.last_two() else { return Vec::new() };
        if let Some(day) = table.as_of(year) {
            let label = total.printed_name();
            let [before, after] = [before, after].map(|figure| sentences::shown(self.writing, total, figure));
            let stated = provisional::stated(self.lang, day);
            let said = self.writing.message(
                "report-so-far",
                &[
                    ("label", &label),
                    ("after", &after),
                    ("stated", &stated),
                    ("year", &(year - 1)),
                    ("before", &before),
                ],
            );
            return vec![said];
        }
        if total.development.is_none() || (before, after) == (Decimal::ZERO, Decimal::ZERO) {
            return Vec::new();
        }
        let said = sentences::change(self.writing, total, year, before, after);
        let changed = |line: &&TableLine| line.level == 1 && line.development.is_some();
        let lines: Vec<&TableLine> = table.lines.iter().filter(changed).collect();
        let of = |line: &TableLine| line.development.as_ref().map_or(Decimal::ZERO, |change| change.absolute);
        // The first one of those that changed as much.
        let rise = lines.iter().filter(|line| of(line) > Decimal::ZERO).min_by_key(|line| Reverse(of(line)));
        let fall = lines.iter().filter(|line| of(line) < Decimal::ZERO).min_by_key(|line| of(line));
        let largest = rise.into_iter().chain(fall).filter_map(|line| sentences::largest(self.writing, line));
        std::iter::once(said).chain(largest).collect()
    }
}
