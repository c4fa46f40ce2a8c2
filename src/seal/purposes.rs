//! The service's own keys, one for each purpose. They follow from a random root that lies sealed in the database, so
//! that all instances have the same ones and none of them follows from a secret that rotates.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::NaiveDateTime;
use diesel::prelude::*;

use super::{Keys, SealedPlace};
use crate::db::schema::{records, service_keys, webhooks};
use crate::db::{Db, exclusively};
use crate::error::{Error, Result};

/// The row of the root, and the value that is sealed in it.
pub(super) const ROOT: &str = "root";

/// Bytes of a key.
const LENGTH: usize = 32;

/// The purpose of a key. No key has two purposes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Cursors of lists and of the change feed.
    Cursor,
    /// Digests of requests that may be repeated.
    Request,
    /// Secrets that such a request gives.
    Secret,
    /// Digests of credentials, in memory.
    Login,
    /// Entity tags: digests of what may hold personal data.
    Tag,
    /// Signatures of anchors.
    Anchor,
}

impl Purpose {
    const ALL: [Purpose; 6] =
        [Purpose::Cursor, Purpose::Request, Purpose::Secret, Purpose::Login, Purpose::Tag, Purpose::Anchor];

    /// Returns the label from which the purpose's key is derived. It never changes: cursors and anchors that were given
    /// out depend on it.
    fn label(self) -> &'static str {
        match self {
            Purpose::Cursor => "cursor",
            Purpose::Request => "request",
            Purpose::Secret => "secret",
            Purpose::Login => "login",
            Purpose::Tag => "tag",
            Purpose::Anchor => "anchor",
        }
    }
}

/// A key for each purpose.
#[derive(Clone)]
pub struct PurposeKeys([[u8; LENGTH]; Purpose::ALL.len()]);

impl std::fmt::Debug for PurposeKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PurposeKeys")
    }
}

impl PurposeKeys {
    /// The keys of a database, from its root. A database that has none yet gets one; several instances may do so at
    /// once, the first one's stays.
    pub fn of(db: &mut Db, keys: &Keys, now: NaiveDateTime) -> Result<Self> {
        if let Ok(Some(held)) = Self::held(db, keys) {
            return Ok(held);
        }
        exclusively(db, |tx| {
            let db = tx.unflushed();
            match Self::held(db, keys) {
                Ok(Some(held)) => Ok(held),
                Ok(None) => Self::make(db, keys, now),
                // A key that nobody has any more, in a database that holds nothing else of it.
                Err(Error::Configuration(_)) if is_unsealed(db)? => Self::make(db, keys, now),
                Err(error) => Err(error),
            }
        })
    }

    /// The same without writing; none in a database that has no root yet.
    pub fn held(db: &mut Db, keys: &Keys) -> Result<Option<Self>> {
        let sealed: Option<String> =
            service_keys::table.find(ROOT).select(service_keys::sealed).first(db).optional()?;
        let Some(sealed) = sealed else { return Ok(None) };
        let opened = keys.open(SealedPlace::Service(ROOT), &sealed)?;
        let root = opened.get(ROOT).and_then(|root| root.as_str()).and_then(|root| URL_SAFE_NO_PAD.decode(root).ok());
        let root = root.filter(|root| root.len() == LENGTH);
        root.map(|root| Some(Self::from_root(&root))).ok_or_else(|| Error::Corrupt("the root key is unreadable".into()))
    }

    /// Lists what is wrong with the service's own keys: another root breaks everything that depends on the one before,
    /// and no key but the root is known.
    pub fn differences(db: &mut Db, keys: &Keys) -> Result<Vec<String>> {
        let others = service_keys::table.filter(service_keys::name.ne(ROOT)).select(service_keys::name);
        let others: Vec<String> = others.load(db)?;
        let mut out: Vec<String> = others.iter().map(|name| format!("service keys: \"{name}\" is none")).collect();
        match Self::held(db, keys) {
            Ok(_) => {}
            Err(error @ Error::Configuration(_)) => return Err(error),
            Err(error) => out.push(format!("service keys: {error}")),
        }
        Ok(out)
    }

    fn make(db: &mut Db, keys: &Keys, now: NaiveDateTime) -> Result<Self> {
        let mut root = [0; LENGTH];
        aws_lc_rs::rand::fill(&mut root).map_err(|_| Error::Internal("there is no randomness".into()))?;
        let sealed = keys.seal(SealedPlace::Service(ROOT), [(ROOT.to_owned(), URL_SAFE_NO_PAD.encode(root).into())])?;
        diesel::delete(service_keys::table.find(ROOT)).execute(db)?;
        diesel::insert_into(service_keys::table)
            .values((service_keys::name.eq(ROOT), service_keys::sealed.eq(sealed), service_keys::made_at.eq(now)))
            .execute(db)?;
        Ok(Self::from_root(&root))
    }

    /// The keys that follow from a root.
    pub fn from_root(root: &[u8]) -> Self {
        PurposeKeys(Purpose::ALL.map(|purpose| authenticate(root, &[b"aufsicht ", purpose.label().as_bytes()])))
    }

    /// The key for a purpose.
    pub fn key(&self, purpose: Purpose) -> &[u8; LENGTH] {
        &self.0[purpose as usize]
    }

    /// A digest of texts that nobody can make without the key: what is digested cannot be found by trying.
    pub fn digest(&self, purpose: Purpose, parts: &[&[u8]]) -> String {
        URL_SAFE_NO_PAD.encode(self.digest_bytes(purpose, parts))
    }

    /// The same as bytes.
    pub fn digest_bytes(&self, purpose: Purpose, parts: &[&[u8]]) -> [u8; LENGTH] {
        let mut all: Vec<u8> = Vec::new();
        for part in parts {
            all.extend((part.len() as u64).to_be_bytes());
            all.extend(*part);
        }
        authenticate(self.key(purpose), &[b"digest\0", &all])
    }
}

/// True if the database holds nothing else that is sealed.
fn is_unsealed(db: &mut Db) -> Result<bool> {
    let of_records = records::table.filter(records::personal.is_not_null()).select(records::pos);
    let record: Option<i64> = of_records.first(db).optional()?;
    let webhook: Option<String> = webhooks::table.select(webhooks::id).first(db).optional()?;
    Ok(record.is_none() && webhook.is_none())
}

/// The authentication code of texts, one after the other.
pub fn authenticate(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut code = [0; 32];
    code.copy_from_slice(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), &parts.concat()).as_ref());
    code
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_purpose_has_a_key_of_its_own() {
        let keys = PurposeKeys::from_root(&[7; LENGTH]);
        let all: BTreeSet<_> = Purpose::ALL.iter().map(|purpose| *keys.key(*purpose)).collect();
        assert_eq!(all.len(), Purpose::ALL.len());
        for (place, purpose) in Purpose::ALL.iter().enumerate() {
            assert_eq!(*purpose as usize, place);
        }
        let digest = |parts: &[&[u8]]| keys.digest(Purpose::Tag, parts);
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]), "parts stay apart");
        assert_ne!(digest(&[b"a"]), keys.digest(Purpose::Request, &[b"a"]));
    }
}
