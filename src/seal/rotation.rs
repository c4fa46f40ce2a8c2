//! Sealing anew what other keys have sealed: record by record, while the service runs.

use std::collections::BTreeMap;

use diesel::dsl::max;
use diesel::prelude::*;

use crate::config::Config;
use crate::db::schema::{history, records, service_keys, webhooks};
use crate::db::{Db, exclusively, foretell_rewriting, forget_old_pages};
use crate::error::{Error, KeyNeed, Result};
use crate::seal::erasures::erasures;
use crate::seal::keys::{FORMER, SECRET, key_of};
use crate::seal::purposes::PurposeKeys;
use crate::seal::{Keys, SealedPlace, SealingKey};

/// The most rows that are sealed by one commit, so that others can write in between.
const GROUP: i64 = 200;

/// Of so many records entered last one that has personal data is looked for at the start.
const ENTERED_LAST: i64 = 1_000;

/// The keys of the settings, if they open what the database holds: nothing may be sealed with keys that the others who
/// use the database do not have. The number of its records does not matter: where none of the last ones has personal data,
/// the service's own keys say what is sealed with, and only where there are none either, all records are looked at.
pub fn keys_for(db: &mut Db, config: &Config) -> Result<Keys> {
    let keys = Keys::new(config)?;
    let last: Option<i64> = records::table.select(max(records::pos)).first(db)?;
    let newest = match newest_sealed(db, last.unwrap_or(0) - ENTERED_LAST)? {
        None if !opens_root(db, &keys)? => newest_sealed(db, 0)?,
        newest => newest,
    };
    if let Some((id, sealed)) = newest
        && SealedPlace::Record(&id).is_sealed(&sealed)
    {
        let place = SealedPlace::Record(&id);
        match keys.providing(|keys| keys.open(place, &sealed)) {
            // A single key that is missing is for `verify` to tell.
            Err(Error::Corrupt(_)) if key_of(place, &sealed).is_some() => {}
            opened => _ = opened?,
        }
    }
    let newest = webhooks::table.order(webhooks::id.desc()).select((webhooks::id, webhooks::secret));
    if let Some((id, sealed)) = newest.first::<(String, String)>(db).optional()?
        && SealedPlace::Secret(&id, SECRET).is_sealed(&sealed)
    {
        keys.open(SealedPlace::Secret(&id, SECRET), &sealed)?;
    }
    Ok(keys)
}

/// The newest record with personal data behind a place: its id and what is sealed.
fn newest_sealed(db: &mut Db, after: i64) -> Result<Option<(String, String)>> {
    let sealed = records::table.filter(records::pos.gt(after)).filter(records::personal.is_not_null());
    let newest = sealed.order(records::pos.desc()).select((records::id, records::personal.assume_not_null()));
    Ok(newest.first(db).optional()?)
}

/// True if there is a root of the service's own keys and it can be opened.
fn opens_root(db: &mut Db, keys: &Keys) -> Result<bool> {
    match PurposeKeys::held(db, keys) {
        Ok(held) => Ok(held.is_some()),
        Err(Error::Configuration(_) | Error::Corrupt(_)) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Seals everything with the key that seals now and returns how many rows were sealed with another; where records have keys of
/// their own, what they say is sealed with these, and the keys with the one that seals now. What a running service writes with the former key in the meantime, before it has read its file anew, is sealed too.
pub fn rotate(db: &mut Db, keys: &Keys) -> Result<usize> {
    let gives_keys = keys.has_record_keys() && others_of_records(db, keys)? > 0;
    let mut sealed = 0;
    loop {
        sealed += all(db, keys)? + keys.rewrap()?;
        if others(db, keys)? == 0 {
            break;
        }
    }
    if gives_keys {
        forget_shared_seals(db)?;
    }
    Ok(sealed)
}

/// Takes out of the files what was sealed before records had keys of their own: an erasure leaves in them what only such a key
/// opens.
fn forget_shared_seals(db: &mut Db) -> Result<()> {
    foretell_rewriting(db)?;
    if let Some(kept) = forget_old_pages(db, &["records", "history"])? {
        log::warn!("the files of the database still hold what keys of records had not sealed: {kept}");
    }
    Ok(())
}

/// Counts the rows of records that are not sealed as they would be now.
fn others_of_records(db: &mut Db, keys: &Keys) -> Result<i64> {
    let of_record = keys.current_of_records()?;
    let of_records = records::table.filter(records::personal.not_like(&of_record)).count().get_result::<i64>(db)?;
    let unsealed = history::personal.not_like(&of_record).or(history::salt.not_like(&of_record));
    Ok(of_records + history::table.filter(unsealed).count().get_result::<i64>(db)?)
}

/// Counts the rows that are not sealed with the key that seals now.
fn others(db: &mut Db, keys: &Keys) -> Result<i64> {
    let (current, of_records) = (keys.current()?, others_of_records(db, keys)?);
    let unsealed = webhooks::secret.not_like(&current).or(webhooks::former_secret.assume_not_null().not_like(&current));
    let of_webhooks = webhooks::table.filter(unsealed).count().get_result::<i64>(db)?;
    let of_service =
        service_keys::table.filter(service_keys::sealed.not_like(&current)).count().get_result::<i64>(db)?;
    Ok(of_records + of_webhooks + of_service)
}

/// A place in a table: the record's id and, in the history, the revision.
type GroupPlace = (String, i64);

/// Seals anew what lies at a place.
fn anew(keys: &Keys, place: SealedPlace, text: Option<String>) -> Result<Option<String>> {
    text.map(|text| keys.seal(place, keys.open(place, &text)?)).transpose()
}

/// The same of what a record says.
fn anew_of_record(keys: &ResealKeys, place: SealedPlace, text: Option<String>) -> Result<Option<String>> {
    let key = keys.sealing.get(place.record().unwrap_or_default()).unwrap_or(&SealingKey::FIRST);
    text.map(|text| keys.keys.of_record(key).seal(place, keys.keys.open(place, &text)?)).transpose()
}

/// The keys that what some records say is opened with, and sealed anew.
struct ResealKeys {
    keys: Keys,
    sealing: BTreeMap<String, SealingKey>,
}

impl ResealKeys {
    fn of(db: &mut Db, keys: &Keys, texts: &[(SealedPlace, &str)]) -> Result<ResealKeys> {
        let mut needs: Vec<KeyNeed> = texts.iter().filter_map(|(place, text)| key_of(*place, text)).collect();
        let mut sealing = BTreeMap::new();
        if keys.has_record_keys() {
            let records: Vec<String> = texts.iter().filter_map(|(place, _)| Some(place.record()?.to_owned())).collect();
            let erased = erasures(db, &records)?;
            for (record, revision) in last_revisions(db, &records)? {
                let erased = erased.iter().find(|one| one.record == record).map_or(0, |one| one.until);
                needs.push(KeyNeed::Sealing { record: record.clone(), erased, revision });
                sealing.insert(record, SealingKey::After { erased, revision });
            }
        }
        Ok(ResealKeys { keys: keys.provided_now(needs)?, sealing })
    }
}

/// The last revision of each record: a key that may seal it is destroyed with the next erasure.
fn last_revisions(db: &mut Db, records: &[String]) -> Result<Vec<(String, i64)>> {
    let of_records = history::table.filter(history::record_id.eq_any(records)).group_by(history::record_id);
    let last: Vec<(String, Option<i64>)> = of_records.select((history::record_id, max(history::revision))).load(db)?;
    Ok(last.into_iter().map(|(record, revision)| (record, revision.unwrap_or(1))).collect())
}

/// Seals a group of rows after a place that are not sealed with the current key (by its pattern); how many, and where it ends.
type ResealGroup = fn(&mut Db, &Keys, &str, GroupPlace) -> Result<(usize, Option<GroupPlace>)>;

fn all(db: &mut Db, keys: &Keys) -> Result<usize> {
    let (mut sealed, current, of_record) = (0, keys.current()?, keys.current_of_records()?);
    let groups: [(ResealGroup, &str); 4] = [
        (group_of_records, &of_record),
        (group_of_history, &of_record),
        (group_of_webhooks, &current),
        (group_of_service_keys, &current),
    ];
    for (group, current) in groups {
        let mut after = Some((String::new(), 0));
        while let Some(at) = after {
            let (number, last) = exclusively(db, |tx| group(tx.unflushed(), keys, current, at))?;
            sealed += number;
            after = last;
        }
    }
    Ok(sealed)
}

/// Seals a group of records anew. The content of the records and their revisions stay as they are: this is no change of
/// them.
fn group_of_records(db: &mut Db, keys: &Keys, current: &str, after: GroupPlace) -> Result<(usize, Option<GroupPlace>)> {
    let rows: Vec<(String, Option<String>)> = records::table
        .filter(records::id.gt(after.0))
        .filter(records::personal.not_like(current))
        .order(records::id)
        .select((records::id, records::personal))
        .limit(GROUP)
        .load(db)?;
    let texts = rows.iter().filter_map(|(id, text)| Some((SealedPlace::Record(id), text.as_deref()?)));
    let keys = ResealKeys::of(db, keys, &texts.collect::<Vec<_>>())?;
    for (id, personal) in &rows {
        let sealed = anew_of_record(&keys, SealedPlace::Record(id), personal.clone())?;
        diesel::update(records::table.filter(records::id.eq(id))).set(records::personal.eq(sealed)).execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), 0))))
}

fn group_of_history(db: &mut Db, keys: &Keys, current: &str, after: GroupPlace) -> Result<(usize, Option<GroupPlace>)> {
    type SealedHistoryRow = (String, i64, Option<String>, Option<String>);
    let later = history::record_id.eq(after.0.clone()).and(history::revision.gt(after.1));
    let rows: Vec<SealedHistoryRow> = history::table
        .filter(history::record_id.gt(after.0).or(later))
        .filter(history::personal.not_like(current).or(history::salt.not_like(current)))
        .order((history::record_id, history::revision))
        .select((history::record_id, history::revision, history::personal, history::salt))
        .limit(GROUP)
        .load(db)?;
    let texts = rows.iter().filter_map(|(id, revision, text, _)| {
        let text = text.as_deref()?;
        Some((SealedPlace::Change(id, *revision), text))
    });
    let keys = ResealKeys::of(db, keys, &texts.collect::<Vec<_>>())?;
    for (id, revision, personal, salt) in &rows {
        let personal = anew_of_record(&keys, SealedPlace::Change(id, *revision), personal.clone())?;
        let salt = anew_of_record(&keys, SealedPlace::Salt(id, *revision), salt.clone())?;
        diesel::update(history::table.find((id, revision)))
            .set((history::personal.eq(personal), history::salt.eq(salt)))
            .execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), row.1))))
}

fn group_of_webhooks(
    db: &mut Db,
    keys: &Keys,
    current: &str,
    after: GroupPlace,
) -> Result<(usize, Option<GroupPlace>)> {
    let former = webhooks::former_secret.assume_not_null();
    let rows: Vec<(String, String, Option<String>)> = webhooks::table
        .filter(webhooks::id.gt(after.0))
        .filter(webhooks::secret.not_like(current).or(former.not_like(current)))
        .order(webhooks::id)
        .select((webhooks::id, webhooks::secret, webhooks::former_secret))
        .limit(GROUP)
        .load(db)?;
    for (id, secret, former) in &rows {
        let secret = anew(keys, SealedPlace::Secret(id, SECRET), Some(secret.clone()))?;
        let former = anew(keys, SealedPlace::Secret(id, FORMER), former.clone())?;
        diesel::update(webhooks::table.find(id))
            .set((secret.map(|secret| webhooks::secret.eq(secret)), webhooks::former_secret.eq(former)))
            .execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), 0))))
}

/// The service's own keys: they stay what they are.
fn group_of_service_keys(
    db: &mut Db,
    keys: &Keys,
    current: &str,
    after: GroupPlace,
) -> Result<(usize, Option<GroupPlace>)> {
    let rows: Vec<(String, String)> = service_keys::table
        .filter(service_keys::name.gt(after.0))
        .filter(service_keys::sealed.not_like(current))
        .order(service_keys::name)
        .select((service_keys::name, service_keys::sealed))
        .limit(GROUP)
        .load(db)?;
    for (name, sealed) in &rows {
        let sealed = anew(keys, SealedPlace::Service(name), Some(sealed.clone()))?;
        diesel::update(service_keys::table.find(name))
            .set(sealed.map(|sealed| service_keys::sealed.eq(sealed)))
            .execute(db)?;
    }
    Ok((rows.len(), rows.last().map(|row| (row.0.clone(), 0))))
}
