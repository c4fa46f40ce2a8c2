//! Service accounts: who they are, what they may, and whether they still may.

use super::{Scope, calendar_feeds};
use crate::audit::trail;
use crate::auth::rate_limits::RateLimits;
use crate::clock::{Clock, write_instant, write_optional_instant};
use crate::context::OperationContext;
use crate::db::schema::clients;
use crate::db::{Database, Db, WriteTransaction};
use crate::digest;
use crate::error::{Error, Fault, Result};
use crate::faults::Faults;
use crate::registers;
use crate::registers::validation::{self};
use crate::seal::{Purpose, PurposeKeys};
use crate::text;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Argon2, Params};
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;
use tokio::sync::Semaphore;
use utoipa::ToSchema;
use validator::Validate;

/// A service account.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
#[schema(as = Client)]
pub struct ServiceAccount {
    /// The id that the account logs in with.
    #[serde(rename = "client_id")]
    #[schema(format = "uuid")]
    pub id: String,
    /// The name of the account; stands in the history of what it changes.
    pub name: String,
    #[serde(skip)]
    secret_hash: String,
    /// The scopes of the account: what it may do.
    #[schema(inline)]
    pub scopes: Vec<Scope>,
    /// The registers that it is bound to; all of them when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub registers: Option<Vec<String>>,
    /// The instant at which the account was made, in UTC.
    #[serde(serialize_with = "write_instant")]
    created_at: NaiveDateTime,
    /// The name of who made the account; which identity that is stands in the audit trail.
    created_by: String,
    /// The instant at which the account was revoked, in UTC.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "write_optional_instant")]
    #[schema(nullable = false)]
    revoked_at: Option<NaiveDateTime>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = clients)]
struct ServiceAccountRow {
    id: String,
    name: String,
    secret_hash: String,
    scopes: String,
    registers: Option<String>,
    created_at: NaiveDateTime,
    created_by: String,
    revoked_at: Option<NaiveDateTime>,
}

impl From<ServiceAccountRow> for ServiceAccount {
    fn from(row: ServiceAccountRow) -> Self {
        ServiceAccount {
            id: row.id,
            name: row.name,
            secret_hash: row.secret_hash,
            scopes: row.scopes.split_ascii_whitespace().filter_map(Scope::parse).collect(),
            registers: row.registers.map(|list| list.split_ascii_whitespace().map(str::to_owned).collect()),
            created_at: row.created_at,
            created_by: row.created_by,
            revoked_at: row.revoked_at,
        }
    }
}

impl ServiceAccount {
    /// True if the account has not been revoked.
    pub fn is_active(&self) -> bool {
        self.revoked_at.is_none()
    }
}

/// The time for which the accounts are believed as they were read: a revoked one can go on for so long at the most,
/// over all instances.
const FRESH: TimeDelta = TimeDelta::seconds(15);

/// The number of secrets that are checked at a time: each check takes 19 MiB and a core.
const CHECKS: usize = 2;

/// The longest time that a login waits for its check.
const WAIT: Duration = Duration::from_secs(5);

/// All accounts by id, and since when they are known.
type CachedAccounts = (NaiveDateTime, Arc<HashMap<String, ServiceAccount>>);

/// The service accounts as this process knows them.
pub struct ServiceAccounts {
    database: Database,
    purposes: PurposeKeys,
    clock: Clock,
    known: RwLock<Option<CachedAccounts>>,
    checks: Semaphore,
    /// Digests of the credentials that were right, with the hash that they were held against.
    right: Mutex<HashMap<String, (String, String)>>,
    /// The hash of a secret that nobody has, so that an unknown account takes as long as a known one.
    nobody: String,
}

fn hashed(secret: &str) -> Result<String> {
    let hash = Argon2::default().hash_password(secret.as_bytes());
    Ok(hash.map_err(|error| Error::Internal(format!("cannot hash a secret: {error}")))?.to_string())
}

/// A secret of 244 random bits.
pub fn random_secret() -> String {
    format!("{}{}", uuid::Uuid::new_v4().simple(), uuid::Uuid::new_v4().simple())
}

impl ServiceAccounts {
    /// Knows nothing yet.
    pub fn new(database: Database, purposes: PurposeKeys, clock: Clock) -> Result<Self> {
        Ok(ServiceAccounts {
            database,
            purposes,
            clock,
            known: RwLock::new(None),
            checks: Semaphore::new(CHECKS),
            right: Mutex::default(),
            nobody: nobody()?,
        })
    }

    /// All accounts, at most some seconds old.
    async fn all(&self) -> Result<Arc<HashMap<String, ServiceAccount>>> {
        let held = self.known.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((since, all)) = held
            && self.clock.now() - since < FRESH
        {
            return Ok(all);
        }
        let read = |db: &mut Db| Ok(clients::table.select(ServiceAccountRow::as_select()).load(db)?);
        let now = self.clock.now();
        let rows: Vec<ServiceAccountRow> = self.database.read_primary(read).await?;
        let all: HashMap<String, ServiceAccount> = rows.into_iter().map(|row| (row.id.clone(), row.into())).collect();
        let all = Arc::new(all);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = Some((now, all.clone()));
        Ok(all)
    }

    pub(crate) fn invalidate(&self) {
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The account of that id, if it may still do something.
    pub async fn active(&self, id: &str) -> Result<Option<ServiceAccount>> {
        Ok(self.all().await?.get(id).filter(|client| client.is_active()).cloned())
    }

    /// The account that a secret belongs to. Attempts are limited by address and account before the secret is looked at;
    /// what was right a moment ago is not looked at again. Unknown accounts are treated alike and take the same time.
    pub async fn authenticate(
        &self,
        limits: &RateLimits,
        address: &str,
        id: &str,
        secret: &str,
    ) -> Result<Option<ServiceAccount>> {
        let found = self.active(id).await?;
        let digest = self.purposes.digest(Purpose::Login, &[id.as_bytes(), secret.as_bytes()]);
        if let Some(client) = &found
            && self.right.lock().unwrap_or_else(PoisonError::into_inner).get(id)
                == Some(&(digest.clone(), client.secret_hash.clone()))
        {
            return Ok(found);
        }
        limits.login(address, id)?;
        let hash = found.as_ref().map_or_else(|| self.nobody.clone(), |client| client.secret_hash.clone());
        let given = secret.to_owned();
        let place = tokio::time::timeout(WAIT, self.checks.acquire()).await;
        let place = place.ok().and_then(std::result::Result::ok);
        let place = place.ok_or_else(|| Error::Unavailable("too many log in at once".into()))?;
        limits.may_still_log_in(address)?;
        let checking = tokio::task::spawn_blocking(move || {
            let hash = argon2::password_hash::phc::PasswordHash::new(&hash);
            hash.is_ok_and(|hash| Argon2::default().verify_password(given.as_bytes(), &hash).is_ok())
        });
        let right = checking.await.map_err(|_| Error::Internal("a check of a secret panicked".into()))?;
        let found = found.filter(|_| right);
        if found.is_none() {
            limits.login_failed(address, id);
        }
        drop(place);
        if let Some(client) = &found {
            let proof = (digest, client.secret_hash.clone());
            self.right.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), proof);
        }
        Ok(found)
    }
}

/// A hash like that of any secret, which nobody has: made of chance, since to compute one takes as long as a login.
fn nobody() -> Result<String> {
    let mut chance = [0; 48];
    aws_lc_rs::rand::fill(&mut chance).map_err(|_| Error::Internal("there is no chance to be had".into()))?;
    let [salt, hash] = [&chance[..16], &chance[16..]].map(|bytes| STANDARD_NO_PAD.encode(bytes));
    let (memory, time, lanes) = (Params::DEFAULT_M_COST, Params::DEFAULT_T_COST, Params::DEFAULT_P_COST);
    Ok(format!("$argon2id$v=19$m={memory},t={time},p={lanes}${salt}${hash}"))
}

/// A service account to be made.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewClient {
    /// The name of the account; stands in the history of what it changes.
    #[serde(default)]
    #[validate(required, length(min = 1, max = 100), custom(function = "validation::not_blank"))]
    #[schema(required, min_length = 1, max_length = 100)]
    name: Option<String>,
    /// The scopes of the account: what it may do.
    #[serde(default)]
    #[validate(required)]
    #[schema(required, min_items = 1)]
    scopes: Option<Vec<String>>,
    /// The registers that it is bound to; all of them when absent.
    #[serde(default)]
    registers: Option<Vec<String>>,
}

impl NewClient {
    /// Reads a body and names all its faults.
    pub fn read(mut body: Value) -> Result<(String, Vec<Scope>, Option<Vec<String>>)> {
        let mut faults = Faults::default();
        text::normalise(&mut body, &mut faults);
        let Value::Object(mut map) = body else {
            return Err(Error::Validation(vec![Fault::at("", "invalid_type", "must be a JSON object")]));
        };
        map.retain(|_, value| !value.is_null());
        let read = validation::read::<NewClient>(map, &mut faults);
        let mut scopes = Vec::new();
        for (index, name) in read.iter().flat_map(|read| read.scopes.iter().flatten()).enumerate() {
            match Scope::parse(name) {
                Some(scope) => scopes.push(scope),
                None => faults.add(format!("/scopes/{index}"), "invalid_value", "is no scope"),
            }
        }
        if read.as_ref().is_some_and(|read| read.scopes.as_ref().is_some_and(Vec::is_empty)) {
            faults.add("/scopes", "required", "must name a scope");
        }
        let registers = read.as_ref().and_then(|read| read.registers.clone());
        for (index, name) in registers.iter().flatten().enumerate() {
            if registers::find(name).is_none() {
                faults.add(format!("/registers/{index}"), "invalid_value", "is no register");
            }
        }
        faults.into_result()?;
        let name = read.and_then(|read| read.name).unwrap_or_default();
        Ok((name, scopes, registers))
    }
}

/// Makes an account. Of its secret a hash is kept only.
pub fn create(
    tx: &mut WriteTransaction,
    (name, scopes, registers): (String, Vec<Scope>, Option<Vec<String>>),
    secret: &str,
    by: &OperationContext,
) -> Result<ServiceAccount> {
    let row = ServiceAccountRow {
        id: uuid::Uuid::now_v7().to_string(),
        name,
        secret_hash: hashed(secret)?,
        scopes: scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" "),
        registers: registers.map(|list| list.join(" ")),
        created_at: by.at,
        created_by: by.actor.name.clone(),
        revoked_at: None,
    };
    append_audit_entry(tx, "CREATED", &row, by)?;
    diesel::insert_into(clients::table).values(&row).execute(tx.unflushed())?;
    Ok(row.into())
}

impl ServiceAccountRow {
    /// The digest of the whole row, as the audit trail holds it.
    fn digest(&self) -> String {
        digest::of(&[
            &self.id,
            &self.name,
            &self.secret_hash,
            &self.scopes,
            &digest::optional(self.registers.as_deref()),
            &digest::instant(self.created_at),
            &self.created_by,
            &digest::optional(self.revoked_at.map(digest::instant).as_deref()),
        ])
    }
}

fn append_audit_entry(
    tx: &mut WriteTransaction,
    action: &str,
    row: &ServiceAccountRow,
    by: &OperationContext,
) -> Result<()> {
    let digest = row.digest();
    let entry =
        trail::NewTrailEntry { kind: trail::TrailKind::Client, action, subject: &row.id, revision: None, digest };
    trail::append(tx, &entry, by)
}

/// The digests that the last entries of the audit trail must hold, by the ids of the accounts.
pub fn digests(db: &mut Db) -> Result<Vec<(String, String)>> {
    let rows: Vec<ServiceAccountRow> =
        clients::table.order(clients::id).select(ServiceAccountRow::as_select()).load(db)?;
    Ok(rows.into_iter().map(|row| (row.id.clone(), row.digest())).collect())
}

fn find(db: &mut Db, id: &str) -> Result<ServiceAccountRow> {
    let row = clients::table.find(id).filter(clients::revoked_at.is_null()).select(ServiceAccountRow::as_select());
    row.first(db).optional()?.ok_or_else(|| Error::NotFound("there is no such service account".into()))
}

/// Gives an account another secret; the one before is no longer taken.
pub fn rotate(tx: &mut WriteTransaction, id: &str, secret: &str, by: &OperationContext) -> Result<ServiceAccount> {
    let mut row = find(tx.unflushed(), id)?;
    row.secret_hash = hashed(secret)?;
    append_audit_entry(tx, "ROTATED", &row, by)?;
    diesel::update(clients::table.find(id)).set(clients::secret_hash.eq(&row.secret_hash)).execute(tx.unflushed())?;
    Ok(row.into())
}

/// Takes all rights from an account, for good, and its calendar feeds with them. Its webhooks are another matter: see
/// [`revoke_account`](crate::webhooks::subscriptions::revoke_account).
pub fn revoke(tx: &mut WriteTransaction, id: &str, by: &OperationContext) -> Result<()> {
    let mut row = find(tx.unflushed(), id)?;
    row.revoked_at = Some(by.at);
    append_audit_entry(tx, "REVOKED", &row, by)?;
    diesel::update(clients::table.find(id)).set(clients::revoked_at.eq(row.revoked_at)).execute(tx.unflushed())?;
    calendar_feeds::revoke_all(tx, id, by)
}

/// The account of that id, also when it is revoked.
pub fn get(db: &mut Db, id: &str) -> Result<ServiceAccount> {
    let row: ServiceAccountRow = clients::table.find(id).select(ServiceAccountRow::as_select()).first(db)?;
    Ok(row.into())
}

/// All accounts, the oldest first.
pub fn list(db: &mut Db) -> Result<Vec<ServiceAccount>> {
    let rows: Vec<ServiceAccountRow> =
        clients::table.order(clients::id).select(ServiceAccountRow::as_select()).load(db)?;
    Ok(rows.into_iter().map(ServiceAccount::from).collect())
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::phc::PasswordHash;

    use super::*;

    #[test]
    fn the_hash_of_nobody_takes_as_long_as_any_other_and_fits_no_secret() {
        let (nobody, somebody) = (nobody().unwrap(), hashed("secret").unwrap());
        let parameters = |hash: &str| hash.rsplitn(3, '$').nth(2).unwrap().to_owned();
        assert_eq!(parameters(&nobody), parameters(&somebody));
        assert_eq!(nobody.len(), somebody.len());
        let hash = PasswordHash::new(&nobody).unwrap();
        assert!(Argon2::default().verify_password(b"secret", &hash).is_err());
    }
}
