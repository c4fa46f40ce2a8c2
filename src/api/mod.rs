//! What every handler stands on: the state, endpoints and their documentation, queries, answers and refusals.
//!
//! Which endpoints there are is said in [`crate::service`].

pub mod cursor;
pub mod document;
pub mod edge;
pub mod endpoint;
pub mod http;
pub mod pages;
pub mod problem;
pub mod query;

use actix_web::http::header::HeaderValue;

use crate::access::Tokens;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Database;
use crate::statistics::layout::Layouts;
use cursor::Cursors;

/// What every handler can reach. It holds no state of any request.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The database.
    pub database: Database,
    /// Access tokens.
    pub tokens: Tokens,
    /// Cursors of lists.
    pub cursors: Cursors,
    /// The time.
    pub clock: Clock,
    /// The layouts of the statistics tables.
    pub layouts: Layouts,
    /// The API document, ready to be sent.
    pub document: Vec<u8>,
}

impl App {
    /// The origin, if browsers may call from it.
    fn allowed_origin(&self, origin: Option<&HeaderValue>) -> Option<HeaderValue> {
        let origin = origin?;
        self.config.cors_origins.iter().any(|allowed| allowed.as_bytes() == origin.as_bytes()).then(|| origin.clone())
    }
}
