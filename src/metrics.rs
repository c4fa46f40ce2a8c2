//! Measurements of the running service: requests by route and status, durations, the pools and the writers, webhooks, the
//! replica, evidence and backups, the process.
//!
//! Requests by route tell of each single matter that comes in, at the moment when it does, so they are only for those
//! who may read the figures of all registers, and so are writes, deliveries, and what the process takes for all that. Everybody is told whether the service works, and
//! no more.

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::{encode, encode_registry};
use prometheus_client::metrics::counter::{ConstCounter, Counter};
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use crate::db::Database;
use crate::error::{Error, Result};
use crate::seal::KeyMeasures;
use crate::webhooks::subscriptions::DeliveryBacklog;

/// The bounds of the histogram of durations, in seconds.
const BOUNDS: [f64; 14] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The ticks of a second by which Linux counts the time of a processor for other programs.
const TICKS: f64 = 100.0;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RegisterLabels {
    register: &'static str,
}

/// A value with a fraction.
type Fraction = Gauge<f64, AtomicU64>;

/// Measurements looked up when somebody asks; those not known, or not for who asks, are left out.
#[derive(Default)]
pub struct Looked {
    /// The number of records by register.
    pub records: Option<Vec<(&'static str, i64)>>,
    /// The deliveries of webhooks that wait, and the seconds for which the oldest has.
    pub webhooks: Option<(DeliveryBacklog, f64)>,
    /// The seconds by which the replica is behind.
    pub replica_lag: Option<f64>,
    /// True if the replica was lost when it was asked last; none without a replica.
    pub is_replica_lost: Option<bool>,
    /// True if the keys of records can be read and written; none without a database of them.
    pub are_keys_reachable: Option<bool>,
    /// The seconds since the last backup.
    pub backup_age: Option<f64>,
    /// The seconds since the last anchor.
    pub anchor_age: Option<f64>,
    /// The entries of both logs that are still to be written to the file for a system that watches.
    pub siem_waiting: Option<i64>,
}

/// The measurements of this process.
pub struct Metrics {
    /// The measurements that everybody is told.
    open: Registry,
    /// The further measurements, for those who may read the figures.
    detailed: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Family<RequestLabels, Histogram, fn() -> Histogram>,
    unavailable: Counter,
    data: DatabaseGauges,
    log: DatabaseGauges,
    keys: DatabaseGauges,
}

/// The load of a database.
#[derive(Default)]
struct DatabaseGauges {
    used: Gauge,
    connections: Gauge,
    waiting: Gauge,
    silence: Fraction,
    errors: Counter,
}

impl DatabaseGauges {
    fn register(&self, open: &mut Registry, detailed: &mut Registry, database: &Database) {
        detailed.register("writes_waiting", "Writes that have not been answered yet", self.waiting.clone());
        open.register("pool_connections_in_use", "Reading connections in use", self.used.clone());
        open.register("pool_connections", "Reading connections", self.connections.clone());
        open.register("database_errors", "Reads and writes that the database failed", self.errors.clone());
        let help = "Time for which writes have failed or hung";
        open.register("write_silence_seconds", help, self.silence.clone());
        database.writer_measures().register(detailed.sub_registry_with_prefix("writer"));
    }

    fn look(&self, database: &Database) {
        let (used, connections, waiting) = database.load();
        self.used.set(used.into());
        self.connections.set(connections.into());
        self.waiting.set(waiting);
        self.silence.set(database.write_silence().as_secs_f64());
        self.errors.inc_by(database.errors().saturating_sub(self.errors.get()));
    }
}

/// The method of a request as it may be told: what clients invent must not become a label.
pub fn method(given: &str) -> &str {
    let is_known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"].contains(&given);
    if is_known { given } else { "OTHER" }
}

impl Metrics {
    /// Measurements of a service on these databases: that of the data, that of the access log, and that of the keys of records
    /// where there is one.
    pub fn new(data: &Database, log: &Database, keys: Option<(&Database, &KeyMeasures)>) -> Self {
        let durations: fn() -> Histogram = || Histogram::new(BOUNDS);
        let mut metrics = Metrics {
            requests: Family::default(),
            durations: Family::new_with_constructor(durations),
            unavailable: Counter::default(),
            data: DatabaseGauges::default(),
            log: DatabaseGauges::default(),
            keys: DatabaseGauges::default(),
            open: Registry::with_prefix("aufsicht"),
            detailed: Registry::with_prefix("aufsicht"),
        };
        let (open, detailed) = (&mut metrics.open, &mut metrics.detailed);
        detailed.register("requests", "Requests by method, route and status", metrics.requests.clone());
        detailed.register("request_duration_seconds", "How long requests took", metrics.durations.clone());
        open.register("unavailable", "Answers that said 503", metrics.unavailable.clone());
        open.register("build", "What runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        metrics.data.register(open, detailed, data);
        let (open, detailed) =
            (open.sub_registry_with_prefix("access_log"), detailed.sub_registry_with_prefix("access_log"));
        metrics.log.register(open, detailed, log);
        if let Some((keys, measures)) = keys {
            let (open, detailed) = (&mut metrics.open, &mut metrics.detailed);
            let (open, detailed) =
                (open.sub_registry_with_prefix("record_keys"), detailed.sub_registry_with_prefix("record_keys"));
            metrics.keys.register(open, detailed, keys);
            measures.register(detailed);
        }
        metrics
    }

    /// Counts a request. The route is a pattern, not an address, which could name a person.
    pub fn request(&self, method: &str, route: &str, status: u16, took: Duration) {
        let labels = RequestLabels { method: method.into(), route: route.into(), status };
        self.requests.get_or_create(&labels).inc();
        self.durations.get_or_create(&labels).observe(took.as_secs_f64());
        if status == 503 {
            self.unavailable.inc();
        }
    }

    /// As OpenMetrics text: what was looked up, what everybody is told, and all of it if so.
    pub fn text(
        &self,
        (data, log, keys): (&Database, &Database, Option<&Database>),
        looked: Looked,
        is_detailed: bool,
    ) -> Result<String> {
        self.data.look(data);
        self.log.look(log);
        if let Some(keys) = keys {
            self.keys.look(keys);
        }
        let failed = |error: std::fmt::Error| Error::Internal(format!("cannot write metrics: {error}"));
        let mut text = String::new();
        encode_registry(&mut text, &looked_up(looked)).map_err(failed)?;
        if is_detailed {
            encode_registry(&mut text, &self.detailed).map_err(failed)?;
            encode_registry(&mut text, &process()).map_err(failed)?;
        }
        encode(&mut text, &self.open).map_err(failed)?;
        Ok(text)
    }
}

/// OpenMetrics in the text format of Prometheus before (0.0.4), which describes samples by their own names, and knows neither
/// information nor units nor an end.
pub fn in_older_format(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut help = "";
    for line in text.lines() {
        match line.strip_prefix("# ").map(|described| described.splitn(3, ' ').collect::<Vec<_>>()).as_deref() {
            Some(["HELP", _, said]) => help = said,
            Some(["TYPE", name, kind]) => {
                let (ending, kind) = match *kind {
                    "counter" => ("_total", "counter"),
                    "info" => ("_info", "gauge"),
                    "unknown" => ("", "untyped"),
                    kind => ("", kind),
                };
                out += &format!("# HELP {name}{ending} {help}\n# TYPE {name}{ending} {kind}\n");
            }
            Some(_) => {}
            None => out.extend([line, "\n"]),
        }
    }
    out
}

fn looked_up(looked: Looked) -> Registry {
    let mut registry = Registry::with_prefix("aufsicht");
    if let Some(records) = looked.records {
        let family: Family<RegisterLabels, Gauge> = Family::default();
        for (register, number) in records {
            family.get_or_create(&RegisterLabels { register }).set(number);
        }
        registry.register("records", "Records by register", family);
    }
    if let Some((backlog, oldest)) = looked.webhooks {
        registry.register(
            "webhook_deliveries_waiting",
            "Deliveries still to be made",
            ConstGauge::new(backlog.waiting),
        );
        let help = "Deliveries still to be made that have failed already";
        registry.register("webhook_deliveries_failing", help, ConstGauge::new(backlog.failing));
        registry.register("webhook_oldest_seconds", "Age of the oldest delivery that waits", ConstGauge::new(oldest));
    }
    let waiting = looked.siem_waiting.map(|waiting| waiting as f64);
    let mark = |is_so: bool| f64::from(u8::from(is_so));
    let (lost, reachable) = (looked.is_replica_lost.map(mark), looked.are_keys_reachable.map(mark));
    for (name, help, value) in [
        ("replica_lag_seconds", "Time by which the replica is behind", looked.replica_lag),
        ("replica_lost", "1 while the replica does not answer", lost),
        ("record_keys_reachable", "1 while the keys of records are read and written", reachable),
        ("backup_age_seconds", "Time since the last backup of this program", looked.backup_age),
        ("anchor_age_seconds", "Time since the last anchor of the audit trail", looked.anchor_age),
        ("siem_entries_waiting", "Entries of both logs still to be written to the file for a SIEM", waiting),
    ] {
        value.into_iter().for_each(|value| registry.register(name, help, ConstGauge::new(value)));
    }
    registry
}

/// The process, as far as the system tells of it, under the names that all programs give.
fn process() -> Registry {
    let mut registry = Registry::with_prefix("process");
    let read = |file: &str| std::fs::read_to_string(format!("/proc/self/{file}")).unwrap_or_default();
    let status = read("status");
    let memory =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.split_whitespace().next()?.parse::<i64>().ok());
    if let Some(kib) = memory {
        registry.register_with_unit("resident_memory", "Memory in use", Unit::Bytes, ConstGauge::new(kib * 1024));
    }
    // Behind the name, which may hold anything, in brackets.
    let stat = read("stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |place: usize| fields.get(place).and_then(|field| field.parse::<f64>().ok());
    if let (Some(user), Some(system)) = (ticks(11), ticks(12)) {
        let seconds = ConstCounter::new((user + system) / TICKS);
        registry.register_with_unit("cpu", "Time of the processors", Unit::Seconds, seconds);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        // The directory itself is open while it is read.
        let number = i64::try_from(files.count()).unwrap_or(i64::MAX) - 1;
        registry.register("open_fds", "Open files", ConstGauge::new(number));
    }
    registry
}
