//! Delivering events: one worker over all instances makes deliveries from the change feed and sends what is due, each
//! subscription for itself, so that a slow receiver delays nobody else. At least once, with the same id.

use std::cell::RefCell;
use std::collections::HashSet;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{NaiveDateTime, TimeDelta};
use tokio::sync::{Semaphore, watch};
use tokio::task::LocalSet;

use crate::clock::Clock;
use crate::config::WebhookSettings;
use crate::context::OperationContext;
use crate::db::{Database, Db, WriteTransaction};
use crate::error::{Error, Result};
use crate::identity::Identity;
use crate::outgoing::Trust;
use crate::seal::Keys;
use crate::spans::Spans;
use crate::webhooks::event::EventOrigin;
use crate::webhooks::sending::{Message, agent, send};
use crate::webhooks::{leases, subscriptions};

/// The interval at which the worker looks while nothing is heard.
const TICK: Duration = Duration::from_secs(1);

/// The time that another instance waits before it takes the work of one that has gone.
const LEASE: TimeDelta = TimeDelta::seconds(15);
const WORK: &str = "webhooks";

/// The number of deliveries of a subscription that are sent between two looks at the database.
const GROUP: usize = 50;

/// The number of deliveries that are sent at a time.
const SENDERS: usize = 32;

/// The means of a worker that sends deliveries.
#[derive(Clone)]
pub struct DeliveryWorker {
    /// The database.
    pub database: Database,
    /// The keys that the secrets of subscriptions are sealed with.
    pub keys: Keys,
    /// The time.
    pub clock: Clock,
    /// The installation that events come from.
    pub origin: EventOrigin,
    /// The addresses that webhooks may lead to.
    pub settings: WebhookSettings,
    /// The way of spans to a collector.
    pub spans: Spans,
    /// The authorities that are believed.
    pub trust: Trust,
    /// Becomes true when the service stops.
    pub stopping: watch::Receiver<bool>,
}

/// Starts the worker of this instance; it ends when the service stops.
pub fn start(worker: DeliveryWorker) -> Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Configuration(format!("cannot start a runtime: {error}")))?;
    std::thread::Builder::new()
        .name("webhooks".into())
        .spawn(move || LocalSet::new().block_on(&runtime, work(worker)))
        .map_err(|error| Error::Configuration(format!("cannot start a thread: {error}")))
}

async fn work(worker: DeliveryWorker) {
    let holder = uuid::Uuid::new_v4().to_string();
    let agent = agent(&worker.settings, &worker.trust);
    let busy: Rc<RefCell<HashSet<String>>> = Rc::default();
    let senders = Arc::new(Semaphore::new(SENDERS));
    let (mut commits, mut stopping) = (worker.database.commits(), worker.stopping.clone());
    let mut leased = false;
    loop {
        if *stopping.borrow() {
            break;
        }
        match dispatch_round(&worker, &holder, (&agent, &senders), &busy, &mut leased).await {
            Ok(()) => {}
            Err(error) => log::warn!("webhooks wait: {error}"),
        }
        tokio::select! {
            _ = commits.changed() => {
                // What comes in a moment goes out together.
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = tokio::time::sleep(TICK) => {}
        }
        commits.mark_unchanged();
    }
    if leased {
        let _ = worker.database.write(move |tx| leases::release(tx, WORK, &holder)).await;
    }
}

/// One look at the database: nothing is written while there is nothing to do.
async fn dispatch_round(
    worker: &DeliveryWorker,
    holder: &str,
    (agent, senders): (&ureq::Agent, &Arc<Semaphore>),
    busy: &Rc<RefCell<HashSet<String>>>,
    leased: &mut bool,
) -> Result<()> {
    let webhooks = worker.database.read_primary(subscriptions::list).await?;
    let active: Vec<String> = webhooks.into_iter().filter(|webhook| webhook.active).map(|webhook| webhook.id).collect();
    if active.is_empty() {
        return Ok(());
    }
    let (now, ids, me) = (worker.clock.now(), active.clone(), holder.to_owned());
    if !worker.database.read_primary(move |db| is_something_due(db, &ids, now)).await? {
        return Ok(());
    }
    *leased = worker.database.write(move |tx| take_work(tx, &me, now)).await?;
    if !*leased {
        return Ok(());
    }
    for id in active {
        if !busy.borrow_mut().insert(id.clone()) {
            continue;
        }
        let (worker, agent, busy, senders) = (worker.clone(), agent.clone(), busy.clone(), senders.clone());
        tokio::task::spawn_local(async move {
            if let Err(error) = send_due(&worker, (&agent, &senders), id.clone()).await {
                log::warn!("a webhook waits: {error}");
            }
            busy.borrow_mut().remove(&id);
        });
    }
    Ok(())
}

/// True if the feed tells something new or a delivery of these subscriptions is due.
fn is_something_due(db: &mut Db, webhooks: &[String], now: NaiveDateTime) -> Result<bool> {
    let mut any = subscriptions::is_behind(db)?;
    for id in webhooks {
        any = any || !subscriptions::due(db, id, now, 1)?.is_empty();
    }
    Ok(any)
}

/// Takes or keeps the work of all instances, and makes deliveries of the feed; false when another instance has it.
fn take_work(tx: &mut WriteTransaction, holder: &str, now: NaiveDateTime) -> Result<bool> {
    let is_ours = leases::take(tx, WORK, holder, now, now + LEASE)?;
    if is_ours {
        subscriptions::fan_out(tx, now)?;
    }
    Ok(is_ours)
}

/// Sends what is due of a subscription, in order.
async fn send_due(worker: &DeliveryWorker, (agent, senders): (&ureq::Agent, &Semaphore), id: String) -> Result<()> {
    let now = worker.clock.now();
    // First what is due: it is sent as the subscription says that is at least as new.
    let look = move |db: &mut Db| Ok((subscriptions::due(db, &id, now, GROUP)?, subscriptions::get(db, &id)?));
    let (due, webhook) = worker.database.read_primary(look).await?;
    if !webhook.active {
        return Ok(());
    }
    let secrets = webhook.secrets(&worker.keys, now)?;
    // After a failure nothing else of the record goes out in this round: the order is kept.
    let mut failed: HashSet<String> = HashSet::new();
    for delivery in due {
        if *worker.stopping.borrow() || failed.contains(&delivery.record_id) {
            continue;
        }
        let (agent, spans, url, secrets) = (agent.clone(), worker.spans.clone(), webhook.url.clone(), secrets.clone());
        let message = Message::of(&worker.origin, &delivery);
        // Each that is sent holds a thread.
        let _sender = senders.acquire().await;
        let sending = tokio::task::spawn_blocking(move || send((&agent, &spans), &url, &secrets, &message, now));
        let attempt = sending.await.map_err(|_| Error::Internal("a delivery panicked".into()))?;
        if let Some(reason) = &attempt.error {
            // The address can be a secret; the id tells whose it is.
            log::warn!("the webhook {} is not delivered to: {reason}", webhook.id);
            failed.insert(delivery.record_id.clone());
        }
        let by = OperationContext {
            actor: Identity::system("webhooks"),
            request_id: uuid::Uuid::now_v7().to_string(),
            trace: None,
            at: worker.clock.now(),
            keys: worker.keys.clone(),
            registers: None,
        };
        let is_over = attempt.status == Some(subscriptions::GONE);
        worker.database.write(move |tx| subscriptions::record_attempt(tx, &delivery, &attempt, &by)).await?;
        if is_over {
            break;
        }
    }
    Ok(())
}
