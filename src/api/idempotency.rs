//! Requests that may be repeated: what was done under an `Idempotency-Key` is not done again for a day.
//!
//! The key is kept in the transaction that does the work, so that a crash between the commit and the answer loses
//! neither. What is kept is which record was made, not what it said: an answer is made again from the history, and
//! nothing here holds personal data.

use crate::json::read_stored;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::App;
use crate::auth::Caller;
use crate::clock::SETTLED;
use crate::db::schema::idempotency;
use crate::db::{Db, DeferredRow, InsertBatch, WriteTransaction};
use crate::error::{Error, Fault, Result};
use crate::seal::{Purpose, PurposeKeys};

/// The header with the key.
const HEADER: &str = "Idempotency-Key";

/// The header that says that an answer was given before.
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// The time for which a key is kept.
const KEPT: TimeDelta = TimeDelta::hours(24);

/// The keys of the requests that are running in this process, by who sends them.
#[derive(Clone, Default)]
pub struct Running(Arc<Mutex<HashSet<(String, String)>>>);

/// A request under a key, and the right to be the only one that runs under it here.
pub struct Claim {
    request: IdempotentRequest,
    running: Running,
}

/// A request under a key.
#[derive(Clone)]
pub struct IdempotentRequest {
    subject: String,
    key: String,
    digest: String,
    now: NaiveDateTime,
}

impl Drop for Claim {
    fn drop(&mut self) {
        let key = (self.request.subject.clone(), self.request.key.clone());
        self.running.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
    }
}

impl Claim {
    /// The claim of a request, if it carries a key. Fails while another request runs under the same key.
    pub fn of(app: &App, caller: &Caller, request: &HttpRequest, body: &[u8]) -> Result<Option<Claim>> {
        let mut given = request.headers().get_all(HEADER);
        let Some(key) = given.next() else { return Ok(None) };
        let sane = |key: &&str| (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        let key = key.to_str().ok().filter(sane).filter(|_| given.next().is_none()).ok_or_else(|| {
            let detail = "must be one key of 1 to 255 visible ASCII characters";
            Error::Parameters(vec![Fault::of(HEADER, "invalid_value", detail)])
        })?;
        let what = [request.method().as_str(), request.path(), request.query_string()].map(str::as_bytes);
        let digest = app.purposes.digest(Purpose::Request, &[what[0], what[1], what[2], body]);
        let (subject, key) = (caller.account(), key.to_owned());
        let mut running = app.running.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !running.insert((subject.clone(), key.clone())) {
            return Err(Error::InProgress);
        }
        let request = IdempotentRequest { subject, key, digest, now: app.clock.now() };
        Ok(Some(Claim { request, running: app.running.clone() }))
    }

    /// Returns the part of a claim that the transaction needs.
    pub fn request(claim: &Option<Claim>) -> Option<IdempotentRequest> {
        claim.as_ref().map(|claim| claim.request.clone())
    }
}

impl IdempotentRequest {
    /// Returns the answer that a step of the same request has given before; fails if the key was used for another
    /// request.
    pub fn recall<T: DeserializeOwned>(&self, db: &mut Db, step: i64) -> Result<Option<T>> {
        let held: Option<(String, String)> = idempotency::table
            .find((&self.subject, &self.key, step))
            .filter(idempotency::at.gt(self.now - KEPT))
            .select((idempotency::digest, idempotency::answer))
            .first(db)
            .optional()?;
        match held {
            None => Ok(None),
            Some((digest, _)) if digest != self.digest => Err(Error::KeyReused),
            Some((_, answer)) => read_stored(&answer, "idempotency key").map(Some),
        }
    }

    /// Keeps what a step gives, in place of what was given too long ago, and forgets all keys that are too old.
    pub fn remember(&self, tx: &mut WriteTransaction, step: i64, answer: &impl Serialize) -> Result<()> {
        let answer = serde_json::to_string(answer).map_err(|error| Error::Internal(error.to_string()))?;
        tx.defer(KeyRetention(self.now));
        let db = tx.unflushed();
        diesel::delete(idempotency::table.find((&self.subject, &self.key, step))).execute(db)?;
        diesel::insert_into(idempotency::table)
            .values((
                idempotency::subject.eq(&self.subject),
                idempotency::key.eq(&self.key),
                idempotency::step.eq(step),
                idempotency::digest.eq(&self.digest),
                idempotency::answer.eq(answer),
                idempotency::at.eq(self.now),
            ))
            .execute(db)?;
        Ok(())
    }
}

/// The time at which a key is kept.
struct KeyRetention(NaiveDateTime);

impl DeferredRow for KeyRetention {
    const RANK: u8 = 4;

    fn insert<'r>(db: &mut Db, _: &mut InsertBatch<'r>, rows: &'r [Self]) -> Result<()> {
        rows.iter().map(|KeyRetention(now)| *now).max().map_or(Ok(()), |now| forget(db, now))
    }
}

/// Forgets the keys that were kept for long enough before the newest one that has settled.
fn forget(db: &mut Db, now: NaiveDateTime) -> Result<()> {
    let settled = idempotency::table.filter(idempotency::at.le(now - SETTLED)).order(idempotency::at.desc());
    let settled: Option<NaiveDateTime> = settled.select(idempotency::at).first(db).optional()?;
    if let Some(settled) = settled {
        diesel::delete(idempotency::table.filter(idempotency::at.le(settled - KEPT))).execute(db)?;
    }
    Ok(())
}

/// The random seed of a secret, kept with the answer for as long as its request may be repeated. The secret follows
/// from it and a key of the service's, so that neither who reads the database nor who knows the request has it.
#[derive(Clone, Serialize, Deserialize)]
pub struct SecretSeed(String);

impl SecretSeed {
    /// A new one.
    pub fn new() -> Result<Self> {
        let mut bytes = [0; 32];
        aws_lc_rs::rand::fill(&mut bytes).map_err(|_| Error::Internal("there is no randomness".into()))?;
        Ok(SecretSeed(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// Its secret of 256 bits.
    pub fn secret(&self, purposes: &PurposeKeys) -> [u8; 32] {
        purposes.digest_bytes(Purpose::Secret, &[self.0.as_bytes()])
    }

    /// The same as text.
    pub fn text(&self, purposes: &PurposeKeys) -> String {
        URL_SAFE_NO_PAD.encode(self.secret(purposes))
    }
}

/// The account or webhook that a request gave a secret to, and the seed of that very secret.
#[derive(Serialize, Deserialize)]
pub struct IssuedSecret<T> {
    /// The id of the account or webhook.
    pub id: String,
    /// The seed that the secret of the request follows from.
    pub seed: SecretSeed,
    /// The account or webhook as it was made, where nothing stays of one that is deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub made: Option<T>,
}

/// An answer, marked if it was given before.
pub fn with_replay_header(mut answer: HttpResponse, replayed: bool) -> HttpResponse {
    if replayed {
        answer.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    answer
}

/// Does a step of a request unless it was done before; true when it was.
pub fn replay_or_run<T: Serialize + DeserializeOwned>(
    tx: &mut WriteTransaction,
    request: Option<&IdempotentRequest>,
    step: i64,
    work: impl FnOnce(&mut WriteTransaction) -> Result<T>,
) -> Result<(T, bool)> {
    let Some(request) = request else { return Ok((work(tx)?, false)) };
    if let Some(answer) = request.recall(tx.unflushed(), step)? {
        return Ok((answer, true));
    }
    let answer = work(tx)?;
    request.remember(tx, step, &answer)?;
    Ok((answer, false))
}
