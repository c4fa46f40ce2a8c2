//! Calendar feeds: addresses by which calendar programs read what somebody is responsible for. Such programs send no token: the
//! secret in the address stands for it. It shows deadlines and nothing else, and ends with its account or its time.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use crate::audit::trail;
use crate::context::OperationContext;
use crate::db::schema::calendar_feeds;
use crate::db::{Db, WriteTransaction};
use crate::digest;
use crate::error::{Error, Result};

/// The time for which an address is valid: whoever has left is forgotten by then, also where the account is another system's.
const VALID: TimeDelta = TimeDelta::days(366);

/// The most addresses that an account has at a time.
const FEEDS: usize = 10;

/// An address by which a calendar is read.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = calendar_feeds)]
pub struct CalendarFeed {
    /// Its id.
    pub id: String,
    secret_hash: String,
    /// True if the titles of the matters are shown.
    pub titles: bool,
    /// The name that matters have as their responsible person.
    pub responsible: String,
    account: String,
    /// The service account that made it, if it was one.
    pub client: Option<String>,
    registers: Option<String>,
    /// The instant at which it was made, in UTC.
    pub created_at: NaiveDateTime,
    /// The instant at which it ends, in UTC.
    pub expires_at: NaiveDateTime,
}

impl CalendarFeed {
    /// The registers that its account was bound to when it was made; none for all of them.
    pub fn registers(&self) -> Option<Vec<String>> {
        self.registers.as_ref().map(|names| names.split_ascii_whitespace().map(str::to_owned).collect())
    }

    /// The digest of the whole row, as the audit trail holds it.
    fn digest(&self) -> String {
        digest::of(&[
            &self.id,
            &self.secret_hash,
            if self.titles { "titles" } else { "numbers" },
            &self.responsible,
            &self.account,
            &digest::optional(self.client.as_deref()),
            &digest::optional(self.registers.as_deref()),
            &digest::instant(self.created_at),
            &digest::instant(self.expires_at),
        ])
    }
}

/// The digest that is kept of a secret of 256 random bits, which nobody finds by trying.
fn hashed(secret: &str) -> String {
    digest::of(&[secret])
}

fn append_audit_entry(
    tx: &mut WriteTransaction,
    action: &str,
    feed: &CalendarFeed,
    by: &OperationContext,
) -> Result<()> {
    let kind = trail::TrailKind::Client;
    let entry = trail::NewTrailEntry { kind, action, subject: &feed.id, revision: None, digest: feed.digest() };
    trail::append(tx, &entry, by)
}

/// Makes an address for whoever acts; those of the account that are over go.
pub fn create(tx: &mut WriteTransaction, titles: bool, secret: &str, by: &OperationContext) -> Result<CalendarFeed> {
    let account = by.actor.key();
    let held = list(tx.unflushed(), Some(&account))?;
    let (valid, over): (Vec<_>, Vec<_>) = held.into_iter().partition(|feed| feed.expires_at > by.at);
    if valid.len() >= FEEDS {
        let detail = format!("the account has {FEEDS} calendar feeds already: delete one first");
        return Err(Error::Conflict { detail, record: None, register: None });
    }
    over.iter().try_for_each(|feed| remove(tx, feed, by))?;
    let feed = CalendarFeed {
        id: uuid::Uuid::now_v7().to_string(),
        secret_hash: hashed(secret),
        titles,
        responsible: by.actor.name.clone(),
        account,
        client: by.actor.client.clone(),
        registers: by.registers.as_ref().map(|names| names.join(" ")),
        created_at: by.at,
        expires_at: by.at + VALID,
    };
    append_audit_entry(tx, "CREATED", &feed, by)?;
    diesel::insert_into(calendar_feeds::table).values(&feed).execute(tx.unflushed())?;
    Ok(feed)
}

fn remove(tx: &mut WriteTransaction, feed: &CalendarFeed, by: &OperationContext) -> Result<()> {
    append_audit_entry(tx, "DELETED", feed, by)?;
    diesel::delete(calendar_feeds::table.find(&feed.id)).execute(tx.unflushed())?;
    Ok(())
}

/// Takes an address away: one of the account, or of anybody where none is named.
pub fn revoke(tx: &mut WriteTransaction, id: &str, account: Option<&str>, by: &OperationContext) -> Result<()> {
    let found = find(tx.unflushed(), id)?.filter(|feed| account.is_none_or(|account| feed.account == account));
    let feed = found.ok_or_else(missing)?;
    remove(tx, &feed, by)
}

/// Takes away all addresses of a service account.
pub fn revoke_all(tx: &mut WriteTransaction, client: &str, by: &OperationContext) -> Result<()> {
    let of_client = calendar_feeds::table.filter(calendar_feeds::client.eq(client)).order(calendar_feeds::id);
    let feeds: Vec<CalendarFeed> = of_client.select(CalendarFeed::as_select()).load(tx.unflushed())?;
    feeds.iter().try_for_each(|feed| remove(tx, feed, by))
}

/// The address of that id; none when it is not there.
pub fn find(db: &mut Db, id: &str) -> Result<Option<CalendarFeed>> {
    Ok(calendar_feeds::table.find(id).select(CalendarFeed::as_select()).first(db).optional()?)
}

/// The refusal of what is no address.
pub fn missing() -> Error {
    Error::NotFound("there is no such calendar feed".into())
}

/// The address that a secret opens at an instant.
pub fn opened(db: &mut Db, id: &str, secret: &str, now: NaiveDateTime) -> Result<Option<CalendarFeed>> {
    let secret = hashed(secret);
    Ok(find(db, id)?.filter(|feed| feed.secret_hash == secret && feed.expires_at > now))
}

/// The addresses of an account, or all of them, the oldest first.
pub fn list(db: &mut Db, account: Option<&str>) -> Result<Vec<CalendarFeed>> {
    let mut query = calendar_feeds::table.order(calendar_feeds::id).select(CalendarFeed::as_select()).into_boxed();
    if let Some(account) = account {
        query = query.filter(calendar_feeds::account.eq(account.to_owned()));
    }
    Ok(query.load(db)?)
}

/// The digests that the last entries of the audit trail must hold, by the ids of the addresses.
pub fn digests(db: &mut Db) -> Result<Vec<(String, String)>> {
    Ok(list(db, None)?.into_iter().map(|feed| (feed.id.clone(), feed.digest())).collect())
}
