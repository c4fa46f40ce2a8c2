//! Queries of webhooks: subscriptions, and the deliveries that are made from the change feed.

use chrono::{NaiveDateTime, TimeDelta};
use diesel::prelude::*;

use crate::audit::trail;
use crate::auth::service_accounts;
use crate::clock::SETTLED;
use crate::context::OperationContext;
use crate::db::schema::{deliveries, webhooks};
use crate::db::{Db, WriteTransaction, insert_rows};
use crate::digest;
use crate::error::{Error, Result};
use crate::records::projections::history::end_of_feed;
use crate::seal::{FORMER, Keys, SECRET, SealedPlace};
use crate::sync::change_feed::{self, FeedChange, FeedPage, FeedStart};

/// A subscription.
#[derive(Clone, Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = webhooks, treat_none_as_null = true)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// The address that events are sent to.
    pub url: String,
    /// The registers whose changes are told, separated by spaces; all of them when empty.
    pub registers: String,
    /// True if events are sent.
    pub active: bool,
    /// The secret that events are signed with, sealed.
    pub secret: String,
    /// The secret before, for as long as both sign, sealed.
    pub former_secret: Option<String>,
    /// Until when the secret before signs too.
    pub former_until: Option<NaiveDateTime>,
    /// The place in the feed up to which deliveries were made.
    pub position: i64,
    /// The instant at which the subscription was made, in UTC.
    pub created_at: NaiveDateTime,
    /// The subject that made it.
    pub created_by: String,
    /// The service account that made it, if it was one.
    pub client: Option<String>,
}

impl Webhook {
    /// The registers whose changes are told.
    pub fn register_names(&self) -> Vec<String> {
        self.registers.split_ascii_whitespace().map(str::to_owned).collect()
    }

    /// The secret that events are signed with.
    pub fn secret(&self, keys: &Keys) -> Result<String> {
        opened(keys, &self.id, SECRET, &self.secret)
    }

    /// The secrets that are valid now: that before too, for as long as both sign.
    pub fn secrets(&self, keys: &Keys, now: NaiveDateTime) -> Result<Vec<String>> {
        let former = self.former_secret.as_ref().filter(|_| self.former_until.is_some_and(|until| until > now));
        let former = former.map(|sealed| opened(keys, &self.id, FORMER, sealed));
        [Ok(self.secret(keys)?)].into_iter().chain(former).collect()
    }

    /// Seals another secret into it.
    pub fn take_secret(&mut self, keys: &Keys, secret: &str) -> Result<()> {
        self.secret = sealed(keys, &self.id, SECRET, secret)?;
        Ok(())
    }

    /// The same, and lets the secret before sign until then too.
    pub fn replace_secret(&mut self, keys: &Keys, secret: &str, until: NaiveDateTime) -> Result<()> {
        let former = self.secret(keys)?;
        self.former_secret = Some(sealed(keys, &self.id, FORMER, &former)?);
        self.former_until = Some(until);
        self.take_secret(keys, secret)
    }
}

fn sealed(keys: &Keys, id: &str, column: &'static str, secret: &str) -> Result<String> {
    keys.seal(SealedPlace::Secret(id, column), [(column.to_owned(), secret.into())])
}

fn opened(keys: &Keys, id: &str, column: &'static str, sealed: &str) -> Result<String> {
    let values = keys.open(SealedPlace::Secret(id, column), sealed)?;
    let secret = values.get(column).and_then(|value| value.as_str());
    secret.map(str::to_owned).ok_or_else(|| Error::Internal("a webhook has no secret".into()))
}

/// A delivery: the change to be told, and how the attempts went.
#[derive(Clone, Debug, Queryable, Selectable)]
#[diesel(table_name = deliveries)]
pub struct WebhookDelivery {
    /// Its id: the same on every attempt.
    pub id: String,
    /// The subscription.
    pub webhook_id: String,
    /// The place in the feed.
    pub seq: i64,
    /// The record's register.
    pub register: String,
    /// The record.
    pub record_id: String,
    /// Its business number.
    pub number: String,
    /// The action of the change.
    pub action: String,
    /// The revision that it made.
    pub revision: i64,
    /// The instant of the change, in UTC.
    pub changed_at: NaiveDateTime,
    /// PENDING, DELIVERED or PARKED.
    pub state: String,
    /// The number of attempts so far.
    pub attempts: i64,
    /// The instant of the next attempt.
    pub next_at: NaiveDateTime,
    /// The status that the receiver answered last.
    pub last_status: Option<i64>,
    /// The reason why it failed last.
    pub last_error: Option<String>,
    /// The instant at which the delivery was made from the feed.
    pub created_at: NaiveDateTime,
    /// The instant at which it was delivered or given up.
    pub finished_at: Option<NaiveDateTime>,
    /// The place of the change in a trace.
    pub trace: Option<String>,
}

impl WebhookDelivery {
    /// The delivery of a change to a subscription, due at once.
    fn of(webhook: &Webhook, change: &FeedChange, now: NaiveDateTime) -> WebhookDelivery {
        WebhookDelivery {
            id: uuid::Uuid::now_v7().to_string(),
            webhook_id: webhook.id.clone(),
            seq: change.seq,
            register: change.register.clone(),
            record_id: change.record_id.clone(),
            number: change.number.clone(),
            action: change.action.clone(),
            revision: change.revision,
            changed_at: change.at,
            state: "PENDING".into(),
            attempts: 0,
            next_at: now,
            last_status: None,
            last_error: None,
            created_at: now,
            finished_at: None,
            trace: change.trace.clone(),
        }
    }
}

/// The refusal of what is no subscription, or none that may be known.
pub fn missing() -> Error {
    Error::NotFound("there is no such webhook".into())
}

/// Returns the digest of a subscription for the audit trail: all but how far it has come. Its secrets are 256 random
/// bits, which nobody finds by trying.
fn digest(webhook: &Webhook, keys: &Keys) -> Result<String> {
    let former = webhook.former_secret.as_ref().map(|sealed| opened(keys, &webhook.id, FORMER, sealed)).transpose()?;
    Ok(digest::of(&[
        &webhook.id,
        &webhook.url,
        &webhook.registers,
        if webhook.active { "active" } else { "inactive" },
        &webhook.secret(keys)?,
        &digest::optional(former.as_deref()),
        &digest::optional(webhook.former_until.map(digest::instant).as_deref()),
        &digest::instant(webhook.created_at),
        &webhook.created_by,
        &digest::optional(webhook.client.as_deref()),
    ]))
}

/// Returns the digest that the audit trail must hold last of each subscription, by id; `None` if a secret was altered.
pub fn digests(db: &mut Db, keys: &Keys) -> Result<Vec<(String, Option<String>)>> {
    let held = |webhook: Webhook| match digest(&webhook, keys) {
        Err(error @ Error::Configuration(_)) => Err(error),
        digest => Ok((webhook.id, digest.ok())),
    };
    list(db)?.into_iter().map(held).collect()
}

fn append_audit_entry(tx: &mut WriteTransaction, action: &str, webhook: &Webhook, by: &OperationContext) -> Result<()> {
    let digest = digest(webhook, &by.keys)?;
    let entry =
        trail::NewTrailEntry { kind: trail::TrailKind::Webhook, action, subject: &webhook.id, revision: None, digest };
    trail::append(tx, &entry, by)
}

/// Keeps a new subscription.
pub fn create(tx: &mut WriteTransaction, mut webhook: Webhook, by: &OperationContext) -> Result<Webhook> {
    webhook.position = end_of_feed(tx.flushed()?)?;
    append_audit_entry(tx, "CREATED", &webhook, by)?;
    diesel::insert_into(webhooks::table).values(&webhook).execute(tx.unflushed())?;
    Ok(webhook)
}

/// All subscriptions, the oldest first.
pub fn list(db: &mut Db) -> Result<Vec<Webhook>> {
    Ok(webhooks::table.order(webhooks::id).select(Webhook::as_select()).load(db)?)
}

/// The subscription of that id.
pub fn get(db: &mut Db, id: &str) -> Result<Webhook> {
    find(db, id)?.ok_or_else(missing)
}

/// The same; none when it is not there.
pub fn find(db: &mut Db, id: &str) -> Result<Option<Webhook>> {
    Ok(webhooks::table.find(id).select(Webhook::as_select()).first(db).optional()?)
}

/// Changes a subscription. One that is taken up again goes on where it was; what waits of registers that are no longer
/// told is not sent.
pub fn update(
    tx: &mut WriteTransaction,
    id: &str,
    action: &str,
    change: impl FnOnce(&mut Webhook) -> Result<()>,
    by: &OperationContext,
) -> Result<Webhook> {
    let mut webhook = get(tx.unflushed(), id)?;
    change(&mut webhook)?;
    append_audit_entry(tx, action, &webhook, by)?;
    diesel::update(webhooks::table.find(id)).set(&webhook).execute(tx.unflushed())?;
    let names = webhook.register_names();
    if !names.is_empty() {
        let waiting = deliveries::table.filter(deliveries::webhook_id.eq(id)).filter(deliveries::state.eq("PENDING"));
        diesel::delete(waiting.filter(deliveries::register.ne_all(names))).execute(tx.unflushed())?;
    }
    Ok(webhook)
}

/// Revokes a service account and stops its subscriptions: who may do nothing any more is told nothing any more.
pub fn revoke_account(tx: &mut WriteTransaction, id: &str, by: &OperationContext) -> Result<()> {
    service_accounts::revoke(tx, id, by)?;
    let active: Vec<String> = webhooks::table
        .filter(webhooks::client.eq(id))
        .filter(webhooks::active.eq(true))
        .order(webhooks::id)
        .select(webhooks::id)
        .load(tx.unflushed())?;
    active.iter().try_for_each(|webhook| update(tx, webhook, "UPDATED", stop, by).map(drop))
}

/// Removes a subscription and its deliveries.
pub fn delete(tx: &mut WriteTransaction, id: &str, by: &OperationContext) -> Result<()> {
    let webhook = get(tx.unflushed(), id)?;
    append_audit_entry(tx, "DELETED", &webhook, by)?;
    diesel::delete(deliveries::table.filter(deliveries::webhook_id.eq(id))).execute(tx.unflushed())?;
    diesel::delete(webhooks::table.find(id)).execute(tx.unflushed())?;
    Ok(())
}

/// The time for which delivered entries stay in the log. Parked ones stay until somebody sends them again.
const KEPT: TimeDelta = TimeDelta::days(90);

/// Less than the id of each delivery that is made later: ids begin with the time.
fn first_id(at: NaiveDateTime) -> String {
    let seconds = at.and_utc().timestamp().try_into().unwrap_or(0);
    uuid::Uuid::new_v7(uuid::Timestamp::from_unix(uuid::NoContext, seconds, 0)).to_string()
}

/// Forgets what was delivered long before the newest delivery that has settled. No more is looked at than goes.
fn forget_delivered(tx: &mut WriteTransaction, now: NaiveDateTime) -> Result<()> {
    let settled = deliveries::table.filter(deliveries::id.lt(first_id(now - SETTLED))).order(deliveries::id.desc());
    let settled: Option<NaiveDateTime> = settled.select(deliveries::created_at).first(tx.unflushed()).optional()?;
    let Some(settled) = settled else { return Ok(()) };
    let old = deliveries::table.filter(deliveries::id.lt(first_id(settled - KEPT)));
    diesel::delete(old.filter(deliveries::state.eq("DELIVERED"))).execute(tx.unflushed())?;
    Ok(())
}

/// The most changes that become deliveries of a subscription at a time.
const PIECE: i64 = 500;

/// The changes that a subscription has not been told of. What was removed from the feed cannot be told any more: it goes on
/// at its beginning.
fn next_piece(db: &mut Db, webhook: &Webhook) -> Result<FeedPage> {
    let registers = webhook.register_names();
    match change_feed::changes(db, &FeedStart::Behind(webhook.position), &registers, PIECE) {
        Err(Error::Gone) => change_feed::changes(db, &FeedStart::Oldest, &registers, PIECE),
        piece => piece,
    }
}

fn insert_deliveries(db: &mut Db, made: &[WebhookDelivery]) -> Result<()> {
    insert_rows!(
        db,
        made,
        deliveries(
            id,
            webhook_id,
            seq,
            register,
            record_id,
            number,
            action,
            revision,
            changed_at,
            state,
            attempts,
            next_at,
            last_status,
            last_error,
            created_at,
            finished_at,
            trace
        )
    )
}

/// Makes deliveries of what the feed tells since the last time.
pub fn fan_out(tx: &mut WriteTransaction, now: NaiveDateTime) -> Result<()> {
    forget_delivered(tx, now)?;
    for webhook in list(tx.unflushed())?.into_iter().filter(|webhook| webhook.active) {
        let piece = next_piece(tx.flushed()?, &webhook)?;
        let made: Vec<_> = piece.changes.iter().map(|change| WebhookDelivery::of(&webhook, change, now)).collect();
        insert_deliveries(tx.unflushed(), &made)?;
        if piece.end.seq != webhook.position {
            diesel::update(webhooks::table.find(&webhook.id))
                .set(webhooks::position.eq(piece.end.seq))
                .execute(tx.unflushed())?;
        }
    }
    Ok(())
}

/// Tells if part of the feed has not been made into deliveries yet.
pub fn is_behind(db: &mut Db) -> Result<bool> {
    let end = end_of_feed(db)?;
    let behind = webhooks::table.filter(webhooks::active.eq(true)).filter(webhooks::position.lt(end)).count();
    Ok(behind.get_result::<i64>(db)? > 0)
}

/// Returns the deliveries of a subscription that are due, in order. A delivery waits while an earlier one of the same
/// record waits.
pub fn due(db: &mut Db, webhook: &str, now: NaiveDateTime, limit: usize) -> Result<Vec<WebhookDelivery>> {
    let waiting: Vec<WebhookDelivery> = deliveries::table
        .filter(deliveries::webhook_id.eq(webhook))
        .filter(deliveries::state.eq("PENDING"))
        .order(deliveries::seq)
        .limit(1000)
        .select(WebhookDelivery::as_select())
        .load(db)?;
    let mut held: Vec<String> = Vec::new();
    let mut out = Vec::new();
    for delivery in waiting {
        if held.contains(&delivery.record_id) {
            continue;
        }
        if delivery.next_at > now {
            held.push(delivery.record_id);
        } else if out.len() < limit {
            out.push(delivery);
        }
    }
    Ok(out)
}

/// The status by which a receiver says that it wants nothing more.
pub const GONE: u16 = 410;

/// The longest wait that a receiver may ask for.
const LONGEST_WAIT: TimeDelta = TimeDelta::hours(4);

/// The result of an attempt.
#[derive(Clone, Debug, Default)]
pub struct Attempt {
    /// The status that the receiver answered; `None` if it did not.
    pub status: Option<u16>,
    /// The reason why it failed; none when it succeeded.
    pub error: Option<String>,
    /// The wait before the next attempt that the receiver asks for.
    pub wait: Option<TimeDelta>,
}

/// The time for which a delivery is tried.
const PATIENCE: TimeDelta = TimeDelta::hours(24);

/// Keeps how an attempt ended: what failed is tried again after a growing pause, and no sooner than the receiver asks, for
/// a day. A receiver that wants nothing more is sent nothing more: its subscription becomes inactive.
pub fn record_attempt(
    tx: &mut WriteTransaction,
    delivery: &WebhookDelivery,
    attempt: &Attempt,
    by: &OperationContext,
) -> Result<()> {
    let now = by.at;
    let attempts = delivery.attempts + 1;
    let pause = 5_i64.saturating_mul(1 << attempts.min(12)).min(4 * 3600);
    // Some chance in it, so that many deliveries do not come back at the same moment.
    let jitter = i64::from(uuid::Uuid::new_v4().as_bytes()[0]) * pause / 1024;
    let asked = attempt.wait.unwrap_or_default().min(LONGEST_WAIT);
    let next = now + TimeDelta::seconds(pause + jitter).max(asked);
    let state = match &attempt.error {
        None => "DELIVERED",
        Some(_) if attempt.status == Some(GONE) => "PARKED",
        Some(_) if next > delivery.created_at + PATIENCE => "PARKED",
        Some(_) => "PENDING",
    };
    let finished = (state != "PENDING").then_some(now);
    diesel::update(deliveries::table.find(&delivery.id))
        .set((
            deliveries::state.eq(state),
            deliveries::attempts.eq(attempts),
            deliveries::next_at.eq(next),
            deliveries::last_status.eq(attempt.status.map(i64::from)),
            deliveries::last_error.eq(&attempt.error),
            deliveries::finished_at.eq(finished),
        ))
        .execute(tx.unflushed())?;
    if attempt.status == Some(GONE) {
        update(tx, &delivery.webhook_id, "UPDATED", stop, by)?;
    }
    Ok(())
}

/// Stops a subscription.
fn stop(webhook: &mut Webhook) -> Result<()> {
    webhook.active = false;
    Ok(())
}

/// The deliveries that are still to be made.
pub struct DeliveryBacklog {
    /// All of them.
    pub waiting: i64,
    /// Deliveries among them that have failed already.
    pub failing: i64,
    /// The instant at which the oldest was made; none without any.
    pub oldest: Option<NaiveDateTime>,
}

/// Counts the deliveries that are still to be made.
pub fn backlog(db: &mut Db) -> Result<DeliveryBacklog> {
    let waiting = || deliveries::table.filter(deliveries::state.eq("PENDING"));
    Ok(DeliveryBacklog {
        waiting: waiting().count().get_result(db)?,
        failing: waiting().filter(deliveries::attempts.gt(0)).count().get_result(db)?,
        oldest: waiting().select(diesel::dsl::min(deliveries::created_at)).get_result(db)?,
    })
}

/// The deliveries of a subscription after a place, oldest first; of some registers or of all.
pub fn log(
    db: &mut Db,
    webhook: &str,
    (state, registers): (Option<&str>, Option<&[String]>),
    after: i64,
    limit: i64,
) -> Result<Vec<WebhookDelivery>> {
    get(db, webhook)?;
    let mut query = deliveries::table
        .filter(deliveries::webhook_id.eq(webhook))
        .filter(deliveries::seq.gt(after))
        .order(deliveries::seq)
        .limit(limit)
        .select(WebhookDelivery::as_select())
        .into_boxed();
    if let Some(state) = state {
        query = query.filter(deliveries::state.eq(state.to_owned()));
    }
    if let Some(registers) = registers {
        query = query.filter(deliveries::register.eq_any(registers.to_vec()));
    }
    Ok(query.load(db)?)
}

/// A delivery of a subscription.
pub fn delivery(db: &mut Db, webhook: &str, id: &str) -> Result<WebhookDelivery> {
    let found =
        deliveries::table.find(id).filter(deliveries::webhook_id.eq(webhook)).select(WebhookDelivery::as_select());
    found.first(db).optional()?.ok_or_else(no_delivery)
}

/// Returns the error for a delivery that does not exist, or not for the caller.
pub fn no_delivery() -> Error {
    Error::NotFound("there is no such delivery".into())
}

/// Lets a delivery be made again, whatever became of it.
pub fn redeliver(tx: &mut WriteTransaction, webhook: &str, id: &str, now: NaiveDateTime) -> Result<()> {
    let again = (
        deliveries::state.eq("PENDING"),
        deliveries::attempts.eq(0),
        deliveries::next_at.eq(now),
        deliveries::created_at.eq(now),
        deliveries::finished_at.eq(None::<NaiveDateTime>),
    );
    let held = delivery(tx.unflushed(), webhook, id)?;
    diesel::update(deliveries::table.find(held.id)).set(again).execute(tx.unflushed())?;
    Ok(())
}
