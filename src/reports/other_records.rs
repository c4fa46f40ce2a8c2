//! The report's sections on the authority's other records: proceedings, publications and its part in working groups.

use super::builder::ReportBuilder;
use super::other_figures::{GroupWork, LISTED, OtherRecords};
use super::report::{Block, ColumnType, Grid, Section};
use super::sentences;
use crate::messages::number_format::{self, MISSING};

impl ReportBuilder<'_> {
    /// Appeals and statements.
    pub fn proceedings(&self) -> Section {
        let OtherRecords { proceedings: listed, filed, decided, pending, .. } = &self.figures.others;
        if (listed.all, *pending) == (0, 0) {
            return self.section("report-proceedings", Vec::new());
        }
        let text = self.writing.message(
            "report-proceedings-of-year",
            &[
                ("year", &self.edition.year),
                ("filed", filed),
                ("decided", decided),
                ("end", &self.at_end()),
                ("pending", pending),
            ],
        );
        let mut blocks = vec![self.said(text)];
        let columns = [
            ("report-subject", ColumnType::Text),
            ("report-instance", ColumnType::Text),
            ("report-filed", ColumnType::Words),
            ("report-decision", ColumnType::Words),
        ];
        blocks.extend(self.listed(
            listed.all,
            &listed.named,
            self.list("report-proceedings", &columns),
            |record, own| {
                let instance = own["instance"].as_str().unwrap_or(MISSING);
                let decision = self.value_or_missing("proceedings", "decision", own["decision"].as_str());
                vec![instance.to_owned(), number_format::short_day(record.received_on), decision]
            },
        ));
        self.section("report-proceedings", blocks)
    }

    /// Opinions, leaflets, reports, news and forms.
    pub fn publications(&self) -> Section {
        let listed = &self.figures.others.publications;
        if listed.all == 0 {
            return self.section("report-publications", Vec::new());
        }
        let year = self.edition.year;
        let text = self.writing.message("report-publications-of-year", &[("year", &year), ("count", &listed.all)]);
        let mut blocks = vec![self.said(text)];
        let columns = [
            ("report-document", ColumnType::Text),
            ("report-date", ColumnType::Words),
            ("report-kind", ColumnType::Words),
        ];
        blocks.extend(self.listed(
            listed.all,
            &listed.named,
            self.list("report-publications", &columns),
            |record, _| {
                let kind = self.value_or_missing("publications", "kind", record.kind.as_deref());
                vec![number_format::short_day(record.received_on), kind]
            },
        ));
        self.section("report-publications", blocks)
    }

    /// Working groups and the association of the cantons.
    pub fn cooperation(&self) -> Section {
        let OtherRecords { work, names_groups, .. } = &self.figures.others;
        if work.is_empty() {
            return self.section("report-cooperation", Vec::new());
        }
        let columns = ["report-meetings", "report-hours"].map(|name| self.text(name));
        let caption = self.caption("report-cooperation");
        let mut grid = Grid::of_numbers(caption, self.text("report-group"), columns);
        let cells = |meetings: i64, minutes: i64| {
            [self.number(meetings), number_format::tenths(self.writing, Some(minutes as f64 / 60.0))]
        };
        if *names_groups {
            for GroupWork { group, meetings, minutes } in work.iter().take(LISTED) {
                grid.record(&group.id, &group.title, cells(*meetings, *minutes));
            }
        }
        let sum = |of: fn(&GroupWork) -> i64| work.iter().map(of).sum();
        grid.row(0, self.text("report-total"), cells(sum(|work| work.meetings), sum(|work| work.minutes)));
        let rest = if *names_groups { work.len().saturating_sub(LISTED) } else { 0 };
        if rest > 0 {
            grid.remarks.push(sentences::not_listed(self.lang, rest as i64));
        }
        self.section("report-cooperation", vec![Block::Table(grid)])
    }
}
