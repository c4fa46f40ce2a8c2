//! Measurements of the running service: requests by route and status, durations, the pool and the queue of writes.
//!
//! Requests by route tell of each single matter that comes in, at the moment when it does, so they are only for those
//! who may read the figures of all registers. Everybody is told whether the service works, and no more.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::Registry;

use crate::db::Database;
use crate::error::{Error, Result};

/// The bounds of the histogram of durations, in seconds.
const BOUNDS: [f64; 10] = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.5, 1.0, 5.0];

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RegisterLabels {
    register: &'static str,
}

/// The measurements of this process.
pub struct Metrics {
    /// The measurements that everybody is told.
    open: Registry,
    /// The further measurements, for those who may read the figures.
    detailed: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RouteLabels, Histogram, fn() -> Histogram>,
    unavailable: Counter,
    used: Gauge,
    connections: Gauge,
    waiting: Gauge,
    database_errors: Counter,
}

impl Default for Metrics {
    fn default() -> Self {
        let (mut open, mut detailed) = (Registry::with_prefix("aufsicht"), Registry::with_prefix("aufsicht"));
        let durations: fn() -> Histogram = || Histogram::new(BOUNDS);
        let metrics = Metrics {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            unavailable: Counter::default(),
            used: Gauge::default(),
            connections: Gauge::default(),
            waiting: Gauge::default(),
            database_errors: Counter::default(),
            open: Registry::default(),
            detailed: Registry::default(),
        };
        detailed.register("requests", "Requests by method, route and status", metrics.requests.clone());
        detailed.register("request_duration_seconds", "How long requests took", metrics.durations.clone());
        detailed.register("writes_waiting", "Writes that have not been answered yet", metrics.waiting.clone());
        open.register("unavailable", "Answers that said 503", metrics.unavailable.clone());
        open.register("pool_connections_in_use", "Reading connections in use", metrics.used.clone());
        open.register("pool_connections", "Reading connections", metrics.connections.clone());
        open.register("database_errors", "Reads and writes that the database failed", metrics.database_errors.clone());
        open.register("build", "What runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        Metrics { open, detailed, ..metrics }
    }
}

impl Metrics {
    /// Counts a request. The route is a pattern, not an address, which could name a person.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        // What clients invent must not become a label.
        let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&method);
        let method = if known { method } else { "OTHER" };
        self.requests.get_or_create(&RequestLabels { method: method.into(), route: route.into(), status }).inc();
        self.durations.get_or_create(&RouteLabels { route: route.into() }).observe(took.as_secs_f64());
        if status == 503 {
            self.unavailable.inc();
        }
    }

    /// As OpenMetrics text: what everybody is told, the number of records by register where it is given, and all of it if
    /// so.
    pub fn text(
        &self,
        database: &Database,
        records: Option<&[(&'static str, i64)]>,
        is_detailed: bool,
    ) -> Result<String> {
        let (used, connections, waiting) = database.load();
        self.used.set(used.into());
        self.connections.set(connections.into());
        self.waiting.set(waiting);
        self.database_errors.inc_by(database.errors().saturating_sub(self.database_errors.get()));
        let failed = |error: std::fmt::Error| Error::Internal(format!("cannot write metrics: {error}"));
        let mut text = String::new();
        if let Some(records) = records {
            let family: Family<RegisterLabels, Gauge> = Family::default();
            for (register, number) in records {
                family.get_or_create(&RegisterLabels { register }).set(*number);
            }
            let mut registry = Registry::with_prefix("aufsicht");
            registry.register("records", "Records by register", family);
            encode_registry(&mut text, &registry).map_err(failed)?;
        }
        if is_detailed {
            encode_registry(&mut text, &self.detailed).map_err(failed)?;
        }
        encode(&mut text, &self.open).map_err(failed)?;
        Ok(text)
    }
}
