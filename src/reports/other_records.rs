//! The report's sections on the authority's other records: proceedings, publications and its part in working groups.

use super::builder::ReportBuilder;
use super::messages;
use super::number_format::{self, MISSING};
use super::other_figures::{GroupWork, LISTED, OtherRecords};
use super::report::{Block, ColumnType, Grid, Section};
use super::words::Message;

impl ReportBuilder<'_> {
    /// Appeals and statements.
    pub fn proceedings(&self) -> Section {
        let OtherRecords { proceedings: listed, filed, decided, pending, .. } = &self.figures.others;
        if (listed.all, *pending) == (0, 0) {
            return self.section(Message::Proceedings, Vec::new());
        }
        let numbers = [*filed, *decided, *pending];
        let text = messages::proceedings(self.lang, self.edition.year, numbers, &self.at_end());
        let mut blocks = vec![self.said(text)];
        let columns = [
            (Message::Subject, ColumnType::Text),
            (Message::Instance, ColumnType::Text),
            (Message::Filed, ColumnType::Words),
            (Message::Decision, ColumnType::Words),
        ];
        blocks.extend(self.listed(
            listed.all,
            &listed.named,
            self.list(Message::Proceedings, &columns),
            |record, own| {
                let instance = own["instance"].as_str().unwrap_or(MISSING);
                let decision =
                    own["decision"].as_str().map_or(MISSING, |decision| messages::value(self.lang, decision));
                vec![instance.to_owned(), number_format::short_day(record.received_on), decision.to_owned()]
            },
        ));
        self.section(Message::Proceedings, blocks)
    }

    /// Opinions, leaflets, reports, news and forms.
    pub fn publications(&self) -> Section {
        let listed = &self.figures.others.publications;
        if listed.all == 0 {
            return self.section(Message::Publications, Vec::new());
        }
        let mut blocks = vec![self.said(messages::publications(self.lang, self.edition.year, listed.all))];
        let columns = [
            (Message::Document, ColumnType::Text),
            (Message::Date, ColumnType::Words),
            (Message::Kind, ColumnType::Words),
        ];
        blocks.extend(self.listed(
            listed.all,
            &listed.named,
            self.list(Message::Publications, &columns),
            |record, _| {
                let kind = record.kind.as_deref().map_or(MISSING, |kind| messages::value(self.lang, kind));
                vec![number_format::short_day(record.received_on), kind.to_owned()]
            },
        ));
        self.section(Message::Publications, blocks)
    }

    /// Working groups and the association of the cantons.
    pub fn cooperation(&self) -> Section {
        let OtherRecords { work, names_groups, .. } = &self.figures.others;
        if work.is_empty() {
            return self.section(Message::Cooperation, Vec::new());
        }
        let columns = [Message::Meetings, Message::Hours].map(|name| self.word(name).to_owned());
        let caption = self.caption(Message::Cooperation);
        let mut grid = Grid::of_numbers(caption, self.word(Message::Group), columns);
        let cells = |meetings: i64, minutes: i64| {
            [self.number(meetings), number_format::tenths(self.lang, Some(minutes as f64 / 60.0))]
        };
        if *names_groups {
            for GroupWork { group, meetings, minutes } in work.iter().take(LISTED) {
                grid.record(&group.id, &group.title, cells(*meetings, *minutes));
            }
        }
        let sum = |of: fn(&GroupWork) -> i64| work.iter().map(of).sum();
        grid.row(0, self.word(Message::Total), cells(sum(|work| work.meetings), sum(|work| work.minutes)));
        let rest = if *names_groups { work.len().saturating_sub(LISTED) } else { 0 };
        if rest > 0 {
            grid.remarks.push(messages::more(self.lang, rest as i64));
        }
        self.section(Message::Cooperation, vec![Block::Table(grid)])
    }
}
