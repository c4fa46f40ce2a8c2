//! What every handler stands on: the state, endpoints and their documentation, queries, answers and refusals.
//!
//! Which endpoints there are is said in [`crate::service`].

pub mod body;
pub mod connection;
pub mod cursor;
pub mod document;
pub mod document30;
pub mod edge;
pub mod endpoint;
pub mod framing;
pub mod http;
pub mod idempotency;
pub mod kept;
pub mod pages;
pub mod problem;
pub mod query;

use actix_web::http::header::HeaderValue;
use std::sync::{Arc, OnceLock};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};

use crate::access::clients::Clients;
use crate::access::limits::Limits;
use crate::access::{Caller, Tokens};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::metrics::Metrics;
use crate::registers::record::View;
use crate::seal::Keys;
use crate::statistics::disclosure::Suppression;
use crate::statistics::layout::Layouts;
use cursor::Cursors;
use idempotency::Running;

/// Room for answers that take long. What finds none is told that the service is busy.
pub struct Streams {
    /// For exports, each of which holds a connection.
    pub exports: Arc<Semaphore>,
    /// For followers of the change feed.
    pub followers: Arc<Semaphore>,
}

impl Streams {
    /// Leaves half of the reading connections to everybody else.
    pub fn new(config: &Config) -> Self {
        let exports = (config.read_connections as usize / 2).max(1);
        Streams { exports: Arc::new(Semaphore::new(exports)), followers: Arc::new(Semaphore::new(256)) }
    }

    /// Takes a place until what is returned is dropped.
    pub fn take(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
        let place = places.clone().try_acquire_owned();
        place.map_err(|_| Error::Unavailable("too many streams are running".into()))
    }
}

/// What every handler can reach. It holds no state of any request.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The database.
    pub database: Database,
    /// Where disclosures of personal data are recorded.
    pub access_log: Database,
    /// Access tokens.
    pub tokens: Tokens,
    /// What personal data is sealed with.
    pub keys: Keys,
    /// Service accounts.
    pub clients: Clients,
    /// How much who may ask.
    pub limits: Limits,
    /// Cursors of lists.
    pub cursors: Cursors,
    /// The time.
    pub clock: Clock,
    /// The layouts of the statistics tables.
    pub layouts: Layouts,
    /// What anybody may read of the statistics; none where they are not public.
    pub public: Option<Suppression>,
    /// The API document, ready to be sent: as OpenAPI 3.1 and as 3.0.
    pub documents: Documents,
    /// Answers that hold until something is written.
    pub answers: kept::Answers,
    /// The idempotency keys of the requests that are running in this process.
    pub running: Running,
    /// What is measured.
    pub metrics: Metrics,
    /// How many answers may be streamed at a time: exports, and followers of the change feed.
    pub streams: Streams,
    /// Becomes true when the service stops, so that what waits or streams ends.
    pub stopping: watch::Sender<bool>,
}

/// What is made when somebody asks for it first, and kept: a start need not wait for it.
pub struct Documents {
    make: fn() -> Result<[Vec<u8>; 2]>,
    made: OnceLock<[Vec<u8>; 2]>,
}

impl Documents {
    /// Documents that this makes.
    pub fn new(make: fn() -> Result<[Vec<u8>; 2]>) -> Self {
        Documents { make, made: OnceLock::new() }
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
    /// How much of a record a caller is shown.
    pub fn view_of(&self, caller: &Caller) -> View<'_> {
        caller.view(&self.keys)
    }

    /// The origin, if browsers may call from it.
    fn allowed_origin(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        let origin = origin?;
        self.config.cors_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}
