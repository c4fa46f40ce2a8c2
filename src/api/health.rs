//! Operation: whether the service lives and is ready.

use actix_web::http::StatusCode;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse, ResponseError};
use chrono::NaiveDateTime;
use serde::Serialize;
use std::sync::atomic::Ordering;
use std::time::Duration;
use utoipa::ToSchema;

use crate::api::App;
use crate::api::endpoint::{Content, Endpoint, JSON, Reach};
use crate::api::http::{accepted, json_answer};
use crate::audit::anchors;
use crate::auth::{Caller, Scope};
use crate::db::Schema;
use crate::error::{Error, Result};
use crate::metrics::{Looked, in_older_format};
use crate::records::store;
use crate::webhooks::subscriptions;

/// The endpoints of this file.
pub fn endpoints() -> Vec<Endpoint> {
    let health = || vec![Content::of(JSON, &HEALTHY)];
    vec![
        Endpoint::get("/health/live", live)
            .named("get_liveness", "operation", "Is the service alive?")
            .described("Answers 200 as long as the process can answer, and 503 when writes have failed or hung for a minute: start it anew.")
            .answers(200, "It lives", &[], health()),
        Endpoint::get("/health/ready", ready)
            .named("get_readiness", "operation", "Is the service ready?")
            .described("Answers 200 when the database is read and written, has the schema that this version needs, and the access log is \
                 written; else 503, and `failing` names what is not. From the moment when the service is told to end it is not \
                 ready either (`draining`), and still takes requests for a while. A replica that is lost is no failure: the database itself answers then. Nor is the database of \
                 record keys: without it requests that need personal data are answered 503, and all others go on.")
            .answers(200, "It is ready", &[], vec![Content::of(JSON, &READY)]),
        Endpoint::get("/metrics", metrics)
            .named("get_metrics", "operation", "Read the metrics")
            .described(
                "What is measured while the service runs, for Prometheus: OpenMetrics, or its older text format where that is asked for (`Accept: text/plain`). No personal data. \
                 Everybody is told whether it works: what it failed, how busy its connections are, and how old the last backup \
                 and anchor are. Requests by route, durations, writes, deliveries that wait, what the process takes \
                 and the numbers of records by register are for tokens that may read the statistics; of these, an account that is bound to registers is told the numbers of its own \
                 registers only.",
            )
            .scope(Scope::StatisticsRead)
            .reaches(Reach::Narrowed)
            .open(true)
            .answers(200, "The metrics", &[], vec![Content::text(METRICS, "# EOF"), Content::text(PLAIN, "")]),
    ]
}

/// The media type of OpenMetrics.
const METRICS: &str = "application/openmetrics-text";

/// The media type of the text format that Prometheus had before, and that other programs read.
const PLAIN: &str = "text/plain";

async fn metrics(app: Data<App>, request: HttpRequest, caller: Caller) -> Result<HttpResponse> {
    let is_detailed = !caller.is_anonymous && caller.registers.is_none();
    let looked = looked(&app, caller, is_detailed).await;
    let databases = (&app.database, app.access_log.database(), app.record_keys.as_ref());
    let text = app.metrics.text(databases, looked, is_detailed)?;
    let (media_type, text) = match accepted(&request, &[METRICS, PLAIN]) {
        Some(PLAIN) => ("text/plain; version=0.0.4; charset=utf-8", in_older_format(&text)),
        _ => ("application/openmetrics-text; version=1.0.0; charset=utf-8", text),
    };
    Ok(HttpResponse::Ok().insert_header((CONTENT_TYPE, media_type)).body(text))
}

/// Measurements looked up for one who asks. One that fails is left out: then the rest is wanted most.
async fn looked(app: &App, caller: Caller, is_detailed: bool) -> Looked {
    let now = app.clock.now();
    let age = |at: NaiveDateTime| (now - at).as_seconds_f64().max(0.0);
    let mut looked = Looked {
        replica_lag: app.database.replica_lag().await,
        is_replica_lost: app.database.has_replica().then(|| app.database.has_lost_replica()),
        backup_age: app.last_backup().await.ok().flatten().map(age),
        anchor_age: app.config.audit.anchor_file.as_deref().and_then(anchors::last).map(age),
        are_keys_reachable: match &app.record_keys {
            Some(_) => Some(!has_lost_keys(app).await),
            None => None,
        },
        siem_waiting: match &app.config.audit.siem_file {
            Some(_) => app.siem.waiting(&app.database, app.access_log.database()).await.ok(),
            None => None,
        },
        ..Looked::default()
    };
    if is_detailed {
        let backlog = app.database.read_primary(subscriptions::backlog).await.ok();
        looked.webhooks = backlog.map(|backlog| {
            let oldest = backlog.oldest.map_or(0.0, age);
            (backlog, oldest)
        });
    }
    if !caller.is_anonymous {
        let counts = app.database.read(move |db| store::record_counts(db, |name| caller.can_access(name))).await;
        looked.records = counts.ok();
    }
    looked
}

/// The health of the service.
#[derive(Serialize, ToSchema)]
struct Health {
    /// The state of the service.
    #[schema(inline)]
    status: HealthStatus,
}

/// The state of a service that answers.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HealthStatus {
    Ok,
}

/// The readiness of the service.
#[derive(Serialize, ToSchema)]
struct Readiness {
    /// The state of the service.
    #[schema(inline)]
    status: HealthStatus,
    /// The state of the replica that lists and statistics are read from: where it is lost, the database itself answers.
    #[schema(inline)]
    replica: ReplicaState,
    /// The state of reads of the database itself.
    #[schema(inline)]
    reads: HealthStatus,
    /// The state of writes.
    #[schema(inline)]
    writes: HealthStatus,
    /// The state of the log of disclosures.
    #[schema(inline)]
    access_log: HealthStatus,
    /// The state of the database of record keys: where it is lost, personal data is neither shown nor kept, and all else goes on.
    #[schema(inline)]
    record_keys: ReplicaState,
}

/// The state of what the service can do without.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum ReplicaState {
    /// It answers, or there is none.
    Ok,
    /// It did not answer when it was asked last.
    Lost,
}

/// The time after which a write that does not come back is told by the readiness.
const HANGS: Duration = Duration::from_secs(5);

const READY: Readiness = Readiness {
    status: HealthStatus::Ok,
    replica: ReplicaState::Ok,
    reads: HealthStatus::Ok,
    writes: HealthStatus::Ok,
    access_log: HealthStatus::Ok,
    record_keys: ReplicaState::Ok,
};

const HEALTHY: Health = Health { status: HealthStatus::Ok };

/// The time after which nobody expects any more that writes come back by themselves.
const SILENCE: Duration = Duration::from_secs(60);

async fn live(app: Data<App>) -> Result<HttpResponse> {
    let silence = app.database.write_silence();
    if silence > SILENCE {
        return Err(Error::Unavailable(format!("no write has been kept for {} s", silence.as_secs())));
    }
    json_answer(StatusCode::OK, &HEALTHY)
}

/// The parts that keep the service from being ready, each with the reason.
async fn failing(app: &App) -> Vec<(&'static str, String)> {
    let mut failing = Vec::new();
    if app.draining.load(Ordering::Relaxed) {
        failing.push(("draining", "the service is about to end".to_owned()));
    }
    let schemas =
        [("reads", &app.database, Schema::Records), ("access_log", app.access_log.database(), Schema::AccessLog)];
    for (part, database, schema) in schemas {
        match database.read_primary(move |db| schema.check(db)).await {
            Ok(()) => {}
            Err(Error::Configuration(reason)) => failing.push(("schema", reason)),
            Err(error) => failing.push((part, error.to_string())),
        }
    }
    for (part, database) in [("writes", &app.database), ("access_log", app.access_log.database())] {
        let silence = database.write_silence();
        if silence > HANGS && failing.iter().all(|(known, _)| *known != part) {
            failing.push((part, format!("nothing has been kept for {} s", silence.as_secs())));
        }
    }
    failing
}

/// True if there is a database of record keys that is not read, or not written.
async fn has_lost_keys(app: &App) -> bool {
    let Some(database) = &app.record_keys else { return false };
    let read = database.read_primary(|db| Schema::RecordKeys.check(db)).await;
    if let Err(error) = &read {
        log::error!("the keys of records cannot be read: {error}");
    }
    read.is_err() || database.write_silence() > HANGS
}

async fn ready(app: Data<App>) -> Result<HttpResponse> {
    let failing = failing(&app).await;
    if failing.is_empty() {
        let state = |is_lost| if is_lost { ReplicaState::Lost } else { ReplicaState::Ok };
        let (replica, record_keys) = (state(app.database.has_lost_replica()), state(has_lost_keys(&app).await));
        return json_answer(StatusCode::OK, &Readiness { replica, record_keys, ..READY });
    }
    let reasons: Vec<String> = failing.iter().map(|(part, reason)| format!("{part}: {reason}")).collect();
    let parts = failing.into_iter().map(|(part, _)| part).collect();
    Ok(Error::NotReady { parts, reasons: reasons.join("; ") }.error_response())
}
