//! Keys of records for some work: fetched and made together, before it is run again with them.

use std::collections::BTreeSet;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::clock::Clock;
use crate::db::{Database, WriteTransaction};
use crate::digest;
use crate::error::{Error, KeyNeed, Result};
use crate::seal::key_store::{KeyName, KeyPlace, KeyRow, RecordKey, fresh, ready, rows_of, wait};
use crate::seal::measures::KeyMeasures;
use crate::seal::record_keys::{HeldKey, HeldKeys, NewKeys, RecordKeys};
use crate::seal::{Keys, SealedPlace};

/// The property under which a key is sealed.
const KEY: &str = "key";

impl Keys {
    /// The same keys as a service has them, which asks this database and measures that.
    pub fn in_service(&self, database: Option<Database>, measures: &KeyMeasures) -> Keys {
        self.with_records(database.map(|database| RecordKeys::at(KeyPlace::Service(database, measures.clone()))))
    }

    /// The same keys for work of which nothing will be kept.
    pub fn on_trial(&self) -> Keys {
        self.with_records(self.records.clone().map(|records| records.making(NewKeys::OnTrial)))
    }

    /// The same keys for an erasure: what it seals on its way nobody can open.
    pub fn forgetting(&self) -> Keys {
        self.with_records(self.records.clone().map(|records| records.making(NewKeys::Forgotten)))
    }

    /// The same with keys of records that some work needs; new ones are kept when this returns. One question for all of them,
    /// and where there are new ones, one transaction.
    pub async fn provided(&self, needs: Vec<KeyNeed>) -> Result<Keys> {
        let Some(records) = &self.records else { return Ok(self.clone()) };
        let mut held = HeldKeys::clone(&records.held);
        let mut asked = Vec::new();
        for need in needs {
            let known = match &need {
                KeyNeed::Opening { record, key } => {
                    let name = (record.clone(), key.clone());
                    records.held(&name).map(|known| _ = held.keys.insert(name, known))
                }
                KeyNeed::Sealing { record, erased, revision } => records.living(record, *erased, *revision).map(drop),
            };
            if known.is_none() {
                asked.push(need);
            }
        }
        if !asked.is_empty() {
            self.fetch(records, &asked, &mut held).await?;
        }
        Ok(self.with_records(Some(RecordKeys { held: Arc::new(held), ..records.clone() })))
    }

    /// The same on a thread that may wait.
    pub fn provided_now(&self, needs: Vec<KeyNeed>) -> Result<Keys> {
        wait(self.provided(needs))
    }

    /// Runs work, and again with the keys of records that it lacked: then it has written nothing. For threads that may wait.
    pub fn providing<T>(&self, mut work: impl FnMut(&Keys) -> Result<T>) -> Result<T> {
        let mut keys = self.clone();
        loop {
            match work(&keys) {
                Err(Error::KeysNeeded(needs)) => keys = keys.provided_now(needs)?,
                done => return done,
            }
        }
    }

    /// Asks for keys, makes those that are new, and adds all to those at hand.
    async fn fetch(&self, records: &RecordKeys, asked: &[KeyNeed], held: &mut HeldKeys) -> Result<()> {
        let ids: BTreeSet<String> = asked.iter().map(|need| need.record().to_owned()).collect();
        let ids: Vec<String> = ids.into_iter().collect();
        let mut rows = records.store.read(move |db| rows_of(db, &ids)).await?;
        let new = self.new_keys(&rows, asked)?;
        rows.extend(new.iter().cloned());
        if records.new == NewKeys::Kept && !new.is_empty() {
            let keep = move |tx: &mut WriteTransaction| {
                new.iter().for_each(|row| tx.defer(row.clone()));
                Ok(())
            };
            records.store.write(keep).await?;
        }
        for row in rows {
            let (name, since, is_retired) = ((row.record_id, row.key), row.since, row.retired_at.is_some());
            let found = match &row.sealed {
                None => HeldKey::Destroyed,
                Some(sealed) => HeldKey::Ready(self.opened(&name, sealed)?),
            };
            if let HeldKey::Ready(key) = &found {
                if !is_retired {
                    held.living.entry(name.0.clone()).or_default().push((since, name.1.clone()));
                }
                if records.new == NewKeys::Kept {
                    records.store.ready.insert(name.clone(), key.clone());
                }
            }
            held.keys.insert(name, found);
        }
        for need in asked {
            if let KeyNeed::Opening { record, key } = need {
                held.keys.entry((record.clone(), key.clone())).or_insert(HeldKey::Missing);
            }
        }
        Ok(())
    }

    /// The keys that are to be made: one for each record that has none that may seal what it needs. Several may make one for a
    /// record at once: each can be opened, and the first that is used is named by the record from then on.
    fn new_keys(&self, rows: &[KeyRow], asked: &[KeyNeed]) -> Result<Vec<KeyRow>> {
        let mut new: Vec<KeyRow> = Vec::new();
        for need in asked {
            let KeyNeed::Sealing { record, erased, revision } = need else { continue };
            let may = |row: &&KeyRow| {
                let is_there = row.sealed.is_some() && row.retired_at.is_none();
                row.record_id == *record && is_there && row.since > *erased && row.since <= *revision
            };
            if rows.iter().find(may).or(new.iter().find(may)).is_none() {
                new.push(self.new_key(record, *revision)?);
            }
        }
        Ok(new)
    }

    fn new_key(&self, record: &str, since: i64) -> Result<KeyRow> {
        let key = format!("{since}-{}", digest::hex(&fresh()?[..4]));
        let secret = STANDARD_NO_PAD.encode(fresh()?);
        let sealed = self.seal(SealedPlace::RecordKey(record, &key), [(KEY.to_owned(), secret.into())])?;
        let made_at = Clock::system().now();
        Ok(KeyRow {
            record_id: record.to_owned(),
            key,
            since,
            sealed: Some(sealed),
            made_at,
            destroyed_at: None,
            retired_at: None,
        })
    }

    fn opened(&self, (record, key): &KeyName, sealed: &str) -> Result<RecordKey> {
        let opened = self.open(SealedPlace::RecordKey(record, key), sealed)?;
        let key = opened.get(KEY).and_then(|key| key.as_str()).and_then(|key| STANDARD_NO_PAD.decode(key).ok());
        ready(&key.unwrap_or_default())
    }
}
