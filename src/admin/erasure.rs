//! Erasure: personal data that goes for good, also from history, from the file's free pages and from the write-ahead
//! log; and the report of what is held about a matter. The statistics do not change, and the audit trail still proves
//! itself, for it holds digests whose salts are erased with the data.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use diesel::prelude::*;
use serde_json::{Map, Value, json};

use crate::audit::access_log::{CommandDisclosure, Disclosure, of_record};
use crate::context::OperationContext;
use crate::db::schema::{history, records};
use crate::db::{Db, KeptPages, exclusively, foretell_rewriting, forget_old_pages, free_old_pages};
use crate::error::{Error, Result};
use crate::json::flat;
use crate::messages::Lang;
use crate::records::erasable::ErasedTexts;
use crate::records::find;
use crate::records::personal::is_personal;
use crate::records::projections::history as changes;
use crate::records::projections::history_row::{ErasureFindings, HistoryRow};
use crate::records::query::search;
use crate::records::view::View;
use crate::records::{erasable, store};
use crate::registers::schema;
use crate::registers::vocabulary::OWN;
use crate::registers::{self, Register, Vocabulary};
use crate::seal::{DestroyedKeys, Keys, StoredKey, all_erasures, erasures};

/// The number of records that are erased by one commit: others can write in between.
const GROUP: usize = 100;

/// The records closed before a day that have personal data, in themselves or in their history; also deleted ones.
pub fn closed_before(db: &mut Db, day: NaiveDate) -> Result<Vec<String>> {
    db.transaction(|db| {
        let closed = records::table.filter(records::closed_on.assume_not_null().lt(day)).select(records::id);
        let mut all: Vec<String> = closed.filter(records::personal.is_not_null()).load(db)?;
        let of_history: Vec<String> = history::table
            .filter(history::personal.is_not_null())
            .filter(history::record_id.eq_any(closed))
            .select(history::record_id)
            .distinct()
            .load(db)?;
        all.extend(of_history);
        // A deleted record is held for nothing but its history: it goes when it was deleted before the day.
        let deleted = history::table
            .filter(history::action.eq("DELETED"))
            .filter(history::at.lt(day.and_time(chrono::NaiveTime::MIN)))
            .select(history::record_id);
        let of_deleted: Vec<String> = history::table
            .filter(history::personal.is_not_null())
            .filter(history::record_id.eq_any(deleted.load::<String>(db)?))
            .select(history::record_id)
            .distinct()
            .load(db)?;
        all.extend(of_deleted);
        all.sort();
        all.dedup();
        Ok(all)
    })
}

/// The register of a record that is or was there.
fn register_of(db: &mut Db, id: &str) -> Result<&'static Register> {
    let name: Option<String> =
        history::table.filter(history::record_id.eq(id)).select(history::register).first(db).optional()?;
    name.as_deref()
        .and_then(registers::find)
        .ok_or_else(|| Error::Configuration(format!("there is and was no record {id}")))
}

/// The records closed before a day, or deleted before it.
pub fn all_closed_before(db: &mut Db, day: NaiveDate) -> Result<Vec<String>> {
    db.transaction(|db| {
        let closed = records::table.filter(records::closed_on.assume_not_null().lt(day)).select(records::id);
        let deleted = history::table
            .filter(history::action.eq("DELETED"))
            .filter(history::at.lt(day.and_time(chrono::NaiveTime::MIN)))
            .select(history::record_id);
        let mut all: Vec<String> = closed.load(db)?;
        all.extend(deleted.load::<String>(db)?);
        Ok(all)
    })
}

/// The result of an erasure: the number of records that something was taken of, and the properties taken and left over
/// all of them, each with the number of revisions that tell of it.
#[derive(Debug, Default)]
pub struct Erasure {
    /// Records that something was taken of.
    pub records: usize,
    /// The properties that were taken and left.
    pub found: ErasureFindings,
    /// True if each record has a key of its own.
    pub has_record_keys: bool,
    /// The keys that were destroyed.
    pub destroyed: DestroyedKeys,
    /// The reasons for which it is still in the files of the database.
    pub kept: Option<KeptPages>,
    /// The same for the keys that were destroyed.
    pub keys_kept: Option<KeptPages>,
}

impl Erasure {
    fn add(&mut self, found: ErasureFindings) {
        self.records += usize::from(!found.taken.is_empty() || found.is_key_forgotten);
        self.found.is_key_forgotten |= found.is_key_forgotten;
        self.found.is_open |= found.is_open || found.is_key_forgotten;
        for (sum, more) in [(&mut self.found.taken, found.taken), (&mut self.found.left, found.left)] {
            for (property, revisions) in more {
                *sum.entry(property).or_default() += revisions;
            }
        }
    }

    /// Returns what was taken, what was left and why, a sentence each.
    pub fn told(&self) -> Vec<String> {
        let ErasureFindings { taken, left, is_key_forgotten, .. } = &self.found;
        let mut out = vec![match (taken.is_empty(), is_key_forgotten) {
            (true, false) => "There was nothing to erase.".to_owned(),
            (true, true) => "Erased: the key in another system.".to_owned(),
            (false, _) => format!("Erased: {}.", by_property(taken)),
        }];
        if *is_key_forgotten {
            out.push(
                "Its key in another system is forgotten too: a late delivery of the matter would make it anew.".into(),
            );
        }
        out.extend(told_of_left(left));
        if !taken.is_empty() {
            out.push(
                "Left, for the figures follow from them: number, dates and classifications. Left, for they hold none of it: \
                 change feed, deliveries to webhooks, answers under idempotency keys (a repeated request is answered from \
                 the history). Left, for it proves the disclosures: the access log, which names properties and no values."
                    .to_owned(),
            );
        }
        out.extend(self.reach());
        out.extend(self.reach_in_files());
        out
    }

    /// True if its files hold nothing of it any more, or nothing that can be read.
    pub fn is_complete(&self) -> bool {
        self.kept.is_none() && self.keys_kept.is_none()
    }

    /// Returns what the erasure did not reach in the files of the databases themselves.
    fn reach_in_files(&self) -> Vec<String> {
        let kept = |kept: &Option<KeptPages>, what: &str| {
            kept.as_ref().map(|kept| format!("Not reached: {what}, though nobody is shown it any more, for {kept}"))
        };
        let data = kept(&self.kept, "what was erased is still in the files of the database itself");
        let keys = kept(&self.keys_kept, "the destroyed keys are still in the files of their database");
        data.into_iter().chain(keys).collect()
    }

    /// Returns which copies of the data the erasure reached, and which it did not.
    fn reach(&self) -> Option<String> {
        const ELSEWHERE: &str =
            "Nothing reaches what was exported or printed, or titles and other texts in copies from before.";
        if self.has_record_keys && self.destroyed.records > 0 {
            return Some(format!(
                "Destroyed: {} now. What copies of the data from before (backups, archives, replicas) hold of the personal data \
                 cannot be read any more, from the moment when the last copy of the keys from before is gone; except where the \
                 copy is older than the record's own key (`aufsicht seal rotate` gives one to each record). {ELSEWHERE}",
                counted(self.destroyed.now, "key")
            ));
        }
        (!self.has_record_keys && !self.found.taken.is_empty()).then(|| {
            format!(
                "Not reached: copies of the data from before (backups, archives, replicas), which the seal key opens as long as \
                 they are kept. With AUFSICHT_RECORD_KEYS_URL each record has a key of its own, which an erasure destroys. {ELSEWHERE}"
            )
        })
    }
}

fn counted(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// Properties, each with the number of revisions in which it was found.
fn by_property(found: &BTreeMap<String, usize>) -> String {
    let one = |(property, revisions): (&String, &usize)| format!("{property} ({})", counted(*revisions, "revision"));
    found.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Returns what was left of texts, and of what is the authority's own, a sentence each.
fn told_of_left(left: &BTreeMap<String, usize>) -> Vec<String> {
    let (own, texts): (BTreeMap<_, _>, BTreeMap<_, _>) =
        left.clone().into_iter().partition(|(property, _)| property.starts_with(OWN));
    let names = |of: &BTreeMap<String, usize>| of.keys().map(String::as_str).collect::<Vec<_>>().join(",");
    let of_texts = || format!("Left: {}; to erase them too, give --properties {}", by_property(&texts), names(&texts));
    let of_own = || {
        let (found, names) = (by_property(&own), names(&own));
        format!(
            "Left, for figures are counted by it: {found}; --properties {names} erases it too, and these figures change"
        )
    };
    let sentences = [(!texts.is_empty()).then(of_texts), (!own.is_empty()).then(of_own)];
    sentences.into_iter().flatten().collect()
}

/// Refuses names of properties that no register could erase.
pub fn check(wanted: &[String], vocabulary: &Vocabulary) -> Result<()> {
    let known = |name: &String| {
        let alone = ErasedTexts { properties: std::slice::from_ref(name), lang: Lang::default() };
        let is_known = |register: &Register| {
            schema::leaves(register, vocabulary, &format!("New{}", register.record))
                .iter()
                .any(|(property, _)| erasable::is_erasable(register, property) && alone.names(property))
        };
        registers::ALL.iter().any(is_known)
    };
    match wanted.iter().find(|name| !known(name)) {
        None => Ok(()),
        Some(name) => Err(Error::Configuration(format!(
            "--properties: {name} is no text that can be erased; number, dates and classifications stay, and names, \
             contacts and notes are always erased"
        ))),
    }
}

/// Erases the personal data of records, and the texts of these properties; the keys of deleted ones are forgotten if
/// `forgets_keys`, or with the ids that are among the properties.
pub fn erase(
    db: &mut Db,
    ids: &[String],
    (wanted, forgets_keys): (ErasedTexts, bool),
    by: &OperationContext,
) -> Result<Erasure> {
    if !ids.is_empty() && (!by.keys.has_record_keys() || !wanted.properties.is_empty()) {
        foretell_rewriting(db)?;
    }
    let forgets_keys = forgets_keys || wanted.names("external.id");
    let mut erasure = Erasure { has_record_keys: by.keys.has_record_keys(), ..Erasure::default() };
    // The data goes first: from then on nobody reads it here, and the trail says which keys are to go. Were it the other way
    // round, a command that is broken off in between would leave a record that nobody has erased and nobody can read.
    for group in ids.chunks(GROUP) {
        let by = OperationContext { keys: find::keys_to(db, group, &by.keys)?.forgetting(), ..by.clone() };
        let found = exclusively(db, |tx| {
            let erase = |id: &String| {
                let register = register_of(tx.unflushed(), id)?;
                by.providing(|by| store::erase::erase(tx, register, id, (wanted, forgets_keys), by))
            };
            group.iter().map(erase).collect::<Result<Vec<ErasureFindings>>>()
        })?;
        found.into_iter().for_each(|found| erasure.add(found));
        if erasure.has_record_keys {
            let destroyed = by.keys.destroy(erasures(db, group)?)?;
            erasure.destroyed.now += destroyed.now;
            erasure.destroyed.records += destroyed.records;
        }
    }
    if erasure.records > 0 {
        if !wanted.properties.is_empty() {
            search::forget_replaced_words(db)?;
        }
        erasure.kept = sweep(db, &erasure.found)?;
    }
    if erasure.destroyed.records > 0 {
        erasure.keys_kept = by.keys.forget_destroyed()?;
    }
    Ok(erasure)
}

/// Destroys the keys of all records that were erased, also where an erasure was broken off before it came to that.
pub fn destroy_all(db: &mut Db, keys: &Keys) -> Result<DestroyedKeys> {
    let mut all = DestroyedKeys::default();
    if !keys.has_record_keys() {
        return Ok(all);
    }
    all_erasures(db, |_, page| {
        let destroyed = keys.destroy(page)?;
        (all.now, all.records) = (all.now + destroyed.now, all.records + destroyed.records);
        Ok(())
    })?;
    if all.now > 0
        && let Some(kept) = keys.forget_destroyed()?
    {
        log::warn!("the destroyed keys are still in the files of their database: {kept}");
    }
    Ok(all)
}

/// Finishes in a database that was restored what was erased after the copy was made: records whose keys were destroyed since,
/// and what was entered before a record with a key was erased. Returns how many records.
pub fn finish(db: &mut Db, by: &OperationContext) -> Result<usize> {
    let mut records = 0;
    by.keys.each_page(true, |keys| {
        let ids = lost(db, &keys)?;
        // No text is named: the language is that of no word.
        let nothing = ErasedTexts { properties: &[], lang: Lang::default() };
        let erased = erase(db, &ids, (nothing, false), by)?;
        erased.reach_in_files().iter().for_each(|line| log::warn!("{line}"));
        records += erased.records;
        Ok(())
    })?;
    Ok(records)
}

/// The records that hold personal data which these keys say was erased: sealed with one that was destroyed, or with no key of
/// the record's own at a time before that.
fn lost(db: &mut Db, keys: &[StoredKey]) -> Result<Vec<String>> {
    let ids: BTreeSet<String> = keys.iter().map(|key| key.record.clone()).collect();
    let of_records = |record: &str| {
        let record = record.to_owned();
        keys.iter().filter(move |key| key.record == record)
    };
    let rows = changes::all_of(db, &ids.into_iter().collect::<Vec<_>>())?;
    let is_lost = |row: &&HistoryRow| match row.key() {
        Some(own) => of_records(&row.record_id).any(|key| key.opens(&own) && key.destroyed_at.is_some()),
        None => {
            row.has_no_key() && of_records(&row.record_id).any(|key| key.destroyed_at.is_some_and(|at| row.at <= at))
        }
    };
    Ok(rows.iter().filter(is_lost).map(|row| row.record_id.clone()).collect::<BTreeSet<_>>().into_iter().collect())
}

/// The tables that hold what can be erased, or what was made of it.
const SWEPT: [&str; 5] = ["records", "records_search", "history", "tombstones", "webhooks"];

/// Takes what was erased out of the places that a database keeps old pages in; what keeps some of them there. Where all of it
/// was sealed with keys that are destroyed, nobody can read it there either, and no table is written anew for it.
fn sweep(db: &mut Db, found: &ErasureFindings) -> Result<Option<KeptPages>> {
    if found.is_open {
        return forget_old_pages(db, &SWEPT);
    }
    free_old_pages(db, &SWEPT)?;
    Ok(None)
}

/// All that is held about a record. What it discloses is recorded first, and stands in the report too.
pub fn report(db: &mut Db, log: &mut Db, id: &str, keys: &Keys, recording: &CommandDisclosure) -> Result<Value> {
    let register = register_of(db, id)?;
    let (record, history) = keys.providing(|keys| {
        db.transaction(|db| {
            let record = match find::get(db, register, id) {
                Ok(row) => row.row.answer(register, View::Whole(keys))?,
                Err(Error::NotFound(_)) => Map::new(),
                Err(error) => return Err(error),
            };
            Ok::<_, Error>((record, changes::list(db, register, id, 0, i64::MAX, Some(keys))?))
        })
    })?;
    let told = history.iter().flat_map(|entry| entry.changes.iter().map(|change| change.property.clone()));
    let shown = told.chain(flat(&record).into_keys()).filter(|property| is_personal(property));
    let properties: Vec<String> = shown.collect::<BTreeSet<_>>().into_iter().collect();
    if !properties.is_empty() {
        recording.write(log, &[Disclosure { register: register.name, record: id.to_owned(), properties }])?;
    }
    let record = if record.is_empty() { Value::Null } else { Value::Object(record) };
    Ok(json!({
        "register": register.name,
        "record": record,
        "history": history,
        "disclosures": of_record(log, id)?,
    }))
}
