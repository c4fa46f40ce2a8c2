//! Keys of records with personal data, in a database of their own, sealed with the service's key and bound to the record. A
//! record has one, and another one after it was erased.
//!
//! Each sealed value names its key. A key knows the first revision that it may seal, and an erasure destroys those from up to its
//! revision. So who writes never seals with a key that was destroyed: it names the one that the record is sealed with, or takes
//! one from after the last erasure that the audit trail tells of, in the transaction that writes; and an erasure stands in the
//! trail before its keys are destroyed.

use std::collections::HashMap;
use std::sync::Arc;

use crate::config::Config;
use crate::error::{Error, KeyNeed, Result};
use crate::seal::key_store::{KeyName, KeyPlace, KeyStore, RecordKey, SealingKey, fresh, ready};

/// The state of a key that was asked for.
#[derive(Clone)]
pub(super) enum HeldKey {
    Ready(RecordKey),
    Destroyed,
    /// There is none and never was.
    Missing,
}

/// The keys that some work has at hand.
#[derive(Clone, Default)]
pub(super) struct HeldKeys {
    /// By their names.
    pub(super) keys: HashMap<KeyName, HeldKey>,
    /// The keys that each record could be sealed with: the first revision of each, and its name.
    pub(super) living: HashMap<String, Vec<(i64, String)>>,
}

/// The fate of keys that are made.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum NewKeys {
    /// They are kept before what they seal.
    Kept,
    /// They are kept nowhere, as nothing will be that they seal; the same work can open it.
    OnTrial,
    /// Nobody has them: what they seal is erased at once, and nothing may open it wherever it was written to meanwhile.
    Forgotten,
}

/// The keys of records as some work has them: those that were fetched for it, and those that the process keeps ready.
#[derive(Clone)]
pub struct RecordKeys {
    pub(super) store: Arc<KeyStore>,
    pub(super) held: Arc<HeldKeys>,
    pub(super) new: NewKeys,
}

impl RecordKeys {
    /// The keys for a command with these settings; none where there is no database of them.
    pub(super) fn of_command(config: &Config) -> Result<Option<Self>> {
        let target = config.database.record_keys()?;
        Ok(target.map(|target| Self::at(KeyPlace::of_command(target, config.database.clone()))))
    }

    pub(super) fn at(place: KeyPlace) -> Self {
        RecordKeys { store: KeyStore::new(place), held: Arc::default(), new: NewKeys::Kept }
    }

    pub(super) fn making(self, new: NewKeys) -> Self {
        RecordKeys { new, ..self }
    }

    /// The key that opens; none if it was destroyed.
    pub(super) fn opening(&self, record: &str, key: &str) -> Result<Option<RecordKey>> {
        let name = (record.to_owned(), key.to_owned());
        match self.held(&name) {
            Some(HeldKey::Ready(key)) => Ok(Some(key)),
            Some(HeldKey::Destroyed) => Ok(None),
            Some(HeldKey::Missing) => Err(Error::Corrupt(format!("the key of the record {record} is missing"))),
            None => Err(Error::KeysNeeded(vec![KeyNeed::Opening { record: name.0, key: name.1 }])),
        }
    }

    /// The key that seals, and its name.
    pub(super) fn sealing(&self, record: &str, key: &SealingKey) -> Result<(String, RecordKey)> {
        if self.new == NewKeys::Forgotten {
            return Ok(("0".into(), ready(&fresh()?)?));
        }
        let needed = |need| Error::KeysNeeded(vec![need]);
        let record = record.to_owned();
        let name = match key {
            SealingKey::Named(name) => name.clone(),
            SealingKey::After { erased, revision } => match self.living(&record, *erased, *revision) {
                Some(name) => name,
                None => return Err(needed(KeyNeed::Sealing { record, erased: *erased, revision: *revision })),
            },
        };
        match self.opening(&record, &name)? {
            Some(key) => Ok((name, key)),
            None => Err(Error::Internal("a key that was destroyed would seal".into())),
        }
    }

    /// The oldest key of a record from after an erasure that may seal a revision.
    pub(super) fn living(&self, record: &str, erased: i64, revision: i64) -> Option<String> {
        let may = |(since, _): &&(i64, String)| *since > erased && *since <= revision;
        self.held.living.get(record)?.iter().filter(may).min().map(|(_, name)| name.clone())
    }

    pub(super) fn held(&self, name: &KeyName) -> Option<HeldKey> {
        self.held.keys.get(name).cloned().or_else(|| self.store.ready.get(name).map(HeldKey::Ready))
    }
}
