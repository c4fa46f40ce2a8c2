//! The figures of the report on the authority's other records: proceedings, publications and its part in working groups.

use chrono::{Datelike, NaiveDate};
use diesel::prelude::*;
use serde_json::Value;

use super::request::ReportRequest;
use crate::db::Db;
use crate::db::schema::records;
use crate::error::Result;
use crate::records::row::RecordRow;
use crate::registers::validation::EARLIEST;

/// The most records of a register that are named.
pub(super) const LISTED: usize = 100;

/// Records of a year: as many as may be named, and how many there are in all.
#[derive(Default)]
pub struct Listed {
    pub(super) all: i64,
    pub(super) named: Vec<RecordRow>,
}

/// The work done in a working group in a year.
pub struct GroupWork {
    pub(super) group: RecordRow,
    pub(super) meetings: i64,
    pub(super) minutes: i64,
}

/// The year's other records.
pub struct OtherRecords {
    /// Proceedings filed in the year or decided in it.
    pub(super) proceedings: Listed,
    pub(super) filed: i64,
    pub(super) decided: i64,
    pub(super) pending: i64,
    /// Publications of the year.
    pub(super) publications: Listed,
    /// The working groups that met in the year.
    pub(super) work: Vec<GroupWork>,
    /// True if the groups may be named.
    pub(super) names_groups: bool,
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
        .order((records::title_key, records::number))
        .select(RecordRow::as_select())
        .load(db)?;
    let of_year = |group: RecordRow| {
        let held = group.own_properties();
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
