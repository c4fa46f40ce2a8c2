//! Sealing anew what other keys, or none, have sealed: record by record, while the service runs.

use diesel::prelude::*;
use serde_json::{Map, Value};

use crate::admin::erasure;
use crate::config::Config;
use crate::db::schema::{counters, history, records, service_keys, webhooks};
use crate::db::{Db, exclusively};
use crate::error::Result;
use crate::seal::keys::{FORMER, SEALED, SECRET};
use crate::seal::{Keys, SealedPlace};

/// The most rows that are sealed by one commit, so that others can write in between.
const GROUP: i64 = 200;
/// The counter that says that everything written before there were keys is sealed.
const DONE: &str = "sealed";

/// The keys of the settings, if they open what the database holds: nothing may be sealed with keys that the others who
/// use the database do not have.
pub fn keys_for(db: &mut Db, config: &Config) -> Result<Keys> {
    let keys = Keys::new(config)?;
    let newest: Option<(String, Option<String>)> = records::table
        .filter(records::personal.is_not_null())
        .order(records::pos.desc())
        .select((records::id, records::personal))
        .first(db)
        .optional()?;
    if let Some((id, Some(sealed))) = newest
        && SealedPlace::Record(&id).is_sealed(&sealed)
    {
        keys.open(SealedPlace::Record(&id), &sealed)?;
    }
    let newest = webhooks::table.order(webhooks::id.desc()).select((webhooks::id, webhooks::secret));
    if let Some((id, sealed)) = newest.first::<(String, String)>(db).optional()?
        && SealedPlace::Secret(&id, SECRET).is_sealed(&sealed)
    {
        keys.open(SealedPlace::Secret(&id, SECRET), &sealed)?;
    }
    Ok(keys)
}

/// Seals what a version of the service wrote that did not seal yet, and takes it out of the database's old pages.
/// Afterwards, and in a new database, there is nothing to do.
pub fn at_start(db: &mut Db, keys: &Keys) -> Result<()> {
    if is_done(db)? {
        return Ok(());
    }
    let sealed = all(db, keys, SEALED, Keys::open_as_before)?;
    if sealed > 0 {
        erasure::sweep(db)?;
        log::info!("sealed the personal data of {sealed} rows that were written before there were keys");
    }
    let row = (counters::name.eq(DONE), counters::value.eq(1));
    exclusively(db, |tx| {
        let db = tx.unflushed();
        match is_done(db)? {
            true => Ok(()),
            false => Ok(diesel::insert_into(counters::table).values(row).execute(db).map(drop)?),
        }
    })
}

/// True if everything that was written before there were keys is sealed: from then on, clear text does not come from
/// the service.
pub fn is_done(db: &mut Db) -> Result<bool> {
    Ok(counters::table.find(DONE).count().get_result::<i64>(db)? > 0)
}

/// Seals everything with the key that seals now and returns how many rows were sealed with another, or with none. What
/// a running service writes with the former key in the meantime, before it has read its file anew, is sealed too.
pub fn rotate(db: &mut Db, keys: &Keys) -> Result<usize> {
    let mut sealed = 0;
    loop {
        sealed += all(db, keys, &keys.current()?, Keys::open)?;
        if others(db, keys)? == 0 {
            return Ok(sealed);
        }
    }
}

/// Counts the rows that are sealed with another key than the one that seals now, or with none.
fn others(db: &mut Db, keys: &Keys) -> Result<i64> {
    let current = keys.current()?;
    let of_records = records::table.filter(records::personal.not_like(&current)).count().get_result::<i64>(db)?;
    let unsealed = history::personal.not_like(&current).or(history::salt.not_like(&current));
    let of_history = history::table.filter(unsealed).count().get_result::<i64>(db)?;
    let unsealed = webhooks::secret.not_like(&current).or(webhooks::former_secret.assume_not_null().not_like(&current));
    let of_webhooks = webhooks::table.filter(unsealed).count().get_result::<i64>(db)?;
    let of_service =
        service_keys::table.filter(service_keys::sealed.not_like(&current)).count().get_result::<i64>(db)?;
    Ok(of_records + of_history + of_webhooks + of_service)
}

/// A place in a table: the record's id and, in the history, the revision.
type GroupPlace = (String, i64);

/// Opens what lies at a place.
type Opened = fn(&Keys, SealedPlace, &str) -> Result<Map<String, Value>>;

/// The keys, and how what is not sealed with the first one is opened.
#[derive(Clone, Copy)]
struct Resealing<'a> {
    keys: &'a Keys,
    open: Opened,
}

impl Resealing<'_> {
    fn sealed(self, place: SealedPlace, text: Option<String>) -> Result<Option<String>> {
        text.map(|text| self.keys.seal(place, (self.open)(self.keys, place, &text)?)).transpose()
    }
}

/// Seals a group of rows after a place; how many, and where it ends.
type ResealGroup = fn(&mut Db, Resealing, &str, GroupPlace) -> Result<(usize, Option<GroupPlace>)>;

fn all(db: &mut Db, keys: &Keys, but: &str, open: Opened) -> Result<usize> {
    let mut sealed = 0;
    let groups: [ResealGroup; 4] = [group_of_records, group_of_history, group_of_webhooks, group_of_service_keys];
    for group in groups {
        let mut after = Some((String::new(), 0));
        while let Some(at) = after {
            let (number, last) = exclusively(db, |tx| group(tx.unflushed(), Resealing { keys, open }, but, at))?;
            sealed += number;
            after = last;
        }
    }
    Ok(sealed)
}

/// Seals a group of records anew. The content of the records and their revisions stay as they are: this is no change of
/// them.
fn group_of_records(db: &mut Db, anew: Resealing, but: &str, after: GroupPlace) -> Result<(usize, Option<GroupPlace>)> {
    let rows: Vec<(String, Option<String>)> = records::table
        .filter(records::id.gt(after.0))
        .filter(records::personal.not_like(but))
        .order(records::id)
        .select((records::id, records::personal))
        .limit(GROUP)
        .load(db)?;
    for (id, personal) in &rows {
        let sealed = anew.sealed(SealedPlace::Record(id), personal.clone())?;
        diesel::update(records::table.filter(records::id.eq(id))).set(records::personal.eq(sealed)).execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), 0))))
}

fn group_of_history(db: &mut Db, anew: Resealing, but: &str, after: GroupPlace) -> Result<(usize, Option<GroupPlace>)> {
    type SealedHistoryRow = (String, i64, Option<String>, Option<String>);
    let later = history::record_id.eq(after.0.clone()).and(history::revision.gt(after.1));
    let rows: Vec<SealedHistoryRow> = history::table
        .filter(history::record_id.gt(after.0).or(later))
        .filter(history::personal.not_like(but).or(history::salt.not_like(but)))
        .order((history::record_id, history::revision))
        .select((history::record_id, history::revision, history::personal, history::salt))
        .limit(GROUP)
        .load(db)?;
    for (id, revision, personal, salt) in &rows {
        let personal = anew.sealed(SealedPlace::Change(id, *revision), personal.clone())?;
        let salt = anew.sealed(SealedPlace::Salt(id, *revision), salt.clone())?;
        diesel::update(history::table.find((id, revision)))
            .set((history::personal.eq(personal), history::salt.eq(salt)))
            .execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), row.1))))
}

fn group_of_webhooks(
    db: &mut Db,
    anew: Resealing,
    but: &str,
    after: GroupPlace,
) -> Result<(usize, Option<GroupPlace>)> {
    let former = webhooks::former_secret.assume_not_null();
    let rows: Vec<(String, String, Option<String>)> = webhooks::table
        .filter(webhooks::id.gt(after.0))
        .filter(webhooks::secret.not_like(but).or(former.not_like(but)))
        .order(webhooks::id)
        .select((webhooks::id, webhooks::secret, webhooks::former_secret))
        .limit(GROUP)
        .load(db)?;
    for (id, secret, former) in &rows {
        let secret = anew.sealed(SealedPlace::Secret(id, SECRET), Some(secret.clone()))?;
        let former = anew.sealed(SealedPlace::Secret(id, FORMER), former.clone())?;
        diesel::update(webhooks::table.find(id))
            .set((secret.map(|secret| webhooks::secret.eq(secret)), webhooks::former_secret.eq(former)))
            .execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), 0))))
}

/// The service's own keys: they stay what they are.
fn group_of_service_keys(
    db: &mut Db,
    anew: Resealing,
    but: &str,
    after: GroupPlace,
) -> Result<(usize, Option<GroupPlace>)> {
    let rows: Vec<(String, String)> = service_keys::table
        .filter(service_keys::name.gt(after.0))
        .filter(service_keys::sealed.not_like(but))
        .order(service_keys::name)
        .select((service_keys::name, service_keys::sealed))
        .limit(GROUP)
        .load(db)?;
    for (name, sealed) in &rows {
        let sealed = anew.sealed(SealedPlace::Service(name), Some(sealed.clone()))?;
        diesel::update(service_keys::table.find(name))
            .set(sealed.map(|sealed| service_keys::sealed.eq(sealed)))
            .execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), 0))))
}
