//! Anchors in a file: once a day the service adds one, for a place that its database's administrators do not write to.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::{NaiveDate, NaiveDateTime};
use tokio::sync::watch;

use super::line_file;
use super::trail::{self, Anchor};
use crate::audit::access_chain;
use crate::clock::Clock;
use crate::db::Database;
use crate::error::{Error, Result};
use crate::seal::PurposeKeys;

/// The interval at which it is checked whether a day has begun.
const TICK: Duration = Duration::from_secs(1);

/// The means of a worker that writes anchors.
pub struct AnchorWorker {
    /// The database.
    pub database: Database,
    /// The database of the access log.
    pub access_log: Database,
    /// The service's own keys.
    pub purposes: PurposeKeys,
    /// The time.
    pub clock: Clock,
    /// Becomes true when the service stops.
    pub stopping: watch::Receiver<bool>,
}

/// Starts to write anchors to a file; ends when the service stops.
pub fn start(worker: AnchorWorker, file: PathBuf) -> Result<JoinHandle<()>> {
    let mut last = read(&file)?.last().and_then(|anchor| anchor.at.get(..10)?.parse().ok());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Error::Configuration(format!("cannot start a runtime: {error}")))?;
    let work = move || runtime.block_on(follow(worker, file, &mut last));
    let thread = std::thread::Builder::new().name("anchors".into()).spawn(work);
    thread.map_err(|error| Error::Configuration(format!("cannot start a thread: {error}")))
}

async fn follow(worker: AnchorWorker, file: PathBuf, last: &mut Option<NaiveDate>) {
    let mut stopping = worker.stopping.clone();
    loop {
        let today = worker.clock.now().date();
        if *last != Some(today) {
            match append(&worker, &file).await {
                Ok(()) => *last = Some(today),
                Err(error) => log::error!("no anchor of the audit trail was written: {error}"),
            }
        }
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => break,
            () = tokio::time::sleep(TICK) => {}
        }
    }
}

async fn append(worker: &AnchorWorker, file: &Path) -> Result<()> {
    let log = worker.access_log.read_primary(access_chain::head).await?;
    let end = worker.database.read_primary(trail::head).await?;
    let anchor = Anchor::new(end, log, &worker.purposes, worker.clock.now());
    let line = serde_json::to_string(&anchor).map_err(|error| Error::Internal(error.to_string()))?;
    line_file::append(file, &format!("{line}\n")).map_err(|error| failed(file, &error))
}

/// The anchors of a file, one after the other; none when there is no file yet. Of a last one that broke off while it was written
/// nothing is known: the next one takes its place.
pub fn read(file: &Path) -> Result<Vec<Anchor>> {
    let text = match std::fs::read_to_string(file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text.map_err(|error| failed(file, &error))?,
    };
    let mut anchors = Vec::new();
    for anchor in serde_json::Deserializer::from_str(&text).into_iter() {
        match anchor {
            Ok(anchor) => anchors.push(anchor),
            Err(error) if error.is_eof() => log::warn!("{}: the last anchor broke off", file.display()),
            Err(_) => return Err(failed(file, &"holds something that is no anchor")),
        }
    }
    Ok(anchors)
}

/// The instant of the last anchor in a file; none where there is none.
pub fn last(file: &Path) -> Option<NaiveDateTime> {
    let at = read(file).ok()?.pop()?.at;
    chrono::DateTime::parse_from_rfc3339(&at).ok().map(|at| at.naive_utc())
}

fn failed(file: &Path, error: &dyn std::fmt::Display) -> Error {
    Error::Configuration(format!("{}: {error}", file.display()))
}
