//! What synchronisation asks of the database: the change feed.

use chrono::SecondsFormat;
use diesel::prelude::*;

use crate::audit::trail;
use crate::db::schema::{changes, history};
use crate::db::{Backend, Db, catch_up};
use crate::error::{Error, Result};
use crate::registers::history::end_of_feed;

#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = changes)]
struct Row {
    seq: i64,
    register: String,
    record_id: String,
    number: String,
    action: String,
    revision: i64,
    at: chrono::NaiveDateTime,
}

/// An entry of the change feed.
#[derive(Clone, Debug)]
pub struct Change {
    /// Its place: a number without gaps, in the order of the commits.
    pub seq: i64,
    /// The record's register.
    pub register: String,
    /// The record.
    pub record_id: String,
    /// The record's business number.
    pub number: String,
    /// What was done.
    pub action: String,
    /// The revision that it made.
    pub revision: i64,
    /// When, in UTC.
    pub at: chrono::NaiveDateTime,
    /// What tells it from any other entry that may come to stand at its place.
    mark: String,
}

/// An entry, and the request that made it; none where the history has lost it.
type Told = (Row, Option<String>);

impl From<Told> for Change {
    fn from((row, request): Told) -> Self {
        let mark = mark((&row.record_id, row.revision), (&row.action, row.at), request.as_deref());
        let Row { seq, register, record_id, number, action, revision, at } = row;
        Change { seq, register, record_id, number, action, revision, at, mark }
    }
}

/// A piece of the digest of an entry: after a restore another entry stands at its place, or the same.
fn mark(of: (&str, i64), (action, at): (&str, chrono::NaiveDateTime), request: Option<&str>) -> String {
    let at = at.and_utc().to_rfc3339_opts(SecondsFormat::Micros, true);
    let digest = trail::digest(&[of.0, &of.1.to_string(), action, &at, request.unwrap_or_default()]);
    digest.chars().take(16).collect()
}

impl Change {
    /// The place behind it.
    pub fn place(&self) -> Place {
        let entry = (self.record_id.clone(), self.revision, self.mark.clone());
        Place { seq: self.seq, entry: Some(entry) }
    }
}

/// A place in the feed: behind the entry of that number. It knows the entry, for after a restore or the loss of a server
/// another history may have come to the same number.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The number of the entry; 0 before the first.
    pub seq: i64,
    /// The record, its revision and the mark of the entry; none where no entry stands there.
    entry: Option<(String, i64, String)>,
}

impl Place {
    /// As it stands in a cursor.
    pub fn written(&self) -> Vec<String> {
        let entry =
            self.entry.iter().flat_map(|(record, revision, mark)| [record.clone(), revision.to_string(), mark.clone()]);
        std::iter::once(self.seq.to_string()).chain(entry).collect()
    }

    /// Reads what stands in a cursor.
    pub fn read(written: &[String]) -> Option<Self> {
        match written {
            [seq] => Some(Place { seq: seq.parse().ok()?, entry: None }),
            [seq, record, revision, mark] => {
                let entry = (record.clone(), revision.parse().ok()?, mark.clone());
                Some(Place { seq: seq.parse().ok()?, entry: Some(entry) })
            }
            _ => None,
        }
    }
}

/// Where a reader of the feed begins.
#[derive(Clone, Debug)]
pub enum Begin {
    /// With the first entry there is.
    Oldest,
    /// Behind the last one.
    Latest,
    /// Behind a place.
    After(Place),
    /// Behind the entry of a number that stands in this very database, so that both have the same history.
    Behind(i64),
}

/// A piece of the change feed.
pub struct Piece {
    /// The entries, oldest first.
    pub changes: Vec<Change>,
    /// The place to go on after.
    pub end: Place,
}

#[diesel::dsl::auto_type]
fn told() -> _ {
    let same = history::record_id.eq(changes::record_id).and(history::revision.eq(changes::revision));
    changes::table.left_join(history::table.on(same))
}

/// The entry of that number.
fn entry(db: &mut Db, seq: i64) -> Result<Option<Change>> {
    let found = told().filter(changes::seq.eq(seq)).select((Row::as_select(), history::request_id.nullable()));
    Ok(found.first::<Told>(db).optional()?.map(Change::from))
}

/// The place behind the entry of that number.
fn place(db: &mut Db, seq: i64) -> Result<Place> {
    Ok(entry(db, seq)?.map_or(Place { seq, entry: None }, |change| change.place()))
}

/// Whether the entry that a place knows is the one that stands there, or stood there before the beginning was removed.
fn is_of_this_history(db: &mut Db, place: &Place) -> Result<bool> {
    if let Some(change) = entry(db, place.seq)? {
        return Ok(change.place() == *place);
    }
    let Some((record, revision, known)) = &place.entry else { return Ok(true) };
    let held: Option<(String, chrono::NaiveDateTime, String)> = history::table
        .find((record, revision))
        .select((history::action, history::at, history::request_id))
        .first(db)
        .optional()?;
    Ok(held.is_some_and(|(action, at, request)| mark((record, *revision), (&action, at), Some(&request)) == *known))
}

/// The entries from a place on, of some registers or of all. Fails with [`Error::Gone`] when entries after the place
/// were removed, or when the place is none of this feed's history.
///
/// Nothing is ever skipped: a place in the feed is given by the one writer, over all processes, in the transaction
/// that makes the change, and the next writer gets its turn after the commit only (see `db::exclusively`). So what a
/// reader sees is always the whole feed up to some place.
pub fn changes(db: &mut Db, begin: &Begin, registers: &[String], limit: i64) -> Result<Piece> {
    catch_up(db)?;
    db.transaction(|db| {
        let newest = end_of_feed(db)?;
        let oldest: Option<i64> = changes::table.select(diesel::dsl::min(changes::seq)).first(db)?;
        let oldest = oldest.unwrap_or(newest + 1);
        let after = match begin {
            Begin::Oldest => oldest - 1,
            Begin::Latest => newest,
            Begin::After(Place { seq, .. }) | Begin::Behind(seq) => *seq,
        };
        if after + 1 < oldest || after > newest {
            return Err(Error::Gone);
        }
        if let Begin::After(place) = begin
            && !is_of_this_history(db, place)?
        {
            return Err(Error::Gone);
        }
        let changes = following(db, after, registers, limit)?;
        let end = match changes.last() {
            Some(last) if changes.len() as i64 == limit => last.place(),
            _ => place(db, newest)?,
        };
        Ok(Piece { changes, end })
    })
}

fn following(db: &mut Db, after: i64, registers: &[String], limit: i64) -> Result<Vec<Change>> {
    let mut query = told()
        .filter(changes::seq.gt(after))
        .order(changes::seq)
        .limit(limit)
        .select((Row::as_select(), history::request_id.nullable()))
        .into_boxed::<Backend>();
    match registers {
        [] => {}
        [one] => query = query.filter(changes::register.eq(one.clone())),
        many => query = query.filter(changes::register.eq_any(many.to_vec())),
    }
    Ok(query.load::<Told>(db)?.into_iter().map(Change::from).collect())
}
