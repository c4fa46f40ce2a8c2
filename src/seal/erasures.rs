//! Erasures of personal data as the audit trail tells of them: up to which revision of which record nothing is left.

use chrono::NaiveDateTime;
use diesel::dsl::max;
use diesel::prelude::*;

use crate::db::Db;
use crate::db::schema::audit_trail;
use crate::error::Result;
use crate::seal::ErasedRecord;

/// The kind and the action of such an entry.
const KIND: &str = "ERASURE";
const ACTION: &str = "ERASED";

/// The number of records that are looked at together.
const PAGE: i64 = 1_000;

/// A record, with the newest revision and time of its erasures.
type Row = (String, Option<i64>, Option<NaiveDateTime>);

fn erased(rows: Vec<Row>) -> Vec<ErasedRecord> {
    let one = |(record, until, at): Row| Some(ErasedRecord { record, until: until?, at: at? });
    rows.into_iter().filter_map(one).collect()
}

/// The erased ones among some records.
pub fn erasures(db: &mut Db, records: &[String]) -> Result<Vec<ErasedRecord>> {
    let entries = audit_trail::table.filter(audit_trail::subject.eq_any(records));
    let told = entries.filter(audit_trail::kind.eq(KIND)).filter(audit_trail::action.eq(ACTION));
    let found = told.group_by(audit_trail::subject).select((
        audit_trail::subject,
        max(audit_trail::revision),
        max(audit_trail::at),
    ));
    Ok(erased(found.load(db)?))
}

/// Goes through all records that were erased, in pages.
pub fn all_erasures(db: &mut Db, mut work: impl FnMut(&mut Db, Vec<ErasedRecord>) -> Result<()>) -> Result<()> {
    let mut after = String::new();
    loop {
        let entries = audit_trail::table.filter(audit_trail::kind.eq(KIND)).filter(audit_trail::action.eq(ACTION));
        let found = entries
            .filter(audit_trail::subject.gt(&after))
            .group_by(audit_trail::subject)
            .order(audit_trail::subject)
            .limit(PAGE)
            .select((audit_trail::subject, max(audit_trail::revision), max(audit_trail::at)));
        let page = erased(found.load(db)?);
        let Some(last) = page.last() else { return Ok(()) };
        after.clone_from(&last.record);
        work(db, page)?;
    }
}
