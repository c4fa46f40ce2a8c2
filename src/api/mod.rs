//! HTTP: the running server, endpoints and their documentation, requests and answers. Nothing below knows of it.
//!
//! The list of endpoints is in [`server`]; what each request passes through is in [`edge`].

pub mod access_log;
pub mod audit_trail;
pub mod batch;
pub mod body;
pub mod calendar;
pub mod calendar_feeds;
pub mod call;
pub mod changes;
mod chunks;
pub mod client_address;
pub mod connection;
pub mod content;
pub mod cursor;
pub mod deadlines;
pub mod document;
pub mod document30;
pub mod edge;
pub mod elsewhere;
pub mod endpoint;
pub mod export;
pub mod external;
pub mod fault_codes;
pub mod formats;
pub mod framing;
pub mod health;
pub mod http;
pub mod idempotency;
pub mod oauth;
mod own_query;
pub mod pages;
pub mod problem;
pub mod public_address;
pub mod public_publications;
pub mod public_register;
pub mod public_report;
pub mod query;
pub mod record_query;
pub mod registers;
pub mod reports;
mod request_log;
pub mod response_cache;
mod routing;
pub mod server;
pub mod service_accounts;
pub mod site;
pub mod standing;
pub mod statistics;
pub mod swagger_ui;
pub mod vocabularies;
pub mod webhooks;
pub mod well_known;

use actix_web::http::header::HeaderValue;
use chrono::NaiveDateTime;
use std::collections::HashMap;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::audit::access_log::AccessLog;
use crate::audit::siem::SiemProgress;
use crate::audit::trail;
use crate::auth::rate_limits::RateLimits;
use crate::auth::service_accounts::ServiceAccounts;
use crate::auth::{Caller, Tokens};
use crate::clock::Clock;
use crate::config::Config;
use crate::context::OperationContext;
use crate::db::{Database, WriteTransaction, has_failed};
use crate::error::{Error, Result};
use crate::messages::{Lang, Writing};
use crate::metrics::Metrics;
use crate::outgoing::Trust;
use crate::profile::Profile;
use crate::records::lookups::ForeseenRecord;
use crate::records::row::RecordRow;
use crate::records::view::View;
use crate::registers::Rules;
use crate::seal::{Keys, PurposeKeys};
use crate::spans::{SpanKind, Spans};
use crate::statistics::suppression::Suppression;
use crate::trace::TraceParent;
use crate::webhooks::event::EventOrigin;
use cursor::Cursors;
use idempotency::Running;

/// Room for answers that take long. What finds none is told that the service is busy.
pub struct Streams {
    /// For exports and proofs, each of which holds a connection to the database.
    pub exports: ConcurrencyLimit,
    /// For exports of those who have not said who they are, so that they take no place of the others.
    pub public_exports: ConcurrencyLimit,
    /// For followers of the change feed: who is sent it, and who waits for it.
    pub followers: ConcurrencyLimit,
}

impl Streams {
    /// Leaves about half of the reading connections to everybody else.
    pub fn new(config: &Config) -> Self {
        let exports = (config.connections.reading as usize / 2).max(1);
        Streams {
            exports: ConcurrencyLimit::new(exports, exports.saturating_sub(1).max(1)),
            public_exports: ConcurrencyLimit::new((exports / 4).max(1), 1),
            followers: ConcurrencyLimit::new(256, 64),
        }
    }

    /// The places where a caller's exports run.
    pub fn exports_of(&self, caller: &Caller) -> &ConcurrencyLimit {
        if caller.is_anonymous { &self.public_exports } else { &self.exports }
    }
}

/// So many places, of which nobody gets all.
pub struct ConcurrencyLimit {
    all: Arc<Semaphore>,
    most: usize,
    taken: Arc<Mutex<HashMap<String, usize>>>,
}

/// A place until it is dropped.
pub struct ConcurrencyPermit {
    who: String,
    taken: Arc<Mutex<HashMap<String, usize>>>,
    _permit: OwnedSemaphorePermit,
}

impl ConcurrencyLimit {
    fn new(all: usize, most: usize) -> Self {
        ConcurrencyLimit { all: Arc::new(Semaphore::new(all)), most, taken: Arc::default() }
    }

    /// Takes a place, if one is free and this one has not its share already.
    pub fn take(&self, who: &str) -> Result<ConcurrencyPermit> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.get(who).is_some_and(|number| *number >= self.most) {
            return Err(Error::TooManyRequests(SHARE_WAIT));
        }
        let permit = self.all.clone().try_acquire_owned();
        let permit = permit.map_err(|_| Error::Unavailable("too many streams are running".into()))?;
        *taken.entry(who.to_owned()).or_default() += 1;
        Ok(ConcurrencyPermit { who: who.to_owned(), taken: self.taken.clone(), _permit: permit })
    }
}

impl Drop for ConcurrencyPermit {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = taken.get_mut(&self.who) {
            *number -= 1;
        }
        taken.retain(|_, number| *number > 0);
    }
}

/// After how many seconds who has its share already is told to ask again.
const SHARE_WAIT: u64 = 5;

/// The state that every handler can reach. It holds no state of any request.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The database.
    pub database: Database,
    /// The log of disclosures of personal data.
    pub access_log: AccessLog,
    /// Access tokens.
    pub tokens: Tokens,
    /// The authorities that connections to other systems believe.
    pub trust: Trust,
    /// The keys that personal data is sealed with.
    pub keys: Keys,
    /// The database of record keys, if records have keys of their own.
    pub record_keys: Option<Database>,
    /// Service accounts.
    pub clients: ServiceAccounts,
    /// The limits of requests and logins.
    pub limits: RateLimits,
    /// The service's own keys, one for each purpose.
    pub purposes: PurposeKeys,
    /// Cursors of lists.
    pub cursors: Cursors,
    /// The time.
    pub clock: Clock,
    /// The profile of the authority.
    pub profile: Arc<Profile>,
    /// The layout that anybody may read, and the numbers to hide in it; none where the statistics are not public.
    pub public: Option<Suppression>,
    /// The API document, ready to be sent: as OpenAPI 3.1 and as 3.0.
    pub documents: Documents,
    /// Answers that hold until something is written.
    pub answers: response_cache::ResponseCache,
    /// The entries that were written to the file for a system that watches.
    pub siem: Arc<SiemProgress>,
    /// The idempotency keys of the requests that are running in this process.
    pub running: Running,
    /// The way of spans to a collector.
    spans: Spans,
    /// The measurements.
    pub metrics: Metrics,
    /// The instant of the last backup, and the place of the audit trail that was looked at up to.
    pub backups: Mutex<(Option<NaiveDateTime>, i64)>,
    /// The limits on answers that are streamed at a time: exports, and followers of the change feed.
    pub streams: Streams,
    /// True from the moment when the service is told to end: requests are still taken, and nobody new should come.
    pub draining: AtomicBool,
    /// Becomes true when the service stops, so that what waits or streams ends.
    pub stopping: watch::Sender<bool>,
}

/// Makes the API document as OpenAPI 3.1 and as 3.0.
type MakeDocuments = Box<dyn Fn() -> Result<[Vec<u8>; 2]> + Send + Sync>;

/// Documents that are made when somebody first asks for them, and kept: a start need not wait for them.
pub struct Documents {
    make: MakeDocuments,
    made: OnceLock<[Vec<u8>; 2]>,
}

impl Documents {
    /// Documents that this makes.
    pub fn new(make: impl Fn() -> Result<[Vec<u8>; 2]> + Send + Sync + 'static) -> Self {
        Documents { make: Box::new(make), made: OnceLock::new() }
    }

    /// The documents.
    pub fn get(&self) -> Result<&[Vec<u8>; 2]> {
        match self.made.get() {
            Some(made) => Ok(made),
            None => (self.make)().map(|made| self.made.get_or_init(|| made)),
        }
    }
}

impl App {
    /// The way that the authority writes in a language.
    pub fn writing(&self, lang: Lang) -> Writing<'_> {
        self.profile.authority.writing(lang)
    }

    /// The rules by which bodies are checked today.
    pub fn rules(&self) -> Rules {
        self.profile.rules(self.clock.today())
    }

    /// The instant of the last backup that stands in the audit trail. Only what was added since the last look is read.
    pub async fn last_backup(&self) -> Result<Option<NaiveDateTime>> {
        let held = || self.backups.lock().unwrap_or_else(PoisonError::into_inner);
        let (known, place) = *held();
        let (newest, end) = self.database.read_primary(move |db| trail::backup_after(db, place)).await?;
        *held() = (newest.or(known), end);
        Ok(newest.or(known))
    }

    /// Runs a write that can be run again, and again with the keys of records that it lacked: nobody else's write waits for the
    /// database of keys, and what is sealed with a key is written after it.
    pub async fn write<T, F>(&self, mut by: OperationContext, foreseen: ForeseenRecord, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: Fn(&mut WriteTransaction, &OperationContext) -> Result<T> + Send + Sync + 'static,
    {
        let work = Arc::new(work);
        loop {
            let (work, context) = (work.clone(), by.clone());
            let span = self.spans.begin(SpanKind::Internal, by.trace.as_ref());
            let done = self.database.write_foreseen(foreseen.clone(), move |tx| work(tx, &context)).await;
            span.end("write", &[], has_failed(&done));
            match done {
                Err(Error::KeysNeeded(needs)) => by.keys = by.keys.provided(needs).await?,
                done => return done,
            }
        }
    }

    /// Runs a write, as work within the trace of a request.
    pub async fn write_within<T, F>(&self, place: Option<&TraceParent>, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut WriteTransaction) -> Result<T> + Send + 'static,
    {
        let span = self.spans.begin(SpanKind::Internal, place);
        let done = self.database.write(work).await;
        span.end("write", &[], has_failed(&done));
        done
    }

    /// The keys to what a caller is shown of records.
    pub async fn keys_to<'a>(&self, caller: &Caller, records: impl Iterator<Item = &'a RecordRow>) -> Result<Keys> {
        match self.view_of(caller).keys() {
            Some(keys) => keys.provided(records.filter_map(RecordRow::key).collect()).await,
            None => Ok(self.keys.clone()),
        }
    }

    /// Returns how much of a record a caller is shown.
    pub fn view_of(&self, caller: &Caller) -> View<'_> {
        caller.view(&self.keys)
    }

    /// The origin of the events that webhooks are sent.
    fn event_origin(&self) -> EventOrigin {
        EventOrigin::new(self.profile.authority.event_types(), self.config.server.public_url.as_deref())
    }

    /// The origin, if browsers may call from it.
    fn allowed_origin(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        let origin = origin?;
        self.config
            .server
            .cors_origins
            .iter()
            .any(|allowed| allowed.as_bytes() == origin.as_bytes())
            .then(|| origin.clone())
    }
}
