//! The keys, and how a value is sealed with one and opened again.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::aead::{AES_256_GCM_SIV, Aad, Nonce, RandomizedNonceKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::config::Config;
use crate::digest;
use crate::error::{Error, KeyNeed, Result};
use crate::reload::Reloading;
use crate::seal::key_store::{RecordKey, SealingKey};
use crate::seal::record_keys::RecordKeys;

const NONCE: usize = 12;

/// The column of the secret that a webhook signs with.
pub const SECRET: &str = "secret";

/// The column of the secret before.
pub const FORMER: &str = "former_secret";

/// Sealed values as they are kept: the id of the key, and each value by its property. It is JSON, and in the history a
/// list, as the database demands of these columns.
#[derive(Serialize, Deserialize)]
struct Sealed {
    sealed: String,
    values: BTreeMap<String, String>,
}

/// The place where values are kept. It is sealed with them, so that they cannot be opened anywhere else.
#[derive(Clone, Copy, Debug)]
pub enum SealedPlace<'a> {
    /// In a record.
    Record(&'a str),
    /// In the change that made a revision of a record.
    Change(&'a str, i64),
    /// The salt of that change's digest: without it nobody can find out by trying what the digest was made of.
    Salt(&'a str, i64),
    /// A secret of a webhook, in the column of that name.
    Secret(&'a str, &'static str),
    /// A key of the service's own.
    Service(&'a str),
    /// A key of a record, by its name.
    RecordKey(&'a str, &'a str),
}

impl SealedPlace<'_> {
    fn of(&self, property: &str) -> String {
        match self {
            SealedPlace::Record(id) => format!("record\0{id}\0{property}"),
            SealedPlace::Change(id, revision) => format!("change\0{id}\0{revision}\0{property}"),
            SealedPlace::Salt(id, revision) => format!("salt\0{id}\0{revision}\0{property}"),
            SealedPlace::Secret(id, _) => format!("webhook\0{id}\0{property}"),
            SealedPlace::Service(name) => format!("service\0{name}\0{property}"),
            SealedPlace::RecordKey(id, key) => format!("record key\0{id}\0{key}\0{property}"),
        }
    }

    /// The record that the values are of.
    pub(super) fn record(&self) -> Option<&str> {
        match self {
            SealedPlace::Record(id) | SealedPlace::Change(id, _) | SealedPlace::Salt(id, _) => Some(id),
            SealedPlace::Secret(..) | SealedPlace::Service(_) | SealedPlace::RecordKey(..) => None,
        }
    }

    fn read(&self, text: &str) -> Option<Sealed> {
        match self {
            SealedPlace::Change(..) => serde_json::from_str(text).ok().map(|[sealed]: [Sealed; 1]| sealed),
            _ => serde_json::from_str(text).ok(),
        }
    }

    fn written(&self, sealed: Sealed) -> Result<String> {
        let text = match self {
            SealedPlace::Change(..) => serde_json::to_string(&[sealed]),
            _ => serde_json::to_string(&sealed),
        };
        text.map_err(unreadable)
    }

    /// True if the text is sealed, with whichever key.
    pub fn is_sealed(&self, text: &str) -> bool {
        self.read(text).is_some()
    }
}

fn broken() -> Error {
    Error::Corrupt("what is sealed was altered or moved".into())
}

/// Returns the error for clear text at a place that must be sealed: anybody who writes to the database can have written
/// it there.
fn clear() -> Error {
    Error::Corrupt("what must be sealed lies there in clear text".into())
}

fn unreadable(error: serde_json::Error) -> Error {
    Error::Corrupt(format!("unreadable personal data: {error}"))
}

/// The keys that personal data is sealed with: those of the settings, which follow their file, and, where there is a database of
/// them, one for each record, which are sealed with the former.
#[derive(Clone)]
pub struct Keys {
    ring: Arc<Reloading<Ring>>,
    pub(super) records: Option<RecordKeys>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Keys")
    }
}

struct Ring {
    /// The place where the keys stand, for who has to look there.
    place: &'static str,
    /// By id; the first one seals.
    keys: Vec<(String, RandomizedNonceKey)>,
}

impl Ring {
    fn new(keys: &[[u8; 32]], place: &'static str) -> Result<Self> {
        let key = |bytes: &[u8; 32]| {
            let key = RandomizedNonceKey::new(&AES_256_GCM_SIV, bytes);
            Ok((id(bytes), key.map_err(|_| Error::Internal("a key was refused".into()))?))
        };
        Ok(Ring { place, keys: keys.iter().map(key).collect::<Result<_>>()? })
    }

    fn sealing(&self) -> Result<&(String, RandomizedNonceKey)> {
        self.keys.first().ok_or_else(|| Error::Internal("there is no key to seal with".into()))
    }

    fn named(&self, id: &str) -> Result<&RandomizedNonceKey> {
        self.keys.iter().find(|(known, _)| known == id).map(|(_, key)| key).ok_or_else(|| {
            Error::Configuration(format!("data is sealed with the key {id}, which {} does not have", self.place))
        })
    }
}

/// Returns the id by which sealed values name their key: nobody learns the key from it.
fn id(key: &[u8; 32]) -> String {
    digest::hex(&digest::sha256(&[b"aufsicht seal key", key.as_slice()].concat())[..4])
}

/// A new key as it stands in settings: 32 random bytes in base64.
pub fn fresh_key() -> Result<String> {
    let mut key = [0; 32];
    aws_lc_rs::rand::fill(&mut key).map_err(|_| Error::Internal("there is no randomness".into()))?;
    Ok(STANDARD.encode(key))
}

/// The mark of what is sealed with a key of the record's own; its name comes after it.
const OF_RECORD: &str = "record-";

/// The key of the record that opens what is kept at a place; none where it is sealed with a key of the settings. For this nothing
/// is opened.
pub fn key_of(place: SealedPlace, text: &str) -> Option<KeyNeed> {
    let name = text.trim_start_matches('[').strip_prefix("{\"sealed\":\"")?.split('"').next()?;
    let key = name.strip_prefix(OF_RECORD)?.to_owned();
    Some(KeyNeed::Opening { record: place.record()?.to_owned(), key })
}

fn seal(key: &RandomizedNonceKey, place: &str, value: &Value) -> Result<String> {
    let mut bytes = value.to_string().into_bytes();
    let nonce = key.seal_in_place_append_tag(Aad::from(place), &mut bytes);
    let nonce = nonce.map_err(|_| Error::Internal("a value cannot be sealed".into()))?;
    Ok(STANDARD_NO_PAD.encode([nonce.as_ref().as_slice(), &bytes].concat()))
}

fn open(key: &RandomizedNonceKey, place: &str, sealed: &str) -> Result<Value> {
    let mut bytes = STANDARD_NO_PAD.decode(sealed).map_err(|_| broken())?;
    let (nonce, rest) = bytes.split_at_mut_checked(NONCE).ok_or_else(broken)?;
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| broken())?;
    let opened = key.open_in_place(nonce, Aad::from(place), rest).map_err(|_| broken())?;
    serde_json::from_slice(opened).map_err(unreadable)
}

/// The names of the values that are kept at a place; for this nothing is opened.
pub fn properties(place: SealedPlace, text: &str) -> Result<Vec<String>> {
    let sealed = place.read(text).ok_or_else(clear)?;
    Ok(sealed.values.into_keys().collect())
}

impl Keys {
    /// The keys of the settings.
    pub fn new(config: &Config) -> Result<Self> {
        let files = config.seal.key_file.iter().cloned().collect();
        let config = config.clone();
        let records = RecordKeys::of_command(&config)?;
        let ring =
            Arc::new(Reloading::new(files, move || Ring::new(&config.seal_keys()?, config.place_of_seal_keys()))?);
        Ok(Keys { ring, records })
    }

    /// The same with these keys of records.
    pub(super) fn with_records(&self, records: Option<RecordKeys>) -> Keys {
        Keys { ring: self.ring.clone(), records }
    }

    /// Reads the keys anew, whatever their file looks like.
    pub fn reload(&self) {
        self.ring.reload();
    }

    /// Seals values by their properties with the key of the settings, for the place that they will be kept at.
    pub fn seal(&self, place: SealedPlace, values: impl IntoIterator<Item = (String, Value)>) -> Result<String> {
        let ring = self.ring.get();
        let (id, key) = ring.sealing()?;
        seal_all((id, key), place, values)
    }

    /// The seal of a record's values, with a key of the record's own if records have them.
    pub fn of_record<'k>(&'k self, key: &'k SealingKey) -> RecordSeal<'k> {
        RecordSeal { keys: self, key }
    }

    /// Opens what is kept at a place; nothing is left of it where the record's key was destroyed. Clear text is not believed: it
    /// was written without a key.
    pub fn open(&self, place: SealedPlace, text: &str) -> Result<Map<String, Value>> {
        let Sealed { sealed: name, values } = place.read(text).ok_or_else(clear)?;
        if let Some(key) = name.strip_prefix(OF_RECORD) {
            return match self.record_key(place, key)? {
                Some(key) => open_all(&key, place, values),
                None => Ok(Map::new()),
            };
        }
        let mut ring = self.ring.get();
        if ring.named(&name).is_err() {
            ring = self.ring.get_now();
        }
        open_all(ring.named(&name)?, place, values)
    }

    /// True if what is kept at a place was sealed with a record's key that was destroyed.
    pub fn is_lost(&self, place: SealedPlace, text: &str) -> Result<bool> {
        match key_of(place, text) {
            Some(KeyNeed::Opening { key, .. }) => Ok(self.record_key(place, &key)?.is_none()),
            _ => Ok(false),
        }
    }

    /// The key of a record by its name; none if it was destroyed.
    fn record_key(&self, place: SealedPlace, key: &str) -> Result<Option<RecordKey>> {
        let record = place.record().ok_or_else(broken)?;
        let records = self.records.as_ref().ok_or_else(|| {
            let text = "data is sealed with keys of records, and AUFSICHT_RECORD_KEYS_URL does not say where they are";
            Error::Configuration(text.into())
        })?;
        records.opening(record, key)
    }

    /// True if each record has a key of its own.
    pub fn has_record_keys(&self) -> bool {
        self.records.is_some()
    }

    /// The pattern (of SQL's LIKE) of what is sealed with the key that seals now.
    pub(super) fn current(&self) -> Result<String> {
        Ok(format!("%{{\"sealed\":\"{}\",%", self.ring.get().sealing()?.0))
    }

    /// The same of what records say.
    pub(super) fn current_of_records(&self) -> Result<String> {
        match &self.records {
            Some(_) => Ok(format!("%{{\"sealed\":\"{OF_RECORD}%")),
            None => self.current(),
        }
    }
}

fn seal_all(
    (name, key): (&str, &RandomizedNonceKey),
    place: SealedPlace,
    values: impl IntoIterator<Item = (String, Value)>,
) -> Result<String> {
    let one = |(property, value): (String, Value)| {
        let sealed = seal(key, &place.of(&property), &value)?;
        Ok((property, sealed))
    };
    let values = values.into_iter().map(one).collect::<Result<_>>()?;
    place.written(Sealed { sealed: name.to_owned(), values })
}

fn open_all(
    key: &RandomizedNonceKey,
    place: SealedPlace,
    values: BTreeMap<String, String>,
) -> Result<Map<String, Value>> {
    let one = |(property, sealed): (String, String)| {
        let value = open(key, &place.of(&property), &sealed)?;
        Ok((property, value))
    };
    values.into_iter().map(one).collect()
}

/// The seal of what a record and its changes say.
#[derive(Clone, Copy, Debug)]
pub struct RecordSeal<'k> {
    keys: &'k Keys,
    key: &'k SealingKey,
}

impl RecordSeal<'_> {
    /// Seals values by their properties, for the place that they will be kept at.
    pub fn seal(&self, place: SealedPlace, values: impl IntoIterator<Item = (String, Value)>) -> Result<String> {
        match (&self.keys.records, place.record()) {
            (Some(records), Some(record)) => {
                let (name, key) = records.sealing(record, self.key)?;
                seal_all((&format!("{OF_RECORD}{name}"), &key), place, values)
            }
            _ => self.keys.seal(place, values),
        }
    }

    /// Fails with what is needed where the key of a record is not at hand.
    pub fn check(&self, record: &str) -> Result<()> {
        self.keys.records.as_ref().map_or(Ok(()), |records| records.sealing(record, self.key).map(drop))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn keys(all: &[u8]) -> Keys {
        let all: Vec<[u8; 32]> = all.iter().map(|byte| [*byte; 32]).collect();
        Keys { ring: Arc::new(Reloading::new(vec![], move || Ring::new(&all, "the test")).unwrap()), records: None }
    }

    fn values() -> Vec<(String, Value)> {
        vec![("notes".into(), json!("Geheim")), ("requester.name".into(), json!("Muster"))]
    }

    #[test]
    fn what_is_sealed_opens_at_its_place_only() {
        let keys = keys(&[1]);
        let sealed = keys.seal(SealedPlace::Record("a"), values()).unwrap();
        assert!(!sealed.contains("Geheim") && !sealed.contains("Muster"), "{sealed}");
        assert_eq!(keys.open(SealedPlace::Record("a"), &sealed).unwrap(), Map::from_iter(values()));
        assert_eq!(properties(SealedPlace::Record("a"), &sealed).unwrap(), ["notes", "requester.name"]);
        for elsewhere in [
            SealedPlace::Record("b"),
            SealedPlace::Change("a", 1),
            SealedPlace::Salt("a", 1),
            SealedPlace::Secret("a", "notes"),
        ] {
            assert!(keys.open(elsewhere, &sealed).is_err(), "{elsewhere:?}");
        }
        let swapped = sealed.replace("\"notes\"", "\"x\"").replace("requester.name", "notes");
        assert!(keys.open(SealedPlace::Record("a"), &swapped).is_err());
        let mut bytes = sealed.clone().into_bytes();
        let at = bytes.len() - 10;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert!(keys.open(SealedPlace::Record("a"), &String::from_utf8(bytes).unwrap()).is_err());
    }

    #[test]
    fn all_keys_open_and_the_first_one_seals() {
        let (old, both, new) = (keys(&[1]), keys(&[2, 1]), keys(&[2]));
        let before = old.seal(SealedPlace::Record("a"), values()).unwrap();
        let after = both.seal(SealedPlace::Record("a"), values()).unwrap();
        assert!(both.open(SealedPlace::Record("a"), &before).is_ok());
        assert!(new.open(SealedPlace::Record("a"), &after).is_ok());
        assert!(new.open(SealedPlace::Record("a"), &before).unwrap_err().to_string().contains("does not have"));
        assert_ne!(both.seal(SealedPlace::Record("a"), values()).unwrap(), after, "each time with another nonce");
    }

    #[test]
    fn clear_text_is_not_believed() {
        let keys = keys(&[1]);
        for (place, text) in [
            (SealedPlace::Record("a"), r#"{"notes":"x","requester":{"name":"y"}}"#),
            (SealedPlace::Change("a", 1), r#"[{"property":"notes","old":null,"new":"x"}]"#),
            (SealedPlace::Salt("a", 1), "12345"),
            (SealedPlace::Secret("a", "secret"), "whsec_x"),
        ] {
            assert!(keys.open(place, text).unwrap_err().to_string().contains("clear text"), "{place:?}");
            assert!(properties(place, text).is_err(), "{place:?}");
        }
    }
}
