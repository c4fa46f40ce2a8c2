//! The report's part on the authority's other records: proceedings, publications and its part in working groups.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde_json::Value;

use super::figures::ReportRequest;
use super::messages;
use super::number_format::{self, MISSING};
use super::records::details;
use super::report::{Block, ColumnType, Grid, Section};
use super::sections::ReportBuilder;
use super::words::Message;
use crate::db::Db;
use crate::db::schema::records;
use crate::error::Result;
use crate::records::row::RecordRow;
use crate::registers::validation::EARLIEST;

/// The most records of a register that are named.
const LISTED: usize = 100;

/// Records of a year: as many as may be named, and how many there are in all.
#[derive(Default)]
pub struct Listed {
    all: i64,
    named: Vec<RecordRow>,
}

/// The work done in a working group in a year.
pub struct GroupWork {
    group: RecordRow,
    meetings: i64,
    minutes: i64,
}

/// The year's other records.
pub struct OtherRecords {
    /// Proceedings filed in the year or decided in it.
    proceedings: Listed,
    filed: i64,
    decided: i64,
    pending: i64,
    /// Publications of the year.
    publications: Listed,
    /// The working groups that met in the year.
    work: Vec<GroupWork>,
    /// True if the groups may be named.
    names_groups: bool,
}

impl OtherRecords {
    /// Reads them.
    pub fn read(db: &mut Db, edition: &ReportRequest) -> Result<OtherRecords> {
        let first = NaiveDate::from_ymd_opt(edition.year, 1, 1).unwrap_or(EARLIEST);
        let last = NaiveDate::from_ymd_opt(edition.year, 12, 31).unwrap_or(EARLIEST).min(edition.today);
        let proceedings = || records::table.filter(records::register.eq("proceedings"));
        let filed = proceedings().filter(records::received_on.between(first, last));
        let decided = proceedings().filter(records::closed_on.assume_not_null().between(first, last));
        let pending = proceedings()
            .filter(records::received_on.le(last))
            .filter(records::closed_on.is_null().or(records::closed_on.assume_not_null().gt(last)));
        Ok(OtherRecords {
            filed: filed.count().get_result(db)?,
            decided: decided.count().get_result(db)?,
            pending: pending.count().get_result(db)?,
            proceedings: self::proceedings(db, edition, first, last)?,
            publications: publications(db, edition, first, last)?,
            work: work(db, edition.year, first, last)?,
            names_groups: edition.named.contains(&"memberships"),
        })
    }
}

fn proceedings(db: &mut Db, edition: &ReportRequest, first: NaiveDate, last: NaiveDate) -> Result<Listed> {
    let of_year = || {
        let filed = records::received_on.between(first, last);
        let decided = records::closed_on.assume_not_null().between(first, last);
        records::table.filter(records::register.eq("proceedings")).filter(filed.or(decided))
    };
    let all = of_year().count().get_result(db)?;
    let named = match edition.named.contains(&"proceedings") {
        true => of_year()
            .order((records::received_on, records::number))
            .limit(LISTED as i64)
            .select(RecordRow::as_select())
            .load(db)?,
        false => Vec::new(),
    };
    Ok(Listed { all, named })
}

/// Reads the publications of the year. Publications that everybody may see are named for everybody.
fn publications(db: &mut Db, edition: &ReportRequest, first: NaiveDate, last: NaiveDate) -> Result<Listed> {
    let of_year = || {
        let of_register = records::table.filter(records::register.eq("publications"));
        of_register.filter(records::received_on.between(first, last))
    };
    let all = of_year().count().get_result(db)?;
    let shown = if edition.named.contains(&"publications") { vec![true, false] } else { vec![true] };
    let shown = of_year().filter(records::published.eq_any(shown));
    let named = shown.order((records::received_on, records::number)).limit(LISTED as i64);
    Ok(Listed { all, named: named.select(RecordRow::as_select()).load(db)? })
}

fn work(db: &mut Db, year: i32, first: NaiveDate, last: NaiveDate) -> Result<Vec<GroupWork>> {
    let members: Vec<RecordRow> = records::table
        .filter(records::register.eq("memberships"))
        .filter(records::received_on.le(last))
        .filter(records::closed_on.is_null().or(records::closed_on.assume_not_null().ge(first)))
        .order((records::title, records::number))
        .select(RecordRow::as_select())
        .load(db)?;
    let of_year = |group: RecordRow| {
        let held = details(&group);
        let meetings = held["meetings"].as_array().map_or(&[][..], Vec::as_slice).iter().filter(|meeting| {
            let day = meeting["held_on"].as_str().and_then(|day| day.parse::<NaiveDate>().ok());
            day.is_some_and(|day| day.year() == year)
        });
        let minutes = |meeting: &Value| meeting["effort_minutes"].as_i64().unwrap_or(0);
        let (meetings, minutes) = meetings.fold((0, 0), |(count, sum), meeting| (count + 1, sum + minutes(meeting)));
        GroupWork { group, meetings, minutes }
    };
    Ok(members.into_iter().map(of_year).filter(|work| work.meetings > 0).collect())
}

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
